#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/pin/topology.h"
#include "harness/stages/stage.h"

#define SMT_MACHINE "pack:1 l3:1 core:4 pu:2(indexes=0,4,1,5,2,6,3,7)"
#define HYBRID      "tests/machines/topology/hybrid.xml"

/* One case on a machine; the run is the caller's. */
static struct tare_run *
place(const char *machine, const char *isolated, struct tare_case subject)
{
	const struct tare_plan plan = {.suite = "s", .cases = &subject, .case_count = 1};
	struct tare_arena *arena = tare_arena_new();
	struct tare_run *run = tare_run_new();
	struct tare_topology *topology;
	struct tare_topology_source source = {0};
	struct tare_bits bits = {0};

	if (strstr(machine, ".xml"))
		source.xml_path = machine;
	else
		source.synthetic = machine;
	if (isolated) {
		tare_bits_parse(&bits, isolated);
		source.isolated = &bits;
	}
	subject.name = "x";
	subject.benchmark = "x";
	subject.variant = "";
	if (!subject.runner)
		subject.runner = "host";
	tare_run_from_plan(run, &plan);
	assert_int_equal(tare_topology_read(&topology, arena, &source, NULL), TARE_OK);
	tare_stage_note_placement_on(run, &plan, topology);
	tare_arena_free(arena);
	return run;
}

static void
check(struct tare_run *run, const char *cpus, const char *placement, const char *warning)
{
	assert_string_equal(run->cases[0].cpus ? run->cases[0].cpus : "", cpus);
	assert_string_equal(run->cases[0].placement, placement);
	assert_int_equal(run->warning_count, warning ? 1 : 0);
	if (warning)
		assert_string_equal(run->warnings[0].text, warning);
	tare_run_free(run);
}

static void
what_was_chosen_is_on_record(void **state)
{
	(void)state;
	check(place(SMT_MACHINE, NULL, (struct tare_case){.cpus = "smt:4"}), "1-2,5-6",
		"smt:4: 4 CPUs of 2 cores", NULL);
	check(place(SMT_MACHINE, NULL,
		      (struct tare_case){
			      .cpus = "2", .numa = "interleave", .threads_pinned = true}),
		"1-2", "2: 2 cores; memory interleave; threads pinned", NULL);
}

static void
sharing_with_housekeeping_is_warned_of(void **state)
{
	(void)state;
	check(place(SMT_MACHINE, NULL, (struct tare_case){.cpus = "4"}), "0-3",
		"4: 4 cores, shared with tare",
		"x: CPUs 0-3 are also those of tare and most interrupts");
}

/* Without CPUs of the case's own its threads have all that tare may use, tare's own among them. */
static void
pinned_threads_without_cpus_share_all(void **state)
{
	(void)state;
	check(place(SMT_MACHINE, NULL, (struct tare_case){.threads_pinned = true}), "",
		"threads pinned to 0-7, shared with tare",
		"x: CPUs 0-7 are also those of tare and most interrupts");
	check(place(SMT_MACHINE, NULL, (struct tare_case){.cpus = "none", .threads_pinned = true}),
		"", "threads pinned to 0-7, shared with tare",
		"x: CPUs 0-7 are also those of tare and most interrupts");
}

/* The kernel leaves threads where they are on isolated CPUs, which may be all on one. */
static void
threads_may_stack_on_isolated_cpus(void **state)
{
	(void)state;
	check(place(SMT_MACHINE, "2-3,6-7", (struct tare_case){.cpus = "2"}), "2-3",
		"2: 2 cores, isolated",
		"x: the kernel does not balance over isolated CPUs, so threads may all run on one "
		"of 2-3");
	check(place(SMT_MACHINE, "2-3,6-7",
		      (struct tare_case){.cpus = "2", .threads_pinned = true}),
		"2-3", "2: 2 cores, isolated; threads pinned", NULL);
	check(place(SMT_MACHINE, "2-3,6-7", (struct tare_case){.cpus = "1"}), "2",
		"1: 1 core, isolated", NULL);
}

static void
cores_of_two_kinds_are_warned_of(void **state)
{
	(void)state;
	check(place(HYBRID, NULL, (struct tare_case){.cpus = "14-17"}), "14-17",
		"14-17: 4 CPUs of 3 mixed cores", "x: CPUs 14-17 are of cores of different speed");
	check(place(HYBRID, NULL, (struct tare_case){.cpus = "16-17"}), "16-17",
		"16-17: 2 IntelAtom cores", NULL);
}

static void
what_is_not_placed_says_nothing(void **state)
{
	(void)state;
	check(place(SMT_MACHINE, NULL, (struct tare_case){.cpus = "none"}), "", "", NULL);
	check(place(SMT_MACHINE, NULL, (struct tare_case){.cpus = "4", .runner = "replay"}), "", "",
		NULL);
	/* The runner says why. */
	check(place(SMT_MACHINE, NULL, (struct tare_case){.cpus = "9"}), "", "", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_chosen_is_on_record),
		cmocka_unit_test(sharing_with_housekeeping_is_warned_of),
		cmocka_unit_test(pinned_threads_without_cpus_share_all),
		cmocka_unit_test(threads_may_stack_on_isolated_cpus),
		cmocka_unit_test(cores_of_two_kinds_are_warned_of),
		cmocka_unit_test(what_is_not_placed_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
