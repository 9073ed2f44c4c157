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

# Ours is what one of the two comes to from us in at most NEAR calls, and what both come
# to from us. Whoever else comes there knows nothing of us, and then it is the kernel's,
# as in the tracing of stacks. Who was interrupted has called nobody, whose thread it was
# is told last (a worker of the kernel may do our work), a dentry is debugfs' own, and who
# reads the clock notices that it is being set (up to 6.12 it does not tell KCSAN so).
BEGIN {
	NEAR = 3
	ASIDE = " (asm_(sysvec_|common_interrupt)|debugfs_|ktime_get_mono_fast_ns\\+)"
	ASIDE = ASIDE "|Reported by Kernel Concurrency"
}
/BUG: KCSAN:/ { is_race = 1; nr_lines = nr_sides = nr_far = 0; is_ours = /brkw/ }
is_race {
	line[nr_lines++] = $0
	if (/ bytes by /) {
		nr_sides++
		nr_frames = is_far = is_aside = 0
	} else if ($0 ~ ASIDE) {
		is_aside = 1
	} else if (nr_sides && !is_aside && /brkw/) {
		if (nr_frames <= NEAR)
			is_ours = 1
		nr_far += !is_far++
	}
	nr_frames += /\+0x/
	if (!/=========/)
		next
	is_race = 0
	for (i = 0; (is_ours || nr_far && nr_far == nr_sides) && i < nr_lines; i++)
		print line[i]
	next
}

/Call Trace/ { print before $0; next }

/WARNING|BUG|Oops|INFO: |refcount_t|hung task|general protection/ ||
/corruption|UBSAN|ODEBUG|possible circular|inconsistent lock state|suspicious RCU/ ||
/sleeping function|still has objects|Objects remaining|DEADLOCK/ ||
/Kernel panic|divide error|already present!|ftrace bug/
