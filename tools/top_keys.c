// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "screen.h"
#include "top.h"

static size_t last_line(const struct brkw_top *top)
{
	return top->shown.nr_accts ? top->shown.nr_accts - 1 : 0;
}

static size_t less(size_t value, size_t by)
{
	return value > by ? value - by : 0;
}

static size_t more(size_t value, size_t by, size_t max)
{
	return value + by < max ? value + by : max;
}

/* Move the cursor of the table, or the text of the detail. */
static bool move(struct brkw_top *top, int key)
{
	bool is_table = top->page == BRKW_TOP_TABLE;
	size_t *line = is_table ? &top->chosen : &top->first;
	size_t last = is_table ? last_line(top) : SIZE_MAX / 2;
	size_t page = top->nr_lines ? top->nr_lines : 1;

	if (key == BRKW_PRESS_UP)
		*line = less(*line, 1);
	else if (key == BRKW_PRESS_DOWN)
		*line = more(*line, 1, last);
	else if (key == BRKW_PRESS_PAGE_UP)
		*line = less(*line, page);
	else if (key == BRKW_PRESS_PAGE_DOWN)
		*line = more(*line, page, last);
	else if (key == BRKW_PRESS_HOME)
		*line = 0;
	else if (key == BRKW_PRESS_END)
		*line = last;
	else
		return false;
	return true;
}

static void sort_by_name(struct brkw_top *top, const char *name)
{
	struct brkw_why why;

	top->sort = brkw_column_find(name, &why);
	top->is_reversed = false;
	brkw_top_arrange(top);
}

/* The column to the left or to the right of the one that is sorted by. */
static void sort_by_next(struct brkw_top *top, bool is_right)
{
	size_t i = 0;

	while (i < top->set.nr_cols && top->set.cols[i] != top->sort)
		i++;
	if (i == top->set.nr_cols)
		i = 0;
	else if (is_right)
		i = more(i, 1, top->set.nr_cols - 1);
	else
		i = less(i, 1);
	top->sort = top->set.cols[i];
	top->is_reversed = false;
	brkw_top_arrange(top);
}

static void close_page(struct brkw_top *top)
{
	if (top->page == BRKW_TOP_TABLE && top->match.by) {
		memset(&top->match, 0, sizeof(top->match));
		brkw_top_arrange(top);
	}
	top->page = BRKW_TOP_TABLE;
	top->first = 0;
}

/* Keys of the table alone. */
static void press_table(struct brkw_top *top, int key)
{
	if (key == BRKW_PRESS_ENTER)
		brkw_top_open_detail(top);
	else if (key == BRKW_PRESS_LEFT)
		top->first_col = less(top->first_col, 1);
	else if (key == BRKW_PRESS_RIGHT)
		top->first_col = more(top->first_col, 1, top->set.nr_cols - 1);
	else if (key == 'g')
		sort_by_name(top, "vm_net_bytes");
	else if (key == 't')
		sort_by_name(top, "vm_bytes_per_second");
	else if (key == '<' || key == '>')
		sort_by_next(top, key == '>');
	else if (key == 'r') {
		top->is_reversed = !top->is_reversed;
		brkw_top_arrange(top);
	} else if (key == '/') {
		top->is_asking = true;
		top->word[0] = '\0';
	}
}

/* The word of the filter; one that is none is left for the user to mend. */
static void press_word(struct brkw_top *top, int key)
{
	size_t len = strlen(top->word);

	if (key == BRKW_PRESS_ESCAPE) {
		top->is_asking = false;
	} else if (key == BRKW_PRESS_BACK) {
		top->word[less(len, 1)] = '\0';
	} else if (key == BRKW_PRESS_ENTER) {
		if (brkw_match_parse(top->word, &top->match))
			return;
		top->is_asking = false;
		brkw_top_arrange(top);
	} else if (key >= ' ' && key < 0x100 && key != 0x7f && len + 1 < sizeof(top->word)) {
		top->word[len] = (char)key;
		top->word[len + 1] = '\0';
	}
}

void brkw_top_press(struct brkw_top *top, int key)
{
	bool is_end = key == 'q' && top->page == BRKW_TOP_TABLE && !top->is_asking;

	if (key == BRKW_PRESS_GONE || is_end)
		top->is_over = true;
	else if (top->is_asking)
		press_word(top, key);
	else if (key == 'q' || key == BRKW_PRESS_ESCAPE || key == BRKW_PRESS_BACK)
		close_page(top);
	else if (key == 'b')
		top->is_exact = !top->is_exact;
	else if (key == 'h' || key == '?')
		top->page = BRKW_TOP_HELP;
	else if (!move(top, key) && top->page == BRKW_TOP_TABLE)
		press_table(top, key);
}
