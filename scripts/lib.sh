# Shared by the verbs of ./run; sourced, with the repository as working directory.
# bash only, and nothing that a fresh Debian does not have.

# What is fetched once (Kafka's jars) lies in FUNNELD_CACHE. The scripts find it as .run/cache, because a variable that is
# no setting would be refused by the programs, which read FUNNELD_… from the environment.
link_cache() {
	local cache=${FUNNELD_CACHE:-${HOME:-/root}/.cache/funneld}
	unset FUNNELD_CACHE
	mkdir -p .run
	if [ ! -e .run/cache ]; then
		mkdir -p "$cache" && ln -sfn "$cache" .run/cache
	fi
}
link_cache

say() { printf '%s\n' "$*" >&2; }
die() {
	say "run: $*"
	exit 1
}

usage() {
	cat <<-'TEXT'
	usage: ./run VERB [OPTION…]

	  demo [--kafka] [--fast] [--keep]   a sales funnel from feed to view, start to end; leaves nothing behind
	       --kafka   worker and tool as in a deployment, on a real Kafka, instead of all in one process
	       --fast    without pauses; with --kafka a smaller feed
	       --keep    stays up afterwards and says how to look around (Ctrl-C ends it)
	  test [--full]   build, lint of the format, every test but the slow ones; the last line counts them
	       --full    and clang-tidy, cppcheck, sanitizers, fuzzing: what CI runs
	  sim             the simulation: 5,000 seeds; --seed S [--trace] one again; --mutations the table of rules taken away
	  lint            format, clang-tidy, cppcheck
	  bench           the figures of tests/bench
	  coverage        how much of core and engine the tests run; fails under 95 % of lines or 85 % of branches. No part
	                  of test: a build of its own, and some minutes
	  chaos           real workers under kill -9, SIGSTOP and broken peers
	  up, down        a local real Kafka and Redis under .run/up; up prints their settings, down ends just these
	  build           only the programs, into build/bin
	TEXT
}

# --- packages -------------------------------------------------------------------------------------------------------

# One word a package; PACKAGE:COMMAND is satisfied by the command, wherever it comes from.
packages_of() {
	case $1 in
	build) echo gcc libc6-dev cmake:cmake ninja-build:ninja pkgconf:pkg-config librdkafka-dev libavro-dev libhiredis-dev libssl-dev \
		libjemalloc-dev libmicrohttpd-dev libcmocka-dev libjansson-dev libinih-dev libcsv-dev uuid-dev nettle-dev redis-server:redis-server \
		redis-tools:redis-cli procps:pgrep tzdata ;;
	kafka) echo default-jre-headless:java maven:mvn ;;
	test) echo jq:jq patch:patch python3:python3 kcat:kcat openssl:openssl ;;
	coverage) echo gcovr:gcovr jq:jq ;;
	full) echo docker-compose:docker-compose clang:clang clang-tidy:clang-tidy clang-format:clang-format cppcheck:cppcheck libclang-rt-dev llvm:llvm-symbolizer ;;
	esac
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# The sanitizer runtimes come by a package of clang's own version on some systems.
has_clang_runtime() { compgen -G '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a' >/dev/null; }

missing_packages() {
	local set entry package command
	for set in "$@"; do
		for entry in $(packages_of "$set"); do
			package=${entry%%:*} command=${entry#*:}
			if [ "$command" != "$entry" ] && command -v "$command" >/dev/null; then
				continue
			fi
			if [ "$package" = libclang-rt-dev ] && has_clang_runtime; then
				continue
			fi
			installed "$package" || printf '%s ' "$package"
		done
	done
}

# runtime_packages PROGRAM…: what they need where nothing is built: the packages of the libraries they load, and of the
# files that those read.
runtime_packages() {
	local library
	ldd "$@" | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' | sort -u | while read -r library; do
		dpkg-query -S "$(readlink -f "$library")" || die "no package has $library"
	done | cut -d: -f1 | sort -u
	printf '%s\n' ca-certificates tzdata
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		return 1
	fi
}

# Packages may bring services (redis-server does): we want their programs only, so nothing may be started.
no_services() {
	local policy=/usr/sbin/policy-rc.d ours=0 rc=0
	if [ ! -e $policy ]; then
		ours=1
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy
	fi
	"$@" || rc=$?
	[ $ours -eq 0 ] || as_root rm -f $policy
	return $rc
}

# packages SET…: installs what is missing of these sets, or says what it could not and ends.
packages() {
	local missing log
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || die "needs a Debian with apt-get, or these installed by hand: $missing"
	as_root true || die "needs root (or sudo) once, to install: $missing"
	say "installing: $missing"
	log=$(mktemp)
	# A third-party source that is away must not stop us: what matters is whether the packages come.
	as_root apt-get -q update >"$log" 2>&1 || say "apt-get update had errors; going on with what it has"
	# shellcheck disable=SC2086
	if ! no_services as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o Dpkg::Options::=--force-confold install $missing >>"$log" 2>&1; then
		tail -n 25 "$log" >&2
		rm -f "$log"
		die "apt-get could not install: $missing"
	fi
	rm -f "$log"
}

# --- build ----------------------------------------------------------------------------------------------------------

# build DIR [cmake option…] [-- target…]: configures and builds all, or these; its output is shown only when it fails.
build() {
	local dir=$1 log options=() targets=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -le 1 ] || targets=(--target "${@:2}")
	log=$(mktemp)
	if ! { cmake -S . -B "$dir" -G Ninja "${options[@]}" &&
		cmake --build "$dir" -j "${FNL_JOBS:-2}" "${targets[@]}"; } >"$log" 2>&1; then
		grep -E -A12 'error|FAILED|CMake Error' "$log" | head -n 80 >&2 || tail -n 40 "$log" >&2
		rm -f "$log"
		say "build of $dir failed"
		return 1
	fi
	rm -f "$log"
}

# --- processes and directories that must not outlive us ---------------------------------------------------------------

fnl_at_exit=()
at_exit() { fnl_at_exit+=("$1"); }
run_at_exit() {
	local rc=$? i
	trap '' INT TERM HUP
	for ((i = ${#fnl_at_exit[@]} - 1; i >= 0; i--)); do
		eval "${fnl_at_exit[i]}" || true
	done
	exit $rc
}
# From here on at_exit's commands run however the script ends.
with_cleanup() {
	trap run_at_exit EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

# A temp directory whose path is short enough for a unix socket in it.
temp_dir() {
	local dir
	dir=$(mktemp -d "${TMPDIR:-/tmp}/funneld.XXXXXX")
	[ ${#dir} -lt 70 ] || { rmdir "$dir"; dir=$(mktemp -d /tmp/funneld.XXXXXX); }
	printf '%s' "$dir"
}

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
