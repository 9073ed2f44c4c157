/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of another process, as the walkers of the heap see it: an interface, so
 * that a test can feed them anything.
 */
#ifndef BRKW_HEAP_MEMORY_H
#define BRKW_HEAP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct brkw_hold;

/* One system call reads this much; more is no faster. */
#define BRKW_PIECE	(1UL << 20)

/**
 * struct brkw_memory - something that has addresses
 * @read: fills @buf with @len bytes from @addr; false if not all can be read
 */
struct brkw_memory {
	bool (*read)(struct brkw_memory *mem, uint64_t addr, void *buf, size_t len);
};

/**
 * struct brkw_live - the memory of a process
 * @mem: the interface
 * @pid: of the process
 * @hold: asked before each read whether its time is over; may be NULL
 */
struct brkw_live {
	struct brkw_memory mem;
	int pid;
	struct brkw_hold *hold;
};

/**
 * brkw_live_init - read the memory of a process
 * @live: filled in
 * @pid: of the process
 * @hold: what holds it still, or NULL
 */
void brkw_live_init(struct brkw_live *live, int pid, struct brkw_hold *hold);

/**
 * struct brkw_cached - the same memory, remembering pages
 * @mem: the interface
 * @under: where pages come from
 * @tags: address + 1 of the page in each slot, 0 if none
 * @data: the pages
 *
 * For lists, whose next link is often in a page seen lately.
 */
struct brkw_cached {
	struct brkw_memory mem;
	struct brkw_memory *under;
	uint64_t *tags;
	uint8_t *data;
};

/**
 * brkw_cached_init - remember pages of a memory
 * @cached: filled in
 * @under: the memory
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_cached_init(struct brkw_cached *cached, struct brkw_memory *under);

/**
 * brkw_cached_free - forget the pages
 * @cached: of brkw_cached_init(), or zeroes
 */
void brkw_cached_free(struct brkw_cached *cached);

/**
 * brkw_memory_word - read one word
 * @mem: the memory
 * @addr: where
 * @ret_word: written only on success
 *
 * Return: true if it could be read.
 */
bool brkw_memory_word(struct brkw_memory *mem, uint64_t addr, uint64_t *ret_word);

#endif /* BRKW_HEAP_MEMORY_H */
