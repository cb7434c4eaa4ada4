#!/usr/bin/env bash
# fuzz.sh BUILD_DIR NAME SECONDS: one libFuzzer target over a copy of its checked-in corpus, with the words of
# tests/fuzz/NAME.dict if there are any. libFuzzer's own exit code for a finding is 77, which elsewhere means skipped.
set -euo pipefail
dir=$1 name=$2 seconds=$3
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
[ ! -d "tests/fuzz/corpus/${name#fuzz_}" ] || cp -r "tests/fuzz/corpus/${name#fuzz_}/." "$corpus"
dict=tests/fuzz/${name#fuzz_}.dict
[ -e "$dict" ] || dict=
"$dir/tests/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -error_exitcode=1 ${dict:+"-dict=$dict"} \
	-artifact_prefix="$dir/" "$corpus"
