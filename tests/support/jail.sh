# Fresh Debians beside this one, for the scripts that prove what is promised about them; sourced, with errexit. A jail is a
# directory with a Debian of debootstrap's in it. With the script goes all of it, and what runs inside.
# Needs scripts/lib.sh, with_cleanup, root and debootstrap; exit 77 where these are not.

[ "$(id -u)" -eq 0 ] || { echo "needs root"; exit 77; }
command -v debootstrap >/dev/null || { echo "needs debootstrap"; exit 77; }

# The mirror and the trust of this machine: whatever reaches the packages here reaches them there.
mirror=$(grep -rhoE '^(URIs:|deb( \[[^]]*\])?) *https?://[^ ]+' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null |
	grep -oE 'https?://[^ ]+' | grep -E '/debian/?$' | head -n 1 || true)
mirror=${FNL_DEBIAN_MIRROR:-$mirror}
[ -n "$mirror" ] || { echo "found no Debian mirror in /etc/apt; name one in FNL_DEBIAN_MIRROR"; exit 77; }
# Proxies and the like pass; what describes this machine's own tree does not.
mapfile -t jail_environment < <(env | grep -iE '^(https?_proxy|no_proxy|maven_opts|java_tool_options|fnl_[a-z_]*)=' || true)

jails=$(mktemp -d)
jails_open=()

jails_end() {
	local jail pid
	for jail in "${jails_open[@]}"; do
		# What still runs inside, by its root directory; nothing else.
		for pid in /proc/[0-9]*; do
			if [ "$(readlink "$pid/root" 2>/dev/null)" = "$jail" ]; then
				kill -9 "${pid#/proc/}" 2>/dev/null || true
			fi
		done
		umount "$jail/proc" || umount -l "$jail/proc"
	done
	rm -rf --one-file-system "$jails"
}
at_exit jails_end

# jail_make JAIL SUITE [PACKAGE,…]: a minimal Debian that reaches what this machine reaches. FNL_DEBIANS: a folder in which
# debootstrap's part is kept for the next time.
jail_make() {
	local jail=$1 suite=$2 certificate settings include=() kept=''
	[ -z "${3:-}" ] || include=("--include=$3")
	[ -z "${FNL_DEBIANS:-}" ] || kept=$FNL_DEBIANS/$suite-${3:-minbase}.tar
	if [ -s "$kept" ]; then
		mkdir "$jail" && tar -x --numeric-owner -f "$kept" -C "$jail"
	else
		debootstrap --variant=minbase "${include[@]}" "$suite" "$jail" "$mirror" >"$jails/log" 2>&1 ||
			{ tail -n 20 "$jails/log"; return 1; }
		[ -z "$kept" ] || { tar -c --numeric-owner -C "$jail" -f "$kept.part" . && mv "$kept.part" "$kept"; }
	fi
	cp /etc/resolv.conf "$jail/etc/resolv.conf"
	cp /etc/apt/apt.conf.d/*proxy* "$jail/etc/apt/apt.conf.d/" 2>/dev/null || true
	for certificate in /usr/local/share/ca-certificates/*.crt; do
		[ ! -e "$certificate" ] || install -D -m 644 -t "$jail/usr/local/share/ca-certificates" "$certificate"
	done
	for settings in "${HOME:-/root}/.m2/settings.xml" /etc/maven/settings.xml; do
		[ ! -e "$settings" ] || { install -D -m 644 "$settings" "$jail/root/.m2/settings.xml" && break; }
	done
}

# jail_open JAIL: from here on inside works there.
jail_open() {
	mount -t proc proc "$1/proc"
	jails_open+=("$1")
	[ ! -x "$1/usr/sbin/update-ca-certificates" ] || inside "$1" update-ca-certificates >/dev/null 2>&1
}

# inside JAIL COMMAND [NAME=VALUE…]: of a shell, as root; as another user with jail_user=UID:GID.
inside() { (enter "$@"); }

# The same in place of the shell that calls it, which keeps its pid. jail_read_only=1: nobody can write to the jail, which is a
# mount of this command's own, but for /proc and an empty jail_tmpfs; nor does a program give it rights. So containers are run.
enter() {
	local jail=$1 command=$2 before=()
	shift 2
	# shellcheck disable=SC2016
	[ -z "${jail_read_only:-}" ] || before=(setpriv --no-new-privs unshare --mount sh -ec
		'mount --rbind "$0" "$0" && mount -o remount,bind,ro "$0"
		[ -z "$1" ] || mount -t tmpfs -o mode=1777 tmpfs "$0$1"
		shift && exec "$@"' "$jail" "${jail_tmpfs:-}")
	exec "${before[@]}" env -i "${jail_environment[@]}" HOME=/root TERM=dumb \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"$@" chroot ${jail_user:+"--userspec=$jail_user"} "$jail" /bin/sh -c "$command"
}

# The command lines of what runs in a jail.
jail_running() {
	local pid
	for pid in /proc/[0-9]*; do
		[ "$(readlink "$pid/root" 2>/dev/null)" != "$1" ] || tr '\0' ' ' <"$pid/cmdline"
	done
}
