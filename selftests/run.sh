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

run_both() {
	"$tool" run --json -o "$scratch/start" -- "$here/brk_steps" &&
		"$tool" run --json -o "$scratch/all" -- "$here/brk_steps" "${steps[@]}"
}

# The numbers of a page, as "key value" lines.
numbers_of() {
	sed -n 's/^.*"\([a-z_]*\)": *\(-\{0,1\}[0-9]\{1,\}\),*$/\1 \2/p' "$1"
}

# By how much each key of the second page is more than that of the first.
differences() {
	awk 'FNR == NR { start[$1] = $2; next } $1 in start { print $1, $2 - start[$1] }' \
		<(numbers_of "$scratch/start") <(numbers_of "$scratch/all")
}

# Says what differs; a key that one of the pages lacks does.
all_exact() {
	local wrong
	wrong=$(awk 'FNR == NR { is[$1] = $2; next }
		     !($1 in is) { print "no " $1; next }
		     is[$1] != $2 { print $1 " is " is[$1] ", should be " $2 }' \
		<(differences) <(expected))
	[ -z "$wrong" ] && return
	ktap_print_msg "$wrong"
	return 1
}

# Most of its 2048 pages; fewer faults if the kernel took huge ones.
has_faults() {
	at_least fault_anon_minor \
		"$(differences | awk '$1 == "fault_anon_minor" { print $2 }')" 4
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
