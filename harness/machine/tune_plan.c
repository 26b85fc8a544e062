#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/base/text.h"
#include "harness/machine/tune.h"

enum tare_status
tare_tune_wish_parse(struct tare_tune_wish *wish_out, struct tare_arena *arena, const char *text,
	struct tare_err *err)
{
	const char *equals = strchr(text, '=');
	const char *name = equals ? tare_arena_strndup(arena, text, (size_t)(equals - text)) : text;
	const struct tare_knob *knob = tare_knob_find(name);
	const char *names[TARE_TUNE_WISHES_MAX];
	const char *near;

	if (knob) {
		wish_out->knob = knob;
		wish_out->value = equals ? tare_arena_strdup(arena, equals + 1) : NULL;
		return TARE_OK;
	}
	assert(tare_knob_count <= TARE_TUNE_WISHES_MAX);
	for (size_t i = 0; i < tare_knob_count; i++)
		names[i] = tare_knobs[i].name;
	near = tare_text_nearest(name, names, tare_knob_count);
	if (near)
		return tare_err_set(err, TARE_INVALID,
			"there is no setting '%s'; did you mean '%s'?", name, near);
	return tare_err_set(
		err, TARE_INVALID, "there is no setting '%s'; tare tune lists them", name);
}

enum tare_status
tare_tune_wishes_parse(struct tare_tune_wish *wishes_out, size_t *count_out,
	struct tare_arena *arena, const char *text, struct tare_err *err)
{
	size_t count = 0;

	if (strcmp(text, "production") == 0) {
		*count_out = 0;
		return TARE_OK;
	}
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		enum tare_status status;

		if (count == TARE_TUNE_WISHES_MAX)
			return tare_err_set(err, TARE_INVALID, "more than %d settings are given",
				TARE_TUNE_WISHES_MAX);
		status = tare_tune_wish_parse(
			&wishes_out[count], arena, tare_arena_strndup(arena, at, len), err);
		if (status != TARE_OK)
			return status;
		count++;
		at += len;
		if (!*at)
			break;
	}
	*count_out = count;
	return TARE_OK;
}

struct planning {
	struct tare_tune_plan plan;
	size_t room;
	struct tare_arena *arena;
	const struct tare_tune_place *place;
	bool wished; /* one by one, and not by a profile */
	bool for_run;
};

static void
add_change(struct planning *planning, struct tare_tune_row *row, const struct tare_knob_file *file,
	const char *raw)
{
	struct tare_tune_plan *plan = &planning->plan;

	if (plan->change_count == planning->room) {
		size_t more = planning->room ? 2 * planning->room : 16;

		plan->changes = tare_arena_grow(planning->arena, plan->changes, plan->change_count,
			more, sizeof(*plan->changes));
		planning->room = more;
	}
	plan->changes[plan->change_count++] =
		(struct tare_tune_change){row->knob, file->path, file->raw, raw};
	row->state = TARE_TUNE_CHANGE;
	row->change_count++;
}

/* A profile leaves out what is not here; who names it wants to know. */
static enum tare_status
leave_out(struct planning *planning, struct tare_tune_row *row, const char *reason,
	struct tare_err *err)
{
	row->state = TARE_TUNE_ABSENT;
	row->reason = tare_arena_strdup(planning->arena, reason);
	if (!planning->wished)
		return TARE_OK;
	return tare_err_set(err, TARE_UNSUPPORTED,
		"setting '%s' is not to be had here: %s; leave it out", row->knob->name, reason);
}

static enum tare_status
plan_files(struct planning *planning, struct tare_tune_row *row, struct tare_err *err)
{
	const struct tare_knob *knob = row->knob;
	const char *root = planning->place->root;
	struct tare_knob_reading reading;
	struct tare_err why = {0};
	const char *raw;
	enum tare_status status;

	tare_knob_read(&reading, planning->arena, root, knob);
	row->now = reading.now;
	if (reading.file_count == 0)
		return leave_out(planning, row, knob->absent, err);
	status = tare_knob_value_parse(&raw, planning->arena, root, &reading, row->wanted,
		planning->place->housekeeping, &why);
	if (status == TARE_UNSUPPORTED && !planning->wished)
		return leave_out(planning, row, why.text, err);
	if (status != TARE_OK)
		return tare_err_set(err, why.status, "%s", why.text);
	row->wanted = tare_knob_word(knob, raw);
	if (!planning->wished && knob->as_good && row->now && strcmp(row->now, knob->as_good) == 0)
		return TARE_OK;
	for (size_t i = 0; i < reading.file_count; i++) {
		if (!tare_knob_same(knob, reading.files[i].raw, raw))
			add_change(planning, row, &reading.files[i], raw);
	}
	return TARE_OK;
}

static enum tare_status
plan_nice(struct planning *planning, struct tare_tune_row *row, struct tare_err *err)
{
	static const char reason[] = "a run's own: tare run --tune sets it while it measures";
	struct tare_knob_reading reading = {.knob = row->knob};
	int now = getpriority(PRIO_PROCESS, 0);
	const char *raw;
	enum tare_status status = tare_knob_value_parse(
		&raw, planning->arena, planning->place->root, &reading, row->wanted, "", err);

	row->now = tare_arena_printf(planning->arena, "%d", now);
	if (status != TARE_OK)
		return status;
	if (planning->for_run) {
		planning->plan.nice = (int)strtol(raw, NULL, 10);
		planning->plan.changes_nice = planning->plan.nice != now;
		row->state = planning->plan.changes_nice ? TARE_TUNE_CHANGE : TARE_TUNE_SAME;
		return TARE_OK;
	}
	row->state = TARE_TUNE_IN_RUN;
	row->reason = reason;
	if (!planning->wished)
		return TARE_OK;
	return tare_err_set(err, TARE_INVALID,
		"nice ends with the process that has it; give it to a run: tare run --tune=nice=%s",
		row->wanted);
}

static enum tare_status
plan_row(struct planning *planning, const struct tare_knob *knob, const char *value,
	struct tare_err *err)
{
	struct tare_tune_plan *plan = &planning->plan;
	struct tare_tune_row *row = &plan->rows[plan->row_count];

	for (size_t i = 0; i < plan->row_count; i++) {
		if (plan->rows[i].knob == knob)
			return tare_err_set(
				err, TARE_INVALID, "setting '%s' is given twice", knob->name);
	}
	plan->row_count++;
	row->knob = knob;
	row->wished = planning->wished;
	row->wanted = value ? value : knob->production;
	if (knob->kind == TARE_KNOB_NICE)
		return plan_nice(planning, row, err);
	return plan_files(planning, row, err);
}

enum tare_status
tare_tune_plan_make(struct tare_tune_plan *plan_out, struct tare_arena *arena,
	const struct tare_tune_place *place, const struct tare_tune_wish *wishes, size_t wish_count,
	bool for_run, struct tare_err *err)
{
	struct planning planning = {
		.arena = arena, .place = place, .wished = wish_count > 0, .for_run = for_run};
	size_t count = wish_count > 0 ? wish_count : tare_knob_count;
	enum tare_status status = TARE_OK;

	planning.plan.rows = tare_arena_alloc(arena, count, sizeof(*planning.plan.rows));
	for (size_t i = 0; status == TARE_OK && i < count; i++)
		status = plan_row(&planning, wish_count > 0 ? wishes[i].knob : &tare_knobs[i],
			wish_count > 0 ? wishes[i].value : NULL, err);
	if (status == TARE_OK)
		*plan_out = planning.plan;
	return status;
}
