// SPDX-License-Identifier: GPL-2.0
/* The file stats, and what doctor makes of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../check.h"
#include "../exact.h"
#include "../json.h"
#include "../source.h"
#include "../stats.h"
#include "../why.h"
#include "fuzz.h"

static struct brkw_source src;
static char folder[64];

static void remove_folder(void)
{
	unlink("stats");
	rmdir(folder);
}

/* A folder of our own, which is the current one: see brkw_fuzz_open(). */
void fuzz_prepare(void)
{
	snprintf(folder, sizeof(folder), "%s/brkwatch-fuzz.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	fuzz_must(mkdtemp(folder) && !chdir(folder));
	brkw_source_init_dir(&src, ".");
	atexit(remove_folder);
}

static void write_stats(const uint8_t *data, size_t len)
{
	FILE *file = fopen("stats", "w");

	fuzz_must(file && fwrite(data, 1, len, file) == len && !fclose(file));
}

static void check_module(void)
{
	struct brkw_checkup up = { .sysroot = "", .src = &src, .is_recorded = true };
	struct fuzz_out out;
	size_t i;

	brkw_check_module(&up);
	fuzz_must(up.nr_checks);
	for (i = 0; i < up.nr_checks; i++) {
		fuzz_must_be_clean(up.checks[i].text, strlen(up.checks[i].text));
		fuzz_must(!strpbrk(up.checks[i].text, "\n"));
	}
	fuzz_open_out(&out);
	fuzz_must(!brkw_json_print_checks(up.checks, up.nr_checks, out.file));
	fuzz_flush_out(&out);
	fuzz_must_be_json(out.text, out.len);
	fuzz_close_out(&out);
}

void fuzz_one(const uint8_t *data, size_t len)
{
	struct brkw_why why = { .what = "" };
	struct brkw_stats stats;

	if (brkw_stats_parse((const char *)data, len, &stats, &why)) {
		fuzz_must_say_why(&why);
	} else {
		if (brkw_exact_lost(&stats, NULL, &why))
			fuzz_must_say_why(&why);
		brkw_stats_free(&stats);
	}
	write_stats(data, len);
	check_module();
}
