// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "array.h"
#include "format.h"
#include "heap.h"
#include "proc.h"
#include "snapshot.h"

/* Less than this is not worth a word. */
#define SZ_WORTH	(1ULL << 20)
#define SZ_TOP_WORTH	(64ULL << 10)
#define NR_LOOPS_WORTH	1000
#define NR_ARENAS_WORTH	4

/* The mmap threshold that malloc begins with, and the largest that it takes. */
#define SZ_MMAP_FIRST	(128ULL << 10)
#define SZ_MMAP_MAX	(32ULL << 20)

static struct brkw_words size_words(uint64_t size)
{
	return brkw_format_words((int64_t)size, BRKW_BYTES, false);
}

static void say(struct brkw_advice *advice, const char *name, uint64_t sz, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void say(struct brkw_advice *advice, const char *name, uint64_t sz, const char *fmt, ...)
{
	va_list args;

	advice->name = name;
	advice->sz = sz;
	advice->price[0] = '\0';
	va_start(args, fmt);
	vsnprintf(advice->text, sizeof(advice->text), fmt, args);
	va_end(args);
}

static void cost(struct brkw_advice *advice, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void cost(struct brkw_advice *advice, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(advice->price, sizeof(advice->price), fmt, args);
	va_end(args);
}

static uint64_t sz_heap_resident(const struct brkw_heap *heap)
{
	uint64_t sz = 0;
	size_t i;

	for (i = 0; i < heap->nr_arenas; i++)
		sz += heap->arenas[i].sz_resident;
	return sz;
}

/* Enough to be noticed, in itself and beside the rest of the heap. */
static bool is_worth(const struct brkw_heap *heap, uint64_t sz)
{
	return sz >= SZ_WORTH && sz * 20 >= sz_heap_resident(heap);
}

/* A key of the kernel's half, 0 if it is not known. */
static uint64_t key_of(const struct brkw_findings *found, enum brkw_key key)
{
	int64_t value;

	if (!found->acct || !brkw_snapshot_value(found->acct, key, &value) || value < 0)
		return 0;
	return (uint64_t)value;
}

/* --- one piece of advice each; true if there is evidence for it --- */

/* A block and what is cached above it: without the one the other still holds the top. */
static void say_pin_cached(const struct brkw_pin *pin, struct brkw_advice *advice)
{
	say(advice, "pin", pin->sz_below_resident,
	    "One block of %s at 0x%" PRIx64 ", and %s of freed blocks in caches above it, keep the "
	    "top from taking in %s that are resident: free it, and let nothing be cached "
	    "(GLIBC_TUNABLES=glibc.malloc.tcache_count=0)", size_words(pin->size).text,
	    pin->address, size_words(pin->sz_gap_cached).text,
	    size_words(pin->sz_below_resident).text);
	cost(advice, "a change of the program, and slower malloc() and free() of small blocks");
}

/*
 * Addresses cost nothing: only pages count that are still there. Those above the
 * pin are not its doing, and below malloc's own there are none.
 */
static bool advise_pin(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;
	uint64_t sz = heap ? heap->pin.sz_below_resident : 0;

	if (!heap || !heap->pin.is_known || heap->pin.is_own || !is_worth(heap, sz))
		return false;
	if (heap->pin.sz_gap_cached) {
		say_pin_cached(&heap->pin, advice);
		return true;
	}
	say(advice, "pin", sz,
	    "One block of %s at 0x%" PRIx64 " keeps the top from taking in %s that are resident: "
	    "free it, or allocate what lives long before what does not",
	    size_words(heap->pin.size).text, heap->pin.address, size_words(sz).text);
	cost(advice, "a change of the program");
	return true;
}

/* What is free between the pin and the top is held by what is cached there. */
static bool advise_cached(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;
	uint64_t sz = heap ? heap->pin.sz_gap_resident : 0;

	if (!heap || !heap->pin.sz_gap_cached || !is_worth(heap, sz))
		return false;
	say(advice, "tcache_count", sz,
	    "%s of freed blocks in caches of threads, above all blocks in use, keep the top from "
	    "taking in %s that are resident: GLIBC_TUNABLES=glibc.malloc.tcache_count=0 lets "
	    "nothing be cached", size_words(heap->pin.sz_gap_cached).text, size_words(sz).text);
	cost(advice, "slower malloc() and free() of small blocks; threads wait for each other in "
	     "them");
	return true;
}

static bool advise_trim(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;
	uint64_t sz = heap ? heap->trim.sz_pages : 0;

	if (!heap || !is_worth(heap, sz))
		return false;
	say(advice, "malloc_trim", sz + heap->trim.sz_top,
	    "%s are whole pages under free chunks: malloc_trim(0) returns %s now, at moments when "
	    "much was freed", size_words(sz).text, size_words(sz + heap->trim.sz_top).text);
	cost(advice, "a page fault for each of %" PRIu64 " pages that is used again",
	     (sz + heap->trim.sz_top) / heap->sz_page);
	return true;
}

/* Whether there is much at the top that free() keeps, and how much. */
static bool has_top(const struct brkw_heap *heap, uint64_t *ret_sz)
{
	uint64_t sz = heap ? heap->trim.sz_top : 0;

	*ret_sz = sz;
	return heap && heap->nr_arenas && sz >= SZ_TOP_WORTH && heap->params.is_known &&
	       heap->arenas[0].of[BRKW_TOP].sz <= heap->params.trim_threshold &&
	       (sz >= SZ_WORTH || sz * 4 >= heap->arenas[0].sz_resident);
}

static bool advise_never(const struct brkw_findings *found, struct brkw_advice *advice)
{
	uint64_t sz;

	if (!has_top(found->heap, &sz) || brkw_params_trims(&found->heap->params))
		return false;
	say(advice, "trim_threshold", sz,
	    "%s are free at the top, and free() never gives them back, because the program says so: "
	    "without its M_TRIM_THRESHOLD of -1 free() returns them", size_words(sz).text);
	cost(advice, "more brk calls and page faults when it grows again");
	return true;
}

static bool advise_top(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;
	uint64_t sz;

	if (!has_top(heap, &sz) || !brkw_params_trims(&heap->params))
		return false;
	say(advice, "trim_threshold", sz,
	    "%s are free at the top, and it is %s, under the trim threshold of %s: a lower "
	    "M_TRIM_THRESHOLD (GLIBC_TUNABLES=glibc.malloc.trim_threshold=%" PRIu64
	    ") lets free() return them", size_words(sz).text,
	    size_words(heap->arenas[0].of[BRKW_TOP].sz).text,
	    size_words(heap->params.trim_threshold).text, (uint64_t)SZ_TOP_WORTH);
	cost(advice, "more brk calls and page faults when it grows again; thresholds no longer "
	     "adapt");
	return true;
}

static bool advise_holes(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;

	if (!heap || !is_worth(heap, heap->trim.sz_holes) ||
	    heap->trim.sz_holes < heap->trim.sz_pages)
		return false;
	say(advice, "holes", heap->trim.sz_holes,
	    "%s are free in %" PRIu64 " holes smaller than a page: no setting returns them; blocks "
	    "of one lifetime in one place (a pool) would", size_words(heap->trim.sz_holes).text,
	    heap->trim.nr_holes);
	cost(advice, "a change of the program");
	return true;
}

/* Bytes of chunks that would have mappings of their own by the first threshold. */
static uint64_t sz_large(const struct brkw_heap *heap)
{
	uint64_t sz = 0;
	size_t i;

	for (i = 0; i < BRKW_NR_CLASSES; i++)
		if (heap->classes[i].sz_max > SZ_MMAP_FIRST)
			sz += heap->classes[i].used.sz + heap->classes[i].free.sz;
	return sz;
}

static bool advise_adapted(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;

	if (!heap || !heap->params.is_known || heap->params.is_fixed ||
	    heap->params.mmap_threshold <= SZ_MMAP_FIRST || !is_worth(heap, sz_large(heap)))
		return false;
	say(advice, "mmap_threshold", sz_large(heap),
	    "A block of %s that had a mapping of its own was freed, and since then blocks up to "
	    "that size come from the heap: %s of it are chunks over 128K. "
	    "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072 keeps them out, and free() returns "
	    "them at once", size_words(heap->params.mmap_threshold).text,
	    size_words(sz_large(heap)).text);
	cost(advice, "two system calls and new page faults for each such block; thresholds no "
	     "longer adapt");
	return true;
}

static bool advise_loop(const struct brkw_findings *found, struct brkw_advice *advice)
{
	uint64_t nr = key_of(found, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS);
	uint64_t nr_gone = key_of(found, BRKW_KEY_MUNMAP_EVENTS);
	uint64_t nr_faults = key_of(found, BRKW_KEY_FAULT_ANON_MINOR), sz;

	if (nr < NR_LOOPS_WORTH || nr_gone < NR_LOOPS_WORTH || nr_gone * 2 < nr ||
	    nr_faults < nr_gone)
		return false;
	sz = key_of(found, BRKW_KEY_MMAP_ANON_PRIVATE_BYTES) / nr;
	say(advice, "mapping_loop", key_of(found, BRKW_KEY_MUNMAP_BYTES),
	    "%" PRIu64 " mappings of %s came and %" PRIu64 " went, and %" PRIu64 " page faults "
	    "were paid for them: %s", nr, size_words(sz).text, nr_gone, nr_faults,
	    sz <= SZ_MMAP_MAX ? "an M_MMAP_THRESHOLD above that size takes such blocks from the "
	    "heap, or keep one and use it again" : "keep one and use it again");
	cost(advice, "the heap keeps what the blocks leave free; thresholds no longer adapt");
	return true;
}

static bool advise_arenas(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;
	uint64_t sz = 0;
	size_t i;

	if (!heap || heap->nr_arenas < NR_ARENAS_WORTH)
		return false;
	for (i = 1; i < heap->nr_arenas; i++)
		sz += heap->arenas[i].of[BRKW_FREE].sz + heap->arenas[i].sz_top_resident +
		      heap->arenas[i].of[BRKW_FASTBIN].sz;
	if (!is_worth(heap, sz))
		return false;
	say(advice, "arena_max", sz,
	    "%zu arenas for %u threads have %s free between them, and none uses what another has: "
	    "M_ARENA_MAX (GLIBC_TUNABLES=glibc.malloc.arena_max=2) makes them share",
	    heap->nr_arenas, heap->nr_threads, size_words(sz).text);
	cost(advice, "threads wait for each other in malloc()");
	return true;
}

static bool advise_lazy(const struct brkw_findings *found, struct brkw_advice *advice)
{
	if (!found->proc || found->proc->sz_lazy < (int64_t)SZ_WORTH)
		return false;
	say(advice, "madv_free", (uint64_t)found->proc->sz_lazy,
	    "%s of what counts as resident were given back by MADV_FREE: the kernel takes them "
	    "when it needs them. No leak; MADV_DONTNEED in its place shows at once",
	    size_words((uint64_t)found->proc->sz_lazy).text);
	cost(advice, "a page fault for each page that is used again");
	return true;
}

static bool advise_used(const struct brkw_findings *found, struct brkw_advice *advice)
{
	const struct brkw_heap *heap = found->heap;
	uint64_t sz = 0, sz_all = 0;
	size_t i;

	for (i = 0; heap && i < heap->nr_arenas; i++) {
		sz += heap->arenas[i].of[BRKW_USED].sz;
		sz_all += heap->arenas[i].sz;
	}
	if (sz < SZ_WORTH || sz * 10 < sz_all * 8)
		return false;
	say(advice, "in_use", sz,
	    "%s of the heap are in use by the program: no setting of malloc returns them; look for "
	    "who allocates them", size_words(sz).text);
	cost(advice, "a change of the program");
	return true;
}

size_t brkw_advice_find(const struct brkw_findings *found, struct brkw_advice *ret_advice)
{
	static bool (*const rules[])(const struct brkw_findings *, struct brkw_advice *) = {
		advise_pin, advise_cached, advise_trim, advise_never, advise_top, advise_holes,
		advise_adapted, advise_loop, advise_arenas, advise_lazy, advise_used,
	};
	size_t nr = 0, i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i](found, &ret_advice[nr]))
			nr++;
	return nr;
}
