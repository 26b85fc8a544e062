/*
 * Scratch folders: STATE/scratch/<pid>/case-N, made when a case begins that mentions its own,
 * removed with the case, and all of them with the run.
 *
 * The folder of a run is locked (flock) while the run lives. What runs left that were killed is
 * swept by the next one: a folder named by a number, ours, whose process is gone and whose lock is
 * free. Links are never followed. Life cycle: begin (which sweeps), any number of make, end.
 */
#ifndef TARE_STAGES_SCRATCH_H
#define TARE_STAGES_SCRATCH_H

#include "harness/base/err.h"

struct tare_scratch {
	const char *root; /* STATE/scratch/<pid>; NULL: cases have their folders anywhere */
	int lock;         /* the open folder; -1 until the first was made */
};

/* root must outlive the scratch. */
void tare_scratch_begin(struct tare_scratch *scratch_out, const char *root);
enum tare_status tare_scratch_make(
	struct tare_scratch *scratch, const char *path, struct tare_err *err);
void tare_scratch_end(struct tare_scratch *scratch);

/* Removes from the folder what dead runs left. Nothing there, or no folder, is fine. */
void tare_scratch_sweep(const char *folder);

#endif
