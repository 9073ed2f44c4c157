// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "comm.h"
#include "recording.h"
#include "why.h"

#define NR_BUCKETS	65536

static const char *const change_names[] = {
#define CHANGE_NAME(change, name)	[BRKW_CHANGE_##change] = #name,
	BRKW_CHANGES(CHANGE_NAME)
#undef CHANGE_NAME
};

static const char *const how_names[] = {
	[BRKW_HOW_CFI] = "cfi",
	[BRKW_HOW_FP] = "fp",
	[BRKW_HOW_EXEC] = "exec",
	[BRKW_HOW_NONE] = "none",
};

/* The reading of one file: a change is found again by its process and number. */
struct reader {
	struct brkw_recording rec;
	uint32_t *buckets;	/* newest event of each, BRKW_NO_INDEX for none */
	uint32_t *older;	/* of each event, the next in its bucket */
	size_t sz_older;
	size_t nr_line;
	bool has_end;
};

const char *brkw_change_name(uint32_t change)
{
	return change < BRKW_NR_CHANGES ? change_names[change] : "?";
}

const char *brkw_how_name(enum brkw_how how)
{
	return how_names[how];
}

bool brkw_frame_is_first(const char *name)
{
	/* the last is the second half of ld.so's _start */
	static const char *const names[] = {
		"_start", "clone", "__clone", "clone3", "__clone3", "_dl_start_user",
	};
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* --- words of a line --- */

static char *next_word(char **line)
{
	char *word = strsep(line, " ");

	return word && *word ? word : NULL;
}

static int take_number(char **line, uint64_t *ret)
{
	char *word = next_word(line), *end;

	if (!word || *word == '-')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(word, &end, 0);
	return *end || errno ? -EINVAL : 0;
}

static int take_signed(char **line, int64_t *ret)
{
	char *word = next_word(line), *end;

	if (!word)
		return -EINVAL;
	errno = 0;
	*ret = strtoll(word, &end, 0);
	return *end || errno ? -EINVAL : 0;
}

static int take_u32(char **line, uint32_t *ret)
{
	uint64_t number;

	if (take_number(line, &number) || number >= BRKW_NO_INDEX)
		return -EINVAL;
	*ret = (uint32_t)number;
	return 0;
}

/* The number of a thing that an earlier line has told, or "-". */
static int take_index(char **line, size_t nr, bool may_lack, uint32_t *ret)
{
	if (may_lack && *line && !strncmp(*line, "- ", 2)) {
		*ret = BRKW_NO_INDEX;
		*line += 2;
		return 0;
	}
	return take_u32(line, ret) || *ret >= nr ? -EINVAL : 0;
}

/* What is left of the line is one text, and is there. */
static int take_rest(char **line, char **ret)
{
	if (!*line || !**line)
		return -EINVAL;
	brkw_comm_clean(*line);
	*ret = strdup(*line);
	return *ret ? 0 : -ENOMEM;
}

static int take_name(char **line, const char *const *names, uint32_t nr, uint32_t *ret)
{
	const char *word = next_word(line);
	uint32_t i;

	for (i = 0; word && i < nr; i++) {
		if (strcmp(word, names[i]))
			continue;
		*ret = i;
		return 0;
	}
	return -EINVAL;
}

/* --- tables --- */

/* Room for one more at the end of a table, zeroed; tables grow by doubling. */
static void *grow(void *table, size_t nr, size_t sz)
{
	char *bigger = table;

	if (!(nr & (nr - 1))) {
		bigger = reallocarray(table, nr ? 2 * nr : 1, sz);
		if (!bigger)
			return NULL;
	}
	memset(bigger + nr * sz, 0, sz);
	return bigger;
}

#define ADD(rec, table)								\
	({									\
		void *bigger_ = grow((rec)->table, (rec)->nr_##table,		\
				     sizeof(*(rec)->table));			\
		if (bigger_)							\
			(rec)->table = bigger_;					\
		bigger_ ? &(rec)->table[(rec)->nr_##table++] : NULL;		\
	})

/* Things are numbered in the order of their lines. */
static int check_number(char **line, size_t nr)
{
	uint32_t number;

	return take_u32(line, &number) || number != nr ? -EINVAL : 0;
}

/* --- lines --- */

static bool is_build_id(const char *word)
{
	return !strcmp(word, "-") || !word[strspn(word, "0123456789abcdef")];
}

static int read_module(struct reader *r, char *line)
{
	struct brkw_module *module;
	const char *id;

	if (check_number(&line, r->rec.nr_modules))
		return -EINVAL;
	id = next_word(&line);
	if (!id || !is_build_id(id))
		return -EINVAL;
	module = ADD(&r->rec, modules);
	if (!module)
		return -ENOMEM;
	module->build_id = strdup(id);
	return module->build_id ? take_rest(&line, &module->path) : -ENOMEM;
}

static int read_frame(struct reader *r, char *line)
{
	struct brkw_frame frame = { .module = 0 }, *new;
	int err = 0;

	if (check_number(&line, r->rec.nr_frames) ||
	    take_index(&line, r->rec.nr_modules, true, &frame.module) ||
	    take_number(&line, &frame.offset))
		return -EINVAL;
	if (line && strcmp(line, "-"))
		err = take_rest(&line, &frame.name);
	if (err)
		return err;
	new = ADD(&r->rec, frames);
	if (!new) {
		free(frame.name);
		return -ENOMEM;
	}
	*new = frame;
	return 0;
}

static int read_stack(struct reader *r, char *line)
{
	static const char *const whole_names[] = { "cut", "whole" };
	uint32_t frames[BRKW_STACK_DEPTH], how, is_whole, nr = 0;
	struct brkw_stack *stack;

	if (check_number(&line, r->rec.nr_stacks) ||
	    take_name(&line, how_names, BRKW_NR_HOWS, &how) ||
	    take_name(&line, whole_names, 2, &is_whole))
		return -EINVAL;
	for (; line; nr++)
		if (nr == BRKW_STACK_DEPTH ||
		    take_index(&line, r->rec.nr_frames, false, &frames[nr]))
			return -EINVAL;
	stack = ADD(&r->rec, stacks);
	if (!stack)
		return -ENOMEM;
	stack->frames = malloc(nr * sizeof(*frames) + 1);
	if (!stack->frames)
		return -ENOMEM;
	memcpy(stack->frames, frames, nr * sizeof(*frames));
	stack->nr_frames = nr;
	stack->how = (enum brkw_how)how;
	stack->is_whole = is_whole;
	return 0;
}

static uint32_t bucket_of(uint32_t tgid, uint64_t seq)
{
	return (uint32_t)((seq * 31 + tgid) % NR_BUCKETS);
}

static int remember(struct reader *r, uint32_t i)
{
	const struct brkw_event *event = &r->rec.events[i];
	uint32_t *bucket = &r->buckets[bucket_of(event->tgid, event->seq)];
	uint32_t *older;

	if (i >= r->sz_older) {
		older = reallocarray(r->older, 2 * (size_t)i + 64, sizeof(*older));
		if (!older)
			return -ENOMEM;
		r->older = older;
		r->sz_older = 2 * (size_t)i + 64;
	}
	r->older[i] = *bucket;
	*bucket = i;
	return 0;
}

/* Processes are few: the newest of that number is meant. */
static int find_process(const struct reader *r, uint32_t tgid, uint32_t *ret)
{
	size_t i = r->rec.nr_processes;

	while (i--) {
		if (r->rec.processes[i].tgid != tgid)
			continue;
		*ret = (uint32_t)i;
		return 0;
	}
	return -EINVAL;
}

/* Numbers of changes begin anew by exec, and with the next process of that number. */
static struct brkw_event *find_event(struct reader *r, uint32_t tgid, uint64_t seq)
{
	uint32_t i = r->buckets[bucket_of(tgid, seq)], process;

	if (find_process(r, tgid, &process) || r->rec.processes[process].ended_ns)
		return NULL;
	for (; i != BRKW_NO_INDEX; i = r->older[i])
		if (r->rec.events[i].process == process && r->rec.events[i].seq == seq)
			return &r->rec.events[i];
	return NULL;
}

/* By exec a process goes on as another one. */
static int read_process(struct reader *r, char *line)
{
	struct brkw_process *process;
	uint64_t began_ns;
	uint32_t tgid, was;

	if (take_u32(&line, &tgid) || take_number(&line, &began_ns) || !line ||
	    strlen(line) >= BRKW_COMM_TEXT)
		return -EINVAL;
	if (!find_process(r, tgid, &was) && !r->rec.processes[was].ended_ns)
		r->rec.processes[was].ended_ns = began_ns;
	process = ADD(&r->rec, processes);
	if (!process)
		return -ENOMEM;
	process->tgid = tgid;
	return take_rest(&line, &process->comm);
}

static int read_ended(struct reader *r, char *line)
{
	uint64_t ended_ns;
	uint32_t tgid, process;

	if (take_u32(&line, &tgid) || take_number(&line, &ended_ns) || line)
		return -EINVAL;
	if (!find_process(r, tgid, &process))
		r->rec.processes[process].ended_ns = ended_ns;
	return 0;
}

static int read_event(struct reader *r, char *line)
{
	struct brkw_event event = { .ts_ns = 0 }, *new;
	int i;

	if (take_number(&line, &event.ts_ns) || take_u32(&line, &event.tgid) ||
	    take_u32(&line, &event.tid) || take_number(&line, &event.seq) ||
	    take_name(&line, change_names, BRKW_NR_CHANGES, &event.change) ||
	    take_signed(&line, &event.bytes) || take_number(&line, &event.vm_bytes) ||
	    take_index(&line, r->rec.nr_stacks, false, &event.stack) ||
	    take_signed(&line, &event.call))
		return -EINVAL;
	for (i = 0; i < 3; i++)
		if (take_number(&line, &event.args[i]))
			return -EINVAL;
	if (line || find_process(r, event.tgid, &event.process))
		return -EINVAL;
	new = ADD(&r->rec, events);
	if (!new)
		return -ENOMEM;
	*new = event;
	return remember(r, (uint32_t)(r->rec.nr_events - 1));
}

/* Of a change that was left out nothing has to be corrected. */
static int read_correct(struct reader *r, char *line)
{
	struct brkw_event *event;
	uint32_t tgid;
	uint64_t seq;
	int64_t bytes;

	if (take_u32(&line, &tgid) || take_number(&line, &seq) || take_signed(&line, &bytes) ||
	    line)
		return -EINVAL;
	event = find_event(r, tgid, seq);
	if (!event)
		return 0;
	event->bytes = bytes;
	event->is_corrected = true;
	return 0;
}

static int read_result(struct reader *r, char *line)
{
	struct brkw_event *event;
	uint32_t tgid;
	uint64_t seq, result;

	if (take_u32(&line, &tgid) || take_number(&line, &seq) || take_number(&line, &result) ||
	    line)
		return -EINVAL;
	event = find_event(r, tgid, seq);
	if (!event)
		return 0;
	event->result = result;
	event->has_result = true;
	return 0;
}

static int read_sample(struct reader *r, char *line)
{
	struct brkw_sample sample, *new;

	if (take_number(&line, &sample.ts_ns) || take_u32(&line, &sample.tgid) ||
	    take_number(&line, &sample.rss_bytes) || take_number(&line, &sample.nr_minor) ||
	    take_number(&line, &sample.nr_major) || line)
		return -EINVAL;
	new = ADD(&r->rec, samples);
	if (!new)
		return -ENOMEM;
	*new = sample;
	return 0;
}

static int read_lost(struct reader *r, char *line)
{
	struct brkw_losses *losses = &r->rec.losses;

	return take_number(&line, &losses->changes) || take_number(&line, &losses->answers) ||
	       take_number(&line, &losses->mappings) ||
	       take_number(&line, &losses->processes) || line ? -EINVAL : 0;
}

static int read_command(struct reader *r, char *line)
{
	free(r->rec.command);
	r->rec.command = NULL;
	return take_rest(&line, &r->rec.command);
}

static int read_filter(struct reader *r, char *line)
{
	free(r->rec.filter);
	r->rec.filter = NULL;
	return take_rest(&line, &r->rec.filter);
}

/* cppcheck-suppress constParameter ; one of a table */
static int read_end(struct reader *r, char *line)
{
	r->has_end = true;
	return line ? -EINVAL : 0;
}

static const struct {
	const char *word;
	int (*read)(struct reader *r, char *line);
} line_kinds[] = {
	{ "event", read_event },
	{ "correct", read_correct },
	{ "result", read_result },
	{ "frame", read_frame },
	{ "stack", read_stack },
	{ "module", read_module },
	{ "process", read_process },
	{ "ended", read_ended },
	{ "sample", read_sample },
	{ "lost", read_lost },
	{ "command", read_command },
	{ "filter", read_filter },
	{ "end", read_end },
};

/* A line of a kind that we do not know is a newer recorder's: no harm. */
static int read_line(struct reader *r, char *line)
{
	const char *word = strsep(&line, " ");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(line_kinds); i++)
		if (!strcmp(word, line_kinds[i].word))
			return line_kinds[i].read(r, line);
	return 0;
}

static int read_header(const char *line, struct brkw_why *why)
{
	unsigned int version;
	int end = 0;

	if (sscanf(line, "brkwatch-recording %u%n", &version, &end) != 1 || line[end])
		return brkw_why_set(why, -EINVAL, "this is no recording of brkwatch");
	if (version != BRKW_RECORDING_VERSION)
		return brkw_why_set(why, -EPROTO, "the recording is of version %u, known is %d",
				    version, BRKW_RECORDING_VERSION);
	return 0;
}

/* A last line without its end was being written when the recorder was killed. */
static int read_lines(struct reader *r, FILE *in, struct brkw_why *why)
{
	char *line = NULL;
	size_t sz = 0;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&line, &sz, in)) > 0) {
		if (line[len - 1] != '\n')
			break;
		line[len - 1] = '\0';
		r->nr_line++;
		err = r->nr_line == 1 ? read_header(line, why) : read_line(r, line);
		if (err == -ENOMEM)
			brkw_why_set(why, err, "no memory for it");
		else if (err && r->nr_line > 1)
			brkw_why_set(why, err, "line %zu is not understood", r->nr_line);
	}
	free(line);
	if (!err && ferror(in))
		err = brkw_why_set(why, -EIO, "it cannot be read to its end");
	if (!err && !r->nr_line)
		err = brkw_why_set(why, -EINVAL, "this is no recording of brkwatch");
	return err;
}

int brkw_recording_read(const char *path, struct brkw_recording *ret_rec, struct brkw_why *why)
{
	struct reader r = { .nr_line = 0 };
	FILE *in;
	int err;

	brkw_why_what(why, "%s", path);
	in = fopen(path, "re");
	if (!in)
		return brkw_why_set(why, -errno, "%s", strerror(errno));
	r.buckets = malloc(NR_BUCKETS * sizeof(*r.buckets));
	if (r.buckets) {
		memset(r.buckets, 0xff, NR_BUCKETS * sizeof(*r.buckets));
		err = read_lines(&r, in, why);
	} else {
		err = brkw_why_set(why, -ENOMEM, "no memory for it");
	}
	fclose(in);
	free(r.buckets);
	free(r.older);
	r.rec.is_short = !r.has_end;
	if (err)
		brkw_recording_free(&r.rec);
	else
		*ret_rec = r.rec;
	return err;
}

void brkw_recording_free(struct brkw_recording *rec)
{
	size_t i;

	for (i = 0; i < rec->nr_modules; i++) {
		free(rec->modules[i].path);
		free(rec->modules[i].build_id);
	}
	for (i = 0; i < rec->nr_frames; i++)
		free(rec->frames[i].name);
	for (i = 0; i < rec->nr_stacks; i++)
		free(rec->stacks[i].frames);
	for (i = 0; i < rec->nr_processes; i++)
		free(rec->processes[i].comm);
	free(rec->modules);
	free(rec->frames);
	free(rec->stacks);
	free(rec->processes);
	free(rec->events);
	free(rec->samples);
	free(rec->command);
	free(rec->filter);
	memset(rec, 0, sizeof(*rec));
}
