// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz releases           heaps of every release must be read rightly
 * fuzz damage SEED COUNT  damaged heaps must be read without a fault, a hang, or
 *                         a read outside of the heap
 */
#include <stdio.h>
#include <unistd.h>

#include "../../heap_json.h"
#include "../../heap_map.h"
#include "../../heap_report.h"
#include "model.h"
#include "subject.h"

#define SECONDS_MAX	60

static struct model model;

/* --- releases --- */

static bool is_right(const struct brkw_heap *heap)
{
	const struct brkw_arena *arena = heap->arenas;

	return !brkw_heap_stopped(heap) && heap->nr_arenas == 1 &&
	       arena->of[BRKW_TCACHE].nr == model.nr_tcache &&
	       arena->of[BRKW_FASTBIN].nr == model.nr_fastbin &&
	       arena->of[BRKW_FREE].nr == model.nr_free && heap->pin.address == model.pin &&
	       heap->params.is_known && heap->params.mmap_threshold == 128 << 10 &&
	       heap->params.sz_mmapped == SZ_MODEL_MAPPED &&
	       heap->trim.sz_pages && heap->trim.sz_top;
}

static int check_releases(void)
{
	struct brkw_heap heap;
	unsigned int i;
	int status = 0, err;

	for (i = 0; i < nr_releases; i++) {
		model_fill(&model, &releases[i]);
		err = model_take(&model, &heap);
		if (!err && is_right(&heap)) {
			printf("glibc %s: right\n", releases[i].name);
		} else {
			printf("glibc %s: WRONG (%d)\n", releases[i].name, err);
			if (!err)
				brkw_heap_report_print(&heap, true, stdout);
			status = 1;
		}
		if (!err)
			brkw_heap_free(&heap);
	}
	return status;
}

/* --- damage --- */

static uint64_t odd_word(uint64_t *seed)
{
	static const uint64_t words[] = {
		0, 1, 8, 15, 16, 17, 32, 33, 0x291, 0x251, 0x301, 0xfffffffffffffff1,
		0x7ffffffffffffff1, 0xfffffffffffff001, SZ_MODEL_HEAP | 1, 0x10000000000001,
		MODEL_HEAP, MODEL_HEAP + 16, MODEL_HEAP + SZ_MODEL_HEAP - 16, MODEL_DATA + 0x400,
	};
	uint64_t pick = next_random(seed) % (sizeof(words) / sizeof(words[0]) + 4);

	if (pick < sizeof(words) / sizeof(words[0]))
		return words[pick];
	if (pick % 2)
		return MODEL_HEAP + next_random(seed) % SZ_MODEL_HEAP / 16 * 16;
	return next_random(seed);
}

static void damage_words(uint8_t *data, size_t len, unsigned int nr, uint64_t *seed)
{
	uint64_t word;

	while (nr--) {
		word = odd_word(seed);
		memcpy(data + next_random(seed) % (len / 8) * 8, &word, sizeof(word));
	}
}

static void fill_random(uint8_t *data, size_t len, uint64_t *seed)
{
	uint64_t word;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		word = next_random(seed);
		memcpy(data + i, &word, sizeof(word));
	}
}

/* Headers are few: hit them more often than chance would. */
static void damage_headers(uint64_t *seed)
{
	uint64_t at = 0, size = 0, word;
	unsigned int skip = next_random(seed) % 20;

	while (at + 16 < SZ_MODEL_HEAP) {
		memcpy(&size, model.heap + at + 8, sizeof(size));
		if (!skip--)
			break;
		size &= ~15ULL;
		if (!size || size > SZ_MODEL_HEAP - at)
			return;
		at += size;
	}
	word = odd_word(seed);
	if (at + 24 <= SZ_MODEL_HEAP)
		memcpy(model.heap + at + 8 * (next_random(seed) % 3), &word, sizeof(word));
}

static void do_damage(uint64_t *seed)
{
	switch (next_random(seed) % 8) {
	case 0:
		fill_random(model.heap, sizeof(model.heap), seed);
		break;
	case 1:
		memset(model.heap, (int)next_random(seed), sizeof(model.heap));
		break;
	case 2:
		damage_words(model.heap, sizeof(model.heap), 2000, seed);
		break;
	case 3:
		/* the cache of the thread: counts, and lists that bend back */
		damage_words(model.heap, 0x300, 1 + next_random(seed) % 4, seed);
		break;
	case 4:
		damage_words(model.data, sizeof(model.data), 1 + next_random(seed) % 40, seed);
		break;
	case 5:
		damage_words(model.data + 0x400, 0x80, 1, seed);
		break;
	case 6:
		/* fences over fences, which malloc leaves where others moved the break */
		for (size_t i = 8; i < sizeof(model.heap); i += 16)
			model.heap[i] = 17;
		break;
	default:
		damage_headers(seed);
		break;
	}
}

static void print_all(const struct brkw_heap *heap, FILE *out)
{
	brkw_heap_report_print(heap, false, out);
	brkw_map_print(heap, out);
	brkw_map_print_svg(heap, out);
	brkw_heap_json_print(heap, NULL, out);
}

/* What holds of every heap, whatever is in it. */
static bool is_sane(const struct brkw_heap *heap)
{
	const struct brkw_region *reg;
	uint64_t sum;
	size_t i, c;

	for (i = 0; i < heap->nr_regions; i++) {
		reg = &heap->regions[i];
		sum = reg->first - reg->start;
		for (c = 0; c < reg->nr_chunks; c++)
			sum += brkw_chunk_size(reg->chunks[c]);
		if (sum > reg->end - reg->start || reg->stop < reg->first || reg->stop > reg->end)
			return false;
	}
	return heap->trim.sz_top + heap->trim.sz_pages + heap->trim.sz_holes <= SZ_MODEL_HEAP;
}

static int check_damage(uint64_t seed, unsigned long count)
{
	FILE *out = fopen("/dev/null", "w");
	unsigned long nr_parsed = 0, nr_found = 0, i;
	struct brkw_heap heap;

	for (i = 0; out && i < count; i++) {
		alarm(SECONDS_MAX);
		model_fill(&model, &releases[next_random(&seed) % nr_releases]);
		do_damage(&seed);
		if (model_take(&model, &heap))
			continue;
		nr_found++;
		nr_parsed += !brkw_heap_stopped(&heap);
		if (i % 16 == 0)
			print_all(&heap, out);
		if (!is_sane(&heap) || model.nr_outside) {
			printf("round %lu: not sane, %lu reads outside\n", i,
			       (unsigned long)model.nr_outside);
			return 1;
		}
		brkw_heap_free(&heap);
	}
	if (out)
		fclose(out);
	printf("%lu heaps: %lu with an arena, %lu parsed to the end\n", count, nr_found, nr_parsed);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "releases"))
		return check_releases();
	if (argc == 4 && !strcmp(argv[1], "damage"))
		return check_damage(strtoull(argv[2], NULL, 10) | 1, strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: fuzz releases | fuzz damage SEED COUNT\n");
	return 2;
}
