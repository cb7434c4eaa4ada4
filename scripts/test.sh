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

passed=0 failed=0 skipped=0
with_cleanup
work=$(temp_dir)
at_exit "rm -rf '$work'"

# check NAME TIMEOUT_S COMMAND…: one test; its output is shown only when it fails, or with shown=1. Exit 77 means skipped.
check() {
	local name=$1 timeout_s=$2 begin=$EPOCHREALTIME rc=0
	shift 2
	timeout -k 20 "$timeout_s" "$@" >"$work/log" 2>&1 </dev/null || rc=$?
	case $rc in
	0)
		passed=$((passed + 1)) && printf 'ok    %-44s %6ss\n' "$name" "$(seconds_since "$begin")"
		[ -z "${shown:-}" ] || sed 's/^/      /' "$work/log"
		;;
	77) skipped=$((skipped + 1)) && printf 'skip  %-44s %s\n' "$name" "$(tail -n 1 "$work/log")" ;;
	*)
		failed=$((failed + 1))
		[ $rc -ne 124 ] || echo "(ended after its ${timeout_s} s)" >>"$work/log"
		printf 'FAIL  %-44s %6ss  exit %d\n' "$name" "$(seconds_since "$begin")" $rc | tee -a "$work/failures"
		tail -n 200 "$work/log"
		;;
	esac
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
	count_lines "$work/lines"
	if [ $rc -ne 0 ] && ! grep -q '^FAIL ' "$work/lines"; then
		failed=$((failed + 1))
		echo "FAIL  ctest in $dir, exit $rc" | tee -a "$work/failures"
		cat "$work/ctest"
	fi
}

count_lines() {
	passed=$((passed + $(grep -c '^ok    ' "$1" || true)))
	failed=$((failed + $(grep -c '^FAIL  ' "$1" || true)))
	skipped=$((skipped + $(grep -c '^skip  ' "$1" || true)))
	grep '^FAIL  ' "$1" >>"$work/failures" || true
}

# Builds as a test of its own kind: when one fails the rest still runs, and the run fails.
built() {
	local begin=$EPOCHREALTIME
	if build "$@"; then
		printf 'built %-44s %6ss\n' "$1" "$(seconds_since "$begin")"
	else
		failed=$((failed + 1))
		printf 'FAIL  build of %s\n' "$1" | tee -a "$work/failures"
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
	check lint/format 120 bash scripts/lint.sh --format
else
	printf 'skip  %-44s no clang-format here\n' lint/format
	skipped=$((skipped + 1))
fi
check arch/arch 300 bash tests/arch/arch.sh build
check arch/self_test 600 bash tests/arch/self_test.sh build
for script in tests/integration/*.sh; do
	[ -e "$script" ] || continue
	case $script in */debian.sh | */image.sh) continue ;; esac # they need debootstrap and half an hour
	name=${script#tests/}
	check "${name%.sh}" 900 env FNL_BUILD="$FNL_ROOT/build" bash "$script"
done
check chaos/chaos 400 env FNL_BUILD="$FNL_ROOT/build" bash tests/chaos/chaos.sh
[ $full -eq 0 ] || . scripts/test_full.sh

# Whoever sees only the end of this still learns what failed.
[ $failed -eq 0 ] || cat "$work/failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
