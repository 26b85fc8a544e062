#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/model/run.h"

enum { ROWS_FIRST = 32 };

void
tare_samples_init(struct tare_samples *samples, size_t metric_count)
{
	*samples = (struct tare_samples){.stride = 1, .metric_count = metric_count};
	samples->values = tare_xcalloc(metric_count, sizeof(*samples->values));
}

void
tare_samples_free(struct tare_samples *samples)
{
	for (size_t i = 0; i < samples->metric_count; i++)
		free(samples->values[i]);
	free(samples->values);
	free(samples->pairs);
	free(samples->start_ns);
	free(samples->labels);
	*samples = (struct tare_samples){0};
}

static void
grow(struct tare_samples *samples)
{
	size_t capacity = samples->capacity ? 2 * samples->capacity : ROWS_FIRST;

	samples->pairs = tare_xreallocarray(samples->pairs, capacity, sizeof(*samples->pairs));
	samples->start_ns =
		tare_xreallocarray(samples->start_ns, capacity, sizeof(*samples->start_ns));
	samples->labels = tare_xreallocarray(samples->labels, capacity, sizeof(*samples->labels));
	for (size_t i = 0; i < samples->metric_count; i++)
		samples->values[i] =
			tare_xreallocarray(samples->values[i], capacity, sizeof(double));
	samples->capacity = capacity;
}

void
tare_samples_add(
	struct tare_samples *samples, uint32_t pair, uint64_t start_ns, const double *values)
{
	assert(samples->count < TARE_SAMPLES_MAX);
	if (samples->count == samples->capacity)
		grow(samples);
	samples->pairs[samples->count] = pair;
	samples->start_ns[samples->count] = start_ns;
	samples->labels[samples->count] = 0;
	for (size_t i = 0; i < samples->metric_count; i++)
		samples->values[i][samples->count] = values[i];
	samples->count++;
}

void
tare_samples_label(struct tare_samples *samples, uint32_t labels)
{
	assert(samples->count > 0);
	samples->labels[samples->count - 1] = labels;
}

size_t
tare_samples_disturbed(const struct tare_samples *samples)
{
	size_t count = 0;

	for (size_t row = 0; row < samples->count; row++)
		count += samples->labels[row] != 0;
	return count;
}

struct tare_noise_sum
tare_samples_noise(const struct tare_samples *samples)
{
	struct tare_noise_sum sum = {0};

	for (size_t row = 0; row < samples->count; row++)
		tare_noise_add(&sum, NULL, samples->labels[row]);
	return sum;
}

void
tare_samples_undisturbed(struct tare_samples *out, const struct tare_samples *samples)
{
	double *values = tare_xcalloc(samples->metric_count, sizeof(*values));

	tare_samples_init(out, samples->metric_count);
	for (size_t row = 0; row < samples->count; row++) {
		if (samples->labels[row] != 0)
			continue;
		for (size_t i = 0; i < samples->metric_count; i++)
			values[i] = samples->values[i][row];
		tare_samples_add(out, samples->pairs[row], samples->start_ns[row], values);
	}
	out->total = out->count;
	out->stride = samples->stride;
	free(values);
}

void
tare_samples_thin(struct tare_samples *samples, uint64_t stride)
{
	size_t kept = 0;

	assert(stride > 0);
	samples->stride = stride;
	for (size_t row = 0; row < samples->count; row++) {
		if (samples->pairs[row] % stride != 0)
			continue;
		samples->pairs[kept] = samples->pairs[row];
		samples->start_ns[kept] = samples->start_ns[row];
		samples->labels[kept] = samples->labels[row];
		for (size_t i = 0; i < samples->metric_count; i++)
			samples->values[i][kept] = samples->values[i][row];
		kept++;
	}
	samples->count = kept;
}

static bool
is_ordered(const struct tare_samples *samples)
{
	for (size_t row = 1; row < samples->count; row++) {
		if (samples->pairs[row] < samples->pairs[row - 1])
			return false;
	}
	return true;
}

struct numbered_row {
	uint32_t pair;
	uint32_t row;
};

static int
compare_rows(const void *left, const void *right)
{
	const struct numbered_row *a = left;
	const struct numbered_row *b = right;

	if (a->pair != b->pair)
		return a->pair < b->pair ? -1 : 1;
	return a->row < b->row ? -1 : 1;
}

/* The rows by pair; NULL where they are in that order as they stand, as they are unless a resumed
 * run measured a pair again. */
static struct numbered_row *
sort_rows(const struct tare_samples *samples)
{
	struct numbered_row *rows;

	if (is_ordered(samples))
		return NULL;
	rows = tare_xcalloc(samples->count, sizeof(*rows));
	for (size_t i = 0; i < samples->count; i++)
		rows[i] = (struct numbered_row){.pair = samples->pairs[i], .row = (uint32_t)i};
	qsort(rows, samples->count, sizeof(*rows), compare_rows);
	return rows;
}

static size_t
row_at(const struct numbered_row *rows, size_t i)
{
	return rows ? rows[i].row : i;
}

size_t
tare_samples_pair(double *a_out, double *b_out, const struct tare_samples *a, size_t a_metric,
	const struct tare_samples *b, size_t b_metric)
{
	struct numbered_row *a_rows = sort_rows(a);
	struct numbered_row *b_rows = sort_rows(b);
	size_t count = 0;
	size_t i = 0;
	size_t j = 0;

	while (i < a->count && j < b->count) {
		size_t a_row = row_at(a_rows, i);
		size_t b_row = row_at(b_rows, j);

		if (a->pairs[a_row] < b->pairs[b_row]) {
			i++;
		} else if (a->pairs[a_row] > b->pairs[b_row]) {
			j++;
		} else {
			a_out[count] = a->values[a_metric][a_row];
			b_out[count] = b->values[b_metric][b_row];
			if (!isnan(a_out[count]) && !isnan(b_out[count]))
				count++;
			i++;
			j++;
		}
	}
	free(a_rows);
	free(b_rows);
	return count;
}

size_t
tare_samples_values(double *out, const struct tare_samples *samples, size_t metric)
{
	size_t count = 0;

	for (size_t row = 0; row < samples->count; row++) {
		if (!isnan(samples->values[metric][row]))
			out[count++] = samples->values[metric][row];
	}
	return count;
}
