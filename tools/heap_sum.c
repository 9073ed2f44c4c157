// SPDX-License-Identifier: GPL-2.0
#include "heap.h"
#include "heap_resident.h"
#include "heap_sum.h"

/* Classes end at powers of two; the last one has no end. */
static unsigned int find_class(uint64_t size)
{
	unsigned int i = size <= BRKW_CHUNK_MIN ? 0 : 59 - (unsigned int)__builtin_clzll(size - 1);

	return i < BRKW_NR_CLASSES ? i : BRKW_NR_CLASSES - 1;
}

static void add_extent(struct brkw_extent *extent, uint64_t size)
{
	extent->nr++;
	extent->sz += size;
}

static void add_class(struct brkw_heap *heap, enum brkw_chunk_state state, uint64_t size)
{
	struct brkw_class *class = &heap->classes[find_class(size)];

	if (state == BRKW_USED)
		add_extent(&class->used, size);
	else if (state == BRKW_FREE)
		add_extent(&class->free, size);
	else if (state == BRKW_TCACHE || state == BRKW_FASTBIN)
		add_extent(&class->cached, size);
}

static void sum_pages(struct brkw_heap *heap, const struct brkw_region *reg)
{
	struct brkw_arena *arena = &heap->arenas[reg->arena];
	uint64_t nr = (reg->end - reg->start) / heap->sz_page, i, nr_resident = 0, nr_swapped = 0;

	for (i = 0; i < nr; i++) {
		nr_resident += reg->pages[i] == BRKW_PAGE_PRESENT;
		nr_swapped += reg->pages[i] == BRKW_PAGE_SWAPPED;
	}
	arena->sz += reg->end - reg->start;
	arena->sz_resident += nr_resident * heap->sz_page;
	arena->sz_swapped += nr_swapped * heap->sz_page;
}

static void sum_chunks(struct brkw_heap *heap, const struct brkw_region *reg)
{
	struct brkw_arena *arena = &heap->arenas[reg->arena];
	uint64_t addr = reg->first, size, sum = 0;
	enum brkw_chunk_state state;
	size_t i;

	for (i = 0; i < reg->nr_chunks; i++, addr += size) {
		size = brkw_chunk_size(reg->chunks[i]);
		state = brkw_chunk_state(reg->chunks[i]);
		add_extent(&arena->of[state], size);
		add_class(heap, state, size);
		if (state != BRKW_FENCE)
			sum += size;
		if (state == BRKW_TOP)
			arena->sz_top_resident += brkw_resident_count(reg, heap->sz_page, addr,
								      addr + size);
	}
	arena->sz_other += reg->end - reg->start - sum;
}

void brkw_heap_sum(struct brkw_heap *heap)
{
	size_t i;

	for (i = 0; i < BRKW_NR_CLASSES; i++)
		heap->classes[i] = (struct brkw_class){ .sz_max = (uint64_t)BRKW_CHUNK_MIN << i };
	heap->classes[BRKW_NR_CLASSES - 1].sz_max = UINT64_MAX;
	for (i = 0; i < heap->nr_regions; i++) {
		sum_pages(heap, &heap->regions[i]);
		sum_chunks(heap, &heap->regions[i]);
	}
}
