#!/usr/bin/env bash
# Chaos on real parts: three workers under load, Kafka and Redis behind proxies, and a seeded schedule of faults.
#   chaos.sh [--rounds N | --minutes N] [--seed S] [--deck "KIND…"] [--keep]
# One round is one step of the deck (some have two faults); without options the short deck, once. At the end: what a
# concurrent reader saw is what is there, outputs and rows of both stages are the oracles' folds of their inputs, the
# router has sent on each input once, `funnelctl verify` finds nothing, no transaction is open. A seed repeats the faults
# and the load, not how they meet.
# --deck: only these kinds, of those in short_deck and long_deck below. --keep: after a failure the folder stays.
# Needs FNL_BUILD, or build/.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
. tests/chaos/faults.sh
set -u

rounds=0 minutes=0 keep=0 deck=()
seed=$((RANDOM * 32768 + RANDOM))
usage_error() {
	echo "usage: chaos [--rounds N | --minutes N] [--seed S] [--deck \"KIND…\"] [--keep]" >&2
	exit 2
}
while [ $# -gt 0 ]; do
	case $1 in
	--rounds | --minutes | --seed)
		[[ ${2:-} =~ ^[0-9]{1,9}$ ]] || usage_error
		printf -v "${1#--}" %s "$2"
		shift
		;;
	--deck)
		read -ra deck <<<"${2:-}"
		[ ${#deck[@]} -gt 0 ] || usage_error
		shift
		;;
	--keep) keep=1 ;;
	*) usage_error ;;
	esac
	shift
done
RANDOM=$((seed % 32768))
session_ms=2000 txn_ms=4000 partitions=6
# What the oracle can fold in a few seconds, spread over the time; and what a slow machine can carry through the faults.
rate=150
[ "$minutes" -eq 0 ] || rate=$((200000 / (minutes * 60)))
[ $rate -le 150 ] || rate=150
[ $rate -ge 30 ] || rate=30

kept_or_gone() {
	if [ $keep -eq 1 ] && [ $passed -eq 0 ]; then
		note "kept: $dir"
	else
		rm -rf "$dir"
	fi
}
passed=0

# The workers' own door to the broker goes through the proxy, and the broker sends them back there; everyone else's does not.
start_parts() {
	local port direct kafka_proxy redis_proxy name
	with_cleanup
	dir=$(temp_dir)
	: >"$dir/faults"
	at_exit kept_or_gone
	at_exit cluster_end
	at_exit helpers_end
	port=$(kafka_free_port) kafka_proxy=$(kafka_free_port) redis_proxy=$(kafka_free_port) direct=$(kafka_free_port)
	cat >"$dir/extra.properties" <<-TEXT
	listeners=PLAINTEXT://127.0.0.1:$port,DIRECT://127.0.0.1:$direct,CONTROLLER://127.0.0.1:$(kafka_free_port)
	advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_proxy,DIRECT://127.0.0.1:$direct
	listener.security.protocol.map=PLAINTEXT:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT
	inter.broker.listener.name=DIRECT
	TEXT
	local controller
	controller=$(sed -n 's/.*CONTROLLER:\/\/127.0.0.1://p' "$dir/extra.properties" | head -n 1)
	echo "controller.quorum.voters=1@127.0.0.1:$controller" >>"$dir/extra.properties"
	# shellcheck disable=SC2034 # kafka.sh reads it
	kafka_extra=$dir/extra.properties
	kafka_start "$dir" "$port" || exit 1
	redis_start "$dir" || exit 1
	mkfifo "$dir/kafka-proxy.in" "$dir/redis-proxy.in"
	"$build/bin/chaos_proxy" "$kafka_proxy" "127.0.0.1:$port" <"$dir/kafka-proxy.in" >/dev/null 2>"$dir/kafka-proxy.log" &
	helper kafka-proxy $!
	exec 8>"$dir/kafka-proxy.in"
	"$build/bin/chaos_proxy" "$redis_proxy" "unix:$dir/redis.sock" <"$dir/redis-proxy.in" >/dev/null 2>"$dir/redis-proxy.log" 8>&- &
	helper redis-proxy $!
	exec 9>"$dir/redis-proxy.in"
	config tool topic.prefix=chaos. redis.prefix=chaos clock=event "kafka.bootstrap.servers=127.0.0.1:$direct"
	config work topic.prefix=chaos. redis.prefix=chaos clock=event "kafka.bootstrap.servers=127.0.0.1:$kafka_proxy" \
		"redis.url=redis://127.0.0.1:$redis_proxy" threads.prospect=2 batch.records=200 \
		session.timeout=${session_ms}ms txn.timeout=${txn_ms}ms
	ctl tool topics create >/dev/null || fail "topics"
}

start_load() {
	(with_sets chaos_judge tool watch) >"$dir/watched" 2>"$dir/watch.log" </dev/null 8>&- 9>&- &
	helper watch $!
	for name in a b c; do start_worker $name; done
	(with_sets chaos_feed tool $rate "$seed" 1000000) >"$dir/fed" 2>"$dir/feed.log" </dev/null 8>&- 9>&- &
	helper feed $!
	since=$(now_ms)
	healed "$since"
}

# Each kind is in the short deck; a long one is for kills.
short_deck=(away back two amid sleep twin rolling flush empty older broker stalled kafka-delay kafka-cut kafka-drop
	redis-cut redis-drop redis-stall)
long_deck=("${short_deck[@]}" away away away away back back back back back back back two two amid amid amid
	kafka-stall redis-delay kafka-drop)

shuffled() { # prints the words in an order that RANDOM decides
	local words=("$@") i k kept
	for ((i = ${#words[@]} - 1; i > 0; i--)); do
		k=$((RANDOM % (i + 1))) kept=${words[i]}
		words[i]=${words[k]}
		words[k]=$kept
	done
	shuffle=("${words[@]}")
}

run_schedule() {
	local step=0 shuffle kind end_s=$((SECONDS + minutes * 60))
	if [ ${#deck[@]} -eq 0 ]; then
		deck=("${short_deck[@]}")
		[ $((rounds + minutes)) -eq 0 ] || deck=("${long_deck[@]}")
	fi
	[ $((rounds + minutes)) -gt 0 ] || rounds=${#deck[@]}
	while :; do
		shuffled "${deck[@]}"
		for kind in "${shuffle[@]}"; do
			if [ "$minutes" -gt 0 ]; then
				[ $SECONDS -lt $end_s ] || return 0
			else
				[ $step -lt "$rounds" ] || return 0
			fi
			step=$((step + 1))
			disturb "$kind"
			look_after "$kind"
			pause 200 1000
		done
	done
}

judge() {
	local fed
	helper_stop feed || fail "the feeder: $(cat "$dir/feed.log")"
	fed=$(cat "$dir/fed")
	note "fed $fed records; waiting for the workers"
	ctl tool wait --caught-up --timeout 600 || fail "lag does not reach zero"
	look_after "the end"
	(with_sets chaos_judge tool check "$dir/watched" "$dir/faults") >"$dir/verdict" 2>&1 || fail "$(cat "$dir/verdict")"
	helper_stop watch || fail "the concurrent reader: $(cat "$dir/watch.log")"
	ctl tool verify || fail "verify"
	for name in a b c; do end_worker $name; done
}

note "seed $seed, $rate records/s"
start_parts
start_load
begin=$SECONDS
run_schedule
note "$((SECONDS - begin)) s of faults are over"
judge
cat "$dir/verdict"
summary
passed=1
note "nothing lost, doubled or changed; seed $seed"
