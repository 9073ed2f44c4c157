/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What addresses of code are called, and whether there are tables to unwind from
 * them; looked up once for each address.
 */
#ifndef BRKW_SYMBOLS_H
#define BRKW_SYMBOLS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

struct brkw_place;

/**
 * struct brkw_symbols - what has been looked up
 *
 * Begins with zeros.
 */
struct brkw_symbols {
	/* private: */
	void *known;		/* tree of struct known */
	void *texts;		/* tree of struct module_text */
};

/**
 * brkw_symbols_describe - the place of an address
 * @symbols: what is known
 * @mod: of the address, or NULL
 * @addr: in memory
 * @ret_place: always filled in; its texts are ours, until brkw_symbols_forget()
 *
 * Returns whether there are tables to go on from it.
 */
bool brkw_symbols_describe(struct brkw_symbols *symbols, Dwfl_Module *mod, uint64_t addr,
			   struct brkw_place *ret_place);

/**
 * brkw_symbols_forget - modules come and go with the mappings
 * @symbols: knows nothing afterwards
 */
void brkw_symbols_forget(struct brkw_symbols *symbols);

#endif /* BRKW_SYMBOLS_H */
