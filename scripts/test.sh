#!/usr/bin/env bash
# ./run test [--full]: builds, then every layer of tests. The last line is "N passed, N failed, N skipped", alone.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh

full=0
for option in "$@"; do
	case $option in
	--full) full=1 ;;
	*) die "test: no such option: $option" ;;
	esac
done

with_cleanup
work=$(temp_dir)
at_exit "rm -rf '$work'"
: >"$work/results" # a line for each test
: >"$work/ended" # and one for each that try saw through, of so many:
begun=0
at_exit 'kill $(jobs -p) 2>/dev/null; wait'

# One test, and its output only when it fails, or with shown=1. Exit 77 means skipped.
try() {
	local name=$1 timeout_s=$2 begin=$EPOCHREALTIME log rc=0
	shift 2
	log=$(mktemp -p "$work")
	timeout -k 20 "$timeout_s" "$@" >"$log" 2>&1 </dev/null &
	trap "kill $!" TERM
	wait $! || rc=$?
	case $rc in
	0)
		printf 'ok    %-44s %6ss\n' "$name" "$(seconds_since "$begin")"
		[ -z "${shown:-}" ] || sed 's/^/      /' "$log"
		;;
	77) printf 'skip  %-44s %s\n' "$name" "$(tail -n 1 "$log")" ;;
	*)
		printf 'FAIL  %-44s %6ss  exit %d\n' "$name" "$(seconds_since "$begin")" $rc
		tail -n 200 "$log"
		[ $rc -ne 124 ] || echo "(ended after its ${timeout_s} s)"
		;;
	esac >"$log.told"
	head -n 1 "$log.told" >>"$work/results"
	echo "$name" >>"$work/ended"
	flock "$work/results" cat "$log.told"
	rm -f "$log" "$log.told"
}

# check NAME TIMEOUT_S COMMAND…: a test that wants the machine for itself.
check() {
	wait
	beside "$@"
	wait
}
# beside NAME TIMEOUT_S COMMAND…: one that only computes, on one core: others of its kind run at the same time.
beside() {
	while [ "$(jobs -rp | wc -l)" -ge "${FNL_JOBS:-2}" ]; do wait -n || true; done
	begun=$((begun + 1))
	try "$@" &
}

# programs DIR NAMES [environment…]: the ctest programs whose names (LAYER/test_X) match, each counted.
programs() {
	local dir=$1 names=$2 rc=0
	shift 2
	env "$@" ctest --test-dir "$dir" -R "$names" -j "${FNL_JOBS:-2}" --output-on-failure --no-tests=ignore \
		>"$work/ctest" 2>&1 </dev/null || rc=$?
	# "1/9 Test #3: unit/test_x ....   Passed    0.02 sec"
	awk -v dir="$dir" '
		/^ *[0-9]+\/[0-9]+ Test +#[0-9]+:/ {
			name = $0; sub(/^[^:]*: /, "", name); sub(/ .*/, "", name)
			seconds = $(NF - 1)
			if ($0 ~ / Passed +[0-9.]+ sec/) { printf "ok    %-44s %6.1fs\n", name (dir == "build" ? "" : " (" dir ")"), seconds; next }
			if ($0 ~ /\*\*\*Skipped/) { printf "skip  %-44s\n", name; next }
			why = $0; sub(/^[^*]*\*\*\*/, "", why); sub(/ +[0-9.]+ sec.*/, "", why)
			printf "FAIL  %-44s %6.1fs  %s\n", name (dir == "build" ? "" : " (" dir ")"), seconds, why; show = 1; next
		}
		/^ +Start +[0-9]+:/ { show = 0; next }
		/tests passed, .* failed out of|^Total Test time|^The following tests|^Label Time Summary/ { show = 0 }
		show { print }' "$work/ctest" >"$work/lines"
	cat "$work/lines"
	grep -E '^(ok|FAIL|skip)  ' "$work/lines" >>"$work/results" || true
	if [ $rc -ne 0 ] && ! grep -q '^FAIL ' "$work/lines"; then
		echo "FAIL  ctest in $dir, exit $rc" | tee -a "$work/results"
		cat "$work/ctest"
	fi
}

# Builds as a test of its own kind: when one fails the rest still runs, and the run fails.
built() {
	local begin=$EPOCHREALTIME
	if build "$@"; then
		printf 'built %-44s %6ss\n' "$1" "$(seconds_since "$begin")"
	else
		printf 'FAIL  build of %s\n' "$1" | tee -a "$work/results"
		return 1
	fi
}

packages build kafka test
[ $full -eq 0 ] || packages full

if built build; then
	programs build '^(unit|property|contract|crash|alloc|oracle)/'
	shown=1 check sim/seeds 600 build/bin/sim --seeds 5000 --jobs 2
fi
if command -v clang-format >/dev/null; then
	beside lint/format 240 bash scripts/lint.sh --format
else
	printf 'skip  %-44s no clang-format here\n' lint/format | tee -a "$work/results"
fi
beside arch/arch 300 bash tests/arch/arch.sh build
beside arch/self_test 900 bash tests/arch/self_test.sh build
for script in tests/integration/*.sh; do
	[ -e "$script" ] || continue
	case $script in */debian.sh | */image.sh) continue ;; esac # they need debootstrap and half an hour
	name=${script#tests/}
	check "${name%.sh}" 900 env FNL_BUILD="$FNL_ROOT/build" bash "$script"
done
check chaos/chaos 900 env FNL_BUILD="$FNL_ROOT/build" bash tests/chaos/chaos.sh
[ $full -eq 0 ] || . scripts/test_full.sh

[ "$(wc -l <"$work/ended")" -eq $begun ] || echo "FAIL  of $begun tests not all came to an end" >>"$work/results"
# Whoever sees only the end of this still learns what failed.
results() { grep -c "^$1  " "$work/results" || true; }
failed=$(results FAIL)
[ "$failed" -eq 0 ] || grep '^FAIL  ' "$work/results"
echo "$(results ok) passed, $failed failed, $(results skip) skipped"
[ "$failed" -eq 0 ]
