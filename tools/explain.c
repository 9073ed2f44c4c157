// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "advice.h"
#include "comm.h"
#include "explain.h"
#include "format.h"
#include "growth_json.h"
#include "heap.h"
#include "heap_known.h"
#include "json_build.h"
#include "origin.h"
#include "proc.h"
#include "snapshot.h"

/* The page being printed. */
struct page {
	const struct brkw_explanation *expl;
	const struct brkw_account *acct;
	const struct brkw_heap *heap;
	bool is_exact;
	FILE *out;
};

static struct brkw_words size_words(const struct page *page, uint64_t size)
{
	return brkw_format_words((int64_t)size, BRKW_BYTES, page->is_exact);
}

static struct brkw_words key_words(const struct page *page, enum brkw_key key, enum brkw_unit unit)
{
	struct brkw_words words = { BRKW_UNKNOWN };
	int64_t value;

	if (brkw_snapshot_value(page->acct, key, &value))
		brkw_format_number(value, unit, page->is_exact && unit != BRKW_NS, words.text);
	return words;
}

/* Counts of heaps, summed over arenas. */
static struct brkw_arena sum_arenas(const struct brkw_heap *heap)
{
	struct brkw_arena sum = { 0 };
	size_t i;
	int state;

	for (i = 0; i < heap->nr_arenas; i++) {
		sum.sz += heap->arenas[i].sz;
		sum.sz_resident += heap->arenas[i].sz_resident;
		for (state = 0; state < BRKW_NR_STATES; state++)
			sum.of[state].sz += heap->arenas[i].of[state].sz;
	}
	return sum;
}

/* --- how it grew: the kernel's half --- */

static void print_growth(const struct page *page)
{
	if (!page->acct) {
		fprintf(page->out, "  grown       not known: %s\n", page->expl->kernel_note);
		return;
	}
	fprintf(page->out, "  grown       since %s after boot the heap grew %s times by %s and "
		"shrank %s times by %s\n",
		key_words(page, BRKW_KEY_WATCHED_SINCE_NS, BRKW_NS).text,
		key_words(page, BRKW_KEY_BRK_GROW_EVENTS, BRKW_COUNT).text,
		key_words(page, BRKW_KEY_BRK_GROW_BYTES, BRKW_BYTES).text,
		key_words(page, BRKW_KEY_BRK_SHRINK_EVENTS, BRKW_COUNT).text,
		key_words(page, BRKW_KEY_BRK_SHRINK_BYTES, BRKW_BYTES).text);
	fprintf(page->out, "  mapped      %s times %s anonymous, %s times %s of files, %s times %s "
		"shared; unmapped %s times %s\n",
		key_words(page, BRKW_KEY_MMAP_ANON_PRIVATE_EVENTS, BRKW_COUNT).text,
		key_words(page, BRKW_KEY_MMAP_ANON_PRIVATE_BYTES, BRKW_BYTES).text,
		key_words(page, BRKW_KEY_MMAP_FILE_PRIVATE_EVENTS, BRKW_COUNT).text,
		key_words(page, BRKW_KEY_MMAP_FILE_PRIVATE_BYTES, BRKW_BYTES).text,
		key_words(page, BRKW_KEY_MMAP_ANON_SHARED_EVENTS, BRKW_COUNT).text,
		key_words(page, BRKW_KEY_MMAP_ANON_SHARED_BYTES, BRKW_BYTES).text,
		key_words(page, BRKW_KEY_MUNMAP_EVENTS, BRKW_COUNT).text,
		key_words(page, BRKW_KEY_MUNMAP_BYTES, BRKW_BYTES).text);
}

static void print_faults(const struct page *page)
{
	if (page->acct)
		fprintf(page->out, "  faults      %s minor: %s in the heap, %s in anonymous "
			"mappings\n",
			key_words(page, BRKW_KEY_FAULT_MINOR, BRKW_COUNT).text,
			key_words(page, BRKW_KEY_FAULT_HEAP_MINOR, BRKW_COUNT).text,
			key_words(page, BRKW_KEY_FAULT_ANON_MINOR, BRKW_COUNT).text);
	else if (page->expl->found->proc && page->expl->found->proc->nr_minor >= 0)
		fprintf(page->out, "  faults      %" PRId64 " minor, of all kinds\n",
			page->expl->found->proc->nr_minor);
}

/* --- what is there: the heap's half --- */

static void print_resident(const struct page *page)
{
	const struct brkw_proc *proc = page->expl->found->proc;
	struct brkw_arena sum;

	if (!proc || proc->sz_resident < 0)
		return;
	fprintf(page->out, "  resident    %s", size_words(page, (uint64_t)proc->sz_resident).text);
	if (proc->sz_anon >= 0)
		fprintf(page->out, ", %s of it anonymous",
			size_words(page, (uint64_t)proc->sz_anon).text);
	if (page->heap && page->heap->nr_arenas) {
		sum = sum_arenas(page->heap);
		fprintf(page->out, ", %s of it in malloc's arenas",
			size_words(page, sum.sz_resident).text);
	}
	fprintf(page->out, "\n");
}

static void print_held(const struct page *page)
{
	const struct brkw_trim *trim = &page->heap->trim;
	struct brkw_arena sum = sum_arenas(page->heap);

	fprintf(page->out, "  in use      %s, and %s freed in caches\n",
		size_words(page, sum.of[BRKW_USED].sz).text,
		size_words(page, sum.of[BRKW_TCACHE].sz + sum.of[BRKW_FASTBIN].sz).text);
	fprintf(page->out, "  free, held  %s at the top, %s in whole pages, %s in holes\n",
		size_words(page, trim->sz_top).text, size_words(page, trim->sz_pages).text,
		size_words(page, trim->sz_holes).text);
}

/* What is cached above the block is what the top meets first. */
static void print_pin(const struct page *page)
{
	const struct brkw_pin *pin = &page->heap->pin;

	if (!pin->is_known)
		return;
	fprintf(page->out, "  pinned by   ");
	if (pin->sz_gap_cached)
		fprintf(page->out, "%s in caches, and below them ",
			size_words(page, pin->sz_gap_cached).text);
	fprintf(page->out, "the block of %s%s at 0x%" PRIx64 ", %s below the top, with %s free "
		"below it\n", size_words(page, pin->size).text,
		pin->is_own ? " (malloc's own)" : "", pin->address,
		size_words(page, pin->sz_gap).text, size_words(page, pin->sz_held).text);
}

/* Who called first stands first, as in folded stacks. */
static void print_origin(const struct page *page)
{
	const struct brkw_origin *origin = page->expl->origin;

	if (origin && origin->path)
		fprintf(page->out, "  grown by    %s, of %s of which %s are left\n",
			origin->path->text, size_words(page, origin->path->grown).text,
			size_words(page, brkw_path_kept(origin->path)).text);
	else if (origin)
		fprintf(page->out, "  grown by    not known: %s\n", origin->note);
}

static void print_thresholds(const struct page *page)
{
	const struct brkw_params *params = &page->heap->params;

	if (!params->is_known)
		return;
	fprintf(page->out, "  thresholds  mmap %s, trim %s: ",
		size_words(page, params->mmap_threshold).text,
		brkw_params_trims(params) ? size_words(page, params->trim_threshold).text : "never");
	if (params->is_fixed)
		fprintf(page->out, "set by hand\n");
	else if (params->mmap_threshold > 128 << 10)
		fprintf(page->out, "adapted when a mapping of %s was freed\n",
			size_words(page, params->mmap_threshold).text);
	else
		fprintf(page->out, "as at the start\n");
}

/* Where the heap cannot be trusted, or is not glibc's. */
static void print_doubts(const struct page *page)
{
	const struct brkw_heap *heap = page->heap;
	const struct brkw_region *reg = brkw_heap_stopped(heap);

	if (!strcmp(heap->allocator, "unknown"))
		fprintf(page->out, "  malloc      not glibc's, or not used yet\n");
	else if (strcmp(heap->allocator, "glibc"))
		fprintf(page->out, "  malloc      %s, not glibc's; %s\n", heap->allocator,
			brkw_known_advice(heap->allocator));
	if (reg)
		fprintf(page->out, "  heap        does not parse at 0x%" PRIx64 ": %s\n", reg->stop,
			reg->reason);
	if (!heap->is_stable && heap->nr_arenas)
		fprintf(page->out, "  heap        changed while it was read\n");
}

static void print_heap(const struct page *page)
{
	if (!page->heap) {
		fprintf(page->out, "  heap        not known: %s\n", page->expl->heap_note);
		return;
	}
	print_doubts(page);
	if (!page->heap->nr_arenas)
		return;
	print_held(page);
	print_pin(page);
	print_origin(page);
	print_thresholds(page);
}

static void print_advice(const struct page *page)
{
	size_t i;

	if (!page->expl->nr_advice)
		fprintf(page->out, "Advice: none, nothing was seen that would help\n");
	for (i = 0; i < page->expl->nr_advice; i++)
		fprintf(page->out, "Advice: %s.\n  Price: %s.\n", page->expl->advice[i].text,
			page->expl->advice[i].price);
}

void brkw_explain_print(const struct brkw_explanation *expl, bool is_exact, FILE *out)
{
	const struct page page = { .expl = expl, .acct = expl->found->acct,
				   .heap = expl->found->heap, .is_exact = is_exact, .out = out };
	char comm[BRKW_COMM_TEXT];

	brkw_comm_escape(expl->comm, strlen(expl->comm), comm, sizeof(comm));
	fprintf(out, "%s (pid %d)%s%s\n", comm, expl->pid, page.acct ? ", " : "",
		page.acct ? brkw_snapshot_state_name(page.acct->state) : "");
	print_growth(&page);
	print_resident(&page);
	print_heap(&page);
	print_faults(&page);
	print_advice(&page);
}

/* --- JSON --- */

static int fill_advice(struct json_object *object, const struct brkw_advice *advice)
{
	return add_text(object, "name", advice->name) ||
	       add_number(object, "bytes", (int64_t)advice->sz) ||
	       add_text(object, "text", advice->text) ||
	       add_text(object, "price", advice->price);
}

static int fill_explanation(struct json_object *object, const struct brkw_explanation *expl)
{
	struct json_object *array = json_object_new_array(), *item;
	char comm[BRKW_COMM_TEXT];
	size_t i;

	brkw_comm_escape(expl->comm, strlen(expl->comm), comm, sizeof(comm));
	if (add_number(object, "abi", BRKW_ABI) || add_number(object, "pid", expl->pid) ||
	    add_text(object, "comm", comm) ||
	    add_flag(object, "has_account", expl->found->acct) ||
	    add_flag(object, "has_heap", expl->found->heap) ||
	    brkw_growth_json_add_origin(object, expl->origin) || !array ||
	    add_member(object, "advice", array))
		return -ENOMEM;
	for (i = 0; i < expl->nr_advice; i++) {
		item = json_object_new_object();
		if (add_item(array, item) || fill_advice(item, &expl->advice[i]))
			return -ENOMEM;
	}
	return 0;
}

int brkw_explain_print_json(const struct brkw_explanation *expl, FILE *out)
{
	struct json_object *object = json_object_new_object();

	return print_object(object, object ? fill_explanation(object, expl) : -ENOMEM, out);
}
