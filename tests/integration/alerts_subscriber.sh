#!/usr/bin/env bash
# The sample subscriber of funnel.alerts: what it prints of recorded alerts, each once however often it is read; and that
# these are what the schemas say.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
samples=tests/samples
fail() {
	echo "FAILED: $*"
	exit 1
}

types=$(jq -r .type $samples/alerts.jsonl | sort -u)
for type in $types; do
	jq -c --arg type "$type" 'select(.type == $type)' $samples/alerts.jsonl |
		jq -e --slurpfile schema "schemas/$type.avsc" -f $samples/fits.jq >"$dir/fits" || fail "a $type is not as its schema says"
	! grep -qv true "$dir/fits" || fail "a $type is not as its schema says"
done
[ "$(wc -w <<<"$types")" -ge 6 ] || fail "there are alerts of few types only: $types"
# A record that is not as its schema says must be seen, or the check is none.
! jq -c 'select(.type == "StallCleared") | .data.reason = "BOREDOM"' $samples/alerts.jsonl |
	jq -e --slurpfile schema schemas/StallCleared.avsc -f $samples/fits.jq >/dev/null || fail "an unknown symbol fits"

bash $samples/alerts_subscriber.sh - <$samples/alerts.jsonl >"$dir/all"
diff $samples/alerts.txt "$dir/all" || fail "other lines"

# Read again, and again with more: what was dealt with does not come twice.
head -n 3 $samples/alerts.jsonl | SEEN=$dir/seen bash $samples/alerts_subscriber.sh - >"$dir/parts"
cat $samples/alerts.jsonl $samples/alerts.jsonl | SEEN=$dir/seen bash $samples/alerts_subscriber.sh - >>"$dir/parts"
diff $samples/alerts.txt "$dir/parts" || fail "with SEEN"
echo "$(wc -l <"$dir/all") alerts of $(wc -w <<<"$types") types"
