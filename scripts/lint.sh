#!/usr/bin/env bash
# ./run lint: format, clang-tidy, cppcheck over our own C files. With --format, --tidy or --cppcheck only that one;
# --fix writes the format.
set -euo pipefail
cd "${FNL_ROOT:-$(dirname "$0")/..}"
. scripts/lib.sh

format=0 tidy=0 cppcheck=0 fix=0
for option in "$@"; do
	case $option in
	--format) format=1 ;;
	--tidy) tidy=1 ;;
	--cppcheck) cppcheck=1 ;;
	--fix) fix=1 format=1 ;;
	*) die "lint: no such option: $option" ;;
	esac
done
if [ $((format + tidy + cppcheck)) -eq 0 ]; then
	format=1 tidy=1 cppcheck=1
	packages build full
fi

# same TOOL VERSION: others find other things; what counts is what those of Debian 12 find.
same() {
	local version
	version=$($1 --version | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
	[[ "$version." == "$2".* ]] || { echo "what counts is $1 $2, of Debian 12; here is $version"; exit 77; }
}
sources() { find include src tests tools -name '*.c' -o -name '*.h' | sort; }
units() { find src tools -name '*.c' -not -path src/base/status.c | sort; } # status.c defines what analyzer.h redefines
rc=0

if [ $fix -eq 1 ]; then
	command -v clang-format >/dev/null || packages full
	sources | xargs -r clang-format -i
elif [ $format -eq 1 ]; then
	same clang-format 14
	wrong=$(sources | xargs -r clang-format --dry-run 2>&1 | grep -E ': (error|warning): ' || true)
	[ -z "$wrong" ] || { printf '%s\n' "$wrong" "./run lint --fix writes the format" && rc=1; }
fi
if [ $tidy -eq 1 ]; then
	same clang-tidy 14
	# Its own tree: clang's view of the compile commands, and the generated records; nothing else is built.
	build build-tidy -DCMAKE_C_COMPILER=clang -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -- fnl_records
	units | xargs -r -n 4 -P "${FNL_JOBS:-2}" clang-tidy --quiet -p build-tidy \
		--extra-arg="-I$PWD/include" --extra-arg=-include --extra-arg="$PWD/scripts/lint/analyzer.h" 2>/dev/null || rc=1
fi
if [ $cppcheck -eq 1 ]; then
	same cppcheck 2.10
	[ -d build/generated ] || build build
	cppcheck --quiet --error-exitcode=1 --std=c11 --language=c -j "${FNL_JOBS:-2}" --inline-suppr \
		--enable=warning,performance,portability --suppress=missingInclude --suppress=missingIncludeSystem \
		--library=posix -D_GNU_SOURCE -Iinclude -Ibuild/generated src tools || rc=1
fi
exit $rc
