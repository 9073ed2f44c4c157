// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "heap_cache.h"
#include "heap_list.h"
#include "heap_memory.h"
#include "heap_walk.h"

/* Flags in the size of a chunk. */
#define PREV_INUSE	1
#define IS_MMAPPED	2
#define NON_MAIN	4
#define FLAGS		15

/* Behind memory that somebody else got from the break, malloc goes on. */
#define SZ_FOREIGN_MAX	(1UL << 20)
#define NR_FOREIGN_MAX	4
#define NR_PROBED	32

/* The header of a chunk. The first word belongs to the chunk before, if free. */
struct header {
	uint64_t prev_size;
	uint64_t size;
};

/* A walk under way. @piece is a window on the region, from @piece_start. */
struct cursor {
	struct brkw_walk *walk;
	struct brkw_region *reg;
	uint8_t *piece;
	uint64_t piece_start;
	uint64_t piece_end;
	unsigned int nr_foreign;
	int err;
};

/* --- reading --- */

static uint8_t page_state(const struct cursor *cur, uint64_t addr)
{
	return cur->reg->pages[(addr - cur->reg->start) / cur->walk->sz_page];
}

/* Behind the run of pages that are like the one at @addr. */
static uint64_t run_end(const struct cursor *cur, uint64_t addr, uint64_t end)
{
	uint8_t state = page_state(cur, addr);

	do {
		addr += cur->walk->sz_page;
	} while (addr < end && page_state(cur, addr) == state);
	return addr < end ? addr : end;
}

static bool read_run(struct cursor *cur, uint64_t addr, uint64_t end)
{
	uint8_t *out = cur->piece + (addr - cur->piece_start);

	if (page_state(cur, addr) == BRKW_PAGE_PRESENT)
		return cur->walk->mem->read(cur->walk->mem, addr, out, end - addr);
	memset(out, 0, end - addr);
	return true;
}

/* Move the window so that it begins at the page of @addr. */
static bool move_piece(struct cursor *cur, uint64_t addr)
{
	uint64_t end, at, next;

	cur->piece_end = 0;
	cur->piece_start = addr - (addr - cur->reg->start) % cur->walk->sz_page;
	end = cur->piece_start + BRKW_PIECE;
	if (end > cur->reg->end)
		end = cur->reg->end;
	for (at = cur->piece_start; at < end; at = next) {
		next = run_end(cur, at, end);
		if (!read_run(cur, at, next))
			return false;
	}
	cur->piece_end = end;
	return true;
}

/* A header that is swapped out is worth a page; all else in such pages is not. */
static bool read_swapped(struct cursor *cur, uint64_t addr, struct header *ret_header)
{
	if (page_state(cur, addr + 8) != BRKW_PAGE_SWAPPED)
		return true;
	cur->walk->nr_swapped_in++;
	return cur->walk->mem->read(cur->walk->mem, addr, ret_header, sizeof(*ret_header));
}

/* @addr is in the region and aligned, so a header does not cross pages. */
static bool read_header(struct cursor *cur, uint64_t addr, struct header *ret_header)
{
	if (addr < cur->piece_start || addr + sizeof(*ret_header) > cur->piece_end) {
		if (!move_piece(cur, addr))
			return false;
	}
	memcpy(ret_header, cur->piece + (addr - cur->piece_start), sizeof(*ret_header));
	return ret_header->size || read_swapped(cur, addr, ret_header);
}

/* --- judging --- */

static const char *judge_header(const struct cursor *cur, uint64_t addr,
				const struct header *header)
{
	uint64_t size = header->size & ~(uint64_t)FLAGS;

	if (header->size & 8)
		return "a size that is not aligned";
	if (size > cur->reg->end - addr)
		return "a size that leads out of the heap";
	if (size < BRKW_CHUNK_ALIGN)
		return "a size of 0";
	if (header->size & IS_MMAPPED)
		return "a chunk marked as a mapping";
	if (cur->walk->is_main && header->size & NON_MAIN)
		return "a chunk marked as another arena's";
	return NULL;
}

/* The last chunk is free if the next says so, and then the next knows its size. */
static const char *judge_last(struct brkw_region *reg, const struct header *header)
{
	uint64_t *last;

	if (header->size & PREV_INUSE)
		return NULL;
	if (!reg->nr_chunks)
		return "a first chunk that follows a free one";
	last = &reg->chunks[reg->nr_chunks - 1];
	if (brkw_chunk_state(*last) != BRKW_USED)
		return "a fence that is said to be free";
	if (brkw_chunk_size(*last) != header->prev_size)
		return "a free chunk whose two sizes differ";
	*last = brkw_chunk_size(*last) | BRKW_FREE;
	return NULL;
}

/* --- walking --- */

static int push_chunk(struct brkw_region *reg, uint64_t size, enum brkw_chunk_state state)
{
	size_t room = reg->nr_room ? 2 * reg->nr_room : 4096;
	uint64_t *chunks;

	if (reg->nr_chunks == reg->nr_room) {
		chunks = realloc(reg->chunks, room * sizeof(*chunks));
		if (!chunks)
			return -ENOMEM;
		reg->chunks = chunks;
		reg->nr_room = room;
	}
	reg->chunks[reg->nr_chunks++] = size | state;
	return 0;
}

static void note_candidate(struct cursor *cur, uint64_t addr, uint64_t size)
{
	const uint8_t *mem = cur->piece + (addr - cur->piece_start) + BRKW_CHUNK_HEADER;

	/* one that crosses the window is looked at later */
	if (addr + size <= cur->piece_end && !brkw_cache_looks_like(mem, size))
		return;
	cur->err = brkw_list_add(cur->walk->candidates, addr);
}

static uint64_t stop_at(struct cursor *cur, uint64_t addr, const char *reason)
{
	cur->reg->stop = addr;
	cur->reg->reason = reason;
	return 0;
}

/* Do NR_PROBED chunks follow one another from here, or as many as reach the top? */
static bool probe_chain(struct cursor *cur, uint64_t addr)
{
	struct header header;
	unsigned int i;

	for (i = 0; i < NR_PROBED; i++) {
		if (addr == cur->walk->top)
			return true;
		if (addr + BRKW_CHUNK_MIN > cur->reg->end ||
		    !read_header(cur, addr, &header) || judge_header(cur, addr, &header) ||
		    (!i && !(header.size & PREV_INUSE)))
			return false;
		addr += header.size & ~(uint64_t)FLAGS;
	}
	return true;
}

static bool has_top(const struct cursor *cur)
{
	return cur->walk->top >= cur->reg->start && cur->walk->top < cur->reg->end;
}

/* Two fences in the main arena: somebody else moved the break. Find where it goes on. */
static uint64_t skip_foreign(struct cursor *cur, uint64_t addr)
{
	uint64_t at;

	/* when the break could not be moved: the top is elsewhere */
	if (addr == cur->reg->end && !has_top(cur))
		return stop_at(cur, addr, NULL);
	if (cur->nr_foreign++ == NR_FOREIGN_MAX)
		return stop_at(cur, addr, "too much memory that is not malloc's");
	for (at = addr; at < addr + SZ_FOREIGN_MAX && at + BRKW_CHUNK_MIN <= cur->reg->end;
	     at += BRKW_CHUNK_ALIGN) {
		if (!probe_chain(cur, at))
			continue;
		if (at > addr)
			cur->err = push_chunk(cur->reg, at - addr, BRKW_FENCE);
		return at;
	}
	return stop_at(cur, addr, "memory that is not malloc's");
}

/* A chunk of 16 bytes is no block. Returns where to go on, 0 at the end. */
static uint64_t pass_fence(struct cursor *cur, uint64_t addr)
{
	struct header header;

	cur->err = push_chunk(cur->reg, BRKW_CHUNK_ALIGN, BRKW_FENCE);
	addr += BRKW_CHUNK_ALIGN;
	if (cur->err || addr + BRKW_CHUNK_ALIGN > cur->reg->end ||
	    !read_header(cur, addr, &header))
		return stop_at(cur, addr, "memory that cannot be read");
	if (!cur->walk->is_main && header.size == PREV_INUSE) {
		stop_at(cur, cur->reg->end, NULL);
		return 0;
	}
	if (cur->walk->is_main && header.size == (BRKW_CHUNK_ALIGN | PREV_INUSE)) {
		cur->err = push_chunk(cur->reg, BRKW_CHUNK_ALIGN, BRKW_FENCE);
		return skip_foreign(cur, addr + BRKW_CHUNK_ALIGN);
	}
	return stop_at(cur, addr, "a single fence");
}

/*
 * A piece whose top had 48 bytes when the next piece was begun ends in a fence of
 * 32 that looks like a block, and then a head of 0: sysmalloc() had too little
 * for a free chunk before the two fences.
 */
static bool pass_wide_fence(struct cursor *cur, uint64_t addr, const struct header *header)
{
	struct brkw_region *reg = cur->reg;
	uint64_t *last = reg->nr_chunks ? &reg->chunks[reg->nr_chunks - 1] : NULL;

	if (cur->walk->is_main || header->size != PREV_INUSE ||
	    addr + BRKW_CHUNK_HEADER != reg->end || !last ||
	    brkw_chunk_size(*last) != BRKW_CHUNK_MIN || brkw_chunk_state(*last) != BRKW_USED)
		return false;
	*last = BRKW_CHUNK_MIN | BRKW_FENCE;
	stop_at(cur, reg->end, NULL);
	return true;
}

static uint64_t pass_top(struct cursor *cur, uint64_t addr, uint64_t size)
{
	cur->err = push_chunk(cur->reg, size, BRKW_TOP);
	if (addr + size - cur->reg->first < cur->reg->sz_least)
		return stop_at(cur, addr + size,
			       "the end of the newest piece: older ones were not found");
	stop_at(cur, cur->reg->end, NULL);
	if (addr + size < cur->reg->end - cur->walk->sz_page)
		cur->err |= push_chunk(cur->reg, (cur->reg->end - addr - size) &
				       ~(uint64_t)(BRKW_CHUNK_ALIGN - 1), BRKW_FENCE);
	return 0;
}

/* One chunk. Returns the address of the next, 0 when there is no going on. */
static uint64_t step(struct cursor *cur, uint64_t addr)
{
	struct header header;
	const char *reason;
	uint64_t size;

	if (addr + BRKW_CHUNK_HEADER > cur->reg->end)
		return stop_at(cur, addr, "an end without a top");
	if (!read_header(cur, addr, &header))
		return stop_at(cur, addr, "memory that cannot be read");
	if (pass_wide_fence(cur, addr, &header))
		return 0;
	reason = judge_header(cur, addr, &header);
	if (!reason)
		reason = judge_last(cur->reg, &header);
	if (reason)
		return stop_at(cur, addr, reason);
	size = header.size & ~(uint64_t)FLAGS;
	if (addr == cur->walk->top)
		return pass_top(cur, addr, size);
	if (size < BRKW_CHUNK_MIN)
		return pass_fence(cur, addr);
	cur->err = push_chunk(cur->reg, size, BRKW_USED);
	if (!cur->err && brkw_cache_is_size(size))
		note_candidate(cur, addr, size);
	return addr + size;
}

int brkw_walk_region(struct brkw_walk *walk, struct brkw_region *reg)
{
	struct cursor cur = { .walk = walk, .reg = reg };
	uint64_t addr = reg->first;

	if (reg->reason)
		return 0;
	reg->nr_chunks = 0;
	reg->stop = addr;
	if (addr < reg->start || addr >= reg->end || addr % BRKW_CHUNK_ALIGN) {
		reg->reason = "a first chunk outside of the heap";
		return 0;
	}
	cur.piece = malloc(BRKW_PIECE);
	if (!cur.piece)
		return -ENOMEM;
	while (addr && !cur.err)
		addr = step(&cur, addr);
	free(cur.piece);
	return cur.err ? -ENOMEM : 0;
}
