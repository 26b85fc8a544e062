/*
 * What tare tune and tare run --tune share: the place, the wishes, and the rows that are printed.
 */
#ifndef TARE_CLI_TUNING_H
#define TARE_CLI_TUNING_H

#include <stdio.h>

#include "harness/machine/tune.h"

/* The variable that stands in for "/" in tests: a recorded tree of /sys and /proc. */
#define TARE_MACHINE_ROOT_VARIABLE "TARE_MACHINE_ROOT"

/* "" for this machine. */
const char *tare_machine_root(void);
/* With a guardian. CPU 0 is the housekeeping one of a recorded tree. */
void tare_tuning_place(struct tare_tune_place *place_out, struct tare_arena *arena);

/* A run that may be tuned. */
struct tare_tuning {
	struct tare_arena *arena;
	struct tare_tune *tune; /* NULL: it is not */
	struct tare_tune_plan plan;
};

/* settings as of --tune: NULL changes nothing, "" is the profile. What was changed goes to out,
 * which may be NULL. */
enum tare_status tare_tuning_begin(
	struct tare_tuning *tuning_out, const char *settings, FILE *out, struct tare_err *err);
/* Puts back what a tare that was killed with its guardian left behind, and says on out (may be
 * NULL) that it did, or that it could not: a run is not measured as somebody else's tuning has it
 * without a word. */
void tare_tuning_put_back_left(FILE *out);
/* Puts back; in any case all is freed. */
enum tare_status tare_tuning_end(struct tare_tuning *tuning, struct tare_err *err);

/* Nothing where there was nothing. */
void tare_tuning_print_recovered(FILE *out, size_t count);

#endif
