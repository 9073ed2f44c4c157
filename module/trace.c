// SPDX-License-Identifier: GPL-2.0
/*
 * What tracers are told. The ledger asks for it only while somebody listens.
 */
#include <linux/mm.h>
#include "ledger.h"
#define CREATE_TRACE_POINTS
#include "trace.h"

static const u8 changes[BRKW_NR_OPS] = {
	[BRKW_OP_BRK_GROW] = BRKW_CHANGE_BRK,
	[BRKW_OP_BRK_SHRINK] = BRKW_CHANGE_BRK,
	[BRKW_OP_MMAP + BRKW_ANON_PRIVATE] = BRKW_CHANGE_ANON_PRIVATE,
	[BRKW_OP_MMAP + BRKW_ANON_SHARED] = BRKW_CHANGE_ANON_SHARED,
	[BRKW_OP_MMAP + BRKW_FILE_PRIVATE] = BRKW_CHANGE_FILE_PRIVATE,
	[BRKW_OP_MMAP + BRKW_FILE_SHARED] = BRKW_CHANGE_FILE_SHARED,
	[BRKW_OP_MUNMAP] = BRKW_CHANGE_MUNMAP,
	[BRKW_OP_REPLACE] = BRKW_CHANGE_MREMAP,
	[BRKW_OP_MREMAP_SHRINK] = BRKW_CHANGE_MREMAP,
	[BRKW_OP_MREMAP_OLD] = BRKW_CHANGE_MREMAP,
	[BRKW_OP_MREMAP_UNDO] = BRKW_CHANGE_MREMAP,
	[BRKW_OP_STACK_GROW] = BRKW_CHANGE_STACK,
	[BRKW_OP_OTHER_GROW] = BRKW_CHANGE_OTHER,
	[BRKW_OP_OTHER_SHRINK] = BRKW_CHANGE_OTHER,
};

/* Numbers the changes that were traced; has the place of what read.c makes. */
#define SEQ(acct)	((acct)->value[BRKW_KEY_FAULT_UNATTRIBUTED])

/**
 * brkw_trace_change() - an operation on the size of a mm begins
 * @acct: its account
 * @op: what
 * @nr_pages: by how much total_vm changes if it succeeds
 * @nr_after: total_vm then
 *
 * Context: a hook under the mmap lock, one at a time. Return: the number of the
 * change.
 */
u64 brkw_trace_change(struct brkw_account *acct, enum brkw_op op, long nr_pages,
		      unsigned long nr_after)
{
	u64 seq = atomic64_read(&SEQ(acct)) + 1;

	atomic64_set(&SEQ(acct), seq);
	trace_vm_change(acct->tgid, seq, changes[op], (s64)nr_pages << PAGE_SHIFT,
			(u64)nr_after << PAGE_SHIFT);
	return seq;
}

/**
 * brkw_trace_correct() - the operation that is pending has ended otherwise
 * @acct: the account
 * @nr_pages: by how much total_vm has changed
 *
 * Context: as brkw_settle_post().
 */
void brkw_trace_correct(const struct brkw_account *acct, long nr_pages)
{
	trace_vm_correct(acct->tgid, acct->traced_seq, changes[acct->pending.op],
			 (s64)nr_pages << PAGE_SHIFT,
			 (u64)(acct->nr_ledger + nr_pages) << PAGE_SHIFT);
}
