/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BRKW_ARRAY_H
#define BRKW_ARRAY_H

/** ARRAY_SIZE - how many items an array has, as the kernel calls it */
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif /* BRKW_ARRAY_H */
