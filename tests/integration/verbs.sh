#!/usr/bin/env bash
# ./run demo, up and down do what they say and leave nothing behind: no process, no file; also when they are interrupted.
# While they are up: the verbs of what sits still.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mark=$(mktemp -d /tmp/fnlv.XXXXXX)
export TMPDIR=$mark
trap 'rm -rf "$mark"' EXIT

fail() {
	echo "FAILED: $*"
	exit 1
}
# Processes that were started with our TMPDIR, this shell and its children of the moment apart.
left() {
	local pid
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		[ "$pid" != $$ ] && [ "$pid" != "$BASHPID" ] || continue
		case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
		*redis-server* | *kafka.Kafka* | *bin/funnel*) ;;
		*) continue ;;
		esac
		if tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qx "TMPDIR=$mark"; then
			echo "$pid $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-80)"
		fi
	done
}
nothing_left() {
	local found
	found=$(left; ls -A "$mark")
	[ -z "$found" ] || fail "$1 left behind: $found"
}

./run demo --fast >"$mark.out" 2>&1 </dev/null || { tail -n 20 "$mark.out"; rm -f "$mark.out"; fail "demo --fast"; }
rm -f "$mark.out"
nothing_left "demo --fast"
echo "demo --fast: done, nothing left"

# Interrupted as by Ctrl-C: the whole group gets the signal.
setsid env --default-signal=INT ./run demo --keep >/dev/null 2>&1 </dev/null &
group=$!
for _ in {1..300}; do
	[ -z "$(left)" ] || break
	sleep 0.1
done
[ -n "$(left)" ] || fail "demo --keep did not begin"
sleep 1
kill -INT -- -$group
rc=0
wait $group || rc=$?
[ $rc -ne 0 ] || fail "an interrupted demo said that all was well"
nothing_left "demo, interrupted,"
echo "demo, interrupted: exit $rc, nothing left"

# What of stalls, inspect and answer can be seen without a worker: nothing sits still, and what they send.
stalls_and_sheets() {
	local ctl=(build/bin/funnelctl --config .run/up/funneld.ini) rc=0
	"${ctl[@]}" stalls | grep -q 'NONE SIT STILL' &&
		"${ctl[@]}" stalls --rep ann --layer bottom --json | jq -e '.prospects == [] and .rules_version == 0' || return 1
	"${ctl[@]}" inspect ann || rc=$?
	[ $rc -eq 1 ] || return 1
	"${ctl[@]}" inspect ann --now --command-id c-1 --by max --issued-at 2025-03-01 --json |
		jq -e '.command_id == "c-1" and .rep_id == "ann"' &&
		"${ctl[@]}" answer P-1 --sheet 'ann#3' --question 2 --cause no-consensus --confirmed --by ann --at 2025-03-02 \
			--next-step call-cfo --next-step-on 2025-03-09 --answer-id a-1 --json |
		jq -e '.sheet_rep_id == "ann" and .cause == "NO_CONSENSUS" and .confirmed' || return 1
	"${ctl[@]}" tail sales.commands sales.prospect-changes --from-beginning --until-end --json |
		jq -s -e 'map({key, type, type_of: .headers.ce_type, data}) | sort_by(.type) |
			.[0] == {key: "ann", type: "InspectNow", type_of: "funnel.command.inspect-now.v1", data: {source: "funnelctl",
				occurred_at: "2025-03-01T00:00:00.000Z", command_id: "c-1", issued_by: "max",
				issued_at: "2025-03-01T00:00:00.000Z", rep_id: "ann"}} and
			.[1].key == "P-1" and .[1].data == {source: "funnelctl", occurred_at: "2025-03-02T00:00:00.000Z",
				answer_id: "a-1", prospect_id: "P-1", sheet_id: "ann#3", question_id: "2", sheet_rep_id: "ann", by: "ann",
				cause: "NO_CONSENSUS", confirmed: true, next_step_code: "call-cfo", next_step_on: "2025-03-09",
				competitor_id: null}'
}

if [ -e .run/up ]; then
	echo "up and down: somebody has .run/up; not touched"
	exit 0
fi
./run up >"$mark.out" 2>&1 </dev/null || { cat "$mark.out"; rm -f "$mark.out"; ./run down; fail "up"; }
rm -f "$mark.out"
up_rc=0
build/bin/funneld --config .run/up/funneld.ini --check || up_rc=$?
./run up >/dev/null 2>&1 </dev/null || up_rc=$? # again: changes nothing
stalls_and_sheets >"$mark.out" 2>&1 || { cat "$mark.out"; rm -f "$mark.out"; ./run down; fail "the verbs of what sits still"; }
rm -f "$mark.out"
./run down || fail "down"
[ $up_rc -eq 0 ] || fail "funneld --check against up: exit $up_rc"
[ ! -e .run/up ] || fail "down left .run/up"
nothing_left "up and down"
echo "up, check, up again, down: nothing left"
