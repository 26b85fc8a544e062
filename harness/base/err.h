/*
 * Errors: a status class and one sentence.
 *
 * Whoever detects an error writes the sentence with tare_err_set(); callers pass the status on, or
 * put a place in front of the sentence with tare_err_where(). A sentence is lower case, has no full
 * stop, quotes the user's text, and says what was expected. Nothing is printed here; main prints
 * the one line. A struct tare_err is plain data: no life cycle, copy it freely. A NULL err is
 * allowed everywhere and discards the sentence.
 */
#ifndef TARE_BASE_ERR_H
#define TARE_BASE_ERR_H

#include <stddef.h>

enum { TARE_ERR_TEXT_MAX = 1024 };

/* The classes map to exit codes in harness/cli; see tare_status_exit_code(). */
enum tare_status {
	TARE_OK = 0,
	TARE_INVALID,     /* what the user wrote is wrong: suite, command line, a file they named */
	TARE_FAILED,      /* a measured benchmark failed */
	TARE_OUTSIDE,     /* the machine, a file, the store or another program failed */
	TARE_UNSUPPORTED, /* cannot be had here; the sentence says why and what to do */
	TARE_NOT_FOUND,   /* nothing of that name */
	TARE_INTERRUPTED, /* SIGINT or SIGTERM */
};

struct tare_err {
	enum tare_status status;
	char text[TARE_ERR_TEXT_MAX]; /* always terminated; cut with "..." where too long */
};

/* Sets status and sentence, returns status. */
enum tare_status tare_err_set(struct tare_err *err, enum tare_status status, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* As tare_err_set() and appends ": " and the text of errno as it was at the call. */
enum tare_status tare_err_errno(struct tare_err *err, enum tare_status status, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Puts "where: " in front of the sentence and returns its status; err must hold an error.
 * A NULL err gives TARE_OUTSIDE, the class being unknown. */
enum tare_status tare_err_where(struct tare_err *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
