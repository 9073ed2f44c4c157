/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: every change of the size of an address space as it begins, in
 * the call that asks for it, so that its user stack is there. The changes of a
 * process, each with what corrected it, add up to what its account has grown by.
 * While nobody listens they cost a branch that is not taken.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM brkwatch

#if !defined(_BRKW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _BRKW_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>
#include "../uapi/linux/brkwatch.h"

#define BRKW_CHANGE_ENUM(change, name)	TRACE_DEFINE_ENUM(BRKW_CHANGE_##change);
BRKW_CHANGES(BRKW_CHANGE_ENUM)
#undef BRKW_CHANGE_ENUM

#define BRKW_CHANGE_NAME(change, name)	{ BRKW_CHANGE_##change, #name },

DECLARE_EVENT_CLASS(brkw_change,
	TP_PROTO(unsigned int tgid, u64 seq, unsigned int change, s64 bytes, u64 vm_bytes),
	TP_ARGS(tgid, seq, change, bytes, vm_bytes),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(s64, bytes)
		__field(u64, vm_bytes)
		__field(u32, tgid)
		__field(u32, change)
	),
	TP_fast_assign(
		__entry->seq = seq;
		__entry->bytes = bytes;
		__entry->vm_bytes = vm_bytes;
		__entry->tgid = tgid;
		__entry->change = change;
	),
	TP_printk("tgid=%u seq=%llu change=%s bytes=%lld vm_bytes=%llu",
		  __entry->tgid, __entry->seq,
		  __print_symbolic(__entry->change, BRKW_CHANGES(BRKW_CHANGE_NAME) { -1, "" }),
		  __entry->bytes, __entry->vm_bytes)
);

/*
 * tgid: whose address space, in the initial pid namespace; 0 while exec builds it
 * seq: counts the changes of one account
 * bytes: by how much it changes if the call succeeds
 * vm_bytes: how large it is then
 */
DEFINE_EVENT(brkw_change, vm_change,
	TP_PROTO(unsigned int tgid, u64 seq, unsigned int change, s64 bytes, u64 vm_bytes),
	TP_ARGS(tgid, seq, change, bytes, vm_bytes)
);

/* The change seq of tgid has become bytes instead, mostly 0: its call has failed. */
DEFINE_EVENT(brkw_change, vm_correct,
	TP_PROTO(unsigned int tgid, u64 seq, unsigned int change, s64 bytes, u64 vm_bytes),
	TP_ARGS(tgid, seq, change, bytes, vm_bytes)
);

#endif /* _BRKW_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
