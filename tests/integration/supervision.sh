#!/usr/bin/env bash
# What sits still, told and asked for, on a real Kafka and Redis. Three deployments, each ends with verify:
#   load    by the wall clock: a first load of 100,000 prospects alerts nobody and is on the first sheets; neither does
#           a bulk edit of 10,000; then a threshold changes there and back, and every open prospect is looked at again
#   story   by the event clock: a feed falls silent; reopened, regressed, handed over … in the middle of a stall. What
#           is told then stands below, line by line
#   sheets  by the event clock, three workers that are killed and a Redis that is emptied: from the stall to the weekly
#           sheet, the question, the answer, and what is told after it; a rep with 5,000 prospects
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin

# is WHAT EXPECTED COMMAND…: the output of the command
is() {
	local what=$1 expected=$2 found
	shift 2
	found=$("$@") || fail "$what: exit code $?"
	[ "$found" = "$expected" ] || fail "$what: expected $expected, found $found"
}
json() { ctl "$1" "${@:3}" --json | jq -rc "$2"; } # NAME FILTER COMMAND…
begin() { # NAME SETTINGS…
	config "$@"
	ctl "$1" topics create >/dev/null || fail "$1: topics"
}
rules() { # NAME OPTIONS…: from standard input
	cat >"$dir/rules-$1.ini"
	ctl "$1" rules apply "$dir/rules-$1.ini" "${@:2}" >"$dir/rules-$1.said" 2>&1 ||
		fail "$1: $(cat "$dir/rules-$1.said")"
}
import() { # NAME FILE OPTIONS…
	ctl "$1" import csv "$2" "${@:3}" 2>"$dir/import-$1.err" || fail "$1: $(tail -n 3 "$dir/import-$1.err")"
}
# Alerts or sheets so far, one a line; none may be there twice.
told() { # NAME TOPIC
	local file=$dir/$1-$2.json twice
	ctl "$1" tail "$1.funnel.$2" --from-beginning --until-end --json >"$file" || fail "$1: tail of $2"
	twice=$(jq -r .headers.ce_id "$file" | sort | uniq -d | head -n 3)
	[ -z "$twice" ] || fail "$1: told twice: $twice"
}
told_is() { # WHAT EXPECTED NAME TOPIC FILTER: of the list of all of them; line ends in what is expected are not in it
	is "$1" "$(printf %s "$2" | tr -d '\n\t')" jq -c -s "$5" "$dir/$3-$4.json"
}

# ---- load ------------------------------------------------------------------------------------------------------------

# Ten sorts of prospects, by their number mod 10; ages in calendar days, each far from its threshold.
#  stage              entered edited contact      what sits still
sorts='
0  Prospecting            400      1       1      STUCK
1  Value/Proposition      300    200       1      STUCK STALE: not edited
2  Negotiation_Review     100    100     100      STUCK STALE SILENT
3  Prospecting              1      1       1      -
4  Prospecting             77      1       1      -, 55 business days
5  Value/Proposition       21      1       1      STALE: no amount
6  Negotiation_Review       7      1       1      STALE: the close date was 30 days ago
7  Prospecting              1      1      60      SILENT
8  Negotiation_Review     100    100     100      -, won
9  Dancing                400    400     400      -, nobody knows the stage
'
# 2,000 for each of 50 reps, 200 of each sort. Half of the images are taken now, half are as old as the last edit. At last
# the feed says that it carries contacts.
first_load() {
	awk -v sorts="$sorts" -v now="$(date +%s)" -v past="$(date -u -d '-30 days' +%F)" 'BEGIN {
		n = split(sorts, lines, "\n")
		for (i = 1; i <= n; i++)
			if (split(lines[i], f, " ") > 4) {
				stage[f[1]] = f[2]; entered[f[1]] = f[3]; edited[f[1]] = f[4]; contact[f[1]] = f[5]
				gsub("/", " ", stage[f[1]]); gsub("_", "/", stage[f[1]])
			}
		print "event,source,carries_contacts,prospect_id,occurred_at,version,snapshot,full,stage,status,amount," \
			"currency,owner_rep_id,stage_entered_at,last_edit_at,last_contact_at,expected_close_date"
		for (i = 0; i < 100000; i++) {
			s = i % 10
			taken = ago(i % 20 < 10 ? 0 : edited[s])
			printf "changed,crm,,P%06d,%s,1,true,true,%s,%s,%s,USD,", i, taken, stage[s], s == 8 ? "won" : "open",
				s == 5 ? "" : i + 1
			printf "R%02d,%s,%s,%s,%s\n", int(i / 10) % 50, ago(entered[s]), ago(edited[s]), ago(contact[s]),
				s == 6 ? past : "2099-01-01"
		}
		printf "heartbeat,crm,true,,%s,,,,,,,,,,,,\n", ago(0)
	}
	function ago(days) { return sprintf("%.0f", (now - days * 86400) * 1000) }'
}
# All 10,000 of sort 1: half get another amount, half another stage; there the time in the layer begins anew.
bulk_edit() {
	echo "event,source,prospect_id,occurred_at,version,bulk,stage,amount,currency"
	awk -v now="$(date +%s)000" 'BEGIN {
		for (i = 1; i < 100000; i += 10)
			printf "changed,crm,P%06d,%s,2,true,%s,USD\n", i, now, i % 20 < 10 ? "Prospecting," : ",7"
	}'
}
stalls_are() { # WHAT STUCK STALE SILENT PROSPECTS TOLD
	ctl load stalls --json >"$dir/stalls.json" || fail "stalls"
	is "$1" "[$2,$3,$4,$5,$6]" jq -c '[.prospects[].stalls[]] as $all | [("STUCK", "STALE", "SILENT") as $k | [$all[] |
		select(.kind == $k)] | length] + [.prospects | length, ([$all[] | select(.level != "NONE")] | length)]' \
		"$dir/stalls.json"
}
# The first sheet: all is new; questions about the 20 largest, which are at the BOTTOM.
first_sheet() { # REP'S NUMBER
	local rep n
	rep=$(printf 'R%02d' "$1")
	ctl load inspect "$rep" --json >"$dir/$rep.json" || fail "inspect $rep"
	is "the sheet of $rep" "[\"$rep#1\",\"COMMAND\",2000,2000,1200,20,2000,1200,[\"NEW\"],true]" jq -c '[.sheet_id,
		.trigger, .owned_count, .changed_count, .stalled_count, .page_count, (.lines | length),
		([.lines[] | select(.stalls != [])] | length), ([.lines[].change] | unique), .answers_due_at > .as_of]' \
		"$dir/$rep.json"
	for n in {199..190}; do
		printf 'P%06d P%06d ' $((n * 500 + $1 * 10 + 6)) $((n * 500 + $1 * 10 + 2))
	done >"$dir/asked"
	is "the questions of $rep" "$(cat "$dir/asked")" jq -j '.questions[] | .prospect_id + " "' "$dir/$rep.json"
}
looked_again() { # VERSION
	is "rules $1" "[true,[$1]]" json load '[.done, ([.partitions[].version] | unique)]' rules status
}

load() {
	local began=$SECONDS rep
	begin load clock=wall
	worker_start load one
	first_load >"$dir/load.csv"
	import load "$dir/load.csv"
	caught_up load 200 >"$dir/load.said"
	note "load: 100,000 prospects are in after $((SECONDS - began)) s"
	stalls_are "the first load" 30000 40000 20000 60000 0
	for rep in R07 R41; do ctl load inspect $rep --now >/dev/null 2>&1 || fail "inspect --now"; done
	caught_up load >"$dir/load.said"
	first_sheet 7
	first_sheet 41
	bulk_edit >"$dir/bulk.csv"
	import load "$dir/bulk.csv"
	caught_up load 120 >"$dir/load.said"
	stalls_are "the bulk edit" 25000 40000 20000 60000 0
	told load alerts
	told_is "the alerts of a first load" '[]' load alerts .
	note "load: nobody was alerted; $((SECONDS - began)) s"

	# Sort 4 passes the new threshold and is told; the close date of sort 6, which nobody was told of, may be past.
	printf '[rules]\nversion = 1\n[stuck]\ntop = 50\n[stale_close_date]\nbottom = 40\n' | rules load --wait --timeout 200
	caught_up load 120 >"$dir/load.said"
	looked_again 1
	stalls_are "lower" 35000 30000 20000 60000 10000
	told load alerts
	told_is "what the lower threshold tells" '[["ProspectStalled","STUCK","IN_LAYER","REP",4,10000]]' load alerts '
		map([.type, .data.kind, .data.condition, .data.level, (.data.prospect_id[1:] | tonumber % 10)]) | group_by(.) |
		map(.[0] + [length])'
	printf '[rules]\nversion = 2\n[stale_close_date]\nbottom = 40\n' | rules load --wait --timeout 200
	caught_up load 120 >"$dir/load.said"
	looked_again 2
	stalls_are "higher again" 25000 30000 20000 50000 0
	told load alerts
	told_is "what the higher threshold tells" '[["ProspectStalled",null,4,10000],
		["StallCleared","RULES_CHANGED",4,10000]]' load alerts 'map([.type, .data.reason, (.data.prospect_id[1:] | tonumber % 10)]) | group_by(.) |
		map(.[0] + [length])'
	ctl load verify >"$dir/load.verify" || fail "load: $(cat "$dir/load.verify")"
	worker_end one || fail "a clean end has exit code $?"
	note "load: rules there and back, all looked at again; $((SECONDS - began)) s"
}

# ---- story -----------------------------------------------------------------------------------------------------------

story_rules() { # VERSION STUCK-AT-THE-TOP
	printf '[rules]\nversion = %d\n[stuck]\ntop = %d\n' "$1" "$2"
	cat <<-'INI'
		middle = 10
		bottom = 10
		[stuck_cumulative]
		top = 40
		middle = 15
		bottom = 40
		[silent]
		top = 10
		middle = 10
		bottom = 10
		[stale_edit]
		top = 2000
		middle = 2000
		bottom = 2000
		[escalate_manager]
		top = 5
		middle = 5
		bottom = 5
		[grace]
		top = 5
		middle = 5
		bottom = 5
		[thresholds qualifiedtobuy]
		stuck = 500
		stuck_cumulative = 1000
		[feed]
		silent_hours = 0
		silent_with_heartbeats_minutes = 1440
	INI
}
story_reps() {
	cat <<-'CSV'
		event,rep_id,occurred_at,org_id,manager_id,deputy_id,absent_from,absent_until
		rep_changed,ann,2026-01-01,emea,max,,,
		rep_changed,bob,2026-01-01,emea,mia,,,
		rep_changed,cid,2026-01-01,emea,max,dan,2026-01-14,2026-01-23
		rep_changed,eva,2026-01-01,emea,max,,,
	CSV
}
# 2026-01-05 is a Monday. Feeds: hq knows of no contacts; talks and north do, and send heartbeats. north is silent from
# 2026-01-14 20:00 to 2026-01-28 08:00, and begins with what it kept back, for which it has 90 minutes. A line: when, what, feed, prospect, and what
# the event says; new: one that begins.
story_changes() {
	local day
	cat <<-'TEXT'
		01-05T09:00 new hq reopened stage=Prospecting owner_rep_id=ann
		01-05T09:00 new hq regressed stage=Negotiation/Review owner_rep_id=ann
		01-05T09:00 new hq bounced stage=presentationscheduled owner_rep_id=ann
		01-05T09:00 new hq handed stage=Prospecting owner_rep_id=ann
		01-05T09:00 new hq pooled stage=Prospecting owner_rep_id=ann
		01-05T09:00 new hq merged stage=Prospecting owner_rep_id=ann
		01-05T09:00 new hq erased stage=Prospecting owner_rep_id=ann
		01-05T09:00 new hq restored stage=Prospecting owner_rep_id=ann
		01-05T09:00 new hq missed stage=Prospecting owner_rep_id=ann
		01-05T09:00 new talks away stage=Prospecting owner_rep_id=cid
		01-05T09:00 new talks called stage=Prospecting owner_rep_id=cid
		01-05T09:00 new north n-stuck stage=Prospecting owner_rep_id=eva
		01-05T09:00 new north n-told stage=qualifiedtobuy owner_rep_id=eva last_contact_at=2025-12-29T09:00:00Z
		01-05T09:00 new north n-late stage=qualifiedtobuy owner_rep_id=eva
		01-05T09:00 new north n-slow stage=qualifiedtobuy owner_rep_id=eva
		01-05T09:00 new north n-due stage=qualifiedtobuy owner_rep_id=eva expected_close_date=2026-01-15
		01-05T09:00 new hq loaded stage=Prospecting owner_rep_id=ann snapshot=true stage_entered_at=2025-11-03T09:00:00Z
		01-12T09:00 changed hq loaded amount=200 currency=EUR bulk=true
		01-15T09:00 changed hq bounced stage=Negotiation/Review
		01-16T09:00 changed hq bounced stage=presentationscheduled
		01-20T09:00 changed hq bounced stage=Prospecting
		01-30T09:00 changed hq bounced stage=presentationscheduled
		01-20T10:00 contact talks called contact_id=c-1
		01-20T12:00 changed hq reopened status=lost
		01-29T12:00 changed hq reopened status=open
		01-21T09:00 changed hq handed owner_rep_id=bob
		01-21T09:00 changed hq pooled owner_rep_id=\N
		01-21T09:00 merged hq merged survivor_id=reopened
		01-21T09:00 erased hq erased
		01-21T09:00 deleted hq restored
		01-22T09:00 restored hq restored
		01-21T09:00 gap hq missed gap_id=gap-1
		01-22T09:00 new hq missed stage=Prospecting owner_rep_id=ann full=true
		01-21T10:00 changed hq regressed stage=presentationscheduled
		01-28T08:00 contact north n-late contact_id=c-2 at=2026-01-27T09:00:00Z
		01-28T09:20 contact north n-slow contact_id=c-3 at=2026-01-27T09:00:00Z
	TEXT
	for ((day = 0; day < 40; day++)); do
		printf "$(date -u -d "2026-01-05 $day days" +%m-%d)T%s:00 heartbeat %s - carries_contacts=true\n" \
			08 talks 20 talks $([ $day -ge 10 ] && [ $day -lt 23 ] || echo 08 north 20 north)
	done
}
# Lines as above, sorted by time, as CSV.
as_csv() {
	LC_ALL=C sort -s -k1,1 | awk '{
		at[NR] = "2026-" $1 ":00Z"; event[NR] = $2 == "new" ? "changed" : $2
		put("source", $3); put("prospect_id", $4 == "-" ? "" : $4)
		for (i = 5; i <= NF; i++) put(substr($i, 1, index($i, "=") - 1), substr($i, index($i, "=") + 1))
		if ($2 == "new") { put("status", "open"); put("amount", 100); put("currency", "EUR") }
	}
	function put(name, value) {
		if (!(name in known)) { known[name] = 1; column[++columns] = name }
		cell[NR, name] = value
	}
	END {
		printf "event,occurred_at"
		for (c = 1; c <= columns; c++) printf ",%s", column[c]
		for (r = 1; r <= NR; r++) {
			printf "\n%s,%s", event[r], at[r]
			for (c = 1; c <= columns; c++) printf ",%s", cell[r, column[c]]
		}
		print ""
	}'
}
# prospect or feed, when, what, since when, who hears of it or why it is over; until 2026-02-14, when other rules come.
story_says() {
	cat <<-'TEXT'
		away 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to dan
		away 01-24T00:00 ProspectStalled SILENT NO_CONTACT REP since 01-05T09:00 to cid
		away 01-26T09:00 StallEscalated SILENT NO_CONTACT MANAGER since 01-05T09:00 to max
		away 01-26T09:00 StallEscalated STUCK IN_LAYER MANAGER since 01-05T09:00 to max
		away 02-14T00:00 StallCleared STUCK since 01-05T09:00 RULES_CHANGED
		bounced 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		bounced 01-20T09:00 StallCleared STUCK since 01-05T09:00 PROGRESS
		bounced 02-05T09:00 ProspectStalled STUCK IN_LAYER_CUMULATIVE REP since 01-30T09:00 to ann
		bounced 02-12T09:00 StallEscalated STUCK IN_LAYER_CUMULATIVE MANAGER since 01-30T09:00 to max
		called 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to dan
		called 01-26T09:00 StallEscalated STUCK IN_LAYER MANAGER since 01-05T09:00 to max
		called 02-03T10:00 ProspectStalled SILENT NO_CONTACT REP since 01-20T10:00 to cid
		called 02-10T10:00 StallEscalated SILENT NO_CONTACT MANAGER since 01-20T10:00 to max
		called 02-14T00:00 StallCleared STUCK since 01-05T09:00 RULES_CHANGED
		erased 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		erased 01-21T09:00 StallCleared STUCK since 01-05T09:00 ERASED
		handed 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		handed 01-21T09:00 StallCleared STUCK since 01-05T09:00 OWNER_CHANGED
		handed 01-28T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to bob
		handed 02-04T09:00 StallEscalated STUCK IN_LAYER MANAGER since 01-05T09:00 to mia
		handed 02-14T00:00 StallCleared STUCK since 01-05T09:00 RULES_CHANGED
		late 02-09T00:00 ProspectStalled STUCK IN_LAYER REP since 01-06T09:00 to ann
		late 02-14T00:00 StallCleared STUCK since 01-06T09:00 RULES_CHANGED
		loaded 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 2025-11-03T09:00 to ann
		loaded 01-26T09:00 StallEscalated STUCK IN_LAYER MANAGER since 2025-11-03T09:00 to max
		merged 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		merged 01-21T09:00 StallCleared STUCK since 01-05T09:00 MERGED
		missed 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		missed 01-21T09:00 StallCleared STUCK since 01-05T09:00 UNKNOWN
		missed 01-22T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		missed 01-26T09:00 StallEscalated STUCK IN_LAYER MANAGER since 01-05T09:00 to max
		missed 02-14T00:00 StallCleared STUCK since 01-05T09:00 RULES_CHANGED
		n-due 01-28T09:30 ProspectStalled SILENT NO_CONTACT MANAGER since 01-05T09:00 to max
		n-due 01-28T09:30 ProspectStalled STALE CLOSE_DATE_PAST MANAGER since 01-16T00:00 to max
		n-due 02-02T09:00 StallEscalated SILENT NO_CONTACT NEXT_LEVEL since 01-05T09:00 to max
		n-due 02-04T00:00 StallEscalated STALE CLOSE_DATE_PAST NEXT_LEVEL since 01-16T00:00 to max
		n-late 02-10T09:00 ProspectStalled SILENT NO_CONTACT REP since 01-27T09:00 to eva
		n-slow 02-10T09:00 ProspectStalled SILENT NO_CONTACT REP since 01-27T09:00 to eva
		n-stuck 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to eva
		n-stuck 01-26T09:00 StallEscalated STUCK IN_LAYER MANAGER since 01-05T09:00 to max
		n-stuck 01-28T09:30 ProspectStalled SILENT NO_CONTACT MANAGER since 01-05T09:00 to max
		n-stuck 02-14T00:00 StallCleared STUCK since 01-05T09:00 RULES_CHANGED
		n-told 01-12T09:00 ProspectStalled SILENT NO_CONTACT REP since 2025-12-29T09:00 to eva
		n-told 01-28T09:30 StallEscalated SILENT NO_CONTACT NEXT_LEVEL since 2025-12-29T09:00 to max
		north 01-15T21:30 FeedSilent
		north 01-28T08:00 FeedRecovered
		pooled 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		pooled 01-21T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to null
		pooled 01-21T09:00 StallCleared STUCK since 01-05T09:00 OWNER_CHANGED
		pooled 01-26T09:00 StallEscalated STUCK IN_LAYER MANAGER since 01-05T09:00 to null
		pooled 02-14T00:00 StallCleared STUCK since 01-05T09:00 RULES_CHANGED
		regressed 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		regressed 01-21T10:00 StallCleared STUCK since 01-05T09:00 PROGRESS
		regressed 02-04T10:00 ProspectStalled STUCK IN_LAYER REP since 01-21T10:00 to ann
		regressed 02-11T10:00 StallEscalated STUCK IN_LAYER MANAGER since 01-21T10:00 to max
		reopened 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		reopened 01-20T12:00 StallCleared STUCK since 01-05T09:00 CLOSED
		reopened 02-12T12:00 ProspectStalled STUCK IN_LAYER REP since 01-29T12:00 to ann
		reopened 02-14T00:00 StallCleared STUCK since 01-29T12:00 RULES_CHANGED
		restored 01-19T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		restored 01-21T09:00 StallCleared STUCK since 01-05T09:00 DELETED
		restored 01-22T09:00 ProspectStalled STUCK IN_LAYER REP since 01-05T09:00 to ann
		restored 01-26T09:00 StallEscalated STUCK IN_LAYER MANAGER since 01-05T09:00 to max
		restored 02-14T00:00 StallCleared STUCK since 01-05T09:00 RULES_CHANGED
	TEXT
}
story_ends() {
	cat <<-'TEXT'
		away SILENT MANAGER
		bounced STUCK MANAGER
		called SILENT MANAGER
		loaded STUCK MANAGER
		n-due SILENT NEXT_LEVEL STALE NEXT_LEVEL
		n-late SILENT REP
		n-slow SILENT REP
		n-stuck SILENT MANAGER
		n-told SILENT NEXT_LEVEL
		regressed STUCK MANAGER
	TEXT
}
story() {
	begin story clock=event
	story_rules 1 10 | rules story --at 2025-12-31
	story_reps >"$dir/story-reps.csv"
	story_changes | as_csv >"$dir/story.csv"
	worker_start story teller
	import story "$dir/story-reps.csv"
	caught_up story >"$dir/story.said"
	# The clock of the rep stage follows that of the prospect stage: it must not miss cid's return.
	import story "$dir/story.csv" --until 2026-01-24 --tick 2026-01-25
	caught_up story >"$dir/story.said"
	# What comes 19 days late alerts nobody at once.
	echo 01-06T09:00 new hq late stage=Prospecting owner_rep_id=ann | as_csv >"$dir/late.csv"
	import story "$dir/late.csv"
	import story "$dir/story.csv" --from 2026-01-25 --tick 2026-02-14
	caught_up story >"$dir/story.said"
	story_rules 2 40 | rules story --at 2026-02-14 --wait --timeout 60
	caught_up story >"$dir/story.said"
	told story alerts
	story_says | LC_ALL=C sort >"$dir/story.expected"
	jq -r 'def at: .[:16] | ltrimstr("2026-"); .type as $type | .data | select($type | startswith("Resync") | not) |
		[.prospect_id // .source, (.occurred_at | at), $type, (.kind, .condition, .level) // empty] +
		(if .since then ["since", (.since | at)] else [] end) + (if .reason then [.reason] else [] end) +
		(if .level then ["to", "\(.recipient_id)"] else [] end) | join(" ")' "$dir/story-alerts.json" |
		LC_ALL=C sort >"$dir/story.found"
	diff "$dir/story.expected" "$dir/story.found" >"$dir/story.diff" || fail "story: $(cat "$dir/story.diff")"
	is "what sits still at the end" "$(story_ends)" json story '.prospects | map("\(.prospect_id) " + (.stalls |
		map("\(.kind) \(.level)") | join(" "))) | sort | .[]' stalls
	ctl story verify >"$dir/story.verify" || fail "story: $(cat "$dir/story.verify")"
	worker_end teller || fail "a clean end has exit code $?"
	note "story: told as written, $(wc -l <"$dir/story.found") events"
}

# ---- sheets ----------------------------------------------------------------------------------------------------------

sheets_rules() {
	printf '[rules]\nversion = 1\n[calendar]\nzone = Europe/Berlin\n[feed]\nsilent_hours = 0\n'
	printf '[stuck]\ntop = 10\nmiddle = 10\nbottom = 10\n[stale_edit]\ntop = 2000\nmiddle = 2000\nbottom = 2000\n'
}
# A Tuesday: 5,000 prospects of big, a third in each layer, five of each amount; six of ann. Her sheets are of Mondays at
# 7:00 UTC; shortly before and after the second one A-6 changes, and after the third one leave A-3 to A-5.
sheets_changes() {
	echo event,prospect_id,occurred_at,stage,status,amount,currency,owner_rep_id
	awk 'BEGIN {
		split("Prospecting,Value Proposition,Negotiation/Review", stage, ",")
		for (i = 1; i <= 5000; i++)
			printf "changed,B-%04d,2026-01-06T09:00:00Z,%s,open,%d,EUR,big\n", i, stage[i % 3 + 1], i * 7919 % 997 + 1
	}'
	cat <<-'CSV'
		changed,A-1,2026-01-06T09:00:00Z,Value Proposition,open,500,EUR,ann
		changed,A-2,2026-01-06T09:00:00Z,Prospecting,open,500,EUR,ann
		changed,A-3,2026-01-06T09:00:00Z,Prospecting,open,500,EUR,ann
		changed,A-4,2026-01-06T09:00:00Z,Prospecting,open,500,EUR,ann
		changed,A-5,2026-01-06T09:00:00Z,Prospecting,open,500,EUR,ann
		changed,A-6,2026-01-06T09:00:00Z,Prospecting,open,10,EUR,ann
		changed,A-6,2026-01-19T06:59:59Z,,,20,EUR,
		changed,A-6,2026-01-19T07:00:01Z,,,30,EUR,
		changed,A-3,2026-01-26T12:00:00Z,,won,,,
		changed,A-4,2026-01-26T12:00:00Z,,,,,big
		erased,A-5,2026-01-26T12:00:00Z,,,,,
	CSV
}
# The 20 largest, by amount and weight, then by id.
largest() {
	awk 'BEGIN { for (i = 1; i <= 5000; i++) printf "%d B-%04d\n", (i * 7919 % 997 + 1) * 25 * (i % 3 + 1), i }' |
		LC_ALL=C sort -k1,1nr -k2,2 | head -n 20 | cut -d' ' -f2 | tr '\n' ' '
}
# On to a moment, from the beginning each time: what was there changes nothing. Whenever all is not done within a second,
# the next worker is killed; Redis is emptied once.
kills=0
amid_kills() { # MOMENT
	local importer w first=$kills
	import sheets "$dir/sheets.csv" --until "$1" --tick "$1" &
	importer=$!
	while kill -0 $importer 2>/dev/null || ! ctl sheets wait --caught-up --timeout 1 >/dev/null; do
		kills=$((kills + 1))
		[ $((kills - first)) -le 20 ] || fail "sheets: no end before $1"
		w=$(echo a b c | cut -d' ' -f$((kills % 3 + 1)))
		sleep 1
		worker_kill "$w"
		[ $kills -ne 4 ] || redis-cli -s "$dir/redis.sock" flushall >/dev/null
		worker_start sheets "$w"
	done
	wait $importer || fail "sheets: import"
}
answer() { # PROSPECT SHEET QUESTION CAUSE TIME OPTIONS…
	ctl sheets answer "$1" --sheet "$2" --question "$3" --cause "$4" --at "$5" --answer-id "$2-$3" "${@:6}" \
		>/dev/null 2>&1 || fail "answer of $1"
}
sheets_of() { # REP: number and time of each, what has changed, stalls, its pages, questions, and until when
	told_is "the sheets of $1" "[$(sed '$s/,$//')]" sheets inspections "map(select(.type == \"InspectionSheet\").data |
		select(.rep_id == \"$1\") | [.sheet_number, .as_of[5:16], .changed_count, .stalled_count, .page_count,
		(.questions | length), .answers_due_at[5:16]?])"
}

sheets() {
	local n w rep cause
	begin sheets clock=event session.timeout=3s txn.timeout=5s batch.records=500
	sheets_rules | rules sheets --at 2026-01-06
	{
		echo event,rep_id,occurred_at,org_id,manager_id
		for rep in big ann; do echo rep_changed,$rep,2026-01-06,emea,max; done
	} >"$dir/sheets-reps.csv"
	sheets_changes >"$dir/sheets.csv"
	for w in a b c; do worker_start sheets $w; done
	caught_up sheets >/dev/null # so that the reps come at a time that is known
	import sheets "$dir/sheets-reps.csv"
	caught_up sheets >/dev/null
	# Never more than one Monday at a time: the rep stage's clock is a batch behind the lines.
	amid_kills 2026-01-12T12:00:00Z
	amid_kills 2026-01-19T12:00:00Z
	amid_kills 2026-01-26T11:00:00Z
	amid_kills 2026-01-27T09:30:00Z
	ctl sheets inspect ann --json >"$dir/ann.json" || fail "inspect ann"
	is "the questions to ann" 'ann#3: 1 A-1, 2 A-2, 3 A-3, 4 A-4, 5 A-5, 6 A-6' \
		jq -r '.sheet_id + ": " + (.questions | map(.question_id + " " + .prospect_id) | join(", "))' "$dir/ann.json"
	answer A-1 'ann#3' 1 taken-by-competitor 2026-01-27T10:00:00Z --confirmed --competitor acme
	answer A-1 'ann#3' 1 taken-by-competitor 2026-01-27T10:00:00Z --confirmed --competitor acme
	for n in 3 4 5 6; do answer A-$n 'ann#3' $n buyer-undecided 2026-01-27T10:00:00Z; done
	amid_kills 2026-02-02T12:00:00Z
	answer A-1 'ann#4' 1 taken-by-competitor 2026-02-02T13:00:00Z --confirmed
	answer A-2 'ann#4' 2 rep-out-of-contact 2026-02-02T13:00:00Z
	answer A-6 'ann#4' 3 other 2026-02-02T13:00:00Z
	amid_kills 2026-02-06T11:00:00Z
	ctl sheets inspect ann --now --issued-at 2026-02-06T12:00:00Z >/dev/null 2>&1 || fail "inspect --now"
	caught_up sheets >/dev/null
	amid_kills 2026-02-07T00:00:00Z
	note "sheets: $kills workers killed"
	told sheets alerts
	told sheets inspections

	told_is "the alerts" '[["ProspectStalled","REP",5006],["StallCleared",null,3],["StallEscalated","MANAGER",5003],
		["StallEscalated","NEXT_LEVEL",3335]]' sheets alerts '
		map([.type, .data.level]) | group_by(.) | map(.[0] + [length])'
	sheets_of big <<-'TEXT'
		[1,"01-12T07:00",5000,0,50,0,null],
		[2,"01-19T07:00",0,0,0,0,null],
		[3,"01-26T07:00",5000,5000,50,20,"01-28T07:00"],
		[4,"02-02T07:00",1,5001,51,20,"02-04T07:00"],
	TEXT
	sheets_of ann <<-'TEXT'
		[1,"01-12T07:00",6,0,1,0,null],
		[2,"01-19T07:00",1,0,1,0,null],
		[3,"01-26T07:00",6,6,1,6,"01-28T07:00"],
		[4,"02-02T07:00",2,3,1,3,"02-04T07:00"],
		[5,"02-06T12:00",0,3,1,3,"02-10T12:00"],
	TEXT
	told_is "the pages of big" '[["big#1",50,5000,true],["big#3",50,5000,true],["big#4",51,5001,true]]' \
		sheets inspections 'map(select(.type == "SheetPage") | .data | select(.rep_id == "big")) | group_by(.sheet_id) |
		map([.[0].sheet_id, ([.[].page] | unique | length), ([.[].lines[].prospect_id] | unique | length),
		all(.lines | length <= 100)])'
	told_is "messages below 1 MB" true sheets inspections 'all(tojson | length < 1000000)'
	is "what big is asked" "$(largest)" json sheets '[.questions[].prospect_id + " "] | add' \
		inspect big --sheet 'big#3'
	told_is "what became of the answers" '["ann#3 1 ANSWERED true","ann#3 3 CLOSED true","ann#3 4 MOVED true",
		"ann#3 5 UNKNOWN false","ann#3 6 ANSWERED true","ann#4 1 ANSWERED true","ann#4 2 ANSWERED true",
		"ann#4 3 ANSWERED true"]' sheets inspections '
		map(select(.type == "InspectionAnswerRecorded").data | "\(.sheet_id) \(.question_id) \(.state) \(.in_time)") | sort'
	told_is "A-6, sheet by sheet" '["NEW null 1000","CHANGED 1000 2000","CHANGED 2000 3000","UNCHANGED 3000 3000",
		"UNCHANGED 3000 3000"]' sheets inspections 'map(select(.type == "SheetPage").data.lines[] |
		select(.prospect_id == "A-6") | "\(.change) \(.before.amount.amount_minor?) \(.now.amount.amount_minor?)")'
	told_is "A-4, sheet by sheet" '["ann#1 NEW","ann#3 CHANGED","ann#4 LEFT","big#4 NEW"]' sheets inspections '
		map(select(.type == "SheetPage").data | .sheet_id as $id | .lines[] | select(.prospect_id == "A-4") |
		"\($id) \(.change)") | sort'
	told_is "what is overdue" '["ann#3 1 1 MANAGER max","big#3 20 1 MANAGER max","big#4 20 2 NEXT_LEVEL max"]' \
		sheets inspections 'map(select(.type == "InspectionOverdue").data | "\(.sheet_id) \(.open_count) " +
		"\(.unanswered_sheets) \(.level) \(.recipient_id)") | sort'
	cause='.data | "\(.level) \(.candidates[0] | "\(.cause) \(.confirmed)")"'
	told_is "causes of A-1" '["REP BUYER_DILEMMA false","MANAGER BUYER_DILEMMA false",
		"NEXT_LEVEL TAKEN_BY_COMPETITOR true"]' sheets alerts "map(select(.key == \"A-1\") | $cause)"
	told_is "causes of A-2" '["REP BUYER_UNDECIDED false","MANAGER REP_OUT_OF_CONTACT false"]' \
		sheets alerts "map(select(.key == \"A-2\") | $cause)"
	ctl sheets inspect ann --markdown >"$dir/ann.md" || fail "inspect --markdown"
	ctl sheets verify >"$dir/sheets.verify" || fail "sheets: $(cat "$dir/sheets.verify")"
	for w in a b c; do worker_end $w || fail "worker $w ended with $?"; done
	note "sheets: told, asked, answered, overdue"
}

load
story
sheets
