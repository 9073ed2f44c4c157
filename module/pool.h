/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects made ahead of need, because hooks may not allocate. A hook takes
 * from the free list; a worker keeps the list filled; an empty list makes the
 * caller count a drop.
 */
#ifndef _BRKW_POOL_H
#define _BRKW_POOL_H

#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct brkw_pool - a typed free list above a slab cache
 * @cache: where objects come from; SLAB_TYPESAFE_BY_RCU, so that a look-up
 *	   that races with the recycling of an object reads valid memory
 * @lock: guards @free, @nr_free, @nr_made
 * @free: free objects, linked through the pointer at @offset_link
 * @offset_link: offset of that pointer; no look-up reads it
 * @nr_free: length of @free
 * @nr_made: objects in existence, free or not
 * @nr_low: how many free objects the worker keeps ready
 * @nr_reserved: how many more somebody is about to take
 * @nr_max: how many may exist
 */
struct brkw_pool {
	struct kmem_cache *cache;
	raw_spinlock_t lock;
	void *free;
	size_t offset_link;
	unsigned int nr_free;
	unsigned int nr_made;
	unsigned int nr_low;
	unsigned int nr_reserved;
	unsigned int nr_max;
};

int brkw_pool_init(struct brkw_pool *pool, const char *name, size_t size,
		   size_t offset_link, unsigned int nr_low, unsigned int nr_max);
void brkw_pool_exit(struct brkw_pool *pool);
void *brkw_pool_take(struct brkw_pool *pool, bool *ret_is_low);
void brkw_pool_give(struct brkw_pool *pool, void *object);
int brkw_pool_fill(struct brkw_pool *pool);
int brkw_pool_reserve(struct brkw_pool *pool, unsigned int nr);
void brkw_pool_trim(struct brkw_pool *pool, void (*forget)(void));
size_t brkw_pool_bytes(const struct brkw_pool *pool);

#endif /* _BRKW_POOL_H */
