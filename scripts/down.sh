#!/usr/bin/env bash
# ./run down: ends the Kafka and Redis of ./run up, by their own pids, and removes their data.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh
. scripts/kafka.sh
. scripts/redis.sh
dir=$FNL_ROOT/.run/up
[ -d "$dir" ] || { say "down: nothing is up"; exit 0; }
kafka_stop "$dir"
redis_stop "$dir"
rm -rf "$dir"
say "down"
