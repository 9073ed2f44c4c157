// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proc.h"

#define SZ_MAPS		(256 * 1024)

static char maps[SZ_MAPS];

/**
 * proc_read() - read a whole file of the kernel's
 * @path: which
 * @buf: gets its text and a NUL
 * @size: of @buf
 *
 * Return: bytes without the NUL, or a negative errno; -E2BIG if @buf is small.
 */
long proc_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t nr = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, buf + nr, size - nr)) > 0)
		nr += got;
	if (got < 0)
		got = -errno;
	else if (nr == size)
		got = -E2BIG;
	close(fd);
	if (got < 0)
		return got;
	buf[nr] = '\0';
	return nr;
}

static long read_of(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return proc_read(path, buf, size);
}

/**
 * proc_vm_bytes() - VmSize of a process
 * @pid: the process
 *
 * Return: bytes, or a negative errno.
 */
long proc_vm_bytes(pid_t pid)
{
	char buf[4096], *line;
	long err = read_of(pid, "status", buf, sizeof(buf));

	if (err < 0)
		return err;
	line = strstr(buf, "\nVmSize:");
	return line ? strtol(line + 8, NULL, 10) * 1024 : -ESRCH;
}

/* Field @nr of stat as proc(5) counts them; the name may hold anything. */
static long stat_field(pid_t pid, unsigned int nr)
{
	char buf[1024], *pos;
	long err = read_of(pid, "stat", buf, sizeof(buf));

	if (err < 0)
		return err;
	pos = strrchr(buf, ')');
	for (nr -= 2; pos && nr; nr--)
		pos = strchr(pos + 1, ' ');
	return pos ? strtol(pos + 1, NULL, 10) : -EINVAL;
}

/**
 * proc_start_brk() - where the heap of a process begins
 * @pid: the process
 *
 * Return: an address, or a negative errno.
 */
long proc_start_brk(pid_t pid)
{
	return stat_field(pid, 47);
}

/**
 * proc_read_faults() - the kernel's count of a process's page faults
 * @pid: the process
 * @ret_faults: filled on success
 *
 * Return: 0 or a negative errno.
 */
int proc_read_faults(pid_t pid, struct proc_faults *ret_faults)
{
	struct proc_faults faults = { stat_field(pid, 10), stat_field(pid, 12) };

	if (faults.minor < 0 || faults.major < 0)
		return -ESRCH;
	*ret_faults = faults;
	return 0;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/**
 * proc_nr_vmas() - the mappings of a process
 * @pid: the process
 *
 * The vsyscall page is listed but is no mapping.
 * Return: their number, or a negative errno.
 */
long proc_nr_vmas(pid_t pid)
{
	long nr = 0, err = read_of(pid, "maps", maps, sizeof(maps));
	const char *line;

	if (err < 0)
		return err;
	for (line = maps; *line; line = next_line(line))
		nr++;
	return strstr(maps, "[vsyscall]") ? nr - 1 : nr;
}

static bool line_has_name(const char *line, const char *name)
{
	size_t len = next_line(line) - line, len_name = strlen(name);

	return len > len_name && line[len - 1] == '\n' &&
	       !strncmp(line + len - 1 - len_name, name, len_name);
}

/**
 * proc_find_mapping() - the first mapping whose name ends so
 * @pid: the process
 * @name: the end of its line in maps
 * @ret_range: filled if there is one
 *
 * Return: 0, -ENOENT, or another negative errno.
 */
int proc_find_mapping(pid_t pid, const char *name, struct proc_range *ret_range)
{
	long err = read_of(pid, "maps", maps, sizeof(maps));
	const char *line;

	if (err < 0)
		return err;
	for (line = maps; *line; line = next_line(line)) {
		if (!line_has_name(line, name))
			continue;
		return sscanf(line, "%lx-%lx", &ret_range->start, &ret_range->end) == 2 ?
			0 : -EINVAL;
	}
	return -ENOENT;
}

/**
 * proc_named_bytes() - size of all mappings whose names end so
 * @pid: the process
 * @name: the end of their lines in maps
 *
 * Return: bytes, or a negative errno.
 */
long proc_named_bytes(pid_t pid, const char *name)
{
	long sum = 0, err = read_of(pid, "maps", maps, sizeof(maps));
	unsigned long start, end;
	const char *line;

	if (err < 0)
		return err;
	for (line = maps; *line; line = next_line(line))
		if (line_has_name(line, name) && sscanf(line, "%lx-%lx", &start, &end) == 2)
			sum += end - start;
	return sum;
}

/**
 * proc_wait_state() - wait until a process is in a state, for at most 10 s
 * @pid: the process
 * @state: the letter of stat
 *
 * Return: false if it does not come to that.
 */
bool proc_wait_state(pid_t pid, char state)
{
	char buf[1024], *pos;
	int i;

	for (i = 0; i < 2000; i++) {
		if (read_of(pid, "stat", buf, sizeof(buf)) < 0)
			return false;
		pos = strrchr(buf, ')');
		if (pos && pos[2] == state)
			return true;
		usleep(5000);
	}
	return false;
}

/**
 * sys_beside() - the path of a program in the folder of this one
 * @name: its name
 * @ret_path: filled
 * @size: of @ret_path
 */
void sys_beside(const char *name, char *ret_path, size_t size)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	if (strrchr(self, '/'))
		strrchr(self, '/')[1] = '\0';
	snprintf(ret_path, size, "%s%s", self, name);
}

/**
 * sys_make_file() - a file for a test to map
 * @size: its size in bytes
 *
 * Return: a descriptor, or a negative errno.
 */
int sys_make_file(size_t size)
{
	char block[4096], path[] = "/tmp/brkwatch-test.XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		return -errno;
	unlink(path);
	memset(block, 'b', sizeof(block));
	for (; size; size -= size < sizeof(block) ? size : sizeof(block)) {
		if (write(fd, block, size < sizeof(block) ? size : sizeof(block)) > 0)
			continue;
		close(fd);
		return -ENOSPC;
	}
	return fd;
}

static int write_to(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/**
 * sys_write() - write a text to a file of the kernel's
 * @path: which
 * @text: what
 *
 * Return: 0 or a negative errno.
 */
int sys_write(const char *path, const char *text)
{
	return write_to(path, 0, text);
}

/**
 * sys_append() - add a line to a file of the kernel's that holds a list
 * @path: which
 * @text: the line
 *
 * Return: 0 or a negative errno.
 */
int sys_append(const char *path, const char *text)
{
	return write_to(path, O_APPEND, text);
}

/**
 * sys_replace() - as sys_write(), and say what was there
 * @path: which
 * @text: what
 * @ret_old: gets the first line of the old text, to be written back
 * @size: of @ret_old
 *
 * Return: 0 or a negative errno; then @ret_old is empty.
 */
int sys_replace(const char *path, const char *text, char *ret_old, size_t size)
{
	long err = proc_read(path, ret_old, size);

	if (err >= 0) {
		ret_old[strcspn(ret_old, "\n")] = '\0';
		err = sys_write(path, text);
	}
	if (err < 0)
		ret_old[0] = '\0';
	return err;
}
