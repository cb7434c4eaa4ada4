#!/usr/bin/env bash
# /metrics and /health of a worker on real Kafka and Redis: counters move by what was sent and by what was told; /health is
# 503 while the broker or Redis is frozen for longer than the limit, and 200 again afterwards; addresses that do not fit.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin
config m session.timeout=3s txn.timeout=5s threads.prospect=2 http.listen=127.0.0.1:0 http.health.limit=3s
ctl m topics create >/dev/null || fail "topics"
worker_start m one

# ask PATH [METHOD]: the body into $dir/body; prints the status, nothing when there was no answer
ask() {
	(
		exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
		printf '%s %s HTTP/1.0\r\n\r\n' "${2:-GET}" "$1" >&3
		timeout 10 cat <&3 >"$dir/answer"
	) 2>/dev/null || return 1
	awk 'body; $0 == "\r" { body = 1 }' "$dir/answer" >"$dir/body"
	awk 'NR == 1 { print $2 }' "$dir/answer"
}
# metric NAME [PATTERN]: the sum of the samples of a name whose labels match
metric() {
	[ "$(ask /metrics)" = 200 ] || fail "/metrics does not answer"
	awk -v name="$1" -v pattern="${2:-.}" '{ split($1, part, "{") } part[1] == name && $1 ~ pattern { sum += $NF } END { printf "%.10g\n", sum }' "$dir/body"
}
# is WHAT EXPECTED FOUND
is() { [ "$3" = "$2" ] || fail "$1: expected $2, found $3: $(grep -v '^#' "$dir/body" | head -n 60)"; }
# health STATUS TRIES: until /health has it; a fifth of a second between tries
health() {
	local i
	for ((i = 0; i < $2; i++)); do
		[ "$(ask /health)" = "$1" ] && return 0
		sleep 0.2
	done
	fail "/health is not $1 in time: $(cat "$dir/body")"
}

for ((i = 0; i < 300; i++)); do
	port=$(sed -nE 's#.*INFO http://127\.0\.0\.1:([0-9]+)/metrics.*#\1#p' "$dir/worker-one.log" 2>/dev/null)
	[ -z "$port" ] || break
	sleep 0.1
done
[ -n "$port" ] || fail "the log does not tell the port"
health 200 200
is "the threads" '["org-0","prospect-0","prospect-1","rep-0","router-commands","router-hr","router-rates","router-territories"]' "$(jq -c '[.lanes[].lane] | sort' "$dir/body")"
is "their partitions" '[6,6,6,6,6,6,6]' "$(jq -c '[.lanes | group_by(.stage)[] | map(.partitions_running) | add]' "$dir/body")"
is "their health" '[true,"one",true]' "$(jq -c '[([.lanes[].healthy] | all), .instance, .limit_seconds == 3]' "$dir/body")"
is "the page that is not there" 404 "$(ask /)"
is "a command" 405 "$(ask /metrics POST)"
is "only the head" 200 "$(ask /health HEAD)"
is "its body" 0 "$(wc -c <"$dir/body")"
note "healthy, $(metric funneld_partitions 'state="running"') partitions"

# Twenty prospects, then ten changes of which three come twice, then something that no codec reads.
{
	echo event,prospect_id,occurred_at,version,stage,status,amount,currency,owner_rep_id
	for ((i = 0; i < 20; i++)); do echo "changed,P-$i,2026-01-01,1,Prospecting,open,100,USD,ann"; done
} | ctl m import csv - 2>/dev/null || fail "import"
caught_up m
is "records in" 20 "$(metric funneld_records_total 'stage="prospect"')"
is "layer changes" 20 "$(metric funneld_outputs_total 'topic="m.funnel.layer-changes"')"
[ "$(metric funneld_outputs_total 'stage="prospect".*topic="m.funneld.rep-inputs"')" -ge 20 ] || fail "lines to the rep stage"
[ "$(metric funneld_records_total 'stage="rep"')" -ge 20 ] || fail "records of the rep stage"
{
	echo event,prospect_id,occurred_at,version,stage
	for ((i = 0; i < 10; i++)); do echo "changed,P-$i,2026-01-02,2,Negotiation/Review"; done
	for ((i = 0; i < 3; i++)); do echo "changed,P-$i,2026-01-02,2,Negotiation/Review"; done
} | ctl m import csv - 2>/dev/null || fail "import"
printf 'P-0\tno record\n' | java -cp "$kafka_libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
	org.apache.kafka.tools.ConsoleProducer --bootstrap-server "127.0.0.1:$(cat "$dir/kafka.port")" \
	--topic m.sales.prospect-changes --property parse.key=true >"$dir/produce.log" 2>&1 || fail "$(tail -n 3 "$dir/produce.log")"
caught_up m
is "records in" 34 "$(metric funneld_records_total 'stage="prospect"')"
is "stale inputs" 3 "$(metric funneld_stale_inputs_total 'stage="prospect"')"
is "dead letters" 1 "$(metric funneld_dead_letters_total)"
is "dead letters, by topic" 1 "$(metric funneld_outputs_total 'topic="m.funnel.dead-letters"')"
is "layer changes" 30 "$(metric funneld_outputs_total 'topic="m.funnel.layer-changes"')"
is "layer changes, as a reader finds them" 30 "$(ctl m tail m.funnel.layer-changes --from-beginning --until-end | wc -l)"
is "batches" "$(metric funneld_transactions_total)" "$(metric funneld_batch_duration_seconds_count)"
is "all of them" "$(metric funneld_transactions_total)" "$(metric funneld_batch_duration_seconds_bucket 'le="[+]Inf"')"
is "timers" 0 "$(metric funneld_timers_overdue_seconds)"
is "the input that is left" 0 "$(metric funneld_input_lag_records 'stage="prospect"')"
is "a gauge of the process" 1 "$(metric funneld_healthy)"
note "counters: $(metric funneld_transactions_total) transactions"

# A frozen broker: the session ends without an answer, and the limit passes. Then the same with Redis.
for peer in kafka redis; do
	kill -STOP "$(cat "$dir/$peer.pid")"
	health 503 200
	jq -e '[.lanes[] | select(.healthy | not) | .why != null and .progress_age_seconds > 3] | length > 0 and all' \
		"$dir/body" >/dev/null || fail "no reason: $(cat "$dir/body")"
	why=$(jq -c '[.lanes[] | select(.healthy | not) | [.lane, .state, .why]][0]' "$dir/body")
	is "funneld_healthy" 0 "$(metric funneld_healthy)"
	[ "$(metric funneld_progress_age_seconds | cut -d. -f1)" -ge 3 ] || fail "the age of the last progress"
	kill -CONT "$(cat "$dir/$peer.pid")"
	health 200 300
	is "funneld_healthy" 1 "$(metric funneld_healthy)"
	note "$peer frozen: 503 $why, then 200"
done

# Rows that the view has lost are counted when they are restored, and the counters go on after all that.
before=$(metric funneld_records_total 'stage="prospect"')
printf 'event,prospect_id,occurred_at,version,stage\nchanged,P-19,2026-01-03,3,Negotiation/Review\n' | ctl m import csv - 2>/dev/null
caught_up m
is "one more" $((before + 1)) "$(metric funneld_records_total 'stage="prospect"')"
before=$(metric funneld_restored_records_total)
redis-cli -s "$dir/redis.sock" flushall >/dev/null
for ((i = 0; i < 300; i++)); do
	[ "$(metric funneld_restored_records_total)" = "$before" ] || break
	sleep 0.1
done
[ "$(metric funneld_restored_records_total)" -gt "$before" ] || fail "restored records are not counted"
[ "$(metric funneld_repairs_total)" -gt 0 ] || fail "repairs are not counted"
caught_up m

# Addresses that do not fit are told at once, with exit code 10.
(with_sets funneld m --set instance.id=two --set "http.listen=127.0.0.1:$port") >"$dir/said" 2>&1 </dev/null
is "the exit code of a port that is taken" 10 $?
grep -q "http.listen: cannot listen on 127.0.0.1:$port: Address already in use" "$dir/said" || fail "taken: $(cat "$dir/said")"
(with_sets funneld m --set http.listen=localhost:9464 --check) >"$dir/said" 2>&1
is "the exit code of a wrong address" 10 $?
grep -q 'http.listen: "localhost:9464" is not allowed' "$dir/said" || fail "wrong: $(cat "$dir/said")"

worker_end one || fail "a clean end has exit code $?"
[ -z "$(ask /health)" ] || fail "it still answers"
note "ended"
