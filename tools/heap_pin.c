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

/* Going up: every block in use is the pin until a higher one is found. */
static void take_used(struct brkw_pin *pin, uint64_t addr, uint64_t size, uint64_t sz_held,
		      uint64_t sz_resident, uint64_t sz_cached)
{
	pin->next = pin->is_known ? pin->address : 0;
	pin->sz_alone = pin->is_known ? pin->address - BRKW_CHUNK_HEADER + pin->size : 0;
	pin->is_known = true;
	pin->address = addr + BRKW_CHUNK_HEADER;
	pin->size = size;
	pin->sz_held = sz_held;
	pin->sz_held_resident = sz_resident;
	pin->sz_cached = sz_cached;
}

void brkw_pin_find(struct brkw_heap *heap)
{
	uint64_t addr, size, top, sz_held = 0, sz_resident = 0, sz_cached = 0;
	const struct brkw_region *reg = find_region(heap, &top);
	struct brkw_pin *pin = &heap->pin;
	enum brkw_chunk_state state;
	size_t i;

	*pin = (struct brkw_pin){ 0 };
	if (!reg)
		return;
	addr = reg->first;
	for (i = 0; i < reg->nr_chunks && addr < top; i++, addr += size) {
		size = brkw_chunk_size(reg->chunks[i]);
		state = brkw_chunk_state(reg->chunks[i]);
		if (state == BRKW_USED) {
			take_used(pin, addr, size, sz_held, sz_resident, sz_cached);
		} else if (is_free(state)) {
			sz_held += size;
			sz_resident += brkw_resident_count(reg, heap->sz_page,
							   addr + BRKW_CHUNK_FREE_HEADER,
							   addr + size);
		} else if (state == BRKW_TCACHE) {
			sz_cached += size;
		}
	}
	if (!pin->is_known)
		return;
	pin->sz_gap = top - (pin->address - BRKW_CHUNK_HEADER + pin->size);
	pin->sz_alone = top - (pin->sz_alone ? pin->sz_alone : reg->first);
	/* the first block of a heap is malloc's own if it has the size of a cache */
	pin->is_own = pin->address == reg->first + BRKW_CHUNK_HEADER &&
		      brkw_cache_is_size(pin->size);
}
