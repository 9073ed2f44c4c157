// SPDX-License-Identifier: GPL-2.0
/*
 * Records the growths and shrinks of a command or a process, with their stacks,
 * into a file for report.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "cmd.h"
#include "command.h"
#include "pidns.h"
#include "recorder.h"
#include "setting.h"
#include "snapshot.h"
#include "why.h"

#define DEFAULT_PATH	"brkwatch.rec"

enum {
	KEY_HIGH_WATER = 0x100,
	KEY_HEAP,
	KEY_MMAP,
	KEY_MIN_SIZE,
};

static const struct brkw_option options[] = {
	{ 'o', "output", "FILE", "write to FILE, not to " DEFAULT_PATH },
	{ 'p', "pid", "PID", "record this process, until it ends or SIGINT comes" },
	{ KEY_HEAP, "heap", NULL, "only what brk() does" },
	{ KEY_MMAP, "mmap", NULL, "only what mmap(), munmap() and mremap() do" },
	{ KEY_HIGH_WATER, "high-water", NULL, "only what makes a process larger than it ever was" },
	{ KEY_MIN_SIZE, "min-size", "N", "only N bytes and more at a time; K, M and G are known" },
	{ 0 }
};

static const struct brkw_usage usage = {
	.options = options,
	.details = "Records the command and all its children, or a process and the children it\n"
		   "will have. 'brkwatch report FILE' shows what was recorded. Exits with the\n"
		   "status of the command; 128 + N if signal N ended it; 126 if it cannot be\n"
		   "executed; 127 if it is not found; 1 if it was not run.\n",
	.has_command = true,
};

#define BIT(change)	(1U << BRKW_CHANGE_##change)
#define ALL_CHANGES	((1U << BRKW_NR_CHANGES) - 1)
#define MMAP_CHANGES	(BIT(ANON_PRIVATE) | BIT(ANON_SHARED) | BIT(FILE_PRIVATE) | \
			 BIT(FILE_SHARED) | BIT(MUNMAP) | BIT(MREMAP))

/* What the options ask for. */
struct wanted {
	const char *path;
	pid_t pid;
	char **command;
	struct brkw_raw_filter filter;
	char filter_text[128];
	char command_text[1024];
};

static volatile sig_atomic_t is_interrupted;

static void interrupt(int sig)
{
	(void)sig;
	is_interrupted = 1;
}

/* --- options --- */

static uint64_t parse_size(const struct brkw_verb *verb, const char *word)
{
	static const char prefixes[] = "KMG";
	size_t len = strlen(word);
	const char *prefix = len ? strchr(prefixes, word[len - 1]) : NULL;
	int shift = prefix ? 10 * (int)(prefix - prefixes + 1) : 0;
	char digits[32];
	int64_t number;

	if (prefix)
		len--;
	if (len < sizeof(digits)) {
		memcpy(digits, word, len);
		digits[len] = '\0';
		if (!brkw_snapshot_parse_number(digits, &number) && number >= 0 &&
		    number <= INT64_MAX >> shift)
			return (uint64_t)number << shift;
	}
	brkw_cmd_misused(verb, "'%s' is not a size", word);
}

static void parse_option(const struct brkw_verb *verb, struct wanted *want, int key)
{
	switch (key) {
	case 'o':
		want->path = optarg;
		break;
	case 'p':
		want->pid = brkw_cmd_pid(verb, optarg);
		break;
	case KEY_HIGH_WATER:
		want->filter.is_high_water = 1;
		break;
	case KEY_HEAP:
		want->filter.changes |= BIT(BRK);
		break;
	case KEY_MMAP:
		want->filter.changes |= MMAP_CHANGES;
		break;
	case KEY_MIN_SIZE:
		want->filter.min_bytes = parse_size(verb, optarg);
		break;
	}
}

/* For people who read the report: what cannot be in it. */
static void describe_filter(struct wanted *want)
{
	const struct brkw_raw_filter *filter = &want->filter;
	char size[40] = "";

	if (filter->min_bytes)
		snprintf(size, sizeof(size), " --min-size %llu",
			 (unsigned long long)filter->min_bytes);
	snprintf(want->filter_text, sizeof(want->filter_text), "%s%s%s%s",
		 filter->changes & BIT(BRK) ? " --heap" : "",
		 filter->changes & BIT(MUNMAP) ? " --mmap" : "",
		 filter->is_high_water ? " --high-water" : "", size);
	if (*want->filter_text)
		memmove(want->filter_text, want->filter_text + 1, strlen(want->filter_text));
}

static void describe_command(struct wanted *want)
{
	size_t used = 0, room = sizeof(want->command_text);
	char **word;

	if (want->pid)
		snprintf(want->command_text, room, "-p %d", (int)want->pid);
	for (word = want->command; !want->pid && *word && used < room; word++)
		used += (size_t)snprintf(want->command_text + used, room - used, "%s%s",
					 used ? " " : "", *word);
}

static void parse(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv,
		  struct wanted *want)
{
	int key;

	while ((key = brkw_cmd_option(verb, &usage, env, argc, argv)))
		parse_option(verb, want, key);
	if (want->pid && optind < argc)
		brkw_cmd_misused(verb, "there is a command as well as a pid");
	if (!want->pid && optind == argc)
		brkw_cmd_misused(verb, "there is no command to record, and no pid");
	want->command = argv + optind;
	describe_filter(want);
	describe_command(want);
	if (!want->filter.changes)
		want->filter.changes = ALL_CHANGES;
}

/* --- the file --- */

/* What is there already stays until something takes its place. */
struct output {
	FILE *file;
	const char *path;
	bool is_begun;
};

static int open_output(struct output *out, const char *path, struct brkw_why *why)
{
	/* has room for what is written before the file is begun, on any file system */
	static char buffer[BUFSIZ];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), err;

	*out = (struct output){ .file = fd < 0 ? NULL : fdopen(fd, "w"), .path = path };
	if (out->file) {
		setvbuf(out->file, buffer, _IOFBF, sizeof(buffer));
		return 0;
	}
	brkw_why_what(why, "%s", path);
	err = brkw_why_set(why, -errno, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

static void begin_output(struct output *out)
{
	out->is_begun = true;
	/* a pipe or a device has no length, and needs none */
	if (ftruncate(fileno(out->file), 0))
		errno = 0;
}

/* Nothing was recorded: leave no empty file. */
static void abandon_output(const struct output *out)
{
	struct stat status;

	__fpurge(out->file);
	if (!fstat(fileno(out->file), &status) && S_ISREG(status.st_mode) && !status.st_size)
		unlink(out->path);
	fclose(out->file);
}

static int close_output(const struct output *out)
{
	struct brkw_why why;
	int err = ferror(out->file) ? -EIO : 0;

	if (!out->is_begun) {
		abandon_output(out);
		return 0;
	}
	if (fclose(out->file) && !err)
		err = -errno;
	if (!err)
		return 0;
	brkw_why_what(&why, "%s", out->path);
	brkw_why_set(&why, err, "%s", strerror(-err));
	return brkw_cmd_failed(&why);
}

/* --- recording a command --- */

static int start_command(struct brkw_recorder *rec, char **argv, struct brkw_command *cmd,
			 struct brkw_why *why, int *ret_status)
{
	int err = brkw_command_start(cmd, argv);

	brkw_why_what(why, "%s", argv[0]);
	if (err)
		return brkw_why_set(why, err, "%s", strerror(-err));
	err = brkw_recorder_follow(rec, (uint32_t)cmd->pid);
	if (err) {
		brkw_command_abandon(cmd);
		return brkw_why_set(why, err, "it cannot be followed: %s", strerror(-err));
	}
	err = brkw_command_release(cmd);
	if (!err)
		return 0;
	*ret_status = cmd->status;
	return brkw_why_set(why, err, "%s", err == -ENOENT ? "command not found" : strerror(-err));
}

static int record_command(struct brkw_recorder *rec, char **argv, struct output *out,
			  struct brkw_why *why, int *ret_status)
{
	struct brkw_command cmd;
	int err = start_command(rec, argv, &cmd, why, ret_status);

	if (err)
		return err;
	begin_output(out);
	while (!err && !brkw_command_has_ended(&cmd, false))
		err = brkw_recorder_step(rec, why);
	if (err)
		brkw_command_has_ended(&cmd, true);
	*ret_status = cmd.status;
	return err;
}

/* --- recording a process --- */

/* Of which process @tid is a thread; 0 if that is not known. */
static int find_process(pid_t tid)
{
	char path[64], line[64];
	int tgid;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (brkw_setting_line("", path, "Tgid:", line, sizeof(line)) ||
	    sscanf(line, "Tgid: %d", &tgid) != 1)
		return 0;
	return tgid;
}

static int open_process(pid_t pid, int *ret_fd, struct brkw_why *why)
{
	int err, tgid;

	brkw_why_what(why, "%d", (int)pid);
	*ret_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (*ret_fd >= 0)
		return 0;
	err = -errno;
	tgid = find_process(pid);
	if (!tgid || tgid == pid)
		return brkw_why_set(why, err, "%s", strerror(-err));
	brkw_why_set(why, err, "it is a thread of process %d", tgid);
	brkw_why_cure(why, "try 'brkwatch record -p %d'", tgid);
	return err;
}

/* Whether anybody has waited for it or not. */
static bool has_ended(int process_fd)
{
	struct pollfd process = { .fd = process_fd, .events = POLLIN };

	return poll(&process, 1, 0) > 0;
}

static int start_process(struct brkw_recorder *rec, pid_t pid, int process_fd,
			 struct brkw_why *why)
{
	const struct sigaction stop = { .sa_handler = interrupt };
	struct sigaction hangup;
	int err;

	if (has_ended(process_fd))
		return brkw_why_set(why, -ESRCH, "it has ended");
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN)	/* of nohup */
		sigaction(SIGHUP, &stop, NULL);
	err = brkw_recorder_follow(rec, (uint32_t)pid);
	return err ? brkw_why_set(why, err, "it cannot be followed: %s", strerror(-err)) : 0;
}

static int record_process(struct brkw_recorder *rec, pid_t pid, struct output *out,
			  struct brkw_why *why)
{
	int process_fd, err = open_process(pid, &process_fd, why);

	if (err)
		return err;
	err = start_process(rec, pid, process_fd, why);
	if (!err)
		begin_output(out);
	while (!err && !is_interrupted && !has_ended(process_fd))
		err = brkw_recorder_step(rec, why);
	close(process_fd);
	return err;
}

/* --- the whole --- */

/* Returns the exit status. */
static int record(struct brkw_recorder *rec, const struct wanted *want, struct output *out)
{
	int err, status = BRKW_EXIT_DONE;
	struct brkw_why why;

	if (want->pid)
		err = record_process(rec, want->pid, out, &why);
	else
		err = record_command(rec, want->command, out, &why, &status);
	if (out->is_begun)
		brkw_recorder_finish(rec);
	if (!err)
		return status;
	brkw_cmd_failed(&why);
	return status ? status : BRKW_EXIT_FAILED;
}

static int open_recorder(const struct brkw_env *env, const struct wanted *want, FILE *out,
			 struct brkw_recorder **ret, struct brkw_why *why)
{
	const struct brkw_recorder_options recorder_options = {
		.filter = want->filter,
		.sysroot = env->sysroot,
		.command = want->command_text,
		.filter_text = want->filter_text,
		.out = out,
	};
	int err;

	brkw_why_what(why, "record");
	if (!brkw_pidns_is_initial(env->sysroot))
		return brkw_pidns_foreign(why, -ESRCH);
	err = brkw_recorder_check(why);
	if (!err)
		err = brkw_cmd_module(env, why);
	return err ? err : brkw_recorder_open(&recorder_options, ret, why);
}

int do_record(const struct brkw_verb *verb, struct brkw_env *env, int argc, char **argv)
{
	struct wanted want = { .path = DEFAULT_PATH };
	struct brkw_recorder *rec = NULL;
	struct output out;
	struct brkw_why why;
	int status, err;

	parse(verb, env, argc, argv, &want);
	if (open_output(&out, want.path, &why))
		return brkw_cmd_failed(&why);
	if (open_recorder(env, &want, out.file, &rec, &why)) {
		abandon_output(&out);
		return brkw_cmd_failed(&why);
	}
	status = record(rec, &want, &out);
	brkw_recorder_close(rec);
	err = close_output(&out);
	return status || !err ? status : err;
}
