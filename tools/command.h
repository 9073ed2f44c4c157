/* SPDX-License-Identifier: GPL-2.0 */
/* A command that a verb runs: held until all is ready, its signals its own. */
#ifndef BRKW_COMMAND_H
#define BRKW_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * struct brkw_command - a command under way
 * @pid: its process
 * @status: what to exit with, once it has ended
 * @gate_fd: it waits until this is closed
 * @report_fd: it says here why it could not be executed
 * @interrupt: what SIGINT did to us before
 * @quit: the same for SIGQUIT
 * @term: the same for SIGTERM
 * @hangup: the same for SIGHUP
 * @child: the same for SIGCHLD
 * @mask: what signals were blocked
 */
struct brkw_command {
	pid_t pid;
	int status;
	int gate_fd;
	int report_fd;
	struct sigaction interrupt, quit, term, hangup, child;
	sigset_t mask;
};

/**
 * brkw_command_start - make the process, and let it wait
 * @cmd: filled in
 * @argv: the command and its arguments
 *
 * From here on SIGINT and SIGQUIT are ignored, which a terminal sends to the
 * command itself, and SIGTERM and SIGHUP are passed on to it.
 *
 * Return: 0 or a negative errno.
 */
int brkw_command_start(struct brkw_command *cmd, char **argv);

/**
 * brkw_command_release - let it be executed
 * @cmd: started
 *
 * Return: 0, or the negative errno of exec; then it has ended.
 */
int brkw_command_release(struct brkw_command *cmd);

/**
 * brkw_command_abandon - end one that was not released
 * @cmd: started
 */
void brkw_command_abandon(struct brkw_command *cmd);

/**
 * brkw_command_has_ended - look whether it has
 * @cmd: released; its status is filled in at the end
 * @may_wait: do not return before
 *
 * Return: whether it has ended.
 */
bool brkw_command_has_ended(struct brkw_command *cmd, bool may_wait);

#endif /* BRKW_COMMAND_H */
