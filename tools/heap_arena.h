/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds the arenas of glibc without symbols: the main one by its bins, which
 * point at themselves when empty, in writable data of a library or the program;
 * the others by the ring that links them all.
 */
#ifndef BRKW_HEAP_ARENA_H
#define BRKW_HEAP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct brkw_heap;
struct brkw_list;
struct brkw_maps;
struct brkw_memory;

#define BRKW_STATE_MAX	2200
#define BRKW_ARENAS_MAX	4096

/**
 * struct brkw_state - a malloc_state as it was read
 * @address: where
 * @data: what
 */
struct brkw_state {
	uint64_t address;
	uint8_t data[BRKW_STATE_MAX];
};

/**
 * struct brkw_states - all of them
 * @states: the main one first
 * @nr: how many
 * @off_top: offset of the top, which tells the layout: 96 since glibc 2.27, 88
 *	before, 8 where there are no fastbins any more
 * @data_start: the writable data that the main one is in
 * @data_end: behind it
 */
struct brkw_states {
	struct brkw_state *states;
	size_t nr;
	unsigned int off_top;
	uint64_t data_start;
	uint64_t data_end;
};

/**
 * brkw_arena_find - find and read all arenas
 * @mem: memory of the process
 * @maps: its mappings
 * @ret_states: written only on success; freed with brkw_arena_free()
 *
 * Return: 0; -ENOENT if there is no arena; -ENOMEM.
 */
int brkw_arena_find(struct brkw_memory *mem, const struct brkw_maps *maps,
		    struct brkw_states *ret_states);

/**
 * brkw_arena_free - forget the arenas
 * @states: of brkw_arena_find(), or zeroes
 */
void brkw_arena_free(struct brkw_states *states);

/**
 * brkw_arena_is_same - are all arenas as they were read?
 * @mem: memory of the process
 * @states: as they were
 *
 * Return: true if no byte differs.
 */
bool brkw_arena_is_same(struct brkw_memory *mem, const struct brkw_states *states);

/**
 * brkw_arena_fill - arenas and the regions that they say they have
 * @heap: arenas and regions are filled in
 * @mem: memory of the process
 * @states: the arenas
 * @maps: mappings of the process
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_arena_fill(struct brkw_heap *heap, struct brkw_memory *mem,
		    const struct brkw_states *states, const struct brkw_maps *maps);

/**
 * brkw_arena_fastbins - what the fastbins of all arenas begin with
 * @states: the arenas
 * @list: first chunks are added
 *
 * Return: 0 or -ENOMEM.
 */
int brkw_arena_fastbins(const struct brkw_states *states, struct brkw_list *list);

/**
 * brkw_arena_params - find the thresholds
 * @heap: its params are filled in
 * @mem: memory of the process
 * @states: the arenas
 * @maps: mappings of the process
 */
void brkw_arena_params(struct brkw_heap *heap, struct brkw_memory *mem,
		       const struct brkw_states *states, const struct brkw_maps *maps);

#endif /* BRKW_HEAP_ARENA_H */
