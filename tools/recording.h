/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording: the file that record writes and report reads, and what is in it.
 * It is text, one thing a line, and says all that a report needs: names are
 * looked up while the programs are still there. Its lines are described in
 * Documentation/recording.rst.
 */
#ifndef BRKW_RECORDING_H
#define BRKW_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/brkwatch.h>

struct brkw_why;

#define BRKW_RECORDING_VERSION	1
#define BRKW_NO_INDEX		UINT32_MAX
#define BRKW_STACK_DEPTH	512

/**
 * struct brkw_module - a file that code was in
 * @path: its path
 * @build_id: in hexadecimal, or "-"
 */
struct brkw_module {
	char *path;
	char *build_id;
};

/**
 * struct brkw_frame - a place in the code
 * @module: which file; BRKW_NO_INDEX if the code was in none
 * @offset: address in the file as its symbols have it; without one, in memory
 * @name: of the function, or NULL
 */
struct brkw_frame {
	uint32_t module;
	uint64_t offset;
	char *name;
};

/** enum brkw_how - by what a stack was unwound */
enum brkw_how {
	BRKW_HOW_CFI,	/* the tables of .eh_frame or .debug_frame */
	BRKW_HOW_FP,	/* frame pointers for one frame at least */
	BRKW_HOW_EXEC,	/* there is none: exec was building the process */
	BRKW_HOW_NONE,	/* not at all */
	BRKW_NR_HOWS
};

/**
 * struct brkw_stack - who called whom
 * @frames: indices, the innermost first
 * @nr_frames: how many
 * @how: how they were found
 * @is_whole: the last frame is where the thread began
 */
struct brkw_stack {
	uint32_t *frames;
	uint32_t nr_frames;
	enum brkw_how how;
	bool is_whole;
};

/** enum brkw_call - system calls of x86-64, whatever mode they were made in */
enum brkw_call {
	BRKW_CALL_MMAP = 9,
	BRKW_CALL_MUNMAP = 11,
	BRKW_CALL_BRK = 12,
	BRKW_CALL_MREMAP = 25,
	BRKW_CALL_SHMAT = 30,
	BRKW_CALL_EXECVE = 59,
	BRKW_CALL_SHMDT = 67,
	BRKW_CALL_EXECVEAT = 322,
};

/**
 * struct brkw_event - a change of the size of an address space
 * @ts_ns: when, CLOCK_MONOTONIC
 * @seq: number of the change in its account
 * @bytes: by how much, corrections taken in
 * @vm_bytes: how large the address space was then
 * @call: number of the system call as struct brkw_syscall has it
 * @args: its first three arguments
 * @result: what it answered, if @has_result
 * @tgid: whose address space
 * @tid: the thread
 * @change: &enum brkw_change
 * @stack: index
 * @process: index
 * @has_result: the answer is known
 * @is_corrected: @bytes is not what was asked for
 */
struct brkw_event {
	uint64_t ts_ns;
	uint64_t seq;
	int64_t bytes;
	uint64_t vm_bytes;
	int64_t call;
	uint64_t args[3];
	uint64_t result;
	uint32_t tgid;
	uint32_t tid;
	uint32_t change;
	uint32_t stack;
	uint32_t process;
	bool has_result;
	bool is_corrected;
};

/**
 * struct brkw_process - a process under one name: exec makes another of it
 * @tgid: its number
 * @ended_ns: when it ended or went on under another name; 0 if it lives
 * @comm: its name, in the text form of comm.h
 */
struct brkw_process {
	uint32_t tgid;
	uint64_t ended_ns;
	char *comm;
};

/**
 * struct brkw_sample - how a process was at one moment
 * @ts_ns: when
 * @tgid: who
 * @rss_bytes: its resident size
 * @nr_minor: minor faults since it began
 * @nr_major: major faults since it began
 */
struct brkw_sample {
	uint64_t ts_ns;
	uint32_t tgid;
	uint64_t rss_bytes;
	uint64_t nr_minor;
	uint64_t nr_major;
};

/**
 * struct brkw_losses - what is not in a recording
 * @changes: those that found no room
 * @answers: what calls had answered, corrections and ends of processes, likewise
 * @mappings: mappings of files of which the unwinder was not told
 * @processes: children that were not followed
 */
struct brkw_losses {
	uint64_t changes;
	uint64_t answers;
	uint64_t mappings;
	uint64_t processes;
};

/**
 * struct brkw_recording - all of a recording
 * @command: what was recorded, for people; or NULL
 * @filter: what was left out, for people; or NULL
 * @losses: what got lost
 * @is_short: it has no end: the recorder was killed, or the file was cut
 * @modules: files that code was in
 * @nr_modules: how many
 * @frames: places in the code
 * @nr_frames: how many
 * @stacks: who called whom
 * @nr_stacks: how many
 * @processes: in the order in which they were first seen
 * @nr_processes: how many
 * @events: changes of size, in the order of time
 * @nr_events: how many
 * @samples: how processes were from time to time
 * @nr_samples: how many
 */
struct brkw_recording {
	char *command;
	char *filter;
	struct brkw_losses losses;
	bool is_short;
	struct brkw_module *modules;
	size_t nr_modules;
	struct brkw_frame *frames;
	size_t nr_frames;
	struct brkw_stack *stacks;
	size_t nr_stacks;
	struct brkw_process *processes;
	size_t nr_processes;
	struct brkw_event *events;
	size_t nr_events;
	struct brkw_sample *samples;
	size_t nr_samples;
};

/**
 * brkw_recording_read - read a recording
 * @path: of the file
 * @ret_rec: written only on success; freed with brkw_recording_free()
 * @why: says what is wrong on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_recording_read(const char *path, struct brkw_recording *ret_rec, struct brkw_why *why);

/**
 * brkw_recording_free - drop a recording
 * @rec: as brkw_recording_read() filled it in
 */
void brkw_recording_free(struct brkw_recording *rec);

/** brkw_change_name - the name of a change, as the tracepoint has it */
const char *brkw_change_name(uint32_t change);

/** brkw_how_name - the word for @how in the file and in JSON */
const char *brkw_how_name(enum brkw_how how);

/** brkw_frame_is_first - is @name that of a function where threads begin? */
bool brkw_frame_is_first(const char *name);

#endif /* BRKW_RECORDING_H */
