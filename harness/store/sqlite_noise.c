#include <math.h>

#include "harness/store/sqlite.h"

enum tare_status
tare_sqlite_add_noise(struct tare_db *db, int64_t run_case_row, const struct tare_run_case *one,
	struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (int i = 0; i < TARE_DISTURBANCE_COUNT && status == TARE_OK; i++) {
		struct tare_query *query;

		if (one->noise.by_kind[i] == 0)
			continue;
		status = tare_db_query(&query, db, TARE_QUERY_ADD_DISTURBANCE, err);
		if (status != TARE_OK)
			return status;
		tare_bind_integer(query, "run_case_id", run_case_row);
		tare_bind_text(query, "kind", tare_disturbance_name((enum tare_disturbance)i));
		tare_bind_u64(query, "samples", one->noise.by_kind[i]);
		status = tare_query_run(query, NULL, err);
	}
	return status;
}

void
tare_sqlite_bind_noise(struct tare_query *query, const struct tare_noise_sum *noise)
{
	tare_bind_u64(query, "disturbed", noise->disturbed);
	tare_bind_double(query, "khz_low", noise->khz_low);
	tare_bind_double(query, "khz_high", noise->khz_high);
}

static bool
has_unknown_label(const struct tare_samples *samples)
{
	for (size_t row = 0; row < samples->count; row++) {
		if (samples->labels[row] >> TARE_DISTURBANCE_COUNT)
			return true;
	}
	return false;
}

enum tare_status
tare_sqlite_read_noise(struct tare_db *db, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	struct tare_noise_sum *noise = &one->noise;

	if (has_unknown_label(&one->samples))
		return tare_db_damaged(db, "a sample has an unknown disturbance", err);
	if (isnan(tare_column_double(query, "disturbed"))) {
		*noise = tare_samples_noise(&one->samples);
		return TARE_OK;
	}
	noise->disturbed = tare_column_u64(query, "disturbed");
	noise->khz_low = tare_column_double(query, "khz_low");
	noise->khz_high = tare_column_double(query, "khz_high");
	if (!tare_noise_sum_is_sound(noise, one->samples.total))
		return tare_db_damaged(db, "a case has more disturbances than samples", err);
	return TARE_OK;
}

enum tare_status
tare_sqlite_read_disturbance(struct tare_db *db, struct tare_run_case *one,
	struct tare_query *query, struct tare_arena *arena, struct tare_err *err)
{
	const char *name = tare_column_text(query, "kind", arena);
	enum tare_disturbance kind;

	if (!tare_disturbance_parse(&kind, name))
		return tare_db_damaged(db, "a sample has an unknown disturbance", err);
	one->noise.by_kind[kind] = tare_column_u64(query, "samples");
	if (!tare_noise_sum_is_sound(&one->noise, one->samples.total))
		return tare_db_damaged(db, "a case has more disturbances than samples", err);
	return TARE_OK;
}
