# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The tool as it is built where there is neither libbpf nor ncurses: record and
# top say what is missing, every other case prints the same. Sourced by run.sh,
# whose variables and functions it uses.

# What the case does with that tool, unless it is about what is not there.
do_as_expected()
{
	local name words wrong=0

	# as it was before others had loaded the module in it
	rm -rf "$work/dumps"
	prepare || return 1
	while read -r name words; do
		case $name in
		'' | '#'* | record_from_container | record_load_odd | top_no_terminal) continue ;;
		esac
		record "$name" "$words"
		cmp -s "$here/expected/$name" "$work/got" && continue
		echo "$name"
		wrong=1
	done <"$here/cases"
	return $wrong
}

# says STATUS TEXT WORD...: on one line, and nothing else
says()
{
	local status="$1" text="$2" said
	shift 2

	said=$("$tool" "$@" 2>&1)
	[ "$?" = "$status" ] && [ "$said" = "$text" ] && return
	echo "$said"
	return 1
}

check_bare()
{
	local tool="$work/bare/brkwatch"

	if ! make -C "$here/.." LIBBPF= CURSES= SANITIZE= CFLAGS=-O0 BUILD="$work/bare" \
		>"$work/judged" 2>&1; then
		verdict "not ok" bare_build
		sed 's/^/# /' "$work/judged"
		return
	fi
	judge bare_record says 1 "brkwatch: record: this tool was built without libbpf;\
 install what is missing and build it again; on Debian:\
 apt-get install libbpf-dev libelf-dev libdw-dev clang bpftool" record true
	judge bare_top says 1 "brkwatch: top: this tool was built without ncurses and has no full\
 screen; use --batch, or build it with libncurses-dev installed" \
		--dir "$work/dumps/usual" top
	judge bare_others do_as_expected
}
