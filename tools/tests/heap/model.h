/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heap as glibc would leave it, made up in memory: for releases that are not on
 * this machine, and to be damaged.
 */
#ifndef BRKW_TEST_MODEL_H
#define BRKW_TEST_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../heap.h"
#include "../../heap_maps.h"
#include "../../heap_memory.h"

#define SZ_MODEL_HEAP	(256UL * 1024)
#define SZ_MODEL_DATA	(16UL * 1024)
#define SZ_MODEL_MAPPED	(3UL * 1024 * 1024)
#define MODEL_HEAP	0x555500000000UL
#define MODEL_DATA	0x7fff00000000UL

/* How a release of glibc lays out what is looked for. */
struct release {
	const char *name;
	unsigned int off_top;
	uint64_t sz_cache;
	unsigned int nr_bins;
	unsigned int sz_count;
	bool counts_empty;
	bool is_safe;
	unsigned int off_sbrk_base;
};

/* @mem has @heap at MODEL_HEAP and @data at MODEL_DATA, and nothing else. */
struct model {
	struct brkw_memory mem;
	uint8_t heap[SZ_MODEL_HEAP];
	uint8_t data[SZ_MODEL_DATA];
	struct brkw_mapping maps[2];
	const struct release *release;
	uint64_t nr_tcache;
	uint64_t nr_fastbin;
	uint64_t nr_free;
	uint64_t pin;
	/* where reads are watched, and how many were outside */
	uint64_t watch_start;
	uint64_t watch_end;
	uint64_t nr_outside;
};

extern const struct release releases[];
extern const unsigned int nr_releases;

void model_fill(struct model *model, const struct release *release);
int model_take(struct model *model, struct brkw_heap *ret_heap);

#endif /* BRKW_TEST_MODEL_H */
