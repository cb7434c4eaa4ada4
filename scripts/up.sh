#!/usr/bin/env bash
# ./run up: a local real Kafka and Redis under .run/up, for trying things by hand. ./run down ends just these.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh
[ $# -eq 0 ] || die "up: takes no options"
packages build kafka
build build
export FNL_KAFKA_JVM=-server # with both compilers: it may stay for days
. scripts/kafka.sh
. scripts/redis.sh

dir=$FNL_ROOT/.run/up
mkdir -p "$dir"
if ! kafka_alive "$dir"; then
	if [ -d "$dir/kafka-data" ]; then
		kafka_restart "$dir" || die "up: Kafka did not come up; see $dir/kafka.log"
	else
		kafka_start "$dir" "${FNL_UP_KAFKA_PORT:-$(kafka_free_port)}" || die "up: Kafka did not come up"
	fi
fi
redis_alive "$dir" || redis_start "$dir" || die "up: Redis did not come up; see $dir/redis.log"
cat >"$dir/funneld.ini" <<INI
# The local Kafka and Redis of ./run up.
[kafka]
bootstrap.servers = 127.0.0.1:$(cat "$dir/kafka.port")
[redis]
url = $(cat "$dir/redis.url")
INI
./build/bin/funnelctl --config "$dir/funneld.ini" topics create >&2 || die "up: could not create the topics"
cat <<TEXT
$(grep -v '^#' "$dir/funneld.ini")

settings   $dir/funneld.ini
worker     $FNL_ROOT/build/bin/funneld --config $dir/funneld.ini
tool       $FNL_ROOT/build/bin/funnelctl --config $dir/funneld.ini …
end it     $FNL_ROOT/run down
TEXT
