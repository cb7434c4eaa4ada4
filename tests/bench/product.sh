# The product's own job: a first load of all prospects, then changes of random ones, each a new stage, through both stages;
# sourced by run.sh. Outputs are checked before a figure is printed.

redis_info() { redis-cli -s "$dir/redis.sock" info "$1" | awk -F: -v k="$2" '$1 == k { print $2 + 0 }'; }

# What has followed so far, held against what bench_feed says must have.
product_check() { # EXPECTED
	local got want stages wanted
	got=$(ctl bench tail bench.funnel.layer-changes --from-beginning --until-end --json | wc -l)
	want=$(jq .layer_changes <<<"$1")
	[ "$got" = "$want" ] || fail "$got layer changes, expected $want"
	stages=$(ctl bench funnel --by stage --json | jq -cS '[.rows[] | {key, value: .count}] | from_entries')
	wanted=$(jq -cS '.by_stage | with_entries(select(.value > 0))' <<<"$1")
	[ "$stages" = "$wanted" ] || fail "funnel $stages, expected $wanted"
	ctl bench verify >/dev/null || fail "verify"
	note "outputs checked: $got layer changes, funnel by stage, view = changelog"
}

# product_run WHAT COUNT FEED…: a worker is started when all of FEED's changes lie ready.
product_run() {
	local what=$1 count=$2 expected begin first end redis kafka
	shift 2
	note "$what: $count changes of $prospects prospects"
	expected=$( (with_sets bench_feed bench "$@") ) || fail "bench_feed $*"
	redis-cli -s "$dir/redis.sock" config resetstat >/dev/null
	redis=$(cpu_ms "$(cat "$dir/redis.pid")")
	kafka=$(cpu_ms "$(cat "$dir/kafka.pid")")
	begin=$EPOCHREALTIME
	worker_start bench w
	until redis-cli -s "$dir/redis.sock" info commandstats | grep -q '^cmdstat_watch:'; do sleep 0.05; done
	first=$EPOCHREALTIME
	caught_up bench 600 >/dev/null
	end=$EPOCHREALTIME
	awk -v what="$what" -v n="$count" -v b="$begin" -v f="$first" -v e="$end" -v w="$(cpu_ms "$(worker_pid w)")" \
		-v r=$(($(cpu_ms "$(cat "$dir/redis.pid")") - redis)) -v k=$(($(cpu_ms "$(cat "$dir/kafka.pid")") - kafka)) \
		-v m="$(awk '/^VmHWM/ { print $2 / 1024 }' "/proc/$(worker_pid w)/status")" 'BEGIN {
		printf "%-23s %d changes/s (%.1f s; %.1f s with the start of the worker)\n", what, n / (e - f), e - f, e - b
		printf "  CPU a change          worker %.1f us, Redis %.1f us, broker %.1f us\n", w * 1000 / n, r * 1000 / n, k * 1000 / n
		printf "  memory                %d MiB at most\n", m
	}' >"$dir/figures"
	worker_end w || fail "the end of the worker"
	product_check "$expected"
	cat "$dir/figures"
}

bench_product() {
	local before after i
	before=$(redis_info memory used_memory)
	printf 'threads of each stage   %d\n' "$threads"
	product_run "first load" "$prospects" load "$prospects" "$prospects"
	after=$(redis_info memory used_memory)
	printf '  Redis                 %d bytes a prospect\n' $(((after - before) / prospects))
	product_run "changes" "$changes" again "$changes" "$prospects"
	worker_start bench w
	for i in 1 2 3 4 5; do
		(with_sets bench_feed bench paced "$rate" 20 5) >"$dir/paced" || fail "paced"
		latencies <"$dir/paced"
	done
	worker_end w || fail "the end of the worker"
}

# The floor beside it: the same changes and those of the pace, by a loop that moves as many bytes and does nothing else.
# It comes second, when the broker's code is compiled; of few changes, this alone halves the broker's CPU.
bench_bare_loop() {
	local redis kafka told expected=$((prospects + changes + 5 * rate * 20))
	redis=$(cpu_ms "$(cat "$dir/redis.pid")")
	kafka=$(cpu_ms "$(cat "$dir/kafka.pid")")
	told=$( (with_sets bench_bare bench "$threads") ) || fail "the bare loop"
	redis=$(($(cpu_ms "$(cat "$dir/redis.pid")") - redis))
	kafka=$(($(cpu_ms "$(cat "$dir/kafka.pid")") - kafka))
	[ "$(jq .changes <<<"$told")" = $expected ] || fail "the bare loop moved $(jq .changes <<<"$told") changes, expected $expected"
	jq -r --argjson r $redis --argjson k $kafka '
		def us: . * 10 | round / 10;
		"bare loop               \(.changes_per_second) changes/s (\(.seconds | us) s)\n  CPU a change          loop \(.cpu_us_per_change | us) us, Redis \($r * 1000 / .changes | us) us, broker \($k * 1000 / .changes | us) us"' <<<"$told"
	redis-cli -s "$dir/redis.sock" --scan --pattern '{bench:bare-*' | xargs redis-cli -s "$dir/redis.sock" unlink >/dev/null
}

# What Redis takes for a prospect of which 18 fields are set: its row, its key in the index, one timer.
bench_reference() {
	config reference clock=wall
	ctl reference topics create >/dev/null || fail "topics"
	(with_sets bench_feed reference reference 200000) >/dev/null || fail "bench_feed reference"
	worker_start reference r
	caught_up reference 300 >/dev/null
	redis-cli -s "$dir/redis.sock" --scan --pattern '{reference:prospect:*' | sed 's/^/memory usage /; s/$/ samples 0/' |
		redis-cli -s "$dir/redis.sock" |
		awk '{ bytes += $1 } END { printf "reference prospect      %.0f bytes in Redis\n", bytes / 200000; exit bytes == 0 }' ||
		fail "no keys of the prospect stage"
	ctl reference verify >/dev/null || fail "verify"
	worker_end r || fail "the end of the worker"
}
