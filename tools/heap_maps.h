/* SPDX-License-Identifier: GPL-2.0 */
/* The mappings of a process, from its maps file. */
#ifndef BRKW_HEAP_MAPS_H
#define BRKW_HEAP_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct brkw_why;

/**
 * struct brkw_mapping - one line of maps
 * @start: first byte
 * @end: behind the last
 * @is_writable: may be written
 * @is_executable: may be executed
 * @is_private: not shared
 * @has_file: a file is behind it
 * @path: the file, "[heap]" and the like, or ""
 */
struct brkw_mapping {
	uint64_t start;
	uint64_t end;
	bool is_writable;
	bool is_executable;
	bool is_private;
	bool has_file;
	char path[256];
};

/**
 * struct brkw_maps - all of them, in order of address
 * @maps: the mappings
 * @nr: how many
 */
struct brkw_maps {
	struct brkw_mapping *maps;
	size_t nr;
};

/**
 * brkw_maps_read - read the mappings of a process
 * @pid: of the process
 * @ret_maps: written only on success; freed with brkw_maps_free()
 * @why: says what is wrong on failure
 *
 * Return: 0 or a negative errno.
 */
int brkw_maps_read(int pid, struct brkw_maps *ret_maps, struct brkw_why *why);

/**
 * brkw_maps_free - forget the mappings
 * @maps: of brkw_maps_read(), or zeroes
 */
void brkw_maps_free(struct brkw_maps *maps);

/**
 * brkw_maps_find - the mapping of an address
 * @maps: where to look
 * @addr: the address
 *
 * Return: the mapping or NULL.
 */
const struct brkw_mapping *brkw_maps_find(const struct brkw_maps *maps, uint64_t addr);

/**
 * brkw_maps_end - how far it is mapped from an address on without a gap
 * @maps: where to look
 * @addr: the address
 *
 * What splits a mapping (madvise(), mlock(), mprotect()) leaves no gap. Memory with
 * a file behind it and memory without are not taken for one.
 *
 * Return: behind the last byte, or 0 if nothing is mapped there.
 */
uint64_t brkw_maps_end(const struct brkw_maps *maps, uint64_t addr);

/**
 * brkw_maps_heap - where the brk heap is
 * @maps: where to look
 * @ret_start: first byte
 * @ret_end: behind the last
 *
 * Return: true if there is one.
 */
bool brkw_maps_heap(const struct brkw_maps *maps, uint64_t *ret_start, uint64_t *ret_end);

/**
 * brkw_mapping_is_libc - is it of the library that malloc is in, by its name?
 * @map: the mapping
 */
bool brkw_mapping_is_libc(const struct brkw_mapping *map);

#endif /* BRKW_HEAP_MAPS_H */
