// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "check.h"
#include "column.h"
#include "json.h"
#include "json_build.h"
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
