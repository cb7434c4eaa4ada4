#!/usr/bin/env bash
# ./run bench [CHANGES [PROSPECTS]]: both stages on a real Kafka and Redis. Outputs are checked first: no figure
# without them. Catch-up throughput with the CPU of worker, Redis and broker apart; latency of each stage at 5,000
# changes a second; the floor beside it, a bare loop that only moves the same bytes (bare.c); what supervision costs;
# how fast 100,000 stalls that are due at once are told, and latency meanwhile; latency at 2,000 while a rep's 20,000
# lines go through a quota run and a change of rules; how soon a departure is told (departures.sh), and how soon an
# organisation has a change of its reps' cells (territories.sh).
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
. tests/bench/departures.sh
. tests/bench/territories.sh
set -u
changes=${1:-1000000}
prospects=${2:-200000}
threads=${FNL_BENCH_THREADS:-2}
rate=${FNL_BENCH_RATE:-5000}
cluster_begin
config bench clock=wall "threads.prospect=$threads" "threads.rep=${FNL_BENCH_REP_THREADS:-$threads}"
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
latencies() { jq -r '"latency at \(.rate)/s       p50 \(.p50_ms) ms, p99 \(.p99_ms) ms, p99.9 \(.p999_ms) ms, max \(.max_ms) ms (\(.samples) \(.of))"'; }
paced=$( (with_sets bench_feed bench paced "$rate" 20 5) ) || fail "paced"
latencies <<<"$paced"
worker_end w || fail "the end of the worker"

# The floor beside it: the same changes and those of the pace, by a loop that moves as many bytes and does nothing else.
# It comes second, when the broker's code is compiled; of few changes, this alone halves the broker's CPU.
redis_before=$(cpu_ms "$(cat "$dir/redis.pid")")
kafka_before=$(cpu_ms "$(cat "$dir/kafka.pid")")
bare=$( (with_sets bench_bare bench "$threads") ) || fail "the bare loop"
redis=$(cpu_ms "$(cat "$dir/redis.pid")")
kafka=$(cpu_ms "$(cat "$dir/kafka.pid")")
got=$(jq .changes <<<"$bare")
[ "$got" = $((changes + rate * 20)) ] || fail "the bare loop moved $got changes, expected $((changes + rate * 20))"
jq -r --argjson r $((redis - redis_before)) --argjson k $((kafka - kafka_before)) '
	def us: . * 10 | round / 10;
	"bare loop               \(.changes_per_second) changes/s (\(.seconds | us) s); CPU a change: loop \(.cpu_us_per_change | us) us, Redis \($r * 1000 / .changes | us) us, broker \($k * 1000 / .changes | us) us"' <<<"$bare"
redis-cli -s "$dir/redis.sock" --scan --pattern '{bench:bare-*' | xargs redis-cli -s "$dir/redis.sock" unlink >/dev/null

# The worker's CPU for the same changes and contacts under rules that watch and under some that do not, both at the same
# time, so that what else the machine does falls on both.
watched_changes=$((changes / 5))
watched_inputs=$((watched_changes + watched_changes / 4))
load_watched() {
	config "$1" clock=wall "threads.prospect=$threads" "threads.rep=${FNL_BENCH_REP_THREADS:-$threads}"
	ctl "$1" topics create >/dev/null || fail "topics"
	printf '[rules]\nversion = 1\n[supervision]\nwatch = %s\n' "$2" >"$dir/rules.ini"
	ctl "$1" rules apply "$dir/rules.ini" >/dev/null || fail "rules apply"
	(with_sets bench_feed "$1" watched "$watched_changes" $((watched_changes / 5))) || fail "load"
}
alerts() { ctl "$1" tail "$1.funnel.alerts" --from-beginning --until-end --json | jq -r .key; }
catch_up() {
	caught_up "$1" 300 >/dev/null
	cpu_ms "$(worker_pid "$1")" >"$dir/$1.cpu"
}
for pair in 1 2; do
	load_watched "yes$pair" yes
	load_watched "no$pair" no
	worker_start "yes$pair" "yes$pair"
	worker_start "no$pair" "no$pair"
	catch_up "yes$pair" &
	yes=$!
	catch_up "no$pair" &
	wait $! && wait $yes || exit 1
	for watch in yes no; do
		worker_end "$watch$pair" || fail "the end of the worker"
		told=$(alerts "$watch$pair" | sort -u | wc -l)
		[ $watch = yes ] && want=$(((watched_changes / 5 + 9) / 10)) || want=0
		[ "$told" = "$want" ] || fail "$told prospects stall with watch = $watch, expected $want"
	done
done
awk -v n="$watched_inputs" '{ ms[NR] = $1 } END {
	with = ms[1] + ms[3]
	without = ms[2] + ms[4]
	printf "supervision             %+.0f %% of the worker'"'"'s CPU: %.1f us an input, without it %.1f us",
		100 * with / without - 100, with * 500 / n, without * 500 / n
	printf " (pairs: %+.0f %%, %+.0f %%)\n", 100 * ms[1] / ms[2] - 100, 100 * ms[3] / ms[4] - 100
}' "$dir/yes1.cpu" "$dir/no1.cpu" "$dir/yes2.cpu" "$dir/no2.cpu"

# A first load whose last edits are 30 business days old in a while, all at one moment, and new input across it.
stalls=${FNL_BENCH_STALLS:-100000}
config due clock=wall "threads.prospect=$threads" "threads.rep=${FNL_BENCH_REP_THREADS:-$threads}"
ctl due topics create >/dev/null || fail "topics"
printf '[rules]\nversion = 1\n[calendar]\nweek_days = 7\n' >"$dir/rules.ini"
ctl due rules apply "$dir/rules.ini" >/dev/null || fail "rules apply"
worker_start due d
now_ms() { date +%s%3N; }
at=$(($(now_ms) + ${FNL_BENCH_LEAD_S:-35} * 1000))
(with_sets bench_feed due stale "$stalls" 30 "$at") || fail "load"
caught_up due 120 >/dev/null
[ "$(now_ms)" -lt $((at - 8000)) ] || fail "too slow a machine: the load took too long, set FNL_BENCH_LEAD_S"
told=$(alerts due | wc -l)
[ "$told" = 0 ] || fail "$told stalls are told before their time"
sleep "$(awk -v ms=$((at - 7000 - $(now_ms))) 'BEGIN { print (ms > 0 ? ms / 1000 : 0) }')"
(with_sets bench_feed due drain "$rate" 15 "$stalls" "$at") >"$dir/drain" || fail "drain"
caught_up due 120 >/dev/null
told=$(alerts due | wc -l)
[ "$told" = "$stalls" ] || fail "$told stalls are told, expected $stalls"
jq -es --argjson n "$stalls" '.[-1] | .stalls == $n and .twice == 0' <"$dir/drain" >/dev/null ||
	fail "stalls: $(tail -n 1 "$dir/drain")"
ctl due verify >/dev/null || fail "verify"
echo "$stalls stalls due at once, until all are told"
tail -n 1 "$dir/drain" | jq -r '"told                    \(.per_second)/s; the first \(.first_ms) ms after they were due, the last \(.last_ms) ms"'
head -n -1 "$dir/drain" | latencies
worker_end d || fail "the end of the worker"

# A rep with 20,000 lines: his quota, then rules that weigh each of them anew, while new input comes.
config big clock=wall
ctl big topics create >/dev/null || fail "topics"
worker_start big b
printf 'event,rep_id,occurred_at,version,active,org_id\nrep_changed,BIG,2020-01-01,1,true,ORG\n' >"$dir/hr.csv"
printf '[rules]\nversion = 1\n[quota]\nsettle_hours = 0\n' >"$dir/rules-1.ini"
printf '[rules]\nversion = 2\n[nominal]\ntop = 20 %%\nmiddle = 40 %%\nbottom = 60 %%\n[quota]\nsettle_hours = 0\n' >"$dir/rules-2.ini"
ctl big rules apply "$dir/rules-1.ini" >/dev/null || fail "rules apply"
ctl big import csv "$dir/hr.csv" 2>/dev/null || fail "import"
(with_sets bench_feed big rep 20000 BIG) || fail "a big rep"
caught_up big 120 >/dev/null
(with_sets bench_feed big paced 2000 10 2 BIG) >"$dir/quiet" &
wait $! || fail "paced"
(with_sets bench_feed big paced 2000 20 2 BIG) >"$dir/busy" &
feed=$!
sleep 7
year=$(($(date +%Y) + 1))
ctl big quota open ORG --year "$year" >/dev/null || fail "quota open"
sleep 6
ctl big rules apply "$dir/rules-2.ini" >/dev/null || fail "rules apply"
wait $feed || fail "paced"
caught_up big 120 >/dev/null
ctl big verify >/dev/null || fail "verify"
ctl big show quota BIG --year "$year" --json >"$dir/quota.json" || fail "no quota"
n=$(jq '(.lines | length) + (.left_out | length)' "$dir/quota.json")
[ "$n" = 20000 ] || fail "the big rep's quota has $n lines"
echo "a rep with 20,000 lines, nothing else going on"
latencies <"$dir/quiet"
echo "the same during a quota run and a change of rules"
latencies <"$dir/busy"
awk '/VmHWM/ { printf "worker, at most         %d MB\n", $2 / 1024 }' "/proc/$(worker_pid b)/status"
worker_end b || fail "the end of the worker"

bench_departures
bench_territories
