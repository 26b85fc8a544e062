#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/stages/order.h"
#include "tests/unit/stages/bed.h"

#define TWO_VARIANTS(more)                                  \
	"suite: s\n"                                        \
	"defaults: {runner: replay, warmup: 0, " more "}\n" \
	"variants: [a, b]\n"                                \
	"benchmarks:\n"                                     \
	"  - name: x\n"

static void
blocks_are_in_the_order_of_the_seed(void **state)
{
	struct bed bed;
	char *order, wanted[21] = "";

	(void)state;
	bed_make(&bed, TWO_VARIANTS("invocations: 10") "    replay: {wall: 10ms}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	for (uint32_t pair = 0; pair < 10; pair++) {
		size_t variants[2];

		tare_order_pair(variants, 2, BED_SEED, 0, pair);
		wanted[2 * pair] = (char)('0' + variants[0]);
		wanted[2 * pair + 1] = (char)('0' + variants[1]);
	}
	order = bed_order(&bed);
	assert_string_equal(order, wanted);
	/* ABBA or BAAB. */
	for (size_t i = 0; i < 20; i += 4) {
		assert_int_equal(order[i], order[i + 3]);
		assert_int_equal(order[i + 1], order[i + 2]);
		assert_int_not_equal(order[i], order[i + 1]);
	}
	free(order);
	bed_remove(&bed);
}

/* Pairs 1 and 3 are disturbed, and so is one of those that make up for them. */
#define DISTURBED                                                                           \
	"    replay: {wall: [1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms,\n" \
	"      1ms, 1ms],\n"                                                                \
	"      major_faults: [0, 3, 0, 3, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]}\n"

static void
labels_what_was_disturbed_and_measures_no_more(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, TWO_VARIANTS("invocations: 6") DISTURBED);
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x@a")->samples.count, 6);
	assert_int_equal(bed_case(&bed, "x@b")->noise.disturbed, 2);
	assert_int_equal(
		bed_case(&bed, "x@b")->samples.labels[1], 1u << TARE_DISTURBED_MAJOR_FAULTS);
	assert_int_equal(bed_case(&bed, "x@b")->samples.labels[2], 0);
	assert_true(bed_journal_has(&bed, "\"disturbed\":[\"major_faults\"]"));
	bed_remove(&bed);
}

static void
repeats_as_many_pairs_as_were_disturbed(void **state)
{
	struct bed bed;

	(void)state;
	/* Two on each side make four, and the one among those two more. */
	bed_make(&bed, TWO_VARIANTS("invocations: 6, on_disturbance: repeat") DISTURBED);
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x@a")->samples.count, 12);
	assert_int_equal(bed_case(&bed, "x@b")->samples.count, 12);
	bed_remove(&bed);
}

static void
repeats_within_the_budget_only(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed,
		TWO_VARIANTS("invocations: 6, max_time: 1ms, on_disturbance: repeat") DISTURBED);
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x@a")->samples.count, 6);
	bed_remove(&bed);
}

static void
goes_on_repeating_where_it_was_cut_off(void **state)
{
	struct bed whole, cut;
	const char *suite = TWO_VARIANTS("invocations: 6, on_disturbance: repeat") DISTURBED;

	(void)state;
	bed_make(&whole, suite);
	assert_int_equal(bed_run(&whole), TARE_OK);
	bed_make(&cut, suite);
	assert_int_equal(bed_run(&cut), TARE_OK);
	bed_cut_journal(&cut, 14, 0);
	assert_int_equal(bed_resume(&cut, suite), TARE_OK);
	bed_assert_same_samples(cut.session->run, whole.session->run);
	bed_remove(&whole);
	bed_remove(&cut);
}

static void
groups_take_turns(void **state)
{
	struct bed bed;
	char *order;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "defaults: {runner: replay, invocations: 6}\n"
		       "variants: [a, b]\n"
		       "benchmarks:\n"
		       "  - {name: x, replay: {wall: 10ms}}\n"
		       "  - {name: y, replay: {wall: 10ms}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	order = bed_order(&bed);
	assert_int_equal(strlen(order), 24);
	/* In each round of eight there are both groups with all their variants twice. */
	for (size_t round = 0; round < 24; round += 8) {
		size_t counts[4] = {0};

		for (size_t i = 0; i < 8; i++)
			counts[order[round + i] - '0']++;
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(counts[i], 2);
	}
	free(order);
	bed_remove(&bed);
}

static void
an_odd_count_ends_with_half_a_block(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, TWO_VARIANTS("invocations: 7") "    replay: {wall: 10ms}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x@a")->samples.total, 7);
	assert_int_equal(bed_case(&bed, "x@b")->samples.total, 7);
	assert_string_equal(bed_case(&bed, "x@b")->stop_reason, "all invocations done");
	bed_remove(&bed);
}

static void
warmups_come_first_and_are_not_samples(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - name: x\n"
		       "    runner: replay\n"
		       "    warmup: 3\n"
		       "    invocations: 5\n"
		       "    replay: {wall: [1ms, 2ms, 3ms, 4ms, 5ms]}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x")->warmup_count, 3);
	assert_int_equal(bed_case(&bed, "x")->samples.total, 5);
	assert_true(bed_case(&bed, "x")->samples.values[TARE_METRIC_WALL][0] == 1e6);
	assert_true(bed_journal_has(
		&bed, "\"seq\":3,\"case\":0,\"pair\":2,\"start_ns\":3000000,\"warmup\":true"));
	assert_true(bed_journal_has(&bed, "\"seq\":4,\"case\":0,\"pair\":0,"));
	bed_remove(&bed);
}

static void
stops_when_the_precision_is_reached(void **state)
{
	struct bed bed;
	const struct tare_run_case *one;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - name: x\n"
		       "    runner: replay\n"
		       "    precision: 1%\n"
		       "    invocations: {min: 6, max: 1000}\n"
		       "    replay: {wall: {distribution: normal, center: 10ms, spread: 2%}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	one = bed_case(&bed, "x");
	assert_string_equal(one->stop_reason, "precision reached");
	assert_in_range(one->samples.total, 7, 200);
	bed_remove(&bed);
}

static void
stops_when_the_verdict_is_reached(void **state)
{
	struct bed bed;
	const struct tare_run_case *one;

	(void)state;
	bed_make(&bed,
		"suite: s\n"
		"defaults: {runner: replay, precision: 0.01%}\n"
		"variants:\n"
		"  - {name: a, replay: {wall: {distribution: normal, center: 10ms, spread: 2%}}}\n"
		"  - {name: b, replay: {wall: {distribution: normal, center: 13ms, spread: 2%}}}\n"
		"benchmarks:\n"
		"  - {name: x}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	one = bed_case(&bed, "x@b");
	assert_string_equal(one->stop_reason, "verdict reached");
	assert_in_range(one->samples.total, 6, 200);
	assert_int_equal(one->samples.total % 2, 0);
	assert_int_equal(bed.session->sets[0].items[0].verdict, TARE_VERDICT_REGRESSION);
	bed_remove(&bed);
}

static void
stops_when_the_time_is_used_up(void **state)
{
	struct bed bed;
	const struct tare_run_case *one;

	(void)state;
	/* 200 ms of replayed time for one case: twenty invocations, and no warm-up counts. */
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - name: x\n"
		       "    runner: replay\n"
		       "    warmup: 4\n"
		       "    precision: 0.0001%\n"
		       "    max_time: 200ms\n"
		       "    invocations: auto\n"
		       "    replay: {wall: {distribution: normal, center: 10ms, spread: 1%}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	one = bed_case(&bed, "x");
	assert_string_equal(one->stop_reason, "time budget used up");
	assert_in_range(one->samples.total, 20, 21);
	bed_remove(&bed);
}

static void
the_time_of_variants_is_one_budget(void **state)
{
	struct bed bed;

	(void)state;
	/* Together 2 x 200 ms, at 50 ms a pair. */
	bed_make(&bed,
		"suite: s\n"
		"defaults: {runner: replay, precision: 0.0001%, max_time: 200ms, margin: 200%}\n"
		"variants:\n"
		"  - {name: a, replay: {wall: {distribution: normal, center: 10ms, spread: 90%}}}\n"
		"  - {name: b, replay: {wall: {distribution: constant, center: 40ms}}}\n"
		"benchmarks: [{name: x}]\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_string_equal(bed_case(&bed, "x@a")->stop_reason, "time budget used up");
	assert_in_range(bed_case(&bed, "x@a")->samples.total, 6, 12);
	assert_int_equal(
		bed_case(&bed, "x@a")->samples.total, bed_case(&bed, "x@b")->samples.total);
	bed_remove(&bed);
}

static void
a_small_budget_still_gives_the_smallest_count(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - name: x\n"
		       "    runner: replay\n"
		       "    max_time: 1ms\n"
		       "    invocations: {min: 8, max: 100}\n"
		       "    replay: {wall: {distribution: normal, center: 1s, spread: 10%}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_string_equal(bed_case(&bed, "x")->stop_reason, "time budget used up");
	assert_int_equal(bed_case(&bed, "x")->samples.total, 8);
	bed_remove(&bed);
}

static void
confirming_measures_the_doubtful_again_and_nothing_else(void **state)
{
	struct bed bed;
	const struct tare_run_case *one;
	double level;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "defaults: {runner: replay, invocations: 10}\n"
		       "benchmarks:\n"
		       "  - name: noisy\n"
		       "    variants: [a, b]\n"
		       "    replay: {wall: {distribution: normal, center: 10ms, spread: 5%}}\n"
		       "  - name: quiet\n"
		       "    variants: [a, b]\n"
		       "    replay: {wall: {distribution: normal, center: 10ms, spread: 0.1%}}\n"
		       "  - name: slower\n"
		       "    variants:\n"
		       "      - {name: a, replay: {wall: {distribution: normal, center: 10ms, "
		       "spread: 1%}}}\n"
		       "      - {name: b, replay: {wall: {distribution: normal, center: 15ms, "
		       "spread: 1%}}}\n");
	bed.session->options.confirm = true;
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "quiet@b")->samples.total, 10);
	assert_int_equal(bed_case(&bed, "noisy@b")->samples.total, 20);
	one = bed_case(&bed, "slower@b");
	assert_int_equal(one->samples.total, 20);
	assert_int_equal(bed_case(&bed, "slower@a")->samples.total, 20);
	assert_string_equal(one->stop_reason, "all invocations done");
	/* Half of the plan, then the rest: no more than alpha in all. */
	assert_int_equal(one->look_count, 2);
	assert_int_equal(one->looks[0].phase, 0);
	assert_int_equal(one->looks[1].phase, 1);
	assert_true(one->looks[0].alpha_spent < 0.006);
	assert_true(one->looks[1].alpha_spent == 0.05);
	level = one->looks[1].boundary;
	assert_true(level > 0.04 && level < 0.05);
	for (size_t i = 0; i < bed.session->sets[0].item_count; i++) {
		const struct tare_comparison *item = &bed.session->sets[0].items[i];

		if (strcmp(item->case_name, "slower@b") != 0 || !item->metric.gated)
			continue;
		assert_true(item->level == level);
		assert_int_equal(item->n, 20);
		assert_int_equal(item->verdict, TARE_VERDICT_REGRESSION);
	}
	bed_remove(&bed);
}

static void
confirming_needs_variants(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - {name: x, runner: replay, invocations: 6, replay: {wall: 10ms}}\n");
	bed.session->options.confirm = true;
	assert_int_equal(bed_run(&bed), TARE_INVALID);
	assert_string_equal(bed.err.text,
		"--confirm measures variants again and there are none here: give what is "
		"compared with as a variant");
	bed_remove(&bed);
}

static void
stops_when_the_count_is_used_up(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - name: x\n"
		       "    runner: replay\n"
		       "    precision: 0.0001%\n"
		       "    invocations: {min: 6, max: 33}\n"
		       "    replay: {wall: {distribution: lognormal, center: 1ms, spread: 10%}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_string_equal(bed_case(&bed, "x")->stop_reason, "count budget used up");
	assert_int_equal(bed_case(&bed, "x")->samples.total, 33);
	bed_remove(&bed);
}

static void
a_list_that_ends_ends_its_case_alone(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "defaults: {runner: replay}\n"
		       "variants:\n"
		       "  - {name: a, replay: {wall: [1ms, 2ms, 3ms]}}\n"
		       "  - {name: b, replay: {wall: 5ms}}\n"
		       "benchmarks: [{name: x}]\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x@a")->samples.total, 3);
	assert_int_equal(bed_case(&bed, "x@a")->status, TARE_CASE_OK);
	assert_in_range(bed_case(&bed, "x@b")->samples.total, 6, 1000);
	assert_int_equal(bed.session->run->status, TARE_RUN_COMPLETE);
	bed_remove(&bed);
}

static void
a_single_list_is_played_once(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - {name: x, runner: replay, replay: {wall: [1ms, 2ms, 3ms, 4ms]}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x")->samples.total, 4);
	assert_string_equal(bed_case(&bed, "x")->stop_reason, "all invocations done");
	bed_remove(&bed);
}

static void
many_invocations_are_all_journalled_and_thinned_in_memory(void **state)
{
	struct bed bed;
	const struct tare_samples *samples;

	(void)state;
	bed_make(&bed, "suite: s\n"
		       "benchmarks:\n"
		       "  - {name: x, runner: replay, invocations: 40000,\n"
		       "     replay: {wall: {distribution: normal, center: 1ms, spread: 5%}}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	samples = &bed_case(&bed, "x")->samples;
	assert_int_equal(samples->total, 40000);
	assert_int_equal(samples->stride, 4);
	assert_int_equal(samples->count, 10000);
	for (size_t i = 0; i < samples->count; i++)
		assert_int_equal(samples->pairs[i], 4 * i);
	/* Header, samples, stop, end. */
	assert_int_equal(bed_journal_lines(&bed), 40003);
	bed_remove(&bed);
}

static void
variants_are_thinned_alike(void **state)
{
	struct bed bed;
	const struct tare_samples *a, *b;

	(void)state;
	bed_make(&bed, TWO_VARIANTS("invocations: 17001") "    replay: {wall: 1ms}\n");
	bed.session->options.keep_journal = false;
	assert_int_equal(bed_run(&bed), TARE_OK);
	a = &bed_case(&bed, "x@a")->samples;
	b = &bed_case(&bed, "x@b")->samples;
	assert_int_equal(a->count, 8501);
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->pairs, b->pairs, a->count * sizeof(a->pairs[0]));
	bed_remove(&bed);
}

static void
check_refused(const char *suite, const char *wanted)
{
	struct bed bed;

	bed_make(&bed, suite);
	assert_int_equal(bed_run(&bed), TARE_INVALID);
	assert_string_equal(bed.err.text, wanted);
	assert_null(bed.session->run);
	bed_remove(&bed);
}

static void
what_no_machine_has_is_refused_before_anything_is_measured(void **state)
{
	(void)state;
	check_refused("suite: s\n"
		      "benchmarks:\n"
		      "  - {name: x, runner: replay, replay: {wall: 1ms}}\n"
		      "  - {name: y, command: 'true', runner: moon}\n",
		"suite.yaml:4:40: there is no runner \"moon\"; tare list runners names them");
	check_refused("suite: s\n"
		      "benchmarks:\n"
		      "  - {name: y, command: 'true', cpus: many}\n",
		"suite.yaml:3:38: cpus is \"many\"; expected none, a number of cores such as 2, "
		"CPUs such as 2-5 or 1,3, or cores:N, smt:N, spread:N, l3:N, numa:K.cores:N");
}

/* A stream that sets the flag of the bed when a case is finished. */
static ssize_t
interrupting_write(void *cookie, const char *text, size_t len)
{
	struct bed *bed = cookie;

	if (memmem(text, len, "n=", 2))
		bed->interrupted = 1;
	return (ssize_t)len;
}

static const char three_cases[] = "suite: s\n"
				  "defaults: {runner: replay}\n"
				  "benchmarks:\n"
				  "  - {name: x, invocations: 5, replay: {wall: 1ms}}\n"
				  "  - {name: y, invocations: 50, replay: {wall: {distribution: "
				  "normal, center: 20ms, spread: 1%}}}\n"
				  "  - {name: z, invocations: 50, replay: {wall: {distribution: "
				  "normal, center: 20ms, spread: 1%}}}\n";

static void
an_interrupted_run_keeps_what_was_measured(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, three_cases);
	bed.session->options.progress =
		fopencookie(&bed, "w", (cookie_io_functions_t){.write = interrupting_write});
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_true(bed.session->interrupted);
	assert_int_equal(bed.interrupted, 0);
	assert_int_equal(bed.session->run->status, TARE_RUN_INTERRUPTED);
	assert_int_equal(bed_case(&bed, "x")->samples.total, 5);
	assert_in_range(bed_case(&bed, "y")->samples.total, 0, 20);
	assert_null(bed_case(&bed, "y")->stop_reason);
	assert_true(bed_journal_has(&bed, "{\"type\":\"end\",\"status\":\"interrupted\""));
	fclose(bed.session->options.progress);
	bed_remove(&bed);
}

static void
an_interrupted_run_is_resumed_to_the_same_samples(void **state)
{
	struct bed whole, bed;

	(void)state;
	bed_make(&whole, three_cases);
	assert_int_equal(bed_run(&whole), TARE_OK);
	bed_make(&bed, three_cases);
	bed.session->options.progress =
		fopencookie(&bed, "w", (cookie_io_functions_t){.write = interrupting_write});
	assert_int_equal(bed_run(&bed), TARE_OK);
	fclose(bed.session->options.progress);
	assert_int_equal(bed_resume(&bed, three_cases), TARE_OK);
	assert_false(bed.session->interrupted);
	assert_int_equal(bed.session->run->status, TARE_RUN_COMPLETE);
	bed_assert_same_samples(bed.session->run, whole.session->run);
	bed_remove(&bed);
	bed_remove(&whole);
}

static void
an_early_signal_measures_nothing(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, three_cases);
	bed.interrupted = 1;
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_true(bed.session->interrupted);
	assert_int_equal(bed.session->run->invocation_count, 0);
	bed_remove(&bed);
}

static void
a_journal_that_cannot_be_written_ends_measuring_only(void **state)
{
	struct bed bed;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	setvbuf(full, NULL, _IONBF, 0);
	bed_make(&bed, three_cases);
	assert_int_equal(bed_describe(&bed), TARE_OK);
	tare_journal_close(bed.session->journal, NULL);
	bed.session->journal = tare_journal_on_stream(full);
	assert_int_equal(bed_measure(&bed), TARE_OK);
	assert_true(bed.session->broke_down);
	assert_int_equal(bed.session->deferred.status, TARE_OUTSIDE);
	assert_string_equal(bed.session->deferred.text,
		"measure: journal: cannot write: No space left on device");
	assert_int_equal(bed.session->run->status, TARE_RUN_INTERRUPTED);
	/* What the journal does not hold was not measured; there is a report all the same. */
	assert_int_equal(bed.session->run->invocation_count, 0);
	assert_true(bed.session->parts & TARE_PART_VERDICTS);
	bed_remove(&bed);
	fclose(full);
}

static void
a_variant_that_fails_leaves_the_others_to_be_compared(void **state)
{
	static const char three[] =
		"suite: s\n"
		"defaults: {warmup: 0, max_time: 200ms}\n"
		"benchmarks:\n"
		"  - name: x\n"
		"    variants:\n"
		"      - {name: a, replay: {wall: {distribution: normal, center: 2ms, spread: "
		"1%}}}\n"
		"      - {name: b, runner: host, command: no-such-program-here}\n"
		"      - {name: c, replay: {wall: {distribution: normal, center: 3ms, spread: "
		"1%}}}\n";
	struct bed bed;
	const struct tare_comparison_set *set;

	(void)state;
	setenv("TARE_AGENT", TEST_AGENT, 1);
	bed_make(&bed, three);
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed_case(&bed, "x@b")->status, TARE_CASE_FAILED);
	assert_string_equal(bed_case(&bed, "x@a")->stop_reason, "verdict reached");
	assert_string_equal(bed_case(&bed, "x@c")->stop_reason, "verdict reached");
	set = &bed.session->sets[0];
	assert_int_equal(set->item_count, 1);
	assert_string_equal(set->items[0].head_label, "c");
	assert_int_equal(set->items[0].verdict, TARE_VERDICT_REGRESSION);
	assert_int_equal(bed.session->run->warning_count, 0);
	bed_remove(&bed);
}

static void
without_the_first_variant_nothing_is_compared(void **state)
{
	static const char three[] =
		"suite: s\n"
		"defaults: {warmup: 0, precision: 1%, max_time: 10s}\n"
		"benchmarks:\n"
		"  - name: x\n"
		"    variants:\n"
		"      - {name: a, runner: host, command: no-such-program-here}\n"
		"      - {name: b, replay: {wall: {distribution: normal, center: 2ms, spread: "
		"1%}}}\n"
		"      - {name: c, replay: {wall: {distribution: normal, center: 3ms, spread: "
		"1%}}}\n";
	struct bed bed;

	(void)state;
	setenv("TARE_AGENT", TEST_AGENT, 1);
	bed_make(&bed, three);
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_string_equal(bed_case(&bed, "x@b")->stop_reason, "precision reached");
	assert_string_equal(bed_case(&bed, "x@c")->stop_reason, "precision reached");
	assert_int_equal(bed.session->sets[0].item_count, 0);
	assert_int_equal(bed.session->run->warning_count, 1);
	assert_string_equal(bed.session->run->warnings[0].text,
		"x@a failed, so that there is nothing to compare its other variants with");
	bed_remove(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_in_the_order_of_the_seed),
		cmocka_unit_test(labels_what_was_disturbed_and_measures_no_more),
		cmocka_unit_test(repeats_as_many_pairs_as_were_disturbed),
		cmocka_unit_test(repeats_within_the_budget_only),
		cmocka_unit_test(goes_on_repeating_where_it_was_cut_off),
		cmocka_unit_test(groups_take_turns),
		cmocka_unit_test(an_odd_count_ends_with_half_a_block),
		cmocka_unit_test(warmups_come_first_and_are_not_samples),
		cmocka_unit_test(stops_when_the_precision_is_reached),
		cmocka_unit_test(stops_when_the_verdict_is_reached),
		cmocka_unit_test(stops_when_the_time_is_used_up),
		cmocka_unit_test(the_time_of_variants_is_one_budget),
		cmocka_unit_test(a_small_budget_still_gives_the_smallest_count),
		cmocka_unit_test(confirming_measures_the_doubtful_again_and_nothing_else),
		cmocka_unit_test(confirming_needs_variants),
		cmocka_unit_test(stops_when_the_count_is_used_up),
		cmocka_unit_test(a_list_that_ends_ends_its_case_alone),
		cmocka_unit_test(a_single_list_is_played_once),
		cmocka_unit_test(many_invocations_are_all_journalled_and_thinned_in_memory),
		cmocka_unit_test(variants_are_thinned_alike),
		cmocka_unit_test(what_no_machine_has_is_refused_before_anything_is_measured),
		cmocka_unit_test(an_interrupted_run_keeps_what_was_measured),
		cmocka_unit_test(an_interrupted_run_is_resumed_to_the_same_samples),
		cmocka_unit_test(an_early_signal_measures_nothing),
		cmocka_unit_test(a_journal_that_cannot_be_written_ends_measuring_only),
		cmocka_unit_test(a_variant_that_fails_leaves_the_others_to_be_compared),
		cmocka_unit_test(without_the_first_variant_nothing_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
