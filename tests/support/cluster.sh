# A real Kafka, a real Redis and workers for the integration scripts; sourced. Everything ends with the script.
# Needs FNL_BUILD (the build folder). Sets dir (temp), ctl and worker_* functions.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export FNL_ROOT=$PWD
. scripts/lib.sh
. scripts/kafka.sh
. scripts/redis.sh
build=${FNL_BUILD:-$PWD/build}

note() { printf '%s  %s\n' "$(date +%T)" "$*"; }
fail() {
	note "FAILED: $*"
	for f in "$dir"/worker-*.log; do
		[ -e "$f" ] && note "end of $f" && tail -n 15 "$f"
	done
	exit 1
}

cluster_begin() {
	with_cleanup
	dir=$(temp_dir)
	at_exit "rm -rf '$dir'"
	# The last second of a test is no time for a message in the log: all goes at once.
	at_exit cluster_end
	kafka_start "$dir" "$(kafka_free_port)" || exit 1
	redis_start "$dir" || exit 1
}

cluster_end() {
	local f
	for f in "$dir"/worker-*.pid; do
		[ -e "$f" ] && kill -9 "$(cat "$f")" 2>/dev/null
	done
	redis_kill "$dir" >/dev/null 2>&1
	redis_kill "$dir/redis-tls" >/dev/null 2>&1
	kafka_kill "$dir" >/dev/null 2>&1
	return 0
}

# redis_tls_start NAME: beside it a Redis that speaks TLS alone, at the port tls_port of 127.0.0.1 and 127.0.0.2, with a
# certificate of its own, $dir/cert.pem, that is for NAME (IP:… or DNS:…).
redis_tls_start() {
	local i
	tls_port=$(kafka_free_port)
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=redis.test -addext "subjectAltName=$1" \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/said" || fail "openssl: $(cat "$dir/said")"
	mkdir "$dir/redis-tls"
	redis-server --port 0 --tls-port "$tls_port" --bind 127.0.0.1 127.0.0.2 --tls-cert-file "$dir/cert.pem" \
		--tls-key-file "$dir/key.pem" --tls-ca-cert-file "$dir/cert.pem" --tls-auth-clients no --save '' --appendonly no \
		--maxmemory-policy noeviction --dir "$dir/redis-tls" >"$dir/redis-tls/redis.log" 2>&1 </dev/null &
	echo $! >"$dir/redis-tls/redis.pid"
	for ((i = 0; i < 300; i++)); do
		[ "$(redis_tls_cli ping 2>/dev/null)" != PONG ] || return 0
		sleep 0.1
	done
	fail "Redis does not speak TLS: $(tail -n 5 "$dir/redis-tls/redis.log")"
}
redis_tls_cli() { redis-cli -h 127.0.0.1 -p "$tls_port" --tls --cacert "$dir/cert.pem" "$@"; }

# config NAME [section.key=value…]: settings of a deployment of its own: topics and keys have NAME as prefix.
config() {
	local name=$1 pair
	shift
	{
		printf '[kafka]\nbootstrap.servers = 127.0.0.1:%s\n[redis]\nurl = unix://%s/redis.sock\nprefix = %s\n' \
			"$(cat "$dir/kafka.port")" "$dir" "$name"
		printf '[topic]\nprefix = %s.\npartitions = 6\n' "$name"
	} >"$dir/$name.ini"
	printf '%s\n' "$@" >"$dir/$name.sets"
}

# with_sets COMMAND NAME ARGS…: a program with the deployment's settings.
with_sets() {
	local program=$1 name=$2 sets=() line
	shift 2
	while read -r line; do
		[ -z "$line" ] || sets+=(--set "$line")
	done <"$dir/$name.sets"
	exec "$build/bin/$program" --config "$dir/$name.ini" "${sets[@]}" "$@"
}
ctl() { (with_sets funnelctl "$@"); }

# worker_start NAME INSTANCE: its pid in worker-INSTANCE.pid, its log beside it
worker_start() {
	(with_sets funneld "$1" --set "instance.id=$2") >>"$dir/worker-$2.log" 2>&1 </dev/null &
	echo $! >"$dir/worker-$2.pid"
}
worker_pid() { cat "$dir/worker-$1.pid"; }
worker_kill() {
	kill -9 "$(worker_pid "$1")" 2>/dev/null
	wait "$(worker_pid "$1")" 2>/dev/null
	rm -f "$dir/worker-$1.pid"
}
# A clean end; its exit code.
worker_end() {
	local rc=0
	kill -TERM "$(worker_pid "$1")" 2>/dev/null
	wait "$(worker_pid "$1")" || rc=$?
	rm -f "$dir/worker-$1.pid"
	return $rc
}

caught_up() { ctl "$1" wait --caught-up --timeout "${2:-240}" || fail "$1 is not caught up"; }

# What a deployment said and holds, in an order that does not depend on how it went: outputs by topic and key, each in
# its order with its id and time; rows by partition and key. A row that came and went within a batch leaves no trace, in
# another batching a tombstone: neither is a row.
picture() {
	ctl "$1" tail "$1.funnel.layer-changes" "$1.funnel.alerts" "$1.funnel.dead-letters" --from-beginning --until-end --json |
		jq -c '[.topic + " " + .key, .type, .headers.ce_id, .headers.funneld_now, .data]' | sort -s -t, -k1,1
	ctl "$1" tail "$1.funnel.prospects" --from-beginning --until-end --json |
		jq -c '["\(.partition) \(.key)", .data]' |
		awk -F'",' '{ last[$1] = $0 } END { for (k in last) if (last[k] !~ /",null\]$/) print last[k] }' | sort
}
