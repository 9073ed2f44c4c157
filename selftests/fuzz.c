// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes thrown at the switches: the old value stays and the answer is EINVAL,
 * or it is one of the values that there are. A seed makes it the same again:
 * BRKWATCH_SEED.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "../kselftest_harness.h"
#include "account.h"
#include "dice.h"
#include "proc.h"

#define PARAMETERS	"/sys/module/brkwatch/parameters/"
#define SZ_MAX		4096
#define NR_SECONDS	1800	/* kernels that hunt for bugs take them */

FIXTURE(fuzz) {
	unsigned int nr_rounds;
};

FIXTURE_SETUP(fuzz)
{
	const char *seed = getenv("BRKWATCH_SEED");

	ASSERT_TRUE(account_module_is_loaded());
	dice_state = seed ? strtoul(seed, NULL, 0) | 1 : 20;
	self->nr_rounds = getenv("BRKWATCH_LONG") ? 20000 : 3000;
}

FIXTURE_TEARDOWN(fuzz)
{
}

/* Mostly nearly right, sometimes nothing like it. */
static size_t make_bytes(char *bytes)
{
	static const char *const words[] = {
		"Y", "y", "1", "0", "N", "true", "on", "01", "1 ", " 1", "1\n\n", "-1", "YY", "+1",
		"0x1", "\n", "1\r\n", "4294967296", "enabled=1",
	};
	size_t sz = dice(8) ? dice(40) : dice(SZ_MAX + 1), i;
	const char *word = words[dice(ARRAY_SIZE(words))];

	for (i = 0; i < sz; i++)
		bytes[i] = dice(256);
	if (dice(2))
		return sz;
	memcpy(bytes, word, strlen(word));
	sz = strlen(word);
	if (!dice(3))
		bytes[sz++] = "\n\0 \t"[dice(4)];
	if (!dice(8))
		bytes[dice(sz)] ^= 1 << dice(8);
	return sz;
}

/* As the kernel sees it: up to a zero, with or without one end of line. */
static bool is_value(const char *bytes, size_t sz, char *ret_value)
{
	sz = strnlen(bytes, sz);
	if (sz == 2 && bytes[1] == '\n')
		sz = 1;
	if (sz != 1 || !strchr("01yYnN", bytes[0]))
		return false;
	*ret_value = strchr("1yY", bytes[0]) ? 'Y' : 'N';
	return true;
}

static char value_of(const char *path)
{
	char text[8] = "";

	return proc_read(path, text, sizeof(text)) > 0 ? text[0] : '?';
}

static int write_bytes(const char *path, const char *bytes, size_t sz)
{
	int fd = open(path, O_WRONLY), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, bytes, sz) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Values that switch something are written now and then: it takes a while. */
static void throw_at(struct __test_metadata *_metadata, const char *path, unsigned int nr_rounds)
{
	static char bytes[SZ_MAX + 64];
	unsigned int i, nr_taken = 0, nr_switched = 0;
	unsigned long nr_bytes = 0;
	char value, old = value_of(path);
	size_t sz;
	int err;

	for (i = 0; i < nr_rounds; i++) {
		sz = make_bytes(bytes);
		bytes[sz] = '\0';
		if (!is_value(bytes, sz, &value))
			value = '?';
		if (value != '?' && value != old && nr_switched++ >= 4)
			continue;
		err = write_bytes(path, bytes, sz);
		nr_bytes += sz;
		/* nothing at all never gets so far */
		ASSERT_EQ(sz && value == '?' ? -EINVAL : 0, err) {
			TH_LOG("%zu bytes from '%.20s'", sz, bytes);
		}
		if (value != '?') {
			old = value;
			nr_taken++;
		}
		ASSERT_EQ(old, value_of(path));
	}
	fprintf(stderr, "# %lu bytes in %u writes, %u taken\n", nr_bytes, nr_rounds, nr_taken);
	EXPECT_EQ(0, sys_write(path, "1"));
}

TEST_F_TIMEOUT(fuzz, enabled, NR_SECONDS)
{
	throw_at(_metadata, PARAMETERS "enabled", self->nr_rounds);
}

TEST_F_TIMEOUT(fuzz, faults, NR_SECONDS)
{
	throw_at(_metadata, PARAMETERS "faults", self->nr_rounds);
}

/* What is set at load cannot be written, whoever one is. */
TEST_F_TIMEOUT(fuzz, limits, NR_SECONDS)
{
	static const char *const limits[] = {
		PARAMETERS "max_processes", PARAMETERS "max_ended", PARAMETERS "attach",
	};
	char old[32], now[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		memset(old, 0, sizeof(old));
		memset(now, 0, sizeof(now));
		ASSERT_LT(0, proc_read(limits[i], old, sizeof(old)));
		EXPECT_GT(0, write_bytes(limits[i], "1", 1));
		ASSERT_LT(0, proc_read(limits[i], now, sizeof(now)));
		EXPECT_STREQ(old, now);
	}
}

TEST_HARNESS_MAIN
