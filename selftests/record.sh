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

# start_recorder PID RECORDING: comes back when it records
start_recorder() {
	"$tool" record -p "$1" -o "$2" &
	recorder=$!
	wait_for grep -qs '^process' "$2" || wait_for grep -qs '^process' "$2"
}

record_pid() {
	local pid recorder
	coproc PYTHON { exec python3 -c '
import mmap, sys
print("ready", flush=True)
sys.stdin.readline()
kept = mmap.mmap(-1, 24 << 20)
print("done", flush=True)
sys.stdin.readline()'; }
	pid=$PYTHON_PID
	read -r <&"${PYTHON[0]}"
	start_recorder "$pid" "$scratch/pid"
	echo >&"${PYTHON[1]}"
	read -r <&"${PYTHON[0]}"
	kill "$pid"
	wait "$recorder" || return
	equals "paths of 24 MiB" "$("$tool" report --csv "$scratch/pid" |
		grep -c '^25165824,25165824,0,1,"python3;_start;.*"$')" 1
}

# While the recorder stands still, its ring overflows. What is in the recording
# and what it says is lost is all that there was.
losses_are_counted() {
	local pid recorder nr nr_changes nr_answers lost_changes lost_answers
	coproc PYTHON { exec python3 -c '
import mmap, sys
sys.stdin.readline()
for i in range(20000):
	mmap.mmap(-1, 4096).close()
print("done", flush=True)
sys.stdin.readline()
mmap.mmap(-1, 4096)
print("done", flush=True)
sys.stdin.readline()'; }
	pid=$PYTHON_PID
	start_recorder "$pid" "$scratch/lost"
	kill -STOP "$recorder"
	echo >&"${PYTHON[1]}"
	read -r <&"${PYTHON[0]}"
	kill -CONT "$recorder"
	sleep 2
	echo >&"${PYTHON[1]}"
	read -r <&"${PYTHON[0]}"
	kill -INT "$recorder"
	wait "$recorder" || return
	kill "$pid"
	read -r nr nr_changes nr_answers < <(awk '
		$1 == "event" { if (!first) first = $5; last = $5; changes++ }
		$1 == "result" { answers++ }
		END { print last - first + 1, changes, answers }' "$scratch/lost")
	lost_changes=$(number_of "$scratch/lost" lost_changes)
	lost_answers=$(number_of "$scratch/lost" lost_answers)
	ktap_print_msg "of $nr changes $lost_changes and $lost_answers of their answers got lost"
	at_least "lost changes" "$lost_changes" 1 &&
		equals "recorded and lost changes" $((nr_changes + lost_changes)) "$nr" &&
		equals "recorded and lost answers" $((nr_answers + lost_answers)) "$nr" &&
		equals "what is shown first" \
			"$("$tool" report "$scratch/lost" | sed -n '1s/^lost *\([0-9]* changes\),.*/\1/p')" \
			"$lost_changes changes"
}

# says_why TEXT COMMAND...: fails with one line that has the text in it
says_why() {
	local text=$1 said status=0
	shift
	said=$("$@" 2>&1 >/dev/null) || status=$?
	equals "status of $*" "$status" 1 && equals "lines that it said" "$(wc -l <<<"$said")" 1 &&
		equals "said '$said', with '$text' in it" "$(grep -c "$text" <<<"$said")" 1
}

hide_btf() {
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh "$@"
}

# What is missing is said, nothing is run, and the other verbs do without.
works_without_bpf() {
	local record=("$tool" record -o "$scratch/none" -- touch "$scratch/ran")
	says_why "does not load BPF programs: Function not implemented; CONFIG_BPF_SYSCALL" \
		"$here/without_bpf" "${record[@]}" &&
		says_why "has no BTF" hide_btf "${record[@]}" &&
		equals "files of runs and recordings" \
			"$(find "$scratch" -name ran -o -name none | wc -l)" 0 &&
		"$here/without_bpf" "$tool" list -n 1 >/dev/null &&
		"$here/without_bpf" "$tool" show $$ >/dev/null &&
		"$here/without_bpf" "$tool" run -o /dev/null -- true &&
		"$here/without_bpf" "$tool" report "$scratch/c" >/dev/null
}

# The recording is still being made when its program's heap is looked at.
names_who_grew_the_pin() {
	local pid
	coproc RECORD { exec "$tool" record -o "$scratch/pin" -- "$here/grow_pin"; }
	read -r -t 60 <&"${RECORD[0]}"
	pid=$(awk '$1 == "process" { pid = $2 } END { print pid }' "$scratch/pin")
	wait_for grep -q ' hold_top$' "$scratch/pin"
	"$tool" heap --no-map --record "$scratch/pin" "$pid" >"$scratch/heap" &&
		"$tool" heap --json --record "$scratch/pin" "$pid" >"$scratch/heap.json" &&
		"$tool" why --record "$scratch/pin" "$pid" >"$scratch/why"
	local err=$? main="grow_pin;_start;.*;main"
	echo >&"${RECORD[1]}"
	wait "$RECORD_PID" || return
	sed -n '/^Its part/,$p' "$scratch/heap"
	grep 'grown by' "$scratch/why"
	[ $err = 0 ] && grep -q "^ *hold_top  \[grow_pin\]$" "$scratch/heap" &&
		grep -q "\"path\": *\"$main;hold_top;.*\"" "$scratch/heap.json" &&
		grep -q "^  grown by    $main;hold_top;.*sbrk.* of [12][.0-9]*M of which [12][.0-9]*M are left$" \
			"$scratch/why"
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

# A program after exec counts its changes from one again. Those that it is refused
# are corrected, and are left out: nothing is taken off the program before.
keeps_what_exec_left() {
	"$tool" record --min-size 64M -o "$scratch/exec" -- python3 -c '
import mmap, os, resource, sys
for i in range(50):
	mmap.mmap(-1, 4096).close()
kept = mmap.mmap(-1, 64 << 20)
os.execv(sys.executable, [sys.executable, "-c", """
import mmap, os, resource, sys
size = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (size + (16 << 20), resource.RLIM_INFINITY))
for i in range(300):
	try:
		mmap.mmap(-1, 32 << 20)
	except OSError:
		pass
"""])' || return
	at_least "corrections" "$(grep -c '^correct ' "$scratch/exec")" 200 &&
		equals "paths that keep 64 MiB" "$("$tool" report --csv "$scratch/exec" |
			grep -c '^67108864,67108864,0,1,')" 1
}

# 5.10 counts faults of a tracer that copies stacks as misses of ours.
nothing_is_missed() {
	equals events_missed "$(stat_of events_missed)" 0
}

leaves_limits_alone() {
	local limits
	limits=$(ulimit -l 64 &&
		"$tool" record -o "$scratch/limits" -- sh -c "ulimit -S -l; ulimit -H -l") || return
	equals "the limits of locked memory" "$limits" $'64\n64'
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
	ktap_set_plan 17
	mark_log
	check "six paths of C to the byte" record_c
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
	check "what gets lost is counted, and said first" losses_are_counted
	check "who grew what the pin of a heap holds" names_who_grew_the_pin
	check "what is left out" filters
	check "what a program had before exec" keeps_what_exec_left
	check "without BPF in the kernel" works_without_bpf
	check "the limits of the command" leaves_limits_alone
	check "the status of the command" passes_status_on
	check "nothing is missed" nothing_is_missed
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
