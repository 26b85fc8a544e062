#include "harness/model/journal_kept.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What reading the rows of a metric would come to. */
static struct tare_counting
counting_of_rows(const struct tare_samples *samples, size_t metric)
{
	struct tare_counting counting = {.coverage_min = 1.0};

	for (size_t row = 0; row < samples->count; row++)
		counting.used += !isnan(samples->values[metric][row]);
	counting.coverage_sum = (double)counting.used;
	return counting;
}

static bool
counting_differs(const struct tare_counting *a, const struct tare_counting *b)
{
	return a->used != b->used || a->thin != b->thin || a->invalid != b->invalid ||
	       a->coverage_sum != b->coverage_sum || a->coverage_min != b->coverage_min;
}

static bool
counts_more(const struct tare_run_case *one)
{
	for (size_t i = 0; i < one->metric_count && one->counting; i++) {
		struct tare_counting rows = counting_of_rows(&one->samples, i);

		if (one->metrics[i].counter && counting_differs(&rows, &one->counting[i]))
			return true;
	}
	return false;
}

static bool
hears_more(const struct tare_run_case *one)
{
	struct tare_noise_sum rows = tare_samples_noise(&one->samples);

	return one->noise.khz_high > 0 || one->noise.disturbed != rows.disturbed ||
	       memcmp(one->noise.by_kind, rows.by_kind, sizeof(rows.by_kind)) != 0;
}

bool
tare_journal_knows_more(const struct tare_run_case *one)
{
	return one->samples.total != one->samples.count || one->samples.stride != 1 ||
	       one->warmup_count > 0 || hears_more(one) || counts_more(one);
}

static void
write_noise(struct tare_json *json, const struct tare_noise_sum *noise)
{
	tare_json_object_begin(json, "noise");
	tare_json_u64(json, "disturbed", noise->disturbed);
	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		if (noise->by_kind[i] > 0)
			tare_json_u64(json, tare_disturbance_name((enum tare_disturbance)i),
				noise->by_kind[i]);
	}
	if (noise->khz_high > 0) {
		tare_json_double(json, "khz_low", noise->khz_low);
		tare_json_double(json, "khz_high", noise->khz_high);
	}
	tare_json_object_end(json);
}

static void
write_counting(struct tare_json *json, const struct tare_run_case *one)
{
	tare_json_object_begin(json, "counting");
	for (size_t i = 0; i < one->metric_count; i++) {
		const struct tare_counting *counting = &one->counting[i];

		if (!one->metrics[i].counter)
			continue;
		tare_json_object_begin(json, one->metrics[i].name);
		tare_json_u64(json, "used", counting->used);
		tare_json_u64(json, "thin", counting->thin);
		tare_json_u64(json, "invalid", counting->invalid);
		tare_json_double(json, "coverage_sum", counting->coverage_sum);
		tare_json_double(json, "coverage_min", counting->coverage_min);
		tare_json_object_end(json);
	}
	tare_json_object_end(json);
}

void
tare_journal_write_kept(struct tare_json *json, const struct tare_run_case *one)
{
	tare_json_u64(json, "total", one->samples.total);
	tare_json_u64(json, "stride", one->samples.stride);
	tare_json_u64(json, "warmups", one->warmup_count);
	if (hears_more(one))
		write_noise(json, &one->noise);
	if (counts_more(one))
		write_counting(json, one);
}

static enum tare_status
decode_rows(struct tare_run_case *one, const json_t *line, struct tare_err *err)
{
	uint64_t total = 0;
	uint64_t stride = 0;
	uint64_t warmups = 0;
	enum tare_status status = tare_json_get_u64(&total, line, "total", err);

	if (status == TARE_OK)
		status = tare_json_get_u64(&stride, line, "stride", err);
	if (status == TARE_OK)
		status = tare_json_get_u64(&warmups, line, "warmups", err);
	if (status != TARE_OK)
		return status;
	if (total < one->samples.total)
		return tare_err_set(err, TARE_INVALID,
			"key \"total\": expected at least %" PRIu64 ", found %" PRIu64,
			one->samples.total, total);
	if (stride < one->samples.stride || (stride & (stride - 1)) != 0 ||
		stride > (uint64_t)UINT32_MAX + 1)
		return tare_err_set(err, TARE_INVALID,
			"key \"stride\": expected a power of two from %" PRIu64
			" to 2^32, found %" PRIu64,
			one->samples.stride, stride);
	tare_samples_thin(&one->samples, stride);
	one->samples.total = total;
	one->warmup_count = warmups;
	if (total > 0 && one->status == TARE_CASE_PENDING)
		one->status = TARE_CASE_OK;
	return TARE_OK;
}

/* Kinds of a newer tare's are not known here. */
static enum tare_status
decode_noise(struct tare_run_case *one, const json_t *noise, struct tare_err *err)
{
	struct tare_noise_sum sum = {0};
	enum tare_status status = tare_json_get_u64(&sum.disturbed, noise, "disturbed", err);

	for (int i = 0; i < TARE_DISTURBANCE_COUNT && status == TARE_OK; i++)
		status = tare_json_get_u64_or(&sum.by_kind[i], noise,
			tare_disturbance_name((enum tare_disturbance)i), 0, err);
	if (status == TARE_OK)
		status = tare_json_get_double_or(&sum.khz_low, noise, "khz_low", 0, err);
	if (status == TARE_OK)
		status = tare_json_get_double_or(&sum.khz_high, noise, "khz_high", 0, err);
	if (status != TARE_OK)
		return status;
	if (!tare_noise_sum_is_sound(&sum, one->samples.total))
		return tare_err_set(err, TARE_INVALID,
			"key \"noise\": there are more disturbances than samples");
	one->noise = sum;
	return TARE_OK;
}

static enum tare_status
decode_one_counting(struct tare_counting *counting_out, const json_t *found, struct tare_err *err)
{
	struct tare_counting counting = {0};
	enum tare_status status = tare_json_get_u64(&counting.used, found, "used", err);

	if (status == TARE_OK)
		status = tare_json_get_u64(&counting.thin, found, "thin", err);
	if (status == TARE_OK)
		status = tare_json_get_u64(&counting.invalid, found, "invalid", err);
	if (status == TARE_OK)
		status = tare_json_get_double(&counting.coverage_sum, found, "coverage_sum", err);
	if (status == TARE_OK)
		status = tare_json_get_double(&counting.coverage_min, found, "coverage_min", err);
	if (status == TARE_OK)
		*counting_out = counting;
	return status;
}

static enum tare_status
decode_counting(struct tare_run_case *one, const json_t *counting, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < one->metric_count && one->counting && status == TARE_OK; i++) {
		const json_t *found = json_object_get(counting, one->metrics[i].name);

		if (json_is_object(found) && one->metrics[i].counter)
			status = decode_one_counting(&one->counting[i], found, err);
	}
	return status == TARE_OK ? TARE_OK : tare_err_where(err, "key \"counting\"");
}

enum tare_status
tare_journal_decode_kept(struct tare_run_case *one, const json_t *line, struct tare_err *err)
{
	const json_t *noise = json_object_get(line, "noise");
	const json_t *counting = json_object_get(line, "counting");
	enum tare_status status = decode_rows(one, line, err);

	if (status == TARE_OK && json_is_object(noise))
		status = decode_noise(one, noise, err);
	if (status == TARE_OK && json_is_object(counting))
		status = decode_counting(one, counting, err);
	return status;
}
