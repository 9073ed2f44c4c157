// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "heap.h"
#include "heap_cells.h"

/* Bytes of each kind in each cell, while chunks are added. */
struct tally {
	const struct brkw_heap *heap;
	const struct brkw_region *reg;
	uint64_t sz_cell;
	uint64_t (*sizes)[BRKW_NR_CELL_KINDS];
};

static enum brkw_cell_kind judge_bytes(const struct tally *tally, uint64_t addr,
				       enum brkw_chunk_state state)
{
	uint64_t page = (addr - tally->reg->start) / tally->heap->sz_page;
	bool is_resident = tally->reg->pages[page] == BRKW_PAGE_PRESENT;

	switch (state) {
	case BRKW_USED:
		return BRKW_CELL_USED;
	case BRKW_FREE:
		return is_resident ? BRKW_CELL_FREE : BRKW_CELL_GONE;
	case BRKW_TOP:
		return is_resident ? BRKW_CELL_TOP : BRKW_CELL_GONE;
	case BRKW_TCACHE:
	case BRKW_FASTBIN:
		return BRKW_CELL_CACHED;
	default:
		return BRKW_CELL_NONE;
	}
}

/* Page by page, because pages of free memory differ. */
static void add_chunk(struct tally *tally, uint64_t addr, uint64_t size,
		      enum brkw_chunk_state state)
{
	uint64_t end = addr + size, next, sz_page = tally->heap->sz_page, cell;

	if (end > tally->reg->end)
		end = tally->reg->end;
	for (; addr < end; addr = next) {
		next = (addr | (sz_page - 1)) + 1;
		if (next > end)
			next = end;
		cell = (addr - tally->reg->start) / tally->sz_cell;
		tally->sizes[cell][judge_bytes(tally, addr, state)] += next - addr;
	}
}

static enum brkw_cell_kind find_largest(const uint64_t *sizes)
{
	enum brkw_cell_kind kind, largest = BRKW_CELL_NONE;

	for (kind = BRKW_CELL_USED; kind < BRKW_NR_CELL_KINDS; kind++)
		if (sizes[kind] > sizes[largest])
			largest = kind;
	return largest;
}

static void add_region(struct tally *tally)
{
	const struct brkw_region *reg = tally->reg;
	uint64_t addr = reg->first;
	size_t i;

	for (i = 0; i < reg->nr_chunks; i++) {
		add_chunk(tally, addr, brkw_chunk_size(reg->chunks[i]),
			  brkw_chunk_state(reg->chunks[i]));
		addr += brkw_chunk_size(reg->chunks[i]);
	}
}

int brkw_cells_fill(const struct brkw_heap *heap, const struct brkw_region *reg, size_t nr_max,
		    struct brkw_cells *ret_cells)
{
	struct tally tally = { .heap = heap, .reg = reg, .sz_cell = heap->sz_page };
	const struct brkw_pin *pin = &heap->pin;
	uint64_t sz = reg->end - reg->start;
	struct brkw_cells cells;
	size_t i;

	while ((sz + tally.sz_cell - 1) / tally.sz_cell > nr_max)
		tally.sz_cell *= 2;
	cells.sz_cell = tally.sz_cell;
	cells.nr = (sz + tally.sz_cell - 1) / tally.sz_cell;
	cells.kinds = calloc(cells.nr, sizeof(*cells.kinds));
	tally.sizes = calloc(cells.nr, sizeof(*tally.sizes));
	if (!cells.kinds || !tally.sizes) {
		free(cells.kinds);
		free(tally.sizes);
		return -ENOMEM;
	}
	add_region(&tally);
	for (i = 0; i < cells.nr; i++)
		cells.kinds[i] = find_largest(tally.sizes[i]);
	if (pin->is_known && pin->address >= reg->start && pin->address < reg->end)
		cells.kinds[(pin->address - reg->start) / cells.sz_cell] = BRKW_CELL_PIN;
	free(tally.sizes);
	*ret_cells = cells;
	return 0;
}

void brkw_cells_free(struct brkw_cells *cells)
{
	free(cells->kinds);
	cells->kinds = NULL;
}
