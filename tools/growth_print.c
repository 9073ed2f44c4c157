// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "growth.h"
#include "growth_print.h"

/* Where the column of call paths begins, and its frames. */
#define INDENT	50

static void print_losses(const struct brkw_recording *rec, FILE *out)
{
	const struct brkw_losses *losses = &rec->losses;

	fprintf(out, "lost        %" PRIu64 " changes, %" PRIu64 " answers of calls, %" PRIu64
		" mappings of code, %" PRIu64 " children not followed\n",
		losses->changes, losses->answers, losses->mappings, losses->processes);
	if (rec->is_short)
		fprintf(out, "            the recording has no end: what came last is missing\n");
}

static void print_sums(const struct brkw_growth *growth, bool is_exact, FILE *out)
{
	char grown[BRKW_FORMAT_LEN], back[BRKW_FORMAT_LEN], other[BRKW_FORMAT_LEN];

	brkw_format_number((int64_t)growth->grown, BRKW_BYTES, is_exact, grown);
	brkw_format_number((int64_t)growth->given_back, BRKW_BYTES, is_exact, back);
	brkw_format_number((int64_t)growth->unowned, BRKW_BYTES, is_exact, other);
	fprintf(out, "grown       %s in %" PRIu64 " changes, %" PRIu64 " more had failed\n",
		grown, growth->nr_growths, growth->nr_failed);
	fprintf(out, "given back  %s of it, and %s that is not known whose\n", back, other);
}

/* Where exec builds a process, nobody has called. */
static void print_stacks(const struct brkw_growth *growth, FILE *out)
{
	uint64_t nr_exec = growth->nr_unwound[BRKW_HOW_EXEC];
	uint64_t nr = growth->nr_growths - nr_exec, nr_whole = growth->nr_whole - nr_exec;
	uint64_t tenths = nr ? nr_whole * 1000 / nr : 1000;

	fprintf(out, "stacks      %" PRIu64 " of %" PRIu64 " end in _start or clone (%" PRIu64
		".%" PRIu64 " %%): %" PRIu64 " by unwind tables,\n            %" PRIu64
		" by frame pointers, %" PRIu64 " not at all; %" PRIu64 " changes by exec itself\n",
		nr_whole, nr, tenths / 10, tenths % 10, growth->nr_unwound[BRKW_HOW_CFI],
		growth->nr_unwound[BRKW_HOW_FP], growth->nr_unwound[BRKW_HOW_NONE], nr_exec);
}

static const char *how_text(enum brkw_how how)
{
	switch (how) {
	case BRKW_HOW_FP:
		return "  (by frame pointers)";
	case BRKW_HOW_NONE:
		return "  (not unwound)";
	default:
		return "";
	}
}

/* Who calls himself is told once, and how often. Returns the next frame. */
static uint32_t print_frame(const struct brkw_recording *rec, const struct brkw_stack *stack,
			    uint32_t i, int indent, FILE *out)
{
	const uint32_t frame = stack->frames[i];
	char label[BRKW_LABEL_LEN];
	uint32_t nr = 1;

	while (i + nr < stack->nr_frames && stack->frames[i + nr] == frame)
		nr++;
	fprintf(out, "%*s%s", indent, "", brkw_frame_label(rec, frame, label));
	if (nr > 1)
		fprintf(out, "  %" PRIu32 " times", nr);
	if (rec->frames[frame].name && *brkw_frame_file(rec, frame))
		fprintf(out, "  [%s]", brkw_frame_file(rec, frame));
	putc('\n', out);
	return i + nr;
}

void brkw_growth_print_stack(const struct brkw_recording *rec, const struct brkw_stack *stack,
			     int indent, FILE *out)
{
	uint32_t i = 0;

	while (i < stack->nr_frames)
		i = print_frame(rec, stack, i, indent, out);
	if (!stack->is_whole)
		fprintf(out, "%*s[cut]\n", indent, "");
}

static void print_path(const struct brkw_recording *rec, const struct brkw_path *path,
		       bool is_exact, FILE *out)
{
	char kept[BRKW_FORMAT_LEN], grown[BRKW_FORMAT_LEN], back[BRKW_FORMAT_LEN];
	const struct brkw_stack *stack = &rec->stacks[path->stack];

	brkw_format_number((int64_t)brkw_path_kept(path), BRKW_BYTES, is_exact, kept);
	brkw_format_number((int64_t)path->grown, BRKW_BYTES, is_exact, grown);
	brkw_format_number((int64_t)path->given_back, BRKW_BYTES, is_exact, back);
	fprintf(out, "\n%12s %12s %12s %8" PRIu64 "  %.*s%s\n", kept, grown, back,
		path->nr_events, (int)strcspn(path->text, ";"), path->text,
		how_text(stack->how));
	brkw_growth_print_stack(rec, stack, INDENT, out);
}

void brkw_growth_print(const struct brkw_recording *rec, const struct brkw_growth *growth,
		       bool is_exact, FILE *out)
{
	size_t i;

	print_losses(rec, out);
	if (rec->command)
		fprintf(out, "recorded    %s\n", rec->command);
	if (rec->filter)
		fprintf(out, "only        %s\n", rec->filter);
	print_sums(growth, is_exact, out);
	print_stacks(growth, out);
	if (growth->nr_paths)
		fprintf(out, "\n%12s %12s %12s %8s  %s\n", "KEPT", "GROWN", "GIVEN BACK",
			"CHANGES", "CALL PATH");
	for (i = 0; i < growth->nr_paths; i++)
		print_path(rec, &growth->paths[i], is_exact, out);
}

void brkw_growth_fold(const struct brkw_growth *growth, FILE *out)
{
	const struct brkw_path *path = growth->paths;
	size_t i;

	for (i = 0; i < growth->nr_paths; i++, path++)
		if (brkw_path_kept(path))
			fprintf(out, "%s %" PRIu64 "\n", path->text, brkw_path_kept(path));
}

/* A quote within a field is doubled. */
static void print_field(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

void brkw_growth_csv(const struct brkw_growth *growth, FILE *out)
{
	const struct brkw_path *path = growth->paths;
	size_t i;

	fprintf(out, "kept_bytes,grown_bytes,given_back_bytes,changes,path\n");
	for (i = 0; i < growth->nr_paths; i++, path++) {
		fprintf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
			brkw_path_kept(path), path->grown, path->given_back, path->nr_events);
		print_field(path->text, out);
		putc('\n', out);
	}
}
