#!/usr/bin/env bash
# ./run demo [--kafka] [--fast] [--keep]: two years of a small sales organisation, from feed to funnel and quotas. Leaves
# nothing behind.
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

caught_up() {
	ctl wait --caught-up --timeout 180 || {
		tail -n 20 "$dir/funneld.log" >&2
		die "demo: the worker did not catch up"
	}
}
# import OPTION…: of the change log, what its options say
import() { ctl import csv "$dir/log.csv" "$@" || die "demo: the import failed"; }

organisation=(--prospects 400 --reps 8)
[ $fast -eq 0 ] || organisation=(--prospects 100 --reps 4)
step "Two years of a sales organisation, as a change log in CSV (funnelctl simulate --csv): its first rows"
ctl simulate "${organisation[@]}" --csv >"$dir/log.csv"
head -n 4 "$dir/log.csv" | sed 's/,,*$//'
step "Its first year, 2025, into the topics of CRM and HR"
import --until 2025-12-31 --tick 2025-12-31
caught_up
ctl funnel --by layer
ctl funnel --by rep
step "The head of sales opens the year 2026: quotas as of the end of 31 December"
ctl quota open acme --year 2026 --as-of 2026-01-01 --issued-at 2025-12-31 --issued-by head-of-sales
caught_up
step "New Year: drafted, settled for a day, frozen"
import --from 2026-01-01 --until 2026-01-01 --tick 2026-01-02
caught_up
ctl quota status
ctl show quota R-01 --year 2026
step "The second year; the quota stands, the running potential moves"
import --from 2026-01-02 --tick 2027-01-01
caught_up
ctl show rep R-01
ctl tail funnel.quotas --from-beginning --until-end --json >"$dir/quotas"
printf 'QuotaSet %s, QuotaLine %s, QuotaRecalculated %s\n' "$(grep -c '"type": *"QuotaSet"' "$dir/quotas")" \
	"$(grep -c '"type": *"QuotaLine"' "$dir/quotas")" "$(grep -c '"type": *"QuotaRecalculated"' "$dir/quotas")"
step "All of it once more, as a feed would repeat itself (funnelctl simulate): nothing may change"
ctl funnel --by layer --json >"$dir/before.json"
ctl show quota R-01 --year 2026 --json >"$dir/quota_before.json"
ctl simulate "${organisation[@]}" --tick 2027-01-01 || die "demo: the simulation could not be sent"
caught_up
ctl funnel --by layer --json >"$dir/after.json"
ctl show quota R-01 --year 2026 --json >"$dir/quota_after.json"
cmp "$dir/quota_before.json" "$dir/quota_after.json" || die "demo: a quota changed"
cmp <(sed 's/"as_of": *"[^"]*"//' "$dir/before.json") <(sed 's/"as_of": *"[^"]*"//' "$dir/after.json") ||
	die "demo: the funnel changed"
step "What the worker told the world: the last layer changes"
ctl tail funnel.layer-changes --from-beginning --until-end --json >"$dir/events"
tail -n 3 "$dir/events"
step "Do the views say what the changelogs say, and is nothing lost between prospects, books and quotas?"
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
