#!/usr/bin/env bash
# A year of a real-world-like change log through real Kafka and Redis: counts and sums by stage at three dates, to the
# cent; also imported twice, with prospects interleaved differently, with three workers, and under kill -9.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
data=$FNL_ROOT/../shared/data/crm-sales-opportunities
if [ ! -r "$data/to_changes.py" ] || ! command -v python3 >/dev/null; then
	echo "the data set or python3 is not here"
	exit 77
fi
cluster_begin
python3 "$data/to_changes.py" >"$dir/changes.csv" || fail "no change log"
# All changes of a prospect stay in their order; the prospects' own order is another one.
{ head -n 1 "$dir/changes.csv"; tail -n +2 "$dir/changes.csv" | sort -s -t, -k2,2; } >"$dir/other.csv"

# date, Prospecting, Engaging, open amount, Won, won amount, Lost (the data set's own README)
truth() {
	case $1 in
	2017-06-30) echo "500 1686 529079300 1785 422078300 894" ;;
	2017-09-30) echo "500 2409 683747600 3042 720303800 1684" ;;
	2017-12-31) echo "500 1589 496621500 4238 1000553400 2473" ;;
	esac
}

check() { # NAME DATE
	local found
	found=$(ctl "$1" funnel --by stage --json | jq -r '
		def n(k; s): ([.rows[] | select(.key == k and .status == s) | .count] | add) // 0;
		def usd(s): ([.rows[] | select(.status == s) | .amounts[] | select(.currency == "USD") | .amount_minor] | add) // 0;
		"\(n("Prospecting"; "open")) \(n("Engaging"; "open")) \(usd("open")) \(n("Won"; "won")) \(usd("won")) \(n("Lost"; "lost"))"')
	[ "$found" = "$(truth "$2")" ] || fail "$1 at $2: expected $(truth "$2"), found $found"
	note "$1 at $2: $found"
}

# NAME FILE: import up to each date, then the whole again
by_dates() {
	local date
	for date in 2017-06-30 2017-09-30 2017-12-31; do
		ctl "$1" import csv "$2" --until "$date" 2>"$dir/import.err" || fail "import of $2: $(tail -n 3 "$dir/import.err")"
		caught_up "$1"
		check "$1" "$date"
	done
	ctl "$1" import csv "$2" 2>/dev/null || fail "second import"
	caught_up "$1"
	check "$1" 2017-12-31
	ctl "$1" verify || fail "$1: verify"
}

config plain clock=wall
ctl plain topics create >/dev/null || fail "topics"
worker_start plain one
by_dates plain "$dir/changes.csv"
worker_end one || fail "a clean end has exit code $?"

config three clock=event session.timeout=3s txn.timeout=5s
ctl three topics create >/dev/null || fail "topics"
for w in a b c; do worker_start three $w; done
by_dates three "$dir/other.csv"

config killed clock=wall session.timeout=3s txn.timeout=5s batch.records=200
for w in a b c; do worker_kill $w; done
ctl killed topics create >/dev/null || fail "topics"
for w in a b c; do worker_start killed $w; done
(
	n=0
	while [ -d "$dir" ] && [ ! -e "$dir/stop" ]; do
		sleep 2
		n=$((n + 1))
		w=$(echo a b c | cut -d' ' -f$((n % 3 + 1)))
		worker_kill $w
		worker_start killed $w
	done
	echo "$n" >"$dir/kills"
) &
killer=$!
at_exit "kill $killer 2>/dev/null"
by_dates killed "$dir/other.csv"
touch "$dir/stop"
wait $killer
note "killed: $(cat "$dir/kills") times kill -9"
caught_up killed
check killed 2017-12-31
ctl killed verify || fail "killed: verify"
