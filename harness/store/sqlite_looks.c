#include <math.h>

#include "harness/store/sqlite.h"

static void
bind_look(struct tare_query *query, const struct tare_case_look *look)
{
	tare_bind_u64(query, "phase", look->phase);
	tare_bind_u64(query, "pairs", look->pairs);
	tare_bind_u64(query, "pairs_planned", look->pairs_planned);
	tare_bind_u64(query, "metric", look->metric);
	tare_bind_integer(query, "compared", look->compared);
	tare_bind_integer(query, "logs", look->logs);
	tare_bind_double(query, "estimate", look->estimate);
	tare_bind_double(query, "low", look->low);
	tare_bind_double(query, "high", look->high);
	tare_bind_double(query, "p_value", look->p_value);
	tare_bind_double(query, "alpha_spent", look->alpha_spent);
	tare_bind_double(query, "boundary", look->boundary);
	tare_bind_text(query, "verdict", tare_verdict_name(look->verdict));
	tare_bind_text(query, "decision", tare_stop_reason(look->decision));
}

enum tare_status
tare_sqlite_add_looks(struct tare_db *db, int64_t run_case_row, const struct tare_run_case *one,
	struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; status == TARE_OK && i < one->look_count; i++) {
		struct tare_query *query;

		status = tare_db_query(&query, db, TARE_QUERY_ADD_LOOK, err);
		if (status != TARE_OK)
			return status;
		tare_bind_integer(query, "run_case_id", run_case_row);
		tare_bind_u64(query, "position", i);
		bind_look(query, &one->looks[i]);
		status = tare_query_run(query, NULL, err);
	}
	return status;
}

/* What is in the file may come from anywhere; a count is at most UINT32_MAX. */
static bool
read_count(uint32_t *count_out, struct tare_query *query, const char *name)
{
	uint64_t count = tare_column_u64(query, name);

	*count_out = (uint32_t)count;
	return count <= UINT32_MAX;
}

static bool
is_share(double value)
{
	return value >= 0.0 && value <= 1.0;
}

enum tare_status
tare_sqlite_read_look(struct tare_db *db, struct tare_case_look *look_out, struct tare_query *query,
	const struct tare_run_case *one, struct tare_arena *arena, struct tare_err *err)
{
	bool good = read_count(&look_out->phase, query, "phase") &&
		    read_count(&look_out->pairs, query, "pairs") &&
		    read_count(&look_out->pairs_planned, query, "pairs_planned") &&
		    read_count(&look_out->metric, query, "metric");

	look_out->compared = tare_column_bool(query, "compared");
	look_out->logs = tare_column_bool(query, "logs");
	look_out->estimate = tare_column_double(query, "estimate");
	look_out->low = tare_column_double(query, "low");
	look_out->high = tare_column_double(query, "high");
	look_out->p_value = tare_column_double(query, "p_value");
	look_out->alpha_spent = tare_column_double(query, "alpha_spent");
	look_out->boundary = tare_column_double(query, "boundary");
	look_out->decision = tare_stop_parse(tare_column_text(query, "decision", arena));
	if (!good || look_out->metric >= one->metric_count || !is_share(look_out->alpha_spent) ||
		!is_share(look_out->boundary) ||
		!tare_verdict_parse(&look_out->verdict, tare_column_text(query, "verdict", arena)))
		return tare_db_damaged(db, "a look cannot have been like that", err);
	return TARE_OK;
}
