// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "pace.h"


int brkw_pace_parse(const char *text, uint64_t *ret_ns)
{
	double seconds;

	/* plain digits alone: strtod() takes words such as nan and 0x1p3 */
	if (!*text || text[strspn(text, "0123456789.")])
		return -EINVAL;
	if (strchr(text, '.') != strrchr(text, '.') || !strpbrk(text, "0123456789"))
		return -EINVAL;
	seconds = strtod(text, NULL);
	if (!(seconds >= 0.01 && seconds <= 1e6))
		return -EINVAL;
	*ret_ns = (uint64_t)(seconds * 1e9);
	return 0;
}

void brkw_pace_start(struct brkw_pace *pace, uint64_t delay_ns)
{
	pace->delay_ns = delay_ns;
	pace->next_ns = brkw_clock_ns(CLOCK_MONOTONIC) + delay_ns;
}

uint64_t brkw_pace_left(const struct brkw_pace *pace)
{
	uint64_t now = brkw_clock_ns(CLOCK_MONOTONIC);

	return pace->next_ns > now ? pace->next_ns - now : 0;
}

void brkw_pace_next(struct brkw_pace *pace)
{
	uint64_t now = brkw_clock_ns(CLOCK_MONOTONIC);

	pace->next_ns += pace->delay_ns;
	if (pace->next_ns < now)
		pace->next_ns = now + pace->delay_ns;
}

int brkw_pace_wait(struct brkw_pace *pace)
{
	struct timespec ts = {
		.tv_sec = (time_t)(pace->next_ns / BRKW_NS_PER_SEC),
		.tv_nsec = (long)(pace->next_ns % BRKW_NS_PER_SEC),
	};

	if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
		return -EINTR;
	brkw_pace_next(pace);
	return 0;
}
