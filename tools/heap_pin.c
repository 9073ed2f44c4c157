// SPDX-License-Identifier: GPL-2.0
#include "heap.h"
#include "heap_cache.h"
#include "heap_pin.h"
#include "heap_resident.h"

/* The region of the main arena that its top is in. */
static const struct brkw_region *find_region(const struct brkw_heap *heap, uint64_t *ret_top)
{
	const struct brkw_region *reg;
	size_t i;

	for (i = 0; i < heap->nr_regions; i++) {
		reg = &heap->regions[i];
		if (reg->arena || !reg->nr_chunks || reg->reason)
			continue;
		*ret_top = heap->arenas[0].top;
		if (*ret_top >= reg->start && *ret_top < reg->end)
			return reg;
	}
	return NULL;
}

static bool is_free(enum brkw_chunk_state state)
{
	return state == BRKW_FREE || state == BRKW_FASTBIN;
}

/*
 * What lies below, while going up. Free chunks beside each other are one run;
 * @sz_run_resident is of the one that ends here, if one does.
 */
struct below {
	const struct brkw_heap *heap;
	const struct brkw_region *reg;
	uint64_t sz_held;
	uint64_t sz_resident;
	uint64_t sz_run_resident;
	uint64_t sz_cached;
	uint64_t busy_end;
	uint64_t run;
	bool is_run;
};

static void end_run(struct below *below, uint64_t end)
{
	below->sz_run_resident = 0;
	if (!below->is_run)
		return;
	below->sz_run_resident = brkw_resident_count(below->reg, below->heap->sz_page,
						     below->run + BRKW_CHUNK_FREE_HEADER, end);
	below->sz_resident += below->sz_run_resident;
	below->is_run = false;
}

static void pass_chunk(struct below *below, uint64_t addr, uint64_t size,
		       enum brkw_chunk_state state)
{
	if (!is_free(state)) {
		end_run(below, addr);
		below->sz_cached += state == BRKW_TCACHE ? size : 0;
		return;
	}
	below->sz_held += size;
	if (!below->is_run)
		below->run = addr;
	below->is_run = true;
}

/* Every block in use is the pin until a higher one is found. */
static void take_used(struct brkw_pin *pin, const struct below *below, uint64_t addr,
		      uint64_t size)
{
	pin->next = pin->is_known ? pin->address : 0;
	pin->sz_alone = below->busy_end;
	pin->is_known = true;
	pin->address = addr + BRKW_CHUNK_HEADER;
	pin->size = size;
	pin->sz_held = below->sz_held;
	pin->sz_held_resident = below->sz_resident;
	pin->sz_below_resident = below->sz_run_resident;
	pin->sz_cached = below->sz_cached;
}

static void climb(struct brkw_heap *heap, const struct brkw_region *reg, uint64_t top)
{
	struct below below = { .heap = heap, .reg = reg, .busy_end = reg->first };
	uint64_t addr = reg->first, size;
	enum brkw_chunk_state state;
	size_t i;

	for (i = 0; i < reg->nr_chunks && addr < top; i++, addr += size) {
		size = brkw_chunk_size(reg->chunks[i]);
		state = brkw_chunk_state(reg->chunks[i]);
		pass_chunk(&below, addr, size, state);
		if (state == BRKW_USED)
			take_used(&heap->pin, &below, addr, size);
		/* to the top, what is cached is as much in use as what is */
		if (!is_free(state))
			below.busy_end = addr + size;
	}
	end_run(&below, addr);
	heap->pin.sz_gap_cached = below.sz_cached - heap->pin.sz_cached;
	heap->pin.sz_gap_resident = below.sz_resident - heap->pin.sz_held_resident;
}

void brkw_pin_find(struct brkw_heap *heap)
{
	struct brkw_pin *pin = &heap->pin;
	const struct brkw_region *reg;
	uint64_t top;

	*pin = (struct brkw_pin){ 0 };
	reg = find_region(heap, &top);
	if (!reg)
		return;
	climb(heap, reg, top);
	if (!pin->is_known)
		return;
	pin->sz_gap = top - (pin->address - BRKW_CHUNK_HEADER + pin->size);
	pin->sz_alone = top - pin->sz_alone;
	/* the first block of a heap is malloc's own if it has the size of a cache */
	pin->is_own = pin->address == reg->first + BRKW_CHUNK_HEADER &&
		      brkw_cache_is_size(pin->size);
}
