#!/usr/bin/env bash
# Thirty rounds of trouble on real parts: a worker killed, a worker asleep beyond its session, Redis emptied, restarted
# empty, restored from an older dump, the broker restarted. Under the event clock outputs, ids and rows of both stages, a
# quota that freezes amid it included, must equal those of an undisturbed run. FNL_SEED repeats a run; FNL_ROUNDS makes it
# shorter or longer.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
seed=${FNL_SEED:-$((RANDOM * 32768 + RANDOM))}
rounds=${FNL_ROUNDS:-30}
RANDOM=$((seed % 32768))
note "seed $seed, $rounds rounds"
cluster_begin

# A change log of one day a round, from a Tuesday on: stages, money, owners, duplicates, late changes, deletions, merges, erasures, gaps.
# Nobody is erased on a Monday: an erasure takes a line out of a sheet that is still to be made, and whether one of the
# same day comes before the sheet depends on which partition is ahead.
awk -v days="$rounds" -v seed="$seed" 'BEGIN {
	srand(seed)
	split("Prospecting,Qualification,Needs Analysis,Proposal/Price Quote,Negotiation/Review,Somewhere new", stage, ",")
	print "event,prospect_id,occurred_at,version,stage,status,amount,currency,owner_rep_id,region,survivor_id,gap_id,full,expected_close_date"
	for (d = 0; d < days; d++) {
		for (i = 0; i < 400; i++) {
			p = int(rand() * 250); v[p]++
			at = sprintf("%.0f", (1704153600 + d * 86400 + i * 200) * 1000)
			id = sprintf("P%04d", p); rep = sprintf("R%02d", (p + int(d / 4)) % 17); x = rand()
			money = sprintf("%d.%02d,%s", 1000 + rand() * 90000, rand() * 100, rand() < .5 ? "USD" : "EUR")
			if (x < .55) printf "changed,%s,%s,%d,%s,open,%s,%s,north,,,,%s\n", id, at, v[p], stage[1 + int(rand() * 6)], money, rep, x < .05 ? "\\N" : sprintf("2024-%02d-15", 4 + p % 9)
			else if (x < .65) printf "changed,%s,%s,%d,,,%s,,,,,,\n", id, at, v[p], money
			else if (x < .72) printf "changed,%s,%s,%d,,won,%s,,,,,,\n", id, at, v[p], money
			else if (x < .78) printf "changed,%s,%s,%d,,lost,,,,,,,,\n", id, at, v[p]
			else if (x < .84 && v[p] > 2) printf "changed,%s,%s,%d,%s,,,,,,,,,\n", id, at, v[p] - 2, stage[1 + int(rand() * 5)]
			else if (x < .88) printf "deleted,%s,%s,%d,,,,,,,,,,\n", id, at, v[p]
			else if (x < .92) printf "restored,%s,%s,%d,,,,,,,,,,\n", id, at, v[p]
			else if (x < .94) printf "merged,%s,%s,%d,,,,,,,P0001,,,\n", id, at, v[p]
			else if (x < .945 && d > 4 && d % 7 != 6) printf "erased,%s,%s,%d,,,,,,,,,,\n", id, at, v[p]
			else if (x < .96) printf "gap,%s,%s,,,,,,,,,G%d-%d,,\n", id, at, d, i
			else printf "changed,%s,%s,%d,%s,open,%s,%s,south,,,true,\n", id, at, v[p], stage[1 + int(rand() * 4)], money, rep
		}
	}
}' >"$dir/changes.csv"

# Their reps, and who they are.
{
	echo event,rep_id,org_id,occurred_at
	for ((r = 0; r < 17; r++)); do printf 'rep_changed,R%02d,US,2024-01-02\n' $r; done
} >"$dir/reps.csv"

day() { date -u -d "2024-01-02 +$1 days" +%F; }
import_day() { # NAME DAY
	ctl "$1" import csv "$dir/changes.csv" --from "$(day "$2")" --until "$(day "$2")" >/dev/null 2>"$dir/import-$1.err" ||
		fail "import of day $2: $(tail -n 3 "$dir/import-$1.err")"
}

# A year is opened early on; it is drafted a day later, and frozen another day later, in the midst of it all. Nothing
# happens at as_of itself: such a change counts, but the draft may come before it or after it. Nor is anybody erased before
# it is frozen: an erasure takes a line out of what is not frozen at once, without waiting for its time.
open_year() {
	ctl "$1" import csv "$dir/reps.csv" 2>/dev/null || fail "import of reps"
	ctl "$1" quota open US --year 2024 --command-id first --as-of "$(day 2)T00:00:01Z" --issued-at "$(day 1)" >/dev/null 2>&1 || fail "quota open"
	# Commands come by another topic: this one must be there before the lines' time passes it.
	caught_up "$1" 60 >/dev/null
}

# What the rep stage says and holds. Its running sums are told by its own clock, which the slowest partition before it
# moves: when they are told, and so what they are then, depends on how it went, and is left out; so does how many lines a
# run has looked at, those that came after its as_of among them, and how often the organisation heard of a rep or of one
# of his cells. What it knows of them in the end does not.
rep_picture() {
	ctl "$1" tail "$1.funnel.quotas" "$1.funnel.rejections" --from-beginning --until-end --json |
		jq -c 'select(.type != "QuotaRecalculated") | [.topic + " " + .key, .type, .headers.ce_id, .data]' | sort
	ctl "$1" tail "$1.funnel.reps" "$1.funnel.orgs" --from-beginning --until-end --json |
		jq -c '["\(.topic | split(".") | last) \(.partition) \(.key)", (.data | if type == "object" then
			del(.next_deadline_at, .told_at, .change_cause_id, .change_correlation_id, .runs[]?.lines_done,
				.directory_sequence, .entry_sequence) |
			if has("totals") and has("size_focus") then del(.sequence, .merged_before, .cause_id, .correlation_id) else . end
			else . end)]' |
		awk -F'",' '{ last[$1] = $0 } END { for (k in last) if (last[k] !~ /",null\]$/) print last[k] }' | sort
}

config calm clock=event
ctl calm topics create >/dev/null || fail "topics"
worker_start calm calm
for ((d = 0; d < rounds; d++)); do
	[ $d -ne 1 ] || open_year calm
	import_day calm $d
	# No partition is ahead of another by more than a day: neither an erasure nor what two weekly sheets say of a line waits
	# for the slowest partition's time.
	caught_up calm >/dev/null
done
caught_up calm
worker_end calm || fail "a clean end has exit code $?"
{ picture calm; rep_picture calm; } >"$dir/calm.txt"
note "undisturbed: $(wc -l <"$dir/calm.txt") outputs and rows"
[ "$(wc -l <"$dir/calm.txt")" -gt 500 ] || fail "an undisturbed run says too little to compare"

config storm clock=event session.timeout=2s txn.timeout=4s batch.records=50
ctl storm topics create >/dev/null || fail "topics"
for w in a b c; do worker_start storm $w; done

redis_port_cli() { redis-cli -s "$dir/redis.sock" "$@"; }
older=0
trouble() { # KIND WORKER
	case $1 in
	kill) worker_kill "$2"; worker_start storm "$2" ;;
	sleep) kill -STOP "$(worker_pid "$2")"; sleep 3.5; kill -CONT "$(worker_pid "$2")" ;;
	flush) redis_port_cli flushall >/dev/null ;;
	empty) redis_kill "$dir"; rm -f "$dir"/*.rdb; redis_start "$dir" ;;
	older)
		[ $older -eq 1 ] || return 0
		redis_kill "$dir"; cp "$dir/older.dump" "$dir/dump.rdb"; redis_start "$dir" ;;
	broker) kafka_kill "$dir"; kafka_restart "$dir" || fail "the broker does not come back" ;;
	esac
}
save_older() {
	redis_port_cli config set dir "$dir" >/dev/null && redis_port_cli save >/dev/null && cp "$dir/dump.rdb" "$dir/older.dump" && older=1
}

# No trouble of these ends a worker, not even when a broker that comes back takes one that joins for two.
look_after() {
	local w
	for w in a b c; do
		kafka_pid_alive "$(worker_pid $w)" || fail "worker $w ended in a round of $1"
	done
}

kinds=(kill sleep flush empty older broker)
declare -A times
begin=$SECONDS
for ((d = 0; d < rounds; d++)); do
	[ $d -ne 1 ] || open_year storm
	kind=${kinds[d % 6]}
	worker=$(echo a b c | cut -d' ' -f$((RANDOM % 3 + 1)))
	[ "$kind" != empty ] || save_older
	if [ "$kind" = broker ]; then
		# The feed is in before the broker goes: what is tested are the workers, in the midst of it.
		for w in a b c; do kill -STOP "$(worker_pid $w)"; done
		import_day storm $d
		for w in a b c; do kill -CONT "$(worker_pid $w)"; done
		sleep "0.$((RANDOM % 4))"
		trouble broker -
	else
		import_day storm $d &
		importer=$!
		sleep "0.$((RANDOM % 6))"
		trouble "$kind" "$worker"
		wait $importer || fail "import in round $d"
	fi
	look_after "$kind"
	caught_up storm >/dev/null
	times[$kind]=$((${times[$kind]:-0} + 1))
done
note "rounds took $((SECONDS - begin)) s: $(for k in "${kinds[@]}"; do printf '%s %s, ' "$k" "${times[$k]:-0}"; done)"
{ picture storm; rep_picture storm; } | sed 's/storm\./calm./g' >"$dir/storm.txt"
if ! cmp -s "$dir/calm.txt" "$dir/storm.txt"; then
	diff "$dir/calm.txt" "$dir/storm.txt" | head -n 20
	fail "seed $seed: the result differs from the undisturbed one"
fi
ctl storm verify || fail "seed $seed: verify"
for w in a b c; do
	worker_end $w || fail "worker $w ended with $?"
done
note "equal to the undisturbed run, $(wc -l <"$dir/storm.txt") outputs and rows; seed $seed"
