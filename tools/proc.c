// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

/* smaps_rollup walks every page under the lock of the address space: not of giants. */
#define SZ_ROLLUP_MAX	(8LL << 30)

static FILE *open_file(int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

/* A line "Key:   123 kB" of a file, in bytes. */
static int64_t read_kb(int pid, const char *name, const char *key)
{
	FILE *file = open_file(pid, name);
	int64_t value = -1, kb;
	char line[256];
	size_t len = strlen(key);

	if (!file)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, len) && sscanf(line + len, " %" SCNd64, &kb) == 1)
			value = kb * 1024;
	fclose(file);
	return value;
}

static int64_t read_minor(int pid)
{
	FILE *file = open_file(pid, "stat");
	int64_t value = -1;
	char line[1024];
	const char *at;

	if (!file)
		return -1;
	/* the name may have anything in it, so count from its last parenthesis */
	if (fgets(line, sizeof(line), file)) {
		at = strrchr(line, ')');
		if (!at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %" SCNd64, &value) != 1)
			value = -1;
	}
	fclose(file);
	return value;
}

void brkw_proc_read(int pid, struct brkw_proc *ret_proc)
{
	struct brkw_proc proc = { .sz_lazy = -1 };

	proc.sz_resident = read_kb(pid, "status", "VmRSS:");
	proc.sz_anon = read_kb(pid, "status", "RssAnon:");
	proc.nr_minor = read_minor(pid);
	if (proc.sz_resident >= 0 && proc.sz_resident <= SZ_ROLLUP_MAX)
		proc.sz_lazy = read_kb(pid, "smaps_rollup", "LazyFree:");
	*ret_proc = proc;
}

/* Only the last end of a line is the kernel's: a name may have others. */
bool brkw_proc_name(int pid, char *ret_name)
{
	FILE *file = open_file(pid, "comm");
	size_t len = 0;

	if (file) {
		len = fread(ret_name, 1, BRKW_PROC_NAME - 1, file);
		fclose(file);
	}
	ret_name[len ? len - 1 : 0] = '\0';
	return len;
}

int brkw_proc_open_file(const char *path)
{
	int place = open(path, O_PATH | O_CLOEXEC), fd = -1;
	char self[64];
	struct stat st;

	if (place < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	/* a lease keeps who opens a file waiting, too */
	if (!fstat(place, &st) && S_ISREG(st.st_mode))
		fd = open(self, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	close(place);
	return fd;
}
