/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who grew and did not give back: a recording, added up by call path. Each
 * growth owns the addresses that it made; what takes them away again gives back
 * what their owner grew by.
 */
#ifndef BRKW_GROWTH_H
#define BRKW_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "claims.h"
#include "recording.h"

/**
 * struct brkw_path - one call path of the processes of one name
 * @text: its frames, the outermost first, ';' between; first the process
 * @stack: index of a stack of it
 * @nr_events: how often it grew
 * @grown: by how many bytes
 * @given_back: how many of them are gone again
 * @number: what claims call it
 */
struct brkw_path {
	char *text;
	uint32_t stack;
	uint32_t number;
	uint64_t nr_events;
	uint64_t grown;
	uint64_t given_back;
};

/** enum brkw_kind - what addresses are there for */
enum brkw_kind {
	BRKW_KIND_HEAP,		/* the one of brk() */
	BRKW_KIND_ANON_PRIVATE,
	BRKW_KIND_ANON_SHARED,
	BRKW_KIND_FILE_PRIVATE,
	BRKW_KIND_FILE_SHARED,
	BRKW_KIND_OTHER,	/* stacks, and what is not known */
	BRKW_NR_KINDS
};

/**
 * struct brkw_step - at a moment, all processes together have more or less of a kind
 * @ts_ns: when
 * @bytes: by how much
 * @kind: of what
 */
struct brkw_step {
	uint64_t ts_ns;
	int64_t bytes;
	enum brkw_kind kind;
};

/**
 * struct brkw_growth - all of it
 * @paths: those that kept most first
 * @nr_paths: how many
 * @steps: how it went, in the order of time; processes that end take all along
 * @nr_steps: how many
 * @claims: of each process of the recording, who has made what it has
 * @nr_claims: how many
 * @grown: sum of all
 * @given_back: sum of all, without @unowned
 * @unowned: what was given back and had grown before the recording, or by whom
 *	     is not known
 * @nr_growths: events of growth, but those that failed
 * @nr_failed: growths that were taken back whole
 * @nr_unwound: stacks of growths by &enum brkw_how
 * @nr_whole: stacks of growths down to where the thread began
 */
struct brkw_growth {
	struct brkw_path *paths;
	size_t nr_paths;
	struct brkw_step *steps;
	size_t nr_steps;
	struct brkw_claims *claims;
	size_t nr_claims;
	uint64_t grown;
	uint64_t given_back;
	uint64_t unowned;
	uint64_t nr_growths;
	uint64_t nr_failed;
	uint64_t nr_unwound[BRKW_NR_HOWS];
	uint64_t nr_whole;
};

/* Room for the text of any frame. */
#define BRKW_LABEL_LEN		512

/**
 * brkw_growth_sum - add up a recording
 * @rec: the recording
 * @ret_growth: written only on success; freed with brkw_growth_free()
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_growth_sum(const struct brkw_recording *rec, struct brkw_growth *ret_growth);

/** brkw_growth_free - drop the sums */
void brkw_growth_free(struct brkw_growth *growth);

/**
 * brkw_growth_owner - who has made what lies at an address
 * @rec: the recording
 * @growth: its sums
 * @tgid: a process that lived at its end
 * @addr: the address
 *
 * Return: the path; NULL if it was made before, or nobody knows.
 */
const struct brkw_path *brkw_growth_owner(const struct brkw_recording *rec,
					  const struct brkw_growth *growth, uint32_t tgid,
					  uint64_t addr);

/** brkw_path_kept - what a path grew by and did not give back */
uint64_t brkw_path_kept(const struct brkw_path *path);

/**
 * brkw_frame_label - what to call a frame, never nothing
 * @rec: the recording
 * @frame: index
 * @ret_text: BRKW_LABEL_LEN bytes: the function, or file and offset, or address
 *
 * Return: @ret_text.
 */
const char *brkw_frame_label(const struct brkw_recording *rec, uint32_t frame, char *ret_text);

/** brkw_frame_file - the file that a frame is in, without its folder, or "" */
const char *brkw_frame_file(const struct brkw_recording *rec, uint32_t frame);

#endif /* BRKW_GROWTH_H */
