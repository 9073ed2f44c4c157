#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loads and unloads the module while processes come, go and change: it counts
# right from the first moment, and leaves nothing behind.

# shellcheck disable=SC2119 # it is loaded without parameters
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tool=${BRKWATCH_BUILD:-$here/../../../../build}/brkwatch
unmounted="brkwatch: $folder: the module is loaded, but debugfs is not mounted; mount -t debugfs none /sys/kernel/debug"
nr_cycles=10
kinds=(auto kprobe kprobe)	# each ftrace hook that goes waits for all tasks
loads=()

# Processes that live long, and processes that do not.
work() {
	while :; do
		"$here/brk_steps" brk:+1M map:1M touch:1M brk:-64K map:300K unmap:1M
		/bin/true
	done
}

start_load() {
	work &
	loads+=($!)
}

# shellcheck disable=SC2317 # called by trap
stop_load() {
	[ ${#loads[@]} = 0 ] || kill "${loads[@]}" 2>/dev/null
	loads=()
}

# cycle PARAMETER=VALUE: by what it is attached
cycle() {
	unload_module || return
	[ ! -e $folder ] || return
	load_module "$1" || return
	sleep 0.1
	at_least "the number of processes" "$(nr_processes)" 3 && all_balance &&
		equals events_mismatched "$(stat_of events_mismatched)" 0 &&
		equals events_missed "$(stat_of events_missed)" 0
}

cycles() {
	local i
	for ((i = 1; i <= nr_cycles; i++)); do
		cycle "attach=${kinds[i % 3]}" || { ktap_print_msg "cycle $i of $nr_cycles"; return 1; }
	done
}

# Whoever reads holds the module.
refused_while_open() {
	exec 7<$folder/stats
	if unload_module; then
		exec 7<&-
		ktap_print_msg "unloaded with a file open"
		load_module
		return 1
	fi
	exec 7<&-
	is_loaded && at_least "the number of processes" "$(nr_processes)" 3
}

# Also of a process that has ended; nobody else has anything open.
refused_while_the_dead_are_open() {
	local err=0
	open_the_dead || err=1
	! unload_module || err=1
	exec 7<&-
	unload_module || err=1
	is_loaded || load_module || err=1
	return $err
}

# Parameters can be written until the last moment.
switch_on_and_off() {
	while :; do
		echo 0 >$parameters/enabled
		echo 1 >$parameters/enabled
		echo 0 >$parameters/faults
		echo 1 >$parameters/faults
	done 2>/dev/null
}

unload_while_switched() {
	local i err=0
	switch_on_and_off &
	loads+=($!)
	for i in 1 2; do
		unload_module || err=1
		load_module attach=kprobe || err=1
		sleep 0.5
	done
	{ kill "${loads[-1]}" && wait "${loads[-1]}"; } 2>/dev/null
	unset "loads[-1]"
	echo 1 >$parameters/enabled
	echo 1 >$parameters/faults
	return $err
}

unloaded() {
	unload_module && [ ! -e $folder ] && [ ! -e $parameters ]
}

# Its files are in a file system that need not be there.
without_debugfs() {
	local err=0 out
	umount -R /sys/kernel/debug && load_module || err=1
	out=$("$tool" list 2>&1)
	equals "exit status without debugfs" $? 1 &&
		equals "what the tool says" "$out" "$unmounted" || err=1
	mount -t debugfs none /sys/kernel/debug
	[ $err = 0 ] && at_least "the number of processes" "$(nr_processes)" 3 &&
		wait_for test -e "$folder/$$" && all_balance && "$tool" show $$ >/dev/null
}

# Refused attempts to unload say nothing.
one_line_each() {
	local loaded unloaded all
	loaded=$(words_of_module | grep -c 'brkwatch: watching [0-9]* processes')
	unloaded=$(words_of_module | grep -c 'brkwatch: unloaded after [0-9]* accounts')
	all=$(words_of_module | wc -l)
	equals "lines at load" "$loaded" $((nr_cycles + 4)) &&
		equals "lines at unload" "$unloaded" $((nr_cycles + 4)) &&
		equals "all lines" "$all" $((2 * nr_cycles + 8))
}

main() {
	need_module
	trap stop_load EXIT
	ktap_print_header
	ktap_set_plan 8
	mark_log
	start_load
	check "unload and load $nr_cycles times under load" cycles
	check "unload is refused while a file is open" refused_while_open
	check "and while one of a process that has ended is" refused_while_the_dead_are_open
	check "unload while parameters are written" unload_while_switched
	check "unload" unloaded
	check "load again, without debugfs" without_debugfs
	stop_load
	check "the kernel's log is clean" log_is_clean
	check "one line at load, one at unload" one_line_each
	ktap_finished
}

main
