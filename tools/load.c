// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "load.h"
#include "setting.h"
#include "why.h"

/* Only root can see into debugfs, and a recorded system may lack the rest. */
static bool is_loaded(const char *sysroot)
{
	return brkw_setting_exists(sysroot, "/sys/module/brkwatch") ||
	       brkw_setting_exists(sysroot, "/sys/kernel/debug/brkwatch");
}

/* --- what is in the way, as doctor says it --- */

/* What modprobe cannot mend. */
static const char *const before[] = { "root", "debugfs", NULL };

/* Where to get one, if modprobe knows of none; no other would get in, either. */
static const char *const absent[] = { "lockdown", "signatures", "module", NULL };

/* What may be behind a refusal of the kernel. */
static const char *const behind[] = { "lockdown", "signatures", "kprobes", "secure_boot", NULL };

/* The first of these that is not as it should be, at least so bad. */
static const struct brkw_check *find_obstacle(const struct brkw_checkup *up,
					      const char *const *names, enum brkw_verdict at_least)
{
	size_t i;

	for (; *names; names++)
		for (i = 0; i < up->nr_checks; i++)
			if (!strcmp(up->checks[i].name, *names) && up->checks[i].verdict >= at_least)
				return &up->checks[i];
	return NULL;
}

static int explain_before(const struct brkw_checkup *up, struct brkw_why *why)
{
	const struct brkw_check *check = find_obstacle(up, before, BRKW_FAIL);

	if (!check && !up->is_installed)
		check = find_obstacle(up, absent, BRKW_FAIL);
	if (!check)
		return 0;
	brkw_why_set(why, -ENODEV, "%s", check->text);
	brkw_why_cure(why, "%s", check->cure);
	return -ENODEV;
}

/* --- modprobe --- */

/* In the child. PATH may lack sbin, where root's own programs are. */
static void __attribute__((noreturn)) exec_modprobe(const char *sysroot, int err_fd)
{
	const char *words[] = { "modprobe", "-d", sysroot, "brkwatch", NULL };
	char *const *argv = (char *const *)words;

	if (!*sysroot) {
		words[1] = words[3];
		words[2] = NULL;
	}
	dup2(err_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	execvp(words[0], argv);
	execv("/usr/sbin/modprobe", argv);
	execv("/sbin/modprobe", argv);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

/* Its last line; the rest is read, too, so that it need not wait. */
static void read_words(int fd, char *ret_line, size_t sz)
{
	FILE *file = fdopen(fd, "r");

	*ret_line = '\0';
	while (file && fgets(ret_line, (int)sz, file))
		ret_line[strcspn(ret_line, "\n")] = '\0';
	if (file)
		fclose(file);
	else
		close(fd);
}

/* Returns its exit status, or a negative errno; @ret_line is what it said. */
static int spawn_modprobe(const char *sysroot, char *ret_line, size_t sz)
{
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		exec_modprobe(sysroot, fds[1]);
	status = pid < 0 ? -errno : 0;
	close(fds[1]);
	read_words(fds[0], ret_line, sz);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

/* There is no exit status while SIGCHLD is ignored, and that survives exec. */
static int run_modprobe(const char *sysroot, char *ret_line, size_t sz)
{
	struct sigaction standard = { .sa_handler = SIG_DFL }, was;
	int status;

	sigaction(SIGCHLD, &standard, &was);
	status = spawn_modprobe(sysroot, ret_line, sz);
	sigaction(SIGCHLD, &was, NULL);
	return status;
}

static int explain_refusal(const struct brkw_checkup *up, const char *said, struct brkw_why *why)
{
	static const char prefix[] = "modprobe: ERROR: ";
	const struct brkw_check *check = find_obstacle(up, behind, BRKW_FAIL);

	if (!check)
		check = find_obstacle(up, behind, BRKW_WARN);
	if (!strncmp(said, prefix, strlen(prefix)))
		said += strlen(prefix);
	brkw_why_set(why, -EPERM, "modprobe: %s",
		     *said ? said : "it does not say why");
	brkw_why_cure(why, "%s", check ? check->cure :
		      "the end of dmesg and 'brkwatch doctor' may tell more");
	return -EPERM;
}

int brkw_load_module(const char *sysroot, struct brkw_why *why)
{
	struct brkw_checkup up = { .sysroot = sysroot };
	char said[192] = "";
	int status;

	if (is_loaded(sysroot))
		return 0;
	brkw_why_what(why, "cannot load the module");
	brkw_check_system(&up);
	if (explain_before(&up, why))
		return -ENODEV;
	status = run_modprobe(sysroot, said, sizeof(said));
	if (status < 0)
		return brkw_why_set(why, status, "cannot run modprobe: %s", strerror(-status));
	if (status)
		return explain_refusal(&up, said, why);
	if (is_loaded(sysroot))
		return 1;
	brkw_why_set(why, -ENODEV, "modprobe brkwatch did nothing");
	brkw_why_cure(why, "is there an 'install brkwatch' in /etc/modprobe.d?");
	return -ENODEV;
}
