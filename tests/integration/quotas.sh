#!/usr/bin/env bash
# Reps' funnels and quotas of a real-world-like change log through real Kafka and Redis, against an independent program
# (quota_truth.py): counts and sums of each rep at three dates, a quota of each rep with all of its lines; by the wall
# clock with one worker, by the event clock with three, while changes after as_of come in, and under kill -9.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
data=$FNL_ROOT/../shared/data/crm-sales-opportunities
if [ ! -r "$data/to_changes.py" ] || ! command -v python3 >/dev/null; then
	echo "the data set or python3 is not here"
	exit 77
fi
truth() { python3 tests/integration/quota_truth.py "$1" "$data" "${@:2}"; }
cluster_begin
truth changes >"$dir/changes.csv" || fail "no change log"
truth reps >"$dir/reps" || fail "no reps"

funnel_is() { # NAME DATE
	ctl "$1" funnel --by rep --json >"$dir/funnel.json" || fail "$1: funnel"
	truth funnel "$2" "$dir/funnel.json" >"$dir/said" || fail "$1: $(cat "$dir/said")"
	note "$1 at $2: $(cat "$dir/said")"
}

quotas_are() { # NAME DATE YEAR
	local rep n=0 pids=()
	rm -f "$dir"/quota-*.json
	while read -r rep; do # a few at a time: each waits for Kafka more than it works
		n=$((n + 1))
		ctl "$1" show quota "$rep" --year "$3" --json >"$dir/quota-$n.json" 2>"$dir/quota-$n.err" &
		pids+=($!)
		[ $((n % 5)) -ne 0 ] || { wait "${pids[@]}" && pids=(); }
	done <"$dir/reps"
	[ ${#pids[@]} -eq 0 ] || wait "${pids[@]}"
	cat "$dir"/quota-*.json >"$dir/quotas.json"
	truth quotas "$2" "$3" "$dir/quotas.json" >"$dir/said" || fail "$1: $(cat "$dir/said")"
	note "$1: year $3 as of $2: $(cat "$dir/said")"
}

import() { # NAME ARGS…
	ctl "$1" import csv "$dir/changes.csv" "${@:2}" 2>"$dir/import.err" || fail "$1: $(tail -n 3 "$dir/import.err")"
	caught_up "$1"
}

rules() { # NAME OPTIONS…: the set's two stages; [quota] as it is on standard input
	{ printf '[rules]\nversion = 1\n[stages]\nProspecting = TOP\nEngaging = MIDDLE\n' && cat; } >"$dir/rules-$1.ini"
	ctl "$1" rules apply "$dir/rules-$1.ini" "${@:2}" >/dev/null || fail "$1: rules apply"
}

# By the wall clock, as of now, each year once; drafts freeze at once.
config plain clock=wall
ctl plain topics create >/dev/null || fail "topics"
worker_start plain one
printf '[quota]\nsettle_hours = 0\n' | rules plain
year=2017
for date in 2017-06-30 2017-09-30 2017-12-31; do
	import plain --until $date
	funnel_is plain $date
	ctl plain quota open US --year $year >/dev/null || fail "quota open"
	caught_up plain
	quotas_are plain $date $year
	year=$((year + 1))
done
import plain
quotas_are plain 2017-12-31 2019

# A frozen quota is revised, and shows it; what it was when it froze stays; below zero and what is not there are refused.
now_of() { ctl plain quota "$1" "$2" --json | jq -c '[.quota_now.amount_minor, .quota_minor, .revision]'; } # REP YEAR
refused() {                                                                                                  # REASON ARGS…
	local rc=0
	ctl plain revise "${@:2}" --cause test --issued-by max >"$dir/said" 2>"$dir/err" || rc=$?
	[ $rc -eq 6 ] || fail "revise ${*:2}: exit $rc instead of 6: $(cat "$dir/err")"
	grep -q "was refused: $1" "$dir/err" || fail "revise ${*:2}: $(cat "$dir/err")"
}
read -r rep <"$dir/reps"
frozen=$(now_of "$rep" 2018 | jq '.[0]')
ctl plain revise "$rep" 2018 1250.50 USD --cause market --issued-by max --command-id up-1 >"$dir/said" 2>"$dir/err" ||
	fail "revise: exit $?: $(cat "$dir/err")"
grep -q 'revision 1 .*+1,250.50 = .*COMMAND, market, by max (up-1)' "$dir/said" || fail "revise: $(cat "$dir/said")"
[ "$(now_of "$rep" 2018)" = "[$((frozen + 125050)),$frozen,1]" ] || fail "revised: $(now_of "$rep" 2018), frozen $frozen"
refused QUOTA_BELOW_ZERO "$rep" 2018 -99999999999 USD
refused OTHER_CURRENCY "$rep" 2018 1 EUR
refused UNKNOWN_QUOTA "$rep" 2031 1 USD
refused QUOTA_OF_ANOTHER_RUN "$rep" 2018 1 USD --run nobody
ctl plain revise "$rep" 2018 1250.50 USD --cause market --command-id up-1 >"$dir/said" 2>&1 || fail "the same command again"
[ "$(now_of "$rep" 2018)" = "[$((frozen + 125050)),$frozen,1]" ] || fail "again: $(now_of "$rep" 2018)"
note "plain: the quota of $rep is revised by 1250.50, and refused where it must be"
ctl plain verify || fail "plain: verify"
worker_end one || fail "a clean end has exit code $?"

# By the event clock: opened when the day has come, frozen a day later, amid what happens after it; three workers.
# NAME YEAR DATE: as of the last moment of DATE
amid_changes() {
	rules "$1" --at 2016-01-01 </dev/null
	import "$1" --until "$3"
	ctl "$1" quota open US --year "$2" --as-of "$3T23:59:59Z" --issued-at "$3" >/dev/null || fail "quota open"
	caught_up "$1"
	import "$1" --until 2017-12-31 --tick 2018-01-02
	quotas_are "$1" "$3" "$2"
	funnel_is "$1" 2017-12-31
	ctl "$1" verify || fail "$1: verify"
}
config three clock=event session.timeout=3s txn.timeout=5s
ctl three topics create >/dev/null || fail "topics"
for w in a b c; do worker_start three $w; done
amid_changes three 2018 2017-09-30

config killed clock=event session.timeout=3s txn.timeout=5s batch.records=200
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
amid_changes killed 2018 2017-06-30
touch "$dir/stop"
wait $killer
note "killed: $(cat "$dir/kills") times kill -9"
