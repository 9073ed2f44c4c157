// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "comm.h"
#include "load.h"
#include "pace.h"
#include "snapshot.h"
#include "source.h"
#include "why.h"

#define NR_OPTIONS_MAX	16

/* Keys of the options that every verb has. */
enum {
	KEY_DIR = 0x1000,
	KEY_SYSROOT,
	KEY_JSON,
	KEY_BYTES,
	KEY_NO_LOAD,
	KEY_COMPLETE,
	KEY_HELP,
};

static const struct brkw_option common_options[] = {
	{ KEY_JSON, "json", NULL, "print JSON, with exact numbers" },
	{ KEY_BYTES, "bytes", NULL, "print exact bytes and nanoseconds" },
	{ KEY_DIR, "dir", "DIR", "read a recorded folder instead of debugfs" },
	{ KEY_NO_LOAD, "no-load", NULL, "do not load the module if it is not there" },
	{ KEY_SYSROOT, "sysroot", "DIR", NULL },
	{ KEY_COMPLETE, "complete", NULL, NULL },
	{ KEY_HELP, "help", NULL, "print this help" },
	{ 0 }
};

/* --- errors --- */

/* One line on stderr, whatever bytes the words have. */
static void print_error(const char *what, const char *text, const char *cure)
{
	char line[1024];

	snprintf(line, sizeof(line), "brkwatch: %s: %s%s%s", what, text, *cure ? "; " : "", cure);
	brkw_comm_clean(line);
	fprintf(stderr, "%s\n", line);
}

void brkw_cmd_misused(const struct brkw_verb *verb, const char *fmt, ...)
{
	char text[512], cure[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(cure, sizeof(cure), "try 'brkwatch %s%s--help'", verb ? verb->name : "",
		 verb ? " " : "");
	print_error(verb ? verb->name : "usage", text, cure);
	exit(BRKW_EXIT_MISUSED);
}

int brkw_cmd_failed(const struct brkw_why *why)
{
	print_error(why->what, why->text, why->cure);
	return BRKW_EXIT_FAILED;
}

void brkw_cmd_warn(const struct brkw_why *why)
{
	print_error("warning", why->text, why->cure);
}

/* The errno of an earlier flush is lost: ask the pipe itself. */
static bool has_reader(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO };

	return poll(&fd, 1, 0) <= 0 || !(fd.revents & (POLLERR | POLLHUP));
}

int brkw_cmd_finish(int status)
{
	int err = fflush(stdout) ? errno : 0;

	if (!err && !ferror(stdout))
		return status;
	if (err == EPIPE || !has_reader())
		return status;
	print_error("standard output", err ? strerror(err) : "write error", "");
	return BRKW_EXIT_FAILED;
}

/* --- options --- */

static void print_option(const struct brkw_option *option, FILE *out)
{
	char left[64], letter[8] = "    ";

	if (option->key < 0x100)
		snprintf(letter, sizeof(letter), "-%c%s", option->key, option->name ? ", " : "");
	snprintf(left, sizeof(left), "%s%s%s%s%s", letter, option->name ? "--" : "",
		 option->name ? option->name : "", option->arg ? " " : "",
		 option->arg ? option->arg : "");
	fprintf(out, "  %-18s %s\n", left, option->help);
}

static void print_table(const struct brkw_option *options, FILE *out)
{
	for (; options->key; options++)
		if (options->help)
			print_option(options, out);
}

void brkw_cmd_print_options(const struct brkw_option *options, FILE *out)
{
	fprintf(out, "\nOptions:\n");
	print_table(options, out);
	print_table(common_options, out);
}

static void __attribute__((noreturn)) print_help(const struct brkw_verb *verb,
						 const struct brkw_usage *usage)
{
	if (verb) {
		printf("Usage: brkwatch %s [OPTIONS]%s%s\n\n%s\n", verb->name,
		       *verb->args ? " " : "", verb->args, verb->summary);
		brkw_cmd_print_options(usage->options, stdout);
	}
	if (usage->details)
		printf("\n%s", usage->details);
	if (usage->more)
		usage->more(stdout);
	exit(brkw_cmd_finish(BRKW_EXIT_DONE));
}

/* A line of words, "-" for what is not there, and the help behind them. */
static void print_option_words(const struct brkw_option *options)
{
	for (; options->key; options++) {
		if (!options->help)
			continue;
		if (options->key < 0x100)
			printf("option -%c", options->key);
		else
			printf("option -");
		printf(" %s%s %s %s\n", options->name ? "--" : "-",
		       options->name ? options->name : "", options->arg ? options->arg : "-",
		       options->help);
	}
}

/* What tools/completion reads; its form is in Documentation/hacking.rst. */
static void __attribute__((noreturn)) print_words(const struct brkw_verb *verb,
						  const struct brkw_usage *usage)
{
	print_option_words(usage->options);
	print_option_words(common_options);
	if (verb && *verb->args)
		printf("arguments %s\n", verb->args);
	if (usage->words)
		usage->words(stdout);
	exit(brkw_cmd_finish(BRKW_EXIT_DONE));
}

/*
 * The two forms of getopt_long(), made of our tables. It says in optopt which
 * option is wrong, but not whether that was a letter: long ones have this bit.
 */
#define LONG_OPTION	0x10000

struct getopt_tables {
	struct option longs[NR_OPTIONS_MAX + 1];
	size_t nr_longs;
	char shorts[2 * NR_OPTIONS_MAX + 3];
	size_t nr_shorts;
};

static void add_options(struct getopt_tables *tables, const struct brkw_option *options)
{
	for (; options->key; options++) {
		if (options->key < 0x100) {
			tables->shorts[tables->nr_shorts++] = (char)options->key;
			if (options->arg)
				tables->shorts[tables->nr_shorts++] = ':';
		}
		if (options->name)
			tables->longs[tables->nr_longs++] = (struct option){
				.name = options->name,
				.has_arg = options->arg ? required_argument : no_argument,
				.val = options->key | LONG_OPTION,
			};
	}
}

static int next_key(const struct brkw_usage *usage, int argc, char **argv)
{
	struct getopt_tables tables = { .nr_shorts = 0 };
	int key;

	if (usage->has_command)
		tables.shorts[tables.nr_shorts++] = '+';
	tables.shorts[tables.nr_shorts++] = ':';
	add_options(&tables, usage->options);
	add_options(&tables, common_options);
	opterr = 0;
	key = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
	return key == -1 ? key : key & ~LONG_OPTION;
}

/* getopt_long() said @key; a long option is @word, a letter is in optopt. */
static void __attribute__((noreturn)) refuse_option(const struct brkw_verb *verb, int key,
						    const char *word)
{
	if (optopt && optopt < LONG_OPTION && key == ':')
		brkw_cmd_misused(verb, "option '-%c' wants an argument", optopt);
	if (optopt && optopt < LONG_OPTION)
		brkw_cmd_misused(verb, "there is no option '-%c'", optopt);
	if (key == ':')
		brkw_cmd_misused(verb, "option '%s' wants an argument", word);
	if (optopt)
		brkw_cmd_misused(verb, "option '%s' takes no argument", word);
	brkw_cmd_misused(verb, "there is no option '%s'", word);
}

static void take_common(const struct brkw_verb *verb, struct brkw_env *env, int key)
{
	if (key == KEY_DIR && !*optarg)
		brkw_cmd_misused(verb, "option '--dir' wants a folder, not an empty word");
	if (key == KEY_DIR)
		env->dir = optarg;
	else if (key == KEY_SYSROOT)
		env->sysroot = optarg;
	else if (key == KEY_JSON)
		env->is_json = true;
	else if (key == KEY_BYTES)
		env->is_exact = true;
	else if (key == KEY_NO_LOAD)
		env->may_load = false;
}

int brkw_cmd_option(const struct brkw_verb *verb, const struct brkw_usage *usage,
		    struct brkw_env *env, int argc, char **argv)
{
	int key;

	for (;;) {
		key = next_key(usage, argc, argv);
		if (key == -1)
			return 0;
		if (key == ':' || key == '?')
			refuse_option(verb, key, argv[optind - 1]);
		if (key == KEY_HELP)
			print_help(verb, usage);
		if (key == KEY_COMPLETE)
			print_words(verb, usage);
		if (key < KEY_DIR)
			return key;
		take_common(verb, env, key);
	}
}

int64_t brkw_cmd_number(const struct brkw_verb *verb, const char *text, const char *what)
{
	int64_t number;

	if (brkw_snapshot_parse_number(text, &number) || number < 1)
		brkw_cmd_misused(verb, "'%s' is not a number of %s", text, what);
	return number;
}

int brkw_cmd_pid(const struct brkw_verb *verb, const char *text)
{
	int64_t pid;

	if (brkw_snapshot_parse_number(text, &pid) || pid < 1 || pid > INT32_MAX)
		brkw_cmd_misused(verb, "'%s' is not a pid", text);
	return (int)pid;
}

uint64_t brkw_cmd_delay(const struct brkw_verb *verb, const char *text)
{
	uint64_t delay_ns;

	if (brkw_pace_parse(text, &delay_ns))
		brkw_cmd_misused(verb, "'%s' is not a number of seconds, from 0.01 on", text);
	return delay_ns;
}

bool brkw_cmd_has_proc(const struct brkw_env *env)
{
	return !env->dir || *env->sysroot;
}

void brkw_cmd_source(const struct brkw_env *env, struct brkw_source *ret_src)
{
	if (env->dir)
		brkw_source_init_dir(ret_src, env->dir);
	else
		brkw_source_init_debugfs(ret_src, env->sysroot);
}

int brkw_cmd_module(const struct brkw_env *env, struct brkw_why *why)
{
	const char *set = getenv("BRKWATCH_NO_LOAD");
	struct brkw_why said;
	int err;

	if (env->dir || !env->may_load || (set && *set))
		return 0;
	err = brkw_load_module(env->sysroot, &said);
	if (err > 0)
		fprintf(stderr, "brkwatch: loaded the module; 'modprobe -r brkwatch' unloads it\n");
	if (err >= 0)
		return 0;
	*why = said;
	return err;
}
