// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "heap_known.h"
#include "heap_maps.h"
#include "proc.h"

/* An allocator: how its library is called, and what it says in its messages. */
static const struct allocator {
	const char *name;
	const char *library;
	const char *message;
	const char *advice;
} allocators[] = {
	{ "jemalloc", "libjemalloc", "<jemalloc>",
	  "ask it itself: MALLOC_CONF=stats_print:true, and dirty_decay_ms decides how long "
	  "free pages stay" },
	{ "tcmalloc", "libtcmalloc", "tcmalloc.cc",
	  "ask it itself: MallocExtension, and TCMALLOC_RELEASE_RATE decides how fast free pages "
	  "go" },
	{ "mimalloc", "libmimalloc", "mimalloc: ",
	  "ask it itself: MIMALLOC_SHOW_STATS=1, and MIMALLOC_PURGE_DELAY decides how long free "
	  "pages stay" },
	{ "musl", "ld-musl-", NULL,
	  "its malloc gives free groups of pages back by itself and has no trim" },
	{ "snmalloc", "libsnmalloc", NULL, "ask it itself" },
	{ "hoard", "libhoard", NULL, "ask it itself" },
	{ "scudo", "libscudo", "Scudo ERROR", "ask it itself: SCUDO_OPTIONS=print_stats=true" },
	{ "AddressSanitizer", "libasan", "AddressSanitizer: ",
	  "it keeps freed blocks in quarantine on purpose: measure without it" },
	{ "Go", NULL, "runtime.mallocgc", "ask it itself: GODEBUG=gctrace=1, GOMEMLIMIT" },
};

#define NR_ALLOCATORS	ARRAY_SIZE(allocators)

const char *brkw_known_allocator(const struct brkw_maps *maps)
{
	const char *base;
	size_t i, j;

	for (i = 0; i < maps->nr; i++) {
		base = strrchr(maps->maps[i].path, '/');
		for (j = 0; base && j < NR_ALLOCATORS; j++)
			if (allocators[j].library &&
			    !strncmp(base + 1, allocators[j].library,
				     strlen(allocators[j].library)))
				return allocators[j].name;
	}
	return NULL;
}

const char *brkw_known_advice(const char *name)
{
	size_t i;

	for (i = 0; i < NR_ALLOCATORS; i++)
		if (!strcmp(allocators[i].name, name))
			return allocators[i].advice;
	return "";
}

/* --- what files say; ours are the pages then, not those of the process --- */

struct file {
	const char *data;
	size_t len;
};

static bool map_file(const char *path, struct file *ret_file)
{
	int fd = brkw_proc_open_file(path);
	struct stat st;
	void *data;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !st.st_size) {
		close(fd);
		return false;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return false;
	*ret_file = (struct file){ data, (size_t)st.st_size };
	return true;
}

static void unmap_file(const struct file *file)
{
	munmap((void *)file->data, file->len);
}

const char *brkw_known_linked(int pid)
{
	const char *name = NULL;
	struct file file;
	char path[64];
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (!map_file(path, &file))
		return NULL;
	for (i = 0; !name && i < NR_ALLOCATORS; i++)
		if (allocators[i].message && memmem(file.data, file.len, allocators[i].message,
						    strlen(allocators[i].message)))
			name = allocators[i].name;
	unmap_file(&file);
	return name;
}

/* "GNU C Library (...) stable release version 2.36." */
static void find_release(const struct file *file, char *ret_text, size_t sz_text)
{
	static const char banner[] = "GNU C Library", word[] = "release version ";
	const char *at = memmem(file->data, file->len, banner, strlen(banner)), *end;

	end = file->data + file->len;
	if (at)
		at = memmem(at, (size_t)(end - at) < 200 ? (size_t)(end - at) : 200, word,
			    strlen(word));
	if (!at || end - at < 64)
		return;
	at += strlen(word);
	snprintf(ret_text, sz_text, "%.*s", (int)strspn(at, "0123456789."), at);
	if (*ret_text && ret_text[strlen(ret_text) - 1] == '.')
		ret_text[strlen(ret_text) - 1] = '\0';
}

void brkw_known_libc(int pid, const struct brkw_maps *maps, char *ret_text, size_t sz_text)
{
	char path[PATH_MAX];
	struct file file;
	size_t i;

	*ret_text = '\0';
	for (i = 0; i < maps->nr && !*ret_text; i++) {
		if (!brkw_mapping_is_libc(&maps->maps[i]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/root%s", pid, maps->maps[i].path);
		if (!map_file(path, &file))
			return;
		find_release(&file, ret_text, sz_text);
		unmap_file(&file);
	}
}

int brkw_known_is_64(int pid)
{
	char path[64], ident[EI_NIDENT] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, ident, sizeof(ident)) != sizeof(ident))
		ident[EI_CLASS] = ELFCLASSNONE;
	close(fd);
	return ident[EI_CLASS] == ELFCLASS64;
}
