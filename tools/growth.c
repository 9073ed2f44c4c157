// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "growth.h"

/* System calls of x86-64, the one machine that is recorded on. */
enum {
	CALL_MMAP = 9,
	CALL_MUNMAP = 11,
	CALL_BRK = 12,
	CALL_MREMAP = 25,
	CALL_SHMAT = 30,
};

#define SZ_PAGE		4096ULL
#define MAX_ERRNO	4095
#define NR_AHEAD	16
#define SZ_PATH		(64 + BRKW_STACK_DEPTH * BRKW_LABEL_LEN)

/* Addresses, and which path made them; regions of a process never overlap. */
struct region {
	uint64_t start, end;
	uint32_t path;
};

/* The regions of one process, in no order. */
struct owner {
	struct region *regions;
	size_t nr_regions;
	size_t sz_room;
};

struct sum {
	const struct brkw_recording *rec;
	struct brkw_growth growth;
	struct owner *owners;	/* one a process of the recording */
	void *tree;
	char text[SZ_PATH];
};

/* A path in the tree. */
struct node {
	const char *text;
	uint32_t path;
};

/* --- labels --- */

const char *brkw_frame_file(const struct brkw_recording *rec, uint32_t frame)
{
	uint32_t module = rec->frames[frame].module;
	const char *path, *slash;

	if (module == BRKW_NO_INDEX)
		return "";
	path = rec->modules[module].path;
	slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

const char *brkw_frame_label(const struct brkw_recording *rec, uint32_t frame, char *ret_text)
{
	const struct brkw_frame *f = &rec->frames[frame];
	char *c;

	if (f->name)
		snprintf(ret_text, BRKW_LABEL_LEN, "%s", f->name);
	else if (f->module != BRKW_NO_INDEX)
		snprintf(ret_text, BRKW_LABEL_LEN, "%s+%#" PRIx64, brkw_frame_file(rec, frame),
			 f->offset);
	else
		snprintf(ret_text, BRKW_LABEL_LEN, "%#" PRIx64, f->offset);
	for (c = ret_text; *c; c++)
		if (*c == ';')
			*c = ':';
	return ret_text;
}

static void fold(struct sum *sum, const struct brkw_event *event)
{
	const struct brkw_stack *stack = &sum->rec->stacks[event->stack];
	char label[BRKW_LABEL_LEN];
	size_t used;
	uint32_t i = stack->nr_frames;

	used = (size_t)snprintf(sum->text, sizeof(sum->text), "%s",
				sum->rec->processes[event->process].comm);
	if (!stack->is_whole)
		used += (size_t)snprintf(sum->text + used, sizeof(sum->text) - used, ";[cut]");
	while (i-- && used < sizeof(sum->text))
		used += (size_t)snprintf(sum->text + used, sizeof(sum->text) - used, ";%s",
					 brkw_frame_label(sum->rec, stack->frames[i], label));
}

/* --- paths --- */

uint64_t brkw_path_kept(const struct brkw_path *path)
{
	return path->grown - path->given_back;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct node *one = a, *other = b;

	return strcmp(one->text, other->text);
}

static int add_path(struct sum *sum, uint32_t stack, uint32_t *ret)
{
	struct brkw_growth *growth = &sum->growth;
	struct node *node = malloc(sizeof(*node));
	struct brkw_path *paths = growth->paths;
	size_t nr = growth->nr_paths;
	char *text = strdup(sum->text);

	if (node && text && !(nr & (nr - 1)))
		paths = reallocarray(paths, nr ? 2 * nr : 1, sizeof(*paths));
	if (!node || !text || !paths) {
		free(node);
		free(text);
		return -ENOMEM;
	}
	growth->paths = paths;
	paths[nr] = (struct brkw_path){ .text = text, .stack = stack };
	*node = (struct node){ .text = text, .path = (uint32_t)nr };
	growth->nr_paths++;
	*ret = (uint32_t)nr;
	if (tsearch(node, &sum->tree, compare_nodes))
		return 0;
	free(node);
	return -ENOMEM;
}

static int get_path(struct sum *sum, const struct brkw_event *event, uint32_t *ret)
{
	struct node key = { .text = sum->text }, **found;

	fold(sum, event);
	found = tfind(&key, &sum->tree, compare_nodes);
	if (!found)
		return add_path(sum, event->stack, ret);
	*ret = (*found)->path;
	return 0;
}

/* --- regions --- */

static int add_region(struct owner *owner, uint64_t start, uint64_t end, uint32_t path)
{
	struct region *regions;
	size_t nr = owner->nr_regions;

	if (start >= end)
		return 0;
	if (nr == owner->sz_room) {
		regions = reallocarray(owner->regions, 2 * nr + 16, sizeof(*regions));
		if (!regions)
			return -ENOMEM;
		owner->regions = regions;
		owner->sz_room = 2 * nr + 16;
	}
	owner->regions[nr] = (struct region){ start, end, path };
	owner->nr_regions++;
	return 0;
}

/* Take [start, end) away from those who own it; returns how much was owned. */
static int take_back(struct sum *sum, struct owner *owner, uint64_t start, uint64_t end,
		     uint64_t *ret_owned)
{
	struct region was;
	size_t i = 0;
	int err = 0;

	*ret_owned = 0;
	while (i < owner->nr_regions && !err) {
		was = owner->regions[i];
		if (was.start >= end || was.end <= start) {
			i++;
			continue;
		}
		owner->regions[i] = owner->regions[--owner->nr_regions];
		err = add_region(owner, was.start, start, was.path) ||
		      add_region(owner, end, was.end, was.path) ? -ENOMEM : 0;
		if (was.start < start)
			was.start = start;
		if (was.end > end)
			was.end = end;
		/* there are regions of paths only: NOLINTNEXTLINE(clang-analyzer-core.*) */
		sum->growth.paths[was.path].given_back += was.end - was.start;
		*ret_owned += was.end - was.start;
	}
	return err;
}

/* --- events --- */

static uint64_t round_up(uint64_t n)
{
	return (n + SZ_PAGE - 1) & ~(SZ_PAGE - 1);
}

/* A call that changes the size twice has answered to the second. */
static bool find_result(const struct sum *sum, const struct brkw_event *event, uint64_t *ret)
{
	const struct brkw_event *end = sum->rec->events + sum->rec->nr_events;
	const struct brkw_event *next = event;
	size_t i;

	for (i = 0; i < NR_AHEAD && next < end; i++, next++) {
		if (next->tid != event->tid)
			continue;
		if (next->call != event->call ||
		    memcmp(next->args, event->args, sizeof(event->args)))
			return false;
		if (!next->has_result)
			continue;
		*ret = next->result;
		return next->result < -(uint64_t)MAX_ERRNO;
	}
	return false;
}

/* Where the event's @bytes begin; false if that is not known. */
static bool find_start(const struct sum *sum, const struct brkw_event *event, uint64_t bytes,
		       uint64_t *ret)
{
	uint64_t at = 0, sz_old = round_up(event->args[1]), sz_new = round_up(event->args[2]);
	bool is_growth = event->bytes > 0, is_known = find_result(sum, event, &at);

	switch (event->call) {
	case CALL_BRK:
		*ret = round_up(event->args[0]) - (is_growth ? bytes : 0);
		return true;
	case CALL_MUNMAP:
		*ret = event->args[0];
		return !is_growth;
	case CALL_MMAP:
	case CALL_SHMAT:
		*ret = is_growth ? at : event->args[0];
		return is_known || !is_growth;
	case CALL_MREMAP:
		if (is_growth)
			*ret = bytes == sz_new ? at : at + sz_old;
		else
			*ret = bytes == sz_old ? event->args[0] : event->args[0] + sz_new;
		return is_known || !is_growth;
	}
	return false;
}

/* How far an unmapping reaches: it names addresses, not what lies there. */
static uint64_t find_length(const struct brkw_event *event, uint64_t bytes)
{
	uint64_t asked = round_up(event->args[1]);

	if (event->call != CALL_MUNMAP && event->call != CALL_MMAP)
		return bytes;
	return asked > bytes ? asked : bytes;
}

static uint64_t size_of(const struct brkw_event *event)
{
	return event->bytes < 0 ? 0 - (uint64_t)event->bytes : (uint64_t)event->bytes;
}

static int apply_growth(struct sum *sum, const struct brkw_event *event)
{
	struct owner *owner = &sum->owners[event->process];
	const struct brkw_stack *stack = &sum->rec->stacks[event->stack];
	uint64_t bytes = size_of(event), start;
	uint32_t path;
	int err = get_path(sum, event, &path);

	if (err)
		return err;
	sum->growth.nr_growths++;
	sum->growth.nr_unwound[stack->how]++;
	sum->growth.nr_whole += stack->is_whole;
	sum->growth.grown += bytes;
	sum->growth.paths[path].grown += bytes;
	sum->growth.paths[path].nr_events++;
	if (find_start(sum, event, bytes, &start))
		err = add_region(owner, start, start + bytes, path);
	return err;
}

static int apply_shrink(struct sum *sum, const struct brkw_event *event)
{
	struct owner *owner = &sum->owners[event->process];
	uint64_t bytes = size_of(event), start, owned = 0;
	int err = 0;

	if (find_start(sum, event, bytes, &start))
		err = take_back(sum, owner, start, start + find_length(event, bytes), &owned);
	sum->growth.given_back += owned;
	sum->growth.unowned += bytes > owned ? bytes - owned : 0;
	return err;
}

static int compare_paths(const void *a, const void *b)
{
	const struct brkw_path *one = a, *other = b;
	uint64_t kept_one = brkw_path_kept(one), kept_other = brkw_path_kept(other);

	if (kept_one != kept_other)
		return kept_one < kept_other ? 1 : -1;
	if (one->grown != other->grown)
		return one->grown < other->grown ? 1 : -1;
	return strcmp(one->text, other->text);
}

static int apply_all(struct sum *sum)
{
	const struct brkw_event *event = sum->rec->events;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sum->rec->nr_events; i++, event++) {
		if (event->bytes > 0)
			err = apply_growth(sum, event);
		else if (event->bytes < 0)
			err = apply_shrink(sum, event);
		else
			sum->growth.nr_failed++;
	}
	return err;
}

int brkw_growth_sum(const struct brkw_recording *rec, struct brkw_growth *ret_growth)
{
	struct sum *sum = calloc(1, sizeof(*sum));
	int err = -ENOMEM;
	size_t i;

	if (!sum)
		return err;
	sum->rec = rec;
	sum->owners = calloc(rec->nr_processes + 1, sizeof(*sum->owners));
	if (sum->owners)
		err = apply_all(sum);
	tdestroy(sum->tree, free);
	for (i = 0; sum->owners && i < rec->nr_processes; i++)
		free(sum->owners[i].regions);
	free(sum->owners);
	if (err) {
		brkw_growth_free(&sum->growth);
	} else {
		*ret_growth = sum->growth;
		if (ret_growth->nr_paths)
			qsort(ret_growth->paths, ret_growth->nr_paths,
			      sizeof(*ret_growth->paths), compare_paths);
	}
	free(sum);
	return err;
}

void brkw_growth_free(struct brkw_growth *growth)
{
	size_t i;

	for (i = 0; i < growth->nr_paths; i++)
		free(growth->paths[i].text);
	free(growth->paths);
}
