/*
 * A session in a folder of its own: suite text -> stages -> run and journal.
 *
 *	struct bed bed;
 *
 *	bed_make(&bed, "suite: s\n...");
 *	assert_int_equal(bed_run(&bed), TARE_OK);
 *	... bed.session->run ...
 *	bed_remove(&bed);
 *
 * The seed is BED_SEED, the environment "development", nothing is stored. Change
 * bed.session->options before the run. bed_again() begins the next session in the same folder.
 */
#ifndef TARE_TESTS_STAGES_BED_H
#define TARE_TESTS_STAGES_BED_H

#include <signal.h>
#include <stdbool.h>

#include "harness/stages/stage.h"

enum { BED_SEED = 11 };

struct bed {
	char *folder;
	char *state_dir;
	char *journal;
	char *scratch_root;
	struct tare_session *session;
	struct tare_err err;
	volatile sig_atomic_t interrupted;
	bool confirm; /* of a resumed run */
};

void bed_make(struct bed *bed, const char *suite);
void bed_again(struct bed *bed, const char *suite);
void bed_remove(struct bed *bed);

/* load, expand, baseline, describe, measure, compare. */
enum tare_status bed_run(struct bed *bed);
/* Up to and with describe; the journal has its header. */
enum tare_status bed_describe(struct bed *bed);
/* measure and compare, after that. */
enum tare_status bed_measure(struct bed *bed);
/* Goes on with the journal of the bed. */
enum tare_status bed_resume(struct bed *bed, const char *suite);

struct tare_run_case *bed_case(struct bed *bed, const char *name);
/* The order of the journal's measured samples: case indices as digits, "0110...". malloc'ed. */
char *bed_order(const struct bed *bed);
/* Keeps only the first lines of the journal, and len bytes of the next. */
void bed_cut_journal(const struct bed *bed, size_t lines, size_t len);
size_t bed_journal_lines(const struct bed *bed);
/* A line of the journal that contains text. */
bool bed_journal_has(const struct bed *bed, const char *text);

/* How many warnings the run has, but those about what else ran on this machine. */
size_t bed_warning_count(const struct bed *bed);

/* All samples of both runs are the same: pairs and values of every case. */
void bed_assert_same_samples(const struct tare_run *got, const struct tare_run *wanted);

#endif
