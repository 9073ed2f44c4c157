/* SPDX-License-Identifier: GPL-2.0 */
/* Which allocator a process has, and which release of glibc. */
#ifndef BRKW_HEAP_KNOWN_H
#define BRKW_HEAP_KNOWN_H

#include <stddef.h>

struct brkw_maps;

/**
 * brkw_known_allocator - an allocator other than glibc's, by the files mapped
 * @maps: mappings of the process
 *
 * Return: its name, or NULL if none is known to be there.
 */
const char *brkw_known_allocator(const struct brkw_maps *maps);

/**
 * brkw_known_linked - an allocator linked statically, by what the program says
 * @pid: of the process
 *
 * Return: its name, or NULL if none is known to be there.
 */
const char *brkw_known_linked(int pid);

/**
 * brkw_known_advice - what of the heap of another allocator can be told
 * @name: of brkw_known_allocator()
 *
 * Return: one sentence.
 */
const char *brkw_known_advice(const char *name);

/**
 * brkw_known_libc - the release of glibc
 * @pid: of the process
 * @maps: its mappings
 * @ret_text: such as "2.36", or "" if it cannot be told
 * @sz_text: room for it
 */
void brkw_known_libc(int pid, const struct brkw_maps *maps, char *ret_text, size_t sz_text);

/**
 * brkw_known_is_64 - is it a program of 64 bits, as this one?
 * @pid: of the process
 *
 * Return: -1 if that cannot be told, else 0 or 1.
 */
int brkw_known_is_64(int pid);

#endif /* BRKW_HEAP_KNOWN_H */
