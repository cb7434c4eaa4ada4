#!/usr/bin/env bash
# A real, single Kafka broker for tests, demo and bench: needs java (17) and mvn, nothing else.
#   scripts/kafka.sh fetch            copy the broker's jars into the cache, unless they are there
#   scripts/kafka.sh start DIR PORT   format DIR/kafka-data, start on 127.0.0.1:PORT, wait until it answers
#   scripts/kafka.sh stop DIR         end it by its pid and wait
#   scripts/kafka.sh kill DIR         kill -9, as a crash
#   scripts/kafka.sh restart DIR      start it again on the same data and port (after stop or kill)
# DIR gets kafka.pid, kafka.port and kafka.log. FUNNELD_CACHE is the cache (default .run/cache).
# kafka_extra (a variable of who sources this): a file of lines that win over those of server.properties.in.
# FNL_KAFKA_JVM: an option for the JVM instead of that of short lives.
# FUNNELD_KAFKA_PARENT: pid of a process without which the broker shall not live on (a test program).
# May be sourced: then kafka_fetch, kafka_start … are functions.

kafka_home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kafka_cache=${FUNNELD_CACHE:-$kafka_home/.run/cache}
kafka_libs=$kafka_cache/kafka-libs
# What lives for a minute never gets back what the JVM's second compiler takes; who measures wants it (-server).
kafka_jvm=${FNL_KAFKA_JVM:--XX:TieredStopAtLevel=1}
kafka_up_s=60
kafka_down_s=30

kafka_say() { printf 'kafka: %s\n' "$*" >&2; }

kafka_fetch() {
	local want part
	want=$(cksum < "$kafka_home/scripts/kafka/pom.xml")
	[ "$(cat "$kafka_libs/.complete" 2>/dev/null)" = "$want" ] && return 0
	if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
		kafka_say "java and mvn are needed (Debian: openjdk-17-jre-headless, maven)"
		return 1
	fi
	mkdir -p "$kafka_cache" || return 1
	# Into a folder of our own first: two may fetch at once, and half a fetch must not look like a whole one.
	part=$(mktemp -d "$kafka_cache/kafka-libs.XXXXXX") || return 1
	kafka_say "fetching the broker's jars with Maven into $kafka_libs"
	if ! mvn -q -B -f "$kafka_home/scripts/kafka/pom.xml" dependency:copy-dependencies \
		-DoutputDirectory="$part" -DincludeScope=runtime > "$part/mvn.log" 2>&1 </dev/null; then
		grep -m 2 ERROR "$part/mvn.log" >&2
		rm -rf "$part"
		kafka_say "Maven could not fetch the broker: is a Maven repository reachable (~/.m2/settings.xml for a mirror)?"
		return 1
	fi
	rm -f "$part/mvn.log"
	printf '%s\n' "$want" > "$part/.complete"
	rm -rf "$kafka_libs"
	mv -T "$part" "$kafka_libs" 2>/dev/null || rm -rf "$part"
	[ -f "$kafka_libs/.complete" ]
}

kafka_port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the ephemeral ports, so that no outgoing connection takes it meanwhile.
kafka_free_port() {
	local port i
	for i in {1..50}; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		kafka_port_open "$port" || { echo "$port"; return 0; }
	done
	return 1
}

# A zombie counts as gone: inside a container nobody may reap it.
kafka_pid_alive() {
	local stat
	kill -0 "$1" 2>/dev/null || return 1
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	stat=${stat##*) }
	[ "${stat:0:1}" != Z ]
}

# The broker goes with its parent even when that one is killed and cannot tidy up.
kafka_watch_parent() {
	local pid=$1 parent=$2
	while kafka_pid_alive "$pid"; do
		kafka_pid_alive "$parent" || { kill -9 "$pid" 2>/dev/null; break; }
		sleep 1
	done
}

kafka_run() {
	local dir=$1 port pid seen deadline
	port=$(cat "$dir/kafka.port" 2>/dev/null) || { kafka_say "$dir has no broker"; return 1; }
	if kafka_alive "$dir"; then
		kafka_say "already running in $dir, pid $(cat "$dir/kafka.pid")"
		return 1
	fi
	touch "$dir/kafka.log"
	seen=$(wc -c < "$dir/kafka.log")
	java "$kafka_jvm" -Xms256m -Xmx768m -XX:+UseSerialGC -cp "$kafka_libs/*" \
		-Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
		-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
		kafka.Kafka "$dir/server.properties" >> "$dir/kafka.log" 2>&1 </dev/null &
	pid=$!
	disown "$pid"
	echo "$pid" > "$dir/kafka.pid"
	if [ -n "${FUNNELD_KAFKA_PARENT:-}" ]; then
		kafka_watch_parent "$pid" "$FUNNELD_KAFKA_PARENT" >/dev/null 2>&1 </dev/null &
		disown $!
	fi
	deadline=$((SECONDS + kafka_up_s))
	while ((SECONDS < deadline)); do
		kafka_pid_alive "$pid" || break
		if tail -c "+$((seen + 1))" "$dir/kafka.log" | grep -q 'Kafka Server started' && kafka_port_open "$port"; then
			return 0
		fi
		sleep 0.1
	done
	kafka_say "the broker did not come up on 127.0.0.1:$port; the end of $dir/kafka.log:"
	tail -n 8 "$dir/kafka.log" >&2
	kill -9 "$pid" 2>/dev/null
	rm -f "$dir/kafka.pid"
	return 1
}

kafka_start() {
	local dir=${1:?DIR} port=${2:?PORT} controller
	kafka_fetch || return 1
	mkdir -p "$dir" && dir=$(cd "$dir" && pwd) || return 1
	if kafka_port_open "$port"; then
		kafka_say "port $port of 127.0.0.1 is taken"
		return 1
	fi
	if [ ! -d "$dir/kafka-data" ]; then
		controller=$(kafka_free_port) || return 1
		sed -e "s#@DATA@#$dir/kafka-data#" -e "s#@PORT@#$port#" -e "s#@CONTROLLER_PORT@#$controller#" \
			"$kafka_home/scripts/kafka/server.properties.in" > "$dir/server.properties" || return 1
		[ -z "${kafka_extra:-}" ] || cat "$kafka_extra" >> "$dir/server.properties" || return 1
		if ! java "$kafka_jvm" -Xmx128m -cp "$kafka_libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
			kafka.tools.StorageTool format -t "$(kafka_cluster_id)" -c "$dir/server.properties" \
			> "$dir/kafka.log" 2>&1 </dev/null; then
			tail -n 5 "$dir/kafka.log" >&2
			kafka_say "could not format $dir/kafka-data"
			return 1
		fi
		echo "$port" > "$dir/kafka.port"
	fi
	kafka_run "$dir"
}

# 16 random bytes in URL-safe base64 without padding, as Kafka's own ids are.
# The first is fixed: a leading '-' would be read as an option.
kafka_cluster_id() { printf 'f%s' "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' | tail -c +2)"; }

kafka_alive() {
	local pid
	pid=$(cat "$1/kafka.pid" 2>/dev/null) && [ -n "$pid" ] && kafka_pid_alive "$pid"
}

kafka_end() {
	local dir=$1 signal=$2 pid deadline
	if ! kafka_alive "$dir"; then
		rm -f "$dir/kafka.pid"
		return 0
	fi
	pid=$(cat "$dir/kafka.pid")
	kill "-$signal" "$pid" 2>/dev/null
	deadline=$((SECONDS + kafka_down_s))
	while kafka_pid_alive "$pid"; do
		if ((SECONDS >= deadline)); then
			if [ "$signal" = KILL ]; then
				kafka_say "pid $pid does not end"
				return 1
			fi
			signal=KILL
			kafka_say "pid $pid did not end in $kafka_down_s s: kill -9"
			kill -9 "$pid" 2>/dev/null
			deadline=$((SECONDS + kafka_down_s))
		fi
		sleep 0.05
	done
	rm -f "$dir/kafka.pid"
}

kafka_stop() { kafka_end "${1:?DIR}" TERM; }
kafka_kill() { kafka_end "${1:?DIR}" KILL; }
kafka_restart() { kafka_fetch && kafka_run "${1:?DIR}"; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	verb=${1:-}
	[ $# -gt 0 ] && shift
	case $verb in
	fetch | start | stop | kill | restart) "kafka_$verb" "$@" ;;
	*)
		sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
fi
