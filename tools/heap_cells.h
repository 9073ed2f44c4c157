/* SPDX-License-Identifier: GPL-2.0 */
/* A region of the heap cut into cells: what the maps are drawn from. */
#ifndef BRKW_HEAP_CELLS_H
#define BRKW_HEAP_CELLS_H

#include <stddef.h>
#include <stdint.h>

struct brkw_heap;
struct brkw_region;

/**
 * enum brkw_cell_kind - what most of a cell is
 * @BRKW_CELL_NONE: nothing that was parsed
 * @BRKW_CELL_USED: blocks in use
 * @BRKW_CELL_FREE: free, and resident
 * @BRKW_CELL_GONE: free, and given back already
 * @BRKW_CELL_CACHED: freed, in caches and fastbins
 * @BRKW_CELL_TOP: the top, as far as it is resident
 * @BRKW_CELL_PIN: the pin is here
 */
enum brkw_cell_kind {
	BRKW_CELL_NONE,
	BRKW_CELL_USED,
	BRKW_CELL_FREE,
	BRKW_CELL_GONE,
	BRKW_CELL_CACHED,
	BRKW_CELL_TOP,
	BRKW_CELL_PIN,
	BRKW_NR_CELL_KINDS,
};

/**
 * struct brkw_cells - the cells of a region
 * @kinds: of each
 * @nr: how many
 * @sz_cell: bytes that each covers, a power of two of pages
 */
struct brkw_cells {
	enum brkw_cell_kind *kinds;
	size_t nr;
	uint64_t sz_cell;
};

/**
 * brkw_cells_fill - cut a region into cells
 * @heap: the heap
 * @reg: the region
 * @nr_max: how many cells at most
 * @ret_cells: written only on success; freed with brkw_cells_free()
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_cells_fill(const struct brkw_heap *heap, const struct brkw_region *reg, size_t nr_max,
		    struct brkw_cells *ret_cells);

/**
 * brkw_cells_free - forget the cells
 * @cells: of brkw_cells_fill()
 */
void brkw_cells_free(struct brkw_cells *cells);

#endif /* BRKW_HEAP_CELLS_H */
