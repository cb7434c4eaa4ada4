#!/usr/bin/env bash
# The head of sales' tool on a real Kafka and Redis: who has what, a proposal that is asked for, shown and accepted, what
# is refused and how that ends, and the waiting for answers.
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
json() { ctl emea "${@:2}" --json 2>"$dir/err" | jq -rc "$1"; } # FILTER COMMAND…
refused() {                                                     # WHAT REASON COMMAND…: exit 6, and the reason is said
	local what=$1 reason=$2 rc=0
	shift 2
	ctl emea "$@" >"$dir/said" 2>"$dir/err" || rc=$?
	[ $rc -eq 6 ] || fail "$what: exit $rc instead of 6: $(cat "$dir/err")"
	grep -q "was refused: $reason" "$dir/err" || fail "$what: $(cat "$dir/err")"
}

config emea
ctl emea topics create >/dev/null || fail "topics"
worker_start emea one
{
	echo 'event,rep_id,prospect_id,occurred_at,org_id,active,stage,status,amount,currency,owner_rep_id,regions,region,industry'
	for rep in ann bob cid; do
		echo "rep_changed,$rep,,2026-02-01T08:00:00Z,emea,true,,,,,,DE;FR,,"
	done
	# ann is rich, in two industries; bob has many that are worth little
	for i in 1 2 3 4 5 6; do
		echo "changed,,A-$i,2026-02-02T09:00:00Z,,,Prospecting,open,400000,EUR,ann,,DE,$([ $i -le 3 ] && echo auto || echo food)"
	done
	for i in $(seq 60); do
		echo "changed,,B-$i,2026-02-02T09:00:00Z,,,Prospecting,open,4000,EUR,bob,,FR,bank"
	done
} >"$dir/funnel.csv"
ctl emea import csv "$dir/funnel.csv" 2>"$dir/err" || fail "import: $(tail -n 3 "$dir/err")"
caught_up emea >"$dir/said"

# What a book tells of a cell is put off for a while after it has told something: the first prospects may come alone.
have='[.currency, [.reps[] | [.rep_id, .volume_minor, .count]], .proposal]'
all='["EUR",[["ann",60000000,6],["bob",6000000,60],["cid",0,0]],null]'
for ((i = 0; i < 300; i++)); do
	[ "$(json "$have" territories emea)" != "$all" ] || break
	sleep 0.2
done
is "who has what" "$all" json "$have" territories emea
is "the cells" '[["DE","auto",30000000,["ann"]],["DE","food",30000000,["ann"]],["FR","bank",6000000,["bob"]]]' \
	json '[.cells[] | [.region, .industry, .volume_minor, [.reps[].rep_id]]]' territories emea
note "today: three reps, three cells"

refused "a proposal that nobody has made" UNKNOWN_PROPOSAL accept emea p-0
refused "a proposal for nobody" UNKNOWN_ORG propose nowhere
is "a proposal" '["p-1","OPEN",[["ann","cid","DE","TOP",3]],3,true]' \
	json '.proposal | [.proposal_id, .state, [.moves[] | [.from_rep_id, .to_rep_id, .region, .layer, .prospect_count]], .moved_count, .expires_at != null]' propose emea --command-id p-1 --issued-by mia
is "the same command again is the same proposal" p-1 json .proposal.proposal_id propose emea --command-id p-1
ctl emea territories emea >"$dir/picture" 2>&1 || fail "the picture"
grep -q 'PROPOSAL p-1   asked for by mia' "$dir/picture" || fail "the picture: $(cat "$dir/picture")"
note "a proposal, shown"

is "another one" p-2 json .proposal.proposal_id propose emea --command-id p-2 --currency EUR
refused "a proposal that another one replaced" PROPOSAL_IS_OUTDATED accept emea p-1
is "accepted" '["ACCEPTED","p-2"]' json '[.state, .proposal_id]' accept emea p-2 --issued-by max
is "it is accepted" '["ACCEPTED","max"]' json '.proposal | [.state, .accept_by]' territories emea
refused "a proposal that is accepted" PROPOSAL_IS_NOT_OPEN accept emea p-2
note "accepted once, refused else"

rc=0
ctl emea performance emea --ask >"$dir/said" 2>"$dir/err" || rc=$?
[ $rc -eq 1 ] || fail "performance without a year: exit $rc: $(cat "$dir/err")"

# A quota that froze at once, a prospect that is won, and how the rep stands then.
year=$(date -u +%Y)
printf '[rules]\nversion = 1\n[stages]\nProspecting = TOP\n[quota]\nsettle_hours = 0\nconflation_seconds = 1\n' >"$dir/rules.ini"
ctl emea rules apply "$dir/rules.ini" >"$dir/said" 2>&1 || fail "rules: $(cat "$dir/said")"
{
	echo 'event,prospect_id,occurred_at,stage,status,amount,currency,owner_rep_id,expected_close_date,closed_on,won_amount'
	echo "changed,A-7,$year-01-02T09:00:00Z,Prospecting,open,400000,EUR,ann,$year-12-20,,"
	echo "changed,W-1,$year-01-02T09:00:00Z,Prospecting,open,30000,EUR,ann,,,"
	echo "changed,W-1,$year-01-03T09:00:00Z,Won,won,30000,EUR,ann,,$year-01-03,30000"
} >"$dir/won.csv"
ctl emea import csv "$dir/won.csv" 2>"$dir/err" || fail "import: $(tail -n 3 "$dir/err")"
caught_up emea >"$dir/said"
ctl emea quota open emea --year "$year" --base-currency EUR >"$dir/said" 2>&1 || fail "quota open: $(cat "$dir/said")"
stands() { # of ann: her quota, and what she has won of it, as the organisation has it
	ctl emea performance emea "$year" --json 2>/dev/null |
		jq -c '.reps[] | select(.rep_id == "ann") | .now | [.quota.amount_minor, .won_minor]' 2>/dev/null
}
for _ in $(seq 60); do
	[ "$(stands)" != "[10000000,3000000]" ] || break
	sleep 1
done
is "what ann has won" "[10000000,3000000]" stands
ctl emea performance emea "$year" --ask >"$dir/picture" 2>"$dir/err" || fail "performance: exit $?: $(cat "$dir/err")"
grep -Eq '^ *ann +EUR 100,000 .*\|.* EUR 30,000 ' "$dir/picture" || fail "the picture: $(cat "$dir/picture")"
is "scored" "[10000000,3000000,true]" json \
	'.reps[] | select(.rep_id == "ann") | [.level.quota.amount_minor, .attainment.won_minor, .attainment.attainment_bp > 0]' \
	performance emea "$year"
note "ann has won of her quota, and is scored"

worker_kill one
rc=0
ctl emea propose emea --timeout 1 >"$dir/said" 2>"$dir/err" || rc=$?
[ $rc -eq 5 ] || fail "a proposal without a worker: exit $rc: $(cat "$dir/err")"
note "without a worker there is no answer, and that is said"
