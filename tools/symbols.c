// SPDX-License-Identifier: GPL-2.0
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "symbols.h"
#include "unwind.h"

/* Code before main() of which the symbols may be stripped: it is this short. */
#define SZ_START	64

/* What is known of an address of a module; found again by both. */
struct known {
	Dwfl_Module *mod;
	uint64_t addr;
	char *name;
	uint64_t offset;
	bool has_cfi;
};

struct module_text {
	Dwfl_Module *mod;
	const char *path;
	char *build_id;
};

static int compare_known(const void *a, const void *b)
{
	const struct known *one = a, *other = b;

	if (one->mod != other->mod)
		return one->mod > other->mod ? 1 : -1;
	return (one->addr > other->addr) - (one->addr < other->addr);
}

static int compare_texts(const void *a, const void *b)
{
	const struct module_text *one = a, *other = b;

	return (one->mod > other->mod) - (one->mod < other->mod);
}

static void free_known(void *node)
{
	struct known *known = node;

	free(known->name);
	free(known);
}

static void free_text(void *node)
{
	struct module_text *text = node;

	free(text->build_id);
	free(text);
}

void brkw_symbols_forget(struct brkw_symbols *symbols)
{
	tdestroy(symbols->known, free_known);
	tdestroy(symbols->texts, free_text);
	symbols->known = NULL;
	symbols->texts = NULL;
}

static bool has_cfi(Dwfl_Module *mod, Dwarf_Addr addr)
{
	Dwarf_Addr bias;
	Dwarf_Frame *frame;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(mod, &bias);

	if (!cfi || dwarf_cfi_addrframe(cfi, addr - bias, &frame)) {
		cfi = dwfl_module_dwarf_cfi(mod, &bias);
		if (!cfi || dwarf_cfi_addrframe(cfi, addr - bias, &frame))
			return false;
	}
	free(frame);
	return true;
}

/* Where a program begins its header says, though the name may be stripped. */
static bool is_entry(Dwfl_Module *mod, Dwarf_Addr addr)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(mod, &bias);
	GElf_Ehdr header;

	return elf && gelf_getehdr(elf, &header) && header.e_entry &&
	       addr - bias - header.e_entry < SZ_START;
}

static char *find_name(Dwfl_Module *mod, Dwarf_Addr addr)
{
	GElf_Off offset;
	GElf_Sym sym;
	const char *name = dwfl_module_addrinfo(mod, addr, &offset, &sym, NULL, NULL, NULL);

	/* a symbol without a size is a guess, a function from before it another */
	if (name && *name && (offset < sym.st_size || (!sym.st_size && offset < SZ_START)))
		return brkw_demangle(name);
	return is_entry(mod, addr) ? strdup("_start") : NULL;
}

static const struct known *get_known(struct brkw_symbols *symbols, Dwfl_Module *mod,
				    Dwarf_Addr addr)
{
	struct known key = { .mod = mod, .addr = addr }, *known;
	struct known **found = tfind(&key, &symbols->known, compare_known);
	GElf_Addr bias = 0;

	if (found)
		return *found;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	*known = key;
	known->name = find_name(mod, addr);
	known->has_cfi = has_cfi(mod, addr);
	dwfl_module_getelf(mod, &bias);
	known->offset = addr - bias;
	if (!tsearch(known, &symbols->known, compare_known)) {
		free_known(known);
		return NULL;
	}
	return known;
}

static char *hex_build_id(Dwfl_Module *mod)
{
	const unsigned char *bits;
	GElf_Addr vaddr;
	int len = dwfl_module_build_id(mod, &bits, &vaddr), i;
	char *text;

	if (len <= 0)
		return NULL;
	text = malloc(2 * (size_t)len + 1);
	for (i = 0; text && i < len; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", bits[i]);
	return text;
}

static const struct module_text *get_text(struct brkw_symbols *symbols,
					  Dwfl_Module *mod)
{
	struct module_text key = { .mod = mod }, *text;
	struct module_text **found = tfind(&key, &symbols->texts, compare_texts);

	if (found)
		return *found;
	text = calloc(1, sizeof(*text));
	if (!text)
		return NULL;
	text->mod = mod;
	text->path = dwfl_module_info(mod, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	text->build_id = hex_build_id(mod);
	if (!tsearch(text, &symbols->texts, compare_texts)) {
		free_text(text);
		return NULL;
	}
	return text;
}

bool brkw_symbols_describe(struct brkw_symbols *symbols, Dwfl_Module *mod, uint64_t addr,
			   struct brkw_place *ret_place)
{
	const struct known *known = mod ? get_known(symbols, mod, addr) : NULL;
	const struct module_text *text = known ? get_text(symbols, mod) : NULL;

	*ret_place = (struct brkw_place){ .offset = addr };
	if (!text)
		return false;
	ret_place->path = text->path;
	ret_place->build_id = text->build_id;
	ret_place->name = known->name;
	ret_place->offset = known->offset;
	return known->has_cfi;
}
