#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Other tracers on the functions that we hook, at the same time. Each works, and
# what we count is exact: the tests of single steps say so while it runs.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tracing=/sys/kernel/tracing
tests=(brk mmap munmap faults)
tracer=
data=$(mktemp)

hooked() {
	awk '$1 == "hook" && $4 != "tracepoint" && $5 == 1 { print $3 }' $folder/stats
}

# shellcheck disable=SC2317 # called by trap
trace_nothing() {
	[ -z "$tracer" ] || { kill -TERM "$tracer"; wait "$tracer"; } 2>/dev/null
	tracer=
	echo nop >$tracing/current_tracer
	echo >$tracing/set_ftrace_filter
	echo >$tracing/set_graph_function
	echo 0 >$tracing/events/enable
	echo >$tracing/kprobe_events
	echo >$tracing/trace
}

is_exact() {
	local name out
	for name in "${tests[@]}"; do
		out=$("$here/$name" 2>&1) && continue
		ktap_print_msg "$name: $(grep -A 3 -E '^not ok|#.* is ' <<<"$out" | head -n 8)"
		return 1
	done
	all_balance && equals events_mismatched "$(stat_of events_mismatched)" 0 &&
		equals events_missed "$(stat_of events_missed)" 0
}

has_traced() {
	[ "$(grep -cv '^#' $tracing/trace)" -gt 10 ] || { ktap_print_msg "it sees nothing"; return 1; }
}

by_function() {
	hooked >$tracing/set_ftrace_filter && echo function >$tracing/current_tracer &&
		is_exact && has_traced
}

by_function_graph() {
	hooked >$tracing/set_ftrace_filter && echo function_graph >$tracing/current_tracer &&
		is_exact && has_traced
}

by_kprobe_events() {
	local symbol i=0
	for symbol in $(hooked); do
		echo "p:brkw_test/entry$i $symbol" >>$tracing/kprobe_events || return
		echo "r:brkw_test/return$i $symbol" >>$tracing/kprobe_events || return
		i=$((i + 1))
	done
	echo 1 >$tracing/events/brkw_test/enable && is_exact && has_traced
}

# Exact while the tracer runs, which has ended after it. Not SIGINT: a job in the
# background ignores it until it asks for it.
is_exact_beside() {
	local err
	is_exact
	err=$?
	{ kill -TERM "$tracer"; wait "$tracer"; } 2>/dev/null
	tracer=
	return $err
}

# The kernel counts hits of a probe from when somebody listens.
is_recording() {
	awk '$1 ~ /^(do_mmap|handle_mm_fault)$/ && $2 { nr++ } END { exit nr != 2 }' \
		$tracing/kprobe_profile
}

# Not by "perf probe": if a kernel has debug information of some functions it takes none
# of the others.
by_perf() {
	local err nr
	printf 'p:probe/%s %s\n' do_mmap do_mmap handle_mm_fault handle_mm_fault \
		>>$tracing/kprobe_events || return
	perf record -q -BN -o "$data" -e probe:do_mmap -e probe:handle_mm_fault -a sleep 1000 \
		>/dev/null 2>&1 &
	tracer=$!
	wait_for is_recording
	is_exact_beside
	err=$?
	nr=$(perf script -i "$data" -F event 2>/dev/null | grep -c probe:)
	at_least "the number of its samples" "$nr" 10 && return $err
}

# Probes are attached in the order in which they are named: when the last one
# speaks, all are there. That may take long where all is emulated.
by_bpftrace() {
	local i
	bpftrace -B line -e 'kprobe:do_mmap, kretprobe:do_mmap, kprobe:handle_mm_fault,
		kretprobe:handle_mm_fault, kprobe:exit_mmap { @[probe] = count(); }
		interval:ms:100 { printf("on\n"); }' >"$data" 2>/dev/null &
	tracer=$!
	for ((i = 0; i < 60; i++)); do
		! grep -q '^on' "$data" || break
		sleep 1
	done
	grep -q '^on' "$data" && is_exact_beside
}

# check_if COMMAND NAME TEST
check_if() {
	if ! command -v "$1" >/dev/null; then
		ktap_test_skip "$2: no $1 here"
	else
		check "$2" "$3"
	fi
	trace_nothing 2>/dev/null
}

# check_all [HOW]: beside each tracer
check_all() {
	local how=${1-}
	check_if true "beside the function tracer$how" by_function
	check_if true "beside the function graph tracer$how" by_function_graph
	check_if true "beside kprobes and kretprobes$how" by_kprobe_events
	check_if perf "beside perf record$how" by_perf
	check_if bpftrace "beside bpftrace$how" by_bpftrace
}

main() {
	local nr_tests=6
	need_module
	ktap_print_header
	if [ ! -w $tracing/current_tracer ]; then
		ktap_skip_all "no tracers in this kernel"
		exit "$KSFT_SKIP"
	fi
	trap 'trace_nothing 2>/dev/null; rm "$data"' EXIT
	[ -z "${BRKWATCH_LONG-}" ] || nr_tests=11
	ktap_set_plan $nr_tests
	mark_log
	check_all
	if [ -n "${BRKWATCH_LONG-}" ]; then
		unload_module && load_module attach=kprobe
		check_all ", by kprobes"
		unload_module && load_module
	fi
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
