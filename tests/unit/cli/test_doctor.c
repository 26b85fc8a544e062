#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/cli/doctor.h"

static const char workstation[] = "tests/machines/workstation";
static const char quiet[] = "tests/machines/quiet";

struct visit {
	struct tare_arena *arena;
	struct tare_doctor doctor;
	struct tare_finding findings[TARE_FINDINGS_MAX];
	size_t count;
};

static int
set_up(void **state)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	visit->arena = tare_arena_new();
	*state = visit;
	return 0;
}

static int
tear_down(void **state)
{
	struct visit *visit = *state;

	tare_arena_free(visit->arena);
	free(visit);
	return 0;
}

static void
examine(struct visit *visit)
{
	visit->count = tare_doctor_examine(visit->findings, visit->arena, &visit->doctor);
}

static void
visit_machine(struct visit *visit, const char *root)
{
	tare_doctor_inspect(&visit->doctor, visit->arena, root);
	examine(visit);
}

static const struct tare_finding *
find(const struct visit *visit, const char *id)
{
	for (size_t i = 0; i < visit->count; i++) {
		if (strcmp(visit->findings[i].id, id) == 0)
			return &visit->findings[i];
	}
	fail_msg("no finding %s", id);
	return NULL;
}

static void
expect(const struct visit *visit, const char *id, enum tare_finding_level level, const char *text,
	const char *remedy)
{
	const struct tare_finding *finding = find(visit, id);

	assert_string_equal(finding->text, text);
	assert_string_equal(
		tare_finding_level_name(finding->level), tare_finding_level_name(level));
	if (remedy)
		assert_string_equal(finding->remedy, remedy);
	else
		assert_null(finding->remedy);
}

static void
a_noisy_machine_is_told_what_to_do_about_each_thing(void **state)
{
	struct visit *visit = *state;

	visit_machine(visit, workstation);
	expect(visit, "governor", TARE_FINDING_WARNING,
		"powersave, and quieter is performance: how the kernel chooses a CPU's frequency",
		"tare run --tune=governor; to stay: tare tune governor");
	expect(visit, "turbo", TARE_FINDING_WARNING,
		"on, and quieter is off: whether Intel CPUs go above their base frequency while "
		"they are cool",
		"tare run --tune=turbo; to stay: tare tune turbo");
	expect(visit, "boost", TARE_FINDING_FINE, "not here: the frequency driver has no boost",
		NULL);
	expect(visit, "irq-affinity", TARE_FINDING_NOTE,
		"mixed, and quieter is 0: which CPUs take interrupts of devices",
		"tare run --tune=irq-affinity; to stay: tare tune irq-affinity");
	expect(visit, "irqbalance", TARE_FINDING_NOTE,
		"irqbalance runs, and moves interrupts back to any CPU",
		"stop it while measuring: systemctl stop irqbalance");
	expect(visit, "throttling", TARE_FINDING_WARNING,
		"slowdowns of CPUs by heat since the machine was booted: 18",
		"cool the machine better, or switch turbo off: tare run --tune=turbo");
	expect(visit, "limits", TARE_FINDING_WARNING, "the cgroup may use 1.5 CPUs of time",
		"run tare in a cgroup without a quota: programs are stopped in the middle where it "
		"is used up");
	expect(visit, "swapped", TARE_FINDING_WARNING,
		"1 GiB are swapped out, and come back while something is measured",
		"free memory, then as root: swapoff -a && swapon -a");
	expect(visit, "aslr", TARE_FINDING_WARNING,
		"addresses are not randomised: one layout is measured as if it were all",
		"sysctl kernel.randomize_va_space=2");
	expect(visit, "clock", TARE_FINDING_WARNING, "clock source hpet",
		"tsc is faster where the kernel lets it be; dmesg | grep -i tsc says why it does "
		"not");
	expect(visit, "cores", TARE_FINDING_NOTE,
		"1 package, 2 cores, 4 CPUs, of which 4 may be used",
		"measure where there are more cores: tare, interrupts and what is measured get in "
		"each other's way");
	expect(visit, "virtual", TARE_FINDING_NOTE,
		"a virtual machine: what its neighbours take is not seen from here",
		"compare variants within one run; for figures that stand alone use a machine of "
		"your own");
	assert_int_equal(find(visit, "smt")->level, TARE_FINDING_NOTE);
	assert_int_equal(find(visit, "isolation")->level, TARE_FINDING_NOTE);
}

/* taskset(1) and cpusets leave as little room as a small machine does. */
static void
cores_that_may_not_be_used_do_not_count(void **state)
{
	struct visit *visit = *state;
	struct tare_environment *environment = &visit->doctor.environment;

	tare_doctor_inspect(&visit->doctor, visit->arena, quiet);
	for (size_t i = 0; i < environment->fact_count; i++) {
		if (strcmp(environment->facts[i].key, "cpu.allowed") == 0)
			environment->facts[i].value = "1";
	}
	examine(visit);
	expect(visit, "cores", TARE_FINDING_WARNING,
		"1 package, 4 cores, 4 CPUs, of which 1 may be used",
		"measure where there are more cores: tare, interrupts and what is measured get in "
		"each other's way");
}

/* What only trying tells is left: a recorded machine cannot be tried. */
static void
a_quiet_machine_has_nothing_to_be_told(void **state)
{
	struct visit *visit = *state;
	size_t untried = 0;

	visit_machine(visit, quiet);
	for (size_t i = 0; i < visit->count; i++) {
		const struct tare_finding *finding = &visit->findings[i];

		if (finding->remedy &&
			strcmp(finding->remedy, "run tare doctor on the machine itself") == 0) {
			untried++;
			continue;
		}
		if (finding->level != TARE_FINDING_FINE)
			fail_msg("%s: %s", finding->id, finding->text);
		assert_null(finding->remedy);
	}
	assert_int_equal(untried, 10);
	expect(visit, "governor", TARE_FINDING_FINE, "performance", NULL);
	expect(visit, "isolation", TARE_FINDING_FINE, "isolated from the scheduler: 2 CPUs", NULL);
	expect(visit, "cores", TARE_FINDING_FINE,
		"1 package, 4 cores, 4 CPUs, of which 4 may be used", NULL);
}

static void
a_machine_without_files_has_findings_all_the_same(void **state)
{
	struct visit *visit = *state;

	visit_machine(visit, "tests/machines/none-of-that-name");
	for (size_t i = 0; i < visit->count; i++) {
		assert_true(*visit->findings[i].text);
		assert_true(visit->findings[i].level < TARE_FINDING_UNFIT);
	}
	expect(visit, "cores", TARE_FINDING_NOTE,
		"the kernel does not tell which CPUs are of which core",
		"tare topology prints what hwloc sees");
}

static void
every_finding_has_an_id_of_its_own_and_a_remedy_unless_it_is_fine(void **state)
{
	struct visit *visit = *state;

	visit_machine(visit, workstation);
	for (size_t i = 0; i < visit->count; i++) {
		const struct tare_finding *finding = &visit->findings[i];

		assert_true((finding->level == TARE_FINDING_FINE) == !finding->remedy);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(visit->findings[k].id, finding->id);
	}
}

static void
gauge(struct visit *visit, struct tare_pulse *gauges, size_t count, const double *lost)
{
	for (size_t i = 0; i < count; i++)
		gauges[i] = (struct tare_pulse){.cpu = (unsigned)i,
			.chain_count = 20000,
			.frequency_hz = 3e9,
			.lost_share = lost[i],
			.longest_ns = 4000000};
	visit->doctor.gauges = gauges;
	visit->doctor.gauge_count = count;
}

static void
noise_is_judged_by_the_worst_and_the_median_cpu(void **state)
{
	static const char remedy[] = "stop what else runs here, or measure when it has ended";
	struct visit *visit = *state;
	struct tare_pulse gauges[4];

	tare_doctor_inspect(&visit->doctor, visit->arena, quiet);
	gauge(visit, gauges, 4, (const double[]){0.001, 0.009, 0.0, 0.002});
	examine(visit);
	expect(visit, "noise", TARE_FINDING_FINE,
		"in one second CPU 1 lost 0.9 % of its time to others, at most 4 ms at a stretch; "
		"the median CPU lost 0.1 %",
		NULL);
	gauge(visit, gauges, 4, (const double[]){0.001, 0.009, 0.5, 0.002});
	examine(visit);
	expect(visit, "noise", TARE_FINDING_WARNING,
		"in one second CPU 2 lost 50 % of its time to others, at most 4 ms at a stretch; "
		"the median CPU lost 0.2 %",
		remedy);
	gauge(visit, gauges, 4, (const double[]){0.2, 0.3, 0.5, 0.002});
	examine(visit);
	expect(visit, "noise", TARE_FINDING_UNFIT,
		"in one second CPU 2 lost 50 % of its time to others, at most 4 ms at a stretch; "
		"the median CPU lost 20 %",
		remedy);
}

static void
a_frequency_that_changes_is_a_warning(void **state)
{
	struct visit *visit = *state;
	struct tare_pulse gauges[2];

	tare_doctor_inspect(&visit->doctor, visit->arena, quiet);
	gauge(visit, gauges, 2, (const double[]){0.0, 0.0});
	gauges[1].frequency_hz = 3.4e9;
	gauges[1].unsteady_share = 0.01;
	examine(visit);
	expect(visit, "frequency", TARE_FINDING_FINE,
		"CPUs ran at 3.00 to 3.40 GHz, within 1 % during one second", NULL);
	gauges[0].unsteady_share = 0.2;
	examine(visit);
	assert_int_equal(find(visit, "frequency")->level, TARE_FINDING_WARNING);
}

static void
load_of_others_is_a_warning(void **state)
{
	struct visit *visit = *state;

	tare_doctor_inspect(&visit->doctor, visit->arena, quiet);
	visit->doctor.busy_cpus = 0.05;
	examine(visit);
	expect(visit, "load", TARE_FINDING_FINE, "other programs keep 0.05 CPUs at work", NULL);
	visit->doctor.busy_cpus = 1.25;
	examine(visit);
	expect(visit, "load", TARE_FINDING_WARNING, "other programs keep 1.2 CPUs at work",
		"top(1) names them; stop them, or keep them off with isolcpus= on the kernel's "
		"command line");
}

static void
a_machine_that_is_tuned_is_told_how_to_get_back(void **state)
{
	struct visit *visit = *state;
	struct tare_tune_status *tuned = &visit->doctor.tuned;

	tare_doctor_inspect(&visit->doctor, visit->arena, quiet);
	*tuned = (struct tare_tune_status){.tuned = true, .pid = 77, .change_count = 1};
	examine(visit);
	expect(visit, "tuned", TARE_FINDING_WARNING,
		"a tare that was killed has left 1 value changed", "tare tune --restore");
	tuned->kept = true;
	tuned->change_count = 3;
	examine(visit);
	expect(visit, "tuned", TARE_FINDING_NOTE,
		"tare tune has changed 3 values until it is told otherwise",
		"when all is measured: tare tune --restore");
	tuned->held = true;
	examine(visit);
	expect(visit, "tuned", TARE_FINDING_WARNING,
		"another tare (process 77) measures here, and has tuned the machine",
		"wait until it has ended");
	tuned->damaged = true;
	examine(visit);
	expect(visit, "tuned", TARE_FINDING_WARNING,
		"the undo journal of tare tune is damaged, so that settings may stay as it left "
		"them",
		"tare tune --restore puts back what it can, and says what it cannot");
}

/* What was tried and how bad it is where it does not work. */
static void
what_was_tried_is_reported_with_its_reason(void **state)
{
	struct visit *visit = *state;
	struct tare_doctor *doctor = &visit->doctor;
	const struct {
		const char *id;
		struct tare_probe *probe;
		enum tare_finding_level level;
	} tried[] = {
		{"pinning", &doctor->pinning, TARE_FINDING_UNFIT},
		{"cgroup", &doctor->cgroup, TARE_FINDING_NOTE},
		{"agent", &doctor->host, TARE_FINDING_UNFIT},
		{"docker", &doctor->docker, TARE_FINDING_NOTE},
		{"store", &doctor->store, TARE_FINDING_WARNING},
		{"folder", &doctor->folder, TARE_FINDING_WARNING},
	};

	tare_doctor_inspect(doctor, visit->arena, quiet);
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		*tried[i].probe = (struct tare_probe){.tried = true, .text = "the reason"};
		examine(visit);
		assert_string_equal(find(visit, tried[i].id)->text, "the reason");
		assert_int_equal(find(visit, tried[i].id)->level, tried[i].level);
		assert_non_null(find(visit, tried[i].id)->remedy);
		*tried[i].probe = (struct tare_probe){.tried = true, .works = true};
		examine(visit);
		assert_int_equal(find(visit, tried[i].id)->level, TARE_FINDING_FINE);
		assert_null(find(visit, tried[i].id)->remedy);
	}
	expect(visit, "store", TARE_FINDING_FINE, "the history can be opened", NULL);
}

static void
counters_are_fine_where_hardware_counts(void **state)
{
	struct visit *visit = *state;
	struct tare_doctor *doctor = &visit->doctor;

	tare_doctor_inspect(doctor, visit->arena, quiet);
	doctor->counters =
		(struct tare_probe){.tried = true, .works = true, .text = "cycles by perf"};
	examine(visit);
	expect(visit, "counters", TARE_FINDING_FINE, "cycles by perf", NULL);
	expect(visit, "not-counted", TARE_FINDING_FINE, "nothing is missing", NULL);
	doctor->counters.works = false;
	doctor->counters.text = "";
	doctor->not_counted = "cycles (perf: no)";
	examine(visit);
	expect(visit, "counters", TARE_FINDING_NOTE, "no hardware counters; nothing can be counted",
		"without a PMU, valgrind counts instructions exactly; give the virtual machine "
		"one, or see kernel.perf_event_paranoid");
	expect(visit, "not-counted", TARE_FINDING_NOTE, "cycles (perf: no)",
		"tare list counters has them one by one; suites that ask for them are measured "
		"without, unless they say "
		"counters_required: true");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_noisy_machine_is_told_what_to_do_about_each_thing),
		TEST(a_quiet_machine_has_nothing_to_be_told),
		TEST(a_machine_without_files_has_findings_all_the_same),
		TEST(every_finding_has_an_id_of_its_own_and_a_remedy_unless_it_is_fine),
		TEST(noise_is_judged_by_the_worst_and_the_median_cpu),
		TEST(a_frequency_that_changes_is_a_warning),
		TEST(load_of_others_is_a_warning),
		TEST(a_machine_that_is_tuned_is_told_how_to_get_back),
		TEST(cores_that_may_not_be_used_do_not_count),
		TEST(what_was_tried_is_reported_with_its_reason),
		TEST(counters_are_fine_where_hardware_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
