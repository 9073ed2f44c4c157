/* SPDX-License-Identifier: GPL-2.0 */
/* A list of addresses that grows. */
#ifndef BRKW_HEAP_LIST_H
#define BRKW_HEAP_LIST_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/**
 * struct brkw_list - addresses
 * @addrs: the addresses
 * @nr: how many
 * @nr_room: room for
 */
struct brkw_list {
	uint64_t *addrs;
	size_t nr;
	size_t nr_room;
};

/**
 * brkw_list_add - add an address
 * @list: where to
 * @addr: the address
 *
 * Return: 0 or -ENOMEM.
 */
static inline int brkw_list_add(struct brkw_list *list, uint64_t addr)
{
	size_t room = list->nr_room ? 2 * list->nr_room : 256;
	uint64_t *addrs;

	if (list->nr == list->nr_room) {
		addrs = realloc(list->addrs, room * sizeof(*addrs));
		if (!addrs)
			return -ENOMEM;
		list->addrs = addrs;
		list->nr_room = room;
	}
	list->addrs[list->nr++] = addr;
	return 0;
}

/**
 * brkw_list_free - forget the addresses
 * @list: the list, or zeroes
 */
static inline void brkw_list_free(struct brkw_list *list)
{
	free(list->addrs);
	*list = (struct brkw_list){ 0 };
}

#endif /* BRKW_HEAP_LIST_H */
