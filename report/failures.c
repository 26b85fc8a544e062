#include "report/failures.h"

#include <stdlib.h>
#include <string.h>

struct failed {
	const char *text;
	const char *stderr_tail;
	size_t index;
	size_t first; /* the first case that failed like this one */
};

static int
compare_texts(const struct failed *a, const struct failed *b)
{
	int order = strcmp(a->text, b->text);

	return order ? order : strcmp(a->stderr_tail, b->stderr_tail);
}

static int
by_text(const void *left, const void *right)
{
	const struct failed *a = left;
	const struct failed *b = right;
	int order = compare_texts(a, b);

	return order ? order : a->index < b->index ? -1 : a->index > b->index;
}

static int
by_place(const void *left, const void *right)
{
	const struct failed *a = left;
	const struct failed *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static size_t
collect(struct failed *out, const struct tare_run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *subject = &run->cases[i];

		if (subject->status != TARE_CASE_FAILED)
			continue;
		out[count++] = (struct failed){
			.text = subject->failure && *subject->failure ? subject->failure
								      : "no reason was recorded",
			.stderr_tail = subject->stderr_tail ? subject->stderr_tail : "",
			.index = i,
		};
	}
	return count;
}

size_t
tare_failures_read(
	struct tare_failure **failures_out, struct tare_arena *arena, const struct tare_run *run)
{
	struct failed *failed = tare_arena_alloc(arena, run->case_count, sizeof(*failed));
	size_t count = collect(failed, run);
	struct tare_failure *failures = tare_arena_alloc(arena, count, sizeof(*failures));
	size_t *cases = tare_arena_alloc(arena, count, sizeof(*cases));
	size_t failure_count = 0;

	qsort(failed, count, sizeof(*failed), by_text);
	for (size_t i = 0; i < count; i++)
		failed[i].first = i > 0 && compare_texts(&failed[i - 1], &failed[i]) == 0
					  ? failed[i - 1].first
					  : failed[i].index;
	qsort(failed, count, sizeof(*failed), by_place);
	for (size_t i = 0; i < count; i++) {
		cases[i] = failed[i].index;
		if (failed[i].first == failed[i].index)
			failures[failure_count++] = (struct tare_failure){
				failed[i].text, failed[i].stderr_tail, &cases[i], 0};
		failures[failure_count - 1].case_count++;
	}
	*failures_out = failures;
	return failure_count;
}
