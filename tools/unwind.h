/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwinds copied stacks of x86-64 with elfutils' libdw, by the tables that every
 * program has in .eh_frame, and names the functions while the files are there.
 * It is told of processes as they map files, fork and exec.
 */
#ifndef BRKW_UNWIND_H
#define BRKW_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording.h"

struct brkw_raw_event;
struct brkw_unwinder;

/**
 * struct brkw_mapping - code of a file in an address space
 * @start: first address
 * @end: behind the last
 * @offset: of @start in the file
 * @path: of the file, as the process has it
 */
struct brkw_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	const char *path;
};

/**
 * struct brkw_place - a frame as it was found
 * @path: file of the code, or NULL
 * @build_id: in hexadecimal, or NULL
 * @name: of the function, or NULL
 * @offset: as &struct brkw_frame has it
 *
 * The texts are the unwinder's, until it is told of another mapping.
 */
struct brkw_place {
	const char *path;
	const char *build_id;
	const char *name;
	uint64_t offset;
};

/**
 * struct brkw_trace - an unwound stack
 * @places: the innermost first
 * @nr_places: how many
 * @how: by what
 * @is_whole: down to where the thread began
 */
struct brkw_trace {
	struct brkw_place places[BRKW_STACK_DEPTH];
	uint32_t nr_places;
	enum brkw_how how;
	bool is_whole;
};

/** brkw_unwinder_new - one that knows no process; NULL without memory */
struct brkw_unwinder *brkw_unwinder_new(void);

/** brkw_unwinder_free - drop it; takes NULL */
void brkw_unwinder_free(struct brkw_unwinder *u);

/**
 * brkw_unwinder_map - a process has mapped code
 * @u: the unwinder
 * @pid: the process
 * @map: the code; hides what was there
 */
void brkw_unwinder_map(struct brkw_unwinder *u, uint32_t pid, const struct brkw_mapping *map);

/**
 * brkw_unwinder_fork - a child begins with what its parent has
 * @u: the unwinder
 * @parent: of the child
 * @child: its pid
 */
void brkw_unwinder_fork(struct brkw_unwinder *u, uint32_t parent, uint32_t child);

/**
 * brkw_unwinder_forget - a process has ended, or begins with nothing by exec
 * @u: the unwinder
 * @pid: the process
 */
void brkw_unwinder_forget(struct brkw_unwinder *u, uint32_t pid);

/**
 * brkw_unwinder_unwind - who has called whom
 * @u: the unwinder
 * @event: a change, with registers and stack
 * @ret_trace: always filled in
 */
void brkw_unwinder_unwind(struct brkw_unwinder *u, const struct brkw_raw_event *event,
			  struct brkw_trace *ret_trace);

#endif /* BRKW_UNWIND_H */
