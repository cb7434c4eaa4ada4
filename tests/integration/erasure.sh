#!/usr/bin/env bash
# A prospect that must be forgotten is, on a real Kafka and Redis: it has been all that a prospect can be (stalled, on
# sheets, asked about and answered, in a frozen quota and in a draft, changed against the company, owned by two reps of
# whom one leaves, with a task of a successor of its own, once a dead letter), and so has a person at another prospect.
# Every text and amount of it is a mark, which is looked for byte by byte. What is promised where (README: 2. Kafka and
# its topics, What is not there yet):
# - Redis, every key: nothing. But the stub `erased|<id>` (id, version, time, and of a win amount and day), which stops
#   late events, and the id alone in the entry of whom was named for it alone (OrgRep.asked_by).
# - The compacted topics (funnel.prospects, funnel.reps, funnel.orgs, funneld.rep-directory, what is known of rates and
#   territories): the same, once compaction has left the last record of each key and no tombstone. What was there before
#   stays until then: not searched.
# - What workers hold in memory: none of it comes back into a row, whatever comes late, whatever else changes, nor from a
#   worker that has restored everything.
# - What workers write to their logs: nothing.
# - Records that were told, inputs and dead letters are not changed: they go by their retention alone, which is looked at
#   instead. Ids of persons among them are on funneld.rep-inputs, funnel.handovers and funnel.reviews, and on nothing else
#   that funneld tells.
# Sums that it was part of stay (a frozen quota, a sheet's layers, what was won): none here is of one prospect alone.
# An image of Redis or of an old log segment on a disk is not looked at, nor an export, which is the operator's own.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
for program in kcat python3; do
	command -v $program >/dev/null || { echo "$program is not here"; exit 77; }
done
cluster_begin
config life clock=event session.timeout=3s txn.timeout=5s
sed -i 's/^partitions = 6/partitions = 2/' "$dir/life.ini"
ctl life topics create >/dev/null || fail "topics"
broker=127.0.0.1:$(cat "$dir/kafka.port")

import() { # FILE OPTIONS…
	ctl life import csv "$@" 2>"$dir/import.err" || fail "import: $(tail -n 3 "$dir/import.err")"
}
now=
until_is() { # TIME: it is that time, and all that is due by then is done
	now=2026-$1:00Z
	printf 'event,occurred_at\nclock_tick,%s\n' "$now" >"$dir/tick.csv"
	import "$dir/tick.csv"
	caught_up life >"$dir/said"
}
say_now() { # COMMAND…: said now
	ctl life "$@" >"$dir/said" 2>&1 || fail "$*: $(cat "$dir/said")"
	caught_up life >"$dir/said"
}
# is WHAT EXPECTED COMMAND…: the output of the command
is() {
	local what=$1 expected=$2 found
	shift 2
	found=$("$@") || fail "$what: exit code $?"
	[ "$found" = "$expected" ] || fail "$what: expected $expected, found $found"
}
json() { ctl life "${@:2}" --json | jq -c "$1"; } # FILTER COMMAND…
find_in() { python3 tests/integration/erasure_find.py "$@" || fail "erasure_find.py $*"; }

# ---- the topics: rows, or a retention --------------------------------------------------------------------------------

java -Xmx128m -cp "$kafka_libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error kafka.admin.ConfigCommand \
	--bootstrap-server "$broker" --describe --entity-type topics >"$dir/configs" 2>&1 </dev/null || fail "$(tail -n 3 "$dir/configs")"
# A line of it: topic, cleanup.policy, days of retention, or until compaction has all that was replaced and the MiB that it
# may lack.
awk '/^Dynamic configs for topic life\./ { topic = substr($5, 6) }
	$1 ~ /^cleanup\.policy=/ { policy[topic] = substr($1, 16) }
	$1 ~ /^retention\.ms=/ { keeps[topic] = substr($1, 14) / 86400000 }
	$1 ~ /^max\.compaction\.lag\.ms=/ { keeps[topic] = substr($1, 23) / 86400000 }
	$1 ~ /^segment\.bytes=/ { segment[topic] = " " substr($1, 15) / 1048576 }
	END { for (t in policy) print t, policy[t], keeps[t] segment[t] }' "$dir/configs" |
	LC_ALL=C sort >"$dir/topics"
cat >"$dir/expected" <<-'TEXT'
	funnel.alerts delete 30
	funnel.dead-letters delete 30
	funnel.handovers delete 30
	funnel.inspections delete 30
	funnel.layer-changes delete 30
	funnel.orgs compact 1 64
	funnel.performance delete 30
	funnel.prospects compact 1 64
	funnel.quotas delete 30
	funnel.reassignments delete 30
	funnel.rejections delete 30
	funnel.reps compact 1 64
	funnel.reviews delete 90
	funnel.territories delete 30
	funneld.org-inputs delete 30
	funneld.rep-directory compact 1 64
	funneld.rep-inputs delete 30
	hr.rep-changes delete 30
	sales.commands delete 30
	sales.fx-rates compact 1 64
	sales.prospect-changes delete 30
	sales.territories compact 1 64
TEXT
diff "$dir/expected" "$dir/topics" >"$dir/diff" || fail "how long topics keep what: $(cat "$dir/diff")"

# ---- a life ----------------------------------------------------------------------------------------------------------

printf '[rules]\nversion = 1\n[feed]\nsilent_hours = 0\n[stuck]\nbottom = 2\n' >"$dir/rules.ini"
ctl life rules apply "$dir/rules.ini" --at 2026-01-01 >"$dir/said" 2>&1 || fail "rules: $(cat "$dir/said")"
worker_start life one
cat >"$dir/reps.csv" <<-'CSV'
	event,rep_id,occurred_at,version,active,org_id,manager_id
	rep_changed,ann,2026-01-02T08:00:00Z,1,true,emea,mia
	rep_changed,bob,2026-01-02T08:00:00Z,1,true,emea,mia
	rep_changed,cid,2026-01-02T08:00:00Z,1,true,emea,mia
CSV
import "$dir/reps.csv"
{
	echo event,prospect_id,occurred_at,version,stage,status,amount,currency,owner_rep_id,contact_ids,expected_close_date,actor_kind
	for i in {1..12}; do
		owner=ann
		[ $((i % 2)) = 0 ] || owner=bob
		echo "changed,W-$i,2026-01-05T08:00:00Z,1,Negotiation/Review,open,${i}000,USD,$owner,c-$i;d-$i,$((2026 + i / 7))-06-01,REP"
	done
	# A person who stays a contact until the end, and one who was unlinked against the company.
	echo "changed,W-13,2026-01-05T08:00:00Z,1,Negotiation/Review,open,700,USD,ann,c-13;d-13;zz-contact.;zz-unlinked.,2026-06-01,REP"
} >"$dir/world.csv"
import "$dir/world.csv"
# Of zz-id. all that a prospect can have.
cat >"$dir/life-1.csv" <<-'CSV'
	event,prospect_id,occurred_at,version,stage,status,amount,currency,owner_rep_id,contact_ids,expected_close_date,buyer_id,pipeline_id,competitor_id,blocker,region,industry,size_focus,actor_id,actor_kind,contact_id,at,channel,reached,person_ids,rep_id
	changed,zz-id.,2026-01-05T09:00:00Z,1,Negotiation/Review,open,1234567891.23,USD,ann,zz-person-1.;zz-person-2.;zz-person-3.,2026-06-01,zz-buyer.,zz-pipeline.,zz-competitor.,zz-blocker.,zz-region.,zz-industry.,zz-size.,zz-actor.,REP,,,,,,
	contact,zz-id.,2026-01-06T09:00:00Z,,,,,,,,,,,,,,,,,,zz-call.,2026-01-06T09:00:00Z,VISIT,true,zz-person-1.;zz-person-4.,ann
CSV
import "$dir/life-1.csv"
until_is 01-12T09:00
say_now inspect ann --now --issued-at "$now"
say_now answer zz-id. --sheet 'ann#3' --question 1 --cause no-consensus --by zz-answerer. --at "$now" \
	--competitor zz-rival. --next-step zz-step. --answer-id zz-answer.
say_now quota open emea --year 2026 --as-of "$now" --command-id q-2026
until_is 01-14T09:00
is "the frozen quota" true json '[.lines[].prospect_id] | contains(["zz-id."])' quota ann 2026
# Against the company, then to bob; what was lost, and what was won, is erased, too. No sum is of one prospect alone.
cat >"$dir/life-2.csv" <<-'CSV'
	event,prospect_id,occurred_at,version,amount,currency,owner_rep_id,contact_ids,expected_close_date,actor_id,actor_kind,stage,status,closed_on,won_amount,lost_reason,lost_to_id
	changed,zz-id.,2026-01-14T09:10:00Z,2,987654321.98,USD,,zz-person-1.;zz-person-3.,2027-06-01,zz-actor.,REP,,,,,,
	changed,zz-id.,2026-01-14T09:20:00Z,3,,,bob,,,,SYSTEM,,,,,,
	changed,W-13,2026-01-14T09:30:00Z,2,,,,c-13;d-13;zz-contact.,,ann,REP,,,,,,
	changed,zz-won.,2026-01-14T09:10:00Z,1,1000,USD,bob,zz-winner.,,bob,REP,,won,2026-01-14,1000,,
	changed,zz-lost.,2026-01-14T09:10:00Z,1,432156789.01,USD,bob,zz-loser.,,bob,REP,Prospecting,open,,,,
	changed,W-14,2026-01-14T09:10:00Z,1,500,USD,bob,c-14,,bob,REP,,lost,2026-01-14,,price,
	changed,zz-lost.,2026-01-14T09:20:00Z,2,,,,,,bob,REP,,lost,2026-01-14,,zz-reason.,zz-lost-to.
CSV
import "$dir/life-2.csv"
printf 'zz-garbage.' | kcat -P -b "$broker" -t life.sales.prospect-changes -k zz-id. -X topic.partitioner=murmur2_random ||
	fail "kcat"
cat >"$dir/notice.csv" <<-'CSV'
	event,rep_id,occurred_at,version,notice_id,notice_at,last_day
	rep_resigned,ann,2026-01-15T08:00:00Z,2,n-1,2026-01-15T08:00:00Z,2026-02-20
CSV
import "$dir/notice.csv"
until_is 01-19T09:00
say_now successor name bob --rep ann --issued-at "$now"
say_now successor name cid --rep ann --prospect zz-id. --issued-at "$now"
say_now quota open emea --year 2027 --as-of "$now" --command-id q-2027
until_is 01-19T09:01
cat >"$dir/life-3.csv" <<-'CSV'
	event,prospect_id,occurred_at,version,amount,currency
	changed,zz-id.,2026-01-19T10:10:00Z,4,987654321.97,USD
CSV
import "$dir/life-3.csv"
caught_up life >"$dir/said"

# ---- where it is found -----------------------------------------------------------------------------------------------

# Redis, the rows as compaction leaves them, and all records of the others, each a line: place, key, mark.
look() { # NAME
	# shellcheck disable=SC2016 # the inner shell's
	cut -d' ' -f1 "$dir/topics" | xargs -P 8 -I TOPIC sh -c 'kcat -C -e -q -b "$1" -t "life.$2" -f "%p %K %S\n%k%s" \
		>"$3/$2" 2>/dev/null' sh "$broker" TOPIC "$dir/bytes" || fail "kcat of a topic"
	find_in redis "$dir/redis.sock" >"$dir/$1.redis"
	find_in topics "$dir/topics" "$dir/bytes" rows >"$dir/$1.rows"
	find_in topics "$dir/topics" "$dir/bytes" records >"$dir/$1.records"
}
mkdir "$dir/bytes"
look before
# The test is worth what it has planted: each mark is in some row, and each kind of row has some.
for mark in actor amount-1 amount-2 amount-3 amount-4 answer blocker buyer call competitor contact id industry loser lost \
	lost-to person-1 person-2 person-3 pipeline reason region rival size unlinked winner won; do
	grep -q " zz-$mark\.$" "$dir/before.redis" || fail "Redis has no zz-$mark."
	grep -q " zz-$mark\.$" "$dir/before.rows" || fail "the changelogs have no zz-$mark."
done
for key in 'prospect|zz-id.' 'line|rep:ann|zz-id.' 'line|rep:bob|zz-id.' 'quota_line|rep:ann|2026|zz-id.' 'inspection|rep:bob' \
	'cell|rep:bob|zz-region.' 'task|rep:ann|zz-id.' 'task|rep:ann|W-13' 'line|rep:ann|W-13' 'cell|emea|rep:bob|zz-region.' \
	'rep|emea|cid'; do
	grep -qF " $key" "$dir/before.rows" || fail "no row $key has anything of it"
done
is "images for the draft" true json '[.runs[].state] | contains(["DRAFT"])' quota status
note "$(wc -l <"$dir/before.redis") marks in Redis, $(wc -l <"$dir/before.rows") in the changelogs"

# ---- forgotten -------------------------------------------------------------------------------------------------------

cat >"$dir/erase.csv" <<-'CSV'
	event,prospect_id,occurred_at,version,person_id
	erased,zz-id.,2026-01-19T11:00:00Z,5,
	erased,zz-won.,2026-01-19T11:00:00Z,5,
	erased,zz-lost.,2026-01-19T11:00:00Z,5,
	contact_erased,W-13,2026-01-19T11:00:00Z,,zz-contact.
	contact_erased,W-13,2026-01-19T11:00:00Z,,zz-unlinked.
CSV
import "$dir/erase.csv"
until_is 01-19T11:00
cat >"$dir/expected.redis" <<-'TEXT'
	redis org rep emea|cid zz-id.
	redis prospect erased zz-id. zz-id.
	redis prospect erased zz-lost. zz-lost.
	redis prospect erased zz-won. zz-won.
TEXT
cat >"$dir/expected.rows" <<-'TEXT'
	funnel.orgs rep|emea|cid zz-id.
	funnel.prospects erased|zz-id. zz-id.
	funnel.prospects erased|zz-lost. zz-lost.
	funnel.prospects erased|zz-won. zz-won.
TEXT
is_forgotten() { # WHEN
	local part
	look after
	for part in redis rows; do
		diff "$dir/expected.$part" "$dir/after.$part" >"$dir/diff" || fail "$1: $(cat "$dir/diff")"
	done
}
is_forgotten "after the erasure"
shows_a_stub() {
	is "what is shown" '[true,"zz-id.",5,null]' json '[.erased, .prospect_id, .version, .buyer_id]' show prospect zz-id.
}
shows_a_stub
is "the frozen quota" '[925935443,false,5,4]' json '[.quota_minor / 100, .adds_up, .counted_count, (.lines | length)]' quota ann 2026
ctl life quota ann 2026 | grep -q 'a prospect was erased' || fail "a frozen quota does not say why it does not add up"
note "forgotten"

# Everything that may still come: late and new changes of it, contacts, an answer, changes of its neighbours in the same
# rows, the draft that is frozen now, sheets, a successor who cannot any more, and time.
cat >"$dir/late.csv" <<-'CSV'
	event,prospect_id,occurred_at,version,stage,status,amount,currency,owner_rep_id,contact_ids,buyer_id,contact_id,at,channel,reached,person_ids,rep_id
	changed,zz-id.,2026-01-18T09:00:00Z,3,Negotiation/Review,open,987654321.98,USD,ann,zz-person-1.,zz-buyer.,,,,,,
	changed,zz-id.,2026-01-19T12:00:00Z,9,Negotiation/Review,open,987654321.98,USD,bob,zz-person-1.,zz-buyer.,,,,,,
	contact,zz-id.,2026-01-19T12:00:00Z,,,,,,,,,zz-call-2.,2026-01-19T12:00:00Z,VISIT,true,zz-person-1.,bob
	changed,W-1,2026-01-19T12:00:00Z,2,,,1500,USD,,,,,,,,,
	changed,W-2,2026-01-19T12:00:00Z,2,,,2500,USD,,,,,,,,,
	changed,W-13,2026-01-19T12:00:00Z,3,,,800,USD,,,,,,,,,
CSV
import "$dir/late.csv"
say_now answer zz-id. --sheet 'bob#3' --question 1 --cause no-consensus --by bob --at 2026-01-19T12:00:00Z \
	--next-step zz-step. --answer-id zz-answer-2.
until_is 01-21T09:00
say_now inspect bob --now --issued-at "$now"
until_is 01-27T09:00
is "the other quota" '[true,"FROZEN"]' json '[([.lines[].prospect_id] | contains(["zz-id."]) | not), .state]' quota bob 2027
is_forgotten "after all that may come late"
shows_a_stub
ctl life verify >"$dir/said" || fail "verify: $(cat "$dir/said")"
grep -o 'zz-[a-z0-9-]*\.' "$dir/worker-one.log" && fail "the worker's log has marks"
note "nothing of it comes back"

# A worker that has to make everything anew from what is committed has the same bytes.
find_in redis "$dir/redis.sock" --dump >"$dir/dump.before"
worker_kill one
redis-cli -s "$dir/redis.sock" flushall >/dev/null
worker_start life one
caught_up life >"$dir/said"
find_in redis "$dir/redis.sock" --dump >"$dir/dump.after"
[ "$(wc -l <"$dir/dump.before")" -gt 50 ] || fail "Redis has but $(wc -l <"$dir/dump.before") things"
diff "$dir/dump.before" "$dir/dump.after" >"$dir/diff" || fail "restored, it is not the same: $(head -n 10 "$dir/diff")"
is_forgotten "after a restore"
note "a restored worker has the same $(wc -l <"$dir/dump.after") things"

# ---- what was told, and who has been in it ---------------------------------------------------------------------------

grep -E ' zz-(person-[0-9]|contact|unlinked|winner|loser)\.$' "$dir/after.records" | cut -d' ' -f1 | uniq |
	tr '\n' ' ' >"$dir/found"
is "topics with ids of persons" "funnel.handovers funnel.reviews funneld.rep-inputs sales.prospect-changes " cat "$dir/found"
worker_end one || fail "a clean end has exit code $?"
note "ids of persons are where they are said to be, for their retention"
