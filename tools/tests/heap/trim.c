// SPDX-License-Identifier: GPL-2.0
/*
 * trim SEED [THREADS]: makes a heap of a mix that the seed decides on, says
 * "ready", and after a line calls malloc_trim(0) and says what that returned.
 */
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "subject.h"

#define NR_BLOCKS_MAX	30000
#define NR_THREADS_MAX	64

/* A mix: which sizes, how they are made and touched, how many go and in what order. */
struct mix {
	uint64_t seed;
	unsigned int nr_blocks;
	unsigned int sz_min;
	unsigned int sz_max;
	unsigned int percent_freed;
	unsigned int order;
	unsigned int way;
	unsigned int touch;
	int is_trimmed_before;
	void *blocks[NR_BLOCKS_MAX];
};

static const unsigned int sizes[][2] = {
	{ 16, 128 }, { 24, 1000 }, { 500, 6000 }, { 1, 60000 }, { 4000, 4200 }, { 16, 100000 },
};

static struct mix mixes[NR_THREADS_MAX];
static pthread_barrier_t are_ready, may_end;

static void draw_mix(struct mix *mix, uint64_t seed)
{
	unsigned int pick;

	mix->seed = seed * 0x9e3779b97f4a7c15ULL + 1;
	next_random(&mix->seed);
	pick = (unsigned int)(seed % (sizeof(sizes) / sizeof(sizes[0])));
	mix->sz_min = sizes[pick][0];
	mix->sz_max = sizes[pick][1];
	mix->nr_blocks = 2000 + next_random(&mix->seed) % 4000;
	if (mix->sz_max <= 6000)
		mix->nr_blocks *= 5;
	mix->percent_freed = 30 + next_random(&mix->seed) % 70;
	mix->order = next_random(&mix->seed) % 3;
	mix->way = next_random(&mix->seed) % 3;
	mix->touch = next_random(&mix->seed) % 3;
	mix->is_trimmed_before = next_random(&mix->seed) % 3 == 0;
}

static void make_block(struct mix *mix, unsigned int i)
{
	size_t size = mix->sz_min + next_random(&mix->seed) % (mix->sz_max - mix->sz_min + 1);

	if (mix->way == 1 && i % 7 == 0)
		mix->blocks[i] = calloc(1, size);
	else if (mix->way == 2 && i % 11 == 0)
		mix->blocks[i] = memalign(64U << i % 6, size);
	else
		mix->blocks[i] = malloc(size);
	if (!mix->blocks[i])
		_exit(4);
	if (mix->touch == 0 || size < 16)
		memset(mix->blocks[i], 1, size);
	else if (mix->touch == 1)
		memset(mix->blocks[i], 1, size / 2);
}

static void free_block(struct mix *mix, unsigned int i)
{
	free(mix->blocks[i]);
	mix->blocks[i] = NULL;
}

static void free_some(struct mix *mix)
{
	unsigned int i, at, nr = mix->nr_blocks * mix->percent_freed / 100;

	for (i = 0; i < nr; i++) {
		at = i;
		if (mix->order == 1)
			at = (unsigned int)(next_random(&mix->seed) % mix->nr_blocks);
		else if (mix->order == 2)
			at = mix->nr_blocks - 2 - i;
		if (mix->order != 2 || i < mix->nr_blocks - 1)
			free_block(mix, at);
	}
}

static void make_heap(struct mix *mix)
{
	unsigned int i;

	for (i = 0; i < mix->nr_blocks; i++)
		make_block(mix, i);
	if (mix->is_trimmed_before) {
		for (i = 0; i < mix->nr_blocks; i += 3)
			free_block(mix, i);
		malloc_trim(0);
		for (i = 0; i < mix->nr_blocks; i += 6)
			make_block(mix, i);
	}
	free_some(mix);
}

static void *run_thread(void *mix)
{
	make_heap(mix);
	pthread_barrier_wait(&are_ready);
	pthread_barrier_wait(&may_end);
	return NULL;
}

static void start_threads(unsigned int nr, uint64_t seed)
{
	pthread_t thread;
	unsigned int i;

	pthread_barrier_init(&are_ready, NULL, nr + 1);
	pthread_barrier_init(&may_end, NULL, nr + 1);
	for (i = 0; i < nr; i++) {
		draw_mix(&mixes[i], seed + i);
		if (pthread_create(&thread, NULL, run_thread, &mixes[i]))
			_exit(5);
	}
	pthread_barrier_wait(&are_ready);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	unsigned int nr_threads = argc > 2 ? (unsigned int)atoi(argv[2]) : 0;
	long before, after;

	/* khugepaged would make more of the heap resident after it was looked at */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	/* what these need for themselves is there before it counts */
	malloc_trim(0);
	anonymous_bytes();
	if (nr_threads && nr_threads <= NR_THREADS_MAX) {
		start_threads(nr_threads, seed);
	} else {
		draw_mix(&mixes[0], seed);
		make_heap(&mixes[0]);
	}
	say("ready\n");
	wait_line();
	before = anonymous_bytes();
	malloc_trim(0);
	after = anonymous_bytes();
	say("returned %ld\n", before - after);
	wait_line();
	return 0;
}
