// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "heap_hold.h"
#include "heap_memory.h"

#define SZ_SLOT		4096UL
#define NR_SLOTS	4096UL

static bool read_live(struct brkw_memory *mem, uint64_t addr, void *buf, size_t len)
{
	struct brkw_live *live = (struct brkw_live *)mem;
	struct iovec here = { .iov_base = buf, .iov_len = len };
	struct iovec there = { .iov_base = (void *)(uintptr_t)addr, .iov_len = len };

	if (live->hold)
		brkw_hold_tick(live->hold);
	return process_vm_readv(live->pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

void brkw_live_init(struct brkw_live *live, int pid, struct brkw_hold *hold)
{
	live->mem.read = read_live;
	live->pid = pid;
	live->hold = hold;
}

static const uint8_t *find_slot(struct brkw_cached *cached, uint64_t page)
{
	size_t slot = page / SZ_SLOT % NR_SLOTS;
	uint8_t *data = cached->data + slot * SZ_SLOT;

	if (cached->tags[slot] == page + 1)
		return data;
	cached->tags[slot] = 0;
	if (!cached->under->read(cached->under, page, data, SZ_SLOT))
		return NULL;
	cached->tags[slot] = page + 1;
	return data;
}

static bool read_cached(struct brkw_memory *mem, uint64_t addr, void *buf, size_t len)
{
	struct brkw_cached *cached = (struct brkw_cached *)mem;
	uint8_t *out = buf;
	const uint8_t *data;
	size_t part;

	while (len) {
		data = find_slot(cached, addr & ~(SZ_SLOT - 1));
		if (!data)
			return false;
		part = SZ_SLOT - (addr & (SZ_SLOT - 1));
		if (part > len)
			part = len;
		memcpy(out, data + (addr & (SZ_SLOT - 1)), part);
		out += part;
		addr += part;
		len -= part;
	}
	return true;
}

int brkw_cached_init(struct brkw_cached *cached, struct brkw_memory *under)
{
	cached->mem.read = read_cached;
	cached->under = under;
	cached->tags = calloc(NR_SLOTS, sizeof(*cached->tags));
	cached->data = malloc(NR_SLOTS * SZ_SLOT);
	if (cached->tags && cached->data)
		return 0;
	brkw_cached_free(cached);
	return -ENOMEM;
}

void brkw_cached_free(struct brkw_cached *cached)
{
	free(cached->tags);
	free(cached->data);
	cached->tags = NULL;
	cached->data = NULL;
}

bool brkw_memory_word(struct brkw_memory *mem, uint64_t addr, uint64_t *ret_word)
{
	uint64_t word;

	if (!mem->read(mem, addr, &word, sizeof(word)))
		return false;
	*ret_word = word;
	return true;
}
