// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "comm.h"
#include "format.h"
#include "growth_print.h"
#include "heap.h"
#include "origin.h"
#include "why.h"

#define INDENT	4

/* The process as it was last, if it lived at the end of the recording. */
static const struct brkw_process *find_process(const struct brkw_recording *rec, uint32_t tgid)
{
	size_t i = rec->nr_processes;

	while (i--)
		if (rec->processes[i].tgid == tgid && !rec->processes[i].ended_ns)
			return &rec->processes[i];
	return NULL;
}

/* A number may be somebody else's by now: the names must be the same. */
static int check_process(const struct brkw_recording *rec, const struct brkw_heap *heap,
			 struct brkw_why *why)
{
	const struct brkw_process *process = find_process(rec, (uint32_t)heap->pid);
	char comm[BRKW_COMM_TEXT];

	if (!process)
		return brkw_why_set(why, -ESRCH, "process %d is not in it, or had ended",
				    heap->pid);
	brkw_comm_escape(heap->comm, strlen(heap->comm), comm, sizeof(comm));
	if (!strcmp(process->comm, comm))
		return 0;
	return brkw_why_set(why, -ESRCH, "process %d was %s there, and is %s now", heap->pid,
			    process->comm, comm);
}

static int find_owner(const struct brkw_heap *heap, struct brkw_origin *origin)
{
	int err = brkw_growth_sum(&origin->rec, &origin->growth);

	if (err)
		return err;
	if (!heap->pin.is_known) {
		origin->note = "no pin was found";
		return 0;
	}
	origin->path = brkw_growth_owner(&origin->rec, &origin->growth, (uint32_t)heap->pid,
					 heap->pin.address);
	if (!origin->path)
		origin->note = "it was there before the recording, or was left out of it";
	return 0;
}

int brkw_origin_find(const char *file, const struct brkw_heap *heap,
		     struct brkw_origin *ret_origin, struct brkw_why *why)
{
	struct brkw_origin origin = { .note = NULL };
	int err = brkw_recording_read(file, &origin.rec, why);

	if (err)
		return err;
	err = check_process(&origin.rec, heap, why);
	if (!err && find_owner(heap, &origin))
		err = brkw_why_set(why, -ENOMEM, "no memory for it");
	if (err)
		brkw_recording_free(&origin.rec);
	else
		*ret_origin = origin;
	return err;
}

void brkw_origin_print(const struct brkw_origin *origin, bool is_exact, FILE *out)
{
	const struct brkw_path *path = origin->path;
	char grown[BRKW_FORMAT_LEN], kept[BRKW_FORMAT_LEN];

	if (!path) {
		fprintf(out, "\nWho grew its part of the heap is not known: %s\n", origin->note);
		return;
	}
	brkw_format_number((int64_t)path->grown, BRKW_BYTES, is_exact, grown);
	brkw_format_number((int64_t)brkw_path_kept(path), BRKW_BYTES, is_exact, kept);
	fprintf(out, "\nIts part of the heap was grown by this call path, of %s of which %s are "
		"left:\n", grown, kept);
	brkw_growth_print_stack(&origin->rec, &origin->rec.stacks[path->stack], INDENT, out);
}

void brkw_origin_free(struct brkw_origin *origin)
{
	brkw_growth_free(&origin->growth);
	brkw_recording_free(&origin->rec);
}
