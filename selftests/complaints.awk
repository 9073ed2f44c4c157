# SPDX-License-Identifier: GPL-2.0
#
# Of the kernel's log, what the kernel thinks worth a warning: a bug of ours
# until proven otherwise. Not what leaks, which leaks() of lib.sh asks for, not
# the trace of whom the OOM killer was called for, and not two CPUs at memory that
# is none of ours: KCSAN reports have a line of "=" before and after, and name the
# functions.

# A trace says whose it is in the lines before it.
{ before = line3 " | " line2 " | " line1 " | "; line3 = line2; line2 = line1; line1 = $0 }

/invoked oom-killer/ { is_oom = 1 }
is_oom { if (/oom-kill:|[Nn]o killable processes/) is_oom = 0; next }

# A page of a process that is being killed for memory; the module asks for none such.
/page allocation failure:.*GFP_HIGHUSER/ { is_refused = 1 }

# What failnth makes fail, whoever of the kernel allocates it, is told with a trace.
/failnth: (vmalloc error|page allocation failure):/ { is_refused = 1 }
# A slab cache that lacks a part is an invalid one to the kernel.
/kmem_cache_create[a-z_]*\(brkw_[a-z]+\) failed with error -(12|22)/ { is_refused = 1 }
is_refused && /Call Trace/ { is_refused = 0; next }

# Who was interrupted does not look at what the interrupt looks at, who has a file of
# debugfs removed not at its dentry, and what is told last is whose thread it was: a
# worker of the kernel may do our work.
/BUG: KCSAN:/ { is_race = 1; nr_lines = 0; is_ours = 0 }
is_race {
	line[nr_lines++] = $0
	if (/ bytes by |BUG: KCSAN/)
		is_aside = 0
	else if (/ asm_(sysvec_|common_interrupt)| debugfs_remove\+|Reported by Kernel Concurrency/)
		is_aside = 1
	if (!is_aside && /brkw/)
		is_ours = 1
	if (!/=========/)
		next
	is_race = 0
	for (i = 0; is_ours && i < nr_lines; i++)
		print line[i]
	next
}

/Call Trace/ { print before $0; next }

/WARNING|BUG|Oops|INFO: |refcount_t|hung task|general protection/ ||
/corruption|UBSAN|ODEBUG|possible circular|inconsistent lock state|suspicious RCU/ ||
/sleeping function|still has objects|Objects remaining|DEADLOCK/ ||
/Kernel panic|divide error|already present!|ftrace bug/
