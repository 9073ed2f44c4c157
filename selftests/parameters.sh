#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The switches of the module: what they do, and what they refuse.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

sleeper=

# shellcheck disable=SC2317 # called by trap
stop_sleeper() {
	[ -z "$sleeper" ] || kill "$sleeper"
}

switch() {
	echo "$2" 2>/dev/null >"$parameters/$1"
}

value_of() {
	cat "$parameters/$1"
}

nr_armed() {
	awk '$1 == "hook" && $5 == 1' $folder/stats | wc -l
}

no_file_of_sleeper() {
	[ ! -e "$folder/$sleeper" ]
}

defaults() {
	equals enabled "$(value_of enabled)" Y && equals faults "$(value_of faults)" Y &&
		equals max_processes "$(value_of max_processes)" 32768 &&
		equals max_ended "$(value_of max_ended)" 64
}

# refuses PARAMETER VALUE: EINVAL, and the old value stays.
refuses() {
	local old
	old=$(value_of "$1")
	if echo "$2" 2>/dev/null >"$parameters/$1"; then
		ktap_print_msg "$1 takes '$2'"
		return 1
	fi
	equals "$1" "$(value_of "$1")" "$old"
}

refuses_all() {
	local name value
	for name in enabled faults; do
		for value in 2 -1 10 maybe "1 1" ''; do
			refuses $name "$value" || return
		done
	done
}

says_why_once() {
	equals "lines that say why" \
		"$(words_of_module | grep -c 'takes 0 or 1')" 1
}

read_only() {
	equals max_processes "$(stat -c %a $parameters/max_processes)" 444 &&
		equals max_ended "$(stat -c %a $parameters/max_ended)" 444
}

disabled() {
	switch enabled 0 && equals enabled "$(value_of enabled)" N &&
		equals "armed hooks" "$(nr_armed)" 0 &&
		equals "live processes" "$(nr_processes)" 0 &&
		wait_for no_file_of_sleeper &&
		equals "stats' enabled" "$(stat_of enabled)" 0
}

disabled_again() {
	switch enabled 0 && equals "live processes" "$(nr_processes)" 0
}

# What was between is unknown: accounts start anew.
enabled() {
	local since=$1
	switch enabled 1 && at_least "armed hooks" "$(nr_armed)" 10 &&
		at_least "live processes" "$(nr_processes)" 3 && all_balance &&
		wait_for test -e "$folder/$sleeper" &&
		at_least watched_since_ns "$(key_of $sleeper watched_since_ns)" $((since + 1)) &&
		equals vm_grown_bytes "$(key_of $sleeper vm_grown_bytes)" 0
}

unknown_faults() {
	awk '/^fault_/ && $2 != "-" { exit 1 }' "$folder/$1"
}

faults_off() {
	switch faults 0 && equals faults "$(value_of faults)" N &&
		at_least "armed hooks" "$(nr_armed)" 10 &&
		unknown_faults $sleeper && all_balance &&
		at_least vm_bytes "$(key_of $sleeper vm_bytes)" 4096
}

faults_on() {
	switch faults 1 && equals faults "$(value_of faults)" Y &&
		wait_for test -e "$folder/$sleeper" && ! unknown_faults $sleeper &&
		equals fault_unattributed "$(key_of $sleeper fault_unattributed)" 0 && all_balance
}

reload() {
	unload_module && load_module "$@"
}

# No such value is taken, and the module stays out.
bad_values_at_load() {
	local word
	unload_module || return
	for word in max_processes=0 max_processes=-1 max_processes=many max_ended=-1 \
		enabled=2 faults=maybe attach=glue; do
		load_module $word || continue
		ktap_print_msg "loads with $word"
		return 1
	done
	! is_loaded && load_module
}

# What is read at load alone cannot be written later, hence not by fuzz.
bytes_at_load() {
	local out err nr_rounds=100
	[ -z "${BRKWATCH_LONG-}" ] || nr_rounds=2000
	unload_module || return
	out=$("$here/fuzz_load" "$ko" $nr_rounds ${BRKWATCH_SEED:+"$BRKWATCH_SEED"})
	err=$?
	ktap_print_msg "$out"
	! is_loaded && load_module && return $err
}

has_nr_ended() {
	[ "$(grep -c '^pid ' $folder/ended)" = "$1" ]
}

# The limits are the same however hooks are attached; each ftrace hook that goes
# waits for all tasks, kprobes do not.
few_ended() {
	local _
	reload attach=kprobe max_ended=3 || return
	for _ in 1 2 3 4 5 6; do
		/bin/true
	done
	wait_for has_nr_ended 3 && sleep 0.2 && has_nr_ended 3
}

no_ended() {
	reload attach=kprobe max_ended=0 && /bin/true && sleep 0.2 && has_nr_ended 0
}

# The machine goes on, and what could not be watched is counted.
few_processes() {
	local _ pids=()
	reload attach=kprobe max_processes=4 || return
	for _ in $(seq 100); do
		sleep 1000 &
		pids+=($!)
	done
	sleep 0.2
	at_least drop_account_pool "$(stat_of drop_account_pool)" 90
	local err=$?
	kill "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
	return $err
}

off_at_load() {
	reload attach=kprobe enabled=0 && equals "armed hooks" "$(nr_armed)" 0 &&
		equals "live processes" "$(nr_processes)" 0 && switch enabled 1 &&
		at_least "live processes" "$(nr_processes)" 3 && all_balance
}

no_faults_at_load() {
	reload attach=kprobe faults=0 && wait_for test -e "$folder/$$" && unknown_faults $$ && all_balance
}

# Nor of who has ended before loading has.
no_faults_while_loading() {
	local forks status
	while :; do (:); done &
	forks=$!
	reload faults=0
	status=$?
	kill $forks
	wait $forks
	[ $status = 0 ] && at_least "ended processes" "$(grep -c '^pid ' $folder/ended)" 1 &&
		unknown_faults ended
}

by_kprobes_alone() {
	reload attach=kprobe && at_least "armed hooks" "$(nr_armed)" 10 &&
		equals "hooks by ftrace" "$(grep -c '^hook .* ftrace ' $folder/stats)" 0 && all_balance
}

main() {
	local since
	need_module
	trap stop_sleeper EXIT
	ktap_print_header
	ktap_set_plan 20
	mark_log
	check "load" reload
	start_sleeper || fail_all "no account of $sleeper"
	check "defaults" defaults
	check "bad values are refused" refuses_all
	check "and the log says why, once" says_why_once
	check "limits cannot be changed" read_only
	since=$(key_of $sleeper watched_since_ns)
	check "enabled=0 forgets all live accounts" disabled
	check "enabled=0 again" disabled_again
	check "enabled=1 opens all accounts anew" enabled "$since"
	check "faults=0 leaves the sizes" faults_off
	check "faults=1" faults_on
	check "bad values keep the module out" bad_values_at_load
	check "bytes at load" bytes_at_load
	check "max_ended=3" few_ended
	check "max_ended=0" no_ended
	check "max_processes=4" few_processes
	check "load with enabled=0" off_at_load
	check "load with faults=0" no_faults_at_load
	check "load with faults=0 while processes come and go" no_faults_while_loading
	check "load with attach=kprobe" by_kprobes_alone
	reload
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
