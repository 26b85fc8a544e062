#include "calibrate/calibration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/stats/hodges_lehmann.h"

/* What must be the same in a container that the calibration speaks of; the machine comes on top. */
static const char *const binding_keys[] = {
	"container.engine",
	"container.version",
	"container.storage",
	"container.runtime",
	"container.image_id",
	"container.memory",
	"container.swap",
	"container.cpu_quota",
	"container.cpu_weight",
	"container.pids",
	"container.nofile",
	"container.seccomp",
	"container.ssb",
};
enum { BINDING_COUNT = sizeof(binding_keys) / sizeof(binding_keys[0]), FACT_KEY_MAX = 4096 };
#define ALPHA 0.05

static const char *const weighed_names[] = {
	[TARE_WEIGHED_EQUIVALENT] = "equivalent",
	[TARE_WEIGHED_OVERHEAD] = "overhead",
	[TARE_WEIGHED_BENEFIT] = "benefit",
	[TARE_WEIGHED_INCONCLUSIVE] = "inconclusive",
	[TARE_WEIGHED_MISSING] = "not measured",
};

const char *
tare_weighed_name(enum tare_weighed weighed)
{
	return weighed_names[weighed];
}

bool
tare_calibration_is(const struct tare_run *run)
{
	return strcmp(run->suite, TARE_CALIBRATION_SUITE) == 0;
}

static const struct tare_run_case *
find_case(const struct tare_run *run, const char *benchmark, const char *variant)
{
	for (size_t i = 0; i < run->case_count; i++) {
		if (strcmp(run->cases[i].benchmark, benchmark) == 0 &&
			strcmp(run->cases[i].variant, variant) == 0)
			return &run->cases[i];
	}
	return NULL;
}

/* Pairs of wall times of two variants of a probe. */
struct pairs {
	double *base;
	double *head;
	size_t n;
};

static bool
has_walls(const struct tare_run_case *one)
{
	return one && one->metric_count > TARE_METRIC_WALL && one->samples.count > 0;
}

static struct pairs
gather(struct tare_arena *arena, const struct tare_run *run, const char *benchmark,
	const char *variant)
{
	const struct tare_run_case *base = find_case(run, benchmark, TARE_CALIBRATION_HOST);
	const struct tare_run_case *head = find_case(run, benchmark, variant);
	struct pairs pairs = {0};
	size_t kept = 0;

	if (!has_walls(base) || !has_walls(head))
		return pairs;
	pairs.base = tare_arena_alloc(arena, base->samples.count, sizeof(*pairs.base));
	pairs.head = tare_arena_alloc(arena, base->samples.count, sizeof(*pairs.head));
	pairs.n = tare_samples_pair(pairs.base, pairs.head, &base->samples, TARE_METRIC_WALL,
		&head->samples, TARE_METRIC_WALL);
	/* Logs need times above 0; a journal may hold anything. */
	for (size_t i = 0; i < pairs.n; i++) {
		if (!(pairs.base[i] > 0) || !(pairs.head[i] > 0))
			continue;
		pairs.base[kept] = pairs.base[i];
		pairs.head[kept++] = pairs.head[i];
	}
	pairs.n = kept;
	return pairs;
}

/* How much longer the head takes than the base. */
static struct tare_interval
overhead_of(struct tare_arena *arena, const struct pairs *pairs, double alpha)
{
	struct tare_interval log_ratio = {NAN, NAN, NAN};
	double *d;

	if (pairs->n == 0)
		return log_ratio;
	d = tare_arena_alloc(arena, pairs->n, sizeof(*d));
	for (size_t i = 0; i < pairs->n; i++)
		d[i] = log(pairs->head[i]) - log(pairs->base[i]);
	tare_sort(d, pairs->n);
	tare_hl_paired(&log_ratio, tare_ranks_new(arena), d, pairs->n, alpha);
	return (struct tare_interval){
		expm1(log_ratio.estimate), expm1(log_ratio.low), expm1(log_ratio.high)};
}

static enum tare_weighed
weigh(const struct tare_interval *overhead)
{
	if (isnan(overhead->low) || isnan(overhead->high))
		return TARE_WEIGHED_MISSING;
	if (overhead->low > -TARE_CALIBRATION_MARGIN && overhead->high < TARE_CALIBRATION_MARGIN)
		return TARE_WEIGHED_EQUIVALENT;
	if (overhead->low > 0)
		return TARE_WEIGHED_OVERHEAD;
	return overhead->high < 0 ? TARE_WEIGHED_BENEFIT : TARE_WEIGHED_INCONCLUSIVE;
}

static double
reach_of(const struct tare_interval *interval)
{
	return fmax(fabs(interval->low), fabs(interval->high));
}

static double
resolution_of(
	struct tare_arena *arena, const struct tare_run *run, const char *benchmark, double alpha)
{
	const struct pairs pairs = gather(arena, run, benchmark, TARE_CALIBRATION_AGAIN);
	const struct tare_interval same = overhead_of(arena, &pairs, alpha);

	if (isnan(same.low) || isnan(same.high))
		return NAN;
	return reach_of(&same);
}

/* How many probes of the kind there are, so that their intervals can hold together. */
static size_t
count_alike(const struct tare_probe *probe)
{
	size_t count = 0;

	for (size_t i = 0; i < tare_probe_count; i++)
		count += tare_probes[i].dimension == probe->dimension;
	return count;
}

static void
add_weighing(struct tare_calibration *calibration, struct tare_arena *arena,
	const struct tare_probe *probe, bool bridge)
{
	const struct tare_run *run = calibration->run;
	const struct pairs pairs = gather(arena, run, probe->name,
		bridge ? TARE_CALIBRATION_BRIDGE : TARE_CALIBRATION_CONTAINER);
	struct tare_weighing *weighing = &calibration->weighings[calibration->weighing_count++];
	double alpha_of_all = ALPHA / (double)count_alike(probe);
	double *work = tare_arena_alloc(arena, pairs.n + 1, sizeof(*work));

	*weighing = (struct tare_weighing){.probe = probe,
		.bridge = bridge,
		.n = pairs.n,
		.host_ns = tare_median_of(work, pairs.base, pairs.n),
		.container_ns = tare_median_of(work, pairs.head, pairs.n),
		.overhead = overhead_of(arena, &pairs, ALPHA),
		.resolution = resolution_of(arena, run, probe->name, ALPHA),
		.overhead_of_all = overhead_of(arena, &pairs, alpha_of_all),
		.resolution_of_all = resolution_of(arena, run, probe->name, alpha_of_all)};
	weighing->weighed = weigh(&weighing->overhead);
}

/* What a probe says for its dimension: nothing that the host does of itself as well. */
static enum tare_weighed
weigh_for_all(const struct tare_weighing *weighing)
{
	enum tare_weighed weighed = weigh(&weighing->overhead_of_all);

	if ((weighed == TARE_WEIGHED_OVERHEAD || weighed == TARE_WEIGHED_BENEFIT) &&
		!(fabs(weighing->overhead_of_all.estimate) > weighing->resolution_of_all))
		return TARE_WEIGHED_INCONCLUSIVE;
	return weighed;
}

/* Who of two probes with the same to say says it. */
static bool
speaks_louder(const struct tare_weighing *one, const struct tare_weighing *other,
	enum tare_weighed weighed)
{
	if (weighed == TARE_WEIGHED_OVERHEAD)
		return one->overhead_of_all.low > other->overhead_of_all.low;
	if (weighed == TARE_WEIGHED_BENEFIT)
		return one->overhead_of_all.high < other->overhead_of_all.high;
	return reach_of(&one->overhead_of_all) > reach_of(&other->overhead_of_all);
}

static void
add_dimension(struct tare_calibration *calibration, enum tare_dimension dimension, bool bridge)
{
	/* The first that any probe says is the dimension's; what is missing is no equivalence. */
	static const int ranks[] = {
		[TARE_WEIGHED_OVERHEAD] = 4,
		[TARE_WEIGHED_BENEFIT] = 3,
		[TARE_WEIGHED_INCONCLUSIVE] = 2,
		[TARE_WEIGHED_EQUIVALENT] = 1,
		[TARE_WEIGHED_MISSING] = 0,
	};
	struct tare_weighed_dimension *made =
		&calibration->dimensions[calibration->dimension_count++];
	bool missing = false;

	*made = (struct tare_weighed_dimension){
		.dimension = dimension, .bridge = bridge, .weighed = TARE_WEIGHED_MISSING};
	for (size_t i = 0; i < calibration->weighing_count; i++) {
		const struct tare_weighing *one = &calibration->weighings[i];
		enum tare_weighed weighed = weigh_for_all(one);

		if (one->probe->dimension != dimension || one->bridge != bridge)
			continue;
		missing |= weighed == TARE_WEIGHED_MISSING;
		if (ranks[weighed] < ranks[made->weighed] || weighed == TARE_WEIGHED_MISSING)
			continue;
		if (weighed == made->weighed && !speaks_louder(one, made->probe, weighed))
			continue;
		made->weighed = weighed;
		made->probe = one;
	}
	if (missing && made->weighed == TARE_WEIGHED_EQUIVALENT)
		made->weighed = TARE_WEIGHED_INCONCLUSIVE;
}

static const char *
value_of(const struct tare_run *run, const char *key)
{
	const char *value = tare_environment_get(&run->environment, key);

	return value ? value : "";
}

/* What a container with a quota waits in a period of it, in nanoseconds; 0 without one. */
static double
wait_of(const struct tare_run *run)
{
	unsigned long long quota_us, period_us;

	if (sscanf(value_of(run, "container.cpu_quota"), "%llu %llu", &quota_us, &period_us) != 2 ||
		quota_us == 0 || quota_us >= period_us)
		return 0;
	return 1e3 * (double)(period_us - quota_us);
}

/* A program may begin with all of a period's share before it, or behind another that has used it:
 * that moves the whole line by up to one wait, and half of it counts as a standard error. */
static void
allow_for_quota(struct tare_fit *fit, const struct tare_run *run)
{
	const double error = wait_of(run) / 2;

	fit->alpha_variance += error * error;
}

static void
fit_lengths(struct tare_calibration *calibration, struct tare_arena *arena)
{
	struct tare_fit_length lengths[TARE_FIT_LENGTHS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < tare_probe_count && count < TARE_FIT_LENGTHS_MAX; i++) {
		struct pairs pairs;

		if (!tare_probes[i].is_length)
			continue;
		pairs = gather(
			arena, calibration->run, tare_probes[i].name, TARE_CALIBRATION_CONTAINER);
		lengths[count++] = (struct tare_fit_length){pairs.base, pairs.head, pairs.n};
	}
	calibration->has_fit = tare_fit_line(&calibration->fit, lengths, count);
	if (calibration->has_fit)
		allow_for_quota(&calibration->fit, calibration->run);
}

static void
bind_to_facts(struct tare_calibration *calibration)
{
	const struct tare_run *run = calibration->run;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	fprintf(out, "%s\n", run->environment.fingerprint);
	for (size_t i = 0; i < BINDING_COUNT; i++)
		fprintf(out, "%s=%s\n", binding_keys[i], value_of(run, binding_keys[i]));
	fclose(out);
	tare_digest_bytes(calibration->fingerprint, text, len);
	free(text);
}

/* Only what a correction stands on must have held: the lengths. */
static const char *
find_fault(const struct tare_calibration *calibration, struct tare_arena *arena)
{
	if (calibration->run->status != TARE_RUN_COMPLETE)
		return "it was not measured to its end";
	if (!calibration->has_fit)
		return "its probes of three lengths were not all measured";
	for (size_t i = 0; i < calibration->weighing_count; i++) {
		const struct tare_weighing *one = &calibration->weighings[i];

		if (!one->probe->is_length || one->resolution <= TARE_CALIBRATION_AA_MAX)
			continue;
		if (isnan(one->resolution))
			return "its A/A arm was not measured";
		return tare_arena_printf(arena,
			"its A/A arm failed: with '%s' the host differed from itself by up to "
			"%.1f %%, and at most %.0f %% is allowed",
			one->probe->name, 100 * one->resolution, 100 * TARE_CALIBRATION_AA_MAX);
	}
	return NULL;
}

enum tare_status
tare_calibration_read(struct tare_calibration **calibration_out, struct tare_arena *arena,
	const struct tare_run *run, struct tare_err *err)
{
	struct tare_calibration *made;

	if (!tare_calibration_is(run))
		return tare_err_set(err, TARE_INVALID,
			"run %s is no calibration but of the suite '%.100s'; tare list "
			"calibrations shows what there is",
			run->id, run->suite);
	made = tare_arena_alloc(arena, 1, sizeof(*made));
	made->run = run;
	for (size_t i = 0; i < tare_probe_count; i++) {
		add_weighing(made, arena, &tare_probes[i], false);
		if (tare_probes[i].dimension == TARE_DIMENSION_NETWORK)
			add_weighing(made, arena, &tare_probes[i], true);
	}
	for (int i = 0; i < TARE_DIMENSION_COUNT; i++)
		add_dimension(made, (enum tare_dimension)i, false);
	add_dimension(made, TARE_DIMENSION_NETWORK, true);
	fit_lengths(made, arena);
	bind_to_facts(made);
	made->why_not = find_fault(made, arena);
	*calibration_out = made;
	return TARE_OK;
}

static struct tare_span
span_of(const struct tare_interval *interval)
{
	return (struct tare_span){interval->estimate, interval->low, interval->high};
}

static void
fill_dimension(struct tare_weight *weight, struct tare_arena *arena,
	const struct tare_weighed_dimension *dimension)
{
	const struct tare_weighing *probe = dimension->probe;

	*weight = (struct tare_weight){
		.name = tare_arena_printf(arena, "%s%s", tare_dimension_name(dimension->dimension),
			dimension->bridge ? " (bridge)" : ""),
		.probe = probe ? probe->probe->name : "",
		.host_ns = probe ? probe->host_ns : NAN,
		.container_ns = probe ? probe->container_ns : NAN,
		.overhead = {NAN, NAN, NAN},
		.resolution = probe ? probe->resolution_of_all : NAN,
		.verdict = tare_weighed_name(dimension->weighed),
	};
	if (probe)
		weight->overhead = span_of(&probe->overhead_of_all);
}

static void
fill_probe(struct tare_weight *weight, struct tare_arena *arena, const struct tare_weighing *probe)
{
	*weight = (struct tare_weight){
		.name = probe->bridge ? tare_arena_printf(arena, "%s (bridge)", probe->probe->name)
				      : probe->probe->name,
		.dimension = tare_dimension_name(probe->probe->dimension),
		.host_ns = probe->host_ns,
		.container_ns = probe->container_ns,
		.overhead = span_of(&probe->overhead),
		.resolution = probe->resolution,
		.verdict = tare_weighed_name(probe->weighed),
	};
}

struct tare_weights *
tare_calibration_weights(struct tare_arena *arena, const struct tare_calibration *calibration)
{
	static const struct tare_span nothing = {NAN, NAN, NAN};
	struct tare_weights *weights = tare_arena_alloc(arena, 1, sizeof(*weights));
	struct tare_interval alpha = tare_fit_alpha(&calibration->fit);
	struct tare_interval beta = tare_fit_beta(&calibration->fit);

	*weights = (struct tare_weights){
		.id = calibration->run->id,
		.fingerprint = calibration->fingerprint,
		.made_unix_ns = calibration->run->started_unix_ns,
		.alpha = calibration->has_fit ? span_of(&alpha) : nothing,
		.beta = calibration->has_fit ? span_of(&beta) : nothing,
		.covariance = calibration->has_fit ? calibration->fit.covariance : NAN,
		.misfit = calibration->has_fit ? calibration->fit.misfit : NAN,
		.dimension_count = calibration->dimension_count,
		.probe_count = calibration->weighing_count,
		.why_not = calibration->why_not,
	};
	weights->dimensions =
		tare_arena_alloc(arena, weights->dimension_count, sizeof(*weights->dimensions));
	for (size_t i = 0; i < weights->dimension_count; i++)
		fill_dimension(&weights->dimensions[i], arena, &calibration->dimensions[i]);
	weights->probes = tare_arena_alloc(arena, weights->probe_count, sizeof(*weights->probes));
	for (size_t i = 0; i < weights->probe_count; i++)
		fill_probe(&weights->probes[i], arena, &calibration->weighings[i]);
	return weights;
}

enum tare_status
tare_calibration_check_made(const struct tare_calibration_made *made, const struct tare_run *run,
	uint64_t max_age_ns, struct tare_err *err)
{
	uint64_t age_ns = run->started_unix_ns > made->started_unix_ns
				  ? run->started_unix_ns - made->started_unix_ns
				  : made->started_unix_ns - run->started_unix_ns;
	char age[TARE_UNITS_TEXT_MAX], limit[TARE_UNITS_TEXT_MAX];

	if (strcmp(made->fingerprint, run->environment.fingerprint) != 0)
		return tare_err_set(err, TARE_INVALID,
			"calibration %s was made on another machine, or on this one before it was "
			"changed; calibrate again",
			made->id);
	if (age_ns <= max_age_ns)
		return TARE_OK;
	tare_duration_format(age, sizeof(age), age_ns);
	tare_duration_format(limit, sizeof(limit), max_age_ns);
	return tare_err_set(err, TARE_INVALID,
		"calibration %s is %s apart from run %s, and at most %s are allowed; calibrate "
		"again",
		made->id, age, run->id, limit);
}

/* Facts are the run's, but where a case had others. */
static const char *
value_for(const struct tare_run *run, const struct tare_run_case *subject, const char *key)
{
	char own[FACT_KEY_MAX];
	const char *value = NULL;

	if (snprintf(own, sizeof(own), "%s of %s", key, subject->name) < FACT_KEY_MAX)
		value = tare_environment_get(&run->environment, own);
	return value ? value : value_of(run, key);
}

enum tare_status
tare_calibration_check_facts(const struct tare_run *mine, const struct tare_run *run,
	const struct tare_run_case *subject, struct tare_err *err)
{
	for (size_t i = 0; i < BINDING_COUNT; i++) {
		const char *there = value_of(mine, binding_keys[i]);
		const char *here = value_for(run, subject, binding_keys[i]);

		if (strcmp(there, here) != 0)
			return tare_err_set(err, TARE_INVALID,
				"calibration %s was made with %s '%.100s', and %.200s of run %s "
				"has '%.100s'; calibrate with what is to be corrected: tare "
				"calibrate --like %s",
				mine->id, binding_keys[i], there, subject->name, run->id, here,
				run->id);
	}
	return TARE_OK;
}

enum tare_status
tare_calibration_check_use(const struct tare_calibration *calibration, struct tare_err *err)
{
	if (!calibration->why_not)
		return TARE_OK;
	return tare_err_set(err, TARE_INVALID, "calibration %s cannot be used: %s",
		calibration->run->id, calibration->why_not);
}
