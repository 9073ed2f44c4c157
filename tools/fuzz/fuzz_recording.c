// SPDX-License-Identifier: GPL-2.0
/* A recording, and every form of its report. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../flame.h"
#include "../growth.h"
#include "../growth_json.h"
#include "../growth_print.h"
#include "../heap.h"
#include "../origin.h"
#include "../page.h"
#include "../recording.h"
#include "../why.h"
#include "fuzz.h"

static char folder[64];

static void remove_folder(void)
{
	unlink("recording");
	rmdir(folder);
}

/* A folder of our own, which is the current one: see brkw_fuzz_fopen(). */
void fuzz_prepare(void)
{
	snprintf(folder, sizeof(folder), "%s/brkwatch-fuzz.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	fuzz_must(mkdtemp(folder) && !chdir(folder));
	atexit(remove_folder);
}

static void write_recording(const uint8_t *data, size_t len)
{
	FILE *file = fopen("recording", "w");

	fuzz_must(file && fwrite(data, 1, len, file) == len && !fclose(file));
}

/* What was kept and what was given back is what was grown. */
static void must_add_up(const struct brkw_growth *growth)
{
	uint64_t grown = 0, given_back = 0;
	size_t i;

	for (i = 0; i < growth->nr_paths; i++) {
		fuzz_must(growth->paths[i].given_back <= growth->paths[i].grown);
		grown += growth->paths[i].grown;
		given_back += growth->paths[i].given_back;
	}
	fuzz_must(grown == growth->grown && given_back == growth->given_back);
}

typedef void (*print_fn)(const struct brkw_recording *rec, const struct brkw_growth *growth,
			 FILE *out);

static void print_text(const struct brkw_recording *rec, const struct brkw_growth *growth,
		       FILE *out)
{
	brkw_growth_print(rec, growth, false, out);
	brkw_growth_print(rec, growth, true, out);
	brkw_growth_fold(growth, out);
	brkw_growth_csv(growth, out);
}

static void print_pictures(const struct brkw_recording *rec, const struct brkw_growth *growth,
			   FILE *out)
{
	fuzz_must(!brkw_flame_print(growth, out));
	fuzz_must(!brkw_page_print(rec, growth, out));
}

/* Text that is not clean, or markup of the recording's own, never gets out. */
static void must_print(const struct brkw_recording *rec, const struct brkw_growth *growth,
		       print_fn print)
{
	struct fuzz_out out;

	fuzz_open_out(&out);
	print(rec, growth, out.file);
	fuzz_flush_out(&out);
	fuzz_must_be_clean(out.text, out.len);
	fuzz_must(!strstr(out.text, "<script") || print == print_text);
	fuzz_close_out(&out);
}

static void must_be_json(const struct brkw_recording *rec, const struct brkw_growth *growth)
{
	struct fuzz_out out;

	fuzz_open_out(&out);
	fuzz_must(!brkw_growth_json_print(rec, growth, out.file));
	fuzz_flush_out(&out);
	fuzz_must_be_json(out.text, out.len);
	fuzz_close_out(&out);
}

/* Somebody else's heap, and that of the first process there is. */
static void look_up(const struct brkw_recording *rec)
{
	struct brkw_heap heap = { .pid = 7, .comm = "sh", .pin = { .is_known = true } };
	struct brkw_why why = { .what = "" };
	struct brkw_origin origin;
	struct fuzz_out out;

	if (rec->nr_processes)
		heap.pid = (int)rec->processes[0].tgid;
	heap.pin.address = rec->nr_events ? rec->events[0].args[0] : 4096;
	if (brkw_origin_find("recording", &heap, &origin, &why)) {
		fuzz_must_say_why(&why);
		return;
	}
	fuzz_open_out(&out);
	brkw_origin_print(&origin, false, out.file);
	fuzz_flush_out(&out);
	fuzz_must_be_clean(out.text, out.len);
	fuzz_close_out(&out);
	brkw_origin_free(&origin);
}

void fuzz_one(const uint8_t *data, size_t len)
{
	struct brkw_why why = { .what = "" };
	struct brkw_recording rec;
	struct brkw_growth growth;

	write_recording(data, len);
	if (brkw_recording_read("recording", &rec, &why)) {
		fuzz_must_say_why(&why);
		return;
	}
	fuzz_must(!brkw_growth_sum(&rec, &growth));
	must_add_up(&growth);
	must_print(&rec, &growth, print_text);
	must_print(&rec, &growth, print_pictures);
	must_be_json(&rec, &growth);
	look_up(&rec);
	brkw_growth_free(&growth);
	brkw_recording_free(&rec);
}
