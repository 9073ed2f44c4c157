// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_load MODULE ROUNDS [SEED]: bytes thrown at what is read at load alone. Each
 * load ends with EINVAL, or with the value that was meant and all others as they
 * come; then it is unloaded again. The module must not be loaded, and is not then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "dice.h"

#define PARAMETERS	"/sys/module/brkwatch/parameters/"
#define SZ_MAX		4000
#define MAX_LIMIT	4194304ULL
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

static const struct parameter {
	const char *name;
	const char *usual;
	unsigned int least;
} parameters[] = {
	{ "max_processes", "32768", 1 },
	{ "max_ended", "64", 0 },
	{ "attach", "auto", 0 },
};

#define ATTACH	(&parameters[2])

/* What ends the text, or the value in it, is not for us. */
static void make_bytes(char *bytes)
{
	static const char *const words[] = {
		"0", "1", "64", "+7", "-1", "010", "0x10", "0x", "", " 1", "1 ", "1\n", "1\n\n",
		"4194304", "4194305", "4294967295", "4294967297", "18446744073709551617", "1e3",
		"auto", "kprobe", "auto\n", "Auto", "ftrace", "kprobe=auto", "--",
	};
	size_t sz = dice(8) ? dice(24) : dice(SZ_MAX), i;

	for (i = 0; i < sz; i++)
		bytes[i] = dice(255) + 1;
	bytes[sz] = '\0';
	if (dice(4))
		snprintf(bytes, SZ_MAX, "%s", words[dice(ARRAY_SIZE(words))]);
	if (!dice(6))
		bytes[dice(strlen(bytes) + 1)] ^= 1 << dice(8);
	for (i = 0; bytes[i]; i++)
		if (bytes[i] == '"')
			bytes[i] = '_';
}

/* A number as the kernel reads it, with or without one end of line. */
static bool is_limit(const struct parameter *parm, const char *bytes, char *ret_value)
{
	const char *digits = bytes + (*bytes == '+');
	unsigned long long limit;
	char *end;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	limit = strtoull(digits, &end, 0);
	if (errno || limit < parm->least || limit > MAX_LIMIT || strcmp(end + (*end == '\n'), ""))
		return false;
	sprintf(ret_value, "%llu\n", limit);
	return true;
}

static bool is_value(const struct parameter *parm, const char *bytes, char *ret_value)
{
	size_t sz = strcspn(bytes, "\n");

	if (parm != ATTACH)
		return is_limit(parm, bytes, ret_value);
	if (bytes[sz] && bytes[sz + 1])
		return false;
	if ((sz != 4 || strncmp(bytes, "auto", sz)) && (sz != 6 || strncmp(bytes, "kprobe", sz)))
		return false;
	sprintf(ret_value, "%.*s\n", (int)sz, bytes);
	return true;
}

static bool has_value(const char *name, const char *value)
{
	char path[80], text[32] = "";
	ssize_t sz;
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	sz = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (sz > 0 && !strncmp(text, value, strlen(value)))
		return true;
	printf("%s is '%s', should be '%s'\n", name, text, value);
	return false;
}

/* The one as it was given, all others as they come. */
static bool has_values(const struct parameter *parm, const char *value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parameters); i++)
		if (!has_value(parameters[i].name,
			       parm == &parameters[i] ? value : parameters[i].usual))
			return false;
	return has_value("enabled", "N") && has_value("faults", "Y");
}

/* Return: 1 if it was taken, 0 if not, both rightly; a negative number else. */
static int load_with(int fd, const struct parameter *parm, const char *bytes)
{
	char text[SZ_MAX + 64], value[32];
	bool is_right, is_good = is_value(parm, bytes, value);
	int err;

	snprintf(text, sizeof(text), "enabled=0 %s=\"%s\"", parm->name, bytes);
	err = syscall(SYS_finit_module, fd, text, 0) ? errno : 0;
	if (err != (is_good ? 0 : EINVAL)) {
		printf("%s='%.40s': %s\n", parm->name, bytes, strerror(err));
		return -1;
	}
	if (err)
		return access(PARAMETERS, F_OK) ? 0 : -1;
	is_right = has_values(parm, value);
	return !syscall(SYS_delete_module, "brkwatch", O_NONBLOCK) && is_right ? 1 : -1;
}

int main(int argc, char **argv)
{
	unsigned int i, nr_rounds, nr_taken = 0;
	unsigned long nr_bytes = 0;
	char bytes[SZ_MAX + 8];
	int fd, got;

	if (argc < 3)
		return 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	nr_rounds = strtoul(argv[2], NULL, 0);
	dice_state = argc > 3 ? strtoul(argv[3], NULL, 0) | 1 : 20;
	for (i = 0; i < nr_rounds; i++) {
		make_bytes(bytes);
		nr_bytes += strlen(bytes);
		got = load_with(fd, &parameters[dice(ARRAY_SIZE(parameters))], bytes);
		if (got < 0)
			return 1;
		nr_taken += got;
	}
	printf("%lu bytes in %u loads, %u taken\n", nr_bytes, nr_rounds, nr_taken);
	return 0;
}
