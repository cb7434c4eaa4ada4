#!/usr/bin/env bash
# A worker under ThreadSanitizer, on a real Kafka and a real Redis: funneld with three stream threads, 2,000 changes
# from the benchmark's feed and an import beside them, while somebody asks for its metrics and its health. It must catch
# up, end by SIGTERM with exit code 0, and have nothing to report. FNL_BUILD names a build with FNL_SANITIZE=thread.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
nm "$build/bin/funneld" | grep " __tsan_init" >/dev/null || {
	echo "$build/bin/funneld was not built with FNL_SANITIZE=thread"
	exit 1
}
cluster_begin

# Reports of worker and tools go into files. A race of librdkafka with itself is not counted: it is not instrumented, so
# that nobody sees what its atomics order (Debian 13: a topic's name, looked at under a lock and freed by the last user).
export TSAN_OPTIONS="exitcode=0 second_deadlock_stack=1 history_size=4 log_path=$dir/report"
reports() {
	compgen -G "$dir/report.*" >/dev/null || return 0
	cat "$dir"/report.* | awk 'BEGIN { RS = "==================\n" }
		!/ThreadSanitizer/ || /^ThreadSanitizer: reported [0-9]+ warnings\n$/ { next }
		{
			split($0, part, "\n\n") # the one access, the other; whose stack is lost may be ours
			foreign = /WARNING: ThreadSanitizer: data race/
			for (p = 1; p <= 2; p++) {
				if (part[p] !~ /\(librdkafka\.so/)
					foreign = 0
				n = split(part[p], line, "\n")
				for (i = 1; i <= n; i++)
					if (line[i] ~ /^ *#[0-9]/ && line[i] !~ /\((librdkafka|libtsan)\.so/)
						foreign = 0
			}
			if (!foreign)
				print
		}'
}
quiet() {
	reports >"$dir/counted"
	[ -s "$dir/counted" ] || return 0
	head -n 150 "$dir/counted"
	fail "ThreadSanitizer has something to say"
}
wrong() {
	quiet
	fail "$@"
}

config tsan threads.prospect=3 batch.records=50 http.listen=127.0.0.1:0
ctl tsan topics create >/dev/null || wrong "topics"
worker_start tsan w
port=
for ((i = 0; i < 300; i++)); do
	port=$(sed -nE 's#.*INFO http://127\.0\.0\.1:([0-9]+)/metrics.*#\1#p' "$dir/worker-w.log" 2>/dev/null)
	[ -z "$port" ] || break
	sleep 0.1
done
[ -n "$port" ] || wrong "the log does not tell the port"
# asks both pages until it is told to end; a line for each answer
while [ ! -e "$dir/enough" ]; do
	for path in metrics health; do
		exec 3<>"/dev/tcp/127.0.0.1/$port" || break 2
		printf 'GET /%s HTTP/1.0\r\n\r\n' $path >&3
		head -n 1 <&3 >>"$dir/answers"
		exec 3>&-
	done
	sleep 0.01
done 2>/dev/null &
asking=$!
(with_sets bench_feed tsan load 2000 300) >"$dir/feed.json" || wrong "the feed ended with $?"
{
	echo event,prospect_id,occurred_at,reached
	for ((i = 0; i < 300; i++)); do printf 'contact,P%07d,2025-01-01,yes\n' $i; done
} | ctl tsan import csv - >/dev/null 2>"$dir/import.err" || wrong "import: $(tail -n 3 "$dir/import.err")"
ctl tsan wait --caught-up --timeout 120 || wrong "not caught up"
ctl tsan verify >"$dir/verify.txt" 2>&1 || wrong "verify: $(tail -n 5 "$dir/verify.txt")"
wanted=$(jq .layer_changes "$dir/feed.json")
got=$(ctl tsan tail tsan.funnel.layer-changes --from-beginning --until-end --json | wc -l)
[ "$got" -eq "$wanted" ] || fail "$got layer changes instead of $wanted"

touch "$dir/enough"
wait $asking
[ "$(grep -c '^HTTP/1.1 200' "$dir/answers")" -gt 50 ] || wrong "$(sort "$dir/answers" | uniq -c)"

rc=0
worker_end w || rc=$?
quiet
[ $rc -eq 0 ] || fail "a clean end has exit code $rc"
grep -q 'stage prospect: 3 threads' "$dir/worker-w.log" || fail "not with three threads"
note "$wanted layer changes of 2,000 records, three threads, no report"
