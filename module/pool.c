// SPDX-License-Identifier: GPL-2.0
/*
 * Free lists for what hooks need. Taking and giving work in any context that
 * a kprobe can be in; filling and trimming sleep and belong to the worker and
 * to module load. The lock is raw: hooks run with preemption off, also on
 * PREEMPT_RT.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include "pool.h"

static void **link_of(const struct brkw_pool *pool, void *object)
{
	return object + pool->offset_link;
}

/**
 * brkw_pool_init() - make an empty pool
 * @pool: the pool
 * @name: name of its slab cache, as /proc/slabinfo shows it
 * @size: bytes of an object
 * @offset_link: offset of a pointer in the object that the pool may use while
 *		 the object is free
 * @nr_low: free objects the worker should keep ready
 * @nr_max: objects that may exist at most
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int brkw_pool_init(struct brkw_pool *pool, const char *name, size_t size,
		   size_t offset_link, unsigned int nr_low, unsigned int nr_max)
{
	*pool = (struct brkw_pool){
		.offset_link = offset_link,
		.nr_low = min(nr_low, nr_max),
		.nr_max = nr_max,
	};
	raw_spin_lock_init(&pool->lock);
	pool->cache = kmem_cache_create(name, size, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	return pool->cache ? 0 : -ENOMEM;
}

/**
 * brkw_pool_exit() - free all objects and the cache
 * @pool: the pool, or one that brkw_pool_init() failed on; every object must
 *	  have been given back, else the cache complains about what is left
 *
 * Context: may sleep; nobody may use the pool any more.
 */
void brkw_pool_exit(struct brkw_pool *pool)
{
	void *object;

	if (!pool->cache)
		return;
	while ((object = brkw_pool_take(pool, NULL)))
		kmem_cache_free(pool->cache, object);
	kmem_cache_destroy(pool->cache);
	pool->cache = NULL;
}

/**
 * brkw_pool_take() - take a free object
 * @pool: the pool
 * @ret_is_low: set to true if the worker should be woken; may be NULL
 *
 * Context: any, never sleeps. Return: an object whose old content is still in
 * it, or NULL if none is free.
 */
void *brkw_pool_take(struct brkw_pool *pool, bool *ret_is_low)
{
	unsigned long irqflags;
	void *object;

	raw_spin_lock_irqsave(&pool->lock, irqflags);
	object = pool->free;
	if (object) {
		pool->free = *link_of(pool, object);
		pool->nr_free--;
	}
	if (ret_is_low && pool->nr_free < pool->nr_low / 2)
		*ret_is_low = true;
	raw_spin_unlock_irqrestore(&pool->lock, irqflags);
	return object;
}

/**
 * brkw_pool_give() - give an object back
 * @pool: the pool
 * @object: from brkw_pool_take(); unhashed, unlinked and unreferenced
 *
 * Context: any, never sleeps.
 */
void brkw_pool_give(struct brkw_pool *pool, void *object)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&pool->lock, irqflags);
	*link_of(pool, object) = pool->free;
	pool->free = object;
	pool->nr_free++;
	raw_spin_unlock_irqrestore(&pool->lock, irqflags);
}

/* Reserve the right to make one more object, so that nr_max holds. */
static bool reserve_one(struct brkw_pool *pool)
{
	unsigned long irqflags;
	bool is_wanted;

	raw_spin_lock_irqsave(&pool->lock, irqflags);
	is_wanted = pool->nr_free < pool->nr_low + READ_ONCE(pool->nr_reserved) &&
		    pool->nr_made < pool->nr_max;
	if (is_wanted)
		pool->nr_made++;
	raw_spin_unlock_irqrestore(&pool->lock, irqflags);
	return is_wanted;
}

static void forget_one(struct brkw_pool *pool)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&pool->lock, irqflags);
	pool->nr_made--;
	raw_spin_unlock_irqrestore(&pool->lock, irqflags);
}

/**
 * brkw_pool_fill() - make objects until enough are free
 * @pool: the pool; its limit holds
 *
 * Context: may sleep. Return: 0, or -ENOMEM if memory ran out before.
 */
int brkw_pool_fill(struct brkw_pool *pool)
{
	while (reserve_one(pool)) {
		void *object = kmem_cache_zalloc(pool->cache, GFP_KERNEL);

		if (!object) {
			forget_one(pool);
			return -ENOMEM;
		}
		brkw_pool_give(pool, object);
		cond_resched();
	}
	return 0;
}

/**
 * brkw_pool_reserve() - have objects for somebody who will soon take many
 * @pool: the pool
 * @nr: how many, beyond what is kept ready; 0 when they have been taken
 *
 * Context: may sleep; one reservation at a time. Return: as brkw_pool_fill().
 */
int brkw_pool_reserve(struct brkw_pool *pool, unsigned int nr)
{
	WRITE_ONCE(pool->nr_reserved, nr);
	return brkw_pool_fill(pool);
}

/**
 * brkw_pool_trim() - free what a burst of processes left behind
 * @pool: the pool
 * @forget: called before objects are freed: nobody may remember free ones
 *
 * Keeps four times what is kept ready, so that it does not chase brkw_pool_fill(),
 * and what is reserved. Context: may sleep.
 */
void brkw_pool_trim(struct brkw_pool *pool, void (*forget)(void))
{
	void *object, *excess = NULL;

	while (READ_ONCE(pool->nr_free) > 4 * pool->nr_low + READ_ONCE(pool->nr_reserved)) {
		object = brkw_pool_take(pool, NULL);
		if (!object)
			break;
		*link_of(pool, object) = excess;
		excess = object;
	}
	if (excess) {
		forget();
		/* a look-up may stand on one still, and new objects are zeroed */
		synchronize_rcu();
	}
	while ((object = excess)) {
		excess = *link_of(pool, object);
		kmem_cache_free(pool->cache, object);
		forget_one(pool);
		cond_resched();
	}
}

/**
 * brkw_pool_bytes() - memory held by the objects of a pool
 * @pool: the pool
 *
 * Context: any. Return: bytes.
 */
size_t brkw_pool_bytes(const struct brkw_pool *pool)
{
	return (size_t)READ_ONCE(pool->nr_made) * kmem_cache_size(pool->cache);
}
