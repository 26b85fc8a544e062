#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/suite/fixture.h"

/* A factor of a few units in the last place. */
static bool
is_near(double a, double b)
{
	double difference = a > b ? a - b : b - a;

	return difference <= 1e-9 * (b < 0 ? -b : b);
}

static void
measures_the_built_in_ones_always(void **state)
{
	const struct tare_case *one = suite_case(*state, "  command: p\n");

	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT);
	assert_string_equal(one->metrics[TARE_METRIC_WALL].name, "wall");
	assert_true(one->metrics[TARE_METRIC_WALL].gated);
	assert_false(one->metrics[TARE_METRIC_MAX_RSS].gated);
	assert_int_equal(one->rules[TARE_METRIC_WALL].source, TARE_SOURCE_BUILTIN);
	assert_null(one->replay);
}

static void
says_by_metric_what_counts_for_the_gate(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_plan *plan = suite_plan(fixture,
		"suite: t\n"
		"defaults: {metrics: {wall: {gate: false}}, margin: {wall: 4%, max_rss: 5%}}\n"
		"benchmarks:\n"
		"- name: a\n"
		"  command: p\n"
		"  metrics: {x: {lines: true, margin: 1%, gate: false}, y: {lines: true, gate: "
		"true}}\n"
		"- {name: b, command: p, metrics: {wall: {gate: true, margin: 9%}}}\n");
	const struct tare_metric *metrics = plan->cases[0].metrics;

	assert_false(metrics[TARE_METRIC_WALL].gated);
	assert_true(is_near(metrics[TARE_METRIC_WALL].margin, 0.04));
	assert_true(metrics[TARE_METRIC_MAX_RSS].gated);
	assert_false(metrics[TARE_BUILTIN_METRIC_COUNT].gated);
	assert_true(is_near(metrics[TARE_BUILTIN_METRIC_COUNT].margin, 0.01));
	assert_true(metrics[TARE_BUILTIN_METRIC_COUNT + 1].gated);
	assert_true(plan->cases[1].metrics[TARE_METRIC_WALL].gated);
	assert_string_equal(suite_case_problems(fixture,
				    "  command: p\n"
				    "  metrics: {wall: {regex: a, unit: ms, margin: 1%}}\n"),
		"s.yaml:5:20: `regex` for wall, which tare always measures; expected only gate and "
		"margin, or another name\n"
		"s.yaml:5:30: `unit` for wall, which tare always measures; expected only gate and "
		"margin, or another name\n");
}

static void
reads_rules(void **state)
{
	const struct tare_case *one = suite_case(*state,
		"  command: p\n"
		"  metrics:\n"
		"    speed: {regex: 'at (?<v>[0-9.]+)', unit: MB/s, better: higher, margin: 1%}\n"
		"    size: {json: 'a.b[0]', unit: KiB, exact: true, reduce: max}\n"
		"    time: {lines: true, unit: ms, stream: stderr}\n"
		"    other: {lines: total, reduce: p99}\n");
	const struct tare_metric *metrics = one->metrics + TARE_BUILTIN_METRIC_COUNT;
	const struct tare_metric_rule *rules = one->rules + TARE_BUILTIN_METRIC_COUNT;

	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT + 4);
	assert_string_equal(metrics[0].name, "speed");
	assert_string_equal(metrics[0].unit, "bytes/s");
	assert_int_equal(metrics[0].better, TARE_HIGHER_IS_BETTER);
	assert_true(metrics[0].gated);
	assert_true(is_near(metrics[0].margin, 0.01));
	assert_int_equal(rules[0].source, TARE_SOURCE_REGEX);
	assert_string_equal(rules[0].pattern, "at ([0-9.]+)");
	assert_int_equal(rules[0].group, 1);
	assert_string_equal(rules[0].written_unit, "MB/s");
	assert_int_equal(rules[0].reduce, TARE_REDUCE_MEDIAN);
	assert_int_equal(rules[1].source, TARE_SOURCE_JSON);
	assert_string_equal(rules[1].path, "a.b[0]");
	assert_string_equal(metrics[1].unit, "bytes");
	assert_true(metrics[1].exact);
	assert_false(metrics[1].gated);
	assert_true(metrics[1].margin == 0);
	assert_int_equal(rules[1].reduce, TARE_REDUCE_MAX);
	assert_int_equal(rules[2].source, TARE_SOURCE_LINES);
	assert_string_equal(rules[2].line_name, "time");
	assert_int_equal(rules[2].stream, TARE_STREAM_STDERR);
	assert_string_equal(rules[3].line_name, "total");
	assert_string_equal(metrics[3].unit, "");
	assert_int_equal(rules[3].reduce, TARE_REDUCE_P99);
	assert_true(is_near(metrics[3].margin, TARE_DEFAULT_MARGIN));
}

static void
replaces_a_definition_as_a_whole(void **state)
{
	const struct tare_plan *plan = suite_plan(*state,
		"suite: t\n"
		"defaults: {metrics: {a: {regex: x, unit: ms}, b: {json: y}}}\n"
		"benchmarks:\n"
		"- {name: one, command: p}\n"
		"- {name: two, command: p, metrics: {a: {lines: true}, c: {json: z}}}\n");
	const struct tare_case *two = &plan->cases[1];

	assert_int_equal(plan->cases[0].metric_count, TARE_BUILTIN_METRIC_COUNT + 2);
	assert_int_equal(two->metric_count, TARE_BUILTIN_METRIC_COUNT + 3);
	assert_int_equal(two->rules[TARE_BUILTIN_METRIC_COUNT].source, TARE_SOURCE_LINES);
	assert_string_equal(two->metrics[TARE_BUILTIN_METRIC_COUNT].unit, "");
	assert_string_equal(two->metrics[TARE_BUILTIN_METRIC_COUNT + 2].name, "c");
}

static void
takes_the_most_specific_margin(void **state)
{
	const struct tare_plan *plan =
		suite_plan(*state, "suite: t\n"
				   "defaults: {margin: {max_rss: 9%, own: 8%, wall: 7%}, metrics: "
				   "{own: {json: y, margin: 6%}}}\n"
				   "benchmarks:\n"
				   "- {name: one, command: p, margin: 5%}\n"
				   "- {name: two, command: p, margin: {wall: 4%}}\n");
	const struct tare_metric *one = plan->cases[0].metrics;
	const struct tare_metric *two = plan->cases[1].metrics;

	assert_true(is_near(one[TARE_METRIC_USER].margin, 0.05));
	assert_false(one[TARE_METRIC_USER].gated);
	assert_true(is_near(one[TARE_METRIC_MAX_RSS].margin, 0.09));
	assert_true(one[TARE_METRIC_MAX_RSS].gated);
	assert_true(is_near(one[TARE_METRIC_WALL].margin, 0.07));
	assert_true(is_near(one[TARE_BUILTIN_METRIC_COUNT].margin, 0.08));
	assert_true(is_near(two[TARE_METRIC_WALL].margin, 0.04));
	assert_true(is_near(two[TARE_METRIC_USER].margin, 0.02));
}

static void
knows_the_metrics_a_margin_is_for(void **state)
{
	assert_string_equal(suite_case_problems(*state, "  command: p\n  margin: {wal: 1%}\n"),
		"s.yaml:5:12: margin for \"wal\", which is no metric here; expected wall, max_rss, "
		"or one of `metrics`; did you mean \"wall\"?\n");
	assert_string_equal(
		suite_problems(*state, "suite: t\n"
				       "defaults: {margin: {speed: 1%}}\n"
				       "benchmarks:\n"
				       "- {name: one, command: p, metrics: {speed: {json: x}}}\n"
				       "- {name: two, command: p}\n"),
		"");
}

static void
wants_to_know_where_a_metric_comes_from(void **state)
{
	assert_string_equal(
		suite_case_problems(*state, "  command: p\n  metrics: {a: {unit: ms}}\n"),
		"s.yaml:5:13: metric \"a\" says not where it comes from; expected regex, json or "
		"lines\n");
}

static void
plays_lists_back(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  replay: {wall: [10.1ms, 10.3 ms], "
				   "max_rss: [1KiB, 2KiB], widgets: [1, -2.5]}\n");

	assert_string_equal(one->runner, "replay");
	assert_string_equal(suite_words(*state, &one->program), "[replay]");
	assert_int_equal(one->warmup, 0);
	assert_false(one->invocations_auto);
	assert_int_equal(one->invocations_min, 2);
	assert_int_equal(one->invocations_max, 2);
	assert_true(one->replay[TARE_METRIC_WALL].given);
	assert_int_equal(one->replay[TARE_METRIC_WALL].distribution, TARE_DISTRIBUTION_LIST);
	assert_true(is_near(one->replay[TARE_METRIC_WALL].values[1], 10.3e6));
	assert_true(is_near(one->replay[TARE_METRIC_MAX_RSS].values[1], 2048));
	assert_false(one->replay[TARE_METRIC_USER].given);
	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT + 1);
	assert_string_equal(one->metrics[TARE_BUILTIN_METRIC_COUNT].name, "widgets");
	assert_int_equal(one->rules[TARE_BUILTIN_METRIC_COUNT].source, TARE_SOURCE_REPLAY);
	assert_true(is_near(one->replay[TARE_BUILTIN_METRIC_COUNT].values[1], -2.5));
}

static void
draws_from_distributions(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  metrics: {speed: {unit: MB/s, better: higher}}\n"
				   "  replay:\n"
				   "    wall: {distribution: lognormal, center: 10ms, spread: 2%}\n"
				   "    user: {distribution: normal, center: 1us}\n"
				   "    sys: 3ns\n"
				   "    page_faults: {distribution: constant, center: 12}\n"
				   "    speed: {distribution: normal, center: 80, spread: 1%}\n");
	const struct tare_replay_metric *speed = &one->replay[TARE_BUILTIN_METRIC_COUNT];

	assert_true(one->invocations_auto);
	assert_int_equal(one->replay[TARE_METRIC_WALL].distribution, TARE_DISTRIBUTION_LOGNORMAL);
	assert_true(is_near(one->replay[TARE_METRIC_WALL].center, 1e7));
	assert_true(is_near(one->replay[TARE_METRIC_WALL].spread, 0.02));
	assert_int_equal(one->replay[TARE_METRIC_USER].distribution, TARE_DISTRIBUTION_NORMAL);
	assert_true(one->replay[TARE_METRIC_USER].spread == 0);
	assert_int_equal(one->replay[TARE_METRIC_SYS].distribution, TARE_DISTRIBUTION_CONSTANT);
	assert_true(is_near(one->replay[TARE_METRIC_SYS].center, 3));
	assert_true(is_near(one->replay[TARE_METRIC_PAGE_FAULTS].center, 12));
	assert_true(is_near(speed->center, 80e6));
	assert_string_equal(one->metrics[TARE_BUILTIN_METRIC_COUNT].unit, "bytes/s");
}

static void
refuses_replays_that_cannot_be(void **state)
{
	static const struct {
		const char *replay;
		const char *problem;
	} rows[] = {
		{"{wall: [10]}", "19: \"10\" for wall has no unit; expected one, such as 10.1ms"},
		{"{max_rss: 10}", "21: \"10\" for max_rss has no unit; expected one, such as 2MiB"},
		{"{wall: 10MB}", "18: \"10MB\" for wall is in another unit; expected ns"},
		{"{page_faults: 3ms}",
			"25: \"3ms\" for page_faults is in another unit; expected count"},
		{"{wall: -1ms}", "18: \"-1ms\" for wall is out of range; expected a value that can "
				 "be measured"},
		{"{x: 1e300}", "15: \"1e300\" for x is out of range; expected a value that can be "
			       "measured"},
		{"{wall: soon}",
			"18: replay \"wall\" is \"soon\"; expected a number and its unit, such as "
			"10.1ms"},
		{"{wall: [1ms, 2ms], user: [1ms]}",
			"36: 1 values beside a list of 2; expected lists of one length"},
		{"{wall: {distribution: constant, center: 1ms, spread: 2%}}",
			"64: a constant with a spread; expected normal or lognormal"},
		{"{wall: {distribution: normal}}", "18: no `center` in replay; expected a number "
						   "and its unit, such as 10.1ms"},
		{"{wall: {distribution: norml, center: 1s}}",
			"33: distribution is \"norml\"; expected normal, lognormal or constant; "
			"did "
			"you mean \"normal\"?"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			suite_case_problems(fixture, tare_arena_printf(fixture->arena,
							     "  replay: %s\n", rows[i].replay)),
			tare_arena_printf(fixture->arena, "s.yaml:4:%s\n", rows[i].problem));
}

static void
keeps_the_runner_and_what_it_needs_together(void **state)
{
	assert_string_equal(suite_case_problems(*state, "  replay: {wall: 1ms}\n  runner: host\n"),
		"s.yaml:5:11: runner is \"host\", but benchmark \"b\" has replay; expected replay "
		"or auto\n");
	assert_string_equal(suite_case_problems(*state, "  command: x\n  runner: replay\n"),
		"s.yaml:5:11: runner is \"replay\", but benchmark \"b\" has no replay; expected "
		"the "
		"values to report\n");
	assert_string_equal(
		suite_case_problems(*state, "  replay: {wall: [1ms, 2ms]}\n  invocations: 3\n"),
		"s.yaml:5:16: 3 invocations of a replay with 2 values; expected at most as many\n");
	assert_string_equal(
		suite_case(*state, "  replay: {wall: 1ms}\n  runner: auto\n")->runner, "replay");
	assert_string_equal(suite_case(*state, "  command: x\n  runner: slurm\n")->runner, "slurm");
}

static void
refuses_more_metrics_than_a_case_can_have(void **state)
{
	struct fixture *fixture = *state;
	const char *text = "";

	for (int i = 0; i < 60; i++)
		text = tare_arena_printf(fixture->arena, "%s    m%d: {json: x}\n", text, i);
	assert_string_equal(
		suite_case_problems(fixture,
			tare_arena_printf(fixture->arena, "  command: p\n  metrics:\n%s", text)),
		"s.yaml:61:5: more than 64 metrics in one case; expected fewer\n");
}

static void
takes_groups_that_come_with_tare_and_single_counters(void **state)
{
	const struct tare_case *one = suite_case(
		*state, "  command: p\n  counters: [ipc, rusage/page-faults, cycles, PAPI_X]\n");
	const struct tare_metric *metrics = one->metrics + TARE_BUILTIN_METRIC_COUNT;
	const struct tare_metric_rule *rules = one->rules + TARE_BUILTIN_METRIC_COUNT;

	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT + 5);
	assert_string_equal(metrics[0].name, "cycles");
	assert_int_equal(rules[0].source, TARE_SOURCE_COUNTER);
	assert_false(metrics[0].gated);
	assert_string_equal(metrics[1].name, "instructions");
	assert_string_equal(metrics[2].name, "ipc");
	assert_string_equal(metrics[2].unit, "instructions/cycle");
	assert_int_equal(metrics[2].better, TARE_HIGHER_IS_BETTER);
	assert_int_equal(rules[2].source, TARE_SOURCE_DERIVED);
	assert_string_equal(rules[2].formula_text, "instructions / cycles");
	assert_string_equal(metrics[3].name, "rusage/page-faults");
	assert_string_equal(metrics[4].name, "PAPI_X");
	assert_int_equal(one->counter_group_count, 4);
	assert_string_equal(one->counter_groups[0].name, "ipc");
	assert_int_equal(one->counter_groups[0].metric_count, 2);
	/* A counter that is there already is not there twice. */
	assert_int_equal(one->counter_groups[2].metrics[0], TARE_BUILTIN_METRIC_COUNT);
	assert_false(one->counters_required);
}

static void
knows_every_group_that_comes_with_tare(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  command: p\n"
				   "  counters: [ipc, cache, branch, tlb, memory, faults]\n"
				   "  counters_required: true\n");

	assert_int_equal(one->counter_group_count, 6);
	for (size_t i = 0; i < one->counter_group_count; i++)
		assert_true(one->counter_groups[i].metric_count >= 2);
	assert_true(one->counters_required);
}

static void
takes_groups_of_the_suite_before_those_of_tare(void **state)
{
	const struct tare_plan *plan = suite_plan(*state,
		"suite: t\n"
		"counter_groups:\n"
		"  ipc: {counters: cycles, derived: {half: {formula: cycles / 2}}}\n"
		"benchmarks:\n"
		"- {name: b, command: p, counters: ipc, margin: {cycles: 1%}}\n");
	const struct tare_case *one = &plan->cases[0];

	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT + 2);
	assert_true(one->metrics[TARE_BUILTIN_METRIC_COUNT].gated);
	assert_true(is_near(one->metrics[TARE_BUILTIN_METRIC_COUNT].margin, 0.01));
	assert_string_equal(one->metrics[TARE_BUILTIN_METRIC_COUNT + 1].name, "half");
}

static void
counts_nothing_where_a_layer_says_none(void **state)
{
	const struct tare_plan *plan = suite_plan(*state,
		"suite: t\ndefaults: {counters: ipc}\nbenchmarks:\n"
		"- {name: a, command: p}\n- {name: b, command: p, counters: none}\n");

	assert_int_equal(plan->cases[0].counter_group_count, 1);
	assert_int_equal(plan->cases[1].counter_group_count, 0);
	assert_int_equal(plan->cases[1].metric_count, TARE_BUILTIN_METRIC_COUNT);
}

static void
replays_counters_and_derives_from_them(void **state)
{
	const struct tare_case *one = suite_case(
		*state, "  counters: ipc\n  replay: {wall: 5ms, cycles: 200, instructions: 300}\n");

	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT + 3);
	assert_true(one->replay[TARE_BUILTIN_METRIC_COUNT].center == 200.0);
	assert_int_equal(one->rules[TARE_BUILTIN_METRIC_COUNT].source, TARE_SOURCE_REPLAY);
	assert_int_equal(one->rules[TARE_BUILTIN_METRIC_COUNT + 2].source, TARE_SOURCE_DERIVED);
}

static void
says_what_is_wrong_with_counters(void **state)
{
	assert_string_equal(
		suite_case_problems(*state, "  command: p\n  counters: [wall, '9x', 'a b']\n"),
		"s.yaml:5:14: an item of counters is \"wall\", which tare always measures; "
		"expected "
		"another name\n"
		"s.yaml:5:20: an item of counters is \"9x\"; expected a letter, then letters, "
		"digits "
		"and _-./:=\n"
		"s.yaml:5:26: an item of counters is \"a b\"; expected a letter, then letters, "
		"digits "
		"and _-./:=\n");
	assert_string_equal(suite_case_problems(*state,
				    "  command: p\n  counters: x\n  metrics: {x: {json: a}}\n"),
		"s.yaml:5:13: counter \"x\" is a metric already; expected another name\n");
	assert_string_equal(
		suite_problems(*state,
			"suite: t\ncounter_groups:\n  g: {counters: cycles, derived: {d: "
			"{formula: 'a +'}}}\n"
			"benchmarks: [{name: b, command: p, counters: g}]\n"),
		"s.yaml:3:48: formula is \"a +\": the formula ends early; expected a name, a "
		"number or "
		"'('\n");
}

static void
counts_on_cpus_where_the_case_has_some(void **state)
{
	const char *refusal = "s.yaml:6:18: counter_scope: cpus counts on the CPUs of the case, "
			      "which has none of "
			      "its own; expected cpus: beside it, or program\n";

	assert_false(suite_case(*state, "  command: p\n  counters: ipc\n")->counts_cpus);
	assert_true(suite_case(
		*state, "  command: p\n  counters: ipc\n  counter_scope: cpus\n  cpus: 1\n")
			    ->counts_cpus);
	assert_string_equal(suite_case_problems(*state,
				    "  command: p\n  counters: ipc\n  counter_scope: cpus\n"),
		refusal);
	assert_string_equal(suite_case_problems(*state, "  command: p\n  counters: ipc\n"
							"  counter_scope: cpus\n  cpus: none\n"),
		refusal);
}

/* Names that no machine could know are wrong, native ones are the machine's affair. */
static void
refuses_counters_that_nobody_can_count(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} table[] = {
		{"  counters: [cycles, cyclse]\n",
			"s.yaml:5:22: no provider can know a counter \"cyclse\"; did you mean "
			"\"cycles\"?\n"},
		{"  counters: own\ncounter_groups:\n  mine: {counters: cycles}\n",
			"s.yaml:5:13: no provider can know a counter \"own\"; expected a name of "
			"tare list counters, an event of PAPI or of the CPU's manual, or a "
			"group\n"},
		{"  counters: mien\ncounter_groups:\n  mine: {counters: cycles}\n",
			"s.yaml:5:13: no provider can know a counter \"mien\"; did you mean "
			"\"mine\"?\n"},
		{"  counters: cahe\n",
			"s.yaml:5:13: no provider can know a counter \"cahe\"; did you mean "
			"\"cache\"?\n"},
		/* Neither its own nor another, whichever comes first. */
		{"  counters: g\ncounter_groups:\n  g: {counters: [cycles, g]}\n",
			"s.yaml:7:26: \"g\" is a group, and a group cannot hold groups; expected "
			"counters here, and both groups in the list of `counters`\n"},
		{"  counters: [g, h]\ncounter_groups:\n  g: {counters: [cache]}\n"
		 "  h: {counters: g}\n",
			"s.yaml:7:18: \"cache\" is a group, and a group cannot hold groups; "
			"expected counters here, and both groups in the list of `counters`\n"
			"s.yaml:8:17: \"g\" is a group, and a group cannot hold groups; expected "
			"counters here, and both groups in the list of `counters`\n"},
		{"  counters: g\ncounter_groups:\n  g: {counters: cycles, derived: {a: {formula: "
		 "cycles / g}}}\n",
			"s.yaml:7:48: formula has \"g\", which is a group; expected one of its "
			"counters\n"},
		{"  counters: [PAPI_TOT_CYX, INST_RETIRED:ANY, r01c2]\n", ""},
		/* A group that is wrong is not unknown. */
		{"  counters: mine\ncounter_groups:\n  mine: {counters: 'a b'}\n",
			"s.yaml:7:20: counters is \"a b\"; expected a letter, then letters, "
			"digits and _-./:=\n"},
	};
	char text[512];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text), "  command: p\n%s", table[i].text);
		assert_string_equal(suite_case_problems(*state, text), table[i].problem);
	}
}

static void
refuses_formulas_over_what_a_case_does_not_count(void **state)
{
	static const char suite[] = "suite: t\ncounter_groups:\n  g:\n    counters: cycles\n"
				    "    derived:\n      d: {formula: cycles / instructions}\n"
				    "      e: {formula: wall / cyclse}\n"
				    "      f: {formula: cycles / score}\n"
				    "benchmarks: [{name: b, command: p, counters: %s,\n"
				    "  metrics: {score: {json: a}}}]\n";
	struct fixture *fixture = *state;

	assert_string_equal(suite_problems(fixture, tare_arena_printf(fixture->arena, suite, "g")),
		"s.yaml:6:20: formula has \"instructions\", which is neither counted nor measured "
		"in this case; expected it among `counters`\n"
		"s.yaml:7:20: formula has \"cyclse\", which is neither counted nor measured in "
		"this case; did you mean \"cycles\"?\n");
	/* Counted beside the group is counted. */
	assert_string_equal(suite_problems(fixture,
				    tare_arena_printf(fixture->arena, suite, "[g, instructions]")),
		"s.yaml:7:20: formula has \"cyclse\", which is neither counted nor measured in "
		"this case; did you mean \"cycles\"?\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			takes_groups_that_come_with_tare_and_single_counters, suite_setup,
			suite_teardown),
		cmocka_unit_test_setup_teardown(
			knows_every_group_that_comes_with_tare, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			counts_on_cpus_where_the_case_has_some, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(takes_groups_of_the_suite_before_those_of_tare,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			counts_nothing_where_a_layer_says_none, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			replays_counters_and_derives_from_them, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			says_what_is_wrong_with_counters, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_counters_that_nobody_can_count, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(refuses_formulas_over_what_a_case_does_not_count,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			measures_the_built_in_ones_always, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			says_by_metric_what_counts_for_the_gate, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(reads_rules, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			replaces_a_definition_as_a_whole, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			takes_the_most_specific_margin, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			knows_the_metrics_a_margin_is_for, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			wants_to_know_where_a_metric_comes_from, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(plays_lists_back, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			draws_from_distributions, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_replays_that_cannot_be, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			keeps_the_runner_and_what_it_needs_together, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_more_metrics_than_a_case_can_have, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
