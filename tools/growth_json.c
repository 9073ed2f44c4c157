// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "growth.h"
#include "growth_json.h"
#include "json_build.h"
#include "origin.h"
#include "recording.h"

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

int brkw_growth_json_print(const struct brkw_recording *rec, const struct brkw_growth *growth,
			   FILE *out)
{
	struct json_object *object = json_object_new_object();

	return print_object(object, object ? fill_growth(object, rec, growth) : -ENOMEM, out);
}

int brkw_growth_json_add_origin(struct json_object *object, const struct brkw_origin *origin)
{
	struct json_object *path;

	if (!origin)
		return 0;
	if (!origin->path)
		return add_member(object, "grown_by", NULL);
	path = json_object_new_object();
	return add_member(object, "grown_by", path) ||
	       fill_path(path, &origin->rec, origin->path);
}
