# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Allocations that fail to order (Documentation/fault-injection of the kernel).
# Sourced, never run.

failslab=/sys/kernel/debug/failslab
fail_page_alloc=/sys/kernel/debug/fail_page_alloc

can_fail() {
	[ -d $failslab ] && [ -d $fail_page_alloc ]
}

# set_fault NAME VALUE
set_fault() {
	echo "$2" >$failslab/"$1"
}

# Whatever it is allocated for, as often as wanted, silently.
fail_any() {
	set_fault verbose 0
	set_fault times -1
	set_fault ignore-gfp-wait N
	echo 0 >$fail_page_alloc/verbose
	echo 0 >$fail_page_alloc/min-order
	echo N >$fail_page_alloc/ignore-gfp-wait
	echo N >$fail_page_alloc/ignore-gfp-highmem
}

# only_below START END: what is allocated on behalf of code that lies there
only_below() {
	local dir
	for dir in $failslab $fail_page_alloc; do
		echo 32 >"$dir/stacktrace-depth"
		echo "$1" >"$dir/require-start"
		echo "$2" >"$dir/require-end"
	done
}

# on behalf of the module
only_below_module() {
	local start size
	read -r size start < <(awk '$1 == "brkwatch" { print $2, $NF ~ /^0x/ ? $NF : $(NF - 1) }' \
		/proc/modules)
	only_below "$start" "$(printf '0x%x' $((start + size)))"
}

no_faults() {
	set_fault probability 0
	set_fault cache-filter N
	only_below 0 0xffffffffffffffff
}
