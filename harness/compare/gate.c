#include <math.h>

#include "harness/compare/internal.h"
#include "harness/stats/multiple.h"

/* The gated comparisons of all sets: the family Holm corrects for. */
struct family {
	struct tare_comparison **items;
	bool *across_runs; /* of each item's set: nothing is paired there */
	size_t count;
};

static struct family
collect(struct tare_arena *arena, struct tare_comparison_set *sets, size_t set_count)
{
	struct family family = {0};
	size_t total = 0;

	for (size_t i = 0; i < set_count; i++)
		total += sets[i].item_count;
	family.items = tare_arena_alloc(arena, total, sizeof(struct tare_comparison *));
	family.across_runs = tare_arena_alloc(arena, total, sizeof(bool));
	for (size_t i = 0; i < set_count; i++)
		for (size_t j = 0; j < sets[i].item_count; j++)
			if (sets[i].items[j].metric.gated) {
				family.across_runs[family.count] = sets[i].across_runs;
				family.items[family.count++] = &sets[i].items[j];
			}
	return family;
}

/* The share of false ones that may be among all that are worth a look. */
static void
triage(struct tare_arena *scratch, struct tare_comparison_set *sets, size_t set_count)
{
	size_t total = 0, at = 0;
	double *p, *adjusted;
	size_t *order;

	for (size_t i = 0; i < set_count; i++)
		total += sets[i].item_count;
	p = tare_arena_alloc(scratch, total, sizeof(*p));
	adjusted = tare_arena_alloc(scratch, total, sizeof(*adjusted));
	order = tare_arena_alloc(scratch, total, sizeof(*order));
	for (size_t i = 0; i < set_count; i++)
		for (size_t j = 0; j < sets[i].item_count; j++)
			p[at++] = sets[i].items[j].p_value;
	tare_benjamini_hochberg(adjusted, order, p, total);
	at = 0;
	for (size_t i = 0; i < set_count; i++)
		for (size_t j = 0; j < sets[i].item_count; j++)
			sets[i].items[j].p_triage = adjusted[at++];
}

static void
adjust(struct tare_arena *scratch, const struct family *family)
{
	double *p = tare_arena_alloc(scratch, family->count, sizeof(*p));
	double *adjusted = tare_arena_alloc(scratch, family->count, sizeof(*adjusted));
	size_t *order = tare_arena_alloc(scratch, family->count, sizeof(*order));

	for (size_t i = 0; i < family->count; i++)
		p[i] = family->items[i]->p_value;
	tare_holm(adjusted, order, p, family->count);
	for (size_t i = 0; i < family->count; i++)
		family->items[i]->p_adjusted = adjusted[i];
}

struct tally {
	size_t counts[TARE_VERDICT_COUNT]; /* by verdict, regressions only where they are certain */
	size_t doubtful; /* regressions that do not hold among so many comparisons */
	size_t hopeless; /* of these, those that could not with so few values, whatever they are */
};

/* The smallest one-sided p that so many values can give, at what looks leave of alpha: all pairs,
 * or all values, on one side. */
static double
smallest_p(const struct family *family, size_t index, double alpha)
{
	const struct tare_comparison *item = family->items[index];
	double a = (double)item->base_n, b = (double)item->head_n, p;

	if (item->method == TARE_METHOD_EXACT)
		return 0.0;
	if (item->method == TARE_METHOD_PAIRED ||
		(item->method == TARE_METHOD_DIFFERENCE && !family->across_runs[index]))
		p = ldexp(1.0, -(int)(item->n < 1000 ? item->n : 1000));
	else
		p = exp(lgamma(a + 1.0) + lgamma(b + 1.0) - lgamma(a + b + 1.0));
	return tare_spending_p(p, item->level, alpha);
}

static struct tally
count_verdicts(const struct family *family, double alpha)
{
	struct tally tally = {0};

	for (size_t i = 0; i < family->count; i++) {
		const struct tare_comparison *item = family->items[i];

		if (item->verdict != TARE_VERDICT_REGRESSION || item->p_adjusted <= alpha) {
			tally.counts[item->verdict]++;
			continue;
		}
		tally.doubtful++;
		tally.hopeless += smallest_p(family, i, alpha) * (double)family->count > alpha;
	}
	return tally;
}

/* "1 of 12 comparisons is a regression" */
static const char *
found(struct tare_arena *arena, size_t count, size_t total, enum tare_verdict verdict)
{
	static const char *const one[] = {
		"is a regression", "is an improvement", "shows no change", "is inconclusive"};
	static const char *const many[] = {
		"are regressions", "are improvements", "show no change", "are inconclusive"};

	return tare_arena_printf(arena, "%zu of %zu %s %s", count, total,
		total == 1 ? "comparison" : "comparisons",
		count == 1 ? one[verdict] : many[verdict]);
}

static const char *
doubtful_note(struct tare_arena *arena, const struct tally *tally, size_t total)
{
	if (tally->doubtful == 0)
		return "";
	return tare_arena_printf(arena,
		"; %s not certain enough among %zu comparisons: more pairs would settle it",
		tally->doubtful == 1
			? "1 regression is"
			: tare_compare_count(arena, tally->doubtful, "", "regressions are"),
		total);
}

static bool
fails_on(const struct tare_gate *gate, enum tare_verdict verdict)
{
	return (gate->fail_on & (1u << verdict)) != 0;
}

/* The first of the verdicts that count which was found; TARE_VERDICT_COUNT: none. */
static enum tare_verdict
judge(struct tare_gate_outcome *outcome, const struct tare_gate *gate, const struct tally *tally)
{
	static const enum tare_verdict failing[] = {
		TARE_VERDICT_REGRESSION, TARE_VERDICT_IMPROVEMENT, TARE_VERDICT_NO_CHANGE};
	enum tare_verdict worst = TARE_VERDICT_COUNT;

	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		if (!fails_on(gate, failing[i]) || tally->counts[failing[i]] == 0)
			continue;
		outcome->failed_count += tally->counts[failing[i]];
		if (worst == TARE_VERDICT_COUNT)
			worst = failing[i];
	}
	if (worst != TARE_VERDICT_COUNT) {
		outcome->result = TARE_GATE_FAILED;
		return worst;
	}
	outcome->result = TARE_GATE_PASSED;
	/* A gate that could not have failed has not passed. */
	if (fails_on(gate, TARE_VERDICT_REGRESSION) && tally->hopeless > 0) {
		outcome->result = TARE_GATE_UNDECIDED;
		return TARE_VERDICT_REGRESSION;
	}
	if (!fails_on(gate, TARE_VERDICT_INCONCLUSIVE))
		return worst;
	if (tally->counts[TARE_VERDICT_INCONCLUSIVE] > 0 || tally->doubtful > 0 ||
		outcome->gated_count == 0)
		outcome->result = TARE_GATE_UNDECIDED;
	return TARE_VERDICT_INCONCLUSIVE;
}

static void
mark(const struct family *family, const struct tare_gate *gate, enum tare_gate_result result,
	double alpha)
{
	for (size_t i = 0; i < family->count; i++) {
		struct tare_comparison *item = family->items[i];
		bool counts = result == TARE_GATE_FAILED ||
			      (result == TARE_GATE_UNDECIDED &&
				      item->verdict == TARE_VERDICT_INCONCLUSIVE);

		if (item->verdict == TARE_VERDICT_REGRESSION && !(item->p_adjusted <= alpha))
			counts = false;
		item->failed_gate = counts && fails_on(gate, item->verdict);
	}
}

static const char *
explain(struct tare_arena *arena, const struct tare_gate_outcome *outcome,
	const struct tally *tally, enum tare_verdict worst)
{
	const char *note = doubtful_note(arena, tally, outcome->gated_count);
	size_t total = outcome->gated_count;

	if (total == 0)
		return tare_arena_printf(arena, "gate %s: there was nothing to compare",
			outcome->result == TARE_GATE_PASSED ? "passed" : "undecided");
	if (outcome->result == TARE_GATE_FAILED)
		return tare_arena_printf(arena, "gate failed: %s%s",
			found(arena, tally->counts[worst], total, worst), note);
	if (outcome->result == TARE_GATE_UNDECIDED && worst == TARE_VERDICT_REGRESSION)
		return tare_arena_printf(arena,
			"gate undecided: %s, but with so few invocations no regression among %zu "
			"comparisons can be certain; raise invocations",
			found(arena, tally->doubtful, total, worst), total);
	if (outcome->result == TARE_GATE_UNDECIDED)
		return tare_arena_printf(arena, "gate undecided: %s%s",
			found(arena, tally->counts[worst], total, worst), note);
	return tare_arena_printf(arena, "gate passed: %s%s",
		total == 1 ? "the one comparison gives no reason to fail"
			   : tare_arena_printf(arena,
				     "none of %zu comparisons gives a reason to fail", total),
		note);
}

void
tare_compare_gate(struct tare_gate_outcome *outcome_out, struct tare_arena *arena,
	struct tare_comparison_set *sets, size_t set_count, const struct tare_gate *gate,
	const struct tare_compare_options *options)
{
	struct tare_arena *scratch = tare_arena_new();
	struct tare_comparing comparing = tare_comparing_begin(arena, NULL, false, options);
	struct family family = collect(scratch, sets, set_count);
	struct tare_gate_outcome outcome = {.gated_count = family.count};
	struct tally tally;

	adjust(scratch, &family);
	triage(scratch, sets, set_count);
	tally = count_verdicts(&family, comparing.alpha);
	if (gate == NULL || !gate->asked_for) {
		outcome.result = TARE_GATE_NOT_ASKED;
		outcome.sentence = "no gate was asked for";
	} else {
		enum tare_verdict worst = judge(&outcome, gate, &tally);

		outcome.sentence = explain(arena, &outcome, &tally, worst);
		mark(&family, gate, outcome.result, comparing.alpha);
	}
	*outcome_out = outcome;
	tare_arena_free(scratch);
}
