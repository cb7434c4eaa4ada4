# The slower half of ./run test --full; sourced by scripts/test.sh, whose functions it uses.

shown=1 check sim/mutations 1800 env FNL_SIM_BUILT=1 bash scripts/sim.sh --mutations
check lint/clang-tidy 1200 bash scripts/lint.sh --tidy
check lint/cppcheck 600 bash scripts/lint.sh --cppcheck

if built build-asan -DFNL_SANITIZE=address,undefined -- sim tests_{unit,property,contract,crash,alloc,oracle}; then
	programs build-asan '^(unit|property|contract|crash|alloc|oracle)/' ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 \
		FNL_SEEDS=60 UBSAN_OPTIONS=print_stacktrace=1
	check "sim/seeds (build-asan)" 600 build-asan/bin/sim --seeds 300 --jobs 2
fi
if built build-tsan -DFNL_SANITIZE=thread -- tests_{unit,crash,tsan} contract_test_{http,log_embedded} funneld funnelctl bench_feed; then
	programs build-tsan '^(unit|crash|tsan)/|^contract/test_(http|log_embedded)' TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
	check tsan/worker 300 env FNL_BUILD="$FNL_ROOT/build-tsan" bash tests/tsan/worker.sh
fi
if compgen -G 'tests/fuzz/fuzz_*.c' >/dev/null; then
	if built build-fuzz -DCMAKE_C_COMPILER=clang -DFNL_FUZZ=ON -- tests_fuzz; then
		for source in tests/fuzz/fuzz_*.c; do
			name=$(basename "$source" .c)
			seconds=30
			[ "$name" != fuzz_decode ] || seconds=60 # what strangers send goes through it
			beside "fuzz/$name" 180 bash scripts/fuzz.sh build-fuzz "$name" "${FNL_FUZZ_SECONDS:-$seconds}"
		done
		wait
	fi
fi
