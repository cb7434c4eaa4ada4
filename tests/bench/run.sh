#!/usr/bin/env bash
# ./run bench [CHANGES [PROSPECTS]]: the prospect stage on a real Kafka and Redis. Outputs are checked first: no figure
# without them. Catch-up throughput with the CPU of worker, Redis and broker apart; latency at 5,000 changes a second.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
changes=${1:-1000000}
prospects=${2:-200000}
threads=${FNL_BENCH_THREADS:-2}
rate=${FNL_BENCH_RATE:-5000}
cluster_begin
config bench clock=wall "threads.prospect=$threads"
ctl bench topics create >/dev/null || fail "topics"

# user + system CPU of a process so far, in ms
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%d", ($12 + $13) * 1000 / hz }' "/proc/$1/stat"; }
all_cpu() { echo "$(cpu_ms "$(worker_pid w)") $(cpu_ms "$(cat "$dir/redis.pid")") $(cpu_ms "$(cat "$dir/kafka.pid")")"; }

note "loading $changes changes of $prospects prospects"
expected=$( (with_sets bench_feed bench load "$changes" "$prospects") ) || fail "load"
before_redis=$(redis-cli -s "$dir/redis.sock" info memory | awk -F: '/^used_memory:/ { print $2 + 0 }')
begin=$EPOCHREALTIME
kafka_before=$(cpu_ms "$(cat "$dir/kafka.pid")")
redis_before=$(cpu_ms "$(cat "$dir/redis.pid")")
worker_start bench w
while [ "$(redis-cli -s "$dir/redis.sock" dbsize)" = 0 ]; do sleep 0.1; done
first=$EPOCHREALTIME
caught_up bench 600 >/dev/null
end=$EPOCHREALTIME
read -r worker redis kafka <<<"$(all_cpu)"
after_redis=$(redis-cli -s "$dir/redis.sock" info memory | awk -F: '/^used_memory:/ { print $2 + 0 }')

got=$(ctl bench tail bench.funnel.layer-changes --from-beginning --until-end --json | wc -l)
want=$(jq .layer_changes <<<"$expected")
[ "$got" = "$want" ] || fail "$got layer changes, expected $want"
stages=$(ctl bench funnel --by stage --json | jq -cS '[.rows[] | {key, value: .count}] | from_entries')
wanted=$(jq -cS '.by_stage | with_entries(select(.value > 0))' <<<"$expected")
[ "$stages" = "$wanted" ] || fail "funnel $stages, expected $wanted"
ctl bench verify >/dev/null || fail "verify"
note "outputs checked: $got layer changes, funnel by stage, view = changelog"

awk -v n="$changes" -v p="$prospects" -v b="$begin" -v f="$first" -v e="$end" -v w="$worker" -v r="$((redis - redis_before))" \
	-v k="$((kafka - kafka_before))" -v m="$((after_redis - before_redis))" -v t="$threads" 'BEGIN {
	printf "threads                 %d\n", t
	printf "catch-up                %d changes/s (%.1f s; %.1f s with the start of the worker)\n", n / (e - f), e - f, e - b
	printf "CPU a change            worker %.1f us, Redis %.1f us, broker %.1f us\n", w * 1000 / n, r * 1000 / n, k * 1000 / n
	printf "Redis                   %d bytes a prospect\n", m / p
}'
paced=$( (with_sets bench_feed bench paced "$rate" 20 5) ) || fail "paced"
jq -r '"latency at \(.rate)/s       p50 \(.p50_ms) ms, p99 \(.p99_ms) ms, p99.9 \(.p999_ms) ms, max \(.max_ms) ms (\(.samples) samples)"' <<<"$paced"
