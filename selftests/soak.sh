#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All at once, for a while: processes of all kinds, readers that hold files,
# switches that are switched, other tracers; in the first half hooks are silenced,
# too. At the end of each half every account balances and nothing leaks, and the
# module holds no more memory than it needs.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tracing=/sys/kernel/tracing
silencers=(/proc/sys/kernel/ftrace_enabled /sys/kernel/debug/kprobes/enabled)
seconds=${BRKWATCH_LONG:+600}
seconds=${seconds:-16}
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
	[ -z "${scratch-}" ] || rm -r "$scratch"
}

# repeat SECONDS COMMAND...: for so long, over and over
repeat() {
	local until=$((SECONDS + $1))
	while [ $SECONDS -lt $until ]; do
		"${@:2}" || return
	done
}

switch() {
	local name
	for name in faults enabled; do
		echo 0 >$parameters/$name
		sleep 1
		echo 1 >$parameters/$name
		sleep 1
	done
}

read_snapshot() {
	cat $folder/snapshot >/dev/null
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
	for i in 5 6; do
		start "$here/peruse" $half $((10 * $1 + i)) hold >>"$scratch/peruse"
	done
	for i in switch read_snapshot "${what[@]}"; do
		start repeat $half "$i"
	done
	for i in "${jobs[@]}"; do
		wait "$i" || err=1
	done
	jobs=()
	[ $err = 0 ] || ktap_print_msg "one of them failed"
	wait_for is_exact && all_balance && wait_for no_dead_accounts && [ $err = 0 ]
}

has_no_leaks() {
	local found
	found=$(leaks)
	[ -z "$found" ] && return
	ktap_print_msg "$(head -n 80 <<<"$found")"
	return 1
}

# made_of NAME: objects in existence
made_of() {
	echo $(($(stat_of "memory_${1}s_bytes") / $(<"/sys/kernel/slab/brkw_$1/object_size")))
}

# Objects in use, and free ones, of which the worker keeps 512 at most, and four
# times as many after a burst.
has_no_more() {
	local name=$1 nr_used=$2
	at_least "objects of $name that are needed" $((nr_used + 4 * 512)) "$(made_of "$name")"
}

# What the slab cache says is exact only while it checks its objects: else it
# counts those that processors have at hand as used.
agrees_with_slab() {
	local cache=/sys/kernel/slab/brkw_$1 nr
	[ "$(<"$cache/sanity_checks")" = 1 ] || return 0
	read -r nr _ <"$cache/objects"
	[ "$nr" = "$(made_of "$1")" ]
}

is_flat() {
	local name
	if [ ! -r /sys/kernel/slab/brkw_account/object_size ]; then
		ktap_print_msg "no /sys/kernel/slab in this kernel"
		return
	fi
	sleep 1
	has_no_more account $(($(stat_of accounts_live) + $(stat_of accounts_kept))) &&
		has_no_more thread "$(stat_of threads_live)" || return
	for name in account thread; do
		wait_for agrees_with_slab $name && continue
		ktap_print_msg "$(</sys/kernel/slab/brkw_$name/objects) objects, $(made_of $name) made"
		return 1
	done
}

main() {
	local tracers=()
	need_module
	trap clean_up EXIT
	ktap_print_header
	ktap_set_plan 6
	mark_log
	scratch=$(mktemp -d)
	[ ! -w $tracing/kprobe_events ] || tracers=(trace)
	check "$((seconds / 2)) seconds of everything" soak 1 silence "${tracers[@]}"
	check "nothing has leaked half-way" has_no_leaks
	check "and again, without silence" soak 2 "${tracers[@]}"
	check "nothing has leaked" has_no_leaks
	check "the module holds no more memory than it needs" is_flat
	ktap_print_msg "$(awk '{ n += $1 } END { print n }' "$scratch/churn") forks," \
		"$(awk '{ n += $1; r += $3; s += $5 } END { print n " opens, " r " reads, " s " stale" }' \
			"$scratch/peruse"), $(stat_of memory_bytes) bytes"
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
