#include "harness/cli/tuning.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/pin/topology.h"

const char *
tare_machine_root(void)
{
	const char *root = getenv(TARE_MACHINE_ROOT_VARIABLE);

	return root ? root : "";
}

void
tare_tuning_place(struct tare_tune_place *place_out, struct tare_arena *arena)
{
	struct tare_topology *topology = NULL;
	char *text = tare_arena_alloc(arena, TARE_BITS_TEXT_MAX, 1);

	*place_out = (struct tare_tune_place){
		.root = tare_machine_root(), .housekeeping = "0", .guarded = true};
	if (*place_out->root || tare_topology_read_own(&topology, arena, NULL, NULL) != TARE_OK)
		return;
	tare_bits_print(text, TARE_BITS_TEXT_MAX, &topology->housekeeping);
	if (*text)
		place_out->housekeeping = text;
}

void
tare_tuning_print_recovered(FILE *out, size_t count)
{
	if (count > 0)
		fprintf(out, "put back %zu %s that a killed tare had changed\n", count,
			count == 1 ? "value" : "values");
}

/* "governor performance (was powersave), ..."; what was applied. */
static void
print_changes(FILE *out, const struct tare_tune_plan *plan)
{
	const char *before = "";

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct tare_tune_row *row = &plan->rows[i];

		if (row->state != TARE_TUNE_CHANGE)
			continue;
		fprintf(out, "%s%s ", before, row->knob->name);
		tare_text_print_safe(out, row->wanted, false);
		fputs(" (was ", out);
		tare_text_print_safe(out, row->now ? row->now : "unknown", false);
		if (row->refused_count > 0)
			fprintf(out, "; %zu of %zu stay", row->refused_count, row->change_count);
		fputc(')', out);
		before = ", ";
	}
	if (!*before)
		fputs("nothing had to be changed", out);
}

static enum tare_status
plan_and_apply(struct tare_tuning *tuning, const struct tare_tune_place *place,
	const char *settings, struct tare_err *err)
{
	struct tare_tune_wish wishes[TARE_TUNE_WISHES_MAX];
	size_t count;
	enum tare_status status = tare_tune_wishes_parse(
		wishes, &count, tuning->arena, *settings ? settings : "production", err);

	if (status == TARE_OK)
		status = tare_tune_plan_make(
			&tuning->plan, tuning->arena, place, wishes, count, true, err);
	if (status == TARE_OK)
		status = tare_tune_apply(tuning->tune, &tuning->plan, err);
	return status;
}

enum tare_status
tare_tuning_begin(
	struct tare_tuning *tuning_out, const char *settings, FILE *out, struct tare_err *err)
{
	struct tare_tuning tuning = {0};
	struct tare_tune_place place;
	size_t recovered = 0;
	enum tare_status status;

	*tuning_out = tuning;
	if (!settings)
		return TARE_OK;
	tuning.arena = tare_arena_new();
	tare_tuning_place(&place, tuning.arena);
	status = tare_tune_begin(&tuning.tune, &recovered, &place, err);
	if (status == TARE_OK)
		status = plan_and_apply(&tuning, &place, settings, err);
	if (status != TARE_OK) {
		tare_tuning_end(&tuning, NULL);
		return tare_err_where(err, "--tune");
	}
	if (out) {
		tare_tuning_print_recovered(out, recovered);
		fputs("tuned for this run: ", out);
		print_changes(out, &tuning.plan);
		fputc('\n', out);
	}
	*tuning_out = tuning;
	return TARE_OK;
}

void
tare_tuning_put_back_left(FILE *out)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_tune_status left;
	struct tare_tune_place place;
	struct tare_tune *tune = NULL;
	struct tare_err err = {0};
	size_t count = 0;

	tare_tuning_place(&place, arena);
	tare_tune_look(&left, &place);
	if (left.tuned && !left.kept && !left.held) {
		if (tare_tune_begin(&tune, &count, &place, &err) == TARE_OK &&
			tare_tune_end(tune, &err) == TARE_OK) {
			if (out)
				tare_tuning_print_recovered(out, count);
		} else if (out) {
			fputs("warning: a tare that was killed left this machine tuned: ", out);
			tare_text_print_safe(out, err.text, false);
			fputc('\n', out);
		}
	}
	tare_arena_free(arena);
}

enum tare_status
tare_tuning_end(struct tare_tuning *tuning, struct tare_err *err)
{
	enum tare_status status = tare_tune_end(tuning->tune, err);

	tare_arena_free(tuning->arena);
	*tuning = (struct tare_tuning){0};
	return status;
}
