#include "harness/machine/tune.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/machine/guardian.h"
#include "harness/machine/tune_journal.h"

struct tare_tune {
	struct tare_tune_place place;
	int lock_fd;
	int journal_fd; /* -1: none */
	const struct tare_tune_change *changes;
	size_t begun; /* changes that are in the journal */
	bool nice_changed;
	int nice_before;
	bool kept;
	struct tare_guardian guardian;
};

static void
step(const struct tare_tune_place *place)
{
	if (place->step)
		place->step(place->context);
}

/* Read-only trees are those of containers: being root there does not help. */
static enum tare_status
explain(struct tare_err *err, const struct tare_tune_change *change)
{
	const char *name = change->knob->name;

	if (errno == EROFS)
		return tare_err_set(err, TARE_OUTSIDE,
			"cannot change %s: \"%s\" is read-only here, as in a container; run tare "
			"on the host, or in a container that is started with --privileged",
			name, change->path);
	if (errno == EACCES || errno == EPERM)
		return tare_err_set(err, TARE_OUTSIDE,
			"not permitted to change %s (\"%s\"); run tare as root, for example with "
			"sudo",
			name, change->path);
	return tare_err_errno(
		err, TARE_OUTSIDE, "cannot write '%s' to \"%s\"", change->raw, change->path);
}

/* One write(2), as files of the kernel want it; trees of tests are cut to the new length. */
static bool
write_raw(const struct tare_tune_place *place, const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
	ssize_t written;
	int number;

	if (fd < 0)
		return false;
	step(place);
	written = write(fd, text, len);
	number = written < 0 ? errno : EIO;
	if (close(fd) != 0 || written != (ssize_t)len) {
		errno = number;
		return false;
	}
	return true;
}

static bool
write_value(const struct tare_tune_place *place, const char *path, const char *raw)
{
	struct tare_arena *arena = tare_arena_new();
	char *full = tare_arena_printf(arena, "%s%s", place->root, path);
	char *line = tare_arena_printf(arena, "%s\n", raw);
	bool done;
	int number;

	step(place);
	done = write_raw(place, full, line, strlen(line));
	number = errno;
	step(place);
	tare_arena_free(arena);
	errno = number;
	return done;
}

static bool
has_value(
	const struct tare_tune_place *place, const struct tare_tune_change *change, const char *raw)
{
	struct tare_arena *arena = tare_arena_new();
	const char *now = tare_knob_file_read(arena, place->root, change->knob, change->path);
	bool has = now && tare_knob_same(change->knob, now, raw);

	tare_arena_free(arena);
	return has;
}

/* A CPU that was taken offline has taken its files with it. */
static bool
is_gone(const struct tare_tune_place *place, const struct tare_tune_change *change)
{
	struct tare_arena *arena = tare_arena_new();
	bool gone =
		access(tare_arena_printf(arena, "%s%s", place->root, change->path), F_OK) != 0 &&
		errno == ENOENT;

	tare_arena_free(arena);
	return gone;
}

/* False, and errno, where the value is not what it was. */
static bool
put_back_one(
	size_t *count, const struct tare_tune_place *place, const struct tare_tune_change *change)
{
	if (has_value(place, change, change->old) || is_gone(place, change))
		return true;
	if (!write_value(place, change->path, change->old))
		return false;
	++*count;
	errno = EIO;
	return has_value(place, change, change->old);
}

/* The last change first, and all of them twice: a knob can move another, as boost moves that of
 * each policy. Goes on past what fails; err has the first. */
static enum tare_status
put_back(size_t *count_out, const struct tare_tune_place *place,
	const struct tare_tune_change *changes, size_t count, struct tare_err *err)
{
	enum tare_status status = TARE_OK;
	size_t written = 0, again = 0;

	for (size_t i = count; i-- > 0;)
		put_back_one(&written, place, &changes[i]);
	for (size_t i = count; i-- > 0;) {
		if (!put_back_one(&again, place, &changes[i]) && status == TARE_OK)
			status = tare_err_errno(err, TARE_OUTSIDE,
				"cannot put back '%s' into \"%s\"", changes[i].old,
				changes[i].path);
	}
	*count_out = written;
	return status;
}

/* What is left where it fails stays in the journal. */
static enum tare_status
put_back_record(size_t *count_out, const struct tare_tune_place *place,
	const struct tare_tune_record *record, struct tare_err *err)
{
	enum tare_status status = TARE_OK;
	size_t count = 0;

	if (record->of_this_boot)
		status = put_back(&count, place, record->changes, record->change_count, err);
	if (status != TARE_OK)
		return status;
	if (record->of_this_boot && record->damage)
		return tare_err_set(err, TARE_OUTSIDE,
			"undo journal: %s; what its other lines hold was put back: put back the "
			"rest by hand, and remove \"%s/run/tare/tune.ndjson\"",
			record->damage, place->root);
	*count_out = count;
	return tare_tune_journal_remove(place, err);
}

static enum tare_status
refuse_kept(const struct tare_tune_record *record, struct tare_err *err)
{
	char since[TARE_TIME_TEXT_MAX];

	tare_time_format(since, sizeof(since), record->started_unix_ns);
	return tare_err_set(err, TARE_OUTSIDE,
		"this machine has been tuned since %s; tare tune --restore puts the old values "
		"back",
		since);
}

/* With the lock held. */
static enum tare_status
recover(size_t *count_out, const struct tare_tune_place *place, bool kept_too, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_tune_record record;
	struct tare_err why = {0};
	enum tare_status status = tare_tune_journal_read(&record, arena, place->root, &why);

	*count_out = 0;
	if (status == TARE_NOT_FOUND)
		status = TARE_OK;
	else if (status != TARE_OK)
		status = tare_err_set(err, TARE_OUTSIDE,
			"%s; or put back by hand what it tells of, and remove it", why.text);
	else if (record.kept && record.of_this_boot && !kept_too)
		status = refuse_kept(&record, err);
	else
		status = put_back_record(count_out, place, &record, err);
	tare_arena_free(arena);
	return status;
}

enum tare_status
tare_tune_put_back_left(
	size_t *count_out, const struct tare_tune_place *place, struct tare_err *err)
{
	return recover(count_out, place, false, err);
}

enum tare_status
tare_tune_begin(struct tare_tune **tune_out, size_t *recovered_out,
	const struct tare_tune_place *place, struct tare_err *err)
{
	struct tare_tune *tune;
	int lock_fd;
	enum tare_status status = tare_tune_lock(&lock_fd, place, err);

	if (status != TARE_OK)
		return status;
	status = recover(recovered_out, place, false, err);
	if (status != TARE_OK) {
		close(lock_fd);
		return status;
	}
	tune = tare_xcalloc(1, sizeof(*tune));
	tune->place = *place;
	tune->lock_fd = lock_fd;
	tune->journal_fd = -1;
	*tune_out = tune;
	return TARE_OK;
}

/* Before anything is written, so that the usual reason for failing leaves no trace at all. */
static enum tare_status
check_permission(
	const struct tare_tune *tune, const struct tare_tune_plan *plan, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	enum tare_status status = TARE_OK;

	for (size_t i = 0; status == TARE_OK && i < plan->change_count; i++) {
		char *full =
			tare_arena_printf(arena, "%s%s", tune->place.root, plan->changes[i].path);

		if (eaccess(full, W_OK) != 0)
			status = explain(err, &plan->changes[i]);
	}
	tare_arena_free(arena);
	return status;
}

static void
count_refused(struct tare_tune_plan *plan, const struct tare_knob *knob)
{
	for (size_t i = 0; i < plan->row_count; i++)
		plan->rows[i].refused_count += plan->rows[i].knob == knob;
}

static enum tare_status
change_one(struct tare_tune *tune, struct tare_tune_plan *plan,
	const struct tare_tune_change *change, struct tare_err *err)
{
	bool wrote;
	enum tare_status status =
		tare_tune_journal_add(tune->journal_fd, &tune->place, change, err);

	if (status != TARE_OK)
		return status;
	tune->begun++;
	wrote = write_value(&tune->place, change->path, change->raw);
	if (wrote && has_value(&tune->place, change, change->raw))
		return TARE_OK;
	if (change->knob->may_refuse) {
		count_refused(plan, change->knob);
		return TARE_OK;
	}
	if (!wrote)
		return explain(err, change);
	return tare_err_set(err, TARE_OUTSIDE,
		"the kernel did not take '%s' for \"%s\"; leave %s out", change->raw, change->path,
		change->knob->name);
}

static enum tare_status
change_nice(struct tare_tune *tune, int nice_wanted, struct tare_err *err)
{
	tune->nice_before = getpriority(PRIO_PROCESS, 0);
	if (setpriority(PRIO_PROCESS, 0, nice_wanted) != 0)
		return tare_err_errno(err, TARE_OUTSIDE,
			"cannot give this run nice %d; run tare as root, or leave nice out",
			nice_wanted);
	tune->nice_changed = true;
	return TARE_OK;
}

static enum tare_status
change_all(struct tare_tune *tune, struct tare_tune_plan *plan, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	tune->changes = plan->changes;
	if (plan->change_count > 0)
		status = tare_tune_journal_make(&tune->journal_fd, &tune->place, err);
	for (size_t i = 0; status == TARE_OK && i < plan->change_count; i++)
		status = change_one(tune, plan, &plan->changes[i], err);
	if (status == TARE_OK && plan->changes_nice)
		status = change_nice(tune, plan->nice, err);
	return status;
}

/* A setting that was taken nowhere was not made. */
static enum tare_status
judge_refusals(struct tare_tune_plan *plan, struct tare_err *err)
{
	for (size_t i = 0; i < plan->row_count; i++) {
		struct tare_tune_row *row = &plan->rows[i];

		if (row->state != TARE_TUNE_CHANGE || row->change_count == 0 ||
			row->refused_count < row->change_count)
			continue;
		if (row->wished)
			return tare_err_set(err, TARE_OUTSIDE,
				"the kernel took %s %s for none of %zu files; choose another "
				"value, "
				"or leave it out",
				row->knob->name, row->wanted, row->change_count);
		row->state = TARE_TUNE_ABSENT;
		row->reason = "the kernel took it nowhere";
	}
	return TARE_OK;
}

static enum tare_status
undo(struct tare_tune *tune, struct tare_err *err)
{
	size_t count;
	enum tare_status status = TARE_OK;

	/* To a lower priority, or to that which it had: always permitted. */
	if (tune->nice_changed)
		setpriority(PRIO_PROCESS, 0, tune->nice_before);
	tune->nice_changed = false;
	if (tune->journal_fd < 0)
		return TARE_OK;
	close(tune->journal_fd);
	tune->journal_fd = -1;
	if (tune->begun > 0)
		status = put_back(&count, &tune->place, tune->changes, tune->begun, err);
	tune->begun = 0;
	return status == TARE_OK ? tare_tune_journal_remove(&tune->place, err) : status;
}

enum tare_status
tare_tune_apply(struct tare_tune *tune, struct tare_tune_plan *plan, struct tare_err *err)
{
	struct tare_err why = {0};
	enum tare_status status = check_permission(tune, plan, err);

	assert(tune->journal_fd < 0);
	if (status == TARE_OK && tune->place.guarded)
		status = tare_guardian_start(&tune->guardian, &tune->place, tune->lock_fd, err);
	if (status != TARE_OK)
		return status;
	status = change_all(tune, plan, err);
	if (status == TARE_OK)
		status = judge_refusals(plan, err);
	if (status != TARE_OK && undo(tune, &why) != TARE_OK && err)
		tare_err_set(err, err->status,
			"%.400s; and then: %.400s; tare tune --restore tries again", err->text,
			why.text);
	return status;
}

enum tare_status
tare_tune_keep(struct tare_tune *tune, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (tune->journal_fd >= 0)
		status = tare_tune_journal_keep(tune->journal_fd, &tune->place, err);
	tune->kept = status == TARE_OK;
	return status;
}

enum tare_status
tare_tune_end(struct tare_tune *tune, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (!tune)
		return TARE_OK;
	if (!tune->kept)
		status = undo(tune, err);
	else if (tune->journal_fd >= 0)
		close(tune->journal_fd);
	tare_guardian_dismiss(&tune->guardian);
	close(tune->lock_fd);
	free(tune);
	if (status != TARE_OK)
		return tare_err_where(err, "the machine stays tuned");
	return TARE_OK;
}

enum tare_status
tare_tune_restore(size_t *count_out, const struct tare_tune_place *place, struct tare_err *err)
{
	int lock_fd;
	enum tare_status status = tare_tune_lock(&lock_fd, place, err);

	if (status != TARE_OK)
		return status;
	status = recover(count_out, place, true, err);
	close(lock_fd);
	return status;
}

void
tare_tune_look(struct tare_tune_status *status_out, const struct tare_tune_place *place)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_tune_record record;
	enum tare_status status = tare_tune_journal_read(&record, arena, place->root, NULL);

	memset(status_out, 0, sizeof(*status_out));
	status_out->held = tare_tune_is_locked(place);
	if (status != TARE_OK) {
		status_out->damaged = status != TARE_NOT_FOUND;
		status_out->tuned = status_out->damaged;
	} else if (record.of_this_boot) {
		status_out->tuned = true;
		status_out->damaged = record.damage != NULL;
		status_out->kept = record.kept;
		status_out->pid = record.pid;
		status_out->started_unix_ns = record.started_unix_ns;
		status_out->change_count = record.change_count;
	}
	tare_arena_free(arena);
}
