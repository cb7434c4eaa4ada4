# The faults of chaos.sh, and what they need; sourced. One at a time, and then every partition must give output again.

heal_s=120

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
pause() { sleep "$(awk -v from="$1" -v to="$2" -v r="$RANDOM" 'BEGIN { print (from + (to - from) * r / 32768) / 1000 }')"; }
any_of() { # sets picked
	local words=("$@")
	picked=${words[RANDOM % $#]}
}

# --- processes beside the workers -------------------------------------------------------------------------------------

helper() { echo "$2" >"$dir/helper-$1.pid"; }
# Asks it to end; its exit code.
helper_stop() {
	local pid rc=0
	pid=$(cat "$dir/helper-$1.pid")
	kill -TERM "$pid" 2>/dev/null
	wait "$pid" || rc=$?
	rm -f "$dir/helper-$1.pid"
	return $rc
}
helpers_end() {
	local f
	exec 8>&- 9>&-
	for f in "$dir"/helper-*.pid; do
		[ -e "$f" ] && kill -9 "$(cat "$f")" 2>/dev/null
	done
	return 0
}

# --- workers ----------------------------------------------------------------------------------------------------------

# The proxies live as long as this script alone has their input open.
start_worker() { worker_start work "$1" 8>&- 9>&-; }
kill_worker() { # KIND WORKER: kill -9, noted with what it ran
	local at pid
	pid=$(worker_pid "$2")
	at=$(now_ms)
	{ kill -9 "$pid" && wait "$pid"; } 2>/dev/null
	rm -f "$dir/worker-$2.pid"
	echo "kill $1 $at $(runs "$2")" >>"$dir/faults"
}
# Asks it to end, which must be clean.
end_worker() {
	local pid rc=0
	pid=$(worker_pid "$1")
	kill -TERM "$pid"
	ended_within 90 "$pid" || fail "worker $1 does not end"
	wait "$pid" || rc=$?
	[ $rc -eq 0 ] || fail "worker $1 was asked to end and ended with exit code $rc"
	rm -f "$dir/worker-$1.pid"
}
ended_within() { # SECONDS PID
	local end=$((SECONDS + $1))
	while kafka_pid_alive "$2"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# The partitions that a worker is the latest to run, by the logs: "prospect:3 rep:0".
runs() {
	local line='^.*worker-([a-z]+)\.log:([^ ]+) .* (prospect|rep)-[0-9]+: partition ([0-9]+) runs from offset.*'
	grep -H ' partition [0-9]* runs from offset' "$dir"/worker-*.log | sed -nE "s/$line/\2 \1 \3:\4/p" | sort |
		awk -v w="$1" '{ by[$3] = $2 } END { for (p in by) if (by[p] == w) printf "%s ", p }'
}

# Nothing but our own signals ends a worker, a proxy or the feeder.
look_after() {
	local f name rc
	for f in "$dir"/worker-*.pid "$dir"/helper-*.pid; do
		name=${f##*/} name=${name%.pid}
		kafka_pid_alive "$(cat "$f")" && continue
		rc=0
		wait "$(cat "$f")" || rc=$?
		cat "$dir/${name#helper-}.log" 2>/dev/null | tail -n 40
		fail "$name ended with exit code $rc in a round of $1"
	done
}

# Every partition gives output that was made after a time: layer changes of the prospect stage, rows of the rep stage.
healed() {
	local end=$((SECONDS + heal_s)) n
	while :; do
		n=$(tail -n 20000 "$dir/watched" | awk -v since="$1" \
			'($2 == 0 || $2 == 6) && $5 > since { at[$2 " " $3] = 1 } END { print length(at) }')
		[ "$n" -lt $((2 * partitions)) ] || return 0
		look_after "healing"
		[ $SECONDS -lt $end ] || fail "only $n of $((2 * partitions)) partitions give output $heal_s s after the fault"
		sleep 0.2
	done
}

# --- faults -----------------------------------------------------------------------------------------------------------

declare -A counts=()
count() { counts[$1]=$((${counts[$1]:-0} + 1)); }

proxied() { # kafka|redis VERB…
	case $1 in
	kafka) echo "${*:2}" >&8 ;;
	redis) echo "${*:2}" >&9 ;;
	esac
}

net() { # kafka|redis HOW
	local ms=$((500 + RANDOM % 3500))
	case $2 in
	cut) proxied "$1" cut ;;
	delay)
		proxied "$1" delay $((50 + RANDOM % 400))
		sleep 3
		proxied "$1" pass
		;;
	drop)
		proxied "$1" drop-replies $ms
		pause $ms $((ms + 200))
		;;
	stall)
		proxied "$1" stall $ms
		pause $ms $((ms + 200))
		;;
	esac
}

redis_down() {
	redis_kill "$dir"
	rm -f "$dir/dump.rdb"
	pause 0 1500
}
redis_up() { redis_start "$dir" 8>&- 9>&- || fail "Redis does not start"; }

# A dump of now comes back in a few seconds, as after a failover that forgot.
redis_older() {
	redis-cli -s "$dir/redis.sock" config set dir "$dir" >/dev/null && redis-cli -s "$dir/redis.sock" save >/dev/null ||
		fail "Redis cannot save"
	mv "$dir/dump.rdb" "$dir/older.dump"
	pause 1000 3000
	redis_down
	mv "$dir/older.dump" "$dir/dump.rdb"
	redis_up
	rm -f "$dir/dump.rdb"
}

broker_killed() {
	kafka_kill "$dir"
	pause 0 1500
	kafka_restart "$dir" 8>&- 9>&- || fail "the broker does not come back"
}

broker_stalled() {
	local pid
	pid=$(cat "$dir/kafka.pid")
	kill -STOP "$pid"
	pause 1000 6000
	kill -CONT "$pid"
}

# A frozen worker and a new one with its name: one has to go, with the exit code that says so. Mostly that is the older
# one; when it wakes after its session its client joins as a new member, and whoever joined last stays. Their threads may
# disagree on that, so that both go: then a new one comes, and the table at the end counts it.
twin() {
	local old new left=0 end=$((SECONDS + 90))
	old=$(worker_pid "$1")
	kill -STOP "$old"
	mv "$dir/worker-$1.pid" "$dir/worker-old.pid"
	pause 0 1000
	start_worker "$1"
	new=$(worker_pid "$1")
	healed "$(now_ms)"
	kill -CONT "$old"
	while kafka_pid_alive "$old" && kafka_pid_alive "$new"; do
		[ $SECONDS -lt $end ] || fail "two workers named $1 live on"
		sleep 0.1
	done
	sleep $((2 * session_ms / 1000))
	fenced "$old" || left=$old
	fenced "$new" || left=$new
	rm -f "$dir/worker-old.pid"
	echo "$left" >"$dir/worker-$1.pid"
	case $left in
	"$new") ;;
	"$old") count twin-older-stayed ;;
	*)
		count twin-both-gone
		start_worker "$1"
		;;
	esac
}
# Whether it has ended: then as one that was fenced.
fenced() {
	local rc=0
	! kafka_pid_alive "$1" || return 1
	wait "$1" || rc=$?
	[ $rc -eq 16 ] || fail "one of two workers of one name ended with exit code $rc"
}

# Something is wrong, and in the midst of it a worker is killed.
amid() {
	any_of flush cut drop stalled
	case $picked in
	flush) redis-cli -s "$dir/redis.sock" flushall >/dev/null ;;
	cut) proxied kafka cut ;;
	drop) proxied kafka drop-replies 2000 ;;
	stalled)
		broker_stalled &
		local staller=$!
		;;
	esac
	count "$picked-with-kill"
	note "  amid it: $picked"
	pause 0 1000
	kill_worker amid "$1"
	pause 0 2000
	start_worker "$1"
	[ "$picked" != stalled ] || wait "$staller"
}

rolling() {
	local w
	for w in a b c; do
		end_worker $w
		start_worker $w
		healed "$(now_ms)"
	done
}

disturb() { # KIND
	local kind=$1 victim picked since
	any_of a b c
	victim=$picked
	since=$(now_ms)
	case $kind in
	away | back | two | amid | sleep | twin) note "$kind $victim" ;;
	*) note "$kind" ;;
	esac
	count "$kind"
	case $kind in
	away)
		kill_worker taken-over "$victim"
		healed "$since"
		start_worker "$victim"
		;;
	back)
		kill_worker came-back "$victim"
		start_worker "$victim"
		;;
	two)
		while [ "$picked" = "$victim" ]; do any_of a b c; done
		kill_worker two-at-once "$victim"
		kill_worker two-at-once "$picked"
		start_worker "$picked"
		healed "$since"
		start_worker "$victim"
		;;
	amid) amid "$victim" ;;
	sleep)
		kill -STOP "$(worker_pid "$victim")"
		pause $((session_ms + 1000)) $((session_ms + 4000))
		kill -CONT "$(worker_pid "$victim")"
		;;
	twin) twin "$victim" ;;
	rolling) rolling ;;
	flush) redis-cli -s "$dir/redis.sock" flushall >/dev/null ;;
	empty)
		redis_down
		redis_up
		;;
	older) redis_older ;;
	broker) broker_killed ;;
	stalled) broker_stalled ;;
	*) net "${kind%-*}" "${kind#*-}" ;;
	esac
	healed "$(now_ms)"
}

summary() {
	local kind others=0
	printf '%-28s %5s\n' fault times
	for kind in $(printf '%s\n' "${!counts[@]}" | sort); do
		printf '%-28s %5d\n' "$kind" "${counts[$kind]}"
		case $kind in
		away | back | two | amid | twin-*) ;;
		*) others=$((others + counts[$kind])) ;;
		esac
	done
	echo "$(grep -c '^kill ' "$dir/faults") times kill -9, $others other faults"
}
