/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every program has whose heap is looked at: it says facts on standard
 * output without touching its heap, and waits for a line on standard input.
 */
#ifndef BRKW_TEST_SUBJECT_H
#define BRKW_TEST_SUBJECT_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static inline void say(const char *fmt, ...)
{
	static char text[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (write(STDOUT_FILENO, text, (size_t)len) != len)
		_exit(3);
}

/* Until a line comes; the end of the input ends the program. */
static inline void wait_line(void)
{
	char c;

	do {
		if (read(STDIN_FILENO, &c, 1) != 1)
			_exit(0);
	} while (c != '\n');
}

/* Bytes of anonymous memory that are resident, exactly, or -1. */
static inline long anonymous_bytes(void)
{
	static char text[4096];
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return -1;
	text[len] = '\0';
	at = strstr(text, "Anonymous:");
	return at ? atol(at + 10) * 1024 : -1;
}

/* A stream of numbers that is the same for the same seed. */
static inline uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#endif /* BRKW_TEST_SUBJECT_H */
