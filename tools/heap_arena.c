// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "heap.h"
#include "heap_arena.h"
#include "heap_list.h"
#include "heap_maps.h"
#include "heap_memory.h"

/* struct malloc_state from its top on; what is before differs. */
#define OFF_BINS	16
#define NR_PAIRS	127UL
#define OFF_NEXT	(OFF_BINS + NR_PAIRS * 16 + 16)
#define OFF_SYSTEM	(OFF_NEXT + 24)
#define NR_FASTBINS	10

#define SZ_DATA_MAX	(64UL << 20)
#define NR_TRIES_MAX	2000

/*
 * Where the top is: glibc e956075a5a "Use relaxed atomics for malloc
 * have_fastchunks", 2.27, moved it from 88 to 96; without fastbins it is at 8.
 */
static const unsigned int off_tops[] = { 96, 88, 8 };

/* Writable data that may have the main arena in it. */
struct data {
	uint64_t start;
	uint64_t end;
	uint64_t *words;
	unsigned int nr_tries;
};

static uint64_t word_at(const struct brkw_state *state, unsigned int off)
{
	uint64_t word;

	memcpy(&word, state->data + off, sizeof(word));
	return word;
}

/* --- the ring --- */

static size_t sz_state(unsigned int off_top)
{
	return off_top + OFF_SYSTEM + 16;
}

static int add_state(struct brkw_states *states, struct brkw_memory *mem, uint64_t address)
{
	struct brkw_state *grown;

	if (!(states->nr & (states->nr - 1))) {
		grown = realloc(states->states,
				(states->nr ? 2 * states->nr : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		states->states = grown;
	}
	states->states[states->nr].address = address;
	if (!mem->read(mem, address, states->states[states->nr].data,
		       sz_state(states->off_top)))
		return -EINVAL;
	states->nr++;
	return 0;
}

/* Follow the ring from @address until it is closed. */
static int read_ring(struct brkw_states *states, struct brkw_memory *mem, uint64_t address)
{
	uint64_t next = address;
	int err;

	do {
		err = add_state(states, mem, next);
		if (err)
			return err;
		next = word_at(&states->states[states->nr - 1], states->off_top + OFF_NEXT);
		if (!next || next % 8 || states->nr == BRKW_ARENAS_MAX)
			return -EINVAL;
	} while (next != address);
	return 0;
}

void brkw_arena_free(struct brkw_states *states)
{
	free(states->states);
	*states = (struct brkw_states){ 0 };
}

/* --- the main arena --- */

/* An empty bin points at where a chunk would begin that had these as its links. */
static bool is_empty_bin(const struct data *data, size_t word)
{
	uint64_t self = data->start + 8 * word - 16;

	return data->words[word] == self && data->words[word + 1] == self;
}

/* Do 127 bins begin at @word, most of them as empty as in any program? */
static bool are_bins(const struct data *data, size_t word)
{
	size_t i, nr_empty = 0;

	for (i = 0; i < NR_PAIRS; i++) {
		if (is_empty_bin(data, word + 2 * i))
			nr_empty++;
		else if (!data->words[word + 2 * i] || !data->words[word + 2 * i + 1] ||
			 data->words[word + 2 * i] % 8 || data->words[word + 2 * i + 1] % 8)
			return false;
	}
	return nr_empty >= 16;
}

/* Is there an arena whose bins begin at @word? */
static int try_bins(struct data *data, struct brkw_memory *mem, size_t word,
		    struct brkw_states *ret_states)
{
	uint64_t bins = data->start + 8 * word;
	size_t i;
	int err;

	if (!are_bins(data, word) || data->nr_tries++ > NR_TRIES_MAX)
		return -ENOENT;
	for (i = 0; i < ARRAY_SIZE(off_tops); i++) {
		struct brkw_states states = { .off_top = off_tops[i] };

		err = read_ring(&states, mem, bins - OFF_BINS - off_tops[i]);
		if (!err) {
			states.data_start = data->start;
			states.data_end = data->end;
			*ret_states = states;
			return 0;
		}
		brkw_arena_free(&states);
		if (err == -ENOMEM)
			return err;
	}
	return -ENOENT;
}

/* The first empty bin need not be the first bin. */
static int scan_words(struct data *data, struct brkw_memory *mem, struct brkw_states *ret_states)
{
	size_t nr = (data->end - data->start) / 8, tail = 2 * NR_PAIRS + 4, word, back;
	int err = -ENOENT;

	for (word = 2; err == -ENOENT && word + 2 < nr; word++) {
		if (!is_empty_bin(data, word))
			continue;
		for (back = 0; err == -ENOENT && back < NR_PAIRS && word >= 2 * back + 2; back++)
			if (word - 2 * back + tail <= nr)
				err = try_bins(data, mem, word - 2 * back, ret_states);
		word += 2 * NR_PAIRS;
	}
	return err;
}

static int scan_data(struct data *data, struct brkw_memory *mem, struct brkw_states *ret_states)
{
	int err = -ENOENT;

	if (data->end - data->start > SZ_DATA_MAX)
		data->end = data->start + SZ_DATA_MAX;
	data->words = malloc(data->end - data->start);
	if (!data->words)
		return -ENOMEM;
	if (mem->read(mem, data->start, data->words, data->end - data->start))
		err = scan_words(data, mem, ret_states);
	free(data->words);
	return err;
}

int brkw_arena_find(struct brkw_memory *mem, const struct brkw_maps *maps,
		    struct brkw_states *ret_states)
{
	const struct brkw_mapping *map;
	int err = -ENOENT, pass;
	struct data data;
	size_t i;

	/* libc first; a program that is linked statically has it in itself */
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < maps->nr && err == -ENOENT; i++) {
			map = &maps->maps[i];
			if (!map->is_writable || !map->is_private || !map->has_file ||
			    brkw_mapping_is_libc(map) == pass)
				continue;
			data = (struct data){ .start = map->start, .end = map->end };
			if (i + 1 < maps->nr && map[1].start == map->end && !*map[1].path &&
			    map[1].is_writable)
				data.end = map[1].end;
			err = scan_data(&data, mem, ret_states);
		}
	return err;
}

bool brkw_arena_is_same(struct brkw_memory *mem, const struct brkw_states *states)
{
	size_t i, size = sz_state(states->off_top);
	uint8_t now[BRKW_STATE_MAX];

	for (i = 0; i < states->nr; i++)
		if (!mem->read(mem, states->states[i].address, now, size) ||
		    memcmp(now, states->states[i].data, size))
			return false;
	return true;
}

int brkw_arena_fastbins(const struct brkw_states *states, struct brkw_list *list)
{
	unsigned int off_first = states->off_top - 8 * NR_FASTBINS, bin;
	uint64_t chunk;
	int err = 0;
	size_t i;

	if (states->off_top < 8 * NR_FASTBINS)
		return 0;
	for (i = 0; i < states->nr; i++)
		for (bin = 0; !err && bin < NR_FASTBINS; bin++) {
			chunk = word_at(&states->states[i], off_first + 8 * bin);
			if (chunk)
				err = brkw_list_add(list, chunk);
		}
	return err;
}

/* --- regions --- */

/* heap_info at the start of a piece of an arena that is not the main one. */
struct heap_info {
	uint64_t arena;
	uint64_t prev;
	uint64_t size;
};

/* 64 MiB, or for huge pages of 2 MiB and 1 GiB four of them. They are aligned to it. */
#define SZ_PIECE_MIN	(8ULL << 20)
static const uint64_t sz_pieces[] = { 64ULL << 20, SZ_PIECE_MIN, 4ULL << 30 };

static int add_region(struct brkw_heap *heap, const struct brkw_region *reg)
{
	struct brkw_region *grown;

	if (!(heap->nr_regions & (heap->nr_regions - 1))) {
		grown = realloc(heap->regions,
				(heap->nr_regions ? 2 * heap->nr_regions : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		heap->regions = grown;
	}
	heap->regions[heap->nr_regions++] = *reg;
	return 0;
}

static uint64_t align_chunk(uint64_t addr)
{
	return (addr + BRKW_CHUNK_ALIGN - 1) & ~(uint64_t)(BRKW_CHUNK_ALIGN - 1);
}

static bool read_piece(const struct brkw_heap *heap, struct brkw_memory *mem, uint64_t addr,
		       uint64_t arena, struct heap_info *ret_info)
{
	return addr % SZ_PIECE_MIN == 0 && mem->read(mem, addr, ret_info, sizeof(*ret_info)) &&
	       ret_info->arena == arena && ret_info->size >= heap->sz_page &&
	       ret_info->size % heap->sz_page == 0;
}

/* The piece that @top is in, or 0. */
static uint64_t find_piece(const struct brkw_heap *heap, struct brkw_memory *mem, uint64_t top,
			   uint64_t arena)
{
	struct heap_info info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sz_pieces); i++)
		if (read_piece(heap, mem, top & ~(sz_pieces[i] - 1), arena, &info))
			return top & ~(sz_pieces[i] - 1);
	return 0;
}

/* The first piece has the arena in it, behind its own header; others chunks. */
static uint64_t first_chunk(const struct brkw_states *states, uint64_t piece, uint64_t arena,
			    uint64_t sz_header)
{
	if (arena == piece + sz_header)
		return align_chunk(arena + sz_state(states->off_top));
	return piece + sz_header;
}

/* Chunks that cannot be walked are told instead of missing. */
static int add_lost(struct brkw_heap *heap, size_t arena, uint64_t start, uint64_t sz,
		    const char *reason)
{
	const struct brkw_region reg = { .start = start, .end = start + sz, .first = start,
					 .arena = arena, .stop = start, .reason = reason };

	return add_region(heap, &reg);
}

/* A piece that says it has @sz bytes, of which @room are mapped. */
static int add_piece(struct brkw_heap *heap, const struct brkw_states *states, size_t arena,
		     uint64_t piece, uint64_t sz, uint64_t room)
{
	uint64_t address = heap->arenas[arena].address;
	const struct brkw_region reg = {
		.start = piece, .end = piece + sz, .arena = arena,
		.first = first_chunk(states, piece, address, address & 0xfff),
	};

	if (sz > room)
		return add_lost(heap, arena, piece, room, "a header of more than is mapped");
	return add_region(heap, &reg);
}

/* Is there a region from here already? Then the pieces are a ring. */
static bool is_added(const struct brkw_heap *heap, size_t arena, uint64_t piece)
{
	size_t i;

	for (i = heap->nr_regions; i && heap->regions[i - 1].arena == arena; i--)
		if (heap->regions[i - 1].start == piece)
			return true;
	return false;
}

/*
 * All pieces of an arena that is not the main one, from its last to its first,
 * which has the arena in it.
 */
static int add_pieces(struct brkw_heap *heap, struct brkw_memory *mem, size_t arena,
		      const struct brkw_states *states, const struct brkw_maps *maps)
{
	uint64_t address = heap->arenas[arena].address, own = address - (address & 0xfff);
	uint64_t piece = find_piece(heap, mem, heap->arenas[arena].top, address), last = 0, end;
	struct heap_info info;
	int err = 0;

	while (!err && read_piece(heap, mem, piece, address, &info) &&
	       !is_added(heap, arena, piece)) {
		end = brkw_maps_end(maps, piece);
		/* one page there is, because it was read */
		err = add_piece(heap, states, arena, piece, info.size,
				end ? end - piece : heap->sz_page);
		last = piece;
		piece = info.prev;
	}
	if (!err && last != own)
		err = add_lost(heap, arena, own, heap->sz_page,
			       "an arena of which pieces are missing");
	return err;
}

/*
 * The brk heap, and where the break could not move a mapping that has the top. Of
 * what malloc() mapped in place of the break, nothing leads to more than that: if
 * it is not all, as @sz_system says, the rest cannot be found.
 */
static int add_main(struct brkw_heap *heap, const struct brkw_maps *maps, uint64_t sz_system)
{
	struct brkw_region reg = { .arena = 0 };
	const struct brkw_mapping *map;
	uint64_t sz_brk;
	int err = 0;

	if (brkw_maps_heap(maps, &reg.start, &reg.end)) {
		reg.first = heap->params.is_known && heap->params.sbrk_base >= reg.start ?
				    align_chunk(heap->params.sbrk_base) : reg.start;
		err = add_region(heap, &reg);
	}
	if (err || !heap->arenas[0].top ||
	    (heap->arenas[0].top >= reg.start && heap->arenas[0].top < reg.end))
		return err;
	map = brkw_maps_find(maps, heap->arenas[0].top);
	if (!map)
		return 0;
	sz_brk = reg.end - reg.start;
	reg = (struct brkw_region){ .start = map->start, .end = map->end, .first = map->start };
	if (sz_system > sz_brk)
		reg.sz_least = sz_system - sz_brk;
	return add_region(heap, &reg);
}

int brkw_arena_fill(struct brkw_heap *heap, struct brkw_memory *mem,
		    const struct brkw_states *states, const struct brkw_maps *maps)
{
	unsigned int off_top = states->off_top;
	const struct brkw_state *state;
	struct brkw_arena *arena;
	int err = 0;
	size_t i;

	heap->arenas = calloc(states->nr, sizeof(*heap->arenas));
	if (!heap->arenas)
		return -ENOMEM;
	heap->nr_arenas = states->nr;
	for (i = 0; i < states->nr && !err; i++) {
		state = &states->states[i];
		arena = &heap->arenas[i];
		arena->address = state->address;
		arena->top = word_at(state, off_top);
		/* before its first block an arena calls its first bin its top */
		if (arena->top == state->address + off_top)
			arena->top = 0;
		err = i ? add_pieces(heap, mem, i, states, maps) :
			  add_main(heap, maps, word_at(state, off_top + OFF_SYSTEM));
	}
	return err;
}

/* --- thresholds --- */

/* Where what is in struct malloc_par, of which only the middle is alike. */
struct params_form {
	unsigned int thp_pagesize;
	unsigned int nr_mmaps;
	unsigned int mmapped;
	unsigned int sbrk_base;
};

static const struct params_form params_forms[] = {
	/* glibc 5f6d8d97c6 "malloc: Add madvise support for Transparent Huge Pages", 2.35 */
	{ 40, 60, 80, 96 },
	/* before */
	{ 0, 40, 56, 72 },
	/* with thp_mode, after 2.43 */
	{ 48, 68, 88, 104 },
};

#define SZ_PARAMS	112

/* What these are unless somebody has set them, which tells forms apart. */
#define NR_MMAPS_MAX	65536
#define ARENA_TEST	8

/* How much speaks for this form, -1 if it cannot be. */
static int take_params(const uint8_t *data, const struct params_form *form, uint64_t base,
			struct brkw_params *ret_params)
{
	struct brkw_params params = { .is_known = true, .sbrk_base = base };
	uint32_t counts[4];
	uint64_t words[5];

	memcpy(words, data, sizeof(words));
	memcpy(counts, data + form->nr_mmaps, sizeof(counts));
	memcpy(&params.sz_mmapped, data + form->mmapped, 8);
	memcpy(&params.sz_mmapped_peak, data + form->mmapped + 8, 8);
	if (form->thp_pagesize)
		memcpy(&params.thp_pagesize, data + form->thp_pagesize, 8);
	params.trim_threshold = words[0];
	params.top_pad = words[1];
	params.mmap_threshold = words[2];
	params.arena_max = words[4];
	params.nr_mmaps = counts[0];
	params.nr_mmaps_peak = counts[2];
	params.is_fixed = counts[3] == 1;
	/* n_mmaps, n_mmaps_max, max_n_mmaps, no_dyn_threshold */
	if (counts[3] > 1 || counts[0] > counts[2] || counts[1] > 1U << 30 ||
	    params.sz_mmapped > params.sz_mmapped_peak || words[3] > 1U << 20 ||
	    !params.mmap_threshold || params.thp_pagesize & (params.thp_pagesize - 1))
		return -1;
	*ret_params = params;
	return (counts[1] == NR_MMAPS_MAX) + (words[3] == ARENA_TEST);
}

/* Try all forms in which @base is where the heap began; @best is the best so far. */
static void judge_forms(const uint8_t *base_at, uint64_t base, int *best,
			struct brkw_params *ret_params)
{
	struct brkw_params params;
	int score;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(params_forms); i++) {
		score = take_params(base_at - params_forms[i].sbrk_base, &params_forms[i], base,
				    &params);
		if (score <= *best)
			continue;
		*best = score;
		*ret_params = params;
	}
}

/* malloc_par is known by the place that has where the heap began. */
static void find_params(const uint8_t *data, size_t len, uint64_t start, uint64_t end,
			struct brkw_params *ret_params)
{
	uint64_t base;
	int best = -1;
	size_t at;

	for (at = SZ_PARAMS; at + 8 <= len; at += 8) {
		memcpy(&base, data + at, sizeof(base));
		if (base >= start && base < end)
			judge_forms(data + at, base, &best, ret_params);
	}
}

void brkw_arena_params(struct brkw_heap *heap, struct brkw_memory *mem,
		       const struct brkw_states *states, const struct brkw_maps *maps)
{
	size_t len = states->data_end - states->data_start;
	uint64_t start, end;
	uint8_t *data;

	if (!brkw_maps_heap(maps, &start, &end))
		return;
	data = malloc(len);
	if (data && mem->read(mem, states->data_start, data, len))
		find_params(data, len, start, end, &heap->params);
	free(data);
}
