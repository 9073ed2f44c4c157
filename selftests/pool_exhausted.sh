#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many more processes than max_processes: what cannot be watched is counted,
# what is watched is right, and all is well again when they have ended.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

sleepers=()
nr_max=
changeling=

# shellcheck disable=SC2317 # called by trap
stop_sleepers() {
	[ ${#sleepers[@]} = 0 ] || { kill "${sleepers[@]}"; wait "${sleepers[@]}"; } 2>/dev/null
	sleepers=()
}

# open_pipe NUMBER: what is written to that descriptor can be read from it
open_pipe() {
	local path
	path=$(mktemp -u)
	mkfifo "$path"
	eval "exec $1<>\"\$path\""
	rm "$path"
}

# Executes a program, and then another one, when it is told so by descriptor 8.
start_changeling() {
	open_pipe 8
	# shellcheck disable=SC2016 # of that shell
	second='read -r; exec sleep 1000' bash -c 'read -r; exec bash -c "$second"' <&8 &
	changeling=$!
	wait_for test -e "$folder/$changeling"
}

# Most only fork, which is what takes an account; some exec, too.
start_sleepers() {
	local i
	open_pipe 9
	for ((i = 0; i < 500; i++)); do
		if [ $((i % 10)) = 0 ]; then
			sleep 1000 &
		else
			read -r <&9 &
		fi
		sleepers+=($!)
	done
}

# Those that are there already, and 16 more.
few() {
	nr_max=$(($(nr_processes) + 16))
	unload_module && load_module attach=kprobe max_processes=$nr_max
}

# unattributed_of PID: of the crowd that exec has replaced
unattributed_of() {
	awk -v RS= -v pid="$1" 'index($0, "\npid " pid "\ncomm crowd\nstate replaced\n") {
			sub(/.*\nfault_unattributed /, "")
			print $1
			exit
		}' $folder/ended
}

has_unattributed() {
	[ -n "$(unattributed_of "$1")" ]
}

# There are slots for four threads a process, for all together; each faults once at least.
unseen_threads_are_told() {
	local pid err
	"$here/crowd" $((4 * nr_max + 100)) sleep 1000 &
	pid=$!
	wait_for has_unattributed $pid &&
		at_least "faults of threads without a slot" "$(unattributed_of $pid)" 100
	err=$?
	end_sleeper $pid
	return $err
}

# Of those who only wait, and are watched.
sizes_are_right() {
	local pid nr=0
	for pid in "${sleepers[@]}"; do
		[ -e "$folder/$pid" ] || continue
		equals "vm_bytes of $pid" "$(key_of "$pid" vm_bytes)" "$(size_of "$pid")" || return
		nr=$((nr + 1))
	done
	at_least "sleepers that are watched" $nr 8
}

is_counted() {
	at_least "processes that are not watched" \
		$(($(stat_of drop_account_pool) + $(stat_of drop_thread_pool))) 400 &&
		all_balance && sizes_are_right
}

loses_its_account() {
	echo >&8
	wait_for test ! -e "$folder/$changeling"
}

# What the program between has faulted is not of the one that has an account again.
begins_anew() {
	echo >&8
	wait_for is_sleep "$changeling" && wait_for test -e "$folder/$changeling" &&
		equals "fault_unattributed" "$(key_of "$changeling" fault_unattributed)" 0
}

# All counters are of one read, but counted one after the other.
adds_up() {
	awk '$1 == "events_seen" { left += $2 }
	     /^events_(posted|dropped|early) / { left -= $2 }
	     END { exit left != 0 }' $folder/stats
}

# Processes that borrow an address space, exec, and have threads, among others.
is_right_under_churn() {
	local i churns=()
	for i in 1 2 3; do
		"$here/churn" 6 $i >/dev/null &
		churns+=($!)
	done
	wait "${churns[@]}"
	wait_for adds_up || { ktap_print_msg "$(grep ^events_ $folder/stats)"; return 1; }
	all_balance && wait_for no_dead_accounts &&
		at_least "max_processes, to the number of processes" "$nr_max" "$(nr_processes)"
}

recovers() {
	local err
	stop_sleepers
	wait_for no_dead_accounts || return
	start_sleeper
	err=$?
	sleepers=("$sleeper")
	stop_sleepers
	[ $err = 0 ] && all_balance
}

main() {
	need_module
	trap stop_sleepers EXIT
	ktap_print_header
	ktap_set_plan 8
	mark_log
	check "load with room for 16 more processes" few
	check "what threads without a slot have faulted is told after exec, too" unseen_threads_are_told
	start_changeling
	start_sleepers
	check "500 processes are counted, or watched and right" is_counted
	check "a program finds no account" loses_its_account
	check "no account outlives its process" is_right_under_churn
	ktap_print_msg "dropped: $(stat_of drop_account_pool) accounts," \
		"$(stat_of drop_thread_pool) threads"
	check "new processes are watched when those have ended" recovers
	check "nor do its faults get into the account of the next" begins_anew
	end_sleeper "$changeling"
	unload_module
	load_module
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
