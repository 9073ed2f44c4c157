// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "heap.h"
#include "heap_arena.h"
#include "heap_cache.h"
#include "heap_hold.h"
#include "heap_known.h"
#include "heap_list.h"
#include "heap_maps.h"
#include "heap_memory.h"
#include "heap_pin.h"
#include "heap_resident.h"
#include "heap_sum.h"
#include "heap_trim.h"
#include "heap_walk.h"
#include "why.h"

/* A thread inside malloc leaves it in a moment; a heap that changed is read again. */
#define NR_HOLDS_MAX	20
#define NR_TAKES_MAX	5
#define PAUSE_NS	500000L

/* What it takes to read a heap; none of it outlives brkw_heap_take(). */
struct reader {
	struct brkw_heap *heap;
	struct brkw_hold hold;
	struct brkw_pagemap map;
	struct brkw_live live;
	struct brkw_polite polite;
	struct brkw_cached cached;
	struct brkw_maps maps;
	struct brkw_states states;
	struct brkw_list candidates;
	struct brkw_list fastbins;
};

/* --- holding --- */

static void find_text(const struct brkw_maps *maps, uint64_t *ret_start, uint64_t *ret_end)
{
	const struct brkw_mapping *map;
	size_t i;

	*ret_start = 0;
	*ret_end = 0;
	for (i = 0; i < maps->nr && !*ret_end; i++) {
		map = &maps->maps[i];
		if (!map->is_executable || !brkw_mapping_is_libc(map))
			continue;
		*ret_start = map->start;
		*ret_end = map->end;
	}
}

/* Hold it at a moment when no thread is inside malloc, if there is one soon. */
static int hold_at_rest(struct reader *reader)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t start, end;
	int err, i;

	find_text(&reader->maps, &start, &end);
	for (i = 0;; i++) {
		err = brkw_hold_begin(&reader->hold);
		if (err || i == NR_HOLDS_MAX || !brkw_hold_is_busy(&reader->hold, start, end))
			return err;
		brkw_hold_end(&reader->hold);
		nanosleep(&pause, NULL);
	}
}

/* Without a hold it is read as it runs, and that is told. */
static int hold(struct reader *reader, struct brkw_why *why)
{
	int err;

	if (!reader->hold.budget_ns)
		return 0;
	err = hold_at_rest(reader);
	if (err == -ESRCH) {
		brkw_why_what(why, "pid %d", reader->heap->pid);
		return brkw_why_set(why, err, "there is no such process");
	}
	if (err == -EPERM)
		snprintf(reader->heap->note, sizeof(reader->heap->note),
			 "it could not be held still: another tracer has it, or it may not be "
			 "traced");
	else if (err && !reader->hold.is_cut)
		snprintf(reader->heap->note, sizeof(reader->heap->note),
			 "it could not be held still in time");
	return 0;
}

/* --- reading --- */

static void drop_model(struct brkw_heap *heap)
{
	size_t i;

	for (i = 0; i < heap->nr_regions; i++) {
		free(heap->regions[i].chunks);
		free(heap->regions[i].pages);
	}
	free(heap->regions);
	free(heap->arenas);
	heap->regions = NULL;
	heap->arenas = NULL;
	heap->nr_regions = 0;
	heap->nr_arenas = 0;
	heap->nr_caches = 0;
}

static void forget_read(struct reader *reader)
{
	drop_model(reader->heap);
	brkw_arena_free(&reader->states);
	brkw_cached_free(&reader->cached);
	brkw_list_free(&reader->candidates);
	brkw_list_free(&reader->fastbins);
}

static int walk_regions(struct reader *reader)
{
	struct brkw_heap *heap = reader->heap;
	struct brkw_walk walk = { .mem = &reader->live.mem, .sz_page = heap->sz_page,
				  .candidates = &reader->candidates };
	int err = 0;
	size_t i;

	for (i = 0; !err && i < heap->nr_regions; i++) {
		err = brkw_resident_read(&reader->map, &heap->regions[i]);
		if (err)
			break;
		walk.top = heap->arenas[heap->regions[i].arena].top;
		walk.is_main = !heap->regions[i].arena;
		err = brkw_walk_region(&walk, &heap->regions[i]);
	}
	heap->nr_swapped_in += walk.nr_swapped_in;
	return err;
}

/* glibc before 2.26 has no caches; later the first chunk tells, or one in use. */
static bool are_caches_known(const struct brkw_heap *heap)
{
	unsigned int minor;

	if (heap->nr_caches)
		return true;
	if (sscanf(heap->libc, "2.%u", &minor) == 1 && minor < 26)
		return true;
	return heap->nr_regions && heap->regions[0].nr_chunks &&
	       brkw_cache_is_size(brkw_chunk_size(heap->regions[0].chunks[0]));
}

/* Everything once, from the mappings on. */
static int take_once(struct reader *reader, struct brkw_why *why)
{
	struct brkw_memory *polite = &reader->polite.mem;
	struct brkw_heap *heap = reader->heap;
	int err;

	brkw_maps_free(&reader->maps);
	err = brkw_maps_read(heap->pid, &reader->maps, why);
	if (err)
		return err;
	brkw_why_what(why, "heap of pid %d", heap->pid);
	err = brkw_arena_find(polite, &reader->maps, &reader->states);
	if (err == -ENOENT)
		return 0;
	if (!err) {
		brkw_arena_params(heap, polite, &reader->states, &reader->maps);
		err = brkw_arena_fill(heap, polite, &reader->states, &reader->maps);
	}
	if (!err)
		err = walk_regions(reader);
	if (!err)
		err = brkw_arena_fastbins(&reader->states, &reader->fastbins);
	if (!err)
		err = brkw_cached_init(&reader->cached, polite);
	if (!err)
		err = brkw_cache_mark(heap, &reader->cached.mem, &reader->candidates,
				      &reader->fastbins);
	if (err)
		return brkw_why_set(why, err, "%s", strerror(-err));
	heap->is_cache_known = are_caches_known(heap);
	heap->is_stable = brkw_arena_is_same(polite, &reader->states);
	return 0;
}

static int take_settled(struct reader *reader, struct brkw_why *why)
{
	uint64_t start_ns = brkw_clock_ns(CLOCK_MONOTONIC);
	int err, i;

	for (i = 1;; i++) {
		err = hold(reader, why);
		if (!err)
			err = take_once(reader, why);
		brkw_hold_end(&reader->hold);
		if (err || i == NR_TAKES_MAX || !reader->states.nr ||
		    (!brkw_heap_stopped(reader->heap) && reader->heap->is_stable))
			break;
		forget_read(reader);
	}
	reader->heap->took_ns = brkw_clock_ns(CLOCK_MONOTONIC) - start_ns;
	reader->heap->held_ns = reader->hold.held_ns;
	reader->heap->nr_holds = reader->hold.nr_holds;
	reader->heap->is_cut = reader->hold.is_cut;
	return err;
}

/* --- around it --- */

static void count_threads(struct brkw_heap *heap)
{
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", heap->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Threads: %u", &heap->nr_threads) == 1)
			break;
	fclose(file);
}

/* Mappings may be seen by more users than may read the memory. */
static int try_read(struct reader *reader)
{
	uint64_t word;

	errno = 0;
	if (!reader->maps.nr)
		return -EACCES;
	if (!brkw_memory_word(&reader->live.mem, reader->maps.maps[0].start, &word) &&
	    errno == EPERM)
		return -EPERM;
	return 0;
}

/* What is told of a process before its heap is read. */
static int introduce(struct reader *reader, struct brkw_why *why)
{
	struct brkw_heap *heap = reader->heap;
	int err;

	brkw_why_what(why, "pid %d", heap->pid);
	if (!brkw_known_is_64(heap->pid))
		return brkw_why_set(why, -ENOTSUP, "it is no program of 64 bits, and only their "
				    "heaps can be read");
	err = brkw_maps_read(heap->pid, &reader->maps, why);
	if (err)
		return err;
	brkw_proc_name(heap->pid, heap->comm);
	count_threads(heap);
	heap->allocator = brkw_known_allocator(&reader->maps);
	if (!heap->allocator)
		heap->allocator = brkw_known_linked(heap->pid);
	brkw_known_libc(heap->pid, &reader->maps, heap->libc, sizeof(heap->libc));
	err = brkw_pagemap_open(heap->pid, &reader->hold, &reader->map);
	if (!err)
		err = try_read(reader);
	if (!err)
		return 0;
	brkw_why_what(why, "memory of pid %d", heap->pid);
	brkw_why_set(why, err, "%s", strerror(-err));
	if (err == -EACCES || err == -EPERM)
		brkw_why_cure(why, "run brkwatch as root");
	return err;
}

int brkw_heap_take(int pid, unsigned int hold_ms, struct brkw_heap *ret_heap,
		   struct brkw_why *why)
{
	struct brkw_heap heap = { .pid = pid, .sz_page = (uint64_t)sysconf(_SC_PAGESIZE) };
	struct reader reader = { .heap = &heap, .map = { .fd = -1 } };
	int err;

	brkw_hold_init(&reader.hold, pid, hold_ms);
	brkw_live_init(&reader.live, pid, &reader.hold);
	brkw_polite_init(&reader.polite, &reader.live.mem, &reader.map);
	err = introduce(&reader, why);
	if (!err)
		err = take_settled(&reader, why);
	if (!err && !heap.allocator)
		heap.allocator = heap.nr_arenas ? "glibc" : "unknown";
	if (!err)
		brkw_heap_analyze(&heap);
	brkw_hold_free(&reader.hold);
	brkw_pagemap_close(&reader.map);
	brkw_maps_free(&reader.maps);
	brkw_cached_free(&reader.cached);
	brkw_arena_free(&reader.states);
	brkw_list_free(&reader.candidates);
	brkw_list_free(&reader.fastbins);
	if (err)
		brkw_heap_free(&heap);
	else
		*ret_heap = heap;
	return err;
}

void brkw_heap_analyze(struct brkw_heap *heap)
{
	brkw_heap_sum(heap);
	brkw_trim_predict(heap);
	brkw_pin_find(heap);
}

void brkw_heap_free(struct brkw_heap *heap)
{
	drop_model(heap);
}

const struct brkw_region *brkw_heap_stopped(const struct brkw_heap *heap)
{
	size_t i;

	for (i = 0; i < heap->nr_regions; i++)
		if (heap->regions[i].reason)
			return &heap->regions[i];
	return NULL;
}
