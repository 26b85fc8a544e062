#include "report/noise.h"

#include <math.h>
#include <stdlib.h>

const char *
tare_noise_kinds(struct tare_arena *arena, const struct tare_run_case *subject)
{
	const char *text = "";

	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		if (subject->noise.by_kind[i] > 0)
			text = tare_arena_printf(arena, "%s%s%llu %s", text, *text ? ", " : "",
				(unsigned long long)subject->noise.by_kind[i],
				tare_disturbance_phrase((enum tare_disturbance)i));
	}
	return text;
}

const char *
tare_noise_text(struct tare_arena *arena, const struct tare_run_case *subject)
{
	const struct tare_noise_sum *noise = &subject->noise;
	const char *kinds = tare_noise_kinds(arena, subject);

	if (noise->disturbed == 0)
		return NULL;
	return tare_arena_printf(arena, "%llu of %llu sample%s disturbed%s%s",
		(unsigned long long)noise->disturbed, (unsigned long long)subject->samples.total,
		subject->samples.total == 1 ? " was" : "s were", *kinds ? ": " : "", kinds);
}

void
tare_figures_undisturbed(struct tare_figures *figures_out, double *values,
	const struct tare_run_case *subject, size_t metric)
{
	struct tare_run_case quiet = *subject;

	tare_samples_undisturbed(&quiet.samples, &subject->samples);
	tare_figures_read(figures_out, values, &quiet, metric);
	tare_samples_free(&quiet.samples);
}

static struct tare_comparison
quiet_part(const struct tare_comparison *item)
{
	const struct tare_undisturbed *rest = item->undisturbed;
	struct tare_comparison part = *item;

	part.ratio = rest->ratio;
	part.ratio_low = rest->ratio_low;
	part.ratio_high = rest->ratio_high;
	part.difference = rest->difference;
	part.difference_low = rest->difference_low;
	part.difference_high = rest->difference_high;
	return part;
}

const char *
tare_undisturbed_text(struct tare_arena *arena, const struct tare_comparison *item)
{
	char change[TARE_UNITS_TEXT_MAX];
	char interval[TARE_INTERVAL_TEXT_MAX];
	struct tare_comparison part;

	if (!item->undisturbed)
		return NULL;
	if (item->undisturbed->n == 0)
		return "nothing is left to compare";
	if (!tare_undisturbed_tells(item->undisturbed))
		return tare_arena_printf(
			arena, "too few are left to compare (n %zu)", item->undisturbed->n);
	part = quiet_part(item);
	tare_change_text(change, &part);
	tare_interval_text(interval, &part);
	return tare_arena_printf(arena, "%s %s, %s (n %zu)", change, interval,
		tare_verdict_name(item->undisturbed->verdict), item->undisturbed->n);
}

bool
tare_undisturbed_differs(const struct tare_comparison *item)
{
	return item->undisturbed && tare_undisturbed_tells(item->undisturbed) &&
	       item->undisturbed->verdict != item->verdict;
}

struct place {
	double share;
	size_t index;
};

static int
compare_places(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;

	if (a->share != b->share)
		return a->share > b->share ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

const size_t *
tare_disturbed_cases(size_t *count_out, struct tare_arena *arena, const struct tare_run *run)
{
	struct place *places = tare_arena_alloc(arena, run->case_count, sizeof(*places));
	size_t *cases = tare_arena_alloc(arena, run->case_count, sizeof(*cases));
	size_t count = 0;

	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *subject = &run->cases[i];

		if (subject->noise.disturbed > 0)
			places[count++] = (struct place){
				(double)subject->noise.disturbed / (double)subject->samples.total,
				i};
	}
	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; i < count; i++)
		cases[i] = places[i].index;
	*count_out = count;
	return cases;
}

const char *
tare_labels_text(struct tare_arena *arena, uint32_t labels)
{
	const char *text = "";

	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		if (labels >> i & 1)
			text = tare_arena_printf(arena, "%s%s%s", text, *text ? "+" : "",
				tare_disturbance_name((enum tare_disturbance)i));
	}
	return text;
}
