#!/usr/bin/env bash
# Cells, quotas and proposals of a real-world-like change log through real Kafka and Redis, against another program
# (territories_truth.py): what each rep has of each region and sector, and how much of it may be moved, as the
# organisation knows it; quotas by rep, region and sector; what a proposal for its territories says, and that it keeps
# the limits. By the event clock, on two days; the second one after calls and judgements that the set lacks.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
data=$FNL_ROOT/../shared/data/crm-sales-opportunities
if [ ! -r "$data/to_changes.py" ] || ! command -v python3 >/dev/null; then
	echo "the data set or python3 is not here"
	exit 77
fi
cluster_begin
truth() { python3 tests/integration/territories_truth.py "$@"; }
truth changes "$data" >"$dir/changes.csv" || fail "no change log"
truth reps "$dir/changes.csv" >"$dir/reps" || fail "no reps"

import() { # ARGS…
	ctl data import csv "$dir/changes.csv" "$@" 2>"$dir/import.err" || fail "$(tail -n 3 "$dir/import.err")"
	caught_up data 300
}

# is WHAT COMMAND…: what the truth says of it, or the first difference
is() {
	local what=$1 line
	shift
	truth "$@" >"$dir/said" || fail "$what: $(cat "$dir/said")"
	while read -r line; do note "$what: $line"; done <"$dir/said"
}

cells_are() { # DATE
	ctl data tail data.funnel.orgs --from-beginning --until-end --json >"$dir/orgs" || fail "tail"
	ctl data territories US --json >"$dir/shown" || fail "territories"
	is "cells at $1" cells "$dir/changes.csv" "$1" "$dir/orgs" "$dir/shown"
}

quotas_are() { # DATE YEAR
	local rep
	while read -r rep; do
		ctl data show quota "$rep" --year "$2" --json || fail "show quota $rep"
	done <"$dir/reps" >"$dir/quotas"
	is "quotas for $2" quotas "$dir/changes.csv" "$1" "$2" "$dir/quotas"
}

# Asks for a proposal, prints it, and holds it against the limits and the truth's own sums.
proposal_is() { # ID DATE AT
	ctl data propose US --command-id "$1" --issued-at "$3" --timeout 300 >"$dir/proposal" || fail "propose: exit code $?"
	cat "$dir/proposal"
	caught_up data
	ctl data tail data.funnel.territories --from-beginning --until-end --json >"$dir/territories" || fail "tail"
	is "proposal $1" proposal "$dir/changes.csv" "$2" "$1" "$dir/territories"
}

config data clock=event
ctl data topics create >/dev/null || fail "topics"
worker_start data one
printf '[rules]\nversion = 1\n[stages]\nProspecting = TOP\nEngaging = MIDDLE\n' >"$dir/rules.ini"
ctl data rules apply "$dir/rules.ini" --at 2016-01-01 >/dev/null || fail "rules apply"
import --until 2017-06-28
ctl data quota open US --year 2018 --as-of 2017-06-28T23:59:59Z --issued-at 2017-06-28 >/dev/null || fail "quota open"
caught_up data
import --until 2017-06-28 --tick 2017-06-29T23:59:59Z # a draft settles for a day
quotas_are 2017-06-28 2018
cells_are 2017-06-28
proposal_is plain 2017-06-28 2017-06-29T23:59:59Z

import --until 2017-07-05 --tick 2017-07-06
cells_are 2017-07-05
proposal_is held 2017-07-05 2017-07-06
ctl data verify || fail "verify"
worker_end one || fail "a clean end has exit code $?"
