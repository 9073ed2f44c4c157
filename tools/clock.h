/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BRKW_CLOCK_H
#define BRKW_CLOCK_H

#include <stdint.h>
#include <time.h>

#define BRKW_NS_PER_SEC		UINT64_C(1000000000)

/**
 * brkw_clock_ns - what a clock says now
 * @clock: CLOCK_BOOTTIME is that of the module's times
 *
 * Return: nanoseconds.
 */
static inline uint64_t brkw_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * BRKW_NS_PER_SEC + (uint64_t)now.tv_nsec;
}

#endif /* BRKW_CLOCK_H */
