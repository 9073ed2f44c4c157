// SPDX-License-Identifier: GPL-2.0
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/record_bpf.h"
#include "proc.h"
#include "recording.h"
#include "symbols.h"
#include "syscall.h"
#include "unwind.h"

/* Registers of x86-64 as DWARF numbers them; the last is the return address. */
#define NR_REGS		17

/* One mapping of a process, in a list. */
struct map {
	struct map *next;
	struct brkw_mapping map;
	char *path;
	bool is_told;		/* libdw knows it */
};

struct process {
	uint32_t pid;
	struct map *maps;
	bool is_stale;		/* there are maps that libdw was not told of */
	bool is_wrong;		/* libdw was told of a map that is gone */
	Dwfl *dwfl;
	struct brkw_unwinder *u;
};

struct brkw_unwinder {
	void *processes;	/* tree of struct process */
	struct brkw_symbols symbols;
	int machine_fd;
	Elf *machine;		/* any program of this machine */
	const struct brkw_raw_event *event;
	struct brkw_trace *trace;
	bool has_last_cfi;	/* of the frame added last */
	uint32_t nr_fp;		/* frames found without tables */
};

/* --- processes and what they have mapped --- */

static int compare_processes(const void *a, const void *b)
{
	const struct process *one = a, *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

static struct process *find_process(struct brkw_unwinder *u, uint32_t pid)
{
	struct process key = { .pid = pid };
	struct process **found = tfind(&key, &u->processes, compare_processes);

	return found ? *found : NULL;
}

static struct process *get_process(struct brkw_unwinder *u, uint32_t pid)
{
	struct process *process = find_process(u, pid);

	if (process)
		return process;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->pid = pid;
	process->u = u;
	if (!tsearch(process, &u->processes, compare_processes)) {
		free(process);
		return NULL;
	}
	return process;
}

static void free_map(struct map *map)
{
	free(map->path);
	free(map);
}

/* What the new mapping covers in part is not told from what it covers whole. */
static void hide_maps(struct process *process, const struct brkw_mapping *by)
{
	struct map **link = &process->maps, *map;

	while ((map = *link)) {
		if (map->map.start < by->end && by->start < map->map.end) {
			*link = map->next;
			process->is_wrong |= map->is_told;
			free_map(map);
		} else {
			link = &map->next;
		}
	}
}

static void add_map(struct process *process, const struct brkw_mapping *from)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return;
	map->map = *from;
	map->path = strdup(from->path);
	map->map.path = map->path;
	if (!map->path) {
		free(map);
		return;
	}
	map->next = process->maps;
	process->maps = map;
	process->is_stale = true;
}

void brkw_unwinder_map(struct brkw_unwinder *u, uint32_t pid, const struct brkw_mapping *map)
{
	struct process *process = get_process(u, pid);

	if (!process)
		return;
	hide_maps(process, map);
	add_map(process, map);
}

void brkw_unwinder_fork(struct brkw_unwinder *u, uint32_t parent, uint32_t child)
{
	struct process *from = find_process(u, parent), *to;
	const struct map *map;

	if (!from || parent == child)
		return;
	brkw_unwinder_forget(u, child);
	to = get_process(u, child);
	if (!to)
		return;
	for (map = from->maps; map; map = map->next)
		add_map(to, &map->map);
}

static void free_process(void *node)
{
	struct process *process = node;
	struct map *map;

	while ((map = process->maps)) {
		process->maps = map->next;
		free_map(map);
	}
	if (process->dwfl)
		dwfl_end(process->dwfl);
	free(process);
}

void brkw_unwinder_forget(struct brkw_unwinder *u, uint32_t pid)
{
	struct process *process = find_process(u, pid);

	if (!process)
		return;
	if (process->dwfl)
		brkw_symbols_forget(&u->symbols);
	tdelete(process, &u->processes, compare_processes);
	free_process(process);
}

/* --- files --- */

/* As the process sees it, as we do, and the file that has lost its name. */
static int open_file(uint32_t pid, const struct brkw_mapping *map)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/root%s", pid, map->path);
	fd = brkw_proc_open_file(path);
	if (fd < 0)
		fd = brkw_proc_open_file(map->path);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", pid,
		 (unsigned long long)map->start, (unsigned long long)map->end);
	return brkw_proc_open_file(path);
}

/* How far the file lies from where its own addresses say. */
static bool find_bias(int fd, const struct brkw_mapping *map, GElf_Addr *ret_bias)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	GElf_Phdr phdr;
	size_t nr = 0, i;
	bool is_found = false;

	if (elf_getphdrnum(elf, &nr))
		nr = 0;
	for (i = 0; !is_found && i < nr; i++) {
		if (!gelf_getphdr(elf, (int)i, &phdr) || phdr.p_type != PT_LOAD ||
		    !(phdr.p_flags & PF_X) || phdr.p_offset + phdr.p_filesz <= map->offset ||
		    (phdr.p_offset & ~0xfffULL) > map->offset)
			continue;
		*ret_bias = map->start - (phdr.p_vaddr + map->offset - phdr.p_offset);
		is_found = true;
	}
	elf_end(elf);
	return is_found;
}

static void report_map(struct process *process, struct map *map)
{
	GElf_Addr bias;
	int fd;

	map->is_told = true;
	if (*map->path != '/')
		return;
	fd = open_file(process->pid, &map->map);
	if (fd < 0)
		return;
	if (!find_bias(fd, &map->map, &bias) ||
	    !dwfl_report_elf(process->dwfl, map->path, map->path, fd, bias, true))
		close(fd);
}

/* --- callbacks of libdw --- */

static int get_next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	const struct process *process = arg;

	(void)dwfl;
	if (*thread_arg)
		return 0;
	*thread_arg = arg;
	return (int)process->u->event->tid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl;
	(void)tid;
	*thread_arg = arg;
	return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *result, void *arg)
{
	const struct process *process = arg;
	const struct brkw_raw_event *event = process->u->event;
	uint64_t from = addr - event->regs.sp;

	(void)dwfl;
	if (addr < event->regs.sp || from > event->sz_stack ||
	    event->sz_stack - from < sizeof(*result))
		return false;
	memcpy(result, event->stack + from, sizeof(*result));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct process *process = arg;
	const struct brkw_raw_regs *r = &process->u->event->regs;
	const Dwarf_Word regs[NR_REGS] = {
		r->ax, r->dx, r->cx, r->bx, r->si, r->di, r->bp, r->sp, r->r8, r->r9,
		r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->ip,
	};

	return dwfl_thread_state_registers(thread, 0, NR_REGS, regs);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = get_next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static const Dwfl_Callbacks file_callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

static void forget_maps(struct process *process)
{
	struct map *map;

	brkw_symbols_forget(&process->u->symbols);
	if (process->dwfl)
		dwfl_end(process->dwfl);
	process->dwfl = NULL;
	process->is_wrong = false;
	for (map = process->maps; map; map = map->next)
		map->is_told = false;
}

/* Tell libdw what the process has mapped by now. */
static bool refresh(struct process *process)
{
	bool is_new;
	struct map *map;

	if (process->is_wrong)
		forget_maps(process);
	is_new = !process->dwfl;
	if (!is_new && !process->is_stale)
		return true;
	if (is_new)
		process->dwfl = dwfl_begin(&file_callbacks);
	if (!process->dwfl)
		return false;
	dwfl_report_begin_add(process->dwfl);
	for (map = process->maps; map; map = map->next)
		if (!map->is_told)
			report_map(process, map);
	dwfl_report_end(process->dwfl, NULL, NULL);
	process->is_stale = false;
	if (is_new)
		dwfl_attach_state(process->dwfl, process->u->machine, (pid_t)process->pid,
				  &thread_callbacks, process);
	return true;
}

/* --- one frame --- */

static bool describe(struct process *process, Dwarf_Addr addr, struct brkw_place *place)
{
	return brkw_symbols_describe(&process->u->symbols,
				     dwfl_addrmodule(process->dwfl, addr), addr, place);
}

static int add_frame(Dwfl_Frame *frame, void *arg)
{
	struct process *process = arg;
	struct brkw_unwinder *u = process->u;
	struct brkw_trace *trace = u->trace;
	struct brkw_place *place;
	Dwarf_Addr pc;
	bool is_exact;

	if (!dwfl_frame_pc(frame, &pc, &is_exact) || trace->nr_places == BRKW_STACK_DEPTH)
		return DWARF_CB_ABORT;
	if (trace->nr_places && !u->has_last_cfi)
		u->nr_fp++;
	/* a return address may lie behind the function that has called */
	place = &trace->places[trace->nr_places++];
	u->has_last_cfi = describe(process, pc - !is_exact, place);
	/* nobody has called it, whatever a frame pointer may say */
	return brkw_frame_is_first(place->name) ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/* --- one stack --- */

/* A program of 32 bit has other registers: there is only where it was. */
static bool is_64bit(const struct brkw_raw_event *event)
{
	return event->regs.cs == 0x33;
}

/* The registers are of the program that was, and its stack is gone. */
static bool is_exec(const struct brkw_raw_event *event)
{
	int64_t number = brkw_syscall_read(event).number;

	return number == BRKW_CALL_EXECVE || number == BRKW_CALL_EXECVEAT;
}

/* libdw goes on by frame pointers, without a word, where there are no tables. */
static void judge(const struct brkw_unwinder *u, struct brkw_trace *trace, int status)
{
	const struct brkw_place *last = &trace->places[trace->nr_places - 1];

	trace->how = u->nr_fp ? BRKW_HOW_FP : BRKW_HOW_CFI;
	trace->is_whole = brkw_frame_is_first(last->name) || (!status && u->has_last_cfi);
}

void brkw_unwinder_unwind(struct brkw_unwinder *u, const struct brkw_raw_event *event,
			  struct brkw_trace *ret_trace)
{
	struct process *process = find_process(u, event->pid);
	int status;

	memset(ret_trace, 0, sizeof(*ret_trace));
	ret_trace->how = BRKW_HOW_NONE;
	ret_trace->nr_places = 1;
	ret_trace->places[0].offset = event->regs.ip;
	if (is_exec(event)) {
		ret_trace->how = BRKW_HOW_EXEC;
		ret_trace->is_whole = true;
		ret_trace->places[0] = (struct brkw_place){ .name = "execve" };
		return;
	}
	if (!process || !refresh(process) || !is_64bit(event))
		return;
	u->event = event;
	u->trace = ret_trace;
	u->nr_fp = 0;
	ret_trace->nr_places = 0;
	status = dwfl_getthread_frames(process->dwfl, (pid_t)event->tid, add_frame, process);
	if (u->trace->nr_places) {
		judge(u, ret_trace, status);
		return;
	}
	ret_trace->nr_places = 1;
	describe(process, event->regs.ip, &ret_trace->places[0]);
}

/* --- lifetime --- */

struct brkw_unwinder *brkw_unwinder_new(void)
{
	struct brkw_unwinder *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	elf_version(EV_CURRENT);
	u->machine_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (u->machine_fd >= 0)
		u->machine = elf_begin(u->machine_fd, ELF_C_READ_MMAP, NULL);
	return u;
}

void brkw_unwinder_free(struct brkw_unwinder *u)
{
	if (!u)
		return;
	brkw_symbols_forget(&u->symbols);
	tdestroy(u->processes, free_process);
	elf_end(u->machine);
	if (u->machine_fd >= 0)
		close(u->machine_fd);
	free(u);
}
