/* SPDX-License-Identifier: GPL-2.0 */
/* Something again and again, at even times. */
#ifndef BRKW_PACE_H
#define BRKW_PACE_H

#include <stdint.h>

/**
 * struct brkw_pace - when it is time again
 * @delay_ns: from one time to the next
 * @next_ns: CLOCK_MONOTONIC of the next
 */
struct brkw_pace {
	uint64_t delay_ns;
	uint64_t next_ns;
};

/**
 * brkw_pace_parse - read a number of seconds such as 2 or 0.5
 * @text: terminated
 * @ret_ns: written only on success
 *
 * Return: 0, or -EINVAL if it is no number from 0.01 to a million.
 */
int brkw_pace_parse(const char *text, uint64_t *ret_ns);

/**
 * brkw_pace_start - the first time is now
 * @pace: filled in
 * @delay_ns: from one time to the next
 */
void brkw_pace_start(struct brkw_pace *pace, uint64_t delay_ns);

/**
 * brkw_pace_left - how long it is to the next time, without waiting
 * @pace: started
 *
 * Return: nanoseconds, 0 if it is over.
 */
uint64_t brkw_pace_left(const struct brkw_pace *pace);

/**
 * brkw_pace_next - the next time is one further; times that are over are left out
 * @pace: started
 */
void brkw_pace_next(struct brkw_pace *pace);

/**
 * brkw_pace_wait - wait for the next time
 * @pace: moved one further
 *
 * Return: 0, or -EINTR if a signal came.
 */
int brkw_pace_wait(struct brkw_pace *pace);

#endif /* BRKW_PACE_H */
