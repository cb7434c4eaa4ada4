#!/usr/bin/env bash
# ./run chaos [--rounds N | --minutes N] [--seed S] [--keep]: tests/chaos with a build of its own making.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh
packages build kafka test
build build
exec env FNL_BUILD="$FNL_ROOT/build" bash tests/chaos/chaos.sh "$@"
