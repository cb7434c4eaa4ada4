#!/usr/bin/env bash
# What goes wrong in an operator's day: each mistake gives within 15 s a message that says what, where and how to mend it,
# and its documented exit code.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin
config good session.timeout=3s txn.timeout=5s
ctl good topics create >/dev/null || fail "topics"

# expect CODE NAME WORD… -- COMMAND…: the exit code, and each word in what it says
expect() {
	local code=$1 name=$2 words=() rc=0 begin=$SECONDS word
	shift 2
	while [ "$1" != -- ]; do words+=("$1"); shift; done
	shift
	timeout 15 "$@" >"$dir/said" 2>&1 </dev/null || rc=$?
	[ $rc -eq "$code" ] || fail "$name: exit code $rc, expected $code: $(tail -n 5 "$dir/said")"
	for word in "${words[@]}"; do
		grep -qi -- "$word" "$dir/said" || fail "$name: nothing of '$word' in: $(tail -n 5 "$dir/said")"
	done
	note "$name: exit code $rc after $((SECONDS - begin)) s: $(grep -v -E ' (INFO|DEBUG) ' "$dir/said" | tail -n 1 | cut -c1-150)"
}
funneld() { echo "$build/bin/funneld" --config "$dir/good.ini" --set session.timeout=3s --set txn.timeout=5s "$@"; }

printf '[kafka]\nbootstrap.server = 127.0.0.1:1\n' >"$dir/typo.ini"
expect 10 "a typo in a key" typo.ini bootstrap.server bootstrap.servers -- "$build/bin/funneld" --config "$dir/typo.ini"
printf '\n[threads]\nprospect = 0\n' >"$dir/range.ini"
expect 10 "a value out of range" range.ini threads.prospect 0 -- "$build/bin/funneld" --config "$dir/range.ini"
# shellcheck disable=SC2046
expect 12 "no broker" 127.0.0.1:1 -- $(funneld --set kafka.bootstrap.servers=127.0.0.1:1)
# shellcheck disable=SC2046
expect 12 "no topics" "topics create" -- $(funneld --set topic.prefix=nowhere.)
# shellcheck disable=SC2046
expect 13 "no Redis" redis -- $(funneld --set redis.url=redis://127.0.0.1:1)
redis-cli -s "$dir/redis.sock" config set maxmemory-policy allkeys-lru >/dev/null
# shellcheck disable=SC2046
expect 13 "Redis with eviction on" maxmemory-policy noeviction -- $(funneld)
redis-cli -s "$dir/redis.sock" config set maxmemory-policy noeviction >/dev/null

printf '\n[threads]\nrep = 65\n' >"$dir/range.ini"
expect 10 "too many threads" range.ini threads.rep 64 -- "$build/bin/funneld" --config "$dir/range.ini"

tool() { echo "$build/bin/funnelctl" --config "$dir/good.ini" "$@"; }
# Where the command line ends: at the limit, and one beyond it.
times() { for ((i = 0; i < $1; i++)); do echo "${@:2}"; done; }
# shellcheck disable=SC2046
expect 0 "as many settings as there may be" -- $(tool $(times 128 --set topic.partitions=6)) config show
# shellcheck disable=SC2046
expect 2 "one setting more" "more than 128 times --set" "--config" -- $(tool $(times 129 --set topic.partitions=6)) config show
# shellcheck disable=SC2046
expect 2 "the worker's settings" "more than 128 times --set" -- $(funneld $(times 127 --set topic.partitions=6)) --check
# shellcheck disable=SC2046
expect 0 "as many topics as there may be" -- $(tool tail $(times 64 funnel.alerts)) --from-beginning --until-end
# shellcheck disable=SC2046
expect 2 "one topic more" "1 to 64 topics" -- $(tool tail $(times 65 funnel.alerts)) --from-beginning --until-end
# shellcheck disable=SC2046
expect 2 "a quota of no year" -- $(tool quota open US) --year soon
# shellcheck disable=SC2046
expect 2 "a quota of the past" as-of -- $(tool quota open US --year 2020 --as-of 2020-01-01)
# shellcheck disable=SC2046
expect 2 "a quota by the event clock" as-of -- $(tool quota open US --year 2020 --set clock=event)
# shellcheck disable=SC2046
expect 2 "a currency that is none" base-currency -- $(tool quota open US --year 2099 --base-currency dollars)
# shellcheck disable=SC2046
expect 2 "a quota without a year" --year -- $(tool show quota ann)
# shellcheck disable=SC2046
expect 1 "a quota that nobody opened" "quota open" -- $(tool show quota ann --year 2099)
# shellcheck disable=SC2046
expect 1 "a quota that nobody opened, the latest" "no quota of ann;" -- $(tool quota ann)
# shellcheck disable=SC2046
expect 2 "a quota of a year that is none" "YEAR soon: expected" -- $(tool quota ann soon)
# shellcheck disable=SC2046
expect 1 "territories of nobody" "no organisation nowhere" -- $(tool territories nowhere)
# shellcheck disable=SC2046
expect 2 "territories in a currency that is none" "currency euros: expected" -- $(tool territories emea --currency euros)
# shellcheck disable=SC2046
expect 2 "a proposal for nobody" "propose ORG" -- $(tool propose)
# shellcheck disable=SC2046
expect 2 "a proposal by the event clock" "issued-at says when" -- $(tool propose emea --set clock=event)
# shellcheck disable=SC2046
expect 2 "a time that is none" "timeout long: expected" -- $(tool propose emea --timeout long)
# shellcheck disable=SC2046
expect 2 "a proposal that is not named" "accept ORG PROPOSAL" -- $(tool accept emea)
# shellcheck disable=SC2046
expect 2 "waiting and not waiting" "of no use with --no-wait" -- $(tool accept emea p-1 --no-wait --timeout 5)
# shellcheck disable=SC2046
expect 5 "a proposal that nobody makes" "no answer within 1 s" "wait --caught-up" -- $(tool propose emea --timeout 1)
# shellcheck disable=SC2046
expect 1 "performance of nobody" "no rep of nowhere" -- $(tool performance nowhere --ask)
# shellcheck disable=SC2046
expect 2 "a command's options without the command" "belong to --ask" -- $(tool performance emea --no-wait)
# shellcheck disable=SC2046
expect 2 "a revision without a cause" "cause says why" -- $(tool revise ann 2027 -50000 EUR)
# shellcheck disable=SC2046
expect 2 "a cause that is a sentence" "a code has 1 to 64" -- $(tool revise ann 2027 -50000 EUR --cause) 'he asked for it'
# shellcheck disable=SC2046
expect 2 "an amount that is none" "AMOUNT much:" -- $(tool revise ann 2027 much EUR --cause c)
# shellcheck disable=SC2046
expect 1 "a rep whom nobody named" nobody -- $(tool show rep nobody)
# shellcheck disable=SC2046
expect 2 "a stage that is none" prospect rep org -- $(tool repair --stage nowhere --partition 0 --keep-offset)
# shellcheck disable=SC2046
expect 2 "a layer that is none" "layer won: expected" -- $(tool stalls) --layer won
# shellcheck disable=SC2046
expect 2 "an answer without a cause" "cause are needed" -- $(tool answer P-1) --sheet 'ann#1' --question 1
# shellcheck disable=SC2046
expect 2 "a cause that is none" weather "none of the causes" -- $(tool answer P-1) --sheet 'ann#1' --question 1 --cause weather
# shellcheck disable=SC2046
expect 2 "a sheet of nobody" "whose it is" "sheet 1:" -- $(tool answer P-1) --sheet 1 --question 1 --cause other
# shellcheck disable=SC2046
expect 2 "an answer by the event clock" "at says when it was answered" -- $(tool answer P-1 --set clock=event) --sheet 'ann#1' --question 1 --cause other
# shellcheck disable=SC2046
expect 2 "a sheet asked for by the event clock" "issued-at says when" -- $(tool inspect ann --now --set clock=event)
# shellcheck disable=SC2046
expect 2 "a sheet that is asked for and shown" "belong to --now" -- $(tool inspect ann --now --markdown)
# shellcheck disable=SC2046
expect 1 "a rep without a sheet" nobody "asks for one" -- $(tool inspect nobody)
# shellcheck disable=SC2046
expect 1 "a handover of nobody" "no handover of nobody" -- $(tool handover nobody)
# shellcheck disable=SC2046
expect 1 "a command about no notice" "no notice of nobody" "notice names one" -- $(tool review accept --rep nobody)
# shellcheck disable=SC2046
expect 2 "a report without the talk" "channel says how" "spoke who" -- $(tool task done) 'P-1#1' --rep ann --channel visit
# shellcheck disable=SC2046
expect 2 "a channel that is none" smoke "visit, phone" -- $(tool task done) 'P-1#1' --rep ann --channel smoke --spoke ann
# shellcheck disable=SC2046
expect 2 "a prospect for a task" "TASK: a prospect" -- $(tool task done P-1 --rep ann --channel visit --spoke ann)
# shellcheck disable=SC2046
expect 2 "a task that nobody lets go" "by says which manager" -- $(tool task waive) 'P-1#1' --rep ann
# shellcheck disable=SC2046
expect 2 "a successor of nobody" "rep says who leaves" -- $(tool successor name bob)
# shellcheck disable=SC2046
expect 2 "a sign-off that is none" "accept or refuse" -- $(tool review perhaps --rep ann)
# shellcheck disable=SC2046
expect 2 "a sign-off by the event clock" "issued-at says when" -- $(tool review accept --rep ann --notice n-1 --set clock=event)
# shellcheck disable=SC2046
expect 12 "no topic of sheets" nowhere.sheets "topics create" -- $(tool inspect ann --set topic.funnel.inspections=nowhere.sheets)
# shellcheck disable=SC2046
expect 12 "no topic for commands" sales.commands "topics create" -- $(tool quota open US --year 2099 --set topic.sales.commands=nowhere.sales.commands)

printf '[rules]\nversion = 2\n[stuck]\ntop = many\n' >"$dir/rules.ini"
expect 11 "rules with a bad value" rules.ini:4 top many -- "$build/bin/funnelctl" rules check "$dir/rules.ini"
printf '[rules]\nversion = 2\n[stuk]\ntop = 60\n' >"$dir/rules.ini"
expect 11 "rules with a typo" rules.ini stuk -- "$build/bin/funnelctl" rules check "$dir/rules.ini"
printf '[rules]\nversion = 2\n[calendar]\nzone = Europe/Atlantis\n' >"$dir/rules.ini"
expect 11 "rules with a zone that is none" rules.ini Europe/Atlantis Europe/Berlin -- "$build/bin/funnelctl" rules check "$dir/rules.ini"
# shellcheck disable=SC2046
expect 11 "a zone on a machine without time zones" "package tzdata" -- env TZDIR=/nowhere $(tool rules apply "$dir/rules.ini")

worker_start good first
printf 'event,prospect_id,occurred_at,stage,amount,currency\nchanged,A1,2025-01-02,Prospecting,10.50,USD\nchanged,A2,2025-01-02,Prospecting,1,EUR\n' >"$dir/two.csv"
ctl good import csv "$dir/two.csv" 2>/dev/null || fail "import"
caught_up good
# A newcomer with the same instance id wins; the older one must not be started again.
worker_start good second
kill -9 "$(worker_pid second)" 2>/dev/null
rm -f "$dir/worker-second.pid"
(with_sets funneld good --set instance.id=first) >>"$dir/worker-twin.log" 2>&1 </dev/null &
echo $! >"$dir/worker-twin.pid"
rc=0
for ((i = 0; i < 150; i++)); do kill -0 "$(worker_pid first)" 2>/dev/null || break; sleep 0.1; done
kill -0 "$(worker_pid first)" 2>/dev/null && fail "the older twin goes on"
wait "$(worker_pid first)" || rc=$?
rm -f "$dir/worker-first.pid"
[ $rc -eq 16 ] || fail "the older twin ended with $rc, expected 16"
note "a twin: the older one ended with $rc: $(grep -v ' INFO ' "$dir/worker-first.log" | tail -n 1 | cut -c1-150)"
caught_up good
worker_end twin || fail "the twin ended with $?"

config other
sed -i 's/^partitions = 6/partitions = 4/; s/^prefix = other\./prefix = fewer./' "$dir/other.ini"
sed -i '/^\[redis\]/,/^\[/ s/^prefix = other$/prefix = good/' "$dir/other.ini"
ctl other topics create >/dev/null || fail "topics"
expect 14 "another partition count" partition -- "$build/bin/funneld" --config "$dir/other.ini"
# shellcheck disable=SC2046
expect 14 "a changelog of another size" funnel.reps partition -- $(funneld --set topic.funnel.reps=fewer.funnel.reps)

# Somebody sets the group's offsets by Kafka's own tool, so that they say nothing of the changelog.
group=$(cd "$dir" && java -cp "$kafka_libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
	org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "127.0.0.1:$(cat "$dir/kafka.port")" --list | grep prospect | grep good)
sleep 4 # the session of the last worker ends
java -cp "$kafka_libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
	org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "127.0.0.1:$(cat "$dir/kafka.port")" \
	--group "$group" --topic good.sales.prospect-changes --reset-offsets --to-earliest --execute >"$dir/reset.log" 2>&1 ||
	fail "reset: $(tail -n 3 "$dir/reset.log")"
# shellcheck disable=SC2046
expect 15 "offsets without metadata" metadata "funnelctl repair" -- $(funneld)
sleep 4
for ((p = 0; p < 6; p++)); do
	ctl good repair --stage prospect --partition $p --keep-offset --yes >"$dir/repair.log" 2>&1 || fail "repair: $(tail -n 3 "$dir/repair.log")"
done
worker_start good mended
caught_up good
ctl good verify || fail "verify after the repair"
worker_end mended || fail "the mended worker ended with $?"
note "mended by funnelctl repair"
