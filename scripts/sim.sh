#!/usr/bin/env bash
# ./run sim: the simulation, thousands of seeds; or one seed again; or the mutations that it must catch.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh

usage_sim() {
	cat <<'TEXT'
usage: ./run sim [--seeds N] [--from S] [--workload counter|prospect|paged|rep|org] [--aged]   seeds S .. S+N-1 (5000 from 1)
       ./run sim --seed S [--trace]                                     one seed again, told step by step
       ./run sim --mutations [NAME]                                     every rule taken away once: is it noticed?
TEXT
}

# The table of mutations: each is a patch to the sources, and must be caught within so many seeds.
mutations() {
	local only=${1:-} seeds=${FNL_SIM_MUTATION_SEEDS:-20000} work
	with_cleanup
	work=$(temp_dir)
	at_exit "rm -rf '$work'"
	export FNL_SIM_WORK=$work FNL_SIM_SEEDS=$seeds
	ninja -C build -t commands sim | tail -n 1 >"$work/link"
	ninja -C build -t compdb >"$work/compdb"
	printf '%-32s %-9s %s\n' mutation caught "at seed, and what was seen"
	find tests/sim/mutations -name "*$only*.patch" | sort |
		xargs -P "${FNL_JOBS:-2}" -n 1 bash tests/sim/mutate.sh | tee "$work/table" || true
	local total caught
	total=$(wc -l <"$work/table")
	caught=$(grep -acE '^[^ ]+ +(yes|precaution) ' "$work/table" || true)
	echo "$caught of $total mutations were caught, or are precautions whose patch says why, within $seeds seeds each"
	[ "$total" -gt 0 ] && [ "$caught" = "$total" ]
}

case ${1:-} in
-h | --help)
	usage_sim
	exit 0
	;;
esac
if [ -z "${FNL_SIM_BUILT:-}" ]; then
	packages build
	build build >&2
fi
case ${1:-} in
--mutations)
	shift
	mutations "$@"
	;;
"") exec build/bin/sim --seeds 5000 --jobs "${FNL_JOBS:-2}" ;;
*) exec build/bin/sim --jobs "${FNL_JOBS:-2}" "$@" ;;
esac
