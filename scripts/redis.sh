#!/usr/bin/env bash
# A private Redis for tests, demo and bench: needs redis-server and redis-cli, nothing else. It keeps nothing on disk.
#   scripts/redis.sh start DIR [PORT|unix]   on 127.0.0.1:PORT, or (the default) on the socket DIR/redis.sock alone
#   scripts/redis.sh stop DIR                end it by its pid and wait
#   scripts/redis.sh kill DIR                kill -9, as a crash
# DIR gets redis.pid, redis.url (for the setting redis.url), redis.log and, where so asked, redis.sock.
# FUNNELD_REDIS_PARENT: pid of a process without which the server shall not live on.
# May be sourced: then redis_start, redis_stop, redis_kill and redis_alive are functions.

redis_up_s=10
redis_down_s=10

redis_say() { printf 'redis: %s\n' "$*" >&2; }

# A zombie counts as gone: inside a container nobody may reap it. The name guards against a pid used again.
redis_pid_alive() {
	local stat
	kill -0 "$1" 2>/dev/null || return 1
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	[[ $stat == *"(redis-server)"* ]] || return 1
	stat=${stat##*) }
	[ "${stat:0:1}" != Z ]
}

redis_alive() {
	local pid
	pid=$(cat "$1/redis.pid" 2>/dev/null) && [ -n "$pid" ] && redis_pid_alive "$pid"
}

# The server goes with its parent even when that one is killed and cannot tidy up.
redis_watch_parent() {
	local pid=$1 parent=$2
	while redis_pid_alive "$pid"; do
		kill -0 "$parent" 2>/dev/null || { kill -9 "$pid" 2>/dev/null; break; }
		sleep 1
	done
}

redis_start() {
	local dir=${1:?DIR} where=${2:-unix} pid deadline
	local -a listen client
	command -v redis-server >/dev/null && command -v redis-cli >/dev/null || {
		redis_say "redis-server and redis-cli are needed (Debian: redis-server)"
		return 1
	}
	mkdir -p "$dir" && dir=$(cd "$dir" && pwd) || return 1
	if redis_alive "$dir"; then
		redis_say "already running in $dir, pid $(cat "$dir/redis.pid")"
		return 1
	fi
	if [ "$where" = unix ]; then
		rm -f "$dir/redis.sock"
		listen=(--port 0 --unixsocket "$dir/redis.sock" --unixsocketperm 700)
		client=(-s "$dir/redis.sock")
		echo "unix://$dir/redis.sock" > "$dir/redis.url"
	else
		[[ $where =~ ^[1-9][0-9]{0,4}$ ]] || { redis_say "not a port: $where"; return 1; }
		listen=(--port "$where" --bind 127.0.0.1)
		client=(-h 127.0.0.1 -p "$where")
		echo "redis://127.0.0.1:$where" > "$dir/redis.url"
	fi
	redis-server "${listen[@]}" --daemonize no --save '' --appendonly no --maxmemory-policy noeviction \
		--dir "$dir" > "$dir/redis.log" 2>&1 </dev/null &
	pid=$!
	disown "$pid"
	echo "$pid" > "$dir/redis.pid"
	if [ -n "${FUNNELD_REDIS_PARENT:-}" ]; then
		redis_watch_parent "$pid" "$FUNNELD_REDIS_PARENT" >/dev/null 2>&1 </dev/null &
		disown $!
	fi
	deadline=$((SECONDS + redis_up_s))
	while ((SECONDS < deadline)); do
		kill -0 "$pid" 2>/dev/null || break
		# The pid too: on a taken port another server would answer.
		if [ "$(redis-cli "${client[@]}" INFO server 2>/dev/null | tr -d '\r' | sed -n 's/^process_id://p')" = "$pid" ]; then
			return 0
		fi
		sleep 0.05
	done
	redis_say "the server did not come up; the end of $dir/redis.log:"
	tail -n 5 "$dir/redis.log" >&2
	kill -9 "$pid" 2>/dev/null
	rm -f "$dir/redis.pid"
	return 1
}

redis_end() {
	local dir=$1 signal=$2 pid deadline
	if ! redis_alive "$dir"; then
		rm -f "$dir/redis.pid"
		return 0
	fi
	pid=$(cat "$dir/redis.pid")
	kill "-$signal" "$pid" 2>/dev/null
	deadline=$((SECONDS + redis_down_s))
	while redis_pid_alive "$pid"; do
		if ((SECONDS >= deadline)); then
			if [ "$signal" = KILL ]; then
				redis_say "pid $pid does not end"
				return 1
			fi
			signal=KILL
			redis_say "pid $pid did not end in $redis_down_s s: kill -9"
			kill -9 "$pid" 2>/dev/null
			deadline=$((SECONDS + redis_down_s))
		fi
		sleep 0.05
	done
	rm -f "$dir/redis.pid" "$dir/redis.sock"
}

redis_stop() { redis_end "${1:?DIR}" TERM; }
redis_kill() { redis_end "${1:?DIR}" KILL; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	verb=${1:-}
	[ $# -gt 0 ] && shift
	case $verb in
	start | stop | kill) "redis_$verb" "$@" ;;
	*)
		sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
fi
