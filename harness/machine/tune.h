/*
 * Tuning: turning knobs for a while, and putting back what was there.
 *
 * tare_tune_begin() takes the machine's lock and puts back what a tare that was killed left behind.
 * tare_tune_plan() reads the knobs and decides what would be written; it writes nothing and needs
 * no lock. tare_tune_apply() does it, all or nothing. tare_tune_end() puts back what was there,
 * unless tare_tune_keep() said that it stays until tare_tune_restore().
 *
 * Before each write the old value goes into an undo journal and is fsynced: RUN/tune.ndjson, with
 * RUN the folder "/run/tare" below the place's root, where tune.lock is too. Of a kernel that was
 * booted since, the journal says nothing, because every knob begins anew there. A guardian, a small
 * process of its own, waits for this one to end: where that happens before the end, by kill -9 or
 * an assertion, it puts back in its stead. Where both are killed the next tare_tune_begin() or
 * tare_tune_restore() does.
 *
 * Everything takes a place whose root is "" for this machine, and a recorded tree in tests.
 */
#ifndef TARE_MACHINE_TUNE_H
#define TARE_MACHINE_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/machine/knobs.h"

struct tare_tune_place {
	const char *root;
	const char *housekeeping; /* list of the CPUs that may be disturbed */
	bool guarded;             /* start a guardian; tests that kill it too do without */
	/* Tests: called before and after everything that is written. NULL: not. */
	void (*step)(void *context);
	void *context;
};

/* What a user asked for: "governor", "thp=never". */
struct tare_tune_wish {
	const struct tare_knob *knob;
	const char *value; /* NULL: that of the profile */
};

enum { TARE_TUNE_WISHES_MAX = 16 };

/* TARE_INVALID for a knob that is not known, with what is near. */
enum tare_status tare_tune_wish_parse(struct tare_tune_wish *wish_out, struct tare_arena *arena,
	const char *text, struct tare_err *err);
/* "governor,thp=never"; "production" is the profile and gives none. */
enum tare_status tare_tune_wishes_parse(struct tare_tune_wish *wishes_out, size_t *count_out,
	struct tare_arena *arena, const char *text, struct tare_err *err);

enum tare_tune_state {
	TARE_TUNE_SAME,   /* nothing to do */
	TARE_TUNE_CHANGE, /* will be, or was, written */
	TARE_TUNE_ABSENT, /* not to be had here: reason */
	TARE_TUNE_IN_RUN, /* only while a run goes on: reason */
};

struct tare_tune_row {
	const struct tare_knob *knob;
	enum tare_tune_state state;
	const char *now;    /* before, in words; NULL where there is nothing */
	const char *wanted; /* in words */
	const char *reason; /* or NULL */
	size_t change_count;
	size_t refused_count; /* of those, set by applying */
	bool wished;          /* one by one, and not by a profile */
};

struct tare_tune_change {
	const struct tare_knob *knob;
	const char *path; /* without the root */
	const char *old;
	const char *raw; /* what is written */
};

struct tare_tune_plan {
	struct tare_tune_row *rows;
	size_t row_count;
	struct tare_tune_change *changes;
	size_t change_count;
	bool changes_nice;
	int nice;
};

/* No wishes: the profile "production", of which what is not to be had is left out, and said in its
 * row. What is wished for and not to be had is TARE_UNSUPPORTED. for_run: processes of this one
 * will be measured, so that it can have a priority. */
enum tare_status tare_tune_plan_make(struct tare_tune_plan *plan_out, struct tare_arena *arena,
	const struct tare_tune_place *place, const struct tare_tune_wish *wishes, size_t wish_count,
	bool for_run, struct tare_err *err);

struct tare_tune;

/* TARE_OUTSIDE where another tare holds the lock, where the machine is tuned already and stays so,
 * and where it is not permitted. *recovered_out: how many values of a killed tare were put back. */
enum tare_status tare_tune_begin(struct tare_tune **tune_out, size_t *recovered_out,
	const struct tare_tune_place *place, struct tare_err *err);
/* Once. The plan must have been made since beginning, and outlive tune. Where it fails, all is as
 * it was before, or the sentence says what is not. A setting that the kernel took nowhere is an
 * error where it was wished for, and absent where a profile has it. */
enum tare_status tare_tune_apply(
	struct tare_tune *tune, struct tare_tune_plan *plan, struct tare_err *err);
enum tare_status tare_tune_keep(struct tare_tune *tune, struct tare_err *err);
/* Frees tune in any case; NULL is allowed. */
enum tare_status tare_tune_end(struct tare_tune *tune, struct tare_err *err);

/* Puts back what is kept or was left behind; *count_out is how many values were written. */
enum tare_status tare_tune_restore(
	size_t *count_out, const struct tare_tune_place *place, struct tare_err *err);

/* Who tuned the machine, as far as the journal says. */
struct tare_tune_status {
	bool tuned;   /* there is a journal of this boot, or one that does not tell */
	bool damaged; /* not all of it can be read */
	bool kept;    /* until tare_tune_restore() */
	bool held;    /* a tare, or its guardian, is at it */
	pid_t pid;
	uint64_t started_unix_ns;
	size_t change_count;
};

void tare_tune_look(struct tare_tune_status *status_out, const struct tare_tune_place *place);

#endif
