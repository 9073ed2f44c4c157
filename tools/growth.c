// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm.h"
#include "growth.h"

#define SZ_PAGE		4096ULL
#define MAX_ERRNO	4095
#define NR_AHEAD	16
#define SZ_OFFSET	sizeof("+0x0123456789abcdef")
#define SZ_LABELS	sizeof(char[BRKW_STACK_DEPTH][BRKW_LABEL_LEN])
#define SZ_PATH		(BRKW_COMM_TEXT + sizeof(";[cut]") + SZ_LABELS)

struct sum {
	const struct brkw_recording *rec;
	struct brkw_growth growth;
	int64_t (*sizes)[BRKW_NR_KINDS];	/* of each process, what it is larger by */
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

/* What stands between frames stands in none of them. */
static void replace_separators(char *text)
{
	for (; *text; text++)
		if (*text == ';')
			*text = ':';
}

const char *brkw_frame_label(const struct brkw_recording *rec, uint32_t frame, char *ret_text)
{
	const struct brkw_frame *f = &rec->frames[frame];
	const char *text = f->name ? f->name : brkw_frame_file(rec, frame);

	if (f->name)
		snprintf(ret_text, BRKW_LABEL_LEN, "%.*s",
			 (int)brkw_comm_cut(text, BRKW_LABEL_LEN - 1), text);
	else if (f->module != BRKW_NO_INDEX)
		snprintf(ret_text, BRKW_LABEL_LEN, "%.*s+%#" PRIx64,
			 (int)brkw_comm_cut(text, BRKW_LABEL_LEN - SZ_OFFSET), text, f->offset);
	else
		snprintf(ret_text, BRKW_LABEL_LEN, "%#" PRIx64, f->offset);
	replace_separators(ret_text);
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
	replace_separators(sum->text);
	if (!stack->is_whole && used < sizeof(sum->text))
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
	paths[nr] = (struct brkw_path){ .text = text, .stack = stack, .number = (uint32_t)nr };
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

/* --- steps --- */

static enum brkw_kind kind_of_change(uint32_t change)
{
	switch (change) {
	case BRKW_CHANGE_BRK:
		return BRKW_KIND_HEAP;
	case BRKW_CHANGE_ANON_PRIVATE:
		return BRKW_KIND_ANON_PRIVATE;
	case BRKW_CHANGE_ANON_SHARED:
		return BRKW_KIND_ANON_SHARED;
	case BRKW_CHANGE_FILE_PRIVATE:
		return BRKW_KIND_FILE_PRIVATE;
	case BRKW_CHANGE_FILE_SHARED:
		return BRKW_KIND_FILE_SHARED;
	default:
		return BRKW_KIND_OTHER;
	}
}

static int add_step(struct brkw_growth *growth, uint64_t ts_ns, enum brkw_kind kind,
		    int64_t bytes)
{
	struct brkw_step *steps = growth->steps;
	size_t nr = growth->nr_steps;

	if (!(nr & (nr - 1)))
		steps = reallocarray(steps, nr ? 2 * nr : 1, sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	growth->steps = steps;
	steps[nr] = (struct brkw_step){ .ts_ns = ts_ns, .kind = kind, .bytes = bytes };
	growth->nr_steps++;
	return 0;
}

static int take_step(struct sum *sum, const struct brkw_event *event, enum brkw_kind kind,
		     int64_t bytes)
{
	sum->sizes[event->process][kind] += bytes;
	return bytes ? add_step(&sum->growth, event->ts_ns, kind, bytes) : 0;
}

/* With a process goes all that it has. */
static int end_processes(struct sum *sum)
{
	const struct brkw_process *process = sum->rec->processes;
	size_t i, kind;
	int err = 0;

	for (i = 0; i < sum->rec->nr_processes; i++, process++)
		for (kind = 0; !err && kind < BRKW_NR_KINDS && process->ended_ns; kind++)
			if (sum->sizes[i][kind])
				err = add_step(&sum->growth, process->ended_ns,
					       (enum brkw_kind)kind, -sum->sizes[i][kind]);
	return err;
}

/* --- claims --- */

/* Take [start, end) away from those who own it; adds up how much was owned. */
static int take_back(struct sum *sum, const struct brkw_event *event, uint64_t start,
		     uint64_t end, uint64_t *ret_owned)
{
	struct brkw_claims *claims = &sum->growth.claims[event->process];
	struct brkw_claim piece = { .start = 0 };
	uint64_t bytes;
	int err;

	*ret_owned = 0;
	while ((err = brkw_claims_take(claims, start, end, &piece)) > 0) {
		bytes = piece.end - piece.start;
		/* there are claims of paths only: NOLINTNEXTLINE(clang-analyzer-core.*) */
		sum->growth.paths[piece.path].given_back += bytes;
		*ret_owned += bytes;
		err = take_step(sum, event, (enum brkw_kind)piece.kind, -(int64_t)bytes);
		if (err)
			break;
	}
	sum->growth.given_back += *ret_owned;
	return err;
}

/* --- events --- */

static uint64_t round_up(uint64_t n)
{
	return (n + SZ_PAGE - 1) & ~(SZ_PAGE - 1);
}

static uint64_t round_down(uint64_t n)
{
	return n & ~(SZ_PAGE - 1);
}

static bool is_same_call(const struct brkw_event *one, const struct brkw_event *other)
{
	return one->call == other->call && !memcmp(one->args, other->args, sizeof(one->args));
}

static uint64_t size_of(const struct brkw_event *event)
{
	return event->bytes < 0 ? 0 - (uint64_t)event->bytes : (uint64_t)event->bytes;
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
		if (!is_same_call(next, event))
			return false;
		if (!next->has_result)
			continue;
		*ret = next->result;
		return next->result < -(uint64_t)MAX_ERRNO;
	}
	return false;
}

/*
 * A segment that was split, as by mprotect(), goes piece by piece, the lowest first,
 * in one call: how much of it is gone? What has an answer was a call of its own.
 */
static uint64_t find_detached(const struct sum *sum, const struct brkw_event *event)
{
	const struct brkw_event *last = event;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < NR_AHEAD && last > sum->rec->events; i++) {
		last--;
		if (last->tid != event->tid)
			continue;
		if (!is_same_call(last, event) || last->has_result)
			break;
		bytes += size_of(last);
	}
	return bytes;
}

/* Where the event's @bytes begin; false if that is not known. */
static bool find_start(const struct sum *sum, const struct brkw_event *event, uint64_t bytes,
		       uint64_t *ret)
{
	uint64_t at = 0, sz_old = round_up(event->args[1]), sz_new = round_up(event->args[2]);
	bool is_growth = event->bytes > 0, is_known = find_result(sum, event, &at);

	switch (event->call) {
	case BRKW_CALL_BRK:
		*ret = round_up(event->args[0]) - (is_growth ? bytes : 0);
		return true;
	case BRKW_CALL_MUNMAP:
		*ret = event->args[0];
		return !is_growth;
	case BRKW_CALL_SHMDT:
		*ret = event->args[0] + find_detached(sum, event);
		return !is_growth;
	case BRKW_CALL_MMAP:
		*ret = is_growth ? at : event->args[0];
		return is_known || !is_growth;
	case BRKW_CALL_SHMAT:
		*ret = is_growth ? at : round_down(event->args[1]);
		return is_known || !is_growth;
	case BRKW_CALL_MREMAP:
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

	if (event->call != BRKW_CALL_MUNMAP && event->call != BRKW_CALL_MMAP)
		return bytes;
	return asked > bytes ? asked : bytes;
}

/* A mapping that becomes larger stays of its kind. */
static enum brkw_kind kind_of(const struct sum *sum, const struct brkw_event *event)
{
	const struct brkw_claim *claim = NULL;

	if (event->change == BRKW_CHANGE_MREMAP)
		claim = brkw_claims_find(&sum->growth.claims[event->process], event->args[0]);
	return claim ? (enum brkw_kind)claim->kind : kind_of_change(event->change);
}

static void count_growth(struct sum *sum, const struct brkw_event *event, uint32_t path)
{
	const struct brkw_stack *stack = &sum->rec->stacks[event->stack];

	sum->growth.nr_growths++;
	sum->growth.nr_unwound[stack->how]++;
	sum->growth.nr_whole += stack->is_whole;
	sum->growth.grown += size_of(event);
	sum->growth.paths[path].grown += size_of(event);
	sum->growth.paths[path].nr_events++;
}

/* Whose end got lost has lain there before. */
static int add_claim(struct sum *sum, const struct brkw_event *event, uint32_t path,
		 enum brkw_kind kind)
{
	struct brkw_claim claim = { .path = path, .kind = kind };
	uint64_t owned;
	int err;

	if (!find_start(sum, event, size_of(event), &claim.start))
		return 0;
	claim.end = claim.start + size_of(event);
	err = take_back(sum, event, claim.start, claim.end, &owned);
	return err ? err : brkw_claims_add(&sum->growth.claims[event->process], &claim);
}

static int apply_growth(struct sum *sum, const struct brkw_event *event)
{
	enum brkw_kind kind = kind_of(sum, event);
	uint32_t path;
	int err = get_path(sum, event, &path);

	if (err)
		return err;
	count_growth(sum, event, path);
	err = take_step(sum, event, kind, event->bytes);
	return err ? err : add_claim(sum, event, path, kind);
}

/* exec maps a file as a whole, and then takes away what lies between its parts. */
static enum brkw_kind kind_of_lost(const struct brkw_event *event)
{
	bool is_exec = event->call == BRKW_CALL_EXECVE || event->call == BRKW_CALL_EXECVEAT;

	return is_exec ? BRKW_KIND_FILE_PRIVATE : kind_of_change(event->change);
}

/* What was there before the recording is of the kind that such a call takes. */
static int apply_shrink(struct sum *sum, const struct brkw_event *event)
{
	uint64_t bytes = size_of(event), start, owned = 0;
	int err = 0;

	if (find_start(sum, event, bytes, &start))
		err = take_back(sum, event, start, start + find_length(event, bytes), &owned);
	if (err || bytes <= owned)
		return err;
	sum->growth.unowned += bytes - owned;
	return take_step(sum, event, kind_of_lost(event), -(int64_t)(bytes - owned));
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
		else if (event->is_corrected)
			sum->growth.nr_failed++;
	}
	return err;
}

static int compare_steps(const void *a, const void *b)
{
	const struct brkw_step *one = a, *other = b;

	if (one->ts_ns != other->ts_ns)
		return one->ts_ns > other->ts_ns ? 1 : -1;
	if (one->kind != other->kind)
		return one->kind > other->kind ? 1 : -1;
	return (one->bytes > other->bytes) - (one->bytes < other->bytes);
}

static void sort_all(struct brkw_growth *growth)
{
	if (growth->nr_paths)
		qsort(growth->paths, growth->nr_paths, sizeof(*growth->paths), compare_paths);
	if (growth->nr_steps)
		qsort(growth->steps, growth->nr_steps, sizeof(*growth->steps), compare_steps);
}

int brkw_growth_sum(const struct brkw_recording *rec, struct brkw_growth *ret_growth)
{
	struct sum *sum = calloc(1, sizeof(*sum));
	int err = -ENOMEM;

	if (!sum)
		return err;
	sum->rec = rec;
	sum->growth.nr_claims = rec->nr_processes;
	sum->growth.claims = calloc(rec->nr_processes + 1, sizeof(*sum->growth.claims));
	sum->sizes = calloc(rec->nr_processes + 1, sizeof(*sum->sizes));
	if (sum->growth.claims && sum->sizes)
		err = apply_all(sum);
	if (!err)
		err = end_processes(sum);
	tdestroy(sum->tree, free);
	free(sum->sizes);
	sort_all(&sum->growth);
	if (err)
		brkw_growth_free(&sum->growth);
	else
		*ret_growth = sum->growth;
	free(sum);
	return err;
}

const struct brkw_path *brkw_growth_owner(const struct brkw_recording *rec,
					  const struct brkw_growth *growth, uint32_t tgid,
					  uint64_t addr)
{
	const struct brkw_claim *claim = NULL;
	size_t i = rec->nr_processes;

	while (!claim && i--)
		if (rec->processes[i].tgid == tgid && !rec->processes[i].ended_ns)
			claim = brkw_claims_find(&growth->claims[i], addr);
	for (i = 0; claim && i < growth->nr_paths; i++)
		if (growth->paths[i].number == claim->path)
			return &growth->paths[i];
	return NULL;
}

void brkw_growth_free(struct brkw_growth *growth)
{
	size_t i;

	for (i = 0; i < growth->nr_paths; i++)
		free(growth->paths[i].text);
	for (i = 0; growth->claims && i < growth->nr_claims; i++)
		brkw_claims_free(&growth->claims[i]);
	free(growth->paths);
	free(growth->claims);
	free(growth->steps);
}
