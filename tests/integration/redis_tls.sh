#!/usr/bin/env bash
# rediss://: a worker keeps and mends its view in a Redis that speaks TLS alone; and it turns away from one whose
# certificate nobody has signed whom it trusts, or which is another host's.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u
grep -q libhiredis_ssl < <(ldd "$build/bin/funneld") || { echo "hiredis has no TLS here"; exit 77; }
cluster_begin

redis_tls_start IP:127.0.0.1
here=rediss://127.0.0.1:$tls_port
config tls "redis.url=$here" "redis.ssl.ca.location=$dir/cert.pem"
ctl tls topics create >/dev/null || fail "topics"
checked() { # [section.key=value…]: what a worker with these settings says at its check; its exit code
	config checked "redis.url=$here" "$@"
	cp "$dir/tls.ini" "$dir/checked.ini"
	(with_sets funneld checked --check) >"$dir/said" 2>&1
}

# refused WHAT TEXT [section.key=value…]
refused() {
	local what=$1 text=$2 rc=0
	shift 2
	checked "$@" || rc=$?
	[ $rc -ne 0 ] || fail "$what is accepted"
	grep -q "$text" "$dir/said" || fail "$what: exit code $rc, $(cat "$dir/said")"
}
refused "a certificate that nobody trusts" 'self-signed certificate'
refused "another host's certificate" 'mismatch' "redis.ssl.ca.location=$dir/cert.pem" "redis.url=rediss://127.0.0.2:$tls_port"
refused "a file that is not there" 'no certificates to trust' "redis.ssl.ca.location=$dir/none.pem"
checked "redis.ssl.ca.location=$dir/cert.pem" || fail "the right one: $(cat "$dir/said")"

worker_start tls one
ctl tls simulate --prospects 40 --reps 4 >/dev/null || fail "simulate"
caught_up tls 180
ctl tls verify >"$dir/said" 2>&1 || fail "verify: $(cat "$dir/said")"
rows=$(redis_tls_cli dbsize)
[ "$rows" -gt 0 ] || fail "nothing in Redis"
redis_tls_cli flushall >/dev/null
for ((i = 0; i < 300; i++)); do
	ctl tls verify >"$dir/said" 2>&1 && break
	sleep 0.2
done
ctl tls verify >"$dir/said" 2>&1 || fail "not mended: $(cat "$dir/said")"
worker_end one || fail "the worker ends with $?"
note "$rows keys by TLS, lost and mended"
