/*
 * Knobs: what of the kernel's settings makes measurements noisy, read and never written here.
 *
 * A const table says for each knob where its files are, which values it takes in words a user
 * types, and what the profile "production" asks for. Reading gives every file of the knob below a
 * root path ("" is this machine), so that tests replay recorded machines. Files hold raw text
 * ("1" of no_turbo); users see words ("off"). harness/machine/tune.h writes and puts back.
 *
 * Where the values of "production" are from: the kernel's admin guide (cpufreq, intel_pstate,
 * sysctl/kernel, sysctl/vm, transhuge) says what each does.
 */
#ifndef TARE_MACHINE_KNOBS_H
#define TARE_MACHINE_KNOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"

enum tare_knob_kind {
	TARE_KNOB_WORDS,    /* one of words */
	TARE_KNOB_NUMBER,   /* an integer from min to max */
	TARE_KNOB_GOVERNOR, /* one that every file's neighbour scaling_available_governors names */
	TARE_KNOB_CPUS,     /* a list of CPUs, or "housekeeping" */
	TARE_KNOB_NICE,     /* of a run's own processes: no file, and gone with them */
};

struct tare_knob_word {
	const char *word; /* what users see */
	const char *raw;  /* what the file holds */
};

enum { TARE_KNOB_PLACES_MAX = 2, TARE_KNOB_WORDS_MAX = 3 };

struct tare_knob {
	const char *name; /* "perf-sample-rate" */
	const char *summary;
	const char *production; /* the profile's value */
	const char *as_good;    /* a value that the profile leaves alone; NULL: none */
	const char *expected;   /* of a value, for messages */
	const char *absent;     /* why a machine may not have it */
	enum tare_knob_kind kind;
	/* Where the files are; at most one part of a path has a "*". */
	const char *places[TARE_KNOB_PLACES_MAX];
	struct tare_knob_word words[TARE_KNOB_WORDS_MAX];
	long min, max;
	/* Some of its files refuse a change, which is nothing to stop for: interrupts that a driver
	 * holds where they are. */
	bool may_refuse;
};

extern const struct tare_knob tare_knobs[];
extern const size_t tare_knob_count;

/* NULL where there is none of that name. */
const struct tare_knob *tare_knob_find(const char *name);

struct tare_knob_file {
	const char *path; /* without the root */
	const char *raw;  /* what is to be written to have this value again */
};

/* What a machine says. Files that cannot be read are left out. */
struct tare_knob_reading {
	const struct tare_knob *knob;
	struct tare_knob_file *files;
	size_t file_count;
	const char *now; /* in words; "mixed" where files differ; NULL where there are no files */
};

void tare_knob_read(struct tare_knob_reading *reading_out, struct tare_arena *arena,
	const char *root, const struct tare_knob *knob);

/* The raw text of a value that a user typed. housekeeping is the list that stands for the word.
 * TARE_INVALID with what was expected; TARE_UNSUPPORTED for a governor that is not offered. */
enum tare_status tare_knob_value_parse(const char **raw_out, struct tare_arena *arena,
	const char *root, const struct tare_knob_reading *reading, const char *value,
	const char *housekeeping, struct tare_err *err);

/* Whether two raw texts are the same value: "0-1" is "0,1". */
bool tare_knob_same(const struct tare_knob *knob, const char *raw, const char *other);
/* The word for a raw text, or the text itself. */
const char *tare_knob_word(const struct tare_knob *knob, const char *raw);
/* Whether path, without the root, can be a file of this knob. */
bool tare_knob_owns(const struct tare_knob *knob, const char *path);
/* The raw value of one file of the knob; NULL where it cannot be read. */
const char *tare_knob_file_read(
	struct tare_arena *arena, const char *root, const struct tare_knob *knob, const char *path);

#endif
