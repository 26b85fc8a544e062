#include "harness/model/journal_scan.h"

#include <math.h>
#include <string.h>

struct scan {
	const char *at;
	const char *end;
};

static bool
skip(struct scan *scan, const char *literal, size_t len)
{
	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, literal, len) != 0)
		return false;
	scan->at += len;
	return true;
}

static bool
skip_text(struct scan *scan, const char *literal)
{
	return skip(scan, literal, strlen(literal));
}

/* JSON allows no zero in front; eighteen digits always fit. */
static bool
scan_integer(struct scan *scan, uint64_t *value_out)
{
	const char *first = scan->at;
	uint64_t value = 0;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' &&
		scan->at - first < 18)
		value = value * 10 + (uint64_t)(*scan->at++ - '0');
	*value_out = value;
	return scan->at > first && (*first != '0' || scan->at == first + 1);
}

static bool
scan_field(struct scan *scan, const char *literal, uint64_t *value_out)
{
	return skip_text(scan, literal) && scan_integer(scan, value_out);
}

/* "name": in front of a value, after a comma unless it is the first. */
static bool
skip_name(struct scan *scan, const char *name, bool first)
{
	struct scan ahead = *scan;

	if ((!first && !skip(&ahead, ",", 1)) || !skip(&ahead, "\"", 1) ||
		!skip_text(&ahead, name) || !skip(&ahead, "\":", 2))
		return false;
	*scan = ahead;
	return true;
}

static bool
scan_values(struct scan *scan, double *values, const struct tare_run_case *owner)
{
	bool first = true;

	for (size_t i = 0; i < owner->metric_count; i++) {
		uint64_t value;

		values[i] = NAN;
		if (!skip_name(scan, owner->metrics[i].name, first))
			continue;
		if (!scan_integer(scan, &value))
			return false;
		values[i] = (double)value;
		first = false;
	}
	return true;
}

bool
tare_journal_scan_sample(struct tare_run *run, const char *text, size_t len, double *values)
{
	struct scan scan = {.at = text, .end = text + len};
	struct tare_sample sample = {.ok = true, .values = values};
	uint64_t case_index = 0;
	uint64_t pair = 0;

	if (!scan_field(&scan, "{\"type\":\"sample\",\"seq\":", &sample.seq) ||
		!scan_field(&scan, ",\"case\":", &case_index) ||
		!scan_field(&scan, ",\"pair\":", &pair) ||
		!scan_field(&scan, ",\"start_ns\":", &sample.start_ns))
		return false;
	if (sample.seq <= run->last_seq || case_index >= run->case_count || pair > UINT32_MAX)
		return false;
	sample.warmup = skip_text(&scan, ",\"warmup\":true");
	if (!skip_text(&scan, ",\"values\":{") ||
		!scan_values(&scan, values, &run->cases[case_index]) || !skip_text(&scan, "}}") ||
		scan.at != scan.end)
		return false;
	sample.case_index = (uint32_t)case_index;
	sample.pair = (uint32_t)pair;
	tare_run_add_sample(run, &sample);
	run->status = TARE_RUN_OPEN;
	return true;
}
