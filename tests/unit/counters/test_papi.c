#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/counters/counters.h"
#include "harness/counters/perf.h"
#include "tests/support/perf_shim.h"

static const struct tare_counter_place here = {.root = ""};
static struct tare_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = tare_arena_new();
	perf_shim = (struct perf_shim){.has_pmu = true};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static void
leaves_portable_names_without_a_preset_to_others(void **state)
{
	struct tare_counter_source source;

	(void)state;
	assert_int_equal(tare_counters_papi.find(&source, arena, &here, "page-faults", NULL),
		TARE_NOT_FOUND);
}

#if !TEST_HAS_PAPI

static void
says_that_it_was_not_built(void **state)
{
	static const char sentence[] =
		"tare was built without PAPI; install libpapi-dev and build it again";
	struct tare_counter_source source;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_counters_papi.supported(&here, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, sentence);
	assert_int_equal(tare_counters_papi.find(&source, arena, &here, "PAPI_TOT_INS", &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text, sentence);
	assert_int_equal(
		tare_counters_papi.find(&source, arena, &here, "cycles", &err), TARE_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_that_it_was_not_built, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_portable_names_without_a_preset_to_others, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Which CPUs PAPI has presets for is its own affair; its generic events are always there. */
static const char generic[] = "perf::INSTRUCTIONS";

static struct tare_counter_source
found(const char *name)
{
	struct tare_counter_source source = {0};
	struct tare_err err = {0};

	if (tare_counters_papi.find(&source, arena, &here, name, &err) != TARE_OK)
		fail_msg("%s: %s", name, err.text);
	source.ops = &tare_counters_papi;
	return source;
}

static void
believes_no_code_but_ok(void **state)
{
	struct tare_counter_source source;
	struct tare_err err = {0};

	(void)state;
	/* Without a PMU PAPI refuses to attach: ignored, that would count the harness itself. */
	perf_shim = (struct perf_shim){0};
	if (tare_counters_perf.supported(&here, NULL) == TARE_OK)
		skip();
	assert_int_equal(
		tare_counters_papi.find(&source, arena, &here, generic, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "PAPI_set_opt(PAPI_INHERIT): Event does not exist (-7)");
}

static void
finds_native_events_by_their_names(void **state)
{
	struct tare_counter_source source = found(generic);

	(void)state;
	assert_string_equal(source.origin.event, generic);
	assert_true(source.hardware);
	assert_int_equal(
		tare_counters_papi.find(&source, arena, &here, "perf::NO_SUCH_EVENT", NULL),
		TARE_NOT_FOUND);
}

static void
does_not_believe_an_event_that_stays_zero(void **state)
{
	struct tare_counter_source source;

	(void)state;
	perf_shim.in_error = true;
	assert_int_equal(
		tare_counters_papi.find(&source, arena, &here, generic, NULL), TARE_UNSUPPORTED);
}

/* The trap of the facts: options after the events give zeros and no error. */
static void
counts_a_child_through_the_descriptor_that_papi_opened(void **state)
{
	struct tare_counter_source source = found(generic);
	const struct tare_counter_source *const sources[] = {&source};
	const struct tare_counter_target self = {.pid = getpid(), .cpu = -1};
	struct tare_attachment attachment = {.targets = 1};
	uint64_t before = 0, after = 0;
	struct tare_err err = {0};
	int status;
	pid_t pid;

	(void)state;
	if (tare_counters_papi.attach(&attachment, sources, 1, &self, &err) != TARE_OK)
		fail_msg("%s", err.text);
	assert_int_equal(attachment.count, 1);
	assert_true(read(attachment.fds[0], &before, sizeof(before)) == sizeof(before));
	pid = fork();
	if (pid == 0) {
		tare_counters_exercise();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(attachment.fds[0], &after, sizeof(after)) == sizeof(after));
	assert_true(after > before);
	tare_counters_detach(&attachment);
	/* And again: PAPI gave everything back. */
	attachment.targets = 1;
	assert_int_equal(tare_counters_papi.attach(&attachment, sources, 1, &self, NULL), TARE_OK);
	tare_counters_detach(&attachment);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(believes_no_code_but_ok, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_portable_names_without_a_preset_to_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			finds_native_events_by_their_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			does_not_believe_an_event_that_stays_zero, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counts_a_child_through_the_descriptor_that_papi_opened, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
