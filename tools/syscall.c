// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "array.h"
#include "bpf/record_bpf.h"
#include "recording.h"
#include "syscall.h"

/* Its arguments lie in memory, where no register shows them. */
#define I386_OLD_MMAP	90

#define X32_BIT		0x40000000
#define X32_EXECVE	520
#define X32_EXECVEAT	545

/* ipc() is not here: it tells where it has attached in memory, not by its answer. */
static const struct {
	uint32_t number;
	enum brkw_call call;
} i386_calls[] = {
	{ 11, BRKW_CALL_EXECVE },
	{ 45, BRKW_CALL_BRK },
	{ I386_OLD_MMAP, BRKW_CALL_MMAP },
	{ 91, BRKW_CALL_MUNMAP },
	{ 163, BRKW_CALL_MREMAP },
	{ 192, BRKW_CALL_MMAP },
	{ 358, BRKW_CALL_EXECVEAT },
	{ 397, BRKW_CALL_SHMAT },
	{ 398, BRKW_CALL_SHMDT },
};

static int64_t number_of_i386(uint32_t number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(i386_calls); i++)
		if (i386_calls[i].number == number)
			return i386_calls[i].call;
	return -1;
}

/* The kernel looks at the lower halves alone: the upper ones may have anything. */
static struct brkw_syscall read_i386(const struct brkw_raw_regs *regs)
{
	struct brkw_syscall call = { .number = number_of_i386((uint32_t)regs->orig_ax) };

	if ((uint32_t)regs->orig_ax == I386_OLD_MMAP)
		return call;
	call.args[0] = (uint32_t)regs->bx;
	call.args[1] = (uint32_t)regs->cx;
	call.args[2] = (uint32_t)regs->dx;
	return call;
}

static int64_t number_of_x32(int64_t number)
{
	switch (number) {
	case X32_EXECVE:
		return BRKW_CALL_EXECVE;
	case X32_EXECVEAT:
		return BRKW_CALL_EXECVEAT;
	}
	return number;
}

struct brkw_syscall brkw_syscall_read(const struct brkw_raw_event *event)
{
	const struct brkw_raw_regs *regs = &event->regs;
	struct brkw_syscall call = {
		.number = (int64_t)regs->orig_ax,
		.args = { regs->di, regs->si, regs->dx },
	};

	if (event->is_compat)
		return read_i386(regs);
	if (call.number > 0 && call.number & X32_BIT)
		call.number = number_of_x32(call.number & ~X32_BIT);
	return call;
}
