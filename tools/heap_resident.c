// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heap.h"
#include "heap_hold.h"
#include "heap_resident.h"

/* Bits of an entry: Documentation/admin-guide/mm/pagemap.rst */
#define PM_PRESENT	(1ULL << 63)
#define PM_SWAPPED	(1ULL << 62)
#define PM_PFN		((1ULL << 55) - 1)

#define NR_ENTRIES	4096UL

/* A page of our own that was only read is the shared page of zeroes. */
static uint64_t find_zero_pfn(uint64_t sz_page)
{
	volatile char *page = mmap(NULL, sz_page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (page != MAP_FAILED && fd >= 0) {
		(void)*page;
		if (pread(fd, &entry, sizeof(entry),
			  (off_t)((uintptr_t)page / sz_page * sizeof(entry))) != sizeof(entry))
			entry = 0;
	}
	if (page != MAP_FAILED)
		munmap((void *)page, sz_page);
	if (fd >= 0)
		close(fd);
	return entry & PM_PFN;
}

int brkw_pagemap_open(int pid, struct brkw_hold *hold, struct brkw_pagemap *ret_map)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret_map->fd = fd;
	ret_map->hold = hold;
	ret_map->sz_page = (uint64_t)sysconf(_SC_PAGESIZE);
	ret_map->zero_pfn = find_zero_pfn(ret_map->sz_page);
	return 0;
}

void brkw_pagemap_close(struct brkw_pagemap *map)
{
	if (map->fd >= 0)
		close(map->fd);
	map->fd = -1;
}

static uint8_t judge_entry(const struct brkw_pagemap *map, uint64_t entry)
{
	if (entry & PM_PRESENT)
		return map->zero_pfn && (entry & PM_PFN) == map->zero_pfn ? 0 :
									    BRKW_PAGE_PRESENT;
	return (entry & PM_SWAPPED) ? BRKW_PAGE_SWAPPED : 0;
}

int brkw_resident_read(const struct brkw_pagemap *map, struct brkw_region *reg)
{
	uint64_t first = reg->start / map->sz_page, entries[NR_ENTRIES];
	uint64_t nr = (reg->end - reg->start) / map->sz_page, done = 0, i, want;
	ssize_t got;

	free(reg->pages);
	reg->pages = calloc(nr + 1, 1);
	if (!reg->pages)
		return -ENOMEM;
	while (done < nr) {
		if (map->hold)
			brkw_hold_tick(map->hold);
		want = nr - done < NR_ENTRIES ? nr - done : NR_ENTRIES;
		got = pread(map->fd, entries, want * sizeof(*entries),
			    (off_t)((first + done) * sizeof(*entries)));
		if (got < (ssize_t)sizeof(*entries))
			return got < 0 ? -errno : -EIO;
		for (i = 0; i < (uint64_t)got / sizeof(*entries); i++)
			reg->pages[done + i] = judge_entry(map, entries[i]);
		done += i;
	}
	return 0;
}

/* Is the page of @addr nowhere? */
static bool is_absent(const struct brkw_pagemap *map, uint64_t addr)
{
	uint64_t entry;

	if (pread(map->fd, &entry, sizeof(entry),
		  (off_t)(addr / map->sz_page * sizeof(entry))) != sizeof(entry))
		return true;
	return !judge_entry(map, entry);
}

static bool read_polite(struct brkw_memory *mem, uint64_t addr, void *buf, size_t len)
{
	struct brkw_polite *polite = (struct brkw_polite *)mem;
	uint64_t sz_page = polite->map->sz_page, part;
	uint8_t *out = buf;

	for (; len; len -= part, addr += part, out += part) {
		part = sz_page - addr % sz_page;
		if (part > len)
			part = len;
		if (is_absent(polite->map, addr))
			memset(out, 0, part);
		else if (!polite->under->read(polite->under, addr, out, part))
			return false;
	}
	return true;
}

void brkw_polite_init(struct brkw_polite *polite, struct brkw_memory *under,
		      const struct brkw_pagemap *map)
{
	polite->mem.read = read_polite;
	polite->under = under;
	polite->map = map;
}

uint64_t brkw_resident_count(const struct brkw_region *reg, uint64_t sz_page, uint64_t start,
			     uint64_t end)
{
	uint64_t page, last, nr = 0;

	if (start < reg->start)
		start = reg->start;
	if (end > reg->end)
		end = reg->end;
	if (start >= end)
		return 0;
	last = (end - reg->start) / sz_page;
	for (page = (start - reg->start + sz_page - 1) / sz_page; page < last; page++)
		nr += reg->pages[page] == BRKW_PAGE_PRESENT;
	return nr * sz_page;
}

uint64_t brkw_resident_part(const struct brkw_region *reg, uint64_t sz_page, uint64_t start,
			    uint64_t end)
{
	uint64_t sz = 0, next;

	if (end > reg->end)
		end = reg->end;
	for (; start < end; start = next) {
		next = start - (start - reg->start) % sz_page + sz_page;
		if (next > end)
			next = end;
		if (reg->pages[(start - reg->start) / sz_page] == BRKW_PAGE_PRESENT)
			sz += next - start;
	}
	return sz;
}
