/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every verb shares: its place in the table, its options, the form of an
 * error, and the last flush. Only files that include this print errors.
 */
#ifndef BRKW_CMD_H
#define BRKW_CMD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct brkw_source;
struct brkw_why;

/* Exit statuses. */
enum {
	BRKW_EXIT_DONE,
	BRKW_EXIT_FAILED,
	BRKW_EXIT_MISUSED,
};

/**
 * struct brkw_env - the options that every verb takes
 * @dir: --dir, or NULL for the loaded module
 * @sysroot: --sysroot, or ""
 * @is_json: --json
 * @is_exact: --bytes
 * @may_load: no --no-load
 */
struct brkw_env {
	const char *dir;
	const char *sysroot;
	bool is_json;
	bool is_exact;
	bool may_load;
};

/**
 * struct brkw_verb - one line of the table of verbs
 * @name: what is typed
 * @args: what follows the options, for the help
 * @summary: one line for people
 * @run: does it; gets its name as argv[0] and returns the exit status
 */
struct brkw_verb {
	const char *name;
	const char *args;
	const char *summary;
	int (*run)(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
};

/**
 * struct brkw_option - one option; a table of them ends with @key 0
 * @key: the letter, or a number above 255 if it has none
 * @name: the long name or NULL
 * @arg: name of its argument, or NULL if it takes none
 * @help: one line for people, or NULL to keep it out of the help
 */
struct brkw_option {
	int key;
	const char *name;
	const char *arg;
	const char *help;
};

/**
 * struct brkw_usage - the options of a verb and the rest of its help
 * @options: of this verb alone
 * @details: text below the options, or NULL
 * @more: prints what follows @details, or NULL
 * @words: prints the words that --complete tells beside the options, or NULL
 * @has_command: options end at the first other word
 */
struct brkw_usage {
	const struct brkw_option *options;
	const char *details;
	void (*more)(FILE *out);
	void (*words)(FILE *out);
	bool has_command;
};

/* The verbs; each is in the file of its name. */
int do_list(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_show(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_top(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_watch(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_run(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_record(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_report(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_heap(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_why(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_export(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);
int do_doctor(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv);

/**
 * brkw_cmd_option - take the next option of a verb
 * @verb: the verb; NULL for the options before it
 * @usage: its options
 * @env: takes the options that every verb has
 * @argc: of the verb
 * @argv: of the verb
 *
 * Prints the help and exits on --help; exits with a complaint on an option
 * that is wrong. The argument of the option is in optarg.
 *
 * Return: the key of an option of @usage; 0 at the end, and then optind is
 * the first word that is no option.
 */
int brkw_cmd_option(const struct brkw_verb *verb, const struct brkw_usage *usage,
		    struct brkw_env *env, int argc, char **argv);

/**
 * brkw_cmd_print_options - print the options of a table and the common ones
 * @options: the table
 * @out: where to
 */
void brkw_cmd_print_options(const struct brkw_option *options, FILE *out);

/**
 * brkw_cmd_misused - complain about the words typed, and exit
 * @verb: which help cures it; NULL for that of the tool
 * @fmt: printf format of what is wrong
 */
void brkw_cmd_misused(const struct brkw_verb *verb, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/**
 * brkw_cmd_failed - print a failure
 * @why: the failure
 *
 * Return: BRKW_EXIT_FAILED.
 */
int brkw_cmd_failed(const struct brkw_why *why);

/**
 * brkw_cmd_warn - print what should be known about what is printed
 * @why: the warning; what it is about is not printed
 */
void brkw_cmd_warn(const struct brkw_why *why);

/**
 * brkw_cmd_finish - the last flush of standard output
 * @status: exit status so far
 *
 * A reader that went away is no error; a full disk is.
 *
 * Return: @status, or BRKW_EXIT_FAILED if the output did not get out.
 */
int brkw_cmd_finish(int status);

/**
 * brkw_cmd_number - a word that is a number from one on; complains if it is not
 * @verb: which help cures it
 * @text: the word
 * @what: what it is, for the complaint
 */
int64_t brkw_cmd_number(const struct brkw_verb *verb, const char *text, const char *what);

/**
 * brkw_cmd_pid - a word that is a pid; complains if it is not
 * @verb: which help cures it
 * @text: the word
 */
int brkw_cmd_pid(const struct brkw_verb *verb, const char *text);

/**
 * brkw_cmd_delay - a word that is a number of seconds; complains if it is not
 * @verb: which help cures it
 * @text: the word
 *
 * Return: nanoseconds.
 */
uint64_t brkw_cmd_delay(const struct brkw_verb *verb, const char *text);

/**
 * brkw_cmd_has_proc - is there a /proc of the processes that are read?
 * @env: the options
 *
 * A recorded folder of the module alone has none.
 */
bool brkw_cmd_has_proc(const struct brkw_env *env);

/**
 * brkw_cmd_source - the source that the options ask for
 * @env: the options
 * @ret_src: filled in
 */
void brkw_cmd_source(const struct brkw_env *env, struct brkw_source *ret_src);

/**
 * brkw_cmd_module - see that the module is loaded, for a verb that needs it
 * @env: the options; nothing is loaded for a recorded folder or with --no-load
 * @why: says on failure what is in the way; as it was otherwise
 *
 * Says so on stderr if it loaded the module.
 *
 * Return: 0, or a negative errno.
 */
int brkw_cmd_module(const struct brkw_env *env, struct brkw_why *why);

#endif /* BRKW_CMD_H */
