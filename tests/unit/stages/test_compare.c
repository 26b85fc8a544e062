#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/files.h"
#include "tests/unit/stages/bed.h"

#define SLOWER(gate)                                                                              \
	"suite: s\n" gate "defaults: {runner: replay, invocations: 12}\n"                         \
	"benchmarks:\n"                                                                           \
	"  - name: x\n"                                                                           \
	"    variants:\n"                                                                         \
	"      - {name: a, replay: {wall: {distribution: normal, center: 10ms, spread: 0.5%}}}\n" \
	"      - {name: b, replay: {wall: {distribution: normal, center: 12ms, spread: 0.5%}}}\n"

static void
check_gate(const char *suite, const char *option, enum tare_gate_result wanted)
{
	struct bed bed;

	bed_make(&bed, suite);
	bed.session->options.gate = option;
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed.session->gate.result, wanted);
	assert_int_equal(bed.session->sets[0].items[0].verdict, TARE_VERDICT_REGRESSION);
	bed_remove(&bed);
}

static void
a_gate_is_asked_for_by_suite_or_option(void **state)
{
	(void)state;
	check_gate(SLOWER(""), NULL, TARE_GATE_NOT_ASKED);
	check_gate(SLOWER("gate: {fail_on: [regression]}\n"), NULL, TARE_GATE_FAILED);
	check_gate(SLOWER("gate: {fail_on: [inconclusive]}\n"), NULL, TARE_GATE_PASSED);
	check_gate(SLOWER(""), "regression", TARE_GATE_FAILED);
	check_gate(SLOWER("gate: {fail_on: [regression]}\n"), "improvement", TARE_GATE_PASSED);
	check_gate(SLOWER("gate: {fail_on: [regression]}\n"), "none", TARE_GATE_NOT_ASKED);
	check_gate(SLOWER("gate: {fail_on: [regression]}\n"), "none", TARE_GATE_NOT_ASKED);
}

static void
a_margin_goes_over_those_of_the_metrics(void **state)
{
	const double margin = 0.5;
	struct bed bed;

	(void)state;
	bed_make(&bed, SLOWER(""));
	bed.session->options.margin = &margin;
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(bed.session->sets[0].items[0].verdict, TARE_VERDICT_NO_CHANGE);
	bed_remove(&bed);
}

static void
check_parse(const char *text, unsigned wanted)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_gate gate;

	assert_int_equal(tare_stage_gate_parse(&gate, text, arena, NULL), TARE_OK);
	assert_true(gate.asked_for);
	assert_int_equal(gate.fail_on, wanted);
	tare_arena_free(arena);
}

static void
a_gate_is_a_list_of_verdicts(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_gate gate = {.fail_on = 77};
	struct tare_err err;

	(void)state;
	check_parse("regression", 1u << TARE_VERDICT_REGRESSION);
	check_parse("inconclusive,regression",
		1u << TARE_VERDICT_REGRESSION | 1u << TARE_VERDICT_INCONCLUSIVE);
	check_parse("no_change", 1u << TARE_VERDICT_NO_CHANGE);
	assert_int_equal(tare_stage_gate_parse(&gate, "", arena, &err), TARE_INVALID);
	assert_string_equal(
		err.text, "--gate is empty; expected verdicts like regression,inconclusive");
	assert_int_equal(tare_stage_gate_parse(&gate, ",,", arena, &err), TARE_INVALID);
	assert_int_equal(gate.fail_on, 77);
	tare_arena_free(arena);
}

static void
shapes_that_cannot_be_trusted_are_warned_of(void **state)
{
	struct bed bed;
	const struct tare_run *run;

	(void)state;
	bed_make(&bed,
		"suite: s\n"
		"defaults: {runner: replay}\n"
		"benchmarks:\n"
		"  - {name: good, invocations: 20,\n"
		"     replay: {wall: {distribution: normal, center: 1ms, spread: 1%}}}\n"
		"  - {name: wild, replay: {wall: [1ms, 1.01ms, 1.02ms, 1.03ms, 1.01ms, 1.02ms,\n"
		"     1.01ms, 1.02ms, 1.03ms, 1ms, 9ms, 8ms, 9ms]}}\n");
	assert_int_equal(bed_run(&bed), TARE_OK);
	run = bed.session->run;
	assert_in_range(run->warning_count, 1, 2);
	assert_string_equal(run->warnings[0].id, "outliers");
	assert_string_equal(run->warnings[0].text, "wild: 3 of 13 invocations are severe outliers");
	bed_remove(&bed);
}

#define ONE(center)                                                 \
	"suite: s\n"                                                \
	"benchmarks: [{name: x, runner: replay, invocations: 20,\n" \
	"  replay: {wall: {distribution: normal, center: " center ", spread: 0.5%}}}]\n"

static void
a_baseline_may_be_a_journal(void **state)
{
	struct bed base, head;

	(void)state;
	bed_make(&base, ONE("10ms"));
	assert_int_equal(bed_run(&base), TARE_OK);
	bed_make(&head, ONE("11ms"));
	head.session->options.baseline = base.journal;
	assert_int_equal(bed_run(&head), TARE_OK);
	assert_int_equal(head.session->set_count, 2);
	assert_int_equal(head.session->sets[0].item_count, 0);
	assert_true(head.session->sets[1].across_runs);
	assert_int_equal(head.session->sets[1].items[0].verdict, TARE_VERDICT_REGRESSION);
	bed_remove(&base);
	bed_remove(&head);
}

static void
a_baseline_that_is_not_there_costs_no_measuring(void **state)
{
	struct bed bed;
	char url[512];

	(void)state;
	bed_make(&bed, ONE("10ms"));
	snprintf(url, sizeof(url), "sqlite:%s/none.db", bed.folder);
	bed.session->options.store_url = url;
	bed.session->options.baseline = "v0";
	assert_int_equal(bed_run(&bed), TARE_NOT_FOUND);
	assert_memory_equal(bed.err.text, "baseline: ", 10);
	assert_null(bed.session->run);
	bed_remove(&bed);
}

static void
a_folder_does_not_hide_a_release(void **state)
{
	struct bed bed;
	char url[512];

	(void)state;
	bed_make(&bed, ONE("10ms"));
	snprintf(url, sizeof(url), "sqlite:%s/none.db", bed.folder);
	bed.session->options.store_url = url;
	bed.session->options.baseline = bed.folder;
	assert_int_equal(bed_run(&bed), TARE_NOT_FOUND);
	bed_remove(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gate_is_asked_for_by_suite_or_option),
		cmocka_unit_test(a_margin_goes_over_those_of_the_metrics),
		cmocka_unit_test(a_gate_is_a_list_of_verdicts),
		cmocka_unit_test(shapes_that_cannot_be_trusted_are_warned_of),
		cmocka_unit_test(a_baseline_may_be_a_journal),
		cmocka_unit_test(a_baseline_that_is_not_there_costs_no_measuring),
		cmocka_unit_test(a_folder_does_not_hide_a_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
