// SPDX-License-Identifier: GPL-2.0
/*
 * What malloc_trim(0) would return, done on the model. It merges the chunks of
 * fastbins with the free ones beside them (malloc_consolidate), gives back the
 * whole pages under each free chunk behind its links (mtrim), and moves the
 * break down to the last page of the top (systrim; the main arena only).
 */
#include "heap.h"
#include "heap_resident.h"
#include "heap_trim.h"

/* malloc keeps this much of a top. */
#define SZ_TOP_KEPT	(BRKW_CHUNK_MIN + 1)

/* A region under way. @run is where the current run of free chunks began. */
struct trimmer {
	struct brkw_heap *heap;
	const struct brkw_region *reg;
	uint64_t run;
	bool is_run;
};

static void end_run(struct trimmer *trimmer, uint64_t end)
{
	struct brkw_trim *trim = &trimmer->heap->trim;
	uint64_t sz_page = trimmer->heap->sz_page, sz = 0, first;

	if (!trimmer->is_run)
		return;
	trimmer->is_run = false;
	first = (trimmer->run + BRKW_CHUNK_FREE_HEADER + sz_page - 1) & ~(sz_page - 1);
	if (first < end && end - first >= sz_page)
		sz = brkw_resident_count(trimmer->reg, sz_page, first, end);
	else
		trim->nr_holes++;
	trim->sz_pages += sz;
	trim->sz_holes += brkw_resident_part(trimmer->reg, sz_page, trimmer->run, end) - sz;
}

/* The top begins where chunks of fastbins right below it begin. */
static void trim_top(struct trimmer *trimmer, uint64_t start, uint64_t end)
{
	struct brkw_trim *trim = &trimmer->heap->trim;
	uint64_t sz_page = trimmer->heap->sz_page, sz, unit;

	if (trimmer->is_run)
		start = trimmer->run;
	trimmer->is_run = false;
	if (trimmer->reg->arena) {
		trim->sz_arena_tops += brkw_resident_count(trimmer->reg, sz_page,
							   start + BRKW_CHUNK_MIN, end);
		return;
	}
	/* when somebody else moved the break, it cannot be moved down */
	if (end + sz_page <= trimmer->reg->end || end - start <= SZ_TOP_KEPT)
		return;
	unit = trimmer->heap->params.thp_pagesize > sz_page ?
		       trimmer->heap->params.thp_pagesize : sz_page;
	sz = (end - start - SZ_TOP_KEPT) & ~(unit - 1);
	trim->sz_top += brkw_resident_count(trimmer->reg, sz_page, end - sz, end);
}

static void trim_region(struct brkw_heap *heap, const struct brkw_region *reg)
{
	struct trimmer trimmer = { .heap = heap, .reg = reg };
	uint64_t addr = reg->first, size;
	enum brkw_chunk_state state;
	size_t i;

	for (i = 0; i < reg->nr_chunks; i++, addr += size) {
		size = brkw_chunk_size(reg->chunks[i]);
		state = brkw_chunk_state(reg->chunks[i]);
		if (state == BRKW_FREE || state == BRKW_FASTBIN) {
			if (!trimmer.is_run)
				trimmer.run = addr;
			trimmer.is_run = true;
		} else if (state == BRKW_TOP) {
			trim_top(&trimmer, addr, addr + size);
		} else {
			end_run(&trimmer, addr);
		}
	}
	end_run(&trimmer, addr);
}

void brkw_trim_predict(struct brkw_heap *heap)
{
	size_t i;

	heap->trim = (struct brkw_trim){ 0 };
	for (i = 0; i < heap->nr_regions; i++)
		trim_region(heap, &heap->regions[i]);
}
