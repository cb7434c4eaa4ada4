#!/usr/bin/env bash
# What other rules would have said, from a real Kafka: what is shown for today's rules is what a worker with three threads
# told and what it holds; lower thresholds say more stalls, other weights say other quotas, the rules in force again say
# the same; two runs are equal byte for byte, and so is one over an exported log without Kafka.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin
config played clock=event threads.prospect=2 threads.rep=2
ctl played topics create >/dev/null 2>&1 || fail "topics"
ctl played simulate --rules >"$dir/rules.ini" || fail "simulate --rules"
organisation=(--seed 7 --prospects 40 --reps 3 --months 18)
"$build/bin/funnelctl" simulate "${organisation[@]}" --csv >"$dir/log.csv" || fail "simulate --csv"
worker_start played one
ctl played rules apply "$dir/rules.ini" --at 2024-12-31 >/dev/null || fail "rules apply"
# A replay takes what HR says before what happens then; a worker hears of it on another way, which may be the longer one.
sed -n -e 1p -e '/^rep_/p' "$dir/log.csv" >"$dir/hr.csv"
sed -i -e '/^rep_/d' "$dir/log.csv"
ctl played import csv "$dir/hr.csv" --until 2025-12-31 2>/dev/null || fail "import of HR's feed"
caught_up played >/dev/null
ctl played import csv "$dir/log.csv" --until 2025-12-31 --tick 2025-12-31 2>/dev/null || fail "import"
ctl played quota open acme --year 2026 --as-of 2026-01-01 --issued-at 2025-12-31 >/dev/null 2>&1 || fail "quota open"
caught_up played >/dev/null
ctl played import csv "$dir/hr.csv" --from 2026-01-01 2>/dev/null || fail "import of HR's feed"
caught_up played >/dev/null
ctl played import csv "$dir/log.csv" --from 2026-01-01 --tick 2026-07-01 2>/dev/null || fail "import"
caught_up played >/dev/null

replay() { # OUT ARGS…
	local out=$1
	shift
	ctl played replay --json "$@" >"$dir/$out.json" 2>"$dir/said" || fail "replay $*: $(cat "$dir/said")"
}
says() { # FILE JQ: a number or a word
	jq -r "$2" "$dir/$1.json"
}

# The rules in force again: nothing differs, whatever the run.
replay same --rules "$dir/rules.ini"
[ "$(says same .differing)" = 0 ] || fail "the same rules differ: $(jq -c '[.[] | arrays | .[] | select(.differ? > 0)]' "$dir/same.json")"
[ "$(says same '.rules.today[0].version')" = "$(says same .rules.what_if.version)" ] || fail "the rules of the input"
replay again --rules "$dir/rules.ini"
cmp "$dir/same.json" "$dir/again.json" || fail "two runs differ"

# What today's rules say is what the worker told and holds.
lines() { # SECTION
	jq -r --arg s "$1" '.[$s][] | "\(.name)\t\(.today)"' "$dir/same.json" | sort
}
ctl played tail funnel.alerts --from-beginning --until-end --json >"$dir/alerts.jsonl" || fail "tail"
jq -r 'if .type == "ProspectStalled" or .type == "StallEscalated" then "\(.data.kind) \(.data.layer) \(.data.level)"
	elif .type == "StallCleared" then "\(.data.kind) cleared, \(.data.reason)" else empty end' "$dir/alerts.jsonl" |
	sort | uniq -c | awk '{ n = $1; sub(/^ *[0-9]+ /, ""); print $0 "\t" n }' | sort >"$dir/alerts.told"
lines alerts | diff - "$dir/alerts.told" || fail "alerts"
ctl played tail funnel.layer-changes --from-beginning --until-end --json |
	jq -r 'select(.type == "LayerChanged") | "\(.data.from_layer) -> \(.data.to_layer)"' |
	sort | uniq -c | awk '{ n = $1; sub(/^ *[0-9]+ /, ""); print $0 "\t" n }' | sort >"$dir/changes.told"
lines layer_changes | diff - "$dir/changes.told" || fail "layer changes"
ctl played funnel --by layer --json | jq -r '.rows[] | "\(.key)\t\(.count)"' | sort >"$dir/funnel.told"
lines funnel | diff - "$dir/funnel.told" || fail "funnel"
for rep in R-01 R-02 R-03; do
	ctl played show quota $rep --year 2026 --json | jq -r '"\(.rep_id)\t\(.quota.amount_minor)"'
done >"$dir/quotas.told"
jq -r '.quotas[] | .subjects[] | "\(.id)\t\(.today)"' "$dir/same.json" | sort | diff - "$dir/quotas.told" || fail "quotas"
note "as the worker told it: $(wc -l <"$dir/alerts.told") sorts of alerts, $(says same '.records | add') records"

# Lower thresholds say more, other weights say other quotas; each names who differs.
{ cat "$dir/rules.ini" && printf '[silent]\ntop = 2\n[nominal]\ntop = 30%%\n'; } >"$dir/strict.ini"
replay strict --rules "$dir/strict.ini"
replay strict_again --rules "$dir/strict.ini"
cmp "$dir/strict.json" "$dir/strict_again.json" || fail "two runs differ"
jq -e '([.alerts[].what_if] | add) > ([.alerts[].today] | add)' "$dir/strict.json" >/dev/null || fail "no more alerts"
jq -e '[.quotas[] | .what_if - .today] | add > 0' "$dir/strict.json" >/dev/null || fail "no other quota"
jq -e '[.. | .subjects? // empty | .[] | .id] | length > 3' "$dir/strict.json" >/dev/null || fail "nobody is named"
[ "$(jq -c '[.alerts[] | [.name, .today]]' "$dir/same.json")" = \
	"$(jq -c '[.alerts[] | select(.today > 0) | [.name, .today]]' "$dir/strict.json")" ] || fail "today depends on what if"
ctl played replay --rules "$dir/strict.ini" --limit 2 --no-color >"$dir/table" 2>/dev/null || fail "the table"
grep -q 'lines differ' "$dir/table" || fail "the table: $(cat "$dir/table")"

# An exported log, and no Kafka.
ctl played export "$dir/kept" >/dev/null || fail "export"
ctl played export "$dir/kept" >/dev/null 2>&1
[ $? -eq 2 ] || fail "an export over a file that is there"
(with_sets funnelctl played --set kafka.bootstrap.servers=127.0.0.1:1 replay --json --rules "$dir/strict.ini" \
	--input "$dir/kept") >"$dir/kept.json" || fail "replay --input"
cmp "$dir/strict.json" "$dir/kept.json" || fail "the exported log says something else"

# What is wrong is told with its line.
printf '[rules]\nversion = 2\n[stuck]\ntop = never\n' >"$dir/bad.ini"
ctl played replay --rules "$dir/bad.ini" 2>"$dir/said"
[ $? -eq 11 ] && grep -q 'bad.ini:4:' "$dir/said" || fail "bad rules: $(cat "$dir/said")"
ctl played replay 2>/dev/null
[ $? -eq 2 ] || fail "without rules"
ctl played replay --rules "$dir/strict.ini" --input "$dir/bad.ini" 2>"$dir/said"
[ $? -eq 2 ] || fail "no export: $(cat "$dir/said")"
note "$(says strict .differing) of $(says strict .lines) lines differ; an exported log says the same"
