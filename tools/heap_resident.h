/* SPDX-License-Identifier: GPL-2.0 */
/* Which pages of a process are resident, from its pagemap file. */
#ifndef BRKW_HEAP_RESIDENT_H
#define BRKW_HEAP_RESIDENT_H

#include <stdint.h>

#include "heap_memory.h"

struct brkw_hold;
struct brkw_region;

/**
 * struct brkw_pagemap - the pagemap of a process
 * @fd: the file
 * @zero_pfn: the frame of the shared page of zeroes, which is nobody's memory;
 *	0 if it cannot be told
 * @sz_page: bytes of a page
 * @hold: asked before each read whether its time is over; may be NULL
 */
struct brkw_pagemap {
	int fd;
	uint64_t zero_pfn;
	uint64_t sz_page;
	struct brkw_hold *hold;
};

/**
 * brkw_pagemap_open - open the pagemap of a process
 * @pid: of the process
 * @hold: what holds it still, or NULL
 * @ret_map: written only on success
 *
 * Return: 0 or a negative errno.
 */
int brkw_pagemap_open(int pid, struct brkw_hold *hold, struct brkw_pagemap *ret_map);

/**
 * brkw_pagemap_close - close it
 * @map: of brkw_pagemap_open()
 */
void brkw_pagemap_close(struct brkw_pagemap *map);

/**
 * brkw_resident_read - find out about every page of a region
 * @map: the pagemap
 * @reg: its pages are filled in
 *
 * Return: 0 or a negative errno.
 */
int brkw_resident_read(const struct brkw_pagemap *map, struct brkw_region *reg);

/**
 * struct brkw_polite - memory of a process, read so that nothing changes there
 * @mem: the interface; pages that are not there are zeroes, and stay away
 * @under: the memory
 * @map: the pagemap
 */
struct brkw_polite {
	struct brkw_memory mem;
	struct brkw_memory *under;
	const struct brkw_pagemap *map;
};

/**
 * brkw_polite_init - read only pages that are resident or swapped out
 * @polite: filled in
 * @under: the memory
 * @map: its pagemap
 */
void brkw_polite_init(struct brkw_polite *polite, struct brkw_memory *under,
		      const struct brkw_pagemap *map);

/**
 * brkw_resident_count - resident bytes of whole pages
 * @reg: the region
 * @sz_page: bytes of a page
 * @start: first byte; pages that begin before it do not count
 * @end: behind the last; nor those that end behind it
 *
 * Return: bytes.
 */
uint64_t brkw_resident_count(const struct brkw_region *reg, uint64_t sz_page, uint64_t start,
			     uint64_t end);

/**
 * brkw_resident_part - bytes of a range that lie in resident pages
 * @reg: the region
 * @sz_page: bytes of a page
 * @start: first byte
 * @end: behind the last
 *
 * Return: bytes.
 */
uint64_t brkw_resident_part(const struct brkw_region *reg, uint64_t sz_page, uint64_t start,
			    uint64_t end);

#endif /* BRKW_HEAP_RESIDENT_H */
