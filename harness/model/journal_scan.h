/*
 * Sample lines as the writer makes them, read without a JSON parser. Inside harness/model only.
 *
 * Nearly every line of a long journal is one, and a tree of JSON values for each costs ten times
 * what the line needs. The scanner knows one spelling: members in the writer's order, metrics in
 * the case's order, no blanks, whole numbers. Anything else, and anything that would be an error,
 * is left to the parser, so what is accepted and what errors say is decided in one place.
 */
#ifndef TARE_MODEL_JOURNAL_SCAN_H
#define TARE_MODEL_JOURNAL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/model/run.h"

/* True: the line was a sample and is added to the run. False: nothing was done. values is scratch,
 * as long as the longest metric list. */
bool tare_journal_scan_sample(struct tare_run *run, const char *text, size_t len, double *values);

#endif
