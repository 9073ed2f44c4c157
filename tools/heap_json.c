// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include <linux/brkwatch.h>

#include "array.h"
#include "comm.h"
#include "growth_json.h"
#include "heap.h"
#include "heap_json.h"
#include "json_build.h"

/* Numbers of an object: names and values side by side. */
struct number {
	const char *name;
	uint64_t value;
	bool is_flag;
};


static int add_numbers(struct json_object *object, const struct number *numbers, size_t nr)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < nr; i++)
		if (numbers[i].is_flag)
			err = add_flag(object, numbers[i].name, numbers[i].value);
		else if (numbers[i].value > INT64_MAX)
			err = add_member(object, numbers[i].name, NULL);
		else
			err = add_number(object, numbers[i].name, (int64_t)numbers[i].value);
	return err;
}

/* An object of numbers, as a member. */
static int add_group(struct json_object *object, const char *name, const struct number *numbers,
		     size_t nr)
{
	struct json_object *group = json_object_new_object();

	if (!group || add_member(object, name, group))
		return -ENOMEM;
	return add_numbers(group, numbers, nr);
}

static int fill_arena(struct json_object *object, const struct brkw_arena *arena)
{
	const struct number numbers[] = {
		{ "address", arena->address, false },
		{ "size_bytes", arena->sz, false },
		{ "resident_bytes", arena->sz_resident, false },
		{ "swapped_bytes", arena->sz_swapped, false },
		{ "used_bytes", arena->of[BRKW_USED].sz, false },
		{ "used_count", arena->of[BRKW_USED].nr, false },
		{ "free_bytes", arena->of[BRKW_FREE].sz, false },
		{ "free_count", arena->of[BRKW_FREE].nr, false },
		{ "tcache_bytes", arena->of[BRKW_TCACHE].sz, false },
		{ "tcache_count", arena->of[BRKW_TCACHE].nr, false },
		{ "fastbin_bytes", arena->of[BRKW_FASTBIN].sz, false },
		{ "fastbin_count", arena->of[BRKW_FASTBIN].nr, false },
		{ "top_bytes", arena->of[BRKW_TOP].sz, false },
		{ "top_resident_bytes", arena->sz_top_resident, false },
		{ "other_bytes", arena->sz_other, false },
	};

	return add_numbers(object, numbers, ARRAY_SIZE(numbers));
}

static int add_arenas(struct json_object *object, const struct brkw_heap *heap)
{
	struct json_object *array = json_object_new_array(), *item;
	size_t i;

	if (!array || add_member(object, "arenas", array))
		return -ENOMEM;
	for (i = 0; i < heap->nr_arenas; i++) {
		item = json_object_new_object();
		if (add_item(array, item) || fill_arena(item, &heap->arenas[i]))
			return -ENOMEM;
	}
	return 0;
}

static int fill_class(struct json_object *object, const struct brkw_class *class)
{
	const struct number numbers[] = {
		{ "used_count", class->used.nr, false },
		{ "used_bytes", class->used.sz, false },
		{ "free_count", class->free.nr, false },
		{ "free_bytes", class->free.sz, false },
		{ "cached_count", class->cached.nr, false },
		{ "cached_bytes", class->cached.sz, false },
	};
	int err = class->sz_max == UINT64_MAX ?
			  add_member(object, "max_bytes", NULL) :
			  add_number(object, "max_bytes", (int64_t)class->sz_max);

	return err ? err : add_numbers(object, numbers, ARRAY_SIZE(numbers));
}

static int add_histogram(struct json_object *object, const struct brkw_heap *heap)
{
	struct json_object *array = json_object_new_array(), *item;
	const struct brkw_class *class;
	size_t i;

	if (!array || add_member(object, "histogram", array))
		return -ENOMEM;
	for (i = 0; i < BRKW_NR_CLASSES; i++) {
		class = &heap->classes[i];
		if (!class->used.nr && !class->free.nr && !class->cached.nr)
			continue;
		item = json_object_new_object();
		if (add_item(array, item) || fill_class(item, class))
			return -ENOMEM;
	}
	return 0;
}

static int add_params(struct json_object *object, const struct brkw_params *params)
{
	const struct number thresholds[] = {
		{ "mmap_bytes", params->mmap_threshold, false },
		{ "trim_bytes", params->trim_threshold, false },	/* null: never */
		{ "top_pad_bytes", params->top_pad, false },
		{ "arena_max", params->arena_max, false },
		{ "is_fixed", params->is_fixed, true },
	};
	const struct number mapped[] = {
		{ "count", params->nr_mmaps, false },
		{ "bytes", params->sz_mmapped, false },
		{ "peak_count", params->nr_mmaps_peak, false },
		{ "peak_bytes", params->sz_mmapped_peak, false },
	};

	if (!params->is_known)
		return add_member(object, "thresholds", NULL) ||
		       add_member(object, "mapped", NULL);
	return add_group(object, "thresholds", thresholds, ARRAY_SIZE(thresholds)) ||
	       add_group(object, "mapped", mapped, ARRAY_SIZE(mapped));
}

static int add_pin(struct json_object *object, const struct brkw_pin *pin)
{
	const struct number numbers[] = {
		{ "address", pin->address, false },
		{ "size", pin->size, false },
		{ "gap_bytes", pin->sz_gap, false },
		{ "gap_cached_bytes", pin->sz_gap_cached, false },
		{ "held_bytes", pin->sz_held, false },
		{ "held_resident_bytes", pin->sz_held_resident, false },
		{ "cached_bytes", pin->sz_cached, false },
		{ "alone_bytes", pin->sz_alone, false },
		{ "next_address", pin->next, false },
		{ "is_own", pin->is_own, true },
	};

	if (!pin->is_known)
		return add_member(object, "pin", NULL);
	return add_group(object, "pin", numbers, ARRAY_SIZE(numbers));
}

static int add_trim(struct json_object *object, const struct brkw_trim *trim)
{
	const struct number numbers[] = {
		{ "top_bytes", trim->sz_top, false },
		{ "pages_bytes", trim->sz_pages, false },
		{ "total_bytes", trim->sz_top + trim->sz_pages, false },
		{ "holes_bytes", trim->sz_holes, false },
		{ "holes_count", trim->nr_holes, false },
		{ "arena_tops_bytes", trim->sz_arena_tops, false },
	};

	return add_group(object, "trim", numbers, ARRAY_SIZE(numbers));
}

static int add_stopped(struct json_object *object, const struct brkw_heap *heap)
{
	const struct brkw_region *reg = brkw_heap_stopped(heap);
	struct json_object *stopped;

	if (!reg)
		return add_member(object, "stopped", NULL);
	stopped = json_object_new_object();
	if (!stopped || add_member(object, "stopped", stopped))
		return -ENOMEM;
	return add_number(stopped, "address", (int64_t)reg->stop) ||
	       add_number(stopped, "offset_bytes", (int64_t)(reg->stop - reg->start)) ||
	       add_number(stopped, "arena", (int64_t)reg->arena) ||
	       add_text(stopped, "reason", reg->reason);
}

static int add_read(struct json_object *object, const struct brkw_heap *heap)
{
	const struct number numbers[] = {
		{ "took_ns", heap->took_ns, false },
		{ "held_ns", heap->held_ns, false },
		{ "holds", heap->nr_holds, false },
		{ "is_cut", heap->is_cut, true },
		{ "is_stable", heap->is_stable, true },
		{ "is_cache_known", heap->is_cache_known, true },
		{ "caches", heap->nr_caches, false },
		{ "swapped_in_pages", heap->nr_swapped_in, false },
	};

	return add_group(object, "read", numbers, ARRAY_SIZE(numbers)) ||
	       add_stopped(object, heap);
}

static int fill_heap(struct json_object *object, const struct brkw_heap *heap,
		     const struct brkw_origin *origin)
{
	char comm[BRKW_COMM_TEXT];
	int err;

	brkw_comm_escape(heap->comm, strlen(heap->comm), comm, sizeof(comm));
	err = add_number(object, "abi", BRKW_ABI) || add_number(object, "pid", heap->pid) ||
	      add_text(object, "comm", comm) || add_text(object, "allocator", heap->allocator) ||
	      add_text(object, "libc", heap->libc) ||
	      add_number(object, "threads", heap->nr_threads) ||
	      add_number(object, "page_bytes", (int64_t)heap->sz_page) ||
	      add_read(object, heap) || add_arenas(object, heap) ||
	      add_params(object, &heap->params) || add_histogram(object, heap) ||
	      add_pin(object, &heap->pin) || brkw_growth_json_add_origin(object, origin) ||
	      add_trim(object, &heap->trim);
	return err ? -ENOMEM : 0;
}

int brkw_heap_json_print(const struct brkw_heap *heap, const struct brkw_origin *origin,
			 FILE *out)
{
	struct json_object *object = json_object_new_object();

	return print_object(object, object ? fill_heap(object, heap, origin) : -ENOMEM, out);
}
