#!/usr/bin/env bash
# A subscriber of funnel.alerts, to be copied and changed: one line an alert, on stdout.
#
#   alerts_subscriber.sh --config funneld.ini [--from-beginning] [--until-end]
#   alerts_subscriber.sh - <FILE       what `funnelctl tail funnel.alerts --json` has written
#
# tail shows committed records only, from now on, unless it is told otherwise. The first column is the record's ce_id: it
# is the same however often an alert is read, so whoever sends mails from here remembers the ids that were dealt with.
# SEEN=FILE does so: ids in FILE are passed over, new ones are added; with --from-beginning nothing is missed over a restart.
set -euo pipefail

source_of_alerts() {
	if [ "${1:-}" = - ]; then
		cat
	else
		"${FUNNELCTL:-funnelctl}" tail funnel.alerts --json "$@"
	fi
}

lines='
def at: if . then .[:16] | sub("T"; " ") else "?" end;
def amount: if . then "\(.currency) \(.amount_minor / 100)" else "amount unknown" end; # for currencies of two decimals
def cause: .candidates[0] | if . then "\(.cause)\(if .confirmed then "" else "?" end), try \(.remedy)" else "no cause known" end;
def stall: "\(.prospect_id) \(.kind) since \(.since | at), \(.layer), \(.amount | amount), of \(.rep_id // "nobody"): \(.level) \(.recipient_id // "?") is to act; \(cause)";

.headers.ce_id as $id | .type as $type | .data |
if   $type == "ProspectStalled" then [.occurred_at, "STALLED", stall]
elif $type == "StallEscalated"  then [.occurred_at, "ESCALATED", stall]
elif $type == "StallCleared"    then [.occurred_at, "CLEARED", "\(.prospect_id) \(.kind) since \(.since | at), of \(.rep_id // "nobody"): \(.reason)"]
elif $type == "FeedSilent"      then [.occurred_at, "FEED SILENT", "\(.source) not heard since \(.last_heard_at | at), limit \(.limit_minutes) min"]
elif $type == "FeedRecovered"   then [.occurred_at, "FEED HEARD", "\(.source) is back, silent since \(.silent_since | at)"]
else empty end # resyncs, and what later versions tell
| [$id, (.[0] | at), .[1], .[2]] | join("\t")'

# --unbuffered: a line is of use when it happens
source_of_alerts "$@" | jq --unbuffered -r "$lines" | while IFS= read -r line; do
	if [ -n "${SEEN:-}" ]; then
		! grep -qxF -- "${line%%$'\t'*}" "$SEEN" 2>/dev/null || continue
		printf '%s\n' "$line"
		printf '%s\n' "${line%%$'\t'*}" >>"$SEEN" # after it was dealt with
	else
		printf '%s\n' "$line"
	fi
done
