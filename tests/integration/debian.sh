#!/usr/bin/env bash
# The promise of the README, kept: on a fresh Debian with only git, root and /proc, ./run demo and ./run test work.
# debian.sh [bookworm|trixie] [VERB…]: not part of ./run test (needs root, debootstrap and a while). VERB: what to run
# there, each a word with commas for spaces; by default demo,--fast and test.
set -euo pipefail

suite=${1:-bookworm}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- demo,--fast test
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
cd "$root"
. scripts/lib.sh
with_cleanup
. tests/support/jail.sh

took() { printf '%-28s %4d s\n' "$1" $((SECONDS - begin)); }
begin=$SECONDS
jail=$jails/$suite
jail_make "$jail" "$suite" git,ca-certificates
jail_open "$jail"
took "debootstrap $suite"

mkdir "$jail/mnt/origin"
git -C "$root" bundle create "$jail/mnt/origin/funneld.bundle" HEAD 2>/dev/null
inside "$jail" 'git -c advice.detachedHead=false -c init.defaultBranch=main clone -q /mnt/origin/funneld.bundle /srv/funneld'
rc=0
for verb in "$@"; do
	begin=$SECONDS
	inside "$jail" "cd / && /srv/funneld/run ${verb//,/ }" && ok=ok || { ok=FAILED && rc=1; }
	took "$suite: run ${verb//,/ }: $ok"
done
# A demo or a test that left a process behind would be seen here. Whoever watches a server looks once a second.
for ((i = 0; i < 5; i++)); do
	left=$(jail_running "$jail")
	[ -n "$left" ] || break
	sleep 1
done
[ -z "$left" ] || { echo "left running: $left" && rc=1; }
exit $rc
