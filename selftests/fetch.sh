# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What fetch-kernel, fetch-tools, fetch-kselftest, install-deps and vm share:
# messages, the cache folder, its lock, and talking to apt. Sourced, never run.

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

# Which lists apt looks at: nothing here for this machine's own; use_suite fills it.
apt_options=()

host_suite() {
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# Where this machine's own apt gets Debian from, without the folder of the archive;
# BRKWATCH_MIRROR says otherwise.
host_mirror() {
	local mirror=${BRKWATCH_MIRROR-}
	# shellcheck disable=SC2016 # apt expands it
	[ -n "$mirror" ] ||
		mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
			"Codename: $(host_suite)" |
			awk '!nr && sub("/debian/*$", "") { print; nr++ }')
	[ -n "$mirror" ] ||
		die "apt names no mirror of Debian: set BRKWATCH_MIRROR to one that has debian/ and debian-security/"
	echo "$mirror"
}

# The archives of a suite: of a backport also what it is a backport to.
suite_sources() {
	local suite=$1 mirror=$2
	case $suite in
	sid) echo "$mirror/debian sid" ;;
	*-backports)
		echo "$mirror/debian ${suite%-backports}"
		echo "$mirror/debian $suite"
		;;
	*)
		echo "$mirror/debian $suite"
		echo "$mirror/debian-security $suite-security"
		;;
	esac
}

# A suite that this machine does not run is asked about with lists of our own,
# in the cache: neither its apt's configuration nor its lists are touched.
use_suite() {
	local dir
	apt_options=()
	[ "$1" != "$(host_suite)" ] || return 0
	suite=$1
	dir=$(cache_folder)/apt/$suite
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	# the lists of a suite that is not made any more expire, and stay true
	apt_options=(
		-o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
		-o "Dir::State::Lists=$dir/lists" -o "Dir::State::status=$dir/status"
		-o "Dir::Cache=$dir/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Debug::NoLocking=true
		-o APT::Update::Error-Mode=any -o Acquire::Check-Valid-Until=false)
}

# A suite moves to another archive when it is no longer supported, which
# BRKWATCH_ARCHIVE may name.
update_suite() {
	local mirror mirrors
	mirrors=$(host_mirror) || exit 1
	mirrors+=" ${BRKWATCH_ARCHIVE-}"
	[ -r /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		die "no keys of Debian's archive here: apt-get install debian-archive-keyring"
	for mirror in $mirrors; do
		suite_sources "$suite" "$mirror" |
			sed 's|.*|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] & main|' \
				>"$(cache_folder)/apt/$suite/sources.list"
		apt-get -q "${apt_options[@]}" update >&2 && return
	done
	die "cannot get the lists of $suite: is the network up? If Debian has moved it to its" \
		"archive, set BRKWATCH_ARCHIVE to that (apt's own words are above)"
}

update_lists() {
	say "updating apt's package lists${apt_options:+ of $suite}"
	if [ ${#apt_options[@]} != 0 ]; then
		update_suite
		return
	fi
	mkdir -p "$(cache_folder)"
	as_root flock "$(cache_folder)/lists.lock" apt-get -q update >&2 ||
		die "apt-get update did not work: run it as root with the network up, then try again"
}

# The sandbox user of apt cannot write into people's cache folders.
get_packages() {
	apt-get -q "${apt_options[@]}" -o APT::Sandbox::User=root download "$@" >&2
}

# A list older than the archive names files that are gone: update, try again.
download() {
	get_packages "$@" && return
	update_lists
	get_packages "$@" ||
		die "cannot download $*: is the network up? (apt's own words are above)"
}
