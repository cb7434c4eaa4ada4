#!/usr/bin/env bash
# A rep leaves, on a real Kafka and Redis, from the notice to the last prospect that the CRM moves: HR's own program
# (tests/samples/hr_producer.py) says so on a topic with another number of partitions than ours and a partitioner of its
# own, each event twice; people report with funnelctl. By the event clock: what is told stands below, line by line.
# Restricted things are looked for on every topic, byte by byte.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
for program in kcat python3; do
	command -v $program >/dev/null || { echo "$program is not here"; exit 77; }
done
cluster_begin

# is WHAT EXPECTED COMMAND…: the output of the command
is() {
	local what=$1 expected=$2 found
	shift 2
	found=$("$@") || fail "$what: exit code $?"
	[ "$found" = "$expected" ] || fail "$what: expected $expected, found $found"
}
json() { ctl "$1" "${@:3}" --json | jq -rc "$2"; } # NAME FILTER COMMAND…

# HR's topics are a deployment of their own, with 3 partitions; ours reads one of them.
hr_topic=hr.hr.rep-changes
config hr topic.partitions=3
ctl hr topics create >/dev/null || fail "HR's topics"
config leave clock=event "topic.hr.rep-changes=$hr_topic"
ctl leave topics create >/dev/null || fail "topics"

hr() { # events, one a line, from standard input; all of them twice
	local events
	events=$(cat)
	printf '%s\n%s\n' "$events" "$events" |
		python3 tests/samples/hr_producer.py --brokers "127.0.0.1:$(cat "$dir/kafka.port")" --topic $hr_topic \
			--schemas schemas --partitions 3 2>"$dir/hr.err" || fail "HR: $(tail -n 3 "$dir/hr.err")"
}
import() { # FILE OPTIONS…
	ctl leave import csv "$@" 2>"$dir/import.err" || fail "import: $(tail -n 3 "$dir/import.err")"
}
now=
until_is() { # TIME: it is that time, and all that is due by then is done
	now=2026-$1:00Z
	printf 'event,occurred_at\nclock_tick,%s\n' "$now" >"$dir/tick.csv"
	import "$dir/tick.csv"
	caught_up leave >"$dir/said"
}
people() { # COMMAND…: said now
	ctl leave "$@" --rep ann --issued-at "$now" >>"$dir/said" 2>"$dir/people.err" || fail "$*: $(cat "$dir/people.err")"
	caught_up leave >"$dir/said"
}
# What has been told on a topic so far, each event once.
told() { # TOPIC
	local file=$dir/$1.json twice
	ctl leave tail "leave.funnel.$1" --from-beginning --until-end --json >"$file" || fail "tail of $1"
	twice=$(jq -r .headers.ce_id "$file" | sort | uniq -d | head -n 3)
	[ -z "$twice" ] || fail "told twice on $1: $twice"
}
# Lines so far: time, type, and what matters of each.
story() { # TOPIC
	told "$1"
	jq -r 'def at: if . then .[5:16] else "-" end; .type as $type | .data |
		["\(.occurred_at | at) \($type)"] + [.task_id // .prospect_id // empty] +
		if $type == "HandoverOpened" then ["\(.prospect_count) for \(.successor_id), " +
			([.totals[] | "\(.layer) \(.count)"] | join(" ")) + ", sign-off by \(.review_due_at | at)"]
		elif $type == "HandoverTaskOpened" then ["\(.layer) \(.channel) \(.speaker_rep_ids | join("+")) \(.must_say |
			join("+")) tell \(.contacts_min) of \(.contact_ids | length)" + (if .single_contact then " single" else "" end) +
			(if .released then " by \(.due_at | at)" else " waits" end)]
		elif $type == "HandoverTaskReleased" then ["by \(.due_at | at)"]
		elif $type == "HandoverTaskRefused" then [.reason]
		elif $type == "HandoverTaskClosed" then ["\(.outcome) by \(.by), next \(.next_meeting_on), not told " +
			"[\(.not_informed_ids | join(" "))]"]
		elif $type == "HandoverCompleted" then ["done \(.done_count), let go \(.waived_count), watched until " +
			(.watch_until | at)]
		elif $type == "ReconciliationFinding" then ["\(.change.kind) \(.change.old_amount.amount_minor) to " +
			"\(.change.new_amount.amount_minor) by \(.change.by) \(.change.at | at), after notice \(.after_notice), " +
			"since \(.sheet_id) \(.since_sheet)"]
		elif $type == "ReconciliationClosed" then ["\(.finding_count) in \(.line_count)"]
		elif $type == "ReassignmentRequested" then ["\(.from_rep_id) to \(.to_rep_id) by \(.due_at | at)"]
		elif $type == "ReassignmentOverdue" then ["still \(.owner_rep_id), not \(.to_rep_id)"]
		else [.reason // empty, .level // empty] end | join(" ")' "$dir/$1.json" | LC_ALL=C sort
}
says() { # TOPIC: what is expected, from standard input
	sed 's/^\t*//' | LC_ALL=C sort >"$dir/expected"
	story "$1" >"$dir/found"
	diff "$dir/expected" "$dir/found" >"$dir/diff" || fail "$1: $(cat "$dir/diff")"
}

# ---- before the notice -----------------------------------------------------------------------------------------------

printf '[rules]\nversion = 1\n[feed]\nsilent_hours = 0\n[stale_edit]\ntop = 2000\nmiddle = 2000\nbottom = 2000\n' \
	>"$dir/rules.ini"
ctl leave rules apply "$dir/rules.ini" --at 2026-02-26 >"$dir/said" 2>&1 || fail "rules: $(cat "$dir/said")"
worker_start leave one
caught_up leave >"$dir/said"
hr <<-'JSON'
	{"record": "RepChanged", "rep_id": "ann", "version": 1, "occurred_at": "2026-02-26T08:00:00Z", "active": true, "org_id": "emea", "manager_id": "mia", "regions": [], "industries": []}
	{"record": "RepChanged", "rep_id": "bob", "version": 1, "occurred_at": "2026-02-26T08:00:00Z", "active": true, "org_id": "emea", "manager_id": "mia", "regions": [], "industries": [], "capacity_prospects": 10}
	{"record": "RepChanged", "rep_id": "cid", "version": 1, "occurred_at": "2026-02-26T08:00:00Z", "active": false, "org_id": "emea", "manager_id": "mia", "regions": [], "industries": []}
JSON
# Of ann two at the BOTTOM, one in the MIDDLE, two at the TOP; one of bob's own. On a Monday after the sheet ann lowers
# an amount.
cat >"$dir/prospects.csv" <<-'CSV'
	event,prospect_id,occurred_at,stage,status,amount,currency,owner_rep_id,contact_ids,actor_id,actor_kind,last_edit_at
	changed,B-1,2026-02-26T09:00:00Z,Negotiation/Review,open,1000,EUR,ann,c-1;c-2;c-3,ann,REP,2026-02-26T09:00:00Z
	changed,B-2,2026-02-26T09:00:00Z,Negotiation/Review,open,500,EUR,ann,c-4,ann,REP,2026-02-26T09:00:00Z
	changed,M-1,2026-02-26T09:00:00Z,Value Proposition,open,800,EUR,ann,c-5;c-6,ann,REP,2026-02-26T09:00:00Z
	changed,T-1,2026-02-26T09:00:00Z,Prospecting,open,300,EUR,ann,c-7;c-8,ann,REP,2026-02-26T09:00:00Z
	changed,T-2,2026-02-26T09:00:00Z,Prospecting,open,200,EUR,ann,c-9;c-10,ann,REP,2026-02-26T09:00:00Z
	changed,X-1,2026-02-26T09:00:00Z,Prospecting,open,100,EUR,bob,c-11,bob,REP,2026-02-26T09:00:00Z
	changed,B-1,2026-03-02T09:30:00Z,,,400,EUR,,,ann,REP,2026-03-02T09:30:00Z
CSV
import "$dir/prospects.csv" --until 2026-03-01
caught_up leave >"$dir/said"
until_is 03-02T09:00
import "$dir/prospects.csv" --from 2026-03-02
until_is 03-02T10:00
ctl leave handover ann >/dev/null 2>&1 && fail "there is a handover without a notice"

# ---- the notice ------------------------------------------------------------------------------------------------------

hr <<-'JSON'
	{"record": "RepResigned", "rep_id": "ann", "version": 2, "occurred_at": "2026-03-02T10:00:00Z", "notice_id": "n-1", "notice_at": "2026-03-02T10:00:00Z", "last_day": "2026-03-31", "successor_id": "bob", "new_employer_id": "employer-acme-4711"}
JSON
caught_up leave >"$dir/said"
until_is 03-02T10:01
says handovers <<-'TEXT'
	03-02T10:00 HandoverOpened 5 for bob, BOTTOM 2 MIDDLE 1 TOP 2, sign-off by 03-05T10:00
	03-02T10:00 HandoverTaskOpened B-1#1 BOTTOM VISIT ann+bob NEW_REP_IN_CHARGE tell 2 of 3 by 03-16T10:00
	03-02T10:00 HandoverTaskOpened B-2#1 BOTTOM VISIT ann+bob NEW_REP_IN_CHARGE tell 1 of 1 single by 03-16T10:00
	03-02T10:00 HandoverTaskOpened M-1#1 MIDDLE PHONE ann+bob INTRODUCE_SUCCESSOR+AGREE_NEXT_MEETING tell 2 of 2 by 03-16T10:00
	03-02T10:00 HandoverTaskOpened T-1#1 TOP PHONE bob TELL_OF_CHANGE+SCHEDULE_TALK tell 2 of 2 waits
	03-02T10:00 HandoverTaskOpened T-2#1 TOP PHONE bob TELL_OF_CHANGE+SCHEDULE_TALK tell 2 of 2 waits
TEXT
says reviews <<-'TEXT'
	03-02T10:00 ReconciliationClosed 1 in 5
	03-02T10:00 ReconciliationFinding B-1 AMOUNT_LOWERED 100000 to 40000 by ann 03-02T09:30, after notice false, since ann#1 true
TEXT
is "the board after the notice" \
	'["RUNNING","bob",29,"B-2#1 B-1#1 M-1#1 T-1#1 T-2#1","TASKS_OPEN 3, TASKS_WAIT_FOR_THE_GATE 2, NOT_SIGNED_OFF 1"]' \
	json leave '[.state, .successor_id, .days_left, ([.tasks[].task_id] | join(" ")),
		([.missing[] | "\(.what) \(.count)"] | join(", "))]' show handover ann
note "the notice: five tasks, one finding"

# ---- reports that are refused ----------------------------------------------------------------------------------------

until_is 03-03T09:00
people task done 'T-1#1' --channel phone --spoke bob --informed c-7,c-8 --next-meeting 2026-03-10
people task done 'M-1#1' --channel phone --spoke ann,bob --informed c-5,c-6
people task done 'B-1#1' --channel visit --spoke bob --informed c-1,c-2
people task done 'B-1#1' --channel mail --spoke ann,bob --informed c-1,c-2
people task done 'B-1#1' --channel visit --spoke ann,bob --informed c-1
people task done 'B-9#1' --channel visit --spoke ann,bob --informed c-1,c-2
people task waive 'T-2#1' --by bob
story handovers | grep Refused >"$dir/found"
cat >"$dir/expected" <<-'TEXT'
	03-03T09:00 HandoverTaskRefused B-1#1 TOO_FEW_INFORMED
	03-03T09:00 HandoverTaskRefused B-1#1 WRONG_CHANNEL
	03-03T09:00 HandoverTaskRefused B-1#1 WRONG_SPEAKER
	03-03T09:00 HandoverTaskRefused B-9#1 UNKNOWN_TASK
	03-03T09:00 HandoverTaskRefused M-1#1 NO_NEXT_MEETING
	03-03T09:00 HandoverTaskRefused T-1#1 NOT_RELEASED
	03-03T09:00 HandoverTaskRefused T-2#1 NOT_THE_MANAGER
TEXT
diff "$dir/expected" "$dir/found" >"$dir/diff" || fail "refused: $(cat "$dir/diff")"
note "seven reports are refused, each for its reason"

# ---- in the right order ----------------------------------------------------------------------------------------------

until_is 03-04T09:00
people task done 'B-1#1' --channel visit --spoke ann,bob --informed c-1,c-2 --command-id visit-b-1
people task done 'B-1#1' --channel visit --spoke ann,bob --informed c-1,c-2 --command-id visit-b-1
people task waive 'B-2#1' --by mia --reason buyer-knows-bob
grep -q Released < <(story handovers) && fail "TOP is released before MIDDLE is done"
ctl leave handover ann >"$dir/board" || fail "the board"
grep -q 'closed: 1 of 3 is in its way' "$dir/board" || fail "the gate: $(cat "$dir/board")"
people task done 'M-1#1' --channel video --spoke ann,bob --informed c-5,c-6 --next-meeting 2026-03-16
until_is 03-05T09:00
people task done 'T-1#1' --channel phone --spoke bob --informed c-7,c-8 --next-meeting 2026-03-10
people task done 'T-2#1' --channel phone --spoke bob --informed c-9,c-10 --next-meeting 2026-03-12
people review refuse --by mia
people review accept --by mia
# The CRM moves all but one.
cat >"$dir/moves.csv" <<-'CSV'
	event,prospect_id,occurred_at,version,owner_rep_id,actor_kind
	changed,B-1,2026-03-05T12:00:00Z,3,bob,SYSTEM
	changed,M-1,2026-03-05T12:00:00Z,2,bob,SYSTEM
	changed,T-1,2026-03-05T12:00:00Z,2,bob,SYSTEM
	changed,T-2,2026-03-05T12:00:00Z,2,bob,SYSTEM
CSV
import "$dir/moves.csv"
until_is 03-12T09:00
says handovers <<-'TEXT'
	03-02T10:00 HandoverOpened 5 for bob, BOTTOM 2 MIDDLE 1 TOP 2, sign-off by 03-05T10:00
	03-02T10:00 HandoverTaskOpened B-1#1 BOTTOM VISIT ann+bob NEW_REP_IN_CHARGE tell 2 of 3 by 03-16T10:00
	03-02T10:00 HandoverTaskOpened B-2#1 BOTTOM VISIT ann+bob NEW_REP_IN_CHARGE tell 1 of 1 single by 03-16T10:00
	03-02T10:00 HandoverTaskOpened M-1#1 MIDDLE PHONE ann+bob INTRODUCE_SUCCESSOR+AGREE_NEXT_MEETING tell 2 of 2 by 03-16T10:00
	03-02T10:00 HandoverTaskOpened T-1#1 TOP PHONE bob TELL_OF_CHANGE+SCHEDULE_TALK tell 2 of 2 waits
	03-02T10:00 HandoverTaskOpened T-2#1 TOP PHONE bob TELL_OF_CHANGE+SCHEDULE_TALK tell 2 of 2 waits
	03-03T09:00 HandoverTaskRefused B-1#1 TOO_FEW_INFORMED
	03-03T09:00 HandoverTaskRefused B-1#1 WRONG_CHANNEL
	03-03T09:00 HandoverTaskRefused B-1#1 WRONG_SPEAKER
	03-03T09:00 HandoverTaskRefused B-9#1 UNKNOWN_TASK
	03-03T09:00 HandoverTaskRefused M-1#1 NO_NEXT_MEETING
	03-03T09:00 HandoverTaskRefused T-1#1 NOT_RELEASED
	03-03T09:00 HandoverTaskRefused T-2#1 NOT_THE_MANAGER
	03-04T09:00 HandoverTaskClosed B-1#1 DONE by funnelctl, next null, not told [c-3]
	03-04T09:00 HandoverTaskClosed B-2#1 WAIVED by mia, next null, not told [c-4]
	03-04T09:00 HandoverTaskClosed M-1#1 DONE by funnelctl, next 2026-03-16, not told []
	03-04T09:00 HandoverTaskReleased T-1#1 by 03-18T09:00
	03-04T09:00 HandoverTaskReleased T-2#1 by 03-18T09:00
	03-05T09:00 HandoverCompleted done 4, let go 1, watched until 09-28T00:00
	03-05T09:00 HandoverTaskClosed T-1#1 DONE by funnelctl, next 2026-03-10, not told []
	03-05T09:00 HandoverTaskClosed T-2#1 DONE by funnelctl, next 2026-03-12, not told []
TEXT
says reassignments <<-'TEXT'
	03-04T09:00 ReassignmentRequested B-1 ann to bob by 03-09T09:00
	03-04T09:00 ReassignmentRequested B-2 ann to bob by 03-09T09:00
	03-04T09:00 ReassignmentRequested M-1 ann to bob by 03-09T09:00
	03-05T09:00 ReassignmentRequested T-1 ann to bob by 03-10T09:00
	03-05T09:00 ReassignmentRequested T-2 ann to bob by 03-10T09:00
	03-09T09:00 ReassignmentOverdue B-2 still ann, not bob
TEXT
note "released when all before it was closed; completed when it was signed off, too"

# The order in which one reader sees them: nothing of TOP is released before the last task before the gate is closed.
is "the order" '["B-1#1","B-2#1","M-1#1","T-1#1","T-2#1"]' jq -c -s 'map(select(.type == "HandoverTaskClosed" or
	.type == "HandoverTaskReleased").data.task_id) | .[:5]' "$dir/handovers.json"
ctl leave handover ann >"$dir/board" || fail "the board"
for line in 'completed' 'open since 2026-03-04 09:00 UTC' 'the reconciliation is accepted' 'not moved it in time' \
	'COMPLETED.* on 2026-03-05 09:00 UTC: 4 done, 1 let go, 0 not needed'; do
	grep -q "$line" "$dir/board" || fail "the board has no \"$line\": $(cat "$dir/board")"
done
is "the board at the end" '["COMPLETED",[],[["B-2#1","OVERDUE"],["B-1#1","DONE"],["M-1#1","DONE"],["T-1#1","DONE"],["T-2#1","DONE"]]]' \
	json leave '[.state, .missing, [.tasks[] | [.task_id, .reassign]]]' handover ann

# ---- another one: nobody fits, then he stays after all ---------------------------------------------------------------

hr <<-'JSON'
	{"record": "RepResigned", "rep_id": "bob", "version": 2, "occurred_at": "2026-03-12T09:00:00Z", "notice_id": "n-2", "notice_at": "2026-03-12T09:00:00Z", "last_day": "2026-04-30", "successor_id": "cid"}
JSON
until_is 03-12T10:00
is "who is not active" '["cid","INACTIVE"]' jq -c 'select(.type == "SuccessorRefused" and .key == "bob").data |
	[.successor_id, .reason]' < <(told handovers && cat "$dir/handovers.json")
hr <<-'JSON'
	{"record": "ResignationWithdrawn", "rep_id": "bob", "version": 3, "occurred_at": "2026-03-12T11:00:00Z", "notice_id": "n-2"}
JSON
until_is 03-12T12:00
told handovers
is "he stays" '[["HandoverOpened",null],["SuccessorRefused","INACTIVE"],["HandoverCancelled","WITHDRAWN"]]' jq -c -s '
	map(select(.key == "bob") | [.type, .data.reason])' "$dir/handovers.json"
is "his board" '["CANCELLED",[]]' json leave '[.state, .missing]' handover bob
note "a notice that is taken back"

# ---- what is restricted ----------------------------------------------------------------------------------------------

broker=127.0.0.1:$(cat "$dir/kafka.port")
kcat -L -J -b "$broker" | jq -r '.topics[].topic' | grep -E '^(leave|hr)\.' >"$dir/topics"
[ "$(wc -l <"$dir/topics")" -ge 30 ] || fail "there are but $(wc -l <"$dir/topics") topics"
mkdir "$dir/bytes"
# shellcheck disable=SC2016 # the inner shell's
xargs -P 8 -I TOPIC sh -c 'kcat -C -e -q -b "$1" -t "$2" -f "%k %h %s\n" >"$3/$2" 2>/dev/null' sh "$broker" TOPIC \
	"$dir/bytes" <"$dir/topics" || fail "kcat of a topic"
while read -r topic; do
	if grep -aq employer-acme-4711 "$dir/bytes/$topic"; then
		[ "$topic" = $hr_topic ] || fail "$topic has the new employer"
		found_employer=1
	fi
	if grep -aqE 'funnel\.review\.|AMOUNT_LOWERED' "$dir/bytes/$topic"; then
		[ "$topic" = leave.funnel.reviews ] || fail "$topic has a finding"
		found_review=1
	fi
done <"$dir/topics"
[ "${found_employer:-}${found_review:-}" = 11 ] || fail "what is restricted was not found where it should be"
is "dead letters" '' ctl leave tail leave.funnel.dead-letters --from-beginning --until-end
ctl leave verify >"$dir/verify" || fail "verify: $(cat "$dir/verify")"
worker_end one || fail "a clean end has exit code $?"
note "the new employer is on HR's topic alone, findings on funnel.reviews alone"
