/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Freed blocks that look used: those in the caches of threads (tcache) and in
 * fastbins. Finds them, and marks their chunks.
 *
 * A thread's cache is a chunk itself, of a size that tells the release: 64
 * counts of a byte (2.26), of two bytes (2.30), or 76 numbers of empty slots
 * (2.42), and then as many list heads. It is taken for one only if every list in
 * it is as long as it says and has chunks of the right size.
 */
#ifndef BRKW_HEAP_CACHE_H
#define BRKW_HEAP_CACHE_H

#include <stdbool.h>
#include <stdint.h>

struct brkw_heap;
struct brkw_list;
struct brkw_memory;

/**
 * brkw_cache_is_size - may a chunk of this size be the cache of a thread?
 * @size: of the chunk
 *
 * Return: true if it may.
 */
bool brkw_cache_is_size(uint64_t size);

/**
 * brkw_cache_looks_like - does memory look like a cache with something in it?
 * @mem: what the chunk contains
 * @size: of the chunk; brkw_cache_is_size() holds
 *
 * Return: true if it is worth a closer look.
 */
bool brkw_cache_looks_like(const void *mem, uint64_t size);

/**
 * brkw_cache_mark - find what is cached, and mark its chunks
 * @heap: with its regions parsed
 * @mem: memory of the process
 * @candidates: chunks that may be caches
 * @fastbins: first free chunk of each fastbin of each arena
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_cache_mark(struct brkw_heap *heap, struct brkw_memory *mem,
		    const struct brkw_list *candidates, const struct brkw_list *fastbins);

#endif /* BRKW_HEAP_CACHE_H */
