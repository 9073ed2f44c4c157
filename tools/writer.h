/* SPDX-License-Identifier: GPL-2.0 */
/* Writes the lines of a recording; recording.h reads them. */
#ifndef BRKW_WRITER_H
#define BRKW_WRITER_H

#include <stdint.h>
#include <stdio.h>

struct brkw_losses;
struct brkw_raw_event;
struct brkw_sample;
struct brkw_trace;
struct brkw_writer;

/**
 * brkw_writer_new - begin a recording
 * @out: where to; stays open
 *
 * Return: NULL without memory.
 */
struct brkw_writer *brkw_writer_new(FILE *out);

/** brkw_writer_free - drop it; takes NULL */
void brkw_writer_free(struct brkw_writer *w);

/**
 * brkw_writer_note - a line for people
 * @w: the writer
 * @word: "command" or "filter"
 * @text: any bytes
 */
void brkw_writer_note(struct brkw_writer *w, const char *word, const char *text);

/**
 * brkw_writer_process - a process begins, or begins anew by exec
 * @w: the writer
 * @tgid: its number
 * @ts_ns: when
 * @comm: the name, any bytes
 */
void brkw_writer_process(struct brkw_writer *w, uint32_t tgid, uint64_t ts_ns,
			 const char *comm);

/** brkw_writer_ended - a process has ended */
void brkw_writer_ended(struct brkw_writer *w, const struct brkw_raw_event *event);

/**
 * brkw_writer_change - a change, with what of its stack was not written before
 * @w: the writer
 * @event: the change
 * @trace: its stack
 */
void brkw_writer_change(struct brkw_writer *w, const struct brkw_raw_event *event,
			const struct brkw_trace *trace);

/** brkw_writer_correct - what a change has become */
void brkw_writer_correct(struct brkw_writer *w, const struct brkw_raw_event *event);

/** brkw_writer_result - what the system call of a change has answered */
void brkw_writer_result(struct brkw_writer *w, const struct brkw_raw_event *event);

/** brkw_writer_sample - how a process is */
void brkw_writer_sample(struct brkw_writer *w, const struct brkw_sample *sample);

/**
 * brkw_writer_end - the last lines
 * @w: the writer
 * @losses: what is missing
 */
void brkw_writer_end(struct brkw_writer *w, const struct brkw_losses *losses);

#endif /* BRKW_WRITER_H */
