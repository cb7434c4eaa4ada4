#!/usr/bin/env bash
# ./run bench: hands over to tests/bench, when this version has it.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh
[ -e tests/bench/run.sh ] || die "bench: this version has no tests/bench/run.sh"
packages build java
build build
exec bash tests/bench/run.sh "$@"
