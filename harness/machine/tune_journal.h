/*
 * The undo journal of tuning: NDJSON, a header, a line per change, and one that says it stays.
 *
 * Appended by one write per line and fsynced before the change is made. A last line that was cut
 * off belongs to a change that was never made. The lock beside it is of the open file description
 * (fcntl(2), F_OFD_SETLK), so that a guardian which was forked holds it as well; it is never
 * removed. Internal to harness/machine.
 */
#ifndef TARE_MACHINE_TUNE_JOURNAL_H
#define TARE_MACHINE_TUNE_JOURNAL_H

#include "harness/machine/tune.h"

struct tare_tune_record {
	pid_t pid;
	uint64_t started_unix_ns;
	bool of_this_boot;
	bool kept;
	struct tare_tune_change *changes; /* of the lines that tare wrote */
	size_t change_count;
	const char *damage; /* the first line that it did not, and why not; NULL: none */
};

char *tare_tune_journal_path(struct tare_arena *arena, const char *root);

/* The lock's descriptor. TARE_OUTSIDE where another has it, or where it is not permitted. */
enum tare_status tare_tune_lock(
	int *fd_out, const struct tare_tune_place *place, struct tare_err *err);
bool tare_tune_is_locked(const struct tare_tune_place *place);

/* TARE_NOT_FOUND where there is none. TARE_INVALID for one that tare did not begin. A later line
 * that tare did not write, or that is broken, is no change but damage, so that what the others hold
 * can be put back; no change has a file but those of the knobs. */
enum tare_status tare_tune_journal_read(struct tare_tune_record *record_out,
	struct tare_arena *arena, const char *root, struct tare_err *err);

/* The same of its text; boot is the number of this boot. The place of an error is the line only. */
enum tare_status tare_tune_journal_parse(struct tare_tune_record *record_out,
	struct tare_arena *arena, const char *text, size_t len, const char *boot,
	struct tare_err *err);

/* Makes it, with its header. */
enum tare_status tare_tune_journal_make(
	int *fd_out, const struct tare_tune_place *place, struct tare_err *err);
enum tare_status tare_tune_journal_add(int fd, const struct tare_tune_place *place,
	const struct tare_tune_change *change, struct tare_err *err);
enum tare_status tare_tune_journal_keep(
	int fd, const struct tare_tune_place *place, struct tare_err *err);
enum tare_status tare_tune_journal_remove(
	const struct tare_tune_place *place, struct tare_err *err);

#endif
