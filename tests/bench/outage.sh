# How long rows take to come back from the changelogs, and how soon a survivor goes on after a kill -9; sourced by run.sh,
# which has the deployment "bench" with its prospects.

bench_restore() {
	local begin
	redis-cli -s "$dir/redis.sock" flushall >/dev/null
	begin=$EPOCHREALTIME
	worker_start bench w
	caught_up bench 300 >/dev/null
	awk -v b="$begin" -v e="$EPOCHREALTIME" -v p="$prospects" 'BEGIN {
		printf "restore                 %d prospects and their lines in %.1f s, with the start of the worker: %.1f s a million rows\n",
			p, e - b, (e - b) * 5e5 / p }'
	ctl bench verify >/dev/null || fail "verify"
	worker_end w || fail "the end of the worker"
}

# Of each partition that stood still for over 2 s the first output after the kill: the first of them all, and the last.
silences() { # KILLED_MS
	kcat -b "127.0.0.1:$(cat "$dir/kafka.port")" -C -t kills.funnel.layer-changes -e -q -f '%p %T\n' -X isolation.level=read_committed |
		awk -v killed="$1" '
			$2 > killed && ($1 in last) && $2 - last[$1] > 2000 {
				if (!first || $2 - killed < first)
					first = $2 - killed
				if ($2 - killed > latest)
					latest = $2 - killed
			}
			{ last[$1] = $2 }
			END { print first + 0, latest + 0 }'
}

# Two workers share the partitions; one is killed under load.
bench_kills() {
	local killed feed first latest
	config kills clock=wall "threads.prospect=1" "threads.rep=1"
	ctl kills topics create >/dev/null || fail "topics"
	worker_start kills survivor
	for _ in 1 2 3; do
		worker_start kills victim
		sleep 8
		(with_sets bench_feed kills paced "$rate" 35 5) >/dev/null &
		feed=$!
		sleep 8
		killed=$(date +%s%3N)
		worker_kill victim
		wait $feed || fail "paced"
		caught_up kills 120 >/dev/null
		read -r first latest < <(silences "$killed")
		[ "$first" -gt 0 ] || fail "no partition stood still"
		printf 'kill -9                 %d ms to the first output, %d ms until all partitions go on; session.timeout 10 s\n' \
			"$first" "$latest"
	done
	ctl kills verify >/dev/null || fail "verify"
	worker_end survivor || fail "the end of the worker"
}
