/* SPDX-License-Identifier: GPL-2.0 */
/* Walks the chunks of a region from its first to its end. */
#ifndef BRKW_HEAP_WALK_H
#define BRKW_HEAP_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct brkw_list;
struct brkw_memory;
struct brkw_region;

/**
 * struct brkw_walk - how to walk
 * @mem: memory of the process
 * @top: where the arena's top chunk is; a region without it ends in fences
 * @is_main: the region is part of the main arena
 * @sz_page: bytes of a page
 * @candidates: takes chunks that may be the cache of a thread
 * @nr_swapped_in: counts pages that had to be read though swapped out
 */
struct brkw_walk {
	struct brkw_memory *mem;
	uint64_t top;
	bool is_main;
	uint64_t sz_page;
	struct brkw_list *candidates;
	uint64_t nr_swapped_in;
};

/**
 * brkw_walk_region - parse the chunks of a region
 * @walk: how to
 * @reg: its pages are known; chunks, stop and reason are filled in, unless there
 *	is a reason already
 *
 * Reads only pages that are resident, because reading others would change the
 * process; a header in a page that is swapped out is the exception. Whatever
 * the memory contains, every step goes forward and none leaves the region.
 *
 * Return: 0, also if it does not parse to its end, or -ENOMEM.
 */
int brkw_walk_region(struct brkw_walk *walk, struct brkw_region *reg);

#endif /* BRKW_HEAP_WALK_H */
