# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What fetch-small-kernel and fetch-debug-kernel share: a kernel from Debian's
# source, tinyconfig and fragments on top of it, built in the cache. Sourced
# behind fetch.sh, never run.

version=6.12

# A stream, as in fetch-kselftest. All Kconfig files must be there, and with
# them the folders they stand in; these have none that matters.
unpack_source() {
	local deb=$1 dir=$2
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/linux-source-$version.tar.xz" |
		xz -T0 -dc |
		tar -x -C "$dir" --strip-components=1 \
			--exclude='*/Documentation/*/*' --exclude='*/tools/testing/*' \
			--exclude='*/tools/perf/*' --exclude='*/drivers/gpu/*.[ch]' \
			--exclude='*/arch/*/boot/dts/*'
}

download_source() {
	local final=$1 dir=$1.new
	say "fetching linux-source-$version (about 150 MiB, 1.3 GiB unpacked)"
	rm -rf "$dir"
	mkdir -p "$dir/deb"
	need_space "$dir" 2500
	(cd "$dir/deb" && download "linux-source-$version")
	unpack_source "$dir"/deb/*.deb "$dir" || die "cannot unpack the source: is the disk full?"
	rm -r "$dir/deb"
	touch "$dir/stamp"
	rm -rf "$final"
	mv "$dir" "$final"
}

# Prints where it is.
fetch_source() {
	local source
	source=$(cache_folder)/linux-source-$version
	need_apt
	[ -e "$source/stamp" ] || download_source "$source"
	printf '%s\n' "$source"
}

kernel_make() {
	make -C "$1" ARCH=x86_64 O="$2" "${@:3}"
}

# An option that a fragment names and Kconfig then dropped is missing.
check_config() {
	local out=$1 line bad=''
	shift
	while read -r line; do
		grep -qxF "$line" "$out/.config" || bad="$bad $line"
	done < <(grep -h '^CONFIG_' "$@")
	[ -z "$bad" ] || die "the configuration lacks$bad"
}

# configure SOURCE OUT FRAGMENT...
configure() {
	local source=$1 out=$2
	shift 2
	{
		kernel_make "$source" "$out" tinyconfig
		"$source/scripts/kconfig/merge_config.sh" -m -O "$out" "$out/.config" "$@"
		kernel_make "$source" "$out" olddefconfig
	} >"$out/config.log" 2>&1 || die "cannot configure: see $out/config.log"
	check_config "$out" "$@"
}

# compile SOURCE OUT
compile() {
	kernel_make "$1" "$2" -j"$(nproc)" bzImage modules >"$2/build.log" 2>&1 ||
		die "does not build: see $2/build.log"
}

# build_kernel SOURCE OUT FRAGMENT...: if the fragments are not those it has.
build_kernel() {
	local source=$1 out=$2
	shift 2
	cat "$@" | cmp -s - "$out/stamp" && return
	say "building $out (log: build.log in there)"
	rm -rf "$out"
	mkdir -p "$out"
	configure "$source" "$out" "$@"
	compile "$source" "$out"
	[ -z "${after_build-}" ] || "$after_build" "$source" "$out"
	cat "$@" >"$out/stamp"
}
