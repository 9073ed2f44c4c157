/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chance that a seed repeats: xorshift. Set the state, not to 0, before throwing.
 */
#ifndef BRKW_TEST_DICE_H
#define BRKW_TEST_DICE_H

static unsigned int dice_state;

static unsigned int dice(unsigned int nr_sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 17;
	dice_state ^= dice_state << 5;
	return dice_state % nr_sides;
}

#endif /* BRKW_TEST_DICE_H */
