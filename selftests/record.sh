#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# record and report: programs without frame pointers that grow by known bytes on
# known call paths, of C, of C++, and python3 as it is. The report names every
# function with exactly those bytes, and every stack goes down to where its
# thread began.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tool=${BRKWATCH_BUILD:-$here/../../../../build}/brkwatch

# What the stacks of a recording that have a function in them have kept.
kept_by() {
	"$tool" report --folded "$1" | awk -v name="$2" '
		{ bytes = $NF; sub(/ [0-9]+$/, "") }
		index($0 ";", ";" name ";") { sum += bytes }
		END { printf "%.0f\n", sum }'
}

# each_keeps RECORDING EXPECTED: the second has lines of "function bytes"
each_keeps() {
	local name bytes line
	[ -s "$2" ] || return
	while read -r line; do
		name=${line% *} bytes=${line##* }
		equals "what $name keeps" "$(kept_by "$1" "$name")" "$bytes" || return
	done <"$2"
}

number_of() {
	"$tool" report --json "$1" | sed -n 's/^.*"'"$2"'": *\([0-9]*\),*$/\1/p' | head -n 1
}

# Prints what was measured, whatever it is.
stacks_are_whole() {
	local recording=$1 nr nr_whole nr_exec
	nr_exec=$(number_of "$recording" stacks_of_exec)
	nr=$(($(number_of "$recording" changes) - nr_exec))
	nr_whole=$(($(number_of "$recording" stacks_whole) - nr_exec))
	ktap_print_msg "$(basename "$recording"): $nr_whole of $nr stacks end in _start or clone;" \
		"$(number_of "$recording" stacks_by_fp) by frame pointers," \
		"$(number_of "$recording" stacks_by_none) not unwound"
	at_least "stacks" "$nr" 5 && equals "whole stacks" "$nr_whole" "$nr" &&
		equals "lost changes" "$(number_of "$recording" lost_changes)" 0
}

record_c() {
	"$tool" record -o "$scratch/c" -- "$here/grow_paths" >"$scratch/c.expected" &&
		each_keeps "$scratch/c" "$scratch/c.expected"
}

record_cxx() {
	"$tool" record -o "$scratch/cxx" -- "$here/grow_paths_cxx" >"$scratch/cxx.expected" &&
		each_keeps "$scratch/cxx" "$scratch/cxx.expected"
}

# Its mmap module maps 8 MiB, and calloc() 64 MiB with a page for itself.
record_python() {
	"$tool" record -o "$scratch/python" -- python3 -c '
import mmap
kept = mmap.mmap(-1, 8 << 20)
also_kept = bytes(64 << 20)
gone = mmap.mmap(-1, 4 << 20)
gone.close()
import os
os._exit(0)' || return
	"$tool" report --json "$scratch/python" >"$scratch/python.json"
	equals "paths that keep what mmap.mmap() mapped" \
		"$(grep -c '"kept_bytes": *8388608,' "$scratch/python.json")" 1 &&
		equals "paths that keep what bytes() took" \
			"$(grep -c '"kept_bytes": *67112960,' "$scratch/python.json")" 1 &&
		"$tool" report --folded "$scratch/python" >"$scratch/python.folded" &&
		equals "frames of the mmap module above 8 MiB" \
			"$(grep -c 'mmap\.cpython.* 8388608$' "$scratch/python.folded")" 1 &&
		at_least "frames of calloc() above 64 MiB" \
			"$(grep -c 'calloc.* 67112960$' "$scratch/python.folded")" 1
}

# The program takes part only as a grandchild.
record_children() {
	"$tool" record -o "$scratch/children" -- sh -c "sh -c '$here/grow_paths; true'; true" \
		>"$scratch/children.expected" &&
		each_keeps "$scratch/children" "$scratch/children.expected"
}

record_pid() {
	local pid recorder
	python3 -c '
import mmap, sys
sys.stdin.readline()
kept = mmap.mmap(-1, 24 << 20)
sys.stdin.readline()' < <(sleep 6; echo; sleep 1; echo) &
	pid=$!
	sleep 2
	"$tool" record -p $pid -o "$scratch/pid" &
	recorder=$!
	wait $pid
	wait $recorder
	equals "paths of 24 MiB" "$("$tool" report --csv "$scratch/pid" |
		grep -c '^0,25165824,25165824,1,"python3;_start;.*"$')" 1
}

filters() {
	"$tool" record --heap -o "$scratch/heap" -- "$here/grow_paths" >/dev/null || return
	equals "changes but brk" "$(awk '$1 == "event" && $6 != "brk"' "$scratch/heap" | wc -l)" 0 &&
		equals "grow_break" "$(kept_by "$scratch/heap" grow_break)" 1048576 || return
	"$tool" record --mmap --min-size 8M -o "$scratch/large" -- "$here/grow_paths" >/dev/null ||
		return
	equals "changes of 8 MiB and more" "$(grep -c '^event ' "$scratch/large")" 4 || return
	"$tool" record --high-water -o "$scratch/high" -- "$here/grow_paths" >/dev/null || return
	equals "changes that are no new mark" "$(awk '$1 == "event" {
		if ($8 <= high[$3 + 0] && $5 > 1) wrong++
		high[$3 + 0] = $8 } END { print wrong + 0 }' "$scratch/high")" 0
}

passes_status_on() {
	"$tool" record -o "$scratch/status" -- sh -c 'exit 7'
	equals "the status" $? 7
}

main() {
	need_module
	ktap_print_header
	if ! "$tool" record -o /dev/null -- true 2>/dev/null; then
		ktap_skip_all "$("$tool" record -o /dev/null -- true 2>&1)"
		exit "$KSFT_SKIP"
	fi
	scratch=$(mktemp -d)
	trap 'rm -r "$scratch"' EXIT
	ktap_set_plan 11
	mark_log
	check "five paths of C to the byte" record_c
	check "its stacks are whole" stacks_are_whole "$scratch/c"
	if [ -s "$here/grow_paths_cxx" ]; then
		check "five paths of C++ to the byte" record_cxx
		check "its stacks are whole" stacks_are_whole "$scratch/cxx"
	else
		ktap_test_skip "five paths of C++ to the byte: built without a compiler of it"
		ktap_test_skip "its stacks are whole"
	fi
	check "python3 to the byte" record_python
	check "its stacks are whole" stacks_are_whole "$scratch/python"
	check "a child of a child" record_children
	check "a process that runs already" record_pid
	check "what is left out" filters
	check "the status of the command" passes_status_on
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
