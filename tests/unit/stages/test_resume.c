#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/files.h"
#include "tests/unit/stages/bed.h"

/* Something of every kind: blocks that end by verdict, precision, time and count, with warm-ups. */
static const char mixed[] =
	"suite: s\n"
	"defaults: {runner: replay, warmup: 2, max_time: 300ms}\n"
	"benchmarks:\n"
	"  - name: pair\n"
	"    variants:\n"
	"      - {name: a, replay: {wall: {distribution: normal, center: 2ms, spread: 8%}}}\n"
	"      - {name: b, replay: {wall: {distribution: normal, center: 3ms, spread: 8%}}}\n"
	"  - name: timed\n"
	"    precision: 0.0001%\n"
	"    replay: {wall: {distribution: lognormal, center: 7ms, spread: 30%}}\n"
	"  - name: precise\n"
	"    replay: {wall: {distribution: normal, center: 1ms, spread: 5%}}\n"
	"  - name: fixed\n"
	"    invocations: 25\n"
	"    replay: {wall: 1ms, user: {distribution: normal, center: 1ms, spread: 5%}}\n"
	"  - name: three\n"
	"    invocations: 9\n"
	"    variants: [p, q, r]\n"
	"    replay: {wall: {distribution: normal, center: 1ms, spread: 5%}}\n"
	"  - name: tight\n"
	"    precision: 0.0001%\n"
	"    variants: [p, q]\n"
	"    replay: {wall: {distribution: normal, center: 20ms, spread: 40%}}\n";

/* The run that nothing stopped, and the text of its journal. */
struct reference {
	struct bed bed;
	char *text;
	size_t len;
	size_t lines;
};

static void
reference_make(struct reference *reference)
{
	bed_make(&reference->bed, mixed);
	assert_int_equal(bed_run(&reference->bed), TARE_OK);
	reference->text = test_file_read(reference->bed.journal, &reference->len);
	reference->lines = bed_journal_lines(&reference->bed);
	assert_in_range(reference->lines, 150, 2000);
}

static void
reference_remove(struct reference *reference)
{
	free(reference->text);
	bed_remove(&reference->bed);
}

static void
check_resumed(struct reference *reference, struct bed *bed, size_t lines, size_t bytes)
{
	test_file_write(bed->journal, reference->text, reference->len);
	bed_cut_journal(bed, lines, bytes);
	assert_int_equal(bed_resume(bed, mixed), TARE_OK);
	assert_int_equal(bed->session->run->status, TARE_RUN_COMPLETE);
	bed_assert_same_samples(bed->session->run, reference->bed.session->run);
	for (size_t i = 0; i < bed->session->run->case_count; i++)
		assert_string_equal(bed->session->run->cases[i].stop_reason,
			reference->bed.session->run->cases[i].stop_reason);
}

static void
a_run_cut_anywhere_ends_as_if_nothing_had_been(void **state)
{
	struct reference reference;
	struct bed bed;

	(void)state;
	reference_make(&reference);
	bed_make(&bed, mixed);
	/* The last line is the end, after which there is nothing to resume. */
	for (size_t lines = 1; lines < reference.lines; lines += 1 + reference.lines / 24)
		check_resumed(&reference, &bed, lines, 0);
	bed_remove(&bed);
	reference_remove(&reference);
}

static void
a_run_cut_while_it_confirms_confirms_the_same(void **state)
{
	struct reference reference;
	struct bed bed;

	(void)state;
	bed_make(&reference.bed, mixed);
	reference.bed.session->options.confirm = true;
	assert_int_equal(bed_run(&reference.bed), TARE_OK);
	reference.text = test_file_read(reference.bed.journal, &reference.len);
	reference.lines = bed_journal_lines(&reference.bed);
	assert_int_equal(bed_case(&reference.bed, "three@p")->samples.total, 18);
	bed_make(&bed, mixed);
	bed.confirm = true;
	for (size_t lines = 1; lines < reference.lines; lines += 1 + reference.lines / 40)
		check_resumed(&reference, &bed, lines, 0);
	bed_remove(&bed);
	reference_remove(&reference);
}

/* In the middle of a block, and before and after the looks of the adaptive groups. */
static void
a_run_cut_inside_a_block_ends_it(void **state)
{
	struct reference reference;
	struct bed bed;

	(void)state;
	reference_make(&reference);
	bed_make(&bed, mixed);
	for (size_t lines = reference.lines - 38; lines < reference.lines - 24; lines++)
		check_resumed(&reference, &bed, lines, 0);
	bed_remove(&bed);
	reference_remove(&reference);
}

static void
what_is_resumed_is_the_journal_of_a_whole_run(void **state)
{
	struct reference reference;
	struct bed bed;
	struct tare_run *read;

	(void)state;
	reference_make(&reference);
	bed_make(&bed, mixed);
	check_resumed(&reference, &bed, 77, 0);
	assert_int_equal(tare_journal_read(&read, bed.journal, 0, NULL), TARE_OK);
	bed_assert_same_samples(read, reference.bed.session->run);
	assert_int_equal(read->status, TARE_RUN_COMPLETE);
	assert_true(read->invocation_count >= reference.bed.session->run->invocation_count);
	tare_run_free(read);
	bed_remove(&bed);
	reference_remove(&reference);
}

static void
a_torn_line_is_measured_again_and_warned_of(void **state)
{
	struct reference reference;
	struct bed bed;

	(void)state;
	reference_make(&reference);
	bed_make(&bed, mixed);
	check_resumed(&reference, &bed, 40, 30);
	assert_int_equal(bed.session->run->warning_count, 1);
	assert_string_equal(bed.session->run->warnings[0].id, "journal_cut");
	bed_remove(&bed);
	reference_remove(&reference);
}

static void
a_run_may_be_cut_again_and_again(void **state)
{
	struct reference reference;
	struct bed bed;

	(void)state;
	reference_make(&reference);
	bed_make(&bed, mixed);
	check_resumed(&reference, &bed, 20, 0);
	for (size_t lines = 40; lines < reference.lines; lines += 50) {
		bed_cut_journal(&bed, lines, 0);
		assert_int_equal(bed_resume(&bed, mixed), TARE_OK);
		bed_assert_same_samples(bed.session->run, reference.bed.session->run);
	}
	bed_remove(&bed);
	reference_remove(&reference);
}

static void
the_last_run_of_several_is_the_one_resumed(void **state)
{
	static const char suite[] =
		"suite: s\n"
		"benchmarks: [{name: x, runner: replay, invocations: 9, replay: {wall: 1ms}}]\n";
	struct bed bed;
	char *first, *both, id[TARE_RUN_ID_MAX];
	size_t len = 0;

	(void)state;
	bed_make(&bed, suite);
	assert_int_equal(bed_run(&bed), TARE_OK);
	first = test_file_read(bed.journal, &len);
	remove(bed.journal);
	bed_again(&bed, suite);
	assert_int_equal(bed_run(&bed), TARE_OK);
	strcpy(id, bed.session->run->id);
	bed_cut_journal(&bed, 4, 0);
	both = test_file_read(bed.journal, NULL);
	first = realloc(first, len + strlen(both) + 1);
	assert_non_null(first);
	strcpy(first + len, both);
	test_file_write(bed.journal, first, strlen(first));
	assert_int_equal(bed_resume(&bed, suite), TARE_OK);
	assert_string_equal(bed.session->run->id, id);
	assert_int_equal(bed_case(&bed, "x")->samples.total, 9);
	free(both);
	free(first);
	bed_remove(&bed);
}

/* Caches are cold again by then. A case that was over stays as it was. */
static void
a_case_that_goes_on_is_warmed_up_again(void **state)
{
	static const char suite[] = "suite: s\n"
				    "defaults: {runner: replay, warmup: 2, replay: {wall: 1ms}}\n"
				    "benchmarks:\n"
				    "  - {name: over, invocations: 1}\n"
				    "  - {name: half, invocations: 600}\n";
	struct bed bed;

	(void)state;
	bed_make(&bed, suite);
	assert_int_equal(bed_run(&bed), TARE_OK);
	/* In the last of its batches, when the other was long over. */
	bed_cut_journal(&bed, bed_journal_lines(&bed) - 5, 0);
	assert_true(bed_journal_has(&bed, "\"stop\",\"case\":0"));
	assert_int_equal(bed_resume(&bed, suite), TARE_OK);
	assert_int_equal(bed_case(&bed, "over")->warmup_count, 2);
	assert_int_equal(bed_case(&bed, "half")->warmup_count, 4);
	assert_int_equal(bed_case(&bed, "half")->samples.total, 600);
	/* They count on, so that no two lines say the same. */
	assert_true(bed_journal_has(&bed, "\"case\":1,\"pair\":3,\"start_ns\":"));
	bed_remove(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_cut_anywhere_ends_as_if_nothing_had_been),
		cmocka_unit_test(a_run_cut_inside_a_block_ends_it),
		cmocka_unit_test(a_run_cut_while_it_confirms_confirms_the_same),
		cmocka_unit_test(what_is_resumed_is_the_journal_of_a_whole_run),
		cmocka_unit_test(a_torn_line_is_measured_again_and_warned_of),
		cmocka_unit_test(a_run_may_be_cut_again_and_again),
		cmocka_unit_test(the_last_run_of_several_is_the_one_resumed),
		cmocka_unit_test(a_case_that_goes_on_is_warmed_up_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
