#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tracepoints: what they tell of a program, corrections taken in, adds up to
# the last byte to what its account says; and perf, trace-cmd and bpftrace read
# them as they read any others.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tracing=/sys/kernel/tracing
events=$tracing/events/brkwatch
steps=(brk:+1M map:8M touch:8M map:300K brk:-256K unmap:8M map:64K unmap:300K)

# Where the program of known steps ends: what it has mapped and broken more.
sz_steps=$((1024 * 1024 - 256 * 1024 + 64 * 1024))

# shellcheck disable=SC2317 # called by trap
clean_up() {
	echo 0 >$events/enable
	echo >$tracing/trace
	rm -r "$scratch"
}

# What is mapped by the steps alone names the process: sets pid.
find_pid() {
	pid=$(sed -n 's/.*tgid=\([0-9]*\) .* bytes=8388608\( .*\|$\)/\1/p' | head -n 1)
}

# The sum of all changes of one process since its last exec, where the counting
# began anew: seq, bytes of a trace in any tool's words.
sum_of_changes() {
	awk -v tgid="tgid=$pid" '
		$0 !~ tgid "( |$)" { next }
		{ match($0, /seq=[0-9]+/); seq = substr($0, RSTART + 4, RLENGTH - 4) + 0
		  match($0, /bytes=-?[0-9]+/); bytes = substr($0, RSTART + 6, RLENGTH - 6) + 0 }
		/vm_change/ && seq == 1 { for (i in told) delete told[i] }
		{ told[seq] = bytes }
		END { for (i in told) sum += told[i]; printf "%.0f\n", sum }'
}

# By how much the account of the process that has ended had grown.
grown_of_ended() {
	awk -v pid="$pid" '
		$1 == "pid" { mine = $2 == pid }
		mine && $1 == "state" { mine = $2 == "exited" }
		mine && $1 == "vm_bytes" { end = $2 }
		mine && $1 == "vm_start_bytes" { printf "%.0f\n", end - $2; exit }' $folder/ended
}

has_ended() {
	[ -n "$(grown_of_ended)" ]
}

agrees() {
	wait_for has_ended || return
	at_least "what it has grown by" "$(grown_of_ended)" $sz_steps &&
		equals "the sum of changes" "$(sum_of_changes <$tracing/trace)" "$(grown_of_ended)"
}

trace_steps() {
	echo >$tracing/trace
	echo 1 >$events/enable
	"$here/brk_steps" "${steps[@]}"
	echo 0 >$events/enable
	find_pid <$tracing/trace
	agrees
}

# A growth that is not granted is told when it is asked for, and taken back.
trace_failure() {
	echo >$tracing/trace
	echo 1 >$events/enable
	(ulimit -v 100000; "$here/brk_steps" "${steps[@]}" map:1024M) 2>/dev/null
	echo 0 >$events/enable
	find_pid <$tracing/trace
	agrees || return
	grep "tgid=$pid " $tracing/trace >"$scratch/trace"
	equals "growths of 1 GiB" "$(grep -c 'vm_change: .* bytes=1073741824 ' "$scratch/trace")" 1 &&
		at_least "corrections to nothing" \
			"$(grep -c 'vm_correct: .* change=anon_private bytes=0 ' "$scratch/trace")" 1
}

# Nothing is told to nobody.
is_silent() {
	echo >$tracing/trace
	"$here/brk_steps" brk:+1M
	equals "lines of the trace" "$(grep -vc '^#' $tracing/trace)" 0
}

# with_tool TOOL COMMAND...: one test, skipped without the tool
with_tool() {
	if command -v "$1" >/dev/null; then
		check "$@"
	else
		ktap_test_skip "$1 is not installed"
	fi
}

perf() {
	command perf record -q -BN -e 'brkwatch:*' -a -o "$scratch/perf" -- \
		"$here/brk_steps" "${steps[@]}" \
		>"$scratch/out" 2>&1 || { ktap_print_msg "$(<"$scratch/out")"; return 1; }
	command perf script -i "$scratch/perf" 2>/dev/null >"$scratch/out"
	find_pid <"$scratch/out"
	wait_for has_ended && equals "the sum that perf read" "$(sum_of_changes <"$scratch/out")" \
		"$(grown_of_ended)"
}

trace-cmd() {
	command trace-cmd record -q -e brkwatch -o "$scratch/trace.dat" \
		"$here/brk_steps" "${steps[@]}" \
		>"$scratch/out" 2>&1 || { ktap_print_msg "$(<"$scratch/out")"; return 1; }
	command trace-cmd report -i "$scratch/trace.dat" 2>/dev/null >"$scratch/out"
	find_pid <"$scratch/out"
	wait_for has_ended && equals "the sum that trace-cmd read" "$(sum_of_changes <"$scratch/out")" \
		"$(grown_of_ended)"
}

bpftrace() {
	command bpftrace -e 'tracepoint:brkwatch:vm_change, tracepoint:brkwatch:vm_correct {
		printf("%s tgid=%d seq=%llu bytes=%lld\n", probe, args->tgid, args->seq, args->bytes) }' \
		-c "$here/brk_steps ${steps[*]}" >"$scratch/out" 2>&1 ||
		{ ktap_print_msg "$(<"$scratch/out")"; return 1; }
	find_pid <"$scratch/out"
	wait_for has_ended && equals "the sum that bpftrace read" \
		"$(sum_of_changes <"$scratch/out")" "$(grown_of_ended)"
}

main() {
	need_module
	scratch=$(mktemp -d)
	trap clean_up EXIT
	ktap_print_header
	ktap_set_plan 7
	mark_log
	check "a program of known steps" trace_steps
	check "one that is refused" trace_failure
	check "nothing without a listener" is_silent
	with_tool perf perf
	with_tool trace-cmd trace-cmd
	if [ -e /sys/kernel/btf/vmlinux ]; then
		with_tool bpftrace bpftrace
	else
		ktap_test_skip "bpftrace would want headers of this kernel, which has no BTF"
	fi
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
