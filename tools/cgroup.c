// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"

/* Is @word one of the words with commas between in the @len bytes of @list? */
static int has_word(const char *list, size_t len, const char *word)
{
	const char *end = list + len, *comma;
	size_t sz_word = strlen(word);

	for (;; list = comma + 1) {
		comma = memchr(list, ',', end - list);
		if ((size_t)((comma ? comma : end) - list) == sz_word &&
		    !memcmp(list, word, sz_word))
			return 1;
		if (!comma)
			return 0;
	}
}

/* Of lines "N:controllers:path", the path that counts; NULL if there is none. */
static const char *find_path(char *text)
{
	const char *found = NULL;
	char *line, *names, *path;

	while ((line = strsep(&text, "\n"))) {
		names = strchr(line, ':');
		path = names ? strchr(names + 1, ':') : NULL;
		if (!path)
			continue;
		if (has_word(names + 1, path - names - 1, "memory"))
			return path + 1;
		if (path == names + 1)
			found = path + 1;
	}
	return found;
}

char *brkw_cgroup_read(const char *sysroot, uint32_t pid)
{
	char path[PATH_MAX], text[8192];
	const char *found;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/proc/%u/cgroup", sysroot, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return NULL;
	text[len] = '\0';
	found = find_path(text);
	return found ? strdup(found) : NULL;
}
