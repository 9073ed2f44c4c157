# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What fetch-kernel, fetch-kselftest, install-deps and vm share: messages, the
# cache folder, its lock, and talking to apt. Sourced, never run.

# sbin: depmod and modprobe are there, and a user's PATH often is not.
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$@"
	exit 1
}

cache_folder() {
	printf '%s\n' "${BRKWATCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/brkwatch}"
}

# One fetcher at a time per thing: who comes second finds the work done.
lock_cache() {
	local name=$1 dir
	dir=$(cache_folder)
	mkdir -p "$dir" || die "cannot make $dir: set BRKWATCH_CACHE to a folder you can write"
	exec 9>"$dir/$name.lock"
	flock -n 9 && return
	say "another fetch of $name is under way: waiting for it"
	flock 9
}

need_space() {
	local dir=$1 mib=$2 free
	free=$(df --output=avail -m "$dir" | tail -n 1)
	[ "$free" -ge "$mib" ] ||
		die "$dir has ${free// /} MiB free, $mib are needed: free some, or set BRKWATCH_CACHE"
}

need_apt() {
	local tool
	for tool in apt-get apt-cache dpkg-deb; do
		command -v $tool >/dev/null ||
			die "no $tool here: kernels and their tools are fetched as Debian packages"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		return 1
	fi
}

update_lists() {
	say "updating apt's package lists"
	as_root apt-get -q update >&2 ||
		die "apt-get update did not work: run it as root with the network up, then try again"
}

# The sandbox user of apt cannot write into people's cache folders.
get_packages() {
	apt-get -q -o APT::Sandbox::User=root download "$@" >&2
}

# A list older than the archive names files that are gone: update, try again.
download() {
	get_packages "$@" && return
	update_lists
	get_packages "$@" ||
		die "cannot download $*: is the network up? (apt's own words are above)"
}
