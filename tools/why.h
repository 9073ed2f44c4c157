/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why something failed, in the words that a verb prints. The rooms below the
 * verbs fill it in and return a negative errno; only verbs print it.
 */
#ifndef BRKW_WHY_H
#define BRKW_WHY_H

/**
 * struct brkw_why - one failure, to be printed as "what: text; cure"
 * @what: the file or thing that failed
 * @text: what is wrong with it
 * @cure: what to do about it, or empty
 */
struct brkw_why {
	char what[256];
	char text[256];
	char cure[256];
};

/**
 * brkw_why_what - name the thing that is about to be worked on
 * @why: filled in
 * @fmt: printf format of the name
 */
void brkw_why_what(struct brkw_why *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * brkw_why_set - say what is wrong, without a cure
 * @why: filled in; the name given before stays
 * @err: negative errno
 * @fmt: printf format of the text
 *
 * Return: @err, so that a failing function can return this call.
 */
int brkw_why_set(struct brkw_why *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * brkw_why_cure - add a cure to a failure
 * @why: filled in
 * @fmt: printf format of the cure
 */
void brkw_why_cure(struct brkw_why *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* BRKW_WHY_H */
