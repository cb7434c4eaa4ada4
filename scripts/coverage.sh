#!/usr/bin/env bash
# ./run coverage: which lines and branches of core and engine run in the tests of one process. Not part of ./run test: a
# build of its own, and some minutes. Fails when a ring has less than 95 % of its lines or 85 % of its branches.
# What is missing, file by file: build-coverage/coverage.txt; with the sources: build-coverage/coverage/index.html.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh

lines_min=95 branches_min=85
[ $# -eq 0 ] || die "coverage: no such option: $1"
packages build coverage
build build-coverage -DFNL_COVERAGE=ON || exit 1
find build-coverage -name '*.gcda' -delete # of the run before
with_cleanup
log=$(mktemp)
at_exit "rm -f '$log'"

# ran WHAT COMMAND…: its output is shown only when it fails
ran() {
	local what=$1 begin=$EPOCHREALTIME
	shift
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 60 "$log" >&2
		die "coverage: $what failed"
	fi
	printf 'ran   %-44s %6ss\n' "$what" "$(seconds_since "$begin")"
}
tests() { env FNL_SEEDS=25 ctest --test-dir build-coverage -j "${FNL_JOBS:-2}" --output-on-failure "$@"; }

ran "unit, property, crash, alloc" tests -L '^(unit|property|crash|alloc)$'
ran "oracle, 25 seeds" tests -R '^oracle/' -E tampered
ran "contract, without servers" tests -R '^contract/test_(codec|log_embedded|rep_rows|router|schemas|store_fake|store_memory)'
for workload in counter paged prospect rep org; do
	ran "sim, $workload, 60 seeds" build-coverage/bin/sim --seeds 60 --jobs "${FNL_JOBS:-2}" --workload $workload
done

# gcovr's own words for branches that no source has: those of exceptions, and those that the compiler knows never run.
# The rest counts, also what only an allocation that fails can reach: the tests of alloc/ have to get there.
mkdir -p build-coverage/coverage
found=build-coverage/coverage.json
ran "gcovr" gcovr -r . --object-directory build-coverage --filter 'src/core/' --filter 'src/engine/' \
	--exclude-throw-branches --exclude-unreachable-branches -j "${FNL_JOBS:-2}" --json "$found"
report() { gcovr -r . -a "$found" "$@"; }
{ report --txt && report --txt --branches; } >build-coverage/coverage.txt
report --html-details build-coverage/coverage/index.html >/dev/null

rc=0
for ring in core engine; do
	printf '\n%s, at least %d %% of lines and %d %% of branches\n' $ring $lines_min $branches_min
	report --filter "src/$ring/" --print-summary --txt build-coverage/ring.txt --fail-under-line $lines_min \
		--fail-under-branch $branches_min >"$log" 2>&1 || rc=1
	grep -E '^(lines|branches)|failed' "$log"
done
printf '\nthe files with most that does not run (branches, then lines); all: build-coverage/coverage.txt\n'
report --json-summary build-coverage/summary.json >/dev/null
jq -r '[.files[] | [.branch_total - .branch_covered, .line_total - .line_covered, .filename]] | sort | reverse | .[:12][] |
	@tsv' build-coverage/summary.json | awk '{ printf "%5d %5d  %s\n", $1, $2, $3 }'
exit $rc
