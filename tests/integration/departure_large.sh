#!/usr/bin/env bash
# A rep with 5,000 prospects of all layers leaves, by the wall clock, while the worker is killed again and again, in each
# phase of the handover, and Redis is emptied once. Reports come in by the thousand: some before their task is there,
# some twice, those of TOP also before their gate is open. Each task is opened once and closed once, nothing of TOP is
# released before the last one before the gate is closed, each prospect's move is asked for once.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin

# 20 have a stage that nobody knows: these wait for the manager, and so does TOP.
total=5000 known=4980 near=2490
kills=0 hwm=0
config large clock=wall session.timeout=3s txn.timeout=5s batch.records=200
ctl large topics create >/dev/null || fail "topics"
feed() { (with_sets bench_feed large "$@") || fail "feed: $*"; }

# How many of a type the concurrent reader has seen by now. A line that is half written is none.
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
seen() { grep -c "\"type\":\"$1\"" "$dir/seen.json"; } # TYPE
closed_near() { grep '"type":"HandoverTaskClosed"' "$dir/seen.json" | grep -vc '"layer":"TOP"'; }
until_seen() { # TYPE COUNT: at least so many
	local end=$((SECONDS + 90))
	while [ "$(seen "$1")" -lt "$2" ]; do
		[ $SECONDS -lt $end ] || fail "but $(seen "$1") $1 of $2 within 90 s"
		sleep 0.02
	done
}
look_at_memory() {
	local kb
	kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(worker_pid w)/status" 2>/dev/null)
	[ "${kb:-0}" -le $hwm ] || hwm=$kb
}
# go_on_until COMMAND…: the worker, which works faster than a tool looks, goes on in small steps and stands still at each
# look, until the command succeeds; 1 after 15 s. It is left standing.
go_on_until() {
	local end=$((SECONDS + 15))
	kill -STOP "$(worker_pid w)"
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		kill -CONT "$(worker_pid w)"
		sleep 0.02
		kill -STOP "$(worker_pid w)"
		sleep 0.01 # what was committed is read
	done
}
have_seen() { [ "$(seen "$1")" -ge "$2" ]; } # TYPE COUNT
# amid PHASE WHAT COUNT KILLS: the worker is killed and restarted, as long as not COUNT of WHAT are told; so many times at
# most, and once at least. Between two kills it goes on for none, one or two eighths of what is left.
amid() {
	local phase=$1 what=$2 count=$3 kills_max=$4 i before
	for ((i = 0; i < kills_max && $(seen "$what") < count; i++)); do
		before=$(seen "$what")
		go_on_until have_seen "$what" $((before + kills % 3 * (count - before) / 8))
		look_at_memory
		worker_kill w 2>/dev/null
		sleep 0.2 # what was committed has been read
		[ "$(seen "$what")" -lt "$count" ] || in_phase[$phase]=$((${in_phase[$phase]:-0} - 1))
		in_phase[$phase]=$((${in_phase[$phase]:-0} + 1))
		kills=$((kills + 1))
		[ $kills -ne 4 ] || redis-cli -s "$dir/redis.sock" flushall >/dev/null
		worker_start large w
		sleep 0.3
	done
	kill -CONT "$(worker_pid w)"
	[ "${in_phase[$phase]:-0}" -gt 0 ] || fail "no kill came amid $phase"
}
declare -A in_phase

# ---- before the notice -----------------------------------------------------------------------------------------------

worker_start large w
feed company 1 $known
{
	echo event,prospect_id,occurred_at,version,stage,status,amount,currency,owner_rep_id,contact_ids
	now=$(date -u +%FT%TZ)
	for ((i = 0; i < total - known; i++)); do
		printf 'changed,U-%02d,%s,1,Nobody Knows,open,1000,USD,L00000,u-%d;u-%d\n' $i "$now" $i $((i + 100))
	done
} >"$dir/unknown.csv"
ctl large import csv "$dir/unknown.csv" 2>"$dir/import.err" || fail "import: $(tail -n 3 "$dir/import.err")"
caught_up large 120 >/dev/null
: >"$dir/seen.json"
(with_sets funnelctl large tail funnel.handovers funnel.reviews funnel.reassignments --from-beginning --json) \
	>"$dir/seen.json" 2>"$dir/seen.err" </dev/null &
reader=$!
at_exit "kill $reader 2>/dev/null"

# ---- listing, opening ------------------------------------------------------------------------------------------------

begin=$(now_ms)
listed() { state=$(ctl large handover L00000 --json 2>/dev/null | jq -re .state); }
kill -STOP "$(worker_pid w)"
feed notice
go_on_until listed || fail "no handover"
note "the first state is $state"
amid listing HandoverOpened 1 1
feed reports 0 300 all early
go_on_until have_seen HandoverOpened 1 || fail "no handover is opened"
amid opening HandoverTaskOpened $total 3
feed reports 300 600 all amid
until_seen HandoverTaskOpened $total
opened_ms=$(($(now_ms) - begin))
note "$total tasks are open after $opened_ms ms; workers killed: $kills"

# ---- the gate --------------------------------------------------------------------------------------------------------

feed reports 0 1000 top too-soon
kill -STOP "$(worker_pid w)"
feed reports 0 $known near first &
feeding=$!
sleep 0.3
amid "before the gate" HandoverTaskClosed $near 4
wait $feeding || fail "reports"
until_seen HandoverTaskClosed $near
feed reports 0 100 near again # too late; whether one of those "amid" the opening is, depends on who is faster
[ "$(seen HandoverTaskReleased)" -eq 0 ] || fail "TOP is released before the manager has decided"
waive() { ctl large task waive "$(printf 'U-%02d#1' "$1")" --rep L00000 --by M00000 >/dev/null 2>&1; }
for ((i = 1; i < total - known; i++)); do
	waive $i || fail "waive"
done
# The last one opens the gate; before the tool has heard of it, much is released.
waive 0 &
waiving=$!
go_on_until have_seen HandoverTaskReleased 1 || fail "nothing of TOP is released"
amid releasing HandoverTaskReleased $near 3
wait $waiving || fail "the last waiver"
until_seen HandoverTaskReleased $near
note "the gate is open, and all of TOP released; workers killed: $kills"

# ---- TOP, the end ----------------------------------------------------------------------------------------------------

kill -STOP "$(worker_pid w)"
feed reports 0 2500 top first
amid reassigning ReassignmentRequested 3700 2 # of 3,760
feed reports 2500 $known top first &
feeding=$!
sleep 0.3
amid reassigning ReassignmentRequested $total 3
wait $feeding || fail "reports"
until_seen ReassignmentRequested $total
# All is closed, and nobody has signed it off: he does while the worker is away.
worker_kill w 2>/dev/null
ctl large review accept --rep L00000 --by M00000 >/dev/null 2>&1 || fail "review"
in_phase[completing]=1 kills=$((kills + 1))
worker_start large w
sleep 0.5
amid completing HandoverCompleted 1 2
until_seen HandoverCompleted 1
note "completed; workers killed: $kills"

# ---- the source moves them -------------------------------------------------------------------------------------------

feed moves $known
sed -e 's/,L00000,/,N00000,/' -e "s/,20[^,]*Z,1,/,$(date -u +%FT%TZ),2,/" "$dir/unknown.csv" >"$dir/moves.csv"
ctl large import csv "$dir/moves.csv" 2>"$dir/import.err" || fail "import: $(tail -n 3 "$dir/import.err")"
caught_up large 120 >/dev/null
look_at_memory
is() { # WHAT EXPECTED COMMAND…: the output of the command
	local what=$1 expected=$2 found
	shift 2
	found=$("$@") || fail "$what: exit code $?"
	[ "$found" = "$expected" ] || fail "$what: expected $expected, found $found"
}
ctl large handover L00000 --json >"$dir/board.json" || fail "the board"
is "the board" '["COMPLETED",[],[["DONE",5000]]]' jq -c '[.state, .missing,
	([.tasks[].reassign] | group_by(.) | map([.[0], length]))]' "$dir/board.json"

# ---- what was told ---------------------------------------------------------------------------------------------------

for topic in handovers reviews reassignments; do
	ctl large tail funnel.$topic --from-beginning --until-end --json >"$dir/$topic.json" || fail "tail of $topic"
	grep "\"topic\":\"large.funnel.$topic\"" "$dir/seen.json" | sort | cmp -s - <(sort "$dir/$topic.json") ||
		fail "the concurrent reader saw other $topic than are there now"
	is "ids on $topic that are there twice" 0 jq -s 'map(select(.type != "HandoverTaskRefused").headers.ce_id) |
		length - (unique | length)' "$dir/$topic.json"
done
# A report that comes twice and is refused each time is refused by the same id.
is "reports that are refused more often than they came" 0 jq -s 'map(select(.type == "HandoverTaskRefused")) |
	group_by(.headers.ce_id) | map(select(length > (if (.[0].data.task_id[7:-2] | tonumber) % 10 == 3 then 2 else 1 end))) |
	length' "$dir/handovers.json"
is "what was told, and of how many tasks" '{"HandoverCompleted":[1,1],"HandoverOpened":[1,1],"HandoverTaskClosed":[5000,5000],"HandoverTaskOpened":[5000,5000],"HandoverTaskReleased":[2490,2490]}' \
	jq -c -s 'map(select(.type != "HandoverTaskRefused")) | group_by(.type) | map({(.[0].type):
	[length, (map(.data.task_id) | unique | length)]}) | add' "$dir/handovers.json"
is "outcomes" '[["DONE",4980],["WAIVED",20]]' jq -c -s 'map(select(.type == "HandoverTaskClosed").data.outcome) |
	group_by(.) | map([.[0], length])' "$dir/handovers.json"
is "moves that were asked for, and of how many prospects" '[["ReassignmentRequested",5000,5000]]' jq -c -s 'group_by(.type) |
	map([.[0].type, length, (map(.key) | unique | length)])' "$dir/reassignments.json"
# All of one rep is in one partition, so it has an order: of each task, and of what blocks the gate and what waits for it.
is "the order" '{"partitions":1,"released_before_the_gate":0,"out_of_turn":0}' jq -c -s '
	(map(select(.type == "HandoverTaskOpened") | {(.data.task_id): .data.layer}) | add) as $layer |
	(map(select(.type == "HandoverTaskClosed" and $layer[.data.task_id] != "TOP").offset) | max) as $gate |
	{partitions: (map(.partition) | unique | length),
	released_before_the_gate: (map(select(.type == "HandoverTaskReleased" and .offset < $gate)) | length),
	out_of_turn: (map(select(.type | test("Task(Opened|Released|Closed)$"))) | group_by(.data.task_id) |
		map(map(.type[12:]) | select(. != ["Opened", "Closed"] and . != ["Opened", "Released", "Closed"])) | length)}' \
	"$dir/handovers.json"
is "the layers" '[["BOTTOM",1245],["MIDDLE",1245],["TOP",2490],["UNDECIDED",20]]' jq -c -s '
	map(select(.type == "HandoverTaskOpened").data.layer) | group_by(.) | map([.[0], length])' "$dir/handovers.json"
refused=$(jq -c -s 'map(select(.type == "HandoverTaskRefused").data.reason) | group_by(.) |
	map({(.[0]): length}) | add' "$dir/handovers.json")
is "reports that were refused for other reasons than that they came too early" '["TASK_CLOSED"]' jq -c \
	'del(.NOT_RELEASED, .UNKNOWN_TASK, .TOO_EARLY) | keys' <<<"$refused"
# What was reported before with success; by the same id it was no second report.
is "reports that came too late" 0 jq -s 'map(select(.type == "HandoverTaskRefused" and .data.reason == "TASK_CLOSED").data.task_id |
	.[7:-2] | tonumber | select(. >= 600 or . % 4 < 2)) | length' "$dir/handovers.json"
largest=$(ctl large tail funnel.handovers funnel.reviews funnel.reassignments funnel.reps funneld.rep-inputs funneld.org-inputs \
	--from-beginning --until-end --json | awk '{ if (length($0) > n) n = length($0) } END { print n }')
[ "$largest" -lt 1000000 ] || fail "a message has $largest bytes"
is "dead letters" '' ctl large tail funnel.dead-letters --from-beginning --until-end
ctl large verify >"$dir/verify" 2>&1 || fail "verify: $(cat "$dir/verify")"
[ $hwm -le 200000 ] || fail "a worker took $hwm KB"
worker_end w || fail "a clean end has exit code $?"
note "workers killed: $(for p in "${!in_phase[@]}"; do printf '%s %d, ' "$p" "${in_phase[$p]}"; done)$kills in all"
note "last task told after $opened_ms ms; refused $refused; largest message $largest bytes, largest worker $hwm KB"
