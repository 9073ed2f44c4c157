// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "array.h"
#include "comm.h"
#include "format.h"
#include "heap.h"
#include "heap_known.h"
#include "heap_report.h"

#define NR_ARENAS_SHOWN	8UL

/* The page being printed. */
struct page {
	const struct brkw_heap *heap;
	bool is_exact;
	FILE *out;
};

/* Text of a size in @ret_text (BRKW_FORMAT_LEN), which is returned. */
static const char *size_text(const struct page *page, uint64_t size, char *ret_text)
{
	return brkw_format_number((int64_t)size, BRKW_BYTES, page->is_exact, ret_text);
}

static void print_title(const struct page *page)
{
	const struct brkw_heap *heap = page->heap;
	char comm[BRKW_COMM_TEXT];

	brkw_comm_escape(heap->comm, strlen(heap->comm), comm, sizeof(comm));
	fprintf(page->out, "%s (pid %d), ", comm, heap->pid);
	if (*heap->libc)
		fprintf(page->out, "glibc %s, ", heap->libc);
	fprintf(page->out, "%u thread%s", heap->nr_threads, heap->nr_threads == 1 ? "" : "s");
	fprintf(page->out, "; read in %" PRIu64 ".%" PRIu64 " ms, ", heap->took_ns / 1000000,
		heap->took_ns / 100000 % 10);
	if (heap->nr_holds)
		fprintf(page->out, "held still for %" PRIu64 ".%" PRIu64 " ms\n",
			heap->held_ns / 1000000, heap->held_ns / 100000 % 10);
	else
		fprintf(page->out, "not held still\n");
}

/* How far what follows may be trusted. */
static void print_trust(const struct page *page)
{
	const struct brkw_region *reg = brkw_heap_stopped(page->heap);
	const struct brkw_heap *heap = page->heap;

	if (heap->is_cut)
		fprintf(page->out, "Its time was over before all was read: the rest was read as it "
			"ran, and %s\n", heap->is_stable ? "no arena changed" : "arenas CHANGED");
	else if (!heap->is_stable && heap->nr_arenas)
		fprintf(page->out, "Its arenas CHANGED while they were read: figures may be off\n");
	if (*heap->note)
		fprintf(page->out, "Note: %s\n", heap->note);
	if (!heap->is_cache_known && heap->nr_arenas)
		fprintf(page->out, "The caches of threads were not found: \"in use\" means in use "
			"or cached\n");
	if (heap->nr_swapped_in)
		fprintf(page->out, "%" PRIu64 " pages had to be swapped in to be read\n",
			heap->nr_swapped_in);
	if (reg)
		fprintf(page->out, "NOT ALL PARSED: at 0x%" PRIx64 ", %" PRIu64 " bytes into its "
			"piece of heap, stands %s; what is behind is not counted\n", reg->stop,
			reg->stop - reg->start, reg->reason);
}

/* --- arenas --- */


static void print_arena(const struct page *page, const char *name,
			const struct brkw_arena *arena)
{
	const uint64_t sizes[] = { arena->sz, arena->sz_resident, arena->of[BRKW_USED].sz,
				   arena->of[BRKW_FREE].sz, arena->of[BRKW_TCACHE].sz,
				   arena->of[BRKW_FASTBIN].sz, arena->of[BRKW_TOP].sz };
	char text[BRKW_FORMAT_LEN];
	size_t i;

	fprintf(page->out, "  %-12s", name);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		fprintf(page->out, " %*s", page->is_exact ? 12 : 8,
			size_text(page, sizes[i], text));
	fprintf(page->out, "\n");
}

static void add_arena(struct brkw_arena *sum, const struct brkw_arena *arena)
{
	int state;

	sum->sz += arena->sz;
	sum->sz_resident += arena->sz_resident;
	for (state = 0; state < BRKW_NR_STATES; state++)
		sum->of[state].sz += arena->of[state].sz;
}

static void print_arenas(const struct page *page)
{
	static const char *const heads[] = { "size", "resident", "in use", "free", "tcache",
					     "fastbins", "top" };
	const struct brkw_heap *heap = page->heap;
	struct brkw_arena sum = { 0 }, rest = { 0 };
	char name[32];
	size_t i;

	fprintf(page->out, "\nArenas        ");
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		fprintf(page->out, " %*s", page->is_exact ? 12 : 8, heads[i]);
	fprintf(page->out, "\n");
	for (i = 0; i < heap->nr_arenas; i++) {
		add_arena(i < NR_ARENAS_SHOWN ? &sum : &rest, &heap->arenas[i]);
		snprintf(name, sizeof(name), i ? "arena %zu" : "main", i);
		if (i < NR_ARENAS_SHOWN)
			print_arena(page, name, &heap->arenas[i]);
	}
	if (heap->nr_arenas > NR_ARENAS_SHOWN) {
		snprintf(name, sizeof(name), "%zu more", heap->nr_arenas - NR_ARENAS_SHOWN);
		print_arena(page, name, &rest);
	}
	add_arena(&sum, &rest);
	if (heap->nr_arenas > 1)
		print_arena(page, "all", &sum);
}

static void print_params(const struct page *page)
{
	const struct brkw_params *params = &page->heap->params;
	char a[BRKW_FORMAT_LEN], b[BRKW_FORMAT_LEN];

	if (!params->is_known) {
		fprintf(page->out, "  thresholds: not found\n");
		return;
	}
	fprintf(page->out, "  %u blocks of %s have mappings of their own\n", params->nr_mmaps,
		size_text(page, params->sz_mmapped, a));
	fprintf(page->out, "  thresholds: mmap %s, trim %s, %s\n",
		size_text(page, params->mmap_threshold, a),
		brkw_params_trims(params) ? size_text(page, params->trim_threshold, b) : "never",
		params->is_fixed ? "set by hand, so they do not adapt" : "adapting");
}

/* --- chunks --- */

static void print_extent(const struct page *page, const struct brkw_extent *extent)
{
	char text[BRKW_FORMAT_LEN];

	fprintf(page->out, " %10" PRIu64 " %*s", extent->nr, page->is_exact ? 12 : 8,
		size_text(page, extent->sz, text));
}

static void print_classes(const struct page *page)
{
	const struct brkw_class *class;
	char text[BRKW_FORMAT_LEN];
	size_t i;

	fprintf(page->out, "\nChunks up to  %*s %*s %*s\n", page->is_exact ? 23 : 19, "in use",
		page->is_exact ? 23 : 19, "free", page->is_exact ? 23 : 19, "cached");
	for (i = 0; i < BRKW_NR_CLASSES; i++) {
		class = &page->heap->classes[i];
		if (!class->used.nr && !class->free.nr && !class->cached.nr)
			continue;
		fprintf(page->out, "  %-11s",
			i + 1 < BRKW_NR_CLASSES ? size_text(page, class->sz_max, text) : "more");
		print_extent(page, &class->used);
		print_extent(page, &class->free);
		print_extent(page, &class->cached);
		fprintf(page->out, "\n");
	}
}

/* --- pin and trim --- */

/* Nobody can free malloc's own, and what is cached holds the top however low the pin is. */
static void print_freeing(const struct page *page)
{
	const struct brkw_pin *pin = &page->heap->pin;
	const char *what = "it alone";
	char text[BRKW_FORMAT_LEN];

	if (pin->sz_gap_cached)
		what = pin->is_own ? "what is cached above it" : "it and what is cached above it";
	else if (pin->is_own)
		return;
	fprintf(page->out, "  freeing %s would let the top take in %s", what,
		size_text(page, pin->is_own ? pin->sz_gap : pin->sz_alone, text));
	if (pin->next)
		fprintf(page->out, "; the next in use is at 0x%" PRIx64, pin->next);
	fprintf(page->out, "\n");
}

static void print_pin(const struct page *page)
{
	const struct brkw_pin *pin = &page->heap->pin;
	char a[BRKW_FORMAT_LEN], b[BRKW_FORMAT_LEN], c[BRKW_FORMAT_LEN];

	fprintf(page->out, "\nThe pin");
	if (!pin->is_known) {
		fprintf(page->out, ": none was found\n");
		return;
	}
	fprintf(page->out, ": the block at 0x%" PRIx64 ", of %s%s, %s below the top\n",
		pin->address, size_text(page, pin->size, a),
		pin->is_own ? " (malloc's own)" : "", size_text(page, pin->sz_gap, b));
	fprintf(page->out, "  below it %s are free (%s in resident whole pages), %s are cached\n",
		size_text(page, pin->sz_held, a), size_text(page, pin->sz_held_resident, b),
		size_text(page, pin->sz_cached, c));
	if (pin->sz_gap_cached)
		fprintf(page->out, "  above it %s are freed but cached: they hold the top first\n",
			size_text(page, pin->sz_gap_cached, a));
	print_freeing(page);
}

static void print_trim(const struct page *page)
{
	const struct brkw_trim *trim = &page->heap->trim;
	const struct brkw_heap *heap = page->heap;
	char a[BRKW_FORMAT_LEN], b[BRKW_FORMAT_LEN];

	fprintf(page->out, "\nA trim would return %s now\n",
		size_text(page, trim->sz_top + trim->sz_pages, a));
	fprintf(page->out, "  %10s  at the top", size_text(page, trim->sz_top, a));
	if (heap->params.is_known && !brkw_params_trims(&heap->params))
		fprintf(page->out, ", which free() never gives back: M_TRIM_THRESHOLD is -1");
	else if (heap->params.is_known)
		fprintf(page->out, ", which free() keeps up to the trim threshold of %s",
			size_text(page, heap->params.trim_threshold, b));
	fprintf(page->out, "\n  %10s  in whole pages under free chunks, which malloc_trim(0) "
		"gives back\n", size_text(page, trim->sz_pages, a));
	fprintf(page->out, "  %10s  more are free in holes smaller than a page, which nothing "
		"gives back\n", size_text(page, trim->sz_holes, a));
	if (trim->sz_arena_tops)
		fprintf(page->out, "  %10s  more are in the tops of other arenas, which "
			"malloc_trim(0) leaves alone\n", size_text(page, trim->sz_arena_tops, a));
}

static void print_foreign(const struct page *page)
{
	const struct brkw_heap *heap = page->heap;

	if (!strcmp(heap->allocator, "glibc"))
		return;
	if (!strcmp(heap->allocator, "unknown"))
		fprintf(page->out, "No arena of glibc's malloc was found: it has another "
			"allocator, or has not allocated yet. 'brkwatch show' tells how it grew\n");
	else
		fprintf(page->out, "malloc() is %s's here: %s%s\n", heap->allocator,
			brkw_known_advice(heap->allocator),
			heap->nr_arenas ? "; below is what glibc's own heap has" : "");
}

void brkw_heap_report_print(const struct brkw_heap *heap, bool is_exact, FILE *out)
{
	const struct page page = { .heap = heap, .is_exact = is_exact, .out = out };

	print_title(&page);
	print_foreign(&page);
	print_trust(&page);
	if (!heap->nr_arenas)
		return;
	print_arenas(&page);
	print_params(&page);
	print_classes(&page);
	print_pin(&page);
	print_trim(&page);
}
