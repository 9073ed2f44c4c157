// SPDX-License-Identifier: GPL-2.0
#include <langinfo.h>
#include <string.h>

#include "spark.h"

#define NR_BARS		8

static const char *const blocks[NR_BARS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii[NR_BARS] = { "_", ".", ":", "-", "=", "+", "*", "#" };

static unsigned int choose_bar(int64_t value, int64_t low, int64_t high)
{
	double part;

	if (high == low)
		return 0;
	part = ((double)value - (double)low) / ((double)high - (double)low);
	return (unsigned int)(part * (NR_BARS - 1) + 0.5);
}

void brkw_spark_draw(const int64_t *values, size_t nr, char *ret_text)
{
	const char *const *bars = strcmp(nl_langinfo(CODESET), "UTF-8") ? ascii : blocks;
	int64_t low = INT64_MAX, high = INT64_MIN;
	size_t i;

	for (i = 0; i < nr; i++) {
		low = values[i] < low ? values[i] : low;
		high = values[i] > high ? values[i] : high;
	}
	*ret_text = '\0';
	for (i = 0; i < nr; i++)
		ret_text = stpcpy(ret_text, bars[choose_bar(values[i], low, high)]);
}
