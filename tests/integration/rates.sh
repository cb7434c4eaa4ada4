#!/usr/bin/env bash
# Dated, named exchange rates and a territory's area factor on a real Kafka: what they make of a quota, what has no rate
# that holds, and that a replay says the same.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
cluster_begin
config acme clock=event
ctl acme topics create >/dev/null || fail "topics"
worker_start acme one

# TOPIC: one event a line, as JSON, its key in "key"
send() {
	PYTHONPATH=tests/samples python3 - "$1" "127.0.0.1:$(cat "$dir/kafka.port")" 3<&0 <<-'PY' || fail "sending to $1"
	import json, os, pathlib, subprocess, sys, tempfile
	import hr_producer
	topic, brokers = sys.argv[1:]
	schemas = hr_producer.Schemas("schemas")
	path = pathlib.Path(tempfile.mkdtemp()) / "value"
	for line in os.fdopen(3):
	    event = json.loads(line)
	    key = event.pop("key")
	    path.write_bytes(hr_producer.frame(schemas, {"source": "treasury", **event}))
	    subprocess.run(["kcat", "-P", "-b", brokers, "-t", topic, "-k", key, "-p", "0", str(path)], check=True)
	path.unlink()
	path.parent.rmdir()
	PY
}
rate() { # BASE MANTISSA SCALE DAY: to USD
	printf '{"key": "BUDGET|%s|USD|%s", "record": "FxRate", "occurred_at": "%sT12:00:00Z", "name": "BUDGET", "base": "%s", "quote": "USD", "rate_mantissa": %s, "rate_scale": %s, "valid_on": "%s"}\n' \
		"$1" "$4" "$4" "$1" "$2" "$3" "$4"
}
{
	rate EUR 1200 3 2026-10-01 # too old by then, and there is a newer one
	rate EUR 107 2 2026-12-15
	rate JPY 65 4 2026-12-20
	rate GBP 125 2 2026-11-01 # too old: more than 35 days before as_of
	rate EUR 2 0 2027-02-01   # of a day that is not there yet
} | send acme.sales.fx-rates
send acme.sales.territories <<<'{"key": "north", "record": "TerritoryDefined", "occurred_at": "2026-06-01T00:00:00Z", "territory_id": "north", "version": 1, "org_id": "acme", "valid_from": "2026-01-01", "cells": [{"region": "N"}], "rep_ids": ["bob"], "area_factor_bp": 12500}'
cat >"$dir/funnel.csv" <<-'CSV'
	event,rep_id,prospect_id,occurred_at,org_id,active,stage,status,amount,currency,owner_rep_id,expected_close_date,region
	rep_changed,ann,,2026-02-01T08:00:00Z,acme,true,,,,,,,
	changed,,E-1,2026-11-02T09:00:00Z,,,Prospecting,open,1000000,EUR,ann,2027-05-01,N
	changed,,J-1,2026-11-02T09:00:00Z,,,Prospecting,open,10000000,JPY,ann,2027-05-01,S
	changed,,U-1,2026-11-02T09:00:00Z,,,Prospecting,open,1000,USD,ann,2027-05-01,S
	changed,,G-1,2026-11-02T09:00:00Z,,,Prospecting,open,1000,GBP,ann,2027-05-01,N
	changed,,E-2,2026-11-02T09:00:00Z,,,Prospecting,open,1000000,EUR,ann,2028-05-01,N
CSV
ctl acme import csv "$dir/funnel.csv" --tick 2026-12-31 2>"$dir/said" || fail "import: $(tail -n 3 "$dir/said")"
caught_up acme >"$dir/said"
ctl acme quota open acme --year 2027 --as-of 2027-01-01 --issued-at 2026-12-31 --rates BUDGET >"$dir/said" 2>&1 ||
	fail "quota open: $(cat "$dir/said")"
caught_up acme >"$dir/said"
head -n 1 "$dir/funnel.csv" >"$dir/nothing.csv"
ctl acme import csv "$dir/nothing.csv" --tick 2027-01-03 >"$dir/said" 2>&1 || fail "tick: $(cat "$dir/said")"
caught_up acme >"$dir/said"

# 1,000,000 EUR × 25 % × 1.07 × 1.25 + 10,000,000 JPY × 25 % × 0.0065 + 1,000 USD × 25 %
ctl acme quota ann 2027 --json >"$dir/quota.json" || fail "no quota"
got=$(jq -c '[.quota.amount_minor, .quota.currency, [.lines[].prospect_id], [.left_out[] | [.prospect_id, .reason]]]' "$dir/quota.json")
want='[35087500,"USD",["E-1","J-1","U-1"],[["G-1","NOT_CONVERTIBLE"]]]'
[ "$got" = "$want" ] || fail "the quota is $got, expected $want"
ctl acme quota ann 2027 >"$dir/shown" || fail "the quota is not shown"
grep -q north "$dir/shown" || fail "the territory is not shown: $(cat "$dir/shown")"
note "EUR and JPY by the rates that hold, one territory with a factor of 1.25, GBP without a rate: 350,875.00 USD"

printf '[rules]\nversion = 1\n' >"$dir/rules.ini"
for run in one two; do
	ctl acme replay --json --rules "$dir/rules.ini" >"$dir/$run.json" 2>"$dir/said" || fail "replay: $(cat "$dir/said")"
done
cmp "$dir/one.json" "$dir/two.json" || fail "two replays differ"
[ "$(jq -c '[.records["sales.fx-rates"], .records["sales.territories"], (.quotas[].subjects[] | .today)]' "$dir/one.json")" = '[5,1,35087500]' ] ||
	fail "the replay says otherwise: $(jq -c '[.records, .quotas]' "$dir/one.json")"
worker_end one || fail "the end of the worker"
ctl acme verify >"$dir/said" || fail "verify: $(cat "$dir/said")"
note "a replay says the same, twice"
