#include <stdlib.h>

#include "harness/model/journal.h"
#include "harness/model/journal_kept.h"

/* A kept row and its place in time, to write the rows of all cases in the order of the run. Rows of
 * one case stay in their order even where their clock went back, as in a run that was resumed. */
struct exported_row {
	uint64_t place_ns; /* the latest start_ns of the case up to this row */
	uint32_t case_index;
	uint32_t row;
};

static int
compare_rows(const void *left, const void *right)
{
	const struct exported_row *a = left;
	const struct exported_row *b = right;

	if (a->place_ns != b->place_ns)
		return a->place_ns < b->place_ns ? -1 : 1;
	if (a->case_index != b->case_index)
		return a->case_index < b->case_index ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

static size_t
collect_rows(struct exported_row **rows_out, const struct tare_run *run)
{
	struct exported_row *rows;
	size_t count = 0;
	size_t at = 0;

	for (size_t i = 0; i < run->case_count; i++)
		count += run->cases[i].samples.count;
	rows = tare_xcalloc(count, sizeof(*rows));
	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_samples *samples = &run->cases[i].samples;
		uint64_t place_ns = 0;

		for (size_t row = 0; row < samples->count; row++) {
			if (samples->start_ns[row] > place_ns)
				place_ns = samples->start_ns[row];
			rows[at++] = (struct exported_row){place_ns, (uint32_t)i, (uint32_t)row};
		}
	}
	qsort(rows, count, sizeof(*rows), compare_rows);
	*rows_out = rows;
	return count;
}

static size_t
most_metrics(const struct tare_run *run)
{
	size_t most = 0;

	for (size_t i = 0; i < run->case_count; i++) {
		if (run->cases[i].metric_count > most)
			most = run->cases[i].metric_count;
	}
	return most;
}

static enum tare_status
export_samples(struct tare_journal *journal, const struct tare_run *run, struct tare_err *err)
{
	struct exported_row *rows;
	size_t count = collect_rows(&rows, run);
	double *values = tare_xcalloc(most_metrics(run), sizeof(*values));
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < count && status == TARE_OK; i++) {
		const struct tare_samples *samples = &run->cases[rows[i].case_index].samples;
		struct tare_sample sample = {
			.seq = i + 1,
			.case_index = rows[i].case_index,
			.pair = samples->pairs[rows[i].row],
			.ok = true,
			.start_ns = samples->start_ns[rows[i].row],
			.values = values,
			.labels = samples->labels[rows[i].row],
		};

		for (size_t j = 0; j < samples->metric_count; j++)
			values[j] = samples->values[j][rows[i].row];
		status = tare_journal_sample(journal, run, &sample, err);
	}
	free(values);
	free(rows);
	return status;
}

static enum tare_status
export_case_end(struct tare_journal *journal, const struct tare_run *run, size_t case_index,
	struct tare_err *err)
{
	const struct tare_run_case *one = &run->cases[case_index];
	enum tare_status status = TARE_OK;

	if (tare_journal_knows_more(one))
		status = tare_journal_kept(journal, run, case_index, err);
	if (status == TARE_OK && one->status == TARE_CASE_FAILED) {
		struct tare_sample failure = {.case_index = (uint32_t)case_index,
			.failure = one->failure,
			.stderr_tail = one->stderr_tail};

		status = tare_journal_sample(journal, run, &failure, err);
	}
	for (size_t i = 0; i < one->look_count && status == TARE_OK; i++)
		status = tare_journal_look(journal, run, case_index, &one->looks[i], err);
	if (status == TARE_OK && one->stop_reason)
		status = tare_journal_stop(journal, case_index, one->stop_reason, err);
	return status;
}

static enum tare_status
export_lines(struct tare_journal *journal, const struct tare_run *run, struct tare_err *err)
{
	enum tare_status status = tare_journal_header(journal, run, err);

	if (status == TARE_OK)
		status = export_samples(journal, run, err);
	for (size_t i = 0; i < run->case_count && status == TARE_OK; i++)
		status = export_case_end(journal, run, i, err);
	for (size_t i = 0; i < run->warning_count && status == TARE_OK; i++)
		status = tare_journal_warning(journal, &run->warnings[i], err);
	if (status == TARE_OK && run->status != TARE_RUN_OPEN)
		status = tare_journal_end(journal, run, err);
	return status;
}

enum tare_status
tare_journal_export(FILE *stream, const struct tare_run *run, struct tare_err *err)
{
	struct tare_journal *journal = tare_journal_on_stream(stream);
	enum tare_status status = export_lines(journal, run, err);
	enum tare_status closed = tare_journal_close(journal, status == TARE_OK ? err : NULL);

	return status == TARE_OK ? closed : status;
}
