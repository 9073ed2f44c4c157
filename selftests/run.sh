#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tool and the module together: a program of known steps, of which the page
# of `brkwatch run` has every one. Without them the program only starts up:
# the difference of the two pages is the steps.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tool=${BRKWATCH_BUILD:-$here/../../../../build}/brkwatch
steps=(brk:+1M brk:+64K brk:-256K brk:0 map:8M touch:8M map:300K unmap:8M unmap:300K)

# All keys of the size of the address space that change with the steps, or not.
expected() {
	cat <<-END
	vm_grown_bytes		9809920
	vm_shrunk_bytes		8957952
	vm_unaccounted_bytes	0
	brk_bytes		851968
	brk_peak_bytes		1114112
	brk_calls		7
	brk_grow_events		2
	brk_grow_bytes		1114112
	brk_shrink_events	1
	brk_shrink_bytes	262144
	brk_same_events		4
	brk_fail_events		0
	mmap_anon_private_events 2
	mmap_anon_private_bytes	8695808
	mmap_anon_shared_events	0
	mmap_file_private_bytes	0
	mmap_file_shared_bytes	0
	mmap_replaced_bytes	0
	mmap_fail_events	0
	munmap_events		2
	munmap_bytes		8695808
	munmap_fail_events	0
	mremap_grow_bytes	0
	stack_grow_events	0
	madvise_dontneed_events	0
	other_grow_bytes	0
	fault_unattributed	0
	fault_error_events	0
	missed_events		0
	END
}

# value_of KEY FILE
value_of() {
	sed -n "s/.*\"$1\": *\(-\?[0-9]*\).*/\1/p" "$2"
}

run_both() {
	"$tool" run --json -o "$scratch/start" -- "$here/brk_steps" &&
		"$tool" run --json -o "$scratch/all" -- "$here/brk_steps" "${steps[@]}"
}

is_exact() {
	local key=$1 by=$2 start all
	start=$(value_of "$key" "$scratch/start")
	all=$(value_of "$key" "$scratch/all")
	if [ -z "$start" ] || [ -z "$all" ]; then
		ktap_print_msg "no $key"
		return 1
	fi
	equals "$key" $((all - start)) "$by"
}

all_exact() {
	local key by err=0
	while read -r key by; do
		is_exact "$key" "$by" || err=1
	done < <(expected)
	return $err
}

# Most of its 2048 pages; fewer faults if the kernel took huge ones.
has_faults() {
	local start all
	start=$(value_of fault_anon_minor "$scratch/start")
	all=$(value_of fault_anon_minor "$scratch/all")
	at_least fault_anon_minor $((all - start)) 4
}

passes_status_on() {
	"$tool" run -o /dev/null -- sh -c 'exit 7'
	equals "the status" $? 7
}

main() {
	need_module
	ktap_print_header
	if [ ! -x "$tool" ]; then
		ktap_skip_all "$tool is not built"
		exit "$KSFT_SKIP"
	fi
	scratch=$(mktemp -d)
	trap 'rm -r "$scratch"' EXIT
	ktap_set_plan 4
	check "run a program of known steps" run_both
	check "every key is exact" all_exact
	check "its faults are there" has_faults
	check "the status of the command" passes_status_on
	ktap_finished
}

main
