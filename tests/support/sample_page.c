#include "tests/support/sample_page.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"

const char sample_page_attack[] =
	"<script>document.title='owned'</script>\"'><img src=x onerror=alert(1)>&amp;]]>--></style>"
	"\x1b[31m\xff";

static const struct {
	const char *name;
	double wall_ns;
	double memory_bytes;
} programs[] = {
	{"gzip", 48.2e6, 1.6e6},
	{"bzip2", 212e6, 7.9e6},
	{"xz", 640e6, 97e6},
	{"zstd", 21.5e6, 12.4e6},
	{"lz4", 9.8e6, 3.1e6},
};
enum { PROGRAM_COUNT = sizeof(programs) / sizeof(programs[0]) };

/* What head does to the wall time of a group. */
static const double effects[] = {1.0, 1.002, 1.061, 0.999, 0.93, 1.018, 1.0, 1.026, 0.985};
enum { EFFECT_COUNT = sizeof(effects) / sizeof(effects[0]) };

static const char *
text_of(const struct sample_page_options *options, const char *text)
{
	return options->kind == SAMPLE_PAGE_HOSTILE ? sample_page_attack : text;
}

static void
fill_parameters(struct tare_run *run, struct tare_run_case *subject, size_t group,
	const struct sample_page_options *options)
{
	subject->parameter_count = 2;
	subject->parameters = tare_arena_alloc(run->arena, 2, sizeof(*subject->parameters));
	subject->parameters[0].name = "level";
	subject->parameters[0].value =
		tare_arena_printf(run->arena, "%zu", 1 + group / PROGRAM_COUNT);
	subject->parameters[1].name = "input";
	subject->parameters[1].value = text_of(options, group % 2 ? "random" : "text");
}

static void
fill_metrics(struct tare_run *run, struct tare_run_case *subject)
{
	subject->metric_count = TARE_BUILTIN_METRIC_COUNT + 1;
	subject->metrics =
		tare_arena_alloc(run->arena, subject->metric_count, sizeof(*subject->metrics));
	for (size_t m = 0; m < TARE_BUILTIN_METRIC_COUNT; m++)
		subject->metrics[m] = tare_builtin_metrics[m];
	subject->metrics[TARE_BUILTIN_METRIC_COUNT] = (struct tare_metric){
		.name = "throughput",
		.unit = "bytes/s",
		.better = TARE_HIGHER_IS_BETTER,
		.gated = true,
		.margin = 0.03,
	};
	tare_samples_init(&subject->samples, subject->metric_count);
}

static void
fill_case(struct tare_run *run, size_t index, size_t group, const char *variant,
	const struct sample_page_options *options)
{
	struct tare_run_case *subject = &run->cases[index];
	const char *program = programs[group % PROGRAM_COUNT].name;

	subject->benchmark = text_of(options, program);
	subject->variant = text_of(options, variant);
	subject->group = group;
	fill_parameters(run, subject, group, options);
	subject->name = tare_case_name(run->arena, subject->benchmark, subject->parameters,
		subject->parameter_count, subject->variant);
	subject->command = text_of(options,
		tare_arena_printf(run->arena, "%s -%zu -c input.tar", program, 1 + group % 9));
	subject->runner = "replay";
	subject->cpus = "1";
	subject->critical = group % 7 == 2;
	subject->stop_reason = text_of(options, "precision reached");
	fill_metrics(run, subject);
}

/* One invocation of program on a machine that drifts a little and is disturbed now and then. */
static void
draw_values(double *values, struct tare_rng *rng, size_t group, double effect, double drift,
	const struct sample_page_options *options)
{
	double spread = group % 8 == 7 ? 0.05 : 0.006;
	double slow = tare_rng_uniform(rng) < 0.03 ? 1.06 : 1;
	double wall = programs[group % PROGRAM_COUNT].wall_ns * effect * drift * slow *
		      exp(spread * tare_rng_normal(rng));

	for (size_t m = 0; m <= TARE_BUILTIN_METRIC_COUNT; m++)
		values[m] = NAN;
	values[TARE_METRIC_WALL] = floor(wall);
	if (options->wall_only)
		return;
	values[TARE_METRIC_SYS] = floor(wall * (0.06 + 0.01 * tare_rng_uniform(rng)));
	values[TARE_METRIC_USER] = floor(wall * 0.91);
	values[TARE_METRIC_CPU] = values[TARE_METRIC_SYS] + values[TARE_METRIC_USER];
	values[TARE_METRIC_MAX_RSS] = floor(programs[group % PROGRAM_COUNT].memory_bytes +
					    4096 * floor(8 * tare_rng_uniform(rng)));
	values[TARE_METRIC_PAGE_FAULTS] = 300 + floor(6 * tare_rng_uniform(rng));
	values[TARE_METRIC_MAJOR_FAULTS] = 0;
	values[TARE_METRIC_CONTEXT_SWITCHES] = 4 + floor(4 * tare_rng_uniform(rng));
	values[TARE_METRIC_INVOLUNTARY_SWITCHES] = floor(3 * tare_rng_uniform(rng));
	values[TARE_BUILTIN_METRIC_COUNT] = 8e6 / (wall / 1e9);
}

/* Pairs in ABBA order, one start after the other. */
static void
measure_group(struct tare_run *run, size_t first, size_t count, struct tare_rng *rng,
	const struct sample_page_options *options)
{
	size_t group = run->cases[first].group;
	bool slower = run->release[0] != '\0';
	double values[TARE_BUILTIN_METRIC_COUNT + 1];

	for (size_t pair = 0; pair < options->samples; pair++) {
		for (size_t k = 0; k < count; k++) {
			size_t variant = pair % 2 ? count - 1 - k : k;
			bool is_head = count > 1 ? variant > 0 : slower;
			struct tare_sample sample = {
				.seq = ++run->last_seq,
				.case_index = (uint32_t)(first + variant),
				.pair = (uint32_t)pair,
				.ok = true,
				.start_ns = run->last_seq * 50000000,
				.values = values,
			};

			draw_values(values, rng, group, is_head ? effects[group % EFFECT_COUNT] : 1,
				1 + 0.004 * sin((double)pair / 5), options);
			tare_run_add_sample(run, &sample);
		}
	}
}

/* Looks as adaptive measuring takes them, of the head or the only case: what they would have seen
 * by the size of the noise, and a spending that grows with the pairs. */
static void
look_at_group(
	struct tare_run *run, size_t first, size_t count, const struct sample_page_options *options)
{
	const struct tare_run_case *head = &run->cases[first + count - 1];
	size_t group = head->group;
	double spread = group % 8 == 7 ? 0.07 : 0.0085;
	double center =
		count > 1 ? effects[group % EFFECT_COUNT] : programs[group % PROGRAM_COUNT].wall_ns;

	for (uint32_t pairs = 6; pairs <= options->samples; pairs += pairs / 4 + 2) {
		double share = (double)pairs / (double)options->samples;
		double half = spread * (1.9 + 2 * (1 - share)) / sqrt((double)pairs);
		bool last = pairs + pairs / 4 + 2 > options->samples;
		struct tare_case_look look = {
			.pairs = pairs,
			.pairs_planned = (uint32_t)options->samples,
			.compared = count > 1,
			.logs = count > 1,
			.estimate = center * (1 + half / 3 * cos((double)pairs)),
			.p_value = 0.5,
			.alpha_spent = 0.05 * share * share,
			.boundary = 0.04 * share * share,
			.verdict = !last || count == 1 ? TARE_VERDICT_INCONCLUSIVE
				   : center > 1.02     ? TARE_VERDICT_REGRESSION
				   : center < 0.98     ? TARE_VERDICT_IMPROVEMENT
						       : TARE_VERDICT_NO_CHANGE,
			.decision = last ? TARE_STOP_DECIDED : TARE_STOP_NOT,
		};

		look.low = pairs == 6 ? NAN : look.estimate * (1 - half);
		look.high = pairs == 6 ? NAN : look.estimate * (1 + half);
		tare_run_add_look(run, first + count - 1, &look);
	}
}

static void
fail_case(struct tare_run *run, size_t index, const struct sample_page_options *options)
{
	struct tare_sample sample = {
		.seq = ++run->last_seq,
		.case_index = (uint32_t)index,
		.failure = text_of(options, "exit status 3, expected 0"),
		.stderr_tail = text_of(options, "xz: input.tar: Compressed data is corrupt\n"
						"xz: (stdin): 17 KiB read, expected 8 MiB\n"),
	};

	tare_run_add_sample(run, &sample);
}

static void
describe(struct tare_run *run, const char *kernel, const struct sample_page_options *options)
{
	static const char *const facts[][2] = {
		{"cpu.model", "AMD EPYC 7B13 64-Core Processor"},
		{"cpu.count", "8"},
		{"cpu.governor", "performance"},
		{"cpu.boost", "off"},
		{"memory.total", "33554432000"},
		{"cgroup.cpu.max", "max 100000"},
	};

	tare_environment_add(
		&run->environment, run->arena, "kernel.release", text_of(options, kernel), true);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		tare_environment_add(&run->environment, run->arena, facts[i][0],
			text_of(options, facts[i][1]), i < 4);
	tare_environment_add(
		&run->environment, run->arena, "host.name", text_of(options, "bench-02"), false);
	tare_environment_fingerprint(&run->environment);
}

static struct tare_run *
make_run(const struct sample_page_options *options, const char *release, uint64_t seed)
{
	bool paired = options->kind == SAMPLE_PAGE_VARIANTS || options->kind == SAMPLE_PAGE_HOSTILE;
	size_t variants = paired ? 2 : 1;
	struct tare_run *run = tare_run_new();
	struct tare_rng rng;

	tare_rng_seed(&rng, seed, 1);
	tare_run_identify(run, UINT64_C(1795168569) * 1000000000, seed * 7919);
	run->suite = text_of(options, "compression");
	run->suite_file = text_of(options, "suites/compression.yaml");
	run->description = text_of(options, "Compressors over levels and two generated inputs.");
	run->release = text_of(options, release);
	run->environment_name = "ci";
	run->seed = seed;
	run->duration_ns = UINT64_C(252000000000);
	run->status = TARE_RUN_COMPLETE;
	run->command_line = text_of(
		options, "tare run suites/compression.yaml --environment ci --seed 20261121");
	run->case_count = options->groups * variants;
	run->cases = tare_arena_alloc(run->arena, run->case_count, sizeof(*run->cases));
	for (size_t g = 0; g < options->groups; g++) {
		for (size_t v = 0; v < variants; v++)
			fill_case(run, g * variants + v, g,
				!paired ? ""
				: v     ? "head"
					: "base",
				options);
		measure_group(run, g * variants, variants, &rng, options);
		look_at_group(run, g * variants, variants, options);
	}
	describe(run, seed == 1 ? "6.1.0-26-amd64" : "6.1.0-28-amd64", options);
	if (run->case_count > 2)
		fail_case(run, run->case_count - 1, options);
	run->invocation_count = run->last_seq;
	tare_run_warn(run, "noisy_machine",
		text_of(options, "the machine was busy: load average 1.8 on 2 CPUs"),
		text_of(options, "stop other work, or measure on a machine of its own"));
	return run;
}

static void
compare(struct sample_page *page, const struct sample_page_options *options)
{
	static const struct tare_compare_options defaults = {0};
	struct tare_err err;
	enum tare_status status;

	if (options->kind == SAMPLE_PAGE_RUNS)
		status = tare_compare_runs(
			&page->set, page->arena, page->base, page->run, &defaults, &err);
	else
		status = tare_compare_variants(&page->set, page->arena, page->run, &defaults, &err);
	assert(status == TARE_OK);
	page->run->gate.asked_for = true;
	page->run->gate.fail_on = 1u << TARE_VERDICT_REGRESSION;
	tare_compare_gate(&page->gate, page->arena, &page->set, 1, &page->run->gate, &defaults);
}

struct sample_page *
sample_page_new(const struct sample_page_options *options)
{
	struct sample_page *page = tare_xcalloc(1, sizeof(*page));

	page->arena = tare_arena_new();
	if (options->kind == SAMPLE_PAGE_RUNS)
		page->base = make_run(options, "", 1);
	page->run = make_run(options, "v1.4.0", 2);
	page->input.run = page->run;
	page->input.base = page->base;
	if (options->kind == SAMPLE_PAGE_PLAIN)
		return page;
	compare(page, options);
	page->input.sets = &page->set;
	page->input.set_count = 1;
	page->input.gate = &page->gate;
	return page;
}

void
sample_page_free(struct sample_page *page)
{
	tare_run_free(page->run);
	tare_run_free(page->base);
	tare_arena_free(page->arena);
	free(page);
}
