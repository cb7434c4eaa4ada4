#!/usr/bin/env bash
# A rep's day on real Kafka and Redis: HR and CRM by CSV, rules, books, a quota with every line, a second one that is
# refused; what funnelctl says of all that; and that verify notices what is not conserved.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin
config reps session.timeout=3s txn.timeout=5s
sed -i 's/^partitions = 6/partitions = 1/' "$dir/reps.ini" # so that Kafka's own tool finds the partition of a key
ctl reps topics create >/dev/null || fail "topics"
worker_start reps one

# is WHAT EXPECTED COMMAND…: the output of the command
is() {
	local what=$1 expected=$2 found
	shift 2
	found=$("$@") || fail "$what: exit code $?"
	[ "$found" = "$expected" ] || fail "$what: expected $expected, found $found"
}
json() { ctl reps "${@:2}" --json | jq -c "$1"; }

cat >"$dir/reps.csv" <<'CSV'
event,rep_id,org_id,manager_id,regions,active,occurred_at,prospect_id,stage,status,amount,currency,owner_rep_id,expected_close_date
rep_changed,ann,emea,max,DE;FR,true,2026-01-01,,,,,,,
rep_changed,bob,emea,max,DE,true,2026-01-01,,,,,,,
changed,,,,,,2026-01-02,P-1,Prospecting,open,1000000,USD,ann,2027-03-01
changed,,,,,,2026-01-02,P-2,Prospecting,open,100.50,USD,ann,2027-12-31
changed,,,,,,2026-01-02,P-3,Prospecting,open,,,ann,2027-06-01
changed,,,,,,2026-01-02,P-4,Prospecting,open,5000,EUR,ann,2027-06-01
changed,,,,,,2026-01-02,P-5,Prospecting,open,7000,USD,ann,
changed,,,,,,2026-01-02,P-6,Dancing,open,7000,USD,ann,2027-02-02
changed,,,,,,2026-01-02,P-7,Prospecting,open,7000,USD,bob,2027-02-02
changed,,,,,,2026-01-02,P-8,Prospecting,open,9000,USD,,2027-02-02
changed,,,,,,2026-01-02,P-9,,won,3000,USD,ann,2027-02-02
changed,,,,,,2026-01-03,P-7,,,,,ann,
changed,,,,,,2026-01-03,P-1,,,2000000,USD,,
changed,,,,,,2026-01-04,P-1,,,1000000,USD,,
CSV
ctl reps import csv "$dir/reps.csv" 2>"$dir/import.err" || fail "import: $(cat "$dir/import.err")"
caught_up reps
is "the book of ann" '[["DE","FR"],"max",8,0]' json '[.regions,.manager_id,.line_count,.watched_count]' show rep ann
is "the book of bob" '[0,1]' json '[.line_count,.watched_count]' show rep bob
is "the pool" '[1,225000]' json '[.line_count,.totals[0].weighted_minor]' show rep pool:UNASSIGNED
is "the layers of ann" '[["TOP",null,1],["TOP","EUR",1],["TOP","USD",4],["UNCLASSIFIED","USD",1],["WON","USD",1]]' \
	json '[.totals[]|[.layer,.currency,.count]]' show rep ann
is "ann in the funnel" '[["open",7],["won",1]]' json '[.rows[]|select(.key=="ann")|[.status,.count]]' funnel --by rep
# Who is who: in the organisation, and for everybody. How many prospects each has is told within a second.
soon() {
	local what=$1 expected=$2 found= i
	shift 2
	for ((i = 0; i < 300; i++)); do
		found=$("$@") && [ "$found" = "$expected" ] && return 0
		sleep 0.2
	done
	fail "$what: expected $expected, found $found"
}
latest() { ctl reps tail "$1" --from-beginning --until-end --json | jq -sc "map(select(.type==\"$2\").data)|group_by(.rep_id)|map(last|$3)"; }
soon "the organisation" '[["emea","ann",true,"max",["DE","FR"],7],["emea","bob",true,"max",["DE"],0]]' \
	latest funnel.orgs OrgRep '[.org_id,.rep_id,.active,.manager_id,.regions,.open_prospects]'
soon "the directory" '[["emea","ann",true,false,["DE","FR"],7],["emea","bob",true,false,["DE"],0]]' \
	latest funneld.rep-directory RepEntry '[.org_id,.rep_id,.present,.resigned,.regions,.open_prospects]'
note "books"

# New rules reach both stages, and all that is open; the year's draft then freezes at once.
# Their zone's clock goes with them: the text that is in force is longer than the file.
printf '[rules]\nversion = 1\n[calendar]\nzone = Europe/Berlin\n[quota]\nsettle_hours = 0\n[stages]\nDancing = BOTTOM\n' >"$dir/rules.ini"
is "what a zone's clock does" '["Europe/Berlin","tzdata",true]' json '[.zone.name,.zone.by,.zone.changes > 90]' rules check "$dir/rules.ini"
ctl reps rules apply "$dir/rules.ini" --wait --timeout 60 >"$dir/said" || fail "rules apply: $(cat "$dir/said")"
is "the rules" '[true,[1,1,1]]' json '[.done,[.partitions[].version]]' rules status
printf '[rules]\nversion = 1\n[stages]\nDancing = TOP\n' >"$dir/other.ini"
ctl reps rules apply "$dir/other.ini" >"$dir/said" 2>&1
is "the same version with another text" 11 echo $?
grep -q "version 1 is in force already, with another text; give it version 2" "$dir/said" || fail "$(cat "$dir/said")"
is "what danced" '"BOTTOM"' json .layer show prospect P-6
caught_up reps

ctl reps quota open emea --year 2027 --command-id first >/dev/null 2>&1 || fail "quota open"
caught_up reps
is "the run" '["first","emea",2027,"FROZEN"]' json '.runs[0]|[.run_id,.org_id,.fiscal_year,.state]' quota status
# 1,000,000 + 100.50 + 7,000 at 25 %, 7,000 at 75 %: 257,025.125, rounded once
is "the quota" '[25702500,25702512,5000,-13,5000,true]' \
	json '[.quota_minor,.exact_minor,.exact_e4,.rounding_minor,.rounding_e4,.adds_up]' show quota ann --year 2027
is "its lines" '[["P-1",25000000],["P-2",2512],["P-6",525000],["P-7",175000]]' \
	json '[.lines[]|[.prospect_id,.weighted_minor]]' show quota ann --year 2027
is "what is left out" '[["P-3","AMOUNT_UNKNOWN"],["P-4","NOT_CONVERTIBLE"],["P-5","NO_CLOSE_DATE"]]' \
	json '[.left_out[]|[.prospect_id,.reason]]' show quota ann --year 2027
is "the quota of bob" '[0,[],[]]' json '[.quota_minor,.lines,.left_out]' show quota bob --year 2027
is "the quotas of ann" '[2027]' json '[.quotas[].fiscal_year]' show rep ann
ctl reps show quota ann --year 2027 >"$dir/said" || fail "show quota"
grep -q 'QUOTA USD = *257,025.00$' "$dir/said" || fail "as text: $(cat "$dir/said")"
ctl reps show quota ann --year 2026 >"$dir/said" 2>&1 && fail "a quota that nobody opened"
grep -q 'quota open' "$dir/said" || fail "of a quota that is not there: $(cat "$dir/said")"
ctl reps quota open emea --year 2027 --command-id second >/dev/null 2>&1 || fail "quota open"
caught_up reps
is "the refusal" '["second","YEAR_IS_OPEN","first"]' \
	json 'select(.type=="CommandRejected").data|[.command_id,.reason,.run_id]' tail funnel.rejections --from-beginning --until-end
# A frozen quota stays; the potential goes on.
printf 'event,prospect_id,occurred_at,version,amount,currency\nchanged,P-1,2026-02-01,9,5000000,USD\n' >"$dir/later.csv"
ctl reps import csv "$dir/later.csv" 2>/dev/null || fail "import"
caught_up reps
is "the quota, later" 25702500 json .quota_minor show quota ann --year 2027
is "the potential, later" 125702512 json '.running[]|select(.fiscal_year==2027 and .currency=="USD").weighted_minor' show rep ann
note "quotas"

ctl reps verify >"$dir/said" || fail "verify: $(cat "$dir/said")"
is "conservation" '[true,0]' json '.conservation|[.judged,.unsent_prospects]' verify
redis-cli -s "$dir/redis.sock" zrem '{reps:rep:0}:line:keys:' 'rep:ann|P-1' >/dev/null
ctl reps verify >"$dir/said"
[ $? -eq 4 ] && grep -q 'not-in-index.*rep:ann|P-1' "$dir/said" || fail "a key that the index lacks: $(cat "$dir/said")"
redis-cli -s "$dir/redis.sock" zadd '{reps:rep:0}:line:keys:' 0 'rep:ann|P-1' >/dev/null
ctl reps verify >/dev/null || fail "verify after the index was mended"

# Somebody deletes a line's row from the changelog by Kafka's own tool; view and changelog agree, the sums do not.
worker_end one || fail "a clean end has exit code $?"
sleep 4 # the session ends
printf 'line|rep:ann|P-2\tGONE\n' | java -cp "$kafka_libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
	org.apache.kafka.tools.ConsoleProducer --bootstrap-server "127.0.0.1:$(cat "$dir/kafka.port")" --topic reps.funnel.reps \
	--property parse.key=true --property null.marker=GONE >"$dir/produce.log" 2>&1 || fail "$(tail -n 3 "$dir/produce.log")"
ctl reps repair --stage rep --partition 0 --keep-offset --yes >"$dir/said" 2>&1 || fail "repair: $(cat "$dir/said")"
worker_start reps two
caught_up reps
ctl reps verify >"$dir/said"
[ $? -eq 4 ] && grep -q 'conservation: rep:ann TOP USD' "$dir/said" || fail "a line that is lost: $(cat "$dir/said")"
note "verify: $(grep conservation "$dir/said" | head -n 1)"
worker_end two || fail "a clean end has exit code $?"
