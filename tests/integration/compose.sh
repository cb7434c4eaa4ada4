#!/usr/bin/env bash
# docker-compose.yml without Docker: docker-compose understands it; it begins things in their order and opens nothing but
# loopback; and the settings it gives make a Kafka, a Redis, the topics and a worker that find each other.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u

command -v docker-compose >/dev/null || { echo "docker-compose is not here"; exit 77; }
with_cleanup
dir=$(temp_dir)
at_exit "rm -rf '$dir'"
at_exit cluster_end

# Its second version writes JSON; the first, which tells its usage instead, has a YAML reader with it.
compose() { docker-compose --project-directory "$FNL_ROOT" -f docker-compose.yml "$@" </dev/null 2>"$dir/said"; }
compose config --quiet || fail "docker-compose: $(cat "$dir/said")"
compose config --format json >"$dir/all"
[ -s "$dir/all" ] ||
	compose config | /usr/bin/python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' >"$dir/all"
[ -s "$dir/all" ] || fail "no JSON of it: $(cat "$dir/said")"

# holds WHAT FILTER: of the whole file; what is found instead is told
holds() { jq -e "$2" "$dir/all" >"$dir/found" || fail "$1: $(jq -c . "$dir/found")"; }
# Each of these is a list of what is wrong.
none() { jq -c "$2" "$dir/all" >"$dir/found" && [ "$(cat "$dir/found")" = '[]' ] || fail "$1: $(cat "$dir/found")"; }
holds "what there is" '.services | keys == ["kafka", "redis", "topics", "worker"]'
none "neither a health check nor something that ends" '[.services | to_entries[] | select(
	(.value.healthcheck.test // ["NONE"])[0] == "NONE" and .value.restart != "no" and (.value.build | not)) | .key]'
grep -q '^HEALTHCHECK ' Dockerfile || fail "the image has no health check"
none "open to others than this machine" '[.services[].ports // [] | .[]
	| if type == "string" then select(startswith("127.0.0.1:") | not) else select(.host_ip != "127.0.0.1") end]'
none "a secret" '[.services[] | .environment // {} | to_entries[] | select((.key | test("PASS|SECRET|TOKEN|SASL|KEY"))
	or (.value | tostring | test("://[^/]*@"))) | .key]'
holds "the worker's order" '[.services.worker.depends_on | to_entries[] | [.key, .value.condition]] | sort == [
	["kafka", "service_healthy"], ["redis", "service_healthy"], ["topics", "service_completed_successfully"]]'
holds "the topics' order" '[.services.topics.depends_on | to_entries[] | [.key, .value.condition]] == [["kafka", "service_healthy"]]'
holds "no health check after topics has ended" '.services.topics.healthcheck | .disable or .test == ["NONE"]'
none "read-only, without room for what the tool has in files" '[.services | to_entries[]
	| select(.value.read_only and (.value.tmpfs // [] | index("/tmp") | not)) | .key]'
holds "one image" '[.services.worker, .services.topics | .image] | unique == ["funneld"]'
grep -q "<version>$(jq -r '.services.kafka.image | split(":")[1]' "$dir/all")</version>" scripts/kafka/pom.xml ||
	fail "not the Kafka that is tested with"
none "time to end" '[.services.worker.stop_grace_period | select(. != "45s")]'

# Kafka's settings as its image reads them, but for addresses, the data, and what kafka.sh decides.
kafka_extra=$dir/extra
jq -r '.services.kafka.environment | to_entries[] | select(.key | startswith("KAFKA_"))
	| (.key | ltrimstr("KAFKA_") | ascii_downcase | gsub("_"; ".")) + "=" + (.value | tostring)' "$dir/all" >"$dir/kafka"
port=$(kafka_free_port) inside=$(kafka_free_port) controller=$(kafka_free_port)
sed -e "s#//kafka:19092#//127.0.0.1:$inside#; s#//:19092#//127.0.0.1:$inside#" \
	-e "s#\(@kafka\|//\):19093#\1:$controller#; s#@kafka:#@127.0.0.1:#; s#//:$controller#//127.0.0.1:$controller#" \
	-e "s#//\(127.0.0.1\)\{0,1\}:9092#//127.0.0.1:$port#g" -e "s#^log.dirs=.*#log.dirs=$dir/kafka-data#" "$dir/kafka" >"$kafka_extra"
! grep -E 'kafka:|[:/](19092|19093|9092)' "$kafka_extra" || fail "an address is not replaced"
kafka_start "$dir" "$port" || fail "Kafka with $(cat "$kafka_extra")"

# Redis by its own command, on a socket.
mapfile -t command < <(jq -r '.services.redis.command[]' "$dir/all")
redis_port=$(kafka_free_port)
"${command[@]}" --port "$redis_port" --bind 127.0.0.1 --dir "$dir" >"$dir/redis.log" 2>&1 </dev/null &
echo $! >"$dir/redis.pid"
redis_cli=(redis-cli -p "$redis_port")
for ((i = 0; i < 300; i++)); do
	[ "$("${redis_cli[@]}" ping 2>/dev/null)" != PONG ] || break
	sleep 0.1
done

# The topics and the worker by the environment that they are given, with these addresses.
mapfile -t environment < <(jq -r '.services.worker.environment | to_entries[] | .key + "=" + .value' "$dir/all" |
	sed -e "s#kafka:19092#127.0.0.1:$inside#" -e "s#redis:6379#127.0.0.1:$redis_port#")
[ "$(jq -c '.services.topics | .entrypoint + .command' "$dir/all")" = '["funnelctl","topics","create"]' ] || fail "how topics are made"
environment+=("FUNNELD_HTTP_LISTEN=127.0.0.1:$(kafka_free_port)")
with() { env "${environment[@]}" "$@"; }
! with "$build/bin/funneld" --check >"$dir/said" 2>&1 || fail "the worker would not need topics"
with "$build/bin/funnelctl" topics create >"$dir/said" 2>&1 || fail "topics: $(cat "$dir/said")"
! with bash scripts/health.sh >/dev/null 2>&1 || fail "healthy without a worker"
env "${environment[@]}" "$build/bin/funneld" >"$dir/worker-compose.log" 2>&1 </dev/null &
echo $! >"$dir/worker-compose.pid"
for ((i = 0; i < 300; i++)); do
	with bash scripts/health.sh >"$dir/said" 2>&1 && break
	sleep 0.2
done
with bash scripts/health.sh >"$dir/said" 2>&1 || fail "not healthy: $(cat "$dir/said")"
jq -e .healthy "$dir/said" >/dev/null || fail "not what /health says: $(cat "$dir/said")"
# For programs of this machine, Kafka is at the other address.
FUNNELD_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:$port "$build/bin/funnelctl" topics create >"$dir/said" 2>&1 ||
	fail "from this machine: $(cat "$dir/said")"
kill -STOP "$(cat "$dir/worker-compose.pid")"
! with timeout 8 bash scripts/health.sh >/dev/null 2>&1 || fail "healthy while it is frozen"
kill -CONT "$(cat "$dir/worker-compose.pid")"
worker_end compose || fail "the worker ends with $?"
echo "docker-compose.yml: $(jq '.services | length' "$dir/all") services, a worker is healthy"
