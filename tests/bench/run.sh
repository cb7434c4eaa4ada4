#!/usr/bin/env bash
# ./run bench [CHANGES [PROSPECTS]]: both stages on a real Kafka and Redis. Outputs are checked first: no figure without
# them. The product's own job, its latency, and the floor beside it, a bare loop that only moves the same bytes
# (product.sh); how long rows take to come back, and how soon a survivor goes on (outage.sh); what Redis takes for a
# prospect; what supervision costs; how fast 100,000 stalls that are due at once are told, and latency meanwhile; latency
# at 2,000 while a rep's 20,000 lines go through a quota run and a change of rules; how soon a departure is told
# (departures.sh), and how soon an organisation has a change of its reps' cells (territories.sh). FNL_BENCH_THREADS=1: by
# the default of one thread a stage; 500000 PROSPECTS and their lines are a million rows to come back.
set -uo pipefail
export FNL_KAFKA_JVM=-server # with both compilers
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
. tests/bench/departures.sh
. tests/bench/outage.sh
. tests/bench/product.sh
. tests/bench/territories.sh
set -u
changes=${1:-1000000}
prospects=${2:-1000000}
threads=${FNL_BENCH_THREADS:-2}
rate=${FNL_BENCH_RATE:-10000}
cluster_begin
config bench clock=wall "threads.prospect=$threads" "threads.rep=${FNL_BENCH_REP_THREADS:-$threads}"
ctl bench topics create >/dev/null || fail "topics"

# user + system CPU of a process so far, in ms
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%d", ($12 + $13) * 1000 / hz }' "/proc/$1/stat"; }

latencies() { jq -r '"latency at \(.rate)/s      p50 \(.p50_ms) ms, p99 \(.p99_ms) ms, p99.9 \(.p999_ms) ms, max \(.max_ms) ms (\(.samples) \(.of))"'; }
bench_product
bench_bare_loop
bench_restore
bench_kills
bench_reference

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
(with_sets bench_feed due drain 5000 15 "$stalls" "$at") >"$dir/drain" || fail "drain"
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
