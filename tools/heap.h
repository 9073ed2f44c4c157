/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model of a heap of glibc's malloc, read from outside: regions of chunks,
 * the arenas they belong to, and what follows from them. The heap_*.c fill it in,
 * one after the other in the order of brkw_heap_take(); printers only read it.
 *
 * A chunk is glibc's: 16 bytes of header, of which the first 8 belong to the
 * chunk before unless that is free, then what malloc() returned.
 */
#ifndef BRKW_HEAP_H
#define BRKW_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct brkw_memory;
struct brkw_why;

#define BRKW_CHUNK_HEADER	16
#define BRKW_CHUNK_MIN		32
#define BRKW_CHUNK_ALIGN	16
/* struct malloc_chunk of a large free chunk: malloc_trim() leaves it alone. */
#define BRKW_CHUNK_FREE_HEADER	48

#define BRKW_NR_CLASSES		24

/**
 * enum brkw_chunk_state - what a chunk is
 * @BRKW_USED: in use by the program, as far as is known
 * @BRKW_FREE: in a bin
 * @BRKW_TCACHE: freed, in the cache of a thread
 * @BRKW_FASTBIN: freed, in a fastbin
 * @BRKW_FENCE: no block: ends a piece of heap, or memory that is not malloc's
 * @BRKW_TOP: the top
 */
enum brkw_chunk_state {
	BRKW_USED,
	BRKW_FREE,
	BRKW_TCACHE,
	BRKW_FASTBIN,
	BRKW_FENCE,
	BRKW_TOP,
	BRKW_NR_STATES,
};

/* Of a page of a region. */
#define BRKW_PAGE_PRESENT	1
#define BRKW_PAGE_SWAPPED	2

/**
 * struct brkw_region - one piece of address space that chunks fill
 * @start: first byte
 * @end: behind the last
 * @first: address of the first chunk
 * @sz_least: what its chunks must sum up to, if they end with the top
 * @chunks: size | state of each, in order of address
 * @nr_chunks: how many were parsed
 * @nr_room: of @chunks
 * @pages: BRKW_PAGE_* of each page from @start
 * @arena: index of the arena it belongs to
 * @stop: where parsing stopped; @end if it came to its end
 * @reason: why it stopped there, or NULL; one that is there before it is walked
 *	says why it cannot be
 */
struct brkw_region {
	uint64_t start;
	uint64_t end;
	uint64_t first;
	uint64_t sz_least;
	uint64_t *chunks;
	size_t nr_chunks;
	size_t nr_room;
	uint8_t *pages;
	size_t arena;
	uint64_t stop;
	const char *reason;
};

/**
 * struct brkw_extent - how much of something there is
 * @nr: how many chunks
 * @sz: their bytes
 */
struct brkw_extent {
	uint64_t nr;
	uint64_t sz;
};

/**
 * struct brkw_arena - one arena
 * @address: of its malloc_state
 * @top: address of its top chunk, 0 if it has none yet
 * @sz: bytes of its regions
 * @sz_resident: of them resident
 * @sz_swapped: of them swapped out
 * @sz_other: bookkeeping, fences and what was not parsed
 * @of: chunks by state
 * @sz_top_resident: resident bytes of whole pages in its top
 */
struct brkw_arena {
	uint64_t address;
	uint64_t top;
	uint64_t sz;
	uint64_t sz_resident;
	uint64_t sz_swapped;
	uint64_t sz_other;
	struct brkw_extent of[BRKW_NR_STATES];
	uint64_t sz_top_resident;
};

/**
 * struct brkw_params - glibc's malloc_par, the thresholds in force
 * @is_known: it was found
 * @trim_threshold: a top of more than this is given back by free()
 * @top_pad: added to each growth of the break
 * @mmap_threshold: blocks from this size get a mapping of their own
 * @arena_max: 0 if not limited
 * @thp_pagesize: 0 or the huge page to which the break moves
 * @nr_mmaps: blocks that have a mapping of their own now
 * @nr_mmaps_peak: the most there were
 * @sz_mmapped: bytes of them now
 * @sz_mmapped_peak: the most there were
 * @is_fixed: somebody set a threshold, and adaptation is off
 * @sbrk_base: where the heap began
 */
struct brkw_params {
	bool is_known;
	uint64_t trim_threshold;
	uint64_t top_pad;
	uint64_t mmap_threshold;
	uint64_t arena_max;
	uint64_t thp_pagesize;
	uint32_t nr_mmaps;
	uint32_t nr_mmaps_peak;
	uint64_t sz_mmapped;
	uint64_t sz_mmapped_peak;
	bool is_fixed;
	uint64_t sbrk_base;
};

/**
 * brkw_params_trims() - whether free() ever gives back what is free at the top
 * @params: the thresholds
 *
 * An M_TRIM_THRESHOLD of -1 says never: mallopt(3).
 */
static inline bool brkw_params_trims(const struct brkw_params *params)
{
	return params->trim_threshold <= INT64_MAX;
}

/**
 * struct brkw_trim - what malloc_trim(0) would return now
 * @sz_top: resident bytes of the top of the main arena
 * @sz_pages: resident whole pages under free chunks, in all arenas
 * @sz_holes: free bytes in resident pages that are not whole, which nothing returns
 * @sz_arena_tops: resident whole pages in tops of other arenas, which
 *	malloc_trim() leaves alone
 * @nr_holes: free chunks that no whole page is in
 */
struct brkw_trim {
	uint64_t sz_top;
	uint64_t sz_pages;
	uint64_t sz_holes;
	uint64_t sz_arena_tops;
	uint64_t nr_holes;
};

/**
 * struct brkw_pin - the highest block really in use in the main heap
 * @is_known: there is one
 * @is_own: it is malloc's own (the cache of a thread)
 * @address: what malloc() returned
 * @size: of its chunk, header and all
 * @sz_gap: from its end to the top
 * @sz_gap_cached: of that in caches of threads, which the top cannot take in
 * @sz_gap_resident: resident whole pages of what is free in the gap
 * @sz_held: free below it, fastbins counted
 * @sz_held_resident: resident whole pages in that
 * @sz_below_resident: of those the ones right below it, with nothing in use between
 * @sz_cached: below it in caches of threads
 * @sz_alone: what the top would take in if this block were freed, and what is
 *	cached above it
 * @next: the next block in use below it, 0 if there is none
 */
struct brkw_pin {
	bool is_known;
	bool is_own;
	uint64_t address;
	uint64_t size;
	uint64_t sz_gap;
	uint64_t sz_gap_cached;
	uint64_t sz_gap_resident;
	uint64_t sz_held;
	uint64_t sz_held_resident;
	uint64_t sz_below_resident;
	uint64_t sz_cached;
	uint64_t sz_alone;
	uint64_t next;
};

/**
 * struct brkw_class - chunks of one class of sizes
 * @sz_max: the largest chunk in it
 * @used: in use
 * @free: in bins
 * @cached: in caches and fastbins
 */
struct brkw_class {
	uint64_t sz_max;
	struct brkw_extent used;
	struct brkw_extent free;
	struct brkw_extent cached;
};

/**
 * struct brkw_heap - all that is known of the heap of a process
 * @pid: of the process
 * @comm: its name
 * @allocator: "glibc", another by name, or "unknown"
 * @libc: release of glibc such as "2.36", or ""
 * @sz_page: bytes of a page
 * @regions: in order of address within each arena
 * @nr_regions: how many
 * @arenas: the main one first
 * @nr_arenas: how many
 * @params: thresholds
 * @is_cache_known: the caches of threads were found and read
 * @nr_caches: caches of threads with something in them
 * @trim: prediction
 * @pin: what holds the top
 * @classes: histogram
 * @took_ns: from first to last read
 * @held_ns: of that, the process was held still
 * @nr_holds: how often it was held
 * @is_cut: it had to be let go before all was read
 * @is_stable: nothing that was read changed meanwhile
 * @nr_swapped_in: pages that had to be swapped in to read a header
 * @nr_threads: of the process
 * @note: what else to know, or ""
 */
struct brkw_heap {
	int pid;
	char comm[BRKW_PROC_NAME];
	const char *allocator;
	char libc[16];
	uint64_t sz_page;
	struct brkw_region *regions;
	size_t nr_regions;
	struct brkw_arena *arenas;
	size_t nr_arenas;
	struct brkw_params params;
	bool is_cache_known;
	uint64_t nr_caches;
	struct brkw_trim trim;
	struct brkw_pin pin;
	struct brkw_class classes[BRKW_NR_CLASSES];
	uint64_t took_ns;
	uint64_t held_ns;
	unsigned int nr_holds;
	bool is_cut;
	bool is_stable;
	uint64_t nr_swapped_in;
	unsigned int nr_threads;
	char note[160];
};

/**
 * brkw_chunk_size - bytes of a chunk
 * @chunk: as in a region
 *
 * Return: its size, header and all.
 */
static inline uint64_t brkw_chunk_size(uint64_t chunk)
{
	return chunk & ~(uint64_t)(BRKW_CHUNK_ALIGN - 1);
}

/**
 * brkw_chunk_state - state of a chunk
 * @chunk: as in a region
 *
 * Return: what it is.
 */
static inline enum brkw_chunk_state brkw_chunk_state(uint64_t chunk)
{
	return (enum brkw_chunk_state)(chunk & (BRKW_CHUNK_ALIGN - 1));
}

/**
 * brkw_heap_take - read the heap of a process
 * @pid: of the process
 * @hold_ms: how long it may be held still at most; 0 reads it running
 * @ret_heap: written only on success; freed with brkw_heap_free()
 * @why: says what is wrong on failure
 *
 * A heap that is not glibc's, or does not parse to its end, is a success: what
 * was found is in @ret_heap, and the rest is told there.
 *
 * Return: 0 or a negative errno.
 */
int brkw_heap_take(int pid, unsigned int hold_ms, struct brkw_heap *ret_heap,
		   struct brkw_why *why);

/**
 * brkw_heap_analyze - all that follows from regions and arenas
 * @heap: with regions parsed and chunks marked; sums, trim and pin are filled in
 */
void brkw_heap_analyze(struct brkw_heap *heap);

/**
 * brkw_heap_free - forget a heap
 * @heap: of brkw_heap_take(), or zeroes
 */
void brkw_heap_free(struct brkw_heap *heap);

/**
 * brkw_heap_stopped - the first region that does not parse to its end
 * @heap: the heap
 *
 * Return: the region, or NULL if all parse.
 */
const struct brkw_region *brkw_heap_stopped(const struct brkw_heap *heap);

#endif /* BRKW_HEAP_H */
