// SPDX-License-Identifier: GPL-2.0
/* The binary snapshot. */
#include "../snapshot.h"
#include "../why.h"
#include "fuzz.h"

void fuzz_prepare(void)
{
}

void fuzz_one(const uint8_t *data, size_t len)
{
	struct brkw_why why = { .what = "" };
	struct brkw_snapshot snap;

	if (brkw_snapshot_parse_binary(data, len, &snap, &why)) {
		fuzz_must_say_why(&why);
		return;
	}
	fuzz_must(!snap.is_short || (snap.nr_accts && *why.text));
	fuzz_print_all(&snap, (unsigned int)len);
	brkw_snapshot_free(&snap);
}
