/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holds a process still while its heap is read, by ptrace without a signal, and
 * lets it go when the time is over, whether all is read or not.
 */
#ifndef BRKW_HEAP_HOLD_H
#define BRKW_HEAP_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long it may be held if nobody says, all holds together. */
#define BRKW_HOLD_MS		50

/* Letting go takes a moment too: it begins this much earlier. */
#define BRKW_HOLD_MARGIN_MS	5

/**
 * struct brkw_held - a thread that is held, or about to be
 * @tid: of the thread
 * @signal: was on its way to the thread, which gets it when it is let go
 * @is_stopped: it stands still
 */
struct brkw_held {
	int tid;
	int signal;
	bool is_stopped;
};

/**
 * struct brkw_hold - how a process is held
 * @pid: of the process
 * @budget_ns: how long it may be held, all holds together
 * @held_ns: how long it has been
 * @since_ns: when it was held, 0 if it runs
 * @nr_holds: how often it was held
 * @is_cut: it was let go because the time was over
 * @threads: those that are held
 * @nr_threads: how many
 * @nr_room: of @threads
 */
struct brkw_hold {
	int pid;
	uint64_t budget_ns;
	uint64_t held_ns;
	uint64_t since_ns;
	unsigned int nr_holds;
	bool is_cut;
	struct brkw_held *threads;
	size_t nr_threads;
	size_t nr_room;
};

/**
 * brkw_hold_init - nothing is held yet
 * @hold: filled in
 * @pid: of the process
 * @ms: how long it may be held, all holds together
 */
void brkw_hold_init(struct brkw_hold *hold, int pid, unsigned int ms);

/**
 * brkw_hold_begin - hold all threads
 * @hold: whom
 *
 * Return: 0, or a negative errno and nothing is held: -ETIME if the time is over.
 */
int brkw_hold_begin(struct brkw_hold *hold);

/**
 * brkw_hold_end - let all threads go
 * @hold: whom; nothing happens if it runs already
 */
void brkw_hold_end(struct brkw_hold *hold);

/**
 * brkw_hold_tick - let go if the time is over
 * @hold: whom
 */
void brkw_hold_tick(struct brkw_hold *hold);

/**
 * brkw_hold_is_busy - is a thread where it may be changing the heap?
 * @hold: whom; it is held
 * @text_start: first byte of the code of malloc's library
 * @text_end: behind the last
 *
 * Return: true if a thread is in that code, or in a system call that malloc makes.
 */
bool brkw_hold_is_busy(const struct brkw_hold *hold, uint64_t text_start, uint64_t text_end);

/**
 * brkw_hold_free - forget the threads; lets them go first
 * @hold: of brkw_hold_init()
 */
void brkw_hold_free(struct brkw_hold *hold);

#endif /* BRKW_HEAP_HOLD_H */
