// SPDX-License-Identifier: GPL-2.0
/*
 * crowd NUMBER PROGRAM [ARGUMENT...]: has so many threads, each of which faults, and
 * then executes the program, which ends them.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t all_have_faulted;

/* Its stack is new, and so is the page of it that this is on. */
static void *fault(void *arg)
{
	volatile char page[8192];

	page[0] = 1;
	pthread_barrier_wait(&all_have_faulted);
	for (;;)
		pause();
	return NULL;
}

static int start(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	return pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, 64 << 10) ||
	       pthread_create(&thread, &attr, fault, NULL);
}

int main(int argc, char **argv)
{
	int i, nr = argc > 2 ? atoi(argv[1]) : 0;

	if (nr < 1 || pthread_barrier_init(&all_have_faulted, NULL, nr + 1))
		return 2;
	for (i = 0; i < nr; i++) {
		if (start()) {
			fprintf(stderr, "there is no thread %d\n", i);
			return 1;
		}
	}
	pthread_barrier_wait(&all_have_faulted);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
