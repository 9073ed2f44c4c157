// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "check.h"
#include "column.h"
#include "growth.h"
#include "json.h"
#include "json_build.h"
#include "recording.h"
#include "snapshot.h"

static int add_cell(struct json_object *object, const struct brkw_column *col,
		    const struct brkw_account *acct)
{
	char cell[BRKW_CELL_LEN];
	int64_t value;

	if (col->is_text)
		return brkw_column_cell(col, acct, true, cell) ?
			add_text(object, col->name, cell) : add_member(object, col->name, NULL);
	if (!brkw_column_value(col, acct, &value))
		return add_member(object, col->name, NULL);
	return add_number(object, col->name, value);
}

static int add_account(struct json_object *object, const struct brkw_account *acct,
		       const struct brkw_column_set *set)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < set->nr_cols; i++)
		err = add_cell(object, set->cols[i], acct);
	return err;
}

/* Of its own pid namespace; no column, for the files of the module lack it. */
static int add_ns_pid(struct json_object *object, const struct brkw_account *acct)
{
	return acct->ns_pid ? add_number(object, "ns_pid", acct->ns_pid) :
			      add_member(object, "ns_pid", NULL);
}

static int fill_list(struct json_object *list, const struct brkw_snapshot *snap,
		     const struct brkw_column_set *set)
{
	struct json_object *array = json_object_new_array(), *object;
	int err;
	size_t i;

	if (!array)
		return -ENOMEM;
	err = add_number(list, "abi", BRKW_ABI) ||
	      add_member(list, "ts_ns", json_object_new_uint64(snap->ts_ns)) ||
	      add_number(list, "page_bytes", snap->sz_page);
	if (add_member(list, "processes", array))
		return -ENOMEM;
	for (i = 0; !err && i < snap->nr_accts; i++) {
		object = json_object_new_object();
		if (add_item(array, object))
			return -ENOMEM;
		err = add_account(object, &snap->accts[i], set);
	}
	return err ? -ENOMEM : 0;
}

int brkw_json_print_list(const struct brkw_snapshot *snap, const struct brkw_column_set *set,
			 FILE *out)
{
	struct json_object *list = json_object_new_object();

	return print_object(list, list ? fill_list(list, snap, set) : -ENOMEM, out);
}

int brkw_json_print_account(const struct brkw_account *acct, FILE *out)
{
	struct json_object *object = json_object_new_object();
	struct brkw_column_set set;
	int err = -ENOMEM;

	brkw_column_set_contract(&set);
	if (object)
		err = add_number(object, "abi", BRKW_ABI) ||
		      add_account(object, acct, &set) || add_ns_pid(object, acct);
	return print_object(object, err, out);
}

int brkw_json_print_line(const struct brkw_account *acct, uint64_t ts_ns,
			 const struct brkw_column_set *set, FILE *out)
{
	struct json_object *object = json_object_new_object();
	int err = -ENOMEM;

	if (object)
		err = add_member(object, "ts_ns", json_object_new_uint64(ts_ns)) ||
		      add_account(object, acct, set);
	return print_form(object, err, JSON_C_TO_STRING_PLAIN, out);
}

static int fill_check(struct json_object *object, const struct brkw_check *check)
{
	return add_text(object, "name", check->name) ||
	       add_text(object, "verdict", brkw_check_verdict_name(check->verdict)) ||
	       add_text(object, "text", check->text) ||
	       (*check->cure ? add_text(object, "cure", check->cure) :
			       add_member(object, "cure", NULL));
}

static int fill_checks(struct json_object *object, const struct brkw_check *checks,
		       size_t nr_checks)
{
	struct json_object *array = json_object_new_array(), *item;
	size_t i;

	if (!array || add_number(object, "abi", BRKW_ABI) || add_member(object, "checks", array))
		return -ENOMEM;
	for (i = 0; i < nr_checks; i++) {
		item = json_object_new_object();
		if (add_item(array, item) || fill_check(item, &checks[i]))
			return -ENOMEM;
	}
	return 0;
}

int brkw_json_print_checks(const struct brkw_check *checks, size_t nr_checks, FILE *out)
{
	struct json_object *object = json_object_new_object();

	return print_object(object, object ? fill_checks(object, checks, nr_checks) : -ENOMEM,
			    out);
}

static int fill_frame(struct json_object *object, const struct brkw_recording *rec,
		      uint32_t frame)
{
	const struct brkw_frame *f = &rec->frames[frame];
	const struct brkw_module *module = f->module == BRKW_NO_INDEX ? NULL :
					   &rec->modules[f->module];

	return (f->name ? add_text(object, "name", f->name) :
			  add_member(object, "name", NULL)) ||
	       (module ? add_text(object, "file", module->path) :
			 add_member(object, "file", NULL)) ||
	       (module && *module->build_id != '-' ?
		add_text(object, "build_id", module->build_id) :
		add_member(object, "build_id", NULL)) ||
	       add_member(object, "offset", json_object_new_uint64(f->offset));
}

static int add_frames(struct json_object *path, const struct brkw_recording *rec,
		      const struct brkw_stack *stack)
{
	struct json_object *array = json_object_new_array(), *item;
	uint32_t i;

	if (!array || add_member(path, "frames", array))
		return -ENOMEM;
	for (i = 0; i < stack->nr_frames; i++) {
		item = json_object_new_object();
		if (add_item(array, item) || fill_frame(item, rec, stack->frames[i]))
			return -ENOMEM;
	}
	return 0;
}

static int fill_path(struct json_object *object, const struct brkw_recording *rec,
		     const struct brkw_path *path)
{
	const struct brkw_stack *stack = &rec->stacks[path->stack];

	return add_number(object, "kept_bytes", (int64_t)brkw_path_kept(path)) ||
	       add_number(object, "grown_bytes", (int64_t)path->grown) ||
	       add_number(object, "given_back_bytes", (int64_t)path->given_back) ||
	       add_number(object, "changes", (int64_t)path->nr_events) ||
	       add_text(object, "path", path->text) ||
	       add_text(object, "unwound_by", brkw_how_name(stack->how)) ||
	       add_member(object, "is_whole", json_object_new_boolean(stack->is_whole)) ||
	       add_frames(object, rec, stack);
}

static int add_losses(struct json_object *object, const struct brkw_losses *losses)
{
	return add_number(object, "lost_changes", (int64_t)losses->changes) ||
	       add_number(object, "lost_answers", (int64_t)losses->answers) ||
	       add_number(object, "lost_mappings", (int64_t)losses->mappings) ||
	       add_number(object, "lost_children", (int64_t)losses->processes);
}

static int add_sums(struct json_object *object, const struct brkw_growth *growth)
{
	return add_number(object, "grown_bytes", (int64_t)growth->grown) ||
	       add_number(object, "given_back_bytes", (int64_t)growth->given_back) ||
	       add_number(object, "unowned_bytes", (int64_t)growth->unowned) ||
	       add_number(object, "changes", (int64_t)growth->nr_growths) ||
	       add_number(object, "failed", (int64_t)growth->nr_failed) ||
	       add_number(object, "stacks_whole", (int64_t)growth->nr_whole) ||
	       add_number(object, "stacks_by_cfi", (int64_t)growth->nr_unwound[BRKW_HOW_CFI]) ||
	       add_number(object, "stacks_by_fp", (int64_t)growth->nr_unwound[BRKW_HOW_FP]) ||
	       add_number(object, "stacks_of_exec", (int64_t)growth->nr_unwound[BRKW_HOW_EXEC]) ||
	       add_number(object, "stacks_by_none", (int64_t)growth->nr_unwound[BRKW_HOW_NONE]);
}

static int fill_growth(struct json_object *object, const struct brkw_recording *rec,
		       const struct brkw_growth *growth)
{
	struct json_object *array = json_object_new_array(), *item;
	size_t i;
	int err = !array || add_number(object, "version", BRKW_RECORDING_VERSION) ||
		  add_losses(object, &rec->losses) ||
		  add_member(object, "is_short", json_object_new_boolean(rec->is_short)) ||
		  add_sums(object, growth);

	if (err || add_member(object, "paths", array))
		return -ENOMEM;
	for (i = 0; i < growth->nr_paths; i++) {
		item = json_object_new_object();
		if (add_item(array, item) || fill_path(item, rec, &growth->paths[i]))
			return -ENOMEM;
	}
	return 0;
}

int brkw_json_print_growth(const struct brkw_recording *rec, const struct brkw_growth *growth,
			   FILE *out)
{
	struct json_object *object = json_object_new_object();

	return print_object(object, object ? fill_growth(object, rec, growth) : -ENOMEM, out);
}
