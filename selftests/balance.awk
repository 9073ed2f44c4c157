# SPDX-License-Identifier: GPL-2.0
#
# Checks that accounts balance: awk -f balance.awk FILE ..., each a <pid> file
# or "ended" of brkwatch. What is wrong goes to stdout, a line a rule; the exit
# status says whether anything is. A key that nobody knows ("-") frees its rule.
# Numbers stay below 2^53, so awk's are exact.

function wrong(text)
{
	printf "%s %s (%s): %s\n", pid, comm, state, text
	is_bad = 1
}

function check_sum(total, keys,    n, i, name, sum)
{
	n = split(keys, name, " ")
	if (!(total in value))
		return wrong("no key " total)
	sum = 0
	for (i = 1; i <= n; i++) {
		if (!(name[i] in value))
			return wrong("no key " name[i])
		if (value[name[i]] == "-")
			return
		sum += value[name[i]]
	}
	if (value[total] != "-" && value[total] != sum)
		wrong(total " is " value[total] ", its parts are " sum)
}

function check_zero(key)
{
	if (!(key in value))
		wrong("no key " key)
	else if (value[key] != "-" && value[key] != 0)
		wrong(key " is " value[key])
}

# A gauge: nothing may be above its peak.
function check_peak(key, peak)
{
	if (value[key] != "-" && value[key] + 0 > value[peak] + 0)
		wrong(key " " value[key] " is above " peak " " value[peak])
}

function check_account(    key, shrunk)
{
	nr_accounts++
	for (key in value)
		if (value[key] != "-" && value[key] !~ /^[0-9]+$/)
			wrong(key " is " value[key])
	check_sum("vm_grown_bytes", "brk_grow_bytes mmap_anon_private_bytes " \
		  "mmap_anon_shared_bytes mmap_file_private_bytes " \
		  "mmap_file_shared_bytes mremap_grow_bytes stack_grow_bytes " \
		  "other_grow_bytes")
	check_sum("vm_shrunk_bytes", "brk_shrink_bytes munmap_bytes " \
		  "mmap_replaced_bytes mremap_shrink_bytes other_shrink_bytes")
	check_sum("brk_calls", "brk_grow_events brk_shrink_events brk_same_events " \
		  "brk_fail_events")
	check_sum("fault_minor", "fault_heap_minor fault_stack_minor fault_anon_minor " \
		  "fault_file_minor fault_shared_minor fault_other_minor " \
		  "fault_remote_minor")
	check_sum("fault_major", "fault_heap_major fault_stack_major fault_anon_major " \
		  "fault_file_major fault_shared_major fault_other_major " \
		  "fault_remote_major")
	shrunk = value["vm_shrunk_bytes"]
	if (shrunk != "-" &&
	    value["vm_start_bytes"] + value["vm_grown_bytes"] - shrunk != value["vm_bytes"])
		wrong("start + grown - shrunk is not vm_bytes")
	check_zero("vm_unaccounted_bytes")
	check_zero("fault_unattributed")
	check_zero("missed_events")
	check_peak("vma_count", "vma_peak")
	check_peak("brk_bytes", "brk_peak_bytes")
}

function finish()
{
	if (pid)
		check_account()
	pid = 0
	split("", value)
}

$1 == "abi" { finish() }
$1 == "pid" { pid = $2 }
$1 == "comm" { comm = $2 }
$1 == "state" { state = $2 }
NF == 2 && $1 !~ /^(abi|pid|comm|state)$/ { value[$1] = $2 }

END {
	finish()
	if (!nr_accounts) {
		print "no account at all"
		is_bad = 1
	}
	exit is_bad
}
