#!/usr/bin/env bash
# The promise of the README, kept: on a fresh Debian with only git, root and /proc, ./run demo and ./run test work.
# debian.sh [bookworm|trixie] [VERB…]: not part of ./run test (needs root, debootstrap and a while). VERB: what to run
# there, each a word with commas for spaces; by default demo,--fast and test.
set -euo pipefail

suite=${1:-bookworm}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- demo,--fast test
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
[ "$(id -u)" -eq 0 ] || { echo "needs root"; exit 77; }
command -v debootstrap >/dev/null || { echo "needs debootstrap"; exit 77; }

# The mirror and the trust of this machine: whatever reaches the packages here reaches them there.
mirror=$(grep -rhoE '^(URIs:|deb( \[[^]]*\])?) *https?://[^ ]+' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null |
	grep -oE 'https?://[^ ]+' | grep -E '/debian/?$' | head -n 1 || true)
mirror=${FNL_DEBIAN_MIRROR:-$mirror}
[ -n "$mirror" ] || { echo "found no Debian mirror in /etc/apt; name one in FNL_DEBIAN_MIRROR"; exit 77; }

jail=$(mktemp -d)
jail_proc_mounted=0
cleanup() {
	local pid
	trap '' INT TERM
	# What still runs inside, by its root directory; nothing else.
	for pid in /proc/[0-9]*; do
		if [ "$(readlink "$pid/root" 2>/dev/null)" = "$jail" ]; then
			kill -9 "${pid#/proc/}" 2>/dev/null || true
		fi
	done
	[ $jail_proc_mounted -eq 0 ] || umount "$jail/proc" || umount -l "$jail/proc"
	rm -rf --one-file-system "$jail"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

took() { printf '%-28s %4d s\n' "$1" $((SECONDS - begin)); }
begin=$SECONDS
debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$jail" "$mirror" >"$jail.log" 2>&1 ||
	{ tail -n 20 "$jail.log"; rm -f "$jail.log"; exit 1; }
rm -f "$jail.log"
took "debootstrap $suite"

mount -t proc proc "$jail/proc" && jail_proc_mounted=1
cp /etc/resolv.conf "$jail/etc/resolv.conf"
cp /etc/apt/apt.conf.d/*proxy* "$jail/etc/apt/apt.conf.d/" 2>/dev/null || true
for certificate in /usr/local/share/ca-certificates/*.crt; do
	[ ! -e "$certificate" ] || cp "$certificate" "$jail/usr/local/share/ca-certificates/"
done
for settings in "${HOME:-/root}/.m2/settings.xml" /etc/maven/settings.xml; do
	[ ! -e "$settings" ] || { mkdir -p "$jail/root/.m2" && cp "$settings" "$jail/root/.m2/settings.xml" && break; }
done
# Proxies and the like pass; what describes this machine's own tree does not.
mapfile -t environment < <(env | grep -iE '^(https?_proxy|no_proxy|maven_opts|java_tool_options|fnl_[a-z_]*)=' || true)
inside() {
	env -i "${environment[@]}" HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$jail" /bin/sh -c "$1"
}
inside 'update-ca-certificates' >/dev/null 2>&1

mkdir "$jail/mnt/origin"
git -C "$root" bundle create "$jail/mnt/origin/funneld.bundle" HEAD 2>/dev/null
inside 'git -c advice.detachedHead=false -c init.defaultBranch=main clone -q /mnt/origin/funneld.bundle /srv/funneld'
rc=0
for verb in "$@"; do
	begin=$SECONDS
	inside "cd / && /srv/funneld/run ${verb//,/ }" && ok=ok || { ok=FAILED && rc=1; }
	took "$suite: run ${verb//,/ }: $ok"
done
# A demo or a test that left a process behind would be seen here. Whoever watches a server looks once a second.
left_running() {
	local pid
	for pid in /proc/[0-9]*; do
		[ "$(readlink "$pid/root" 2>/dev/null)" != "$jail" ] || tr '\0' ' ' <"$pid/cmdline"
	done
}
for ((i = 0; i < 5; i++)); do
	left=$(left_running)
	[ -n "$left" ] || break
	sleep 1
done
[ -z "$left" ] || { echo "left running: $left" && rc=1; }
exit $rc
