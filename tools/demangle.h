/* SPDX-License-Identifier: GPL-2.0 */
/* Names of functions as their programmers wrote them, with binutils' libiberty. */
#ifndef BRKW_DEMANGLE_H
#define BRKW_DEMANGLE_H

/**
 * brkw_demangle - the name of a function of C++, Rust or D
 * @name: as the symbol has it
 *
 * Return: a copy, readable if it can be; NULL without memory.
 */
char *brkw_demangle(const char *name);

#endif /* BRKW_DEMANGLE_H */
