#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/store/store.h"
#include "tests/support/files.h"
#include "tests/unit/stages/bed.h"

static const char suite[] = "suite: s\n"
			    "defaults: {runner: replay, invocations: 8, replay: {wall: 1ms}}\n"
			    "variants: [a, b]\n"
			    "benchmarks: [{name: x}]\n";

static char url[512];

static enum tare_status
store_after(struct bed *bed, enum tare_status measured)
{
	static const struct tare_stage *const stages[] = {&tare_stage_store};

	snprintf(url, sizeof(url), "sqlite:%s/results.db", bed->folder);
	bed->session->options.use_store = true;
	if (!bed->session->options.store_url)
		bed->session->options.store_url = url;
	assert_int_equal(measured, TARE_OK);
	return tare_stages_run(bed->session, stages, 1, &bed->err);
}

static void
check_stored(struct bed *bed, enum tare_run_status status, uint64_t total)
{
	struct tare_store *store;
	struct tare_run *run;

	assert_int_equal(tare_store_open(&store, url, NULL), TARE_OK);
	assert_int_equal(store->ops->get_run(store, &run, bed->session->run->id, NULL), TARE_OK);
	assert_int_equal(run->status, status);
	assert_int_equal(run->cases[0].samples.total, total);
	tare_run_free(run);
	tare_store_close(store);
}

static void
a_run_and_its_comparisons_are_kept(void **state)
{
	struct bed bed;
	struct tare_store *store;
	struct tare_comparison_set *sets;
	struct tare_arena *arena = tare_arena_new();
	size_t count;

	(void)state;
	bed_make(&bed, suite);
	assert_int_equal(store_after(&bed, bed_run(&bed)), TARE_OK);
	assert_int_equal(bed.session->deferred.status, TARE_OK);
	check_stored(&bed, TARE_RUN_COMPLETE, 8);
	assert_int_equal(tare_store_open(&store, url, NULL), TARE_OK);
	assert_int_equal(store->ops->get_comparisons(
				 store, &sets, &count, arena, bed.session->run->id, NULL),
		TARE_OK);
	assert_int_equal(count, 1);
	assert_string_equal(sets[0].base_label, "a");
	tare_store_close(store);
	tare_arena_free(arena);
	bed_remove(&bed);
}

static void
a_resumed_run_takes_the_place_of_what_was_interrupted(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, suite);
	bed.interrupted = 1;
	assert_int_equal(store_after(&bed, bed_run(&bed)), TARE_OK);
	check_stored(&bed, TARE_RUN_INTERRUPTED, 0);
	assert_int_equal(store_after(&bed, bed_resume(&bed, suite)), TARE_OK);
	assert_int_equal(bed.session->deferred.status, TARE_OK);
	check_stored(&bed, TARE_RUN_COMPLETE, 8);
	bed_remove(&bed);
}

static void
a_store_that_fails_is_deferred(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, suite);
	bed.session->options.store_url = "sqlite:/dev/null/results.db";
	assert_int_equal(store_after(&bed, bed_run(&bed)), TARE_OK);
	assert_int_equal(bed.session->deferred.status, TARE_OUTSIDE);
	assert_memory_equal(bed.session->deferred.text, "store: ", 7);
	assert_int_equal(bed.session->parts & TARE_PART_STORED, 0);
	bed_remove(&bed);
}

static void
nothing_is_stored_unless_wanted(void **state)
{
	static const struct tare_stage *const stages[] = {&tare_stage_store};
	struct bed bed;
	char path[400];
	FILE *file;

	(void)state;
	bed_make(&bed, suite);
	snprintf(path, sizeof(path), "%s/none.db", bed.folder);
	snprintf(url, sizeof(url), "sqlite:%s", path);
	bed.session->options.store_url = url;
	assert_int_equal(bed_run(&bed), TARE_OK);
	assert_int_equal(tare_stages_run(bed.session, stages, 1, &bed.err), TARE_OK);
	file = fopen(path, "r");
	assert_null(file);
	bed_remove(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_and_its_comparisons_are_kept),
		cmocka_unit_test(a_resumed_run_takes_the_place_of_what_was_interrupted),
		cmocka_unit_test(a_store_that_fails_is_deferred),
		cmocka_unit_test(nothing_is_stored_unless_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
