#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A machine without memory: what the OOM killer ends has its last numbers among
# the ended. For a small guest alone.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

size=$((200 << 20))

# More than there is must be had first.
eat() {
	local old err
	old=$(</proc/sys/vm/overcommit_memory)
	echo 1 >/proc/sys/vm/overcommit_memory
	{ (
		echo 1000 >/proc/self/oom_score_adj
		exec "$here/brk_steps" brk:+1M "map:$size" "touch:$size"
	); } 2>/dev/null
	err=$?
	echo "$old" >/proc/sys/vm/overcommit_memory
	equals "status of the victim" $err 137
}

# ended_of COMM KEY: of the newest of that name
ended_of() {
	awk -v comm="$1" -v key="$2" '$1 == "comm" { is_it = $2 == comm }
		is_it && $1 == key { print $2; exit }' $folder/ended
}

has_last_numbers() {
	wait_for grep -q '^comm brk_steps$' $folder/ended &&
		equals state "$(ended_of brk_steps state)" exited &&
		at_least mmap_anon_private_bytes \
			"$(ended_of brk_steps mmap_anon_private_bytes)" $size &&
		at_least brk_grow_bytes "$(ended_of brk_steps brk_grow_bytes)" $((1 << 20)) &&
		at_least fault_anon_minor "$(ended_of brk_steps fault_anon_minor)" 1000 &&
		equals fault_unattributed "$(ended_of brk_steps fault_unattributed)" 0 &&
		equals vm_unaccounted_bytes "$(ended_of brk_steps vm_unaccounted_bytes)" 0 &&
		ktap_print_msg "$(ended_of brk_steps fault_anon_minor) pages before the end"
}

main() {
	need_module
	ktap_print_header
	if [ "$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)" -gt 131072 ]; then
		ktap_skip_all "a machine with so much memory is left in peace"
		exit "$KSFT_SKIP"
	fi
	ktap_set_plan 4
	mark_log
	check "the OOM killer ends a process" eat
	check "its account has its last numbers" has_last_numbers
	check "the others go on" all_balance
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
