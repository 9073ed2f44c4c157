// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "claims.h"

/* What overlaps is equal: of claims that do not, that is an order. */
static int compare_claims(const void *a, const void *b)
{
	const struct brkw_claim *one = a, *other = b;

	if (one->end <= other->start)
		return -1;
	return one->start >= other->end;
}

int brkw_claims_add(struct brkw_claims *claims, const struct brkw_claim *claim)
{
	struct brkw_claim *node;

	if (claim->start >= claim->end)
		return 0;
	node = malloc(sizeof(*node));
	if (!node)
		return -ENOMEM;
	*node = *claim;
	if (tsearch(node, &claims->tree, compare_claims))
		return 0;
	free(node);
	return -ENOMEM;
}

static struct brkw_claim *find_overlap(const struct brkw_claims *claims, uint64_t start,
				       uint64_t end)
{
	const struct brkw_claim key = { .start = start, .end = end };
	struct brkw_claim **found = start < end ? tfind(&key, &claims->tree, compare_claims) : NULL;

	return found ? *found : NULL;
}

/* What of a claim that was taken lies before @start and behind @end. */
static int put_back_rest(struct brkw_claims *claims, const struct brkw_claim *was,
			 uint64_t start, uint64_t end)
{
	struct brkw_claim before = *was, behind = *was;

	if (before.end > start)
		before.end = start;
	if (behind.start < end)
		behind.start = end;
	return brkw_claims_add(claims, &before) || brkw_claims_add(claims, &behind) ? -ENOMEM : 0;
}

int brkw_claims_take(struct brkw_claims *claims, uint64_t start, uint64_t end,
		     struct brkw_claim *ret_piece)
{
	struct brkw_claim *found = find_overlap(claims, start, end), piece;

	if (!found)
		return 0;
	tdelete(found, &claims->tree, compare_claims);
	piece = *found;
	free(found);
	if (put_back_rest(claims, &piece, start, end))
		return -ENOMEM;
	if (piece.start < start)
		piece.start = start;
	if (piece.end > end)
		piece.end = end;
	*ret_piece = piece;
	return 1;
}

const struct brkw_claim *brkw_claims_find(const struct brkw_claims *claims, uint64_t addr)
{
	return addr == UINT64_MAX ? NULL : find_overlap(claims, addr, addr + 1);
}

void brkw_claims_free(struct brkw_claims *claims)
{
	tdestroy(claims->tree, free);
	claims->tree = NULL;
}
