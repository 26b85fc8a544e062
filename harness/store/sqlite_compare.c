#include <math.h>
#include <string.h>

#include "harness/store/sqlite.h"

static enum tare_status
remove_earlier(struct tare_db *db, int64_t run_row, const char *base_label, struct tare_err *err)
{
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_REMOVE_COMPARISON, err);

	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "run_id", run_row);
	tare_bind_text(query, "base_label", base_label);
	return tare_query_run(query, NULL, err);
}

static enum tare_status
add_set(struct tare_db *db, int64_t *row_out, int64_t run_row,
	const struct tare_comparison_set *set, struct tare_err *err)
{
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_ADD_COMPARISON, err);

	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "run_id", run_row);
	tare_bind_text(query, "base_label", set->base_label);
	tare_bind_text(query, "head_label", set->head_label);
	tare_bind_integer(query, "across_runs", set->across_runs);
	tare_bind_double(query, "geomean", set->geomean);
	tare_bind_double(query, "geomean_low", set->geomean_low);
	tare_bind_double(query, "geomean_high", set->geomean_high);
	tare_bind_u64(query, "geomean_count", set->geomean_count);
	return tare_query_run(query, row_out, err);
}

/* Columns of a verdict that are plain doubles, NaN where unknown. */
static const struct double_column {
	const char *name;
	size_t offset;
} double_columns[] = {
	{"base_median", offsetof(struct tare_comparison, base_median)},
	{"head_median", offsetof(struct tare_comparison, head_median)},
	{"ratio", offsetof(struct tare_comparison, ratio)},
	{"ratio_low", offsetof(struct tare_comparison, ratio_low)},
	{"ratio_high", offsetof(struct tare_comparison, ratio_high)},
	{"difference", offsetof(struct tare_comparison, difference)},
	{"difference_low", offsetof(struct tare_comparison, difference_low)},
	{"difference_high", offsetof(struct tare_comparison, difference_high)},
	{"confidence", offsetof(struct tare_comparison, confidence)},
	{"superiority", offsetof(struct tare_comparison, superiority)},
	{"mde", offsetof(struct tare_comparison, mde)},
	{"p_value", offsetof(struct tare_comparison, p_value)},
	{"p_adjusted", offsetof(struct tare_comparison, p_adjusted)},
};

/* And those that are counts. */
static const struct count_column {
	const char *name;
	size_t offset;
} count_columns[] = {
	{"base_case", offsetof(struct tare_comparison, base_case)},
	{"head_case", offsetof(struct tare_comparison, head_case)},
	{"base_metric", offsetof(struct tare_comparison, base_metric)},
	{"head_metric", offsetof(struct tare_comparison, head_metric)},
	{"n", offsetof(struct tare_comparison, n)},
	{"base_n", offsetof(struct tare_comparison, base_n)},
	{"head_n", offsetof(struct tare_comparison, head_n)},
	{"missing_pairs", offsetof(struct tare_comparison, missing_pairs)},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void
bind_numbers(struct tare_query *query, const struct tare_comparison *item)
{
	const char *bytes = (const char *)item;

	for (size_t i = 0; i < COUNT_OF(double_columns); i++) {
		double value;

		memcpy(&value, bytes + double_columns[i].offset, sizeof(value));
		tare_bind_double(query, double_columns[i].name, value);
	}
	for (size_t i = 0; i < COUNT_OF(count_columns); i++) {
		size_t count;

		memcpy(&count, bytes + count_columns[i].offset, sizeof(count));
		tare_bind_u64(query, count_columns[i].name, count);
	}
}

static void
read_numbers(struct tare_comparison *item, struct tare_query *query)
{
	char *bytes = (char *)item;

	for (size_t i = 0; i < COUNT_OF(double_columns); i++) {
		double value = tare_column_double(query, double_columns[i].name);

		memcpy(bytes + double_columns[i].offset, &value, sizeof(value));
	}
	for (size_t i = 0; i < COUNT_OF(count_columns); i++) {
		size_t count = (size_t)tare_column_u64(query, count_columns[i].name);

		memcpy(bytes + count_columns[i].offset, &count, sizeof(count));
	}
}

static void
bind_texts(struct tare_query *query, const struct tare_comparison *item)
{
	tare_bind_text(query, "case_name", item->case_name);
	tare_bind_text(query, "benchmark", item->benchmark);
	tare_bind_text(query, "base_label", item->base_label);
	tare_bind_text(query, "head_label", item->head_label);
	tare_bind_integer(query, "critical", item->critical);
	tare_bind_text(query, "method", tare_method_name(item->method));
	tare_bind_text(query, "verdict", tare_verdict_name(item->verdict));
	tare_bind_integer(query, "below_margin", item->below_margin);
	tare_bind_text(query, "reason", item->reason);
	tare_bind_text(query, "sentence", item->sentence);
}

static enum tare_status
add_verdict(struct tare_db *db, int64_t set_row, size_t position,
	const struct tare_comparison *item, struct tare_err *err)
{
	int64_t metric = 0;
	struct tare_query *query;
	enum tare_status status = tare_sqlite_metric_row(db, &metric, &item->metric, err);

	if (status == TARE_OK)
		status = tare_db_query(&query, db, TARE_QUERY_ADD_VERDICT, err);
	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "comparison_id", set_row);
	tare_bind_u64(query, "position", position);
	tare_bind_integer(query, "metric_id", metric);
	bind_texts(query, item);
	bind_numbers(query, item);
	return tare_query_run(query, NULL, err);
}

static enum tare_status
add_missing(struct tare_db *db, int64_t set_row, size_t position,
	const struct tare_missing_case *missing, struct tare_err *err)
{
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_ADD_MISSING_CASE, err);

	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "comparison_id", set_row);
	tare_bind_u64(query, "position", position);
	tare_bind_text(query, "name", missing->name);
	tare_bind_integer(query, "in_base", missing->in_base);
	return tare_query_run(query, NULL, err);
}

static enum tare_status
add_difference(struct tare_db *db, int64_t set_row, size_t position,
	const struct tare_fact_difference *difference, struct tare_err *err)
{
	struct tare_query *query;
	enum tare_status status =
		tare_db_query(&query, db, TARE_QUERY_ADD_ENVIRONMENT_DIFFERENCE, err);

	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "comparison_id", set_row);
	tare_bind_u64(query, "position", position);
	tare_bind_text(query, "key", difference->key);
	tare_bind_text(query, "base", difference->base);
	tare_bind_text(query, "head", difference->head);
	tare_bind_integer(query, "matters", difference->matters);
	return tare_query_run(query, NULL, err);
}

enum tare_status
tare_sqlite_put_comparisons(struct tare_db *db, int64_t run_row,
	const struct tare_comparison_set *set, struct tare_err *err)
{
	int64_t row = 0;
	enum tare_status status = remove_earlier(db, run_row, set->base_label, err);

	if (status == TARE_OK)
		status = add_set(db, &row, run_row, set, err);
	for (size_t i = 0; status == TARE_OK && i < set->item_count; i++)
		status = add_verdict(db, row, i, &set->items[i], err);
	for (size_t i = 0; status == TARE_OK && i < set->missing_count; i++)
		status = add_missing(db, row, i, &set->missing[i], err);
	for (size_t i = 0; status == TARE_OK && i < set->environment_difference_count; i++)
		status = add_difference(db, row, i, &set->environment_differences[i], err);
	return status;
}

static bool
parse_method(enum tare_method *method_out, const char *text)
{
	static const enum tare_method methods[] = {TARE_METHOD_PAIRED, TARE_METHOD_UNPAIRED,
		TARE_METHOD_DIFFERENCE, TARE_METHOD_EXACT};

	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		if (strcmp(tare_method_name(methods[i]), text) == 0) {
			*method_out = methods[i];
			return true;
		}
	}
	return false;
}

/* Lists of a comparison while they are read. */
struct load {
	struct tare_db *db;
	struct tare_arena *arena;
};

static enum tare_status
read_verdict(struct load *load, struct tare_comparison_set *set, struct tare_query *query,
	struct tare_err *err)
{
	struct tare_arena *arena = load->arena;
	struct tare_comparison *item;
	const char *method = tare_column_text(query, "method", arena);
	const char *verdict = tare_column_text(query, "verdict", arena);

	set->items = tare_arena_room(load->arena, set->items, set->item_count, sizeof(*set->items));
	item = &set->items[set->item_count++];
	*item = (struct tare_comparison){.spread = NAN}; /* follows from the samples */
	if (!parse_method(&item->method, method))
		return tare_db_damaged(load->db, "a verdict has an unknown method", err);
	if (!tare_verdict_parse(&item->verdict, verdict))
		return tare_db_damaged(load->db, "a verdict is unknown", err);
	item->case_name = tare_column_text(query, "case_name", arena);
	item->benchmark = tare_column_text(query, "benchmark", arena);
	item->base_label = tare_column_text(query, "base_label", arena);
	item->head_label = tare_column_text(query, "head_label", arena);
	item->critical = tare_column_bool(query, "critical");
	item->below_margin = tare_column_bool(query, "below_margin");
	item->reason = tare_column_text_or_null(query, "reason", arena);
	item->sentence = tare_column_text_or_null(query, "sentence", arena);
	tare_sqlite_read_metric(&item->metric, query, arena);
	read_numbers(item, query);
	return TARE_OK;
}

static enum tare_status
read_missing(struct load *load, struct tare_comparison_set *set, struct tare_query *query,
	struct tare_err *err)
{
	(void)err;
	set->missing = tare_arena_room(
		load->arena, set->missing, set->missing_count, sizeof(*set->missing));
	set->missing[set->missing_count++] = (struct tare_missing_case){
		.name = tare_column_text(query, "name", load->arena),
		.in_base = tare_column_bool(query, "in_base"),
	};
	return TARE_OK;
}

static enum tare_status
read_difference(struct load *load, struct tare_comparison_set *set, struct tare_query *query,
	struct tare_err *err)
{
	(void)err;
	set->environment_differences = tare_arena_room(load->arena, set->environment_differences,
		set->environment_difference_count, sizeof(*set->environment_differences));
	set->environment_differences[set->environment_difference_count++] =
		(struct tare_fact_difference){
			.key = tare_column_text(query, "key", load->arena),
			.base = tare_column_text_or_null(query, "base", load->arena),
			.head = tare_column_text_or_null(query, "head", load->arena),
			.matters = tare_column_bool(query, "matters"),
		};
	return TARE_OK;
}

typedef enum tare_status row_reader(struct load *load, struct tare_comparison_set *set,
	struct tare_query *query, struct tare_err *err);

static enum tare_status
load_list(struct load *load, struct tare_comparison_set *set, int64_t set_row,
	enum tare_sqlite_query which, row_reader *read_row, struct tare_err *err)
{
	struct tare_query *query;
	bool row = true;
	enum tare_status status = tare_db_query(&query, load->db, which, err);

	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "comparison_id", set_row);
	while (status == TARE_OK && row) {
		status = tare_query_step(query, &row, err);
		if (status == TARE_OK && row)
			status = read_row(load, set, query, err);
	}
	return status;
}

static enum tare_status
load_lists(
	struct load *load, struct tare_comparison_set *set, int64_t set_row, struct tare_err *err)
{
	enum tare_status status =
		load_list(load, set, set_row, TARE_QUERY_GET_VERDICTS, read_verdict, err);

	if (status == TARE_OK)
		status = load_list(
			load, set, set_row, TARE_QUERY_GET_MISSING_CASES, read_missing, err);
	if (status == TARE_OK)
		status = load_list(load, set, set_row, TARE_QUERY_GET_ENVIRONMENT_DIFFERENCES,
			read_difference, err);
	return status;
}

static void
read_set(struct tare_comparison_set *set_out, struct tare_query *query, struct tare_arena *arena)
{
	*set_out = (struct tare_comparison_set){
		.base_label = tare_column_text(query, "base_label", arena),
		.head_label = tare_column_text(query, "head_label", arena),
		.across_runs = tare_column_bool(query, "across_runs"),
		.geomean = tare_column_double(query, "geomean"),
		.geomean_low = tare_column_double(query, "geomean_low"),
		.geomean_high = tare_column_double(query, "geomean_high"),
		.geomean_count = (size_t)tare_column_u64(query, "geomean_count"),
	};
}

enum tare_status
tare_sqlite_get_comparisons(struct tare_db *db, struct tare_comparison_set **sets_out,
	size_t *count_out, struct tare_arena *arena, int64_t run_row, struct tare_err *err)
{
	struct load load = {.db = db, .arena = arena};
	struct tare_comparison_set *sets = NULL;
	size_t count = 0;
	struct tare_query *query;
	bool row = true;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_GET_COMPARISONS, err);

	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "run_id", run_row);
	while (status == TARE_OK && row) {
		status = tare_query_step(query, &row, err);
		if (status != TARE_OK || !row)
			break;
		sets = tare_arena_room(arena, sets, count, sizeof(*sets));
		read_set(&sets[count], query, arena);
		status = load_lists(&load, &sets[count], tare_column_integer(query, "id"), err);
		count++;
	}
	if (status == TARE_OK) {
		*sets_out = sets;
		*count_out = count;
	}
	return status;
}
