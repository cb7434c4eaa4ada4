#!/usr/bin/env bash
# Shows that each rule of arch.sh can fail: plants one violation at a time in a copy and wants that rule to name it.
# self_test.sh BUILD_DIR, in the repository's root.
set -euo pipefail

build=$(readlink -f "${1:?build directory}")
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
failures=0

fresh() {
	rm -rf "$copy/tree"
	mkdir -p "$copy/tree/build"
	cp -r include src tests README.md "$copy/tree"
	[ ! -d tools ] || cp -r tools "$copy/tree"
	cp "$build"/libfnl_*.a "$copy/tree/build"
	cp -r "$build/generated" "$copy/tree/build"
}

# catches RULE WORDS…: the rule fails now and its lines have these words.
catches() {
	local rule=$1 out
	shift
	if out=$(cd "$copy/tree" && bash tests/arch/arch.sh build "$rule" 2>&1); then
		echo "FAIL $rule did not see: $*"
		failures=$((failures + 1))
	elif ! grep -qF -- "$*" <<<"$out"; then
		echo "FAIL $rule failed, but said nothing of: $*"
		echo "$out" | head -n 5
		failures=$((failures + 1))
	else
		echo "ok   $rule: $*"
	fi
	fresh
}

# Adds text as a file of the copy.
plant() { mkdir -p "$(dirname "$copy/tree/$1")" && printf '%b' "$2" >"$copy/tree/$1"; }
# Adds an object to a library of the copy.
plant_object() {
	printf '%b' "$2" >"$copy/x.c"
	gcc -std=c17 -O2 -c -o "$copy/planted.o" "$copy/x.c"
	ar r "$copy/tree/build/libfnl_$1.a" "$copy/planted.o" 2>/dev/null
}

# The copy itself is clean, or a rule that always fails would pass for one that sees.
fresh
if ! (cd "$copy/tree" && bash tests/arch/arch.sh build >"$copy/clean" 2>&1); then
	echo "FAIL the tree without a planted violation is not clean:"
	head -n 5 "$copy/clean"
	failures=$((failures + 1))
fi

plant src/core/x.c '#include "funneld/engine/stream.h"\n' && catches includes 'core must not include engine'
plant src/core/x.c '#include "funneld/ports/log.h"\n' && catches includes 'core must not include ports'
plant src/core/x.c '#include <time.h>\n' && catches includes 'not <time.h>'
plant src/engine/x.c '#include "funneld/core/rules.h"\n' && catches includes 'engine must not include core'
plant src/engine/x.c '#include "funneld/operators/prospect.h"\n' && catches includes 'engine must not include operators'
plant src/engine/x.c '#include "funneld/adapters/kafka.h"\n' && catches includes 'engine must not include adapters/kafka'
plant src/engine/x.c '#include "funneld_records.h"\n' && catches includes 'engine must not know the records'
plant src/engine/x.c '#include <pthread.h>\n' && catches includes 'not <pthread.h>'
plant src/base/x.c '#include "funneld/ports/log.h"\n' && catches includes 'base must not include ports'
plant src/base/x.c '#include "../engine/internal.h"\n' && catches includes 'climbs out'
plant src/operators/x.c '#include <jansson.h>\n' && catches includes '<jansson.h> does not belong into operators'
plant src/operators/x.c '#include "funneld/adapters/avro.h"\n' && catches includes 'operators must not include adapters/avro'
plant src/adapters/kafka/x.c '#include "funneld/adapters/redis.h"\n' && catches includes 'must not include adapters/redis'
plant src/adapters/redis/x.c '#include <librdkafka/rdkafka.h>\n' && catches includes 'does not belong into adapters/redis'
plant src/adapters/redis/x.c '#include "funneld/engine/stream.h"\n' && catches includes 'must not include engine'
plant src/programs/funneld/x.c '#include <microhttpd.h>\n' && catches includes '<microhttpd.h> does not belong into programs'
plant src/adapters/http/x.c '#include "funneld/adapters/sys.h"\n' && catches includes 'must not include adapters/sys'
plant src/programs/funneld/x.c '#include <hiredis/hiredis.h>\n' && catches includes 'does not belong into programs'
plant include/funneld/ports/x.h '#include "funneld/core/rules.h"\n' && catches includes 'ports must not include core'

plant_object core '#include <time.h>\nlong fnl_x(void) { return (long)time(0); }\n' && catches symbols 'libfnl_core.a uses time'
plant_object engine '#include <stdlib.h>\nvoid *fnl_x(void) { return malloc(7); }\n' && catches symbols 'libfnl_engine.a uses malloc'
plant_object engine '#include <stdio.h>\nvoid fnl_x(void) { puts("x"); }\n' && catches symbols 'libfnl_engine.a uses puts'
plant_object base 'int helper(void);\nint helper(void) { return 1; }\n' && catches names 'exports helper'
plant_object core 'int fnl_counter = 3;\n' && catches globals 'mutable object fnl_counter'
plant_object engine 'int fnl_x(void);\nint fnl_x(void) { static int calls; return ++calls; }\n' && catches globals 'mutable object calls'
plant_object engine 'int fnl_x(void);\nint fnl_x(void) { static _Thread_local int calls; return ++calls; }\n' && catches globals 'mutable object calls'

plant include/funneld/base/x.h 'static inline size_t fnl_x(void) { return 1; }\n' && catches headers 'x.h does not compile alone with gcc'
plant src/base/x.c "$(printf 'int x;\\n%.0s' {1..601})" && catches sizes 'has 601 lines'
plant src/base/x.c "void fnl_x(void)\n{\n$(printf '\\t;\\n%.0s' {1..61})}\n" && catches sizes 'a function of 61 lines'
plant src/base/x.c "/*$(printf 'x%.0s' {1..118})*/\n" && catches sizes 'a line of 122 columns'
plant src/engine/x.c 'int fnl_prospect_count;\n' && catches engine_words 'says fnl_prospect_count'
sed -i '/^| `redis.url` /d' "$copy/tree/README.md" && catches readme 'no setting redis.url'
sed -i '/^| `funneld_healthy` /d' "$copy/tree/README.md" && catches readme 'no metric funneld_healthy'
sed -i '/^| 16 |/d' "$copy/tree/README.md" && catches readme 'no exit code 16'
sed -i 's/`funnel.alerts`/alerts/g' "$copy/tree/README.md" && catches readme 'no topic funnel.alerts'
plant src/base/x.c "/* see /ro""ot/notes */\n" && catches hosts 'src/base/x.c:1'
plant src/base/x.c "/* from repo1.mav""en.org */\n" && catches hosts 'src/base/x.c:1'

[ $failures -eq 0 ]
