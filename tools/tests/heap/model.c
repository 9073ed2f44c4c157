// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../heap_arena.h"
#include "../../heap_cache.h"
#include "../../heap_list.h"
#include "../../heap_walk.h"
#include "model.h"

#define OFF_ARENA	0x400UL
#define OFF_PARAMS	0x2000UL
#define PREV_INUSE	1UL
#define NR_CACHED	3
#define NR_FAST		4

const struct release releases[] = {
	{ "2.23", 88, 0, 0, 0, false, false, 72 },
	{ "2.26", 88, 0x250, 64, 1, false, false, 72 },
	{ "2.27", 96, 0x250, 64, 1, false, false, 72 },
	{ "2.31", 96, 0x290, 64, 2, false, false, 72 },
	{ "2.32", 96, 0x290, 64, 2, false, true, 72 },
	{ "2.36", 96, 0x290, 64, 2, false, true, 96 },
	{ "2.42", 96, 0x300, 76, 2, true, true, 96 },
	{ "after 2.43", 8, 0x300, 76, 2, true, true, 104 },
};

const unsigned int nr_releases = sizeof(releases) / sizeof(releases[0]);

static bool read_model(struct brkw_memory *mem, uint64_t addr, void *buf, size_t len)
{
	struct model *model = (struct model *)mem;

	if (model->watch_end && (addr < model->watch_start || len > model->watch_end - addr))
		model->nr_outside++;
	if (addr >= MODEL_HEAP && addr - MODEL_HEAP <= SZ_MODEL_HEAP &&
	    len <= SZ_MODEL_HEAP - (addr - MODEL_HEAP)) {
		memcpy(buf, model->heap + (addr - MODEL_HEAP), len);
		return true;
	}
	if (addr >= MODEL_DATA && addr - MODEL_DATA <= SZ_MODEL_DATA &&
	    len <= SZ_MODEL_DATA - (addr - MODEL_DATA)) {
		memcpy(buf, model->data + (addr - MODEL_DATA), len);
		return true;
	}
	return false;
}

static void put(struct model *model, uint64_t addr, uint64_t word)
{
	uint8_t *at = addr >= MODEL_DATA ? model->data + (addr - MODEL_DATA) :
					   model->heap + (addr - MODEL_HEAP);

	memcpy(at, &word, sizeof(word));
}

static uint64_t get(const struct model *model, uint64_t addr)
{
	uint64_t word;

	memcpy(&word, model->heap + (addr - MODEL_HEAP), sizeof(word));
	return word;
}

/* A chunk in use at @at. Returns where the next goes. */
static uint64_t put_chunk(struct model *model, uint64_t at, uint64_t size)
{
	put(model, at + 8, size | PREV_INUSE);
	return at + size;
}

/* Make the chunk at @at a free one in no bin, which nothing looks at. */
static void free_chunk(struct model *model, uint64_t at)
{
	uint64_t size = get(model, at + 8) & ~15UL, next = at + size;

	put(model, next, size);
	put(model, next + 8, get(model, next + 8) & ~PREV_INUSE);
	model->nr_free++;
}

static uint64_t mangle(const struct model *model, uint64_t at, uint64_t link)
{
	return model->release->is_safe ? link ^ (at >> 12) : link;
}

/* Three chunks of 48 in the cache of the thread that is at @cache. */
static uint64_t put_cached(struct model *model, uint64_t cache, uint64_t at)
{
	const struct release *release = model->release;
	uint64_t block = 0, entries = cache + 16 + (uint64_t)release->nr_bins * release->sz_count;
	unsigned int i, bin = 1;
	uint8_t *counts = model->heap + (cache + 16 - MODEL_HEAP);
	uint16_t empty = 7;

	for (i = 0; i < NR_CACHED; i++) {
		put(model, at + 16, mangle(model, at + 16, block));
		block = at + 16;
		at = put_chunk(model, at, 48);
	}
	put(model, entries + 8UL * bin, block);
	for (i = 0; release->counts_empty && i < release->nr_bins; i++)
		memcpy(counts + 2UL * i, &empty, sizeof(empty));
	counts[bin * release->sz_count] = release->counts_empty ? 7 - NR_CACHED : NR_CACHED;
	model->nr_tcache = NR_CACHED;
	return at;
}

static uint64_t put_fastbin(struct model *model, uint64_t at)
{
	uint64_t chunk = 0, arena = MODEL_DATA + OFF_ARENA;
	unsigned int i;

	if (model->release->off_top < 80)
		return at;
	for (i = 0; i < NR_FAST; i++) {
		put(model, at + 16, mangle(model, at + 16, chunk));
		chunk = at;
		at = put_chunk(model, at, 64);
	}
	put(model, arena + model->release->off_top - 80 + 8UL * 2, chunk);
	model->nr_fastbin = NR_FAST;
	return at;
}

static void put_arena(struct model *model, uint64_t top)
{
	unsigned int off = model->release->off_top, i;
	uint64_t arena = MODEL_DATA + OFF_ARENA, bin;

	put(model, arena + off, top);
	for (i = 0; i < 127; i++) {
		bin = arena + off + 16 + 16UL * i;
		put(model, bin, bin - 16);
		put(model, bin + 8, bin - 16);
	}
	put(model, arena + off + 2064, arena);
	put(model, arena + off + 2088, SZ_MODEL_HEAP);
}

static void put_params(struct model *model)
{
	uint64_t params = MODEL_DATA + OFF_PARAMS;
	unsigned int off = model->release->off_sbrk_base;

	put(model, params, 128UL << 10);
	put(model, params + 8, 128UL << 10);
	put(model, params + 16, 128UL << 10);
	put(model, params + 24, 8);
	/* n_mmaps_max is beside n_mmaps, or after it */
	put(model, params + (off == 72 ? 40 : off == 96 ? 56 : 64), off == 72 ? 65536UL << 32 : 0);
	if (off != 72)
		put(model, params + (off == 96 ? 64 : 72), 65536);
	put(model, params + off - 16, SZ_MODEL_MAPPED);
	put(model, params + off - 8, 2 * SZ_MODEL_MAPPED);
	put(model, params + off, MODEL_HEAP);
}

void model_fill(struct model *model, const struct release *release)
{
	uint64_t at = MODEL_HEAP, cache = at, freed[4];
	unsigned int i;

	memset(model, 0, sizeof(*model));
	model->mem.read = read_model;
	model->release = release;
	model->maps[0] = (struct brkw_mapping){ MODEL_HEAP, MODEL_HEAP + SZ_MODEL_HEAP, true,
						false, true, false, "[heap]" };
	model->maps[1] = (struct brkw_mapping){ MODEL_DATA, MODEL_DATA + SZ_MODEL_DATA, true,
						false, true, true, "/lib/libc.so.6" };
	if (release->sz_cache)
		at = put_chunk(model, at, release->sz_cache);
	for (i = 0; i < 4; i++) {
		at = put_chunk(model, at, 112);
		freed[i] = at;
		at = put_chunk(model, at, 9000 / 16 * 16);
	}
	model->pin = at + 16;
	at = put_chunk(model, at, 256);
	if (release->sz_cache)
		at = put_cached(model, cache, at);
	at = put_fastbin(model, at);
	put_chunk(model, at, MODEL_HEAP + SZ_MODEL_HEAP - at);
	for (i = 0; i < 4; i++)
		free_chunk(model, freed[i]);
	put_arena(model, at);
	put_params(model);
}

static int walk(struct model *model, struct brkw_heap *heap, struct brkw_list *candidates)
{
	struct brkw_walk walk = { .mem = &model->mem, .sz_page = heap->sz_page,
				  .candidates = candidates };
	struct brkw_region *reg;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < heap->nr_regions; i++) {
		reg = &heap->regions[i];
		reg->pages = malloc((reg->end - reg->start) / heap->sz_page + 1);
		if (!reg->pages)
			return -ENOMEM;
		memset(reg->pages, BRKW_PAGE_PRESENT,
		       (reg->end - reg->start) / heap->sz_page + 1);
		walk.top = heap->arenas[reg->arena].top;
		walk.is_main = !reg->arena;
		model->watch_start = reg->start;
		model->watch_end = reg->end;
		err = brkw_walk_region(&walk, reg);
		model->watch_end = 0;
	}
	return err;
}

/* What brkw_heap_take() does with a live process. */
int model_take(struct model *model, struct brkw_heap *ret_heap)
{
	struct brkw_heap heap = { .sz_page = 4096, .allocator = "glibc" };
	struct brkw_list candidates = { 0 }, fastbins = { 0 };
	const struct brkw_maps maps = { model->maps, 2 };
	struct brkw_states states = { 0 };
	int err = brkw_arena_find(&model->mem, &maps, &states);

	if (err)
		return err;
	brkw_arena_params(&heap, &model->mem, &states, &maps);
	err = brkw_arena_fill(&heap, &model->mem, &states, &maps);
	if (!err)
		err = walk(model, &heap, &candidates);
	if (!err)
		err = brkw_arena_fastbins(&states, &fastbins);
	if (!err)
		err = brkw_cache_mark(&heap, &model->mem, &candidates, &fastbins);
	if (!err)
		brkw_heap_analyze(&heap);
	brkw_arena_free(&states);
	brkw_list_free(&candidates);
	brkw_list_free(&fastbins);
	*ret_heap = heap;
	return err;
}
