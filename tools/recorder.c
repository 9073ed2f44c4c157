// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "mappings.h"
#include "proc.h"
#include "recorder.h"
#include "recording.h"
#include "tracer.h"
#include "unwind.h"
#include "why.h"
#include "writer.h"

#define POLL_MS		50
#define SAMPLE_NS	100000000ULL

/* One event that was taken and not yet written. */
struct taken {
	struct taken *next;
	struct brkw_raw_event event;	/* of its stack, what there is */
};

struct brkw_recorder {
	struct brkw_tracer *tracer;
	struct brkw_mappings *mappings;
	struct brkw_unwinder *unwinder;
	struct brkw_writer *writer;
	FILE *out;
	struct taken *first, **last;
	struct brkw_losses losses;
	uint32_t *pids;			/* who is recorded */
	size_t nr_pids;
	uint64_t sampled_ns;
	struct brkw_trace trace;
};

/* --- processes --- */

/* Its place among those who are followed, which may be behind the last. */
static size_t find_pid(const struct brkw_recorder *rec, uint32_t pid)
{
	size_t i = 0;

	while (i < rec->nr_pids && rec->pids[i] != pid)
		i++;
	return i;
}

static bool is_followed(const struct brkw_recorder *rec, uint32_t pid)
{
	return find_pid(rec, pid) < rec->nr_pids;
}

static int follow_pid(struct brkw_recorder *rec, uint32_t pid)
{
	uint32_t *pids;

	if (is_followed(rec, pid))
		return 0;
	pids = reallocarray(rec->pids, rec->nr_pids + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	rec->pids = pids;
	rec->pids[rec->nr_pids++] = pid;
	return 0;
}

static void unfollow_pid(struct brkw_recorder *rec, uint32_t pid)
{
	size_t i = find_pid(rec, pid);

	brkw_unwinder_forget(rec->unwinder, pid);
	if (i < rec->nr_pids)
		rec->pids[i] = rec->pids[--rec->nr_pids];
}

/* One line of /proc/PID/maps, if it is of code. */
static void take_maps_line(struct brkw_recorder *rec, uint32_t pid, char *line)
{
	struct brkw_mapping map = { .start = 0 };
	char rights[8];
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &map.start,
		   &map.end, rights, &map.offset, &at) != 4 || !at || rights[2] != 'x')
		return;
	map.path = line + at;
	brkw_unwinder_map(rec->unwinder, pid, &map);
}

/* What a process that runs already has mapped. */
static void read_maps(struct brkw_recorder *rec, uint32_t pid)
{
	char path[64], *line = NULL;
	size_t sz = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return;
	while (getline(&line, &sz, maps) > 0)
		take_maps_line(rec, pid, line);
	free(line);
	fclose(maps);
}

static void read_comm(struct brkw_recorder *rec, uint32_t pid)
{
	char comm[BRKW_PROC_NAME];

	if (brkw_proc_name((int)pid, comm))
		brkw_writer_process(rec->writer, pid, brkw_clock_ns(CLOCK_MONOTONIC), comm);
}

int brkw_recorder_follow(struct brkw_recorder *rec, uint32_t pid)
{
	int err = brkw_tracer_follow(rec->tracer, pid);

	if (!err)
		err = follow_pid(rec, pid);
	if (err)
		return err;
	read_maps(rec, pid);
	read_comm(rec, pid);
	return 0;
}

/* --- news of mappings --- */

static void take_news(struct brkw_recorder *rec, const struct brkw_news *news)
{
	const struct brkw_mapping map = {
		.start = news->start,
		.end = news->end,
		.offset = news->offset,
		.path = news->text,
	};

	if (news->kind == BRKW_NEWS_FORK && is_followed(rec, news->parent)) {
		brkw_unwinder_fork(rec->unwinder, news->parent, news->pid);
		if (follow_pid(rec, news->pid))
			rec->losses.processes++;
	} else if (!is_followed(rec, news->pid)) {
		return;
	} else if (news->kind == BRKW_NEWS_EXEC) {
		brkw_unwinder_forget(rec->unwinder, news->pid);
		brkw_writer_process(rec->writer, news->pid, news->ts_ns, news->text);
	} else if (news->kind == BRKW_NEWS_MAP) {
		brkw_unwinder_map(rec->unwinder, news->pid, &map);
	}
}

static void take_news_until(struct brkw_recorder *rec, uint64_t ts_ns)
{
	const struct brkw_news *news;

	while ((news = brkw_mappings_next(rec->mappings, ts_ns)))
		take_news(rec, news);
}

/* --- events --- */

/* Called by the tracer: the event is in its ring only until we return. */
static void take_event(void *arg, const struct brkw_raw_event *event, size_t sz)
{
	struct brkw_recorder *rec = arg;
	struct taken *taken = malloc(offsetof(struct taken, event) + sz);

	if (!taken) {
		rec->losses.changes++;
		return;
	}
	taken->next = NULL;
	memcpy(&taken->event, event, sz);
	*rec->last = taken;
	rec->last = &taken->next;
}

/* Whose a number is depends on whether exec came before. */
static void write_event(struct brkw_recorder *rec, const struct brkw_raw_event *event)
{
	take_news_until(rec, event->ts_ns);
	switch (event->kind) {
	case BRKW_RAW_CHANGE:
		brkw_unwinder_unwind(rec->unwinder, event, &rec->trace);
		brkw_writer_change(rec->writer, event, &rec->trace);
		break;
	case BRKW_RAW_CORRECT:
		brkw_writer_correct(rec->writer, event);
		break;
	case BRKW_RAW_RESULT:
		brkw_writer_result(rec->writer, event);
		break;
	case BRKW_RAW_END:
		brkw_writer_ended(rec->writer, event);
		unfollow_pid(rec, event->tgid);
		break;
	}
}

/*
 * A mapping that an event needs was made before it: so when the events have been
 * taken first and the mappings then, none is missing.
 */
static void write_taken(struct brkw_recorder *rec)
{
	struct taken *taken;

	brkw_mappings_drain(rec->mappings);
	while ((taken = rec->first)) {
		rec->first = taken->next;
		write_event(rec, &taken->event);
		free(taken);
	}
	rec->last = &rec->first;
}

/* --- samples --- */

/*
 * The name stands in parentheses and may have any bytes: look behind the last. A
 * zombie has ended.
 */
static bool read_stat(uint32_t pid, struct brkw_sample *ret)
{
	char path[64], text[1024];
	const char *rest;
	uint64_t nr_pages = 0;
	char state;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %" SCNu64 " %*s %" SCNu64
			    " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
			    &state, &ret->nr_minor, &ret->nr_major, &nr_pages) != 4 ||
	    state == 'Z' || state == 'X')
		return false;
	ret->rss_bytes = nr_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

/* Who is gone has no file. */
static void sample_all(struct brkw_recorder *rec)
{
	struct brkw_sample sample = { .ts_ns = brkw_clock_ns(CLOCK_MONOTONIC) };
	size_t i;

	if (sample.ts_ns - rec->sampled_ns < SAMPLE_NS)
		return;
	rec->sampled_ns = sample.ts_ns;
	for (i = 0; i < rec->nr_pids; i++) {
		sample.tgid = rec->pids[i];
		if (read_stat(rec->pids[i], &sample))
			brkw_writer_sample(rec->writer, &sample);
	}
}

/* --- the whole --- */

int brkw_recorder_step(struct brkw_recorder *rec, struct brkw_why *why)
{
	int err = brkw_tracer_poll(rec->tracer, POLL_MS, take_event, rec);

	write_taken(rec);
	sample_all(rec);
	brkw_why_what(why, "record");
	if (err)
		return brkw_why_set(why, err, "the ring of events: %s", strerror(-err));
	if (fflush(rec->out))
		err = -errno;
	else if (ferror(rec->out))
		err = -EIO;
	return err ? brkw_why_set(why, err, "the recording cannot be written: %s", strerror(-err)) : 0;
}

void brkw_recorder_finish(struct brkw_recorder *rec)
{
	brkw_tracer_poll(rec->tracer, 0, take_event, rec);
	write_taken(rec);
	brkw_tracer_losses(rec->tracer, &rec->losses);
	rec->losses.mappings += brkw_mappings_nr_lost(rec->mappings);
	brkw_writer_end(rec->writer, &rec->losses);
}

static int open_parts(struct brkw_recorder *rec, const struct brkw_recorder_options *options,
		      struct brkw_why *why)
{
	int err = brkw_tracer_open(&options->filter, options->sysroot, &rec->tracer, why);

	if (!err)
		err = brkw_mappings_open(&rec->mappings, why);
	if (err)
		return err;
	rec->unwinder = brkw_unwinder_new();
	rec->writer = brkw_writer_new(options->out);
	brkw_why_what(why, "record");
	return rec->unwinder && rec->writer ? 0 : brkw_why_set(why, -ENOMEM, "no memory");
}

/*
 * Kernels before 5.11 charge maps of BPF to this limit, and leave little of it for
 * the rings of perf. libbpf may lift it, too. A command that is run has its own.
 */
static int open_unlimited(struct brkw_recorder *rec, const struct brkw_recorder_options *options,
			  struct brkw_why *why)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit was;
	int err;

	getrlimit(RLIMIT_MEMLOCK, &was);
	setrlimit(RLIMIT_MEMLOCK, &all);
	err = open_parts(rec, options, why);
	setrlimit(RLIMIT_MEMLOCK, &was);
	return err;
}

int brkw_recorder_check(struct brkw_why *why)
{
	(void)why;
	return 0;
}

int brkw_recorder_open(const struct brkw_recorder_options *options, struct brkw_recorder **ret,
		       struct brkw_why *why)
{
	struct brkw_recorder *rec = calloc(1, sizeof(*rec));
	int err;

	brkw_why_what(why, "record");
	if (!rec)
		return brkw_why_set(why, -ENOMEM, "no memory");
	rec->last = &rec->first;
	rec->out = options->out;
	err = open_unlimited(rec, options, why);
	if (err) {
		brkw_recorder_close(rec);
		return err;
	}
	brkw_writer_note(rec->writer, "command", options->command);
	brkw_writer_note(rec->writer, "filter", options->filter_text);
	*ret = rec;
	return 0;
}

void brkw_recorder_close(struct brkw_recorder *rec)
{
	if (!rec)
		return;
	brkw_tracer_close(rec->tracer);
	brkw_mappings_close(rec->mappings);
	brkw_unwinder_free(rec->unwinder);
	brkw_writer_free(rec->writer);
	free(rec->pids);
	free(rec);
}
