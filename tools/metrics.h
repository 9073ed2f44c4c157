/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints accounts as metrics, in the form of OpenMetrics or in the older one of
 * Prometheus, which node_exporter reads. Names come from the column table; see
 * Documentation/metrics.rst. They are stable.
 */
#ifndef BRKW_METRICS_H
#define BRKW_METRICS_H

#include <stdbool.h>
#include <stdio.h>

struct brkw_column_set;
struct brkw_snapshot;
struct brkw_stats;

/**
 * struct brkw_metrics - what is to be printed
 * @all: every account, for the sums
 * @shown: those that get series of their own
 * @set: columns of numbers become metrics, columns of text labels
 * @stats: what the module says of itself; NULL if it is not known
 * @is_open: OpenMetrics, not Prometheus
 */
struct brkw_metrics {
	const struct brkw_snapshot *all;
	const struct brkw_snapshot *shown;
	const struct brkw_column_set *set;
	const struct brkw_stats *stats;
	bool is_open;
};

/**
 * brkw_metrics_print - print all of it
 * @metrics: what
 * @out: where to
 */
void brkw_metrics_print(const struct brkw_metrics *metrics, FILE *out);

#endif /* BRKW_METRICS_H */
