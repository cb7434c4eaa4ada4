#!/usr/bin/env bash
# funnelctl simulate publishes just what an import of its change log does, record by record; both stages make the same of
# it, and of the quotas that are opened in between; its own rules keep its feeds from being silent, and what its reps
# forget sits still; sent again it changes nothing and tells nobody anything.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin
organisation=(--seed 7 --prospects 60 --reps 5 --months 18)
"$build/bin/funnelctl" simulate "${organisation[@]}" --csv >"$dir/log.csv" || fail "simulate --csv"
rows=$(($(wc -l <"$dir/log.csv") - 1))
[ $rows -gt 400 ] || fail "$rows rows"

published() { # NAME: what lies in the inputs, but for the topics' prefix and Kafka's own time
	local topic
	for topic in sales.prospect-changes hr.rep-changes; do
		ctl "$1" tail $topic --from-beginning --until-end --json || fail "$1: tail $topic"
	done | sed "s/\"topic\": *\"$1\\./\"topic\":\"/; s/,\"timestamp\".*//" | sort
}

config told clock=event
config read clock=event
for name in told read; do
	ctl $name topics create >/dev/null 2>&1 || fail "$name: topics"
done
ctl told simulate "${organisation[@]}" 2>"$dir/said" || fail "simulate: $(cat "$dir/said")"
grep -q "^$rows rows: $rows published" "$dir/said" || fail "simulate said: $(cat "$dir/said")"
ctl read import csv - <"$dir/log.csv" 2>"$dir/said" || fail "import: $(cat "$dir/said")"
published told >"$dir/told.json"
published read >"$dir/read.json"
cmp "$dir/told.json" "$dir/read.json" || fail "simulate and an import of its log differ"
[ "$(wc -l <"$dir/told.json")" -ge $rows ] || fail "records are missing"
note "$rows rows: the same records as by an import"

config played clock=event
ctl played topics create >/dev/null 2>&1 || fail "played: topics"
worker_start played played-1
ctl played simulate --rules >"$dir/rules.ini" || fail "simulate --rules"
ctl played rules apply "$dir/rules.ini" --at 2024-12-31 >/dev/null || fail "rules apply"
ctl played import csv "$dir/log.csv" --until 2025-12-31 --tick 2025-12-31 2>/dev/null || fail "played: import"
ctl played quota open acme --year 2026 --as-of 2026-01-01 --issued-at 2025-12-31 >/dev/null 2>&1 || fail "quota open"
caught_up played >/dev/null
ctl played import csv "$dir/log.csv" --from 2026-01-01 --tick 2026-07-01 2>/dev/null || fail "played: import"
caught_up played >/dev/null
for rep in R-01 R-02 R-03 R-04 R-05; do
	ctl played show quota $rep --year 2026 --json
done >"$dir/before"
told() { # how often each sort of alert and of inspection was told
	ctl played tail funnel.alerts funnel.inspections --from-beginning --until-end --json >"$dir/events" || fail "tail"
	jq -r .type "$dir/events" | sort | uniq -c
}
told >"$dir/told_before"
grep -q FeedSilent "$dir/told_before" && fail "a feed was silent: $(cat "$dir/told_before")"
for type in ProspectStalled StallEscalated StallCleared InspectionSheet SheetPage InspectionOverdue; do
	grep -qw $type "$dir/told_before" || fail "no $type: $(cat "$dir/told_before")"
done
for kind in STUCK SILENT STALE SLIPPED; do
	jq -e -s --arg kind $kind 'any(.[]; .type == "ProspectStalled" and .data.kind == $kind)' "$dir/events" >/dev/null ||
		fail "no prospect is $kind"
done
ctl played simulate "${organisation[@]}" --tick 2026-07-01 2>/dev/null || fail "played: simulate"
caught_up played >/dev/null
told | cmp - "$dir/told_before" || fail "sent again it told somebody: $(told)"
for rep in R-01 R-02 R-03 R-04 R-05; do
	ctl played show quota $rep --year 2026 --json
done >"$dir/after"
[ "$(grep -c '"adds_up": *true' "$dir/before")" -gt 0 ] || fail "no quota adds up: $(cat "$dir/before")"
cmp "$dir/before" "$dir/after" || fail "sent again it changed a quota"
ctl played verify >"$dir/said" || fail "verify: $(cat "$dir/said")"
note "played, with quotas, and sent again: $(tail -n 1 "$dir/said")"
