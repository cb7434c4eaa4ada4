#!/usr/bin/env bash
# The sales set over 2016 and 2017 by the event clock on a real Kafka and Redis: what is told of stalls, for each rep and
# layer, equals what an independent program (stalls_truth.py) says from the change log alone; undisturbed, and with three
# workers of which one is killed every few seconds while Redis is emptied. Then an answer to a sheet's question.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
data=$FNL_ROOT/../shared/data/crm-sales-opportunities
if [ ! -r "$data/to_changes.py" ] || ! command -v python3 >/dev/null; then
	echo "the data set or python3 is not here"
	exit 77
fi
truth() { PYTHONDONTWRITEBYTECODE=1 python3 tests/integration/stalls_truth.py "$@"; }
cluster_begin
truth changes "$data" >"$dir/changes.csv" || fail "no change log"
truth rules >"$dir/rules.ini" || fail "no rules"

begin() { # NAME SETTINGS…
	config "$1" clock=event "${@:2}"
	ctl "$1" topics create >/dev/null || fail "topics"
	ctl "$1" rules apply "$dir/rules.ini" --at 2015-12-31 >/dev/null || fail "$1: rules apply"
}
import() { # NAME END: what happens before the day END, at whose beginning the clock stops
	ctl "$1" import csv "$dir/changes.csv" --until "$(date -d "$2 -1 day" +%F)" --tick "$2" 2>"$dir/import.err" ||
		fail "$1: $(tail -n 3 "$dir/import.err")"
}
alerts_are() { # NAME END
	ctl "$1" tail "$1.funnel.alerts" --from-beginning --until-end --json >"$dir/alerts-$1.json" || fail "$1: tail"
	truth check "$data" "$2" "$dir/alerts-$1.json" >"$dir/said" || fail "$1: $(cat "$dir/said")"
	note "$1: $(cat "$dir/said")"
	local twice
	twice=$(jq -r .headers.ce_id "$dir/alerts-$1.json" | sort | uniq -d | head -n 3)
	[ -z "$twice" ] || fail "$1: alerts that were told twice: $twice"
}

begin plain
worker_start plain one
import plain 2018-01-02
caught_up plain 240
alerts_are plain 2018-01-02
ctl plain verify || fail "plain: verify"
worker_end one || fail "a clean end has exit code $?"

begin storm session.timeout=3s txn.timeout=5s
for w in a b c; do worker_start storm $w; done
import storm 2017-07-01 &
importer=$!
n=0
while kill -0 $importer 2>/dev/null || ! ctl storm wait --caught-up --timeout 1 >/dev/null; do
	n=$((n + 1))
	[ $n -le 40 ] || fail "storm does not come to an end"
	w=$(echo a b c | cut -d' ' -f$((n % 3 + 1)))
	sleep 3
	worker_kill "$w"
	[ $((n % 3)) -ne 0 ] || redis-cli -s "$dir/redis.sock" flushall >/dev/null
	worker_start storm "$w"
done
wait $importer || fail "import"
note "storm: $n workers killed"
caught_up storm 240
alerts_are storm 2017-07-01
ctl storm verify || fail "storm: verify"
for w in a b c; do worker_end $w || fail "worker $w ended with $?"; done
