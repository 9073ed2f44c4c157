/* SPDX-License-Identifier: GPL-2.0 */
/* What every printer of JSON builds its objects with, on top of json-c. */
#ifndef BRKW_JSON_BUILD_H
#define BRKW_JSON_BUILD_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

/*
 * json-c returns NULL when there is no memory, and NULL is also its null. Adding
 * to an object or an array frees the value if that fails.
 */
static inline int add_member(struct json_object *object, const char *name,
			     struct json_object *value)
{
	if (!json_object_object_add(object, name, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static inline int add_item(struct json_object *array, struct json_object *value)
{
	if (value && !json_object_array_add(array, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static inline int add_number(struct json_object *object, const char *name, int64_t number)
{
	return add_member(object, name, json_object_new_int64(number));
}

static inline int add_flag(struct json_object *object, const char *name, bool flag)
{
	return add_member(object, name, json_object_new_boolean(flag));
}

static inline int add_text(struct json_object *object, const char *name, const char *text)
{
	return add_member(object, name, json_object_new_string(text));
}

/* Print and drop @object in the @form of json-c; @err is what building it came to. */
static inline int print_form(struct json_object *object, int err, int form, FILE *out)
{
	const char *text = NULL;

	if (object && !err)
		text = json_object_to_json_string_ext(object, form |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(object);
	return text ? 0 : -ENOMEM;
}

static inline int print_object(struct json_object *object, int err, FILE *out)
{
	return print_form(object, err, JSON_C_TO_STRING_PRETTY, out);
}

#endif /* BRKW_JSON_BUILD_H */
