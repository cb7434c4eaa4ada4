# How long rows take to come back from the changelogs, and how soon a survivor goes on after a kill -9; sourced by run.sh,
# which has the deployment "bench" with its prospects.

bench_restore() {
	local begin
	redis-cli -s "$dir/redis.sock" flushall >/dev/null
	begin=$EPOCHREALTIME
	worker_start bench w
	caught_up bench 300 >/dev/null
	awk -v b="$begin" -v e="$EPOCHREALTIME" -v p="$prospects" 'BEGIN {
		printf "restore                 %d prospects and their lines in %.1f s, with the start of the worker\n", p, e - b }'
	ctl bench verify >/dev/null || fail "verify"
	worker_end w || fail "the end of the worker"
}

# Of each partition the first output after the kill, and the longest silence that ended after it.
silences() { # KILLED_MS
	kcat -b "127.0.0.1:$(cat "$dir/kafka.port")" -C -t kills.funnel.layer-changes -e -q -f '%p %T\n' -X isolation.level=read_committed |
		awk -v killed="$1" '
			$2 > killed && ($1 in last) && $2 - last[$1] > silence[$1] { silence[$1] = $2 - last[$1]; end[$1] = $2 - killed }
			{ last[$1] = $2 }
			END { for (p in end) if (end[p] > latest) latest = end[p]; print latest }'
}

# Two workers share the partitions; one is killed under load.
bench_kills() {
	local killed feed
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
		printf 'kill -9                 all partitions go on %d ms after it, session.timeout 10 s\n' "$(silences "$killed")"
	done
	ctl kills verify >/dev/null || fail "verify"
	worker_end survivor || fail "the end of the worker"
}
