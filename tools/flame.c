// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "comm.h"
#include "flame.h"
#include "format.h"
#include "growth.h"

#define WIDTH		1200
#define ROW		18
#define MARGIN		8
#define TITLE		28
#define CHAR_WIDTH	6.6
#define MIN_WIDTH	0.2

/* A frame, and below it those that it has called. */
struct box {
	const char *name;	/* not terminated */
	size_t len;
	uint64_t bytes;
	struct box *first_child;
	struct box *next;
};

static struct box *get_child(struct box *parent, const char *name, size_t len)
{
	struct box *box;

	for (box = parent->first_child; box; box = box->next)
		if (box->len == len && !memcmp(box->name, name, len))
			return box;
	box = calloc(1, sizeof(*box));
	if (!box)
		return NULL;
	box->name = name;
	box->len = len;
	box->next = parent->first_child;
	parent->first_child = box;
	return box;
}

static int add_path(struct box *root, const char *text, uint64_t bytes)
{
	struct box *box = root;
	size_t len;

	root->bytes += bytes;
	for (; *text; text += len + (text[len] == ';')) {
		len = strcspn(text, ";");
		box = get_child(box, text, len);
		if (!box)
			return -ENOMEM;
		box->bytes += bytes;
	}
	return 0;
}

/* Depth is bounded by that of a stack. */
static void free_children(struct box *box) /* NOLINT(misc-no-recursion) */
{
	struct box *child;

	while ((child = box->first_child)) {
		box->first_child = child->next;
		free_children(child);
		free(child);
	}
}

static unsigned int depth_of(const struct box *box) /* NOLINT(misc-no-recursion) */
{
	const struct box *child;
	unsigned int depth, most = 0;

	for (child = box->first_child; child; child = child->next) {
		depth = depth_of(child);
		if (depth > most)
			most = depth;
	}
	return most + 1;
}

/* The same name has the same colour in every picture. */
static unsigned int hue_of(const struct box *box)
{
	unsigned int hash = 5381;
	size_t i;

	for (i = 0; i < box->len; i++)
		hash = hash * 33 + (unsigned char)box->name[i];
	return hash % 50 + 5;
}

static void print_name(const struct box *box, size_t nr_max, FILE *out)
{
	char text[BRKW_LABEL_LEN];
	size_t len = box->len < sizeof(text) ? box->len : sizeof(text) - 1;

	memcpy(text, box->name, len);
	text[len] = '\0';
	if (len > nr_max)
		memcpy(text + brkw_comm_cut(text, nr_max - 2), "..", sizeof(".."));
	brkw_format_markup(text, out);
}

static void print_box(const struct box *box, double x, double width, double y, FILE *out)
{
	char bytes[BRKW_FORMAT_LEN];
	size_t nr_max = (size_t)(width / CHAR_WIDTH);

	brkw_format_number((int64_t)box->bytes, BRKW_BYTES, false, bytes);
	fprintf(out, "<g><title>");
	print_name(box, BRKW_LABEL_LEN, out);
	fprintf(out, " %s (%" PRIu64 " bytes)</title><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" "
		"height=\"%d\" fill=\"hsl(%u,85%%,%u%%)\"/>", bytes, box->bytes, x, y, width,
		ROW - 1, hue_of(box), 55 + hue_of(box) % 12);
	if (nr_max >= 3) {
		fprintf(out, "<text x=\"%.2f\" y=\"%.0f\">", x + 3, y + ROW - 5);
		print_name(box, nr_max, out);
		fprintf(out, "</text>");
	}
	fprintf(out, "</g>\n");
}

/* Those who were called stand above who called them. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void print_boxes(const struct box *box, double x, double width, double y, FILE *out)
{
	const struct box *child;
	double part;

	if (width < MIN_WIDTH)
		return;
	print_box(box, x, width, y, out);
	for (child = box->first_child; child; child = child->next) {
		part = width * (double)child->bytes / (double)box->bytes;
		print_boxes(child, x, part, y - ROW, out);
		x += part;
	}
}

static void print_picture(const struct box *root, FILE *out)
{
	char bytes[BRKW_FORMAT_LEN];
	unsigned int height = depth_of(root) * ROW + TITLE + MARGIN;

	brkw_format_number((int64_t)root->bytes, BRKW_BYTES, false, bytes);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" "
		"width=\"%d\" height=\"%u\" font-family=\"monospace\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fdfdf6\"/>\n"
		"<text x=\"%d\" y=\"18\" font-size=\"14\">Grown and not given back, by call path: "
		"%s</text>\n", WIDTH, height, WIDTH, height, MARGIN, bytes);
	if (root->bytes)
		print_boxes(root, MARGIN, WIDTH - 2 * MARGIN, height - MARGIN - ROW, out);
	fprintf(out, "</svg>\n");
}

int brkw_flame_print(const struct brkw_growth *growth, FILE *out)
{
	struct box root = { .name = "all", .len = 3 };
	size_t i = growth->nr_paths;
	int err = 0;

	/* boxes are put in front: the largest paths, which come first, go last */
	while (!err && i--)
		if (brkw_path_kept(&growth->paths[i]))
			err = add_path(&root, growth->paths[i].text,
				       brkw_path_kept(&growth->paths[i]));
	if (!err)
		print_picture(&root, out);
	free_children(&root);
	return err;
}
