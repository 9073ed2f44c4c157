#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A process in a pid namespace of its own: the module knows it by its number in
# the initial namespace, and the tool says both. The tool in such a namespace
# says that its numbers are not those of the module, and runs nothing in vain.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tool=${BRKWATCH_BUILD:-$here/../../../../build}/brkwatch
program=in_a_namespace
helper='' outer=''

in_namespace() {
	unshare --pid --fork --mount-proc "$@"
}

# The only child of unshare, once it is what unshare was told to run.
find_outer() {
	outer=$(cat "/proc/$helper/task/$helper/children")
	outer=${outer%% *}
	[ -n "$outer" ] && [ "$(cat "/proc/$outer/comm")" = "$program" ]
}

has_file() {
	[ "$(key_of "$outer" comm 2>/dev/null)" = "$program" ]
}

starts() {
	cp "$(command -v sleep)" "$scratch/$program" || return
	unshare --pid --fork --kill-child --mount-proc "$scratch/$program" 600 &
	helper=$!
	wait_for find_outer && wait_for has_file
}

# says_both PID|NAME: the title of its page, asked for by number or name
says_both() {
	local title
	title=$("$tool" show "$1" | sed -n '1s/,* live.*//p')
	equals "the title" "$title" "$program (pid $outer, 1 in its namespace)"
}

ns_pid_of() {
	"$tool" show --json "$1" | sed -n 's/^ *"ns_pid": *\([^,]*\),*$/\1/p'
}

json_says_both() {
	equals "ns_pid" "$(ns_pid_of "$outer")" 1 &&
		equals "ns_pid of a process of the initial one" "$(ns_pid_of $$)" $$
}

# The page of our own shell has one number, and nobody is warned out here.
says_one() {
	local title
	title=$("$tool" show $$ 2>"$scratch/err" | sed -n '1s/.*(\(.*\)).*/\1/p')
	equals "the title" "$title" "pid $$" &&
		equals "standard error" "$(cat "$scratch/err")" ""
}

warns_inside() {
	in_namespace "$tool" list -n 1 >"$scratch/out" 2>"$scratch/err"
	equals "the status" $? 0 &&
		equals "lines" "$(wc -l <"$scratch/out")" 2 &&
		equals "lines of warning" "$(grep -c 'initial pid namespace' "$scratch/err")" 1
}

# A stranger may have the number that the command has inside.
runs_nothing_inside() {
	in_namespace "$tool" run -- touch "$scratch/was_run" 2>"$scratch/err"
	equals "the status" $? 1 && [ ! -e "$scratch/was_run" ] &&
		grep -q 'initial pid namespace' "$scratch/err"
}

ends() {
	if [ -n "$helper" ]; then
		kill -KILL "$helper"
		wait "$helper" 2>/dev/null
	fi
	rm -r "$scratch"
}

main() {
	need_module
	ktap_print_header
	if [ ! -x "$tool" ]; then
		ktap_skip_all "$tool is not built"
		exit "$KSFT_SKIP"
	fi
	if ! in_namespace true 2>/dev/null; then
		ktap_skip_all "no pid namespace can be made here"
		exit "$KSFT_SKIP"
	fi
	scratch=$(mktemp -d)
	trap ends EXIT
	ktap_set_plan 7
	check "a process in a pid namespace has an account" starts
	check "show by number says both" says_both "$outer"
	check "show by name says both" says_both "$program"
	check "JSON says both" json_says_both
	check "a process of the initial namespace has one" says_one
	check "the tool in a namespace warns" warns_inside
	check "the tool in a namespace runs nothing" runs_nothing_inside
	ktap_finished
}

main
