#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All at once, for a while: processes of all kinds, more than may be watched,
# readers that hold files, switches that are switched, other tracers, processes that
# the OOM killer ends; in the first half hooks are silenced and allocations fail,
# too. At the end of each half every account balances, nothing leaks, and the module
# has as much memory as half-way; no account is lost.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=fail_alloc.sh
. "$here/fail_alloc.sh"

tracing=/sys/kernel/tracing
silencers=(/proc/sys/kernel/ftrace_enabled /sys/kernel/debug/kprobes/enabled)
seconds=${BRKWATCH_LONG:+600}
seconds=${seconds:-16}
nr_more=12	# processes that are watched, beyond those that are there before
nr_max=
jobs=()

trace_nothing() {
	echo nop >$tracing/current_tracer
	echo >$tracing/set_ftrace_filter
	[ ! -e $tracing/events/brkw_soak ] || echo 0 >$tracing/events/brkw_soak/enable
	echo >$tracing/kprobe_events
	echo >$tracing/trace
}

be_heard() {
	local silencer
	for silencer in "${silencers[@]}"; do
		echo 1 >"$silencer"
	done
}

# shellcheck disable=SC2317 # called by trap
clean_up() {
	[ ${#jobs[@]} = 0 ] || { kill "${jobs[@]}" && wait "${jobs[@]}"; } 2>/dev/null
	be_heard 2>/dev/null
	trace_nothing 2>/dev/null
	no_faults 2>/dev/null
	end_group
	[ -z "${scratch-}" ] || rm -r "$scratch"
}

# repeat SECONDS COMMAND...: for so long, over and over
repeat() {
	local until=$((SECONDS + $1))
	while [ $SECONDS -lt $until ]; do
		"${@:2}" || return
	done
}

# Without memory it may stay as it is, and says so.
switch() {
	local name
	for name in faults enabled; do
		echo 0 >$parameters/$name
		sleep 1
		echo 1 >$parameters/$name
		sleep 1
	done 2>/dev/null
}

watch_all() {
	echo 1 >$parameters/faults && echo 1 >$parameters/enabled
}

# Each time the kernel's log gets long.
starve() {
	eat_up $((32 << 20))
	[ $? = 137 ] && sleep $((seconds / 16))
}

# of the module's. A hook that ftrace had no memory for is a kprobe until all are armed
# anew.
fail_some() {
	only_below_module
	set_fault probability 20
	sleep 1
	no_faults
	echo 0 >$parameters/enabled && watch_all || return
	sleep 1
}

# in_turn COMMAND...: who makes kprobes, and silence. If kernel.ftrace_enabled is 0 when a
# kprobe goes the kernel keeps a flag of its function, and when the last ftrace_ops ends
# elsewhere it thinks itself broken, and ftrace is dead (5.10 to 6.12; it needs no module
# for that).
in_turn() {
	local err=0
	until mkdir "$scratch/turn" 2>/dev/null; do
		sleep 0.1
	done
	"$@" || err=$?
	rmdir "$scratch/turn"
	sleep 0.3	# let the other one have it
	return $err
}

# On two of the functions that we hook, by turns and together.
trace() {
	printf '%s\n' do_mmap handle_mm_fault >$tracing/set_ftrace_filter &&
		echo function >$tracing/current_tracer &&
		echo 'p:brkw_soak/entry do_mmap' >>$tracing/kprobe_events &&
		echo 'r:brkw_soak/return handle_mm_fault' >>$tracing/kprobe_events &&
		echo 1 >$tracing/events/brkw_soak/enable || return
	sleep 1
	trace_nothing
}

is_exact() {
	[ "$(stat_of not_exact_since_ns)" = 0 ]
}

# Not every kernel lets itself be silenced. Looking at stats meanwhile has the
# module notice, and start all accounts anew when hooks are called again.
silence() {
	local silencer
	for silencer in "${silencers[@]}"; do
		echo 0 2>/dev/null >"$silencer"
		sleep 1
		is_exact
		be_heard
		sleep 1
	done
}

start() {
	"$@" &
	jobs+=($!)
}

# soak SEED [WHAT...]: for half of the time, WHAT besides
soak() {
	local i err=0 half=$((seconds / 2)) what=("${@:2}")
	for i in 1 2 3 4; do
		start "$here/churn" $half $((10 * $1 + i)) >>"$scratch/churn"
	done
	for i in 5 6 7; do
		start "$here/peruse" $half $((10 * $1 + i)) hold >>"$scratch/peruse"
	done
	for i in switch "${what[@]}"; do
		case $i in
		trace | silence | fail_some) start repeat $half in_turn "$i" ;;
		*) start repeat $half "$i" ;;
		esac
	done
	for i in "${jobs[@]}"; do
		wait "$i" || err=1
	done
	jobs=()
	[ $err = 0 ] || ktap_print_msg "one of them failed"
	wait_for watch_all && wait_for is_exact && all_balance && wait_for no_dead_accounts && [ $err = 0 ]
}

has_no_leaks() {
	local found
	found=$(leaks)
	[ -z "$found" ] && return
	ktap_print_msg "$(head -n 80 <<<"$found")"
	return 1
}

# check_leaks NAME
check_leaks() {
	if [ -e $leak_file ]; then
		check "$1" has_no_leaks
	else
		ktap_test_skip "$1: this kernel does not look"
	fi
}

few() {
	nr_max=$(($(nr_processes) + nr_more))
	unload_module && load_module max_processes=$nr_max
}

# made_of NAME: objects in existence
made_of() {
	echo $(($(stat_of "memory_${1}s_bytes") / $(<"/sys/kernel/slab/brkw_$1/object_size")))
}

# What the slab cache says is exact only while it checks its objects: else it
# counts those that processors have at hand as used.
agrees_with_slab() {
	local cache=/sys/kernel/slab/brkw_$1 nr
	[ "$(<"$cache/sanity_checks")" = 1 ] || return 0
	read -r nr _ <"$cache/objects"
	[ "$nr" = "$(made_of "$1")" ]
}

# is_flat BYTES: that the module had half-way
is_flat() {
	local name
	equals "memory of the module" "$(stat_of memory_bytes)" "$1" || return
	for name in account thread; do
		wait_for agrees_with_slab $name && continue
		ktap_print_msg "$(</sys/kernel/slab/brkw_$name/objects) objects, $(made_of $name) made"
		return 1
	done
}

# check_flat NAME BYTES
check_flat() {
	if [ -r /sys/kernel/slab/brkw_account/object_size ]; then
		check "$1" is_flat "$2"
	else
		ktap_test_skip "$1: no /sys/kernel/slab in this kernel"
	fi
}

# As many processes as may be watched are, but for those that look; of whom one may not
# be forgotten yet when the next process begins, which has no account then, ever.
none_lost() {
	local i err=0 sleepers=()
	for ((i = $(nr_processes) + 3; i <= nr_max; i++)); do
		start_sleeper || { end_sleeper "$sleeper" && start_sleeper; } || err=1
		sleepers+=("$sleeper")
	done
	for i in "${sleepers[@]}"; do
		end_sleeper "$i"
	done
	at_least "processes more that are watched" ${#sleepers[@]} $((nr_more / 2)) && [ $err = 0 ]
}

some_dropped() {
	at_least "processes that were not watched" "$(stat_of drop_account_pool)" 1
}

main() {
	local with=() trouble=(silence) half_way
	need_module
	trap clean_up EXIT
	ktap_print_header
	ktap_set_plan 9
	mark_log
	scratch=$(mktemp -d)
	[ ! -w $tracing/kprobe_events ] || with+=(trace)
	! make_group 16M || with+=(starve)
	! can_fail || { fail_any; trouble+=(fail_some); }
	check "load with room for $nr_more more processes" few
	check "$((seconds / 2)) seconds of everything" soak 1 "${with[@]}" "${trouble[@]}"
	check_leaks "nothing has leaked half-way"
	half_way=$(stat_of memory_bytes)
	check "and again, without silence and with memory" soak 2 "${with[@]}"
	check_leaks "nothing has leaked"
	check_flat "the module has as much memory as half-way" "$half_way"
	check "more processes than may be watched were there" some_dropped
	check "no account is lost" none_lost
	ktap_print_msg "with ${with[*]} ${trouble[*]}:" \
		"$(awk '{ n += $1 } END { print n }' "$scratch/churn") forks," \
		"$(awk '{ n += $1; r += $3; s += $5; m += $7
			} END { print n " opens, " r " reads, " s " stale, " m " without memory" }' \
			"$scratch/peruse"), $(stat_of drop_account_pool) accounts dropped"
	unload_module
	load_module
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
