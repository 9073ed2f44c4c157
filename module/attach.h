/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a hook is attached to its kernel function. A kprobe works everywhere; a
 * bare ftrace_ops on the same function costs a quarter of it; a tracepoint is
 * there for what has one. A return is caught only where an entry asks for it:
 * see brkw_attach_await().
 */
#ifndef _BRKW_ATTACH_H
#define _BRKW_ATTACH_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include <linux/types.h>
#include "compat.h"

#define NR_CANDIDATES	3
#define NR_KEY_RANGES	8

/* One hit of so many is timed, so that the others do not pay for it. */
#define BRKW_COST_INTERVAL	1024

/**
 * struct brkw_entry - a function that may be hooked, and what is done then
 * @symbol: its name, or that of a tracepoint
 * @by_kprobe: decodes its registers for the ledger
 * @by_ftrace: the same
 * @by_tracepoint: the probe of a tracepoint
 * @hits: by CPU
 */
struct brkw_entry {
	const char *symbol;
	kprobe_pre_handler_t by_kprobe;
#if BRKW_HAS_FTRACE
	ftrace_func_t by_ftrace;
#endif
	void *by_tracepoint;
	u64 __percpu *hits;
};

/**
 * struct brkw_key_range - keys that follow each other
 * @first: the first of them
 * @last: the last of them; 0 if it is no range
 */
struct brkw_key_range {
	u8 first;
	u8 last;
};

/**
 * struct brkw_hook - one thing to watch
 * @name: what it is called in stats
 * @lost: what is lost without it, for people
 * @entries: candidates to try, in this order
 * @keys: what cannot be known without it
 * @is_required: the module cannot do without
 * @is_fault: goes with the parameter faults
 * @is_rare: is hit so rarely that it may share an ftrace_ops
 * @entry: which candidate registered
 * @is_armed: is registered
 * @is_ftrace: by ftrace
 * @kp: the probe, or
 * @ops: the same by ftrace, of one that is not rare
 * @tp: the tracepoint
 * @has_missed: @kp counts what is missed, or did until it was disarmed
 * @nr_missed_before: misses up to the last time it was armed
 * @nr_handler_faults: what @kp counts as missed and is not, see compat.h
 *
 * Who arms and disarms is one at a time and owns all from @entry on; against who looks
 * meanwhile told_lock of attach.c guards @is_armed, @is_ftrace, @has_missed and
 * @nr_missed_before, and hence @kp.
 */
struct brkw_hook {
	const char *name;
	const char *lost;
	struct brkw_entry entries[NR_CANDIDATES];
	struct brkw_key_range keys[NR_KEY_RANGES];
	bool is_required;
	bool is_fault;
	bool is_rare;

	const struct brkw_entry *entry;
	bool is_armed;
	bool is_ftrace;
	union {
		struct kprobe kp;
#if BRKW_HAS_FTRACE
		struct ftrace_ops ops;
#endif
	};
	struct tracepoint *tp;
	bool has_missed;
	u64 nr_missed_before;
	atomic_long_t nr_handler_faults;
};

/*
 * BRKW_DEFINE_ENTRY(name, record): the functions that the kernel calls. Each
 * entry has its own, so that nothing is looked up and nothing is called
 * through a pointer on the way, but for what is rare and shares an ftrace_ops.
 * ftrace calls with preemption as the function had it; the ledger wants it off.
 */
#define BRKW_DEFINE_ENTRY(name, record)						\
	static noinline void name##_timed(struct pt_regs *regs)			\
	{									\
		u64 begin_ns = ktime_get_mono_fast_ns();			\
										\
		record(regs);							\
		brkw_attach_note_cost(begin_ns);				\
	}									\
	BRKW_DEFINE_HIT(name, record)

/* The same for a record that returns true if it wants the return. */
#define BRKW_DEFINE_RETURN_ENTRY(name, record)					\
	static __always_inline void name##_await(struct pt_regs *regs)		\
	{									\
		if (unlikely(record(regs)))					\
			brkw_attach_await(regs);				\
	}									\
	BRKW_DEFINE_ENTRY(name, name##_await)

#define BRKW_DEFINE_HIT(name, record)						\
	static DEFINE_PER_CPU(u64, name##_hits);				\
	static __always_inline void name##_hit(struct pt_regs *regs)		\
	{									\
		this_cpu_inc(name##_hits);					\
		if (unlikely(!(raw_cpu_read(name##_hits) % BRKW_COST_INTERVAL)))	\
			name##_timed(regs);					\
		else								\
			record(regs);						\
	}									\
	static int name##_by_kprobe(struct kprobe *kp, struct pt_regs *regs)	\
	{									\
		name##_hit(regs);						\
		return 0;							\
	}									\
	NOKPROBE_SYMBOL(name##_by_kprobe);					\
	BRKW_DEFINE_FTRACE(name)

#if BRKW_HAS_FTRACE
#define BRKW_DEFINE_FTRACE(name)						\
	static void name##_by_ftrace(unsigned long ip, unsigned long parent_ip,	\
				     struct ftrace_ops *ops,			\
				     struct ftrace_regs *fregs)			\
	{									\
		preempt_disable_notrace();					\
		name##_hit(brkw_regs_of(fregs));				\
		preempt_enable_notrace();					\
	}
#define BRKW_BY_FTRACE(name)	.by_ftrace = name##_by_ftrace,
#else
#define BRKW_DEFINE_FTRACE(name)
#define BRKW_BY_FTRACE(name)
#endif

#define BRKW_ENTRY(symbol_name, name) {						\
	.symbol = symbol_name,							\
	.by_kprobe = name##_by_kprobe,						\
	BRKW_BY_FTRACE(name)							\
	.hits = &name##_hits,							\
}

int brkw_attach_init(void);
void brkw_attach_exit(void);
int brkw_attach(struct brkw_hook *hook, bool may_ftrace);
void brkw_attach_done(void);
void brkw_detach(struct brkw_hook *hook);
void brkw_detach_done(void);
const char *brkw_attach_kind(const struct brkw_hook *hook, const char **ret_symbol);
u64 brkw_attach_missed(const struct brkw_hook *hooks, unsigned int nr);
u64 brkw_attach_missed_returns(void);
u64 brkw_attach_hits(const struct brkw_hook *hook);
void brkw_attach_await(struct pt_regs *regs);
void brkw_attach_note_cost(u64 begin_ns);
void brkw_attach_cost(u64 *ret_nr_timed, u64 *ret_ns);

#endif /* _BRKW_ATTACH_H */
