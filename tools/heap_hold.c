// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "heap_hold.h"

#define NS_PER_MS	1000000ULL

#define MARGIN_NS	(BRKW_HOLD_MARGIN_MS * NS_PER_MS)

void brkw_hold_init(struct brkw_hold *hold, int pid, unsigned int ms)
{
	*hold = (struct brkw_hold){ .pid = pid, .budget_ns = ms * NS_PER_MS };
}

static int add_thread(struct brkw_hold *hold, int tid)
{
	size_t room = hold->nr_room ? 2 * hold->nr_room : 16;
	struct brkw_held *threads;

	if (hold->nr_threads == hold->nr_room) {
		threads = realloc(hold->threads, room * sizeof(*threads));
		if (!threads)
			return -ENOMEM;
		hold->threads = threads;
		hold->nr_room = room;
	}
	hold->threads[hold->nr_threads++] = (struct brkw_held){ .tid = tid };
	return 0;
}

static bool is_held(const struct brkw_hold *hold, int tid)
{
	size_t i;

	for (i = 0; i < hold->nr_threads; i++)
		if (hold->threads[i].tid == tid)
			return true;
	return false;
}

/* A thread that ends meanwhile is no error. */
static int hold_thread(struct brkw_hold *hold, int tid)
{
	int err = add_thread(hold, tid);

	if (err)
		return err;
	if (!ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
		return 0;
	}
	hold->nr_threads--;
	return errno == ESRCH ? 0 : -errno;
}

/* Those that are not held yet; counts them. */
static int hold_new_threads(struct brkw_hold *hold, size_t *ret_nr)
{
	size_t nr_before = hold->nr_threads;
	struct dirent *entry;
	char path[64];
	DIR *dir;
	int tid, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", hold->pid);
	dir = opendir(path);
	if (!dir)
		return -ESRCH;
	while (!err && (entry = readdir(dir))) {
		tid = atoi(entry->d_name);
		if (tid > 0 && !is_held(hold, tid))
			err = hold_thread(hold, tid);
	}
	closedir(dir);
	*ret_nr = hold->nr_threads - nr_before;
	return err;
}

/* Has the thread come to stand still? One that is gone has, too. */
static bool has_stopped(struct brkw_held *thread)
{
	int status, got;

	if (thread->is_stopped)
		return true;
	got = waitpid(thread->tid, &status, __WALL | WNOHANG);
	if (!got || (got < 0 && errno == EINTR))
		return false;
	thread->is_stopped = true;
	/* not our interrupt but a signal came first: it must not be lost */
	if (got > 0 && WIFSTOPPED(status) && status >> 16 != PTRACE_EVENT_STOP)
		thread->signal = WSTOPSIG(status);
	return true;
}

static bool is_over(const struct brkw_hold *hold)
{
	return hold->held_ns + (brkw_clock_ns(CLOCK_MONOTONIC) - hold->since_ns) + MARGIN_NS >= hold->budget_ns;
}

static size_t count_running(struct brkw_hold *hold)
{
	size_t i, nr = 0;

	for (i = 0; i < hold->nr_threads; i++)
		nr += !has_stopped(&hold->threads[i]);
	return nr;
}

/*
 * A thread deep in the kernel may take longer than there is time. The time is
 * that of the first thread that stands still: until then nobody is held.
 */
static int wait_for_stops(struct brkw_hold *hold, bool is_any_held)
{
	const struct timespec pause = { .tv_nsec = 10000 };
	size_t nr_running;

	while ((nr_running = count_running(hold))) {
		if (is_over(hold))
			return -ETIME;
		if (!is_any_held && nr_running < hold->nr_threads) {
			is_any_held = true;
			hold->since_ns = brkw_clock_ns(CLOCK_MONOTONIC);
		}
		/* sleeping, or we would keep the processor from one that is to stop */
		nanosleep(&pause, NULL);
	}
	if (!is_any_held)
		hold->since_ns = brkw_clock_ns(CLOCK_MONOTONIC);
	return 0;
}

/* Lets those go that stand still; a running one cannot be, and stays in the list. */
static void release_stopped(struct brkw_hold *hold)
{
	size_t i, nr_left = 0;

	for (i = 0; i < hold->nr_threads; i++) {
		struct brkw_held *thread = &hold->threads[i];

		if (has_stopped(thread))
			ptrace(PTRACE_DETACH, thread->tid, NULL, (long)thread->signal);
		else
			hold->threads[nr_left++] = *thread;
	}
	hold->nr_threads = nr_left;
}

/* Whoever takes our processor now makes the process wait as well. Root may. */
static void set_urgent(bool is_urgent)
{
	const struct sched_param param = { .sched_priority = is_urgent ? 1 : 0 };

	sched_setscheduler(0, is_urgent ? SCHED_RR : SCHED_OTHER, &param);
}

int brkw_hold_begin(struct brkw_hold *hold)
{
	bool is_any_held = false;
	size_t nr_new = 1;
	int err = 0;

	if (hold->since_ns)
		return 0;
	if (hold->held_ns + MARGIN_NS >= hold->budget_ns)
		return -ETIME;
	set_urgent(true);
	hold->since_ns = brkw_clock_ns(CLOCK_MONOTONIC);
	hold->nr_holds++;
	/* a thread that is not held yet may start another */
	while (!err && nr_new) {
		err = hold_new_threads(hold, &nr_new);
		if (!err)
			err = wait_for_stops(hold, is_any_held);
		is_any_held = true;
	}
	if (!err && !hold->nr_threads)
		err = -ESRCH;
	if (err)
		brkw_hold_end(hold);
	return err;
}

void brkw_hold_end(struct brkw_hold *hold)
{
	if (!hold->since_ns)
		return;
	release_stopped(hold);
	hold->held_ns += brkw_clock_ns(CLOCK_MONOTONIC) - hold->since_ns;
	hold->since_ns = 0;
	set_urgent(false);
}

void brkw_hold_tick(struct brkw_hold *hold)
{
	if (!hold->since_ns) {
		if (hold->nr_threads)
			release_stopped(hold);
		return;
	}
	if (!is_over(hold))
		return;
	hold->is_cut = true;
	brkw_hold_end(hold);
}

/* System calls by which malloc changes the heap; it may not be through yet. */
static bool is_memory_call(long nr)
{
	return nr == SYS_brk || nr == SYS_mmap || nr == SYS_munmap || nr == SYS_mremap ||
	       nr == SYS_madvise || nr == SYS_mprotect;
}

static bool is_thread_busy(int pid, int tid, uint64_t text_start, uint64_t text_end)
{
	uint64_t pc = 0;
	char line[256] = "", path[64];
	FILE *file;
	long nr;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file) || sscanf(line, "%ld", &nr) != 1)
		nr = 0;
	fclose(file);
	if (nr >= 0)
		return is_memory_call(nr) && *line;
	/* "-1 SP PC": it is not in a system call */
	return sscanf(line, "%*d %*s %" SCNx64, &pc) == 1 && pc >= text_start && pc < text_end;
}

bool brkw_hold_is_busy(const struct brkw_hold *hold, uint64_t text_start, uint64_t text_end)
{
	size_t i;

	for (i = 0; i < hold->nr_threads; i++)
		if (is_thread_busy(hold->pid, hold->threads[i].tid, text_start, text_end))
			return true;
	return false;
}

void brkw_hold_free(struct brkw_hold *hold)
{
	brkw_hold_end(hold);
	free(hold->threads);
	hold->threads = NULL;
	hold->nr_room = 0;
}
