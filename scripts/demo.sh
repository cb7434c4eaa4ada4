#!/usr/bin/env bash
# ./run demo [--kafka] [--fast] [--keep]: two years of a small sales organisation, from feed to funnel, quotas, and what
# sits still; without --kafka also a rep who leaves. Leaves nothing behind.
set -euo pipefail
cd "$FNL_ROOT"
. scripts/lib.sh

kafka=0 fast=0 keep=0
for option in "$@"; do
	case $option in
	--kafka) kafka=1 ;;
	--fast) fast=1 ;;
	--keep) keep=1 ;;
	*) die "demo: no such option: $option" ;;
	esac
done

packages build
[ $kafka -eq 0 ] || packages kafka
build build
. scripts/redis.sh
. scripts/kafka.sh

with_cleanup
dir=$(temp_dir)
at_exit "rm -rf '$dir'"
at_exit "redis_stop '$dir'"
FUNNELD_REDIS_PARENT=$$ redis_start "$dir" || die "demo: Redis did not come up"
redis_url=$(cat "$dir/redis.url")

if [ $kafka -eq 0 ]; then
	options=(--set "redis.url=$redis_url")
	[ $fast -eq 0 ] || options+=(--fast)
	if [ $keep -eq 1 ]; then
		options+=(--keep)
		say "to look around at the end, from another terminal: redis-cli -s $dir/redis.sock"
	fi
	./build/bin/funnel-demo "${options[@]}"
	exit
fi

at_exit "kafka_stop '$dir'"
FUNNELD_KAFKA_PARENT=$$ kafka_start "$dir" "$(kafka_free_port)" || die "demo: Kafka did not come up"
cat >"$dir/funneld.ini" <<INI
clock = event
[kafka]
bootstrap.servers = 127.0.0.1:$(cat "$dir/kafka.port")
[redis]
url = $redis_url
[topic]
partitions = 4
[instance]
id = demo-1
INI
ctl() { ./build/bin/funnelctl --config "$dir/funneld.ini" "$@"; }
step() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
[ -t 2 ] || step() { printf '\n%s\n' "$*" >&2; }

step "Kafka and Redis are up; topics"
ctl topics create
./build/bin/funneld --config "$dir/funneld.ini" 2>"$dir/funneld.log" &
worker=$!
end_worker() {
	kill "$worker" 2>/dev/null || return 0
	wait "$worker" || true
}
at_exit end_worker

caught_up() {
	ctl wait --caught-up --timeout 180 || {
		tail -n 20 "$dir/funneld.log" >&2
		die "demo: the worker did not catch up"
	}
}
# import OPTION…: of the change log, what its options say
import() { ctl import csv "$dir/log.csv" "$@" || die "demo: the import failed"; }

organisation=(--prospects 400 --reps 8)
[ $fast -eq 0 ] || organisation=(--prospects 100 --reps 4)
step "Two years of a sales organisation, as a change log in CSV (funnelctl simulate --csv): its first rows"
ctl simulate "${organisation[@]}" --csv >"$dir/log.csv"
head -n 4 "$dir/log.csv" | sed 's/,,*$//'
step "Rules that fit it (funnelctl simulate --rules)"
ctl simulate --rules >"$dir/rules.ini"
ctl rules apply "$dir/rules.ini" --at 2024-12-31 || die "demo: the rules could not be sent"
step "Its first year, 2025, into the topics of CRM and HR"
import --until 2025-12-31 --tick 2025-12-31
caught_up
ctl funnel --by layer
ctl funnel --by rep
step "The head of sales opens the year 2026: quotas as of the end of 31 December"
ctl quota open acme --year 2026 --as-of 2026-01-01 --issued-at 2025-12-31 --issued-by head-of-sales
caught_up
step "New Year: drafted, settled for a day, frozen"
import --from 2026-01-01 --until 2026-01-01 --tick 2026-01-02
caught_up
ctl quota status
ctl show quota R-01 --year 2026

# of PROSPECT COLUMN FROM UNTIL: what the change log's rows of these days have in the column
of() {
	awk -F, -v prospect="$1" -v what="$2" -v from="$3" -v until="$4" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["prospect_id"] == prospect && from <= $at["occurred_at"] && $at["occurred_at"] < until { print $at[what] }' \
		"$dir/log.csv"
}
# A question on a sheet about one that is silent near the order, and of whom the feeds have no news in these days.
ask() {
	for rep in $(seq -f R-%02g "${organisation[3]}"); do
		ctl inspect "$rep" >"$dir/sheet" 2>/dev/null || continue
		sheet=$(awk 'NR == 1 { print $2 }' "$dir/sheet")
		while read -r question prospect cause; do
			[ -n "$(of "$prospect" event 2026-02-02 2026-02-06)" ] || return 0
		done < <(awk '/^Questions/ { asks = 1 }
			asks && $2 ~ /^P-/ { number = $1; prospect = $2; near = $3 == "BOTTOM"; silent = 0 }
			asks && near && /SILENT no contact .*next level/ { silent = 1 }
			asks && silent && /likely: / { sub(/.*likely: /, ""); sub(/:.*/, ""); gsub(/ /, "-")
				print number, prospect, $0 }' "$dir/sheet")
	done
	die "demo: nobody is asked about a silent prospect"
}
about() { awk -v prospect="$prospect" '$2 ~ /^P-/ { mine = $2 == prospect && $1 ~ /^[0-9]+$/ } mine'; }

step "Monday, 2 February: what sits still near the order"
import --from 2026-01-02 --until 2026-02-01 --tick 2026-02-02T08:00:00Z
caught_up
ctl stalls --layer bottom >"$dir/stalls"
head -n 16 "$dir/stalls"
ask
step "$prospect is silent; on the week's sheet of $rep there is a question about it"
about <"$dir/sheet"
import --from 2026-02-02 --until 2026-02-02
ctl answer "$prospect" --sheet "$sheet" --question "$question" --cause "$cause" --confirmed --by "$rep" \
	--at 2026-02-03T10:00:01Z --next-step visit --next-step-on 2026-02-05 || die "demo: the answer could not be sent"
step "On Tuesday $rep answers it, on Thursday he visits the customer"
import --from 2026-02-03 --until 2026-02-04
source=$(of "$prospect" source 2024 2027 | tail -n 1)
printf '%s\n' event,occurred_at,source,prospect_id,rep_id,contact_id,channel \
	"contact,2026-02-05T14:00:01Z,$source,$prospect,$rep,C-visit,visit" | ctl import csv - || die "demo: the visit"
import --from 2026-02-05 --until 2026-02-05 --tick 2026-02-06
caught_up
ctl inspect "$rep" --sheet "$sheet" | about | tee "$dir/question"
grep -q ANSWERED "$dir/question" || die "demo: the answer is not on the sheet"
ctl tail funnel.alerts --from-beginning --until-end >"$dir/alerts"
grep -a "$prospect.*SILENT" "$dir/alerts" | tail -n 4
grep -a "$prospect.*SILENT" "$dir/alerts" | tail -n 1 | grep -q 'cleared' || die "demo: it still sits still"
step "The rest of the second year; the quota stands, the running potential moves"
import --from 2026-02-06 --tick 2027-01-01
caught_up
ctl show rep R-01
ctl tail funnel.quotas --from-beginning --until-end --json >"$dir/quotas"
printf 'QuotaSet %s, QuotaLine %s, QuotaRecalculated %s\n' "$(grep -c '"type": *"QuotaSet"' "$dir/quotas")" \
	"$(grep -c '"type": *"QuotaLine"' "$dir/quotas")" "$(grep -c '"type": *"QuotaRecalculated"' "$dir/quotas")"
step "All of it once more, as a feed would repeat itself (funnelctl simulate): nothing may change"
ctl funnel --by layer --json >"$dir/before.json"
ctl show quota R-01 --year 2026 --json >"$dir/quota_before.json"
ctl tail funnel.alerts --from-beginning --until-end --json | wc -l >"$dir/alerts_before"
ctl simulate "${organisation[@]}" --tick 2027-01-01 || die "demo: the simulation could not be sent"
caught_up
ctl funnel --by layer --json >"$dir/after.json"
ctl show quota R-01 --year 2026 --json >"$dir/quota_after.json"
cmp "$dir/quota_before.json" "$dir/quota_after.json" || die "demo: a quota changed"
cmp <(sed 's/"as_of": *"[^"]*"//' "$dir/before.json") <(sed 's/"as_of": *"[^"]*"//' "$dir/after.json") ||
	die "demo: the funnel changed"
ctl tail funnel.alerts --from-beginning --until-end --json | wc -l | cmp - "$dir/alerts_before" ||
	die "demo: somebody was told again"
step "What the worker told the world: the last layer changes"
ctl tail funnel.layer-changes --from-beginning --until-end --json >"$dir/events"
tail -n 3 "$dir/events"
step "Do the views say what the changelogs say, and is nothing lost between prospects, books and quotas?"
ctl verify
kill -0 "$worker" 2>/dev/null || die "demo: the worker has ended; $(tail -n 3 "$dir/funneld.log")"

if [ $keep -eq 1 ]; then
	step "It stays up until Ctrl-C. To look around, in $FNL_ROOT:"
	cat <<-TEXT
	  build/bin/funnelctl --config $dir/funneld.ini show prospect P-0001
	  build/bin/funnelctl --config $dir/funneld.ini tail funnel.layer-changes
	  redis-cli -s $dir/redis.sock
	  worker's log: $dir/funneld.log
	TEXT
	wait "$worker"
fi
