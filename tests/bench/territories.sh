# Part of run.sh, sourced; alone: FNL_BUILD=$PWD/build bash tests/bench/territories.sh
# What 50 reps of four organisations have in 1,000 cells changes 5,000 times a second: how soon the organisations' rows
# have it, beyond the time for which cells are conflated (p99 less than 1.5 s); and what a change costs, stage by stage.

# cpu_of PID: user + system CPU so far, in us, a line each: all of the process, and what its threads of each stage and
# librdkafka's took
cpu_of() {
	awk -v hz="$(getconf CLK_TCK)" '{
		name = $0
		sub(/^[^(]*\(/, "", name)
		sub(/\)[^)]*$/, "", name)
		sub(/.*\) /, "")
		split($0, at, " ")
		us = (at[12] + at[13]) * 1000000 / hz
		all += us
		if (name ~ /^(prospect|rep|org)-[0-9]+$/) sum[substr(name, 1, index(name, "-") - 1)] += us
		if (name ~ /^rdk:/) sum["librdkafka"] += us
	}
	END {
		printf "all %d\n", all
		for (part in sum) printf "%s %d\n", part, sum[part]
	}' "/proc/$1"/task/*/stat
}

bench_territories() {
	local prospects=${FNL_BENCH_CELL_PROSPECTS:-50000} rate=${FNL_BENCH_RATE:-5000} seconds=${FNL_BENCH_CELL_SECONDS:-60}
	local conflation_ms=1000 warmup=5 part
	config cells clock=wall "threads.prospect=${FNL_BENCH_THREADS:-2}" "threads.rep=${FNL_BENCH_REP_THREADS:-2}"
	ctl cells topics create >/dev/null || fail "topics"
	printf '[rules]\nversion = 1\n[org]\nconflation_seconds = %d\n' $((conflation_ms / 1000)) >"$dir/rules.ini"
	ctl cells rules apply "$dir/rules.ini" >/dev/null || fail "rules apply"
	worker_start cells c
	(with_sets bench_feed cells cells-load "$prospects") || fail "load"
	caught_up cells 300 >/dev/null
	sleep 3 # the first images of all cells
	for part in kafka redis; do cpu_of "$(cat "$dir/$part.pid")" >"$dir/cpu-$part"; done
	cpu_of "$(worker_pid c)" >"$dir/cpu-worker"
	(with_sets bench_feed cells cells "$rate" "$seconds" "$warmup" "$prospects" $conflation_ms) >"$dir/cells" ||
		fail "cells: $(cat "$dir/cells")"
	cpu_of "$(worker_pid c)" >"$dir/cpu-worker-after"
	for part in kafka redis; do cpu_of "$(cat "$dir/$part.pid")" >"$dir/cpu-$part-after"; done
	jq -e '.in_rows == .probe_changes and .wrong_cells == 0' <"$dir/cells" >/dev/null || fail "cells: $(cat "$dir/cells")"
	caught_up cells 120 >/dev/null
	ctl cells verify >/dev/null || fail "verify"
	jq -r '"\(.changes) changes of cells at \(.rate)/s, each in a row of its organisation: \(.images) images told",
		("line   to the rep'"'"'s line", "told_after_line   until it is told, beyond the conflation",
		"row_after_told   from there to the row", "row   from the change to the row, beyond the conflation") as $what |
		($what | split("   ")) as [$key, $text] | .[$key] |
		"  \($text): p50 \(.p50_ms) ms, p99 \(.p99_ms) ms, max \(.max_ms) ms (\(.samples))"' <"$dir/cells"
	for part in worker redis kafka; do
		printf 'CPU a change, %-8s ' $part
		awk -v n=$((rate * seconds)) 'NR == FNR { before[$1] = $2; next }
			$1 == "all" { all = $2 - before[$1]; next }
			{ parts = parts sprintf(", %s %.1f us", $1, ($2 - before[$1]) / n) }
			END { printf "%.1f us%s\n", all / n, parts }' "$dir/cpu-$part" "$dir/cpu-$part-after"
	done
	worker_end c || fail "the end of the worker"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -uo pipefail
	export FNL_KAFKA_JVM=-server # with both compilers
	. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
	set -u
	cluster_begin
	bench_territories
fi
