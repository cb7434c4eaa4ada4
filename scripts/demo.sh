#!/usr/bin/env bash
# ./run demo [--kafka] [--fast] [--keep]: a small sales organisation's year, from feed to funnel. Leaves nothing behind.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh

kafka=0 fast=0 keep=0
for option in "$@"; do
	case $option in
	--kafka) kafka=1 ;;
	--fast) fast=1 ;;
	--keep) keep=1 ;;
	*) die "demo: no such option: $option" ;;
	esac
done

packages build
[ $kafka -eq 0 ] || packages kafka
build build
. scripts/redis.sh
. scripts/kafka.sh

with_cleanup
dir=$(temp_dir)
at_exit "rm -rf '$dir'"
at_exit "redis_stop '$dir'"
FUNNELD_REDIS_PARENT=$$ redis_start "$dir" || die "demo: Redis did not come up"
redis_url=$(cat "$dir/redis.url")

if [ $kafka -eq 0 ]; then
	options=(--set "redis.url=$redis_url")
	[ $fast -eq 0 ] || options+=(--fast)
	if [ $keep -eq 1 ]; then
		options+=(--keep)
		say "to look around at the end, from another terminal: redis-cli -s $dir/redis.sock"
	fi
	./build/bin/funnel-demo "${options[@]}"
	exit
fi

at_exit "kafka_stop '$dir'"
FUNNELD_KAFKA_PARENT=$$ kafka_start "$dir" "$(kafka_free_port)" || die "demo: Kafka did not come up"
cat >"$dir/funneld.ini" <<INI
clock = event
[kafka]
bootstrap.servers = 127.0.0.1:$(cat "$dir/kafka.port")
[redis]
url = $redis_url
[topic]
partitions = 4
[instance]
id = demo-1
INI
ctl() { ./build/bin/funnelctl --config "$dir/funneld.ini" "$@"; }
step() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
[ -t 2 ] || step() { printf '\n%s\n' "$*" >&2; }

step "Kafka and Redis are up; topics"
ctl topics create
./build/bin/funneld --config "$dir/funneld.ini" 2>"$dir/funneld.log" &
worker=$!
end_worker() {
	kill "$worker" 2>/dev/null || return 0
	wait "$worker" || true
}
at_exit end_worker

prospects=400
[ $fast -eq 0 ] || prospects=60
step "A CRM's year: $prospects prospects, as a change log in CSV"
awk -v prospects=$prospects -f scripts/demo_feed.awk >"$dir/feed.csv"
head -n 4 "$dir/feed.csv"
ctl import csv "$dir/feed.csv" --tick 2026-01-01 || die "demo: the import failed"
step "The same file again: nothing may change"
ctl import csv "$dir/feed.csv" || die "demo: the second import failed"
ctl wait --caught-up --timeout 120 || {
	tail -n 20 "$dir/funneld.log" >&2
	die "demo: the worker did not catch up"
}
step "The funnel, by layer and by rep"
ctl funnel --by layer
ctl funnel --by rep
step "What the worker told the world: the last layer changes"
ctl tail funnel.layer-changes --from-beginning --until-end --json >"$dir/events"
tail -n 3 "$dir/events"
step "Does Redis say what Kafka's changelog says?"
ctl verify
kill -0 "$worker" 2>/dev/null || die "demo: the worker has ended; $(tail -n 3 "$dir/funneld.log")"

if [ $keep -eq 1 ]; then
	step "It stays up until Ctrl-C. To look around, in $FNL_ROOT:"
	cat <<-TEXT
	  build/bin/funnelctl --config $dir/funneld.ini show prospect P-0001
	  build/bin/funnelctl --config $dir/funneld.ini tail funnel.layer-changes
	  redis-cli -s $dir/redis.sock
	  worker's log: $dir/funneld.log
	TEXT
	wait "$worker"
fi
