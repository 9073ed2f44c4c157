# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: what "make install" puts where, and that "make uninstall" takes
# all of it away, below a DESTDIR.
#
# Uses of run.sh: verdict, work, here, build.
# shellcheck disable=SC2154

# A make of its own, as people call it; for a kernel that nobody has.
make_door()
{
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$here/../.." BUILD="$build" \
		DESTDIR="$work/root" RELEASE=0-none KDIR=/nonexistent "$@" 2>&1
}

installed()
{
	(cd "$work/root" && find . ! -type d | LC_ALL=C sort)
}

# One path a line, as installed() has them; the man pages are those that were built.
expected_files()
{
	local page file version

	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$here/../../dkms.conf")
	cat <<-END
	./lib/modules/0-none/extra/brkwatch.ko
	./opt/sbin/brkwatch
	./opt/share/bash-completion/completions/brkwatch
	./opt/share/zsh/site-functions/_brkwatch
	./usr/src/brkwatch-$version/Kbuild
	./usr/src/brkwatch-$version/dkms.conf
	./usr/src/brkwatch-$version/uapi/linux/brkwatch.h
	END
	for page in "$here"/../../Documentation/man/*.8.rst; do
		page=${page##*/}
		echo "./opt/share/man/man8/${page%.rst}"
	done
	for file in "$here"/../../module/*.[ch]; do
		echo "./usr/src/brkwatch-$version/module/${file##*/}"
	done
}

check_install()
{
	if ! command -v rst2man >/dev/null; then
		verdict ok install "no rst2man"
		return
	fi
	mkdir -p "$build/0-none" "$work/root"
	echo module >"$build/0-none/brkwatch.ko"
	make_door PREFIX=/opt install install-dkms >"$work/err"
	expected_files | LC_ALL=C sort >"$work/expected"
	if installed | diff -u "$work/expected" - >>"$work/err"; then
		verdict ok install
	else
		verdict "not ok" install
		sed 's/^/# /' "$work/err"
	fi
	make_door PREFIX=/opt uninstall uninstall-dkms >"$work/err"
	if [ -z "$(installed)" ]; then
		verdict ok uninstall
	else
		verdict "not ok" uninstall
		installed | sed 's/^/# left: /'
	fi
	rm -r "$build/0-none"
}
