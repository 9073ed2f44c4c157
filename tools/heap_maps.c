// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap_maps.h"
#include "why.h"

static bool parse_mapping(const char *line, struct brkw_mapping *ret_map)
{
	struct brkw_mapping map = { 0 };
	unsigned long inode;
	char perms[8];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %lu %255[^\n]", &map.start,
		   &map.end, perms, &inode, map.path) < 4 || strlen(perms) < 4)
		return false;
	map.is_writable = perms[1] == 'w';
	map.is_executable = perms[2] == 'x';
	map.is_private = perms[3] == 'p';
	map.has_file = inode;
	*ret_map = map;
	return true;
}

static int add_mapping(struct brkw_maps *maps, const struct brkw_mapping *map)
{
	struct brkw_mapping *grown;

	/* room doubles at each power of two */
	if (!(maps->nr & (maps->nr - 1))) {
		grown = realloc(maps->maps, (maps->nr ? 2 * maps->nr : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		maps->maps = grown;
	}
	maps->maps[maps->nr++] = *map;
	return 0;
}

static int read_lines(FILE *file, struct brkw_maps *maps)
{
	struct brkw_mapping map;
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	while (!err && getline(&line, &room, file) > 0)
		if (parse_mapping(line, &map))
			err = add_mapping(maps, &map);
	if (!err && ferror(file))
		err = -EIO;
	free(line);
	return err;
}

int brkw_maps_read(int pid, struct brkw_maps *ret_maps, struct brkw_why *why)
{
	struct brkw_maps maps = { 0 };
	char path[64];
	FILE *file;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	brkw_why_what(why, "%s", path);
	file = fopen(path, "re");
	if (!file)
		return brkw_why_set(why, -errno, "%s",
				    errno == ENOENT ? "there is no such process" :
						      strerror(errno));
	err = read_lines(file, &maps);
	fclose(file);
	if (err) {
		brkw_maps_free(&maps);
		return brkw_why_set(why, err, "%s", strerror(-err));
	}
	*ret_maps = maps;
	return 0;
}

void brkw_maps_free(struct brkw_maps *maps)
{
	free(maps->maps);
	maps->maps = NULL;
	maps->nr = 0;
}

const struct brkw_mapping *brkw_maps_find(const struct brkw_maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (addr < maps->maps[mid].start)
			high = mid;
		else if (addr >= maps->maps[mid].end)
			low = mid + 1;
		else
			return &maps->maps[mid];
	}
	return NULL;
}

uint64_t brkw_maps_end(const struct brkw_maps *maps, uint64_t addr)
{
	const struct brkw_mapping *map = brkw_maps_find(maps, addr), *last = maps->maps + maps->nr;

	if (!map)
		return 0;
	while (map + 1 < last && map[1].start == map->end && map[1].has_file == map->has_file)
		map++;
	return map->end;
}

bool brkw_maps_heap(const struct brkw_maps *maps, uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t start = 0, end = 0;
	size_t i;

	/* madvise() and mprotect() may have split it */
	for (i = 0; i < maps->nr; i++) {
		if (strcmp(maps->maps[i].path, "[heap]"))
			continue;
		if (!start)
			start = maps->maps[i].start;
		else if (maps->maps[i].start != end)
			break;
		end = maps->maps[i].end;
	}
	if (!start)
		return false;
	*ret_start = start;
	*ret_end = end;
	return true;
}

bool brkw_mapping_is_libc(const struct brkw_mapping *map)
{
	const char *base = strrchr(map->path, '/');

	return base && (!strncmp(base, "/libc.so", 8) || !strncmp(base, "/libc-2.", 8));
}
