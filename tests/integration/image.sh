#!/usr/bin/env bash
# The Dockerfile without Docker: its steps, each stage in a fresh Debian of its own, and then what the image promises: the
# programs run as nobody in particular, load all they need from the packages of the second stage, and do their work with a real
# Kafka and a Redis that speaks TLS. Not part of ./run test: needs root, debootstrap, and a while.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
with_cleanup
. tests/support/jail.sh
dir=$(temp_dir)
at_exit "rm -rf '$dir'"
begin=$SECONDS
took() { printf '%-70.70s %4d s\n' "$1" $((SECONDS - begin)) && begin=$SECONDS; }

# What Docker sends to the build: the tree, less what .dockerignore names.
context=$jails/context
mkdir "$context"
git archive HEAD | tar -x -C "$context"
while read -r pattern; do
	case $pattern in
	'' | '#'*) ;;
	*[!A-Za-z0-9_.*-]*) fail ".dockerignore: what $pattern leaves out is more than this script knows" ;;
	*)
		# shellcheck disable=SC2086
		(cd "$context" && rm -rf -- $pattern)
		;;
	esac
done <"$context/.dockerignore"
git show HEAD:Dockerfile >"$jails/Dockerfile"

# --- its instructions -----------------------------------------------------------------------------------------------

declare -A stages
stage='' workdir=/ user='' entrypoint='' healthcheck=''
variables=()

start_stage() { # debian:SUITE-slim [AS NAME]
	[[ $1 =~ ^debian:([a-z]+)-slim( AS ([a-z]+))?$ ]] || fail "FROM $1: only a Debian can be made here"
	local suite=${BASH_REMATCH[1]} name=${BASH_REMATCH[3]:-last}
	[ -d "$jails/$suite" ] || jail_make "$jails/$suite" "$suite"
	stage=$jails/stage-$name
	cp -a "$jails/$suite" "$stage"
	jail_open "$stage"
	stages[$name]=$stage
	workdir=/ user='' entrypoint='' healthcheck='' variables=()
}

# put [--from=STAGE] SOURCE… TARGET: a folder is copied as what is in it, as Docker does.
put() {
	local from=$context source target=${*: -1}
	if [[ $1 == --from=* ]]; then
		from=${stages[${1#--from=}]}
		shift
	fi
	[[ $target == /* ]] || target=${workdir%/}/$target
	for source in "${@:1:$#-1}"; do
		source=$from/$source
		[ -e "$source" ] || fail "COPY: there is no ${source#"$from"/}"
		if [ -d "$source" ]; then
			mkdir -p "$stage$target" && cp -a "$source/." "$stage$target/"
		elif [[ $target == */ ]]; then
			mkdir -p "$stage$target" && cp "$source" "$stage$target"
		else
			mkdir -p "$stage$(dirname "$target")" && cp "$source" "$stage$target"
		fi
	done
}

within() { jail_user=$user inside "$stage" "cd '$workdir' && $1" "${variables[@]}"; }
words() { jq -er '.[]' <<<"$1" | paste -sd ' '; } # ["a", "b"] as words of a shell; none has a blank in it

instruction() { # NAME REST
	local words
	case $1 in
	FROM) start_stage "$2" ;;
	WORKDIR) workdir=$2 && mkdir -p "$stage$2" ;;
	COPY) read -ra words <<<"$2" && put "${words[@]}" ;;
	RUN) within "$2" >"$jails/log" 2>&1 || { tail -n 30 "$jails/log" && fail "RUN $2"; } ;;
	ENV) variables+=("$2") ;;
	EXPOSE) ;;
	USER) user=$2 ;;
	HEALTHCHECK) healthcheck=$(words "${2#*CMD }") ;;
	ENTRYPOINT) entrypoint=$(words "$2") ;;
	*) fail "$1: this script does not know it" ;;
	esac
	took "$1 $2"
}

while read -r name rest; do
	instruction "$name" "$rest" </dev/null
done < <(sed -e '/^[[:space:]]*\(#\|$\)/d' "$jails/Dockerfile" | sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*/ /;ba' -e '}')

# --- what the image promises ----------------------------------------------------------------------------------------

for program in "$entrypoint" funnelctl; do
	within "$program --version" || fail "$program --version"
	within "$program --help" >"$jails/log" || fail "$program --help"
	grep -q '^usage: ' "$jails/log" || fail "$program --help tells nothing"
	within "ldd \$(command -v $program)" >"$jails/libraries" || fail "ldd $program"
	! grep 'not found' "$jails/libraries" || fail "$program lacks libraries"
done
grep -q libhiredis_ssl "$jails/libraries" || fail "the programs have no TLS for Redis"
[ "$(within 'id -u')" -gt 0 ] || fail "it runs as root"
! within 'touch /usr/local/bin/x' 2>/dev/null || fail "it may write where its programs are"
! within 'dpkg-query -W -f "\${Package}\n"' | grep -E -- '-dev$|^(gcc|cmake|ninja-build|redis-server)$' ||
	fail "the second stage has what only the first needs"
! within "$healthcheck" >/dev/null 2>&1 || fail "HEALTHCHECK is content without a worker"
took "programs, libraries, user, packages"
du -sh --exclude=proc "$stage" | awk '{ print "the image has " $1 }'

# --- its programs at work -------------------------------------------------------------------------------------------

# As docker-compose.yml starts them: its environment, its names for the others' hosts, a file system that nobody can write to.
# Its Redis alone is another here: one that speaks TLS, for which the image has libraries that not every Debian has.
at_exit cluster_end
kafka_start "$dir" "$(kafka_free_port)" || fail "Kafka"
redis_tls_start DNS:redis
printf '127.0.0.1 %s\n' localhost kafka redis >"$stage/etc/hosts"
install -D -m 444 "$dir/cert.pem" "$stage/run/secrets/redis.pem"
mapfile -t environment < <(git show HEAD:docker-compose.yml | sed -n -e "s#kafka:19092#kafka:$(cat "$dir/kafka.port")#" \
	-e "s#redis://redis:6379/#rediss://redis:$tls_port/#" -e 's/^ *\(FUNNELD_[A-Z_]*\): */\1=/p')
jail_read_only=1 jail_tmpfs=$(git show HEAD:docker-compose.yml | sed -n 's/^ *tmpfs: \[\(.*\)\]$/\1/p')
[ ${#environment[@]} -ge 2 ] || fail "docker-compose.yml gives the worker: ${environment[*]}"
variables+=("${environment[@]}" "FUNNELD_HTTP_LISTEN=127.0.0.1:$(kafka_free_port)")

# does COMMAND: what it says is in the file said.
does() { within "$1" >"$dir/said" 2>&1 </dev/null; }
! does 'touch /var/tmp/x' || fail "the file system can be written to"
does 'funnelctl topics create' || fail "topics: $(cat "$dir/said")"
! does "$entrypoint --check" || fail "a certificate that nobody trusts is accepted"
grep -q 'self-signed certificate' "$dir/said" || fail "its check: $(cat "$dir/said")"
variables+=(FUNNELD_REDIS_SSL_CA_LOCATION=/run/secrets/redis.pem)
(jail_user=$user enter "$stage" "exec $entrypoint" "${variables[@]}") >"$dir/worker-image.log" 2>&1 </dev/null &
echo $! >"$dir/worker-image.pid"
for ((i = 0; i < 300; i++)); do
	does "$healthcheck" && break
	kill -0 "$(worker_pid image)" 2>/dev/null || break
	sleep 0.2
done
does "$healthcheck" || fail "HEALTHCHECK: $(cat "$dir/said")"
does 'funnelctl simulate --prospects 40 --reps 4' || fail "simulate: $(cat "$dir/said")"
does 'funnelctl wait --caught-up --timeout 180' || fail "not caught up: $(cat "$dir/said")"
does 'funnelctl verify' || fail "verify: $(cat "$dir/said")"
does "$healthcheck" || fail "HEALTHCHECK at the end: $(cat "$dir/said")"
within 'funnelctl funnel --by layer'
within 'funnelctl funnel --by layer --json' | jq -e '[.rows[].count] | add > 0' >/dev/null || fail "nobody is in the funnel"
[ "$(redis_tls_cli dbsize)" -gt 0 ] || fail "nothing in Redis"
worker_end image || fail "the worker ends with $?"
took "a worker on Kafka and a Redis that speaks TLS"
