// SPDX-License-Identifier: GPL-2.0
/*
 * The whole tool: each line of the input is a word behind "brkwatch", the
 * current folder is that of the recorded folders.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define NR_WORDS_MAX	24

int brkw_tool_main(int argc, char **argv);

void fuzz_prepare(void)
{
	const char *dir = getenv("FUZZ_DUMPS");

	fuzz_must(dir && !chdir(dir));
}

/* Words of @text, which is cut into pieces. */
static int split(char *text, char **ret_argv)
{
	static char name[] = "brkwatch";
	int argc = 1;
	char *word;

	ret_argv[0] = name;
	while (argc < NR_WORDS_MAX && (word = strsep(&text, "\n")))
		ret_argv[argc++] = word;
	ret_argv[argc] = NULL;
	return argc;
}

/* The tool's exit status, whichever way it ends. */
static int run_tool(int argc, char **argv)
{
	jmp_buf here;
	int status = setjmp(here);

	if (status) {
		fuzz_exit_to = NULL;
		return status - 1;
	}
	fuzz_exit_to = &here;
	optind = 0;
	status = brkw_tool_main(argc, argv);
	fuzz_exit_to = NULL;
	return status;
}

static size_t count_lines(const struct fuzz_out *out)
{
	size_t i, nr = 0;

	for (i = 0; i < out->len; i++)
		nr += out->text[i] == '\n';
	return nr;
}

/* Used wrongly: one line and nothing else. Failed: something is said. */
static void check_result(int status, const struct fuzz_out *out, const struct fuzz_out *err)
{
	fuzz_must(status >= 0 && status <= 2);
	fuzz_must_be_clean(out->text, out->len);
	fuzz_must_be_clean(err->text, err->len);
	if (status == 2)
		fuzz_must(!out->len && count_lines(err) == 1);
	if (status == 1)
		fuzz_must(count_lines(err) >= 1 || out->len);
	if (out->len && *out->text == '{')
		fuzz_must_be_json(out->text, out->len);
}

void fuzz_one(const uint8_t *data, size_t len)
{
	FILE *old_out = stdout, *old_err = stderr;
	char *argv[NR_WORDS_MAX + 1], *text = fuzz_copy(data, len);
	struct fuzz_out out, err;
	int argc, status;

	argc = split(text, argv);
	fuzz_open_out(&out);
	fuzz_open_out(&err);
	stdout = out.file;
	stderr = err.file;
	status = run_tool(argc, argv);
	fuzz_flush_out(&out);
	fuzz_flush_out(&err);
	stdout = old_out;
	stderr = old_err;
	check_result(status, &out, &err);
	fuzz_close_out(&out);
	fuzz_close_out(&err);
	free(text);
}
