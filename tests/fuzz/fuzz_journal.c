/* The journal's reader: any bytes give a run or a sentence, and a run that was read can be exported
 * and read again with the same samples. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tare_run *
read_run(const void *data, size_t size, size_t index)
{
	char *copy = tare_xmalloc(size);
	struct tare_err err = {0};
	struct tare_run *run = NULL;
	enum tare_status status;
	FILE *stream;

	memcpy(copy, data, size);
	stream = fmemopen(copy, size, "r");
	assert(stream);
	status = tare_journal_read_stream(&run, stream, "fuzz", index, &err);
	assert((status == TARE_OK) == (run != NULL));
	assert(status == TARE_OK || err.text[0] != '\0');
	fclose(stream);
	free(copy);
	return run;
}

static void
check_case(const struct tare_run_case *one, const struct tare_run_case *other)
{
	const struct tare_samples *a = &one->samples;
	const struct tare_samples *b = &other->samples;
	double *values = tare_xcalloc(2 * (a->count + 1), sizeof(*values));

	assert(strcmp(one->name, other->name) == 0);
	assert(one->metric_count == other->metric_count);
	assert(one->status == other->status);
	assert(one->warmup_count == other->warmup_count);
	assert(a->count <= TARE_SAMPLES_MAX);
	assert(a->count == b->count && a->total == b->total && a->stride == b->stride);
	for (size_t i = 0; i < one->metric_count; i++) {
		size_t count = tare_samples_values(values, a, i);

		assert(count == tare_samples_values(values + a->count, b, i));
		assert(tare_samples_pair(values, values + a->count, a, i, b, i) == count);
		assert(memcmp(values, values + a->count, count * sizeof(*values)) == 0);
	}
	free(values);
}

static void
check_export(const struct tare_run *run)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	struct tare_err err = {0};
	enum tare_status status;
	struct tare_run *again;

	assert(stream);
	status = tare_journal_export(stream, run, &err);
	assert(status == TARE_OK);
	fclose(stream);
	again = read_run(text, len, 0);
	assert(again && again->case_count == run->case_count);
	for (size_t i = 0; i < run->case_count; i++)
		check_case(&run->cases[i], &again->cases[i]);
	tare_run_free(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tare_run *first;
	struct tare_run *second;

	if (size == 0)
		return 0;
	first = read_run(data, size, 0);
	second = read_run(data, size, 1);
	if (first)
		check_export(first);
	tare_run_free(first);
	tare_run_free(second);
	return 0;
}
