/* SPDX-License-Identifier: GPL-2.0 */
/* What a reader of accounts should know before: one line on stderr for each. */
#ifndef BRKW_CAUTION_H
#define BRKW_CAUTION_H

struct brkw_env;
struct brkw_source;

/**
 * brkw_caution_print - warn of what makes numbers other than they seem
 * @env: the options
 * @src: where the accounts are from
 */
void brkw_caution_print(const struct brkw_env *env, const struct brkw_source *src);

#endif /* BRKW_CAUTION_H */
