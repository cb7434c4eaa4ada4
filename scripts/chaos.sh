#!/usr/bin/env bash
# ./run chaos: hands over to tests/chaos, when this version has it.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh
[ -e tests/chaos/run.sh ] || die "chaos: this version has no tests/chaos/run.sh"
packages build java
build build
exec bash tests/chaos/run.sh "$@"
