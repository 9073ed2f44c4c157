// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

#define EXIT_NOT_EXECUTABLE	126
#define EXIT_NOT_FOUND		127
#define EXIT_SIGNAL		128

/* Who runs, for the handler that passes SIGTERM on. */
static volatile sig_atomic_t child_pid;

static void pass_on(int sig)
{
	if (child_pid > 0)
		kill(child_pid, sig);
}

/* The terminal signals the command itself; SIGTERM and SIGHUP are for us to pass on. */
static void guard_signals(struct brkw_command *cmd)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, standard = { .sa_handler = SIG_DFL };
	struct sigaction pass = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &cmd->mask);
	sigaction(SIGINT, &ignore, &cmd->interrupt);
	sigaction(SIGQUIT, &ignore, &cmd->quit);
	sigaction(SIGTERM, &pass, &cmd->term);
	/* who ignores it, or whose parent did, learns no exit status */
	sigaction(SIGCHLD, &standard, &cmd->child);
	sigaction(SIGHUP, NULL, &cmd->hangup);
	if (cmd->hangup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &pass, NULL);
}

static void restore_signals(const struct brkw_command *cmd)
{
	sigaction(SIGINT, &cmd->interrupt, NULL);
	sigaction(SIGQUIT, &cmd->quit, NULL);
	sigaction(SIGTERM, &cmd->term, NULL);
	sigaction(SIGCHLD, &cmd->child, NULL);
	sigaction(SIGHUP, &cmd->hangup, NULL);
	sigprocmask(SIG_SETMASK, &cmd->mask, NULL);
}

static ssize_t read_once(int fd, void *to, size_t sz)
{
	ssize_t got;

	do {
		got = read(fd, to, sz);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* In the child: exec, or say why not through the pipe. Does not return. */
static void __attribute__((noreturn)) exec_command(char **argv, int gate_fd, int report_fd)
{
	char word;
	int err;

	if (read_once(gate_fd, &word, 1) != 1)
		_exit(EXIT_NOT_EXECUTABLE);
	execvp(argv[0], argv);
	err = errno;
	if (write(report_fd, &err, sizeof(err)) != sizeof(err))
		_exit(EXIT_NOT_FOUND);
	_exit(err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Nothing arrives when exec succeeds: it closes the other end. */
static int read_exec_error(int fd)
{
	int err;

	return read_once(fd, &err, sizeof(err)) == sizeof(err) ? -err : 0;
}

static int start(struct brkw_command *cmd, char **argv, const int *gate, const int *report)
{
	int err;

	guard_signals(cmd);
	cmd->pid = fork();
	if (!cmd->pid) {
		close(gate[1]);
		restore_signals(cmd);
		exec_command(argv, gate[0], report[1]);
	}
	err = cmd->pid < 0 ? -errno : 0;
	child_pid = cmd->pid;
	sigprocmask(SIG_SETMASK, &cmd->mask, NULL);
	return err;
}

int brkw_command_start(struct brkw_command *cmd, char **argv)
{
	int gate[2], report[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		err = -errno;
		close(gate[0]);
		close(gate[1]);
		return err;
	}
	err = start(cmd, argv, gate, report);
	close(gate[0]);
	close(report[1]);
	cmd->gate_fd = gate[1];
	cmd->report_fd = report[0];
	if (err) {
		close(gate[1]);
		close(report[0]);
	}
	return err;
}

int brkw_command_release(struct brkw_command *cmd)
{
	int err = send(cmd->gate_fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;

	close(cmd->gate_fd);
	if (!err)
		err = read_exec_error(cmd->report_fd);
	close(cmd->report_fd);
	if (err)
		brkw_command_has_ended(cmd, true);
	return err;
}

void brkw_command_abandon(struct brkw_command *cmd)
{
	close(cmd->gate_fd);
	close(cmd->report_fd);
	brkw_command_has_ended(cmd, true);
}

bool brkw_command_has_ended(struct brkw_command *cmd, bool may_wait)
{
	int status = 0;
	pid_t pid;

	do {
		pid = waitpid(cmd->pid, &status, may_wait ? 0 : WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (!pid)
		return false;
	child_pid = 0;
	if (pid < 0)
		cmd->status = EXIT_NOT_EXECUTABLE;
	else if (WIFSIGNALED(status))
		cmd->status = EXIT_SIGNAL + WTERMSIG(status);
	else
		cmd->status = WEXITSTATUS(status);
	return true;
}
