#!/usr/bin/env bash
# fuzz.sh BUILD_DIR NAME SECONDS: one libFuzzer target over a copy of its checked-in corpus.
set -euo pipefail
dir=$1 name=$2 seconds=$3
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
[ ! -d "tests/fuzz/corpus/${name#fuzz_}" ] || cp -r "tests/fuzz/corpus/${name#fuzz_}/." "$corpus"
"$dir/tests/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$dir/" "$corpus"
