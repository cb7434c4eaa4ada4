# Part of run.sh, sourced; alone: FNL_BUILD=$PWD/build bash tests/bench/departures.sh
# Reps with a funnel of 500 prospects give notice, one every 300 ms, and name who takes over. Each departure must be told
# with just its tasks, none twice; to the last of them it is to take less than 2 s (p99).

bench_departures() {
	local leavers=${FNL_BENCH_LEAVERS:-200} funnel=${FNL_BENCH_FUNNEL:-500} pace=${FNL_BENCH_PACE_MS:-300}
	config leave clock=wall "threads.prospect=${FNL_BENCH_THREADS:-2}" "threads.rep=${FNL_BENCH_REP_THREADS:-2}"
	ctl leave topics create >/dev/null || fail "topics"
	worker_start leave l
	(with_sets bench_feed leave company "$leavers" "$funnel") || fail "a company"
	caught_up leave 300 >/dev/null
	(with_sets bench_feed leave departures "$leavers" "$funnel" "$pace") >"$dir/departures" || fail "departures"
	jq -e --argjson n "$leavers" --argjson tasks $((leavers * funnel)) '.departures == $n and .complete == $n and
		.tasks == $tasks and .twice == 0 and .wrong == 0 and .others == 0' <"$dir/departures" >/dev/null ||
		fail "departures: $(cat "$dir/departures")"
	caught_up leave 120 >/dev/null
	ctl leave verify >/dev/null || fail "verify"
	jq -r '"\(.departures) departures of \(.prospects) prospects, one every \(.pace_ms) ms: \(.tasks) tasks, none twice",
		"from notice to opened   p50 \(.opened.p50_ms) ms, p99 \(.opened.p99_ms) ms, max \(.opened.max_ms) ms",
		"to the last task        p50 \(.last_task.p50_ms) ms, p99 \(.last_task.p99_ms) ms, max \(.last_task.max_ms) ms"' \
		<"$dir/departures"
	worker_end l || fail "the end of the worker"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -uo pipefail
	export FNL_KAFKA_JVM=-server # with both compilers
	. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
	set -u
	cluster_begin
	bench_departures
fi
