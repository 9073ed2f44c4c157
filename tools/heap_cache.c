// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "heap.h"
#include "heap_cache.h"
#include "heap_list.h"
#include "heap_memory.h"

#define NR_SMALL	64
#define NR_BINS_MAX	76
#define SZ_CACHE_MAX	(NR_BINS_MAX * (2 + 8))
#define SIZE_FLAGS	15ULL
#define ADDR_MAX	(1ULL << 56)

/* One form of tcache_perthread_struct. */
struct form {
	uint64_t size;
	unsigned int nr_bins;
	unsigned int sz_count;
	bool counts_empty;
};

static const struct form forms[] = {
	/* glibc d5c3fafc43 "Add per-thread cache to malloc", 2.26 */
	{ 0x250, 64, 1, false },
	/* glibc 1f50f2ad85 "Fix tcache count maximum (BZ #24531)", 2.30 */
	{ 0x290, 64, 2, false },
	/* num_slots instead of counts, and bins for large blocks: 2.42 */
	{ 0x300, 76, 2, true },
};

#define NR_FORMS	ARRAY_SIZE(forms)

/* Looking for what is cached. */
struct search {
	struct brkw_heap *heap;
	struct brkw_memory *mem;
	uint64_t nr_max;
	struct brkw_list found;
	int err;
};

static const struct form *find_form(uint64_t size)
{
	size_t i;

	for (i = 0; i < NR_FORMS; i++)
		if (forms[i].size == size)
			return &forms[i];
	return NULL;
}

bool brkw_cache_is_size(uint64_t size)
{
	return find_form(size);
}

static uint64_t count_of(const struct form *form, const uint8_t *mem, unsigned int bin)
{
	uint16_t count;

	if (form->sz_count == 1)
		return mem[bin];
	memcpy(&count, mem + 2UL * bin, sizeof(count));
	return count;
}

static uint64_t entry_of(const struct form *form, const uint8_t *mem, unsigned int bin)
{
	uint64_t entry;

	memcpy(&entry, mem + (size_t)form->nr_bins * form->sz_count + 8UL * bin, sizeof(entry));
	return entry;
}

static bool is_block(uint64_t addr)
{
	return addr && addr < ADDR_MAX && !(addr % BRKW_CHUNK_ALIGN);
}

bool brkw_cache_looks_like(const void *mem, uint64_t size)
{
	const struct form *form = find_form(size);
	unsigned int bin, nr_filled = 0;
	uint64_t entry;

	for (bin = 0; bin < form->nr_bins; bin++) {
		entry = entry_of(form, mem, bin);
		if (entry && !is_block(entry))
			return false;
		if (!form->counts_empty && !entry != !count_of(form, mem, bin))
			return false;
		nr_filled += !!entry;
	}
	return nr_filled;
}

/* --- lists --- */

/*
 * How free chunks are linked: where in a chunk its link is, which is also where
 * in a chunk a link points to.
 */
struct links {
	uint64_t from;
	uint64_t to;
	enum brkw_chunk_state state;
};

static const struct links tcache_links = { BRKW_CHUNK_HEADER, BRKW_CHUNK_HEADER, BRKW_TCACHE };
static const struct links fastbin_links = { BRKW_CHUNK_HEADER, 0, BRKW_FASTBIN };

/* Sizes that chunks of a list may have. */
struct sizes {
	uint64_t min;
	uint64_t max;
};

static bool chunk_has(struct search *search, uint64_t chunk, const struct sizes *sizes)
{
	uint64_t size;

	if (!is_block(chunk) || !brkw_memory_word(search->mem, chunk + 8, &size))
		return false;
	size &= ~SIZE_FLAGS;
	return size >= sizes->min && size <= sizes->max;
}

/*
 * glibc a1a486d70e "Add Safe-Linking to fastbins and tcache", 2.32: a link is
 * mangled with where it is. So the last link is 0 before that, and never after.
 */
static bool read_link(struct search *search, uint64_t at, bool is_safe, uint64_t *ret_link)
{
	uint64_t word;

	if (!brkw_memory_word(search->mem, at, &word))
		return false;
	*ret_link = is_safe ? word ^ (at >> 12) : word;
	return true;
}

/* Follow a list and add its chunks. -EINVAL, and none is added, if it is no list. */
static int follow(struct search *search, uint64_t link, const struct links *links, bool is_safe,
		  const struct sizes *sizes)
{
	size_t nr_before = search->found.nr;
	uint64_t nr = 0, chunk;

	while (link) {
		chunk = link - links->to;
		if (nr++ == search->nr_max || !chunk_has(search, chunk, sizes) ||
		    !read_link(search, chunk + links->from, is_safe, &link)) {
			search->found.nr = nr_before;
			return -EINVAL;
		}
		search->err = brkw_list_add(&search->found, chunk | links->state);
		if (search->err)
			return search->err;
	}
	return 0;
}

/* --- caches of threads --- */

static struct sizes bin_sizes(unsigned int bin)
{
	uint64_t size = BRKW_CHUNK_MIN + (uint64_t)bin * BRKW_CHUNK_ALIGN;

	if (bin < NR_SMALL)
		return (struct sizes){ size, size };
	/* bins of large blocks: one for each power of two */
	size = 1024ULL << (bin - NR_SMALL);
	return (struct sizes){ size, 2 * size };
}

/* One bin; -EINVAL if it is not as long as it says. */
static int take_bin(struct search *search, const struct form *form, const uint8_t *mem,
		    unsigned int bin, bool is_safe, uint64_t *capacity)
{
	const struct sizes sizes = bin_sizes(bin);
	size_t nr = search->found.nr;
	int err = follow(search, entry_of(form, mem, bin), &tcache_links, is_safe, &sizes);

	if (err)
		return err;
	nr = search->found.nr - nr;
	if (!form->counts_empty)
		return nr == count_of(form, mem, bin) ? 0 : -EINVAL;
	/* where it counts empty slots, all bins have as many in all */
	if (bin >= NR_SMALL && !nr)
		return 0;
	nr += count_of(form, mem, bin);
	if (!*capacity)
		*capacity = nr;
	return nr == *capacity ? 0 : -EINVAL;
}

static int take_bins(struct search *search, const struct form *form, const uint8_t *mem,
		     bool is_safe)
{
	size_t nr_before = search->found.nr;
	uint64_t capacity = 0;
	unsigned int bin;
	int err = 0;

	for (bin = 0; !err && bin < form->nr_bins; bin++)
		err = take_bin(search, form, mem, bin, is_safe, &capacity);
	if (err)
		search->found.nr = nr_before;
	return err;
}

static void take_cache(struct search *search, uint64_t chunk)
{
	const struct form *form;
	uint8_t mem[SZ_CACHE_MAX];
	uint64_t size;

	if (!brkw_memory_word(search->mem, chunk + 8, &size))
		return;
	form = find_form(size & ~SIZE_FLAGS);
	if (!form || !search->mem->read(search->mem, chunk + BRKW_CHUNK_HEADER, mem,
					(size_t)form->nr_bins * (form->sz_count + 8UL)) ||
	    !brkw_cache_looks_like(mem, form->size))
		return;
	/* with list pointers mangled (glibc 2.32 and later), or without */
	if (take_bins(search, form, mem, true) && take_bins(search, form, mem, false))
		return;
	search->heap->is_cache_known = true;
	search->heap->nr_caches++;
}

/* --- fastbins --- */

static void take_fastbin(struct search *search, uint64_t chunk)
{
	struct sizes sizes;
	uint64_t size;

	if (!brkw_memory_word(search->mem, chunk + 8, &size))
		return;
	size &= ~SIZE_FLAGS;
	sizes = (struct sizes){ size, size };
	if (follow(search, chunk, &fastbin_links, true, &sizes) == -EINVAL)
		follow(search, chunk, &fastbin_links, false, &sizes);
}

/* --- marking --- */

static int compare_addrs(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t find_from(const struct brkw_list *list, uint64_t addr)
{
	size_t low = 0, high = list->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (list->addrs[mid] < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void mark_region(struct brkw_region *reg, const struct brkw_list *found)
{
	size_t f = find_from(found, reg->first), c;
	uint64_t addr = reg->first, at;

	for (c = 0; c < reg->nr_chunks && f < found->nr; c++) {
		for (; f < found->nr; f++) {
			at = brkw_chunk_size(found->addrs[f]);
			if (at > addr)
				break;
			if (at == addr && brkw_chunk_state(reg->chunks[c]) == BRKW_USED)
				reg->chunks[c] = brkw_chunk_size(reg->chunks[c]) |
						 brkw_chunk_state(found->addrs[f]);
		}
		addr += brkw_chunk_size(reg->chunks[c]);
	}
}

static uint64_t count_chunks(const struct brkw_heap *heap)
{
	uint64_t nr = 0;
	size_t i;

	for (i = 0; i < heap->nr_regions; i++)
		nr += heap->regions[i].nr_chunks;
	return nr;
}

int brkw_cache_mark(struct brkw_heap *heap, struct brkw_memory *mem,
		    const struct brkw_list *candidates, const struct brkw_list *fastbins)
{
	struct search search = { .heap = heap, .mem = mem, .nr_max = count_chunks(heap) };
	size_t i;

	for (i = 0; i < candidates->nr && !search.err; i++)
		take_cache(&search, candidates->addrs[i]);
	for (i = 0; i < fastbins->nr && !search.err; i++)
		take_fastbin(&search, fastbins->addrs[i]);
	if (search.found.nr)
		qsort(search.found.addrs, search.found.nr, sizeof(uint64_t), compare_addrs);
	for (i = 0; i < heap->nr_regions && !search.err; i++)
		mark_region(&heap->regions[i], &search.found);
	brkw_list_free(&search.found);
	return search.err;
}
