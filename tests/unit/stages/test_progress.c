#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stages/progress.h"
#include "tests/support/sample_run.h"

static const uint64_t second_ns = 1000000000;

struct fixture {
	struct tare_progress progress;
	struct tare_run *run;
	uint64_t now_ns;
	char *text;
	size_t len;
	FILE *out;
};

static struct fixture *
fixture_new(bool terminal, int width)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->out = open_memstream(&fixture->text, &fixture->len);
	tare_progress_begin(&fixture->progress, fixture->out, terminal, width, 3);
	fixture->now_ns = second_ns;
	fixture->progress.clock = tare_clock_fake(&fixture->now_ns);
	fixture->run = sample_run_new("20260102-030405-00000a");
	sample_run_add_case(fixture->run, "gzip", "base", 0);
	sample_run_add_case(fixture->run, "gzip", "head", 0);
	return fixture;
}

static void
fixture_free(struct fixture *fixture)
{
	fclose(fixture->out);
	free(fixture->text);
	tare_run_free(fixture->run);
	free(fixture);
}

static void
add_walls(struct fixture *fixture, size_t index)
{
	static const double walls[] = {10e6, 10.1e6, 10.2e6, 9.9e6, 9.8e6, 10e6, 10.05e6, 9.95e6};

	sample_run_add_values(fixture->run, index, TARE_METRIC_WALL, walls, 8);
}

static void
assert_text(struct fixture *fixture, const char *wanted)
{
	fflush(fixture->out);
	assert_string_equal(fixture->text, wanted);
}

static void
a_terminal_shows_what_runs_how_far_and_how_long(void **state)
{
	struct fixture *fixture = fixture_new(true, 80);

	(void)state;
	tare_progress_draw(&fixture->progress, &fixture->run->cases[0], 0);
	assert_text(fixture, "\r[0/3]  gzip@base: warming up\033[K");
	add_walls(fixture, 0);
	fixture->now_ns += second_ns;
	tare_progress_draw(&fixture->progress, &fixture->run->cases[0], 4200000000);
	assert_text(fixture, "\r[0/3]  gzip@base: warming up\033[K"
			     "\r[0/3] at most 5 s left  gzip@base: 10 ms \u00b1 2 %, n=8\033[K");
	fixture_free(fixture);
}

static void
a_terminal_is_drawn_ten_times_a_second(void **state)
{
	struct fixture *fixture = fixture_new(true, 80);
	size_t len;

	(void)state;
	assert_true(tare_progress_due(&fixture->progress));
	tare_progress_draw(&fixture->progress, &fixture->run->cases[0], 0);
	fflush(fixture->out);
	len = fixture->len;
	fixture->now_ns += 99999999;
	assert_false(tare_progress_due(&fixture->progress));
	tare_progress_draw(&fixture->progress, &fixture->run->cases[0], 0);
	fflush(fixture->out);
	assert_int_equal(fixture->len, len);
	fixture->now_ns += 1;
	assert_true(tare_progress_due(&fixture->progress));
	tare_progress_draw(&fixture->progress, &fixture->run->cases[0], 0);
	fflush(fixture->out);
	assert_true(fixture->len > len);
	fixture_free(fixture);
}

static void
the_line_is_taken_away(void **state)
{
	struct fixture *fixture = fixture_new(true, 80);

	(void)state;
	tare_progress_clear(&fixture->progress);
	assert_text(fixture, "");
	tare_progress_step(&fixture->progress, "gzip@base", "setup");
	tare_progress_clear(&fixture->progress);
	tare_progress_clear(&fixture->progress);
	assert_text(fixture, "\r[0/3]  gzip@base: setup\033[K\r\033[K");
	fixture_free(fixture);
}

static void
a_narrow_terminal_shortens_the_name(void **state)
{
	struct fixture *fixture = fixture_new(true, 40);

	(void)state;
	tare_progress_step(
		&fixture->progress, "a name that is very long and goes on and on", "setup");
	assert_text(fixture, "\r[0/3]  a name that …es on and on: setup\033[K");
	fixture_free(fixture);
}

static void
a_name_is_cut_between_characters(void **state)
{
	struct fixture *fixture = fixture_new(true, 24);

	(void)state;
	tare_progress_step(&fixture->progress,
		"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4",
		"setup");
	assert_text(
		fixture, "\r[0/3]  \u00e4\u00e4\u00e4\u00e4…\u00e4\u00e4\u00e4\u00e4: setup\033[K");
	fixture_free(fixture);
}

static void
wide_characters_take_two_columns(void **state)
{
	struct fixture *fixture = fixture_new(true, 24);

	(void)state;
	tare_progress_step(&fixture->progress, "測測測測測測測測", "setup");
	assert_text(fixture, "\r[0/3]  測測…測測: setup\033[K");
	fixture_free(fixture);
}

static void
a_name_does_not_drive_the_terminal(void **state)
{
	struct fixture *fixture = fixture_new(true, 80);

	(void)state;
	tare_progress_step(&fixture->progress, "a\033[2Jb\n", "setup");
	assert_text(fixture, "\r[0/3]  a\\x1b[2Jb\\n: setup\033[K");
	fixture_free(fixture);
}

static void
a_terminal_tells_of_failures_at_once(void **state)
{
	struct fixture *fixture = fixture_new(true, 80);

	(void)state;
	add_walls(fixture, 0);
	sample_run_fail(fixture->run, 1, "exit code 1, expected 0", NULL);
	tare_progress_group_over(&fixture->progress, fixture->run, 0, 2);
	assert_text(fixture, "gzip@head: failed: exit code 1, expected 0\n");
	assert_int_equal(fixture->progress.groups_over, 1);
	fixture_free(fixture);
}

static void
without_a_terminal_finished_cases_are_plain_lines(void **state)
{
	struct fixture *fixture = fixture_new(false, 80);

	(void)state;
	tare_progress_draw(&fixture->progress, &fixture->run->cases[0], 5);
	tare_progress_step(&fixture->progress, "gzip@base", "setup");
	assert_text(fixture, "");
	add_walls(fixture, 0);
	fixture->run->cases[0].stop_reason = "verdict reached";
	sample_run_fail(fixture->run, 1, "it\033[2J", NULL);
	tare_progress_group_over(&fixture->progress, fixture->run, 0, 2);
	assert_text(fixture, "gzip@base: 10 ms [9.8 ms, 10.2 ms], n=8 (verdict reached)\n"
			     "gzip@head: failed: it\\x1b[2J\n");
	fixture_free(fixture);
}

static void
too_few_samples_have_no_interval(void **state)
{
	static const double walls[] = {10e6, 12e6};
	struct fixture *fixture = fixture_new(false, 80);

	(void)state;
	sample_run_add_values(fixture->run, 0, TARE_METRIC_WALL, walls, 2);
	tare_progress_group_over(&fixture->progress, fixture->run, 0, 2);
	assert_text(fixture, "gzip@base: 11 ms, n=2\ngzip@head: no samples, n=0\n");
	fixture_free(fixture);
}

static void
a_case_without_wall_shows_what_it_has(void **state)
{
	static const double rates[] = {1e6, 2e6, 3e6};
	struct fixture *fixture = fixture_new(false, 80);
	size_t metric = sample_run_add_metric(
		fixture->run, 0, "rate", "bytes/s", TARE_HIGHER_IS_BETTER, 0.02);

	(void)state;
	sample_run_add_values(fixture->run, 0, metric, rates, 3);
	tare_progress_group_over(&fixture->progress, fixture->run, 0, 1);
	assert_text(fixture, "gzip@base: 2 MB/s, n=3\n");
	fixture_free(fixture);
}

static void
notes_stand_on_a_line_of_their_own(void **state)
{
	struct fixture *fixture = fixture_new(true, 80);

	(void)state;
	tare_progress_step(&fixture->progress, "gzip@base", "setup");
	tare_progress_note(&fixture->progress, "building %s", "head\n");
	assert_text(fixture, "\r[0/3]  gzip@base: setup\033[K\r\033[Kbuilding head\\n\n");
	fixture_free(fixture);
}

static void
without_a_stream_nothing_is_done(void **state)
{
	struct fixture *fixture = fixture_new(true, 80);

	(void)state;
	fixture->progress.out = NULL;
	assert_false(tare_progress_due(&fixture->progress));
	tare_progress_draw(&fixture->progress, &fixture->run->cases[0], 5);
	tare_progress_step(&fixture->progress, "gzip@base", "setup");
	tare_progress_note(&fixture->progress, "note");
	tare_progress_group_over(&fixture->progress, fixture->run, 0, 2);
	tare_progress_clear(&fixture->progress);
	assert_text(fixture, "");
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_shows_what_runs_how_far_and_how_long),
		cmocka_unit_test(a_terminal_is_drawn_ten_times_a_second),
		cmocka_unit_test(the_line_is_taken_away),
		cmocka_unit_test(a_narrow_terminal_shortens_the_name),
		cmocka_unit_test(a_name_is_cut_between_characters),
		cmocka_unit_test(wide_characters_take_two_columns),
		cmocka_unit_test(a_name_does_not_drive_the_terminal),
		cmocka_unit_test(a_terminal_tells_of_failures_at_once),
		cmocka_unit_test(without_a_terminal_finished_cases_are_plain_lines),
		cmocka_unit_test(too_few_samples_have_no_interval),
		cmocka_unit_test(a_case_without_wall_shows_what_it_has),
		cmocka_unit_test(notes_stand_on_a_line_of_their_own),
		cmocka_unit_test(without_a_stream_nothing_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
