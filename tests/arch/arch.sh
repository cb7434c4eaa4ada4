#!/usr/bin/env bash
# The architecture as a test: arch.sh BUILD_DIR [RULE…], in the repository's root. Prints a line a violation, exits 1
# when there is one. self_test.sh shows that each rule can fail.
set -euo pipefail
export LC_ALL=C

build=${1:?build directory}
shift
all_rules="includes symbols names globals headers sizes engine_words hosts readme"
rules=${*:-$all_rules}

violations=$(mktemp)
trap 'rm -f "$violations"' EXIT
wrong() { printf '%s\n' "$*" | tee -a "$violations"; }

c_files() { find "$@" \( -name '*.c' -o -name '*.h' \) 2>/dev/null | sort; }

# The ring of a file: base, ports, core, engine, operators, adapters/NAME, programs.
ring_of() {
	local path=${1#include/funneld/}
	path=${path#src/}
	case $path in
	adapters/*/*) path=${path#adapters/} && echo "adapters/${path%%/*}" ;;
	adapters/*.h) path=${path#adapters/} && echo "adapters/${path%.h}" ;;
	*) echo "${path%%/*}" ;;
	esac
}

# Which of our headers a ring may include. records: funneld_records.h, the generated descriptors.
ours_allowed() {
	case $1 in
	base) echo base ;;
	ports) echo base ports ;;
	core) echo base core records ;;
	engine) echo base ports engine ;;
	operators) echo base ports core engine operators records ;;
	adapters/settings) echo base ports core adapters/settings records ;; # reads rules for core
	adapters/avro) echo base ports adapters/avro records ;;
	adapters/*) echo base ports "$1" ;;
	programs) echo base ports core engine operators records 'adapters/*' ;;
	esac
}

theirs_allowed() {
	case $1 in
	adapters/kafka) echo 'librdkafka/*' ;;
	adapters/redis) echo 'hiredis/* openssl/*' ;;
	adapters/avro) echo avro.h 'avro/*' jansson.h ;;
	adapters/registry) echo jansson.h ;;
	adapters/settings) echo ini.h ;;
	adapters/sys) echo 'uuid/*' ;;
	adapters/http) echo microhttpd.h ;;
	programs) echo jansson.h csv.h ini.h ;;
	esac
}

# matches WORD PATTERN…
matches() {
	local word=$1 pattern
	shift
	for pattern in "$@"; do
		# shellcheck disable=SC2254
		case $word in $pattern) return 0 ;; esac
	done
	return 1
}

pure_libc="assert.h ctype.h errno.h inttypes.h limits.h stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h"
third_party="librdkafka/* hiredis/* openssl/* avro.h avro/* jansson.h ini.h uuid/* csv.h cmocka.h curl/* microhttpd.h ut*.h"

check_include() {
	local file=$1 line=$2 what=$3 ring target
	ring=$(ring_of "$file")
	set -f
	case $what in
	\"funneld/*)
		target=$(ring_of "include/${what:1:-1}")
		# shellcheck disable=SC2046
		matches "$target" $(ours_allowed "$ring") || wrong "includes: $file:$line: $ring must not include $target"
		;;
	\"funneld_records.h\")
		# shellcheck disable=SC2046
		matches records $(ours_allowed "$ring") || wrong "includes: $file:$line: $ring must not know the records"
		;;
	\"*)
		target=$(dirname "$file")/${what:1:-1}
		# The programs share src/programs/common; nobody else looks into another folder.
		[ -e "$target" ] || { [ "$ring" = programs ] && [ -e "src/programs/common/${what:1:-1}" ]; } ||
			wrong "includes: $file:$line: $what is not in its own folder"
		case $what in *..*) wrong "includes: $file:$line: $what climbs out of its folder" ;; esac
		;;
	\<*)
		target=${what:1:-1}
		# shellcheck disable=SC2086,SC2046
		if matches "$target" $pure_libc; then
			:
		elif matches "$target" $third_party; then
			matches "$target" $(theirs_allowed "$ring") || wrong "includes: $file:$line: <$target> does not belong into $ring"
		else
			case $ring in
			adapters/* | programs) ;;
			*) wrong "includes: $file:$line: $ring may include only plain libc headers, not <$target>" ;;
			esac
		fi
		;;
	esac
	set +f
}

rule_includes() {
	local file line what
	c_files include src | xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null |
		sed -E 's/^([^:]*):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*([^[:space:]]*).*/\1 \2 \3/' >"$violations.list"
	while read -r file line what; do
		check_include "$file" "$line" "$what"
	done <"$violations.list"
	rm -f "$violations.list"
}

# What the pure rings take from outside: only what symbols.allow names.
rule_symbols() {
	local lib symbol allowed
	allowed=$(sed 's/#.*//' tests/arch/symbols.allow)
	for lib in core engine operators; do
		[ -e "$build/libfnl_$lib.a" ] || { wrong "symbols: no $build/libfnl_$lib.a"; continue; }
		for symbol in $(nm -u "$build/libfnl_$lib.a" | awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u); do
			set -f
			# shellcheck disable=SC2086
			matches "$symbol" $allowed || wrong "symbols: libfnl_$lib.a uses $symbol, which tests/arch/symbols.allow does not name"
			set +f
		done
	done
}

# Everything that a library exports is named fnl_.
rule_names() {
	local lib
	for lib in "$build"/libfnl_*.a; do
		nm -g --defined-only "$lib" 2>/dev/null | awk -v lib="${lib##*/}" 'NF == 3 && $3 !~ /^fnl_/ {
			print "names: " lib " exports " $3 ", which does not begin with fnl_" }' | tee -a "$violations"
	done
}

# The pure rings keep nothing between calls: no writable object of static storage.
rule_globals() {
	local lib
	for lib in base ports records core engine operators; do
		[ -e "$build/libfnl_$lib.a" ] || { wrong "globals: no $build/libfnl_$lib.a"; continue; }
		objdump -t "$build/libfnl_$lib.a" | awk -v lib="libfnl_$lib.a" '
			# a named object that takes room in a writable section; .data.rel.ro is tables of pointers, read-only once linked
			$0 ~ /[ \t](\.data|\.bss|\.tbss|\.tdata|\*COM\*)([. \t])/ && $0 !~ /\.data\.rel\.ro/ && $NF !~ /^\./ && $(NF - 1) !~ /^0*$/ {
				print "globals: " lib " has the mutable object " $NF }' | tee -a "$violations"
	done
}

# Each public header compiles alone, as C17.
rule_headers() {
	local header compiler
	for compiler in gcc clang; do
		command -v $compiler >/dev/null || continue
		for header in $(find include -name '*.h' | sort); do
			$compiler -std=c17 -Wall -Wextra -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Werror -fsyntax-only \
				-Iinclude -I"$build/generated" -include "$header" -x c /dev/null >"$violations.cc" 2>&1 ||
				wrong "headers: $header does not compile alone with $compiler: $(head -n 2 "$violations.cc" | tr '\n' ' ')"
		done
	done
	rm -f "$violations.cc"
}

# Files of at most 600 lines, functions of at most 60, lines of at most 120 columns (a tab is 4).
rule_sizes() {
	# shellcheck disable=SC2046
	awk '
		FNR == 1 { if (NR > 1 && lines > 600) print "sizes: " last " has " lines " lines, more than 600"; body = 0 }
		{ last = FILENAME; lines = FNR }
		{
			text = $0
			gsub(/[\200-\277]/, "", text) # the rest of a UTF-8 character takes no column
			columns = 0
			for (i = 1; i <= length(text); i++) columns += substr(text, i, 1) == "\t" ? 4 - columns % 4 : 1
			if (columns > 120) print "sizes: " FILENAME ":" FNR ": a line of " columns " columns, more than 120"
		}
		/^\{$/ { body = FNR }
		/^\}/ && body { if (FNR - body - 1 > 60 && FILENAME ~ /^src\//) print "sizes: " FILENAME ":" body ": a function of " FNR - body - 1 " lines, more than 60"; body = 0 }
		END { if (lines > 600) print "sizes: " last " has " lines " lines, more than 600" }
	' $(c_files include src tests tools) /dev/null | tee -a "$violations"
}

# The engine knows no word of sales. Comments may give examples.
rule_engine_words() {
	local file
	for file in $(c_files include/funneld/engine src/engine include/funneld/ports src/ports); do
		gcc -fpreprocessed -E -P -x c "$file" 2>/dev/null | grep -oiE '[a-z_]*(prospect|quota|territor|sales|opportunit|layer)[a-z_]*' |
			sort -u | while read -r word; do wrong "engine_words: $file says $word"; done || true
	done
}

tracked() { git ls-files 2>/dev/null || find . -type f -not -path './build*' -not -path './.git/*' -not -path './.run/*' | sed 's,^\./,,'; }

# Nothing of the machine it was written on: no absolute path of it, no host of a package registry.
rule_hosts() {
	local pattern='(^|[^[:alnum:]_.])/(root|home/[a-z]|work|Users)/|[a-z0-9.-]*(repo1?\.maven|maven\.(org|apache)|artifactory|docker\.io|ghcr\.io|quay\.io|gcr\.io|deb\.debian|debian\.org/debian|packages\.confluent|npmjs|pypi\.org|jfrog)'
	tracked | grep -v '^tests/arch/' | while read -r file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
		xargs -0 -r grep -nIE "$pattern" /dev/null | grep -vF 'xmlns="http://maven.apache.org/POM/' |
		sed 's/^/hosts: /' | cut -c1-200 | tee -a "$violations" || true
}

# The README's tables name every setting, exit code, topic and metric that the code has.
rule_readme() {
	local word
	for word in $(sed -nE 's/^[[:space:]]*([A-Z]+\(|\{)"([a-z_.]+)",.*/\2/p' src/adapters/settings/params.c); do
		grep -qF "| \`$word\` |" README.md || case $word in
		# TOPIC("sales.commands") is the setting topic.sales.commands: the table has one line for all of them.
		sales.* | hr.* | funnel.* | funneld.*) ;;
		*) wrong "readme: no setting $word in the table" ;;
		esac
	done
	for word in $(sed -nE 's/^[[:space:]]*X\([A-Z_]+, ([0-9]+), .*/\1/p' src/programs/common/exit_codes.h); do
		grep -q "^| $word |" README.md || wrong "readme: no exit code $word in the table"
	done
	for word in $(sed -nE 's/^[[:space:]]*X\([A-Z_]+, "([a-z.-]+)", [A-Z]+, .*/\1/p' src/programs/common/app.h); do
		grep -qF "\`$word\`" README.md || wrong "readme: no topic $word"
	done
	for word in $(sed -nE 's/^[[:space:]]*X\([A-Z_]+, "([a-z_]+)", "[a-z]+",.*/\1/p' src/programs/common/metrics.h); do
		grep -qF "| \`$word\` |" README.md || wrong "readme: no metric $word in the table"
	done
}

for rule in $rules; do
	"rule_$rule"
done
[ ! -s "$violations" ]
