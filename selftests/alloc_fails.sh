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

faults=/sys/kernel/debug/failslab
jobs=()

# set_fault NAME VALUE
set_fault() {
	echo "$2" >$faults/"$1"
}

no_faults() {
	set_fault probability 0
	set_fault cache-filter N
	set_fault require-start 0
	set_fault require-end 0xffffffffffffffff
}

# shellcheck disable=SC2317 # called by trap
clean_up() {
	no_faults
	[ ${#jobs[@]} = 0 ] || kill "${jobs[@]}" 2>/dev/null
}

# fails_each WHAT FILE
fails_each() {
	local out err
	out=$("$here/failnth" "$@" 2>&1)
	err=$?
	ktap_print_msg "$1 ${2##*/}: $out"
	return $err
}

loads() {
	unload_module || return
	fails_each load "$ko"
	local err=$?
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
	local i
	jobs=()
	for i in 1 2 3; do
		"$here/churn" "$1" "$i" >/dev/null &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	jobs=()
}

is_well() {
	all_balance && wait_for no_dead_accounts && sleep 1000 &
	local sleeper=$!
	wait_for test -e "$folder/$sleeper"
	local err=$?
	{ kill $sleeper; wait $sleeper; } 2>/dev/null
	return $err
}

# The pools cannot be filled.
pools_starve() {
	local cache=/sys/kernel/slab/brkw_account/failslab
	[ -w $cache ] || { ktap_print_msg "no $cache"; return 1; }
	echo 1 >$cache
	echo 1 >/sys/kernel/slab/brkw_thread/failslab
	set_fault cache-filter Y
	set_fault probability 70
	churn 5
	no_faults
	echo 0 >$cache
	echo 0 >/sys/kernel/slab/brkw_thread/failslab
	ktap_print_msg "accounts dropped: $(stat_of drop_account_pool)," \
		"threads: $(stat_of drop_thread_pool)"
	is_well
}

# Whatever is allocated on behalf of the module: its files, above all.
text_fails() {
	local start size
	read -r size start < <(awk '$1 == "brkwatch" { print $2, $NF ~ /^0x/ ? $NF : $(NF - 1) }' \
		/proc/modules)
	set_fault stacktrace-depth 32
	set_fault require-start "$start"
	set_fault require-end "$(printf '0x%x' $((start + size)))"
	set_fault probability 20
	"$here/peruse" 5 3 >/dev/null 2>&1 &
	churn 5
	wait
	no_faults
	is_well
}

main() {
	need_module
	ktap_print_header
	if [ ! -d $faults ] || [ ! -w /proc/self/fail-nth ]; then
		ktap_skip_all "no fault injection in this kernel"
		exit "$KSFT_SKIP"
	fi
	trap clean_up EXIT
	ktap_set_plan 5
	mark_log
	set_fault verbose 0
	set_fault times -1
	set_fault ignore-gfp-wait N
	echo 0 >/sys/kernel/debug/fail_page_alloc/verbose
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
	check "each allocation of a load fails" loads
	check "each allocation of an open or read fails" opens
	check "the pools cannot be filled" pools_starve
	check "what the module has allocated fails" text_fails
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
