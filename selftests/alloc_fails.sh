#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What happens when there is no memory: at load, for each file that is opened,
# and for the worker. An error or a counted drop is the answer; nothing is lost
# and nothing is half made.

# shellcheck disable=SC2119 # it is loaded without parameters
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=fail_alloc.sh
. "$here/fail_alloc.sh"

sleepers=

# shellcheck disable=SC2317 # called by trap
clean_up() {
	no_faults
	end_sleepers
}

# fails_each WHAT FILE
fails_each() {
	local out err
	out=$("$here/failnth" "$@" 2>&1)
	err=$?
	ktap_print_msg "$1 ${2##*/}: $out"
	return $err
}

# The kernel's own loader allocates thousands of times before it calls ours; a
# small ledger is made of as many kinds of objects as a large one.
loads() {
	local range err
	mapfile -t range < <(awk 'is_found { print "0x" $1; exit }
		$3 == "do_one_initcall" { print "0x" $1; is_found = 1 }' /proc/kallsyms)
	unload_module || return
	only_below "${range[@]}"
	fails_each load "$ko" "max_processes=8 max_ended=1" &&
		fails_each load-some "$ko" "attach=kprobe max_processes=8 max_ended=1"
	err=$?
	no_faults
	is_loaded || load_module || return
	return $err
}

opens() {
	local name err=0
	wait_for test -e "$folder/$$" || return
	for name in processes ended snapshot stats $$; do
		fails_each open "$folder/$name" || err=1
	done
	return $err
}

churn() {
	local i churns=()
	for i in 1 2 3; do
		"$here/churn" "$1" "$i" >/dev/null &
		churns+=($!)
	done
	wait "${churns[@]}"
}

is_well() {
	local err
	all_balance && wait_for no_dead_accounts || return
	start_sleeper
	err=$?
	end_sleeper "$sleeper"
	return $err
}

nr_dropped() {
	echo $(($(stat_of drop_account_pool) + $(stat_of drop_thread_pool)))
}

# A pool that is not filled keeps 512 free objects at most, and four times that
# after a burst: live processes take them all. They end when they get a line.
drain_pools() {
	local dir
	dir=$(mktemp -d)
	mkfifo "$dir/number" "$dir/lines"
	exec 8<>"$dir/number" 9<>"$dir/lines"
	rm -r "$dir"
	# shellcheck disable=SC2016 # expanded inside
	sh -c 'nr=0
		until [ $nr = 3000 ] || grep -qE "^drop_(account|thread)_pool [1-9]" "$0"; do
			for i in $(seq 50); do
				read -r line <&9 &
			done
			nr=$((nr + 50))
		done
		echo $nr >&8
		wait' $folder/stats &
	sleepers=$!
	read -r nr_sleepers <&8
}

# shellcheck disable=SC2317 # called by trap, too
end_sleepers() {
	[ -n "$sleepers" ] || return 0
	yes '' | head -n 3000 >&9
	wait "$sleepers"
	exec 8<&- 9<&-
	sleepers=
}

# fail_pools IS_ON: of our objects, and of nothing else
fail_pools() {
	local name
	for name in brkw_account brkw_thread; do
		echo "$1" >/sys/kernel/slab/$name/failslab || return
	done
	set_fault cache-filter Y
	set_fault probability $((100 * $1))
}

# Nothing is watched then, which is told, until it can be. What ftrace has no memory
# for a kprobe may do, so that kprobes fail more often.
switches() {
	local err
	unload_module && load_module attach=kprobe || return
	only_below_module
	fails_each switch-some $parameters/enabled
	err=$?
	no_faults
	[ $err = 0 ] && is_well && unload_module && load_module
}

# The pools cannot be filled.
pools_starve() {
	local dropped
	fail_pools 1 || return
	drain_pools
	churn 5
	dropped=$(nr_dropped)
	fail_pools 0
	no_faults
	ktap_print_msg "accounts dropped: $(stat_of drop_account_pool)," \
		"threads: $(stat_of drop_thread_pool), with $nr_sleepers processes"
	end_sleepers
	at_least "processes and threads that could not be watched" "$dropped" 1 && is_well
}

# Whatever is allocated on behalf of the module: its files, above all.
text_fails() {
	local words err
	only_below_module
	set_fault probability 20
	churn 5 &
	words=$("$here/peruse" 5 3)
	err=$?
	wait $!
	no_faults
	ktap_print_msg "$words"
	equals "status of peruse" $err 0 &&
		at_least "answers without memory" "$(awk '{ print $7 }' <<<"$words")" 1 && is_well
}

main() {
	need_module
	ktap_print_header
	if ! can_fail || [ ! -w /proc/self/fail-nth ]; then
		ktap_skip_all "no fault injection in this kernel"
		exit "$KSFT_SKIP"
	fi
	trap clean_up EXIT
	ktap_set_plan 6
	mark_log
	fail_any
	check "each allocation of a load fails" loads
	check "allocations fail when watching is switched on" switches
	check "each allocation of an open or read fails" opens
	check "the pools cannot be filled" pools_starve
	check "what the module has allocated fails" text_fails
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
