#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No memory: what the OOM killer ends has its last numbers among the ended. In a
# small guest the machine has none; a larger one is left in peace, and a cgroup
# has none.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

size=$((200 << 20))
overcommit=/proc/sys/vm/overcommit_memory

is_small() {
	[ "$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)" -le 131072 ]
}

# Where cgroups are, or somewhere.
# shellcheck disable=SC2317 # called by trap
clean_up() {
	end_group
	[ -z "${old-}" ] || echo "$old" >$overcommit
}

# More than there is must be had first.
prepare() {
	if is_small; then
		old=$(<$overcommit)
		echo 1 >$overcommit
	else
		make_group 64M
	fi
}

eat() {
	eat_up "$size"
	equals "status of the victim" $? 137
}

# ended_of COMM KEY: of the newest of that name
ended_of() {
	awk -v comm="$1" -v key="$2" '$1 == "comm" { is_it = $2 == comm }
		is_it && $1 == key { print $2; exit }' $folder/ended
}

# Of 64 MiB, by huge pages at most.
has_last_numbers() {
	wait_for grep -q '^comm brk_steps$' $folder/ended &&
		equals state "$(ended_of brk_steps state)" exited &&
		at_least mmap_anon_private_bytes \
			"$(ended_of brk_steps mmap_anon_private_bytes)" $size &&
		at_least brk_grow_bytes "$(ended_of brk_steps brk_grow_bytes)" $((1 << 20)) &&
		at_least fault_anon_minor "$(ended_of brk_steps fault_anon_minor)" 30 &&
		equals fault_unattributed "$(ended_of brk_steps fault_unattributed)" 0 &&
		equals vm_unaccounted_bytes "$(ended_of brk_steps vm_unaccounted_bytes)" 0 &&
		ktap_print_msg "$(ended_of brk_steps fault_anon_minor) faults before the end"
}

main() {
	need_module
	ktap_print_header
	trap clean_up EXIT
	if ! prepare; then
		ktap_skip_all "much memory, and no cgroup (v2) that has little"
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
