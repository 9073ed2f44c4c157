// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/record_bpf.h"
#include "comm.h"
#include "recording.h"
#include "syscall.h"
#include "unwind.h"
#include "writer.h"

#define SZ_TEXT		4200

/* What follows the number of a line, with that number: each is written once. */
struct line {
	char *text;
	uint32_t number;
};

/* Lines of one kind. */
struct lines {
	const char *word;
	void *tree;
	uint32_t nr;
};

struct brkw_writer {
	FILE *out;
	struct lines modules, frames, stacks;
	struct lines processes;	/* by number: a line of it was written */
};

static int compare_lines(const void *a, const void *b)
{
	const struct line *one = a, *other = b;

	return strcmp(one->text, other->text);
}

static void free_line(void *node)
{
	struct line *line = node;

	free(line->text);
	free(line);
}

/* Without memory the line is written again, under a number of its own. */
static uint32_t number_of(struct brkw_writer *w, struct lines *lines, char *text)
{
	struct line key = { .text = text }, *line;
	struct line **found = tfind(&key, &lines->tree, compare_lines);
	uint32_t number = lines->nr;

	if (found)
		return (*found)->number;
	fprintf(w->out, "%s %" PRIu32 " %s\n", lines->word, number, text);
	lines->nr++;
	line = malloc(sizeof(*line));
	if (!line)
		return number;
	line->text = strdup(text);
	line->number = number;
	if (!line->text || !tsearch(line, &lines->tree, compare_lines))
		free_line(line);
	return number;
}

static uint32_t number_of_module(struct brkw_writer *w, const struct brkw_place *place)
{
	char text[SZ_TEXT];

	if (!place->path)
		return BRKW_NO_INDEX;
	snprintf(text, sizeof(text), "%s %s", place->build_id ? place->build_id : "-",
		 place->path);
	brkw_comm_clean(text);
	return number_of(w, &w->modules, text);
}

static uint32_t number_of_frame(struct brkw_writer *w, const struct brkw_place *place)
{
	uint32_t module = number_of_module(w, place);
	char text[SZ_TEXT], number[16] = "-";

	if (module != BRKW_NO_INDEX)
		snprintf(number, sizeof(number), "%" PRIu32, module);
	snprintf(text, sizeof(text), "%s %#" PRIx64 " %s", number, place->offset,
		 place->name ? place->name : "-");
	brkw_comm_clean(text);
	return number_of(w, &w->frames, text);
}

static uint32_t number_of_stack(struct brkw_writer *w, const struct brkw_trace *trace)
{
	char text[16 + BRKW_STACK_DEPTH * 12];
	size_t used;
	uint32_t i;

	used = (size_t)snprintf(text, sizeof(text), "%s %s", brkw_how_name(trace->how),
				trace->is_whole ? "whole" : "cut");
	for (i = 0; i < trace->nr_places; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %" PRIu32,
					 number_of_frame(w, &trace->places[i]));
	return number_of(w, &w->stacks, text);
}

void brkw_writer_note(struct brkw_writer *w, const char *word, const char *text)
{
	char line[SZ_TEXT];

	snprintf(line, sizeof(line), "%s", text);
	brkw_comm_clean(line);
	if (*line)
		fprintf(w->out, "%s %s\n", word, line);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct line *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

static bool is_known(struct brkw_writer *w, uint32_t tgid)
{
	struct line key = { .number = tgid };

	return tfind(&key, &w->processes.tree, compare_numbers);
}

void brkw_writer_process(struct brkw_writer *w, uint32_t tgid, uint64_t ts_ns,
			 const char *comm)
{
	char text[BRKW_COMM_TEXT];
	struct line *line;

	brkw_comm_escape(comm, strnlen(comm, BRKW_COMM_LEN), text, sizeof(text));
	fprintf(w->out, "process %" PRIu32 " %" PRIu64 " %s\n", tgid, ts_ns, *text ? text : "?");
	if (is_known(w, tgid))
		return;
	line = calloc(1, sizeof(*line));
	if (!line)
		return;
	line->number = tgid;
	if (!tsearch(line, &w->processes.tree, compare_numbers))
		free_line(line);
}

void brkw_writer_change(struct brkw_writer *w, const struct brkw_raw_event *event,
			const struct brkw_trace *trace)
{
	const struct brkw_syscall call = brkw_syscall_read(event);
	uint32_t stack = number_of_stack(w, trace);

	/* a thread may have a name of its own: that of the process is told at exec */
	if (!is_known(w, event->tgid))
		brkw_writer_process(w, event->tgid, event->ts_ns, event->comm);
	fprintf(w->out,
		"event %" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %s %" PRId64 " %" PRIu64
		" %" PRIu32 " %" PRId64 " %#" PRIx64 " %#" PRIx64 " %#" PRIx64 "\n",
		(uint64_t)event->ts_ns, event->tgid, event->tid, (uint64_t)event->seq,
		brkw_change_name(event->change), (int64_t)event->bytes,
		(uint64_t)event->vm_bytes, stack, call.number, call.args[0], call.args[1],
		call.args[2]);
}

void brkw_writer_correct(struct brkw_writer *w, const struct brkw_raw_event *event)
{
	fprintf(w->out, "correct %" PRIu32 " %" PRIu64 " %" PRId64 "\n", event->tgid,
		(uint64_t)event->seq, (int64_t)event->bytes);
}

void brkw_writer_result(struct brkw_writer *w, const struct brkw_raw_event *event)
{
	fprintf(w->out, "result %" PRIu32 " %" PRIu64 " %#" PRIx64 "\n", event->tgid,
		(uint64_t)event->seq, (uint64_t)event->vm_bytes);
}

/* The next process of that number is told anew. */
void brkw_writer_ended(struct brkw_writer *w, const struct brkw_raw_event *event)
{
	struct line key = { .number = event->tgid }, **found, *line;

	found = tfind(&key, &w->processes.tree, compare_numbers);
	if (found) {
		line = *found;
		tdelete(line, &w->processes.tree, compare_numbers);
		free_line(line);
	}
	fprintf(w->out, "ended %" PRIu32 " %" PRIu64 "\n", event->tgid, (uint64_t)event->ts_ns);
}

void brkw_writer_sample(struct brkw_writer *w, const struct brkw_sample *sample)
{
	fprintf(w->out, "sample %" PRIu64 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		sample->ts_ns, sample->tgid, sample->rss_bytes, sample->nr_minor,
		sample->nr_major);
}

void brkw_writer_end(struct brkw_writer *w, const struct brkw_losses *losses)
{
	fprintf(w->out, "lost %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\nend\n",
		losses->changes, losses->answers, losses->mappings, losses->processes);
}

struct brkw_writer *brkw_writer_new(FILE *out)
{
	struct brkw_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->out = out;
	w->modules.word = "module";
	w->frames.word = "frame";
	w->stacks.word = "stack";
	fprintf(out, "brkwatch-recording %d\n", BRKW_RECORDING_VERSION);
	return w;
}

void brkw_writer_free(struct brkw_writer *w)
{
	if (!w)
		return;
	tdestroy(w->modules.tree, free_line);
	tdestroy(w->frames.tree, free_line);
	tdestroy(w->stacks.tree, free_line);
	tdestroy(w->processes.tree, free_line);
	free(w);
}
