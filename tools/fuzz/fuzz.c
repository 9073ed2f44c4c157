// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#include "../column.h"
#include "../json.h"
#include "../report.h"
#include "../snapshot.h"
#include "../table.h"
#include "../why.h"
#include "fuzz.h"

jmp_buf *fuzz_exit_to;

static FILE *real_stdout;
static uint64_t nr_runs, nr_bytes;

/* --- what the tool calls instead of libc --- */

void brkw_fuzz_exit(int status);
pid_t brkw_fuzz_fork(void);
int brkw_fuzz_open(const char *path, int flags, ...);
FILE *brkw_fuzz_fopen(const char *path, const char *mode);
int brkw_fuzz_clock_nanosleep(clockid_t clock, int flags, const struct timespec *wish,
			      const struct timespec *ret_left);

void brkw_fuzz_exit(int status)
{
	fuzz_must(fuzz_exit_to);
	longjmp(*fuzz_exit_to, status + 1);
}

pid_t brkw_fuzz_fork(void)
{
	errno = EAGAIN;
	return -1;
}

static bool is_below(const char *path)
{
	return *path != '/' && !strstr(path, "..");
}

int brkw_fuzz_open(const char *path, int flags, ...)
{
	errno = EACCES;
	return is_below(path) && (flags & O_ACCMODE) == O_RDONLY ? open(path, flags) : -1;
}

FILE *brkw_fuzz_fopen(const char *path, const char *mode)
{
	errno = EACCES;
	return is_below(path) && *mode == 'r' ? fopen(path, mode) : NULL;
}

/* A verb that goes on and on is interrupted when it waits. */
int brkw_fuzz_clock_nanosleep(clockid_t clock, int flags, const struct timespec *wish,
			      const struct timespec *ret_left)
{
	fuzz_must(clock >= 0 && flags == TIMER_ABSTIME && wish && !ret_left);
	return EINTR;
}

/* --- what must hold --- */

void fuzz_must(bool is_so)
{
	if (!is_so)
		abort();
}

char *fuzz_copy(const void *data, size_t len)
{
	char *text = malloc(len + 1);

	if (!text)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

/* By libc's own idea of a character: that of the tool is under test. */
void fuzz_must_be_clean(const char *text, size_t len)
{
	mbstate_t state = { 0 };
	size_t i, used;
	wchar_t c;

	for (i = 0; i < len; i += used) {
		used = mbrtowc(&c, text + i, len - i, &state);
		fuzz_must(used && used <= MB_LEN_MAX && (c == L'\n' || !iswcntrl(c)));
	}
}

void fuzz_must_be_json(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *object;

	fuzz_must(tok && len < INT32_MAX);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tok, text, (int)len);
	fuzz_must(object && json_tokener_get_error(tok) == json_tokener_success);
	json_object_put(object);
	json_tokener_free(tok);
}

void fuzz_must_say_why(const struct brkw_why *why)
{
	fuzz_must(*why->text && !strpbrk(why->text, "\n") && !strpbrk(why->cure, "\n"));
}

/* --- printing --- */

void fuzz_open_out(struct fuzz_out *out)
{
	out->text = NULL;
	out->len = 0;
	out->file = open_memstream(&out->text, &out->len);
	fuzz_must(out->file);
}

void fuzz_flush_out(struct fuzz_out *out)
{
	fuzz_must(!fflush(out->file));
}

void fuzz_close_out(struct fuzz_out *out)
{
	fclose(out->file);
	free(out->text);
}

static void print_list(const struct brkw_snapshot *snap, const struct brkw_column_set *set)
{
	struct fuzz_out table, json;

	fuzz_open_out(&table);
	brkw_table_print(snap, set, false, table.file);
	brkw_table_print(snap, set, true, table.file);
	fuzz_flush_out(&table);
	fuzz_must_be_clean(table.text, table.len);
	fuzz_close_out(&table);
	fuzz_open_out(&json);
	fuzz_must(!brkw_json_print_list(snap, set, json.file));
	fuzz_flush_out(&json);
	fuzz_must_be_json(json.text, json.len);
	fuzz_close_out(&json);
}

static void print_account(const struct brkw_account *acct)
{
	struct fuzz_out page, json;

	fuzz_open_out(&page);
	brkw_report_print(acct, false, page.file);
	brkw_report_print(acct, true, page.file);
	fuzz_flush_out(&page);
	fuzz_must_be_clean(page.text, page.len);
	fuzz_close_out(&page);
	fuzz_open_out(&json);
	fuzz_must(!brkw_json_print_account(acct, json.file));
	fuzz_flush_out(&json);
	fuzz_must_be_json(json.text, json.len);
	fuzz_close_out(&json);
}

/* Many accounts are sorted, a few are printed: bytes read are what counts. */
void fuzz_print_all(struct brkw_snapshot *snap, unsigned int nr_column)
{
	struct brkw_column_set set;

	brkw_column_set_contract(&set);
	brkw_column_sort(snap, set.cols[nr_column % set.nr_cols], nr_column & 1);
	if (snap->nr_accts > 3)
		snap->nr_accts = 3;
	if (nr_column & 2)
		brkw_column_set_usual(BRKW_USUAL_LIST, &set);
	print_list(snap, &set);
	if (snap->nr_accts)
		print_account(&snap->accts[0]);
}

/* --- libFuzzer --- */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void print_sum(void)
{
	fprintf(real_stdout, "fuzzed: %" PRIu64 " executions %" PRIu64 " bytes\n", nr_runs,
		nr_bytes);
	fflush(real_stdout);
}

/* Before libFuzzer closes standard output on request. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = fcntl(1, F_DUPFD_CLOEXEC, 3);

	(void)argc;
	(void)argv;
	real_stdout = fdopen(fd, "w");
	fuzz_must(real_stdout);
	fuzz_must(setlocale(LC_CTYPE, "C.UTF-8"));
	atexit(print_sum);
	fuzz_prepare();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	nr_runs++;
	nr_bytes += len;
	fuzz_one(data, len);
	return 0;
}
