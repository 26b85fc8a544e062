#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/list.h"
#include "harness/stages/choose.h"
#include "harness/stages/order.h"
#include "harness/stages/stage.h"
#include "harness/store/store.h"

struct plan_line {
	struct tare_given_count seed;
	struct tare_texts only;
	struct tare_texts variables;
	const char *environment;
	const char *runner;
	const char *store;
};

#define AT(field) offsetof(struct plan_line, field)

static const struct tare_option options[] = {
	{"environment", 'e', "NAME", TARE_OPTION_TEXT, AT(environment),
		"development, ci, production, or the suite's own"},
	{"only", 'o', "GLOB", TARE_OPTION_TEXTS, AT(only),
		"only cases of this name, or tag:NAME; repeatable"},
	{"var", 0, "NAME=VALUE", TARE_OPTION_TEXTS, AT(variables),
		"set a variable of the suite; repeatable"},
	{"runner", 0, "NAME", TARE_OPTION_TEXT, AT(runner), "the runner of every case"},
	{"seed", 0, "N", TARE_OPTION_COUNT, AT(seed), "the order of a run with this seed (0)"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"where earlier runs tell how long it takes"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

/* The newest run of the suite, or NULL: only a guide to how long things take. */
static struct tare_run *
earlier_run(struct tare_session *session, const char *suite)
{
	char *text = tare_arena_printf(session->arena, "latest:%s", suite);
	struct tare_run *run = NULL;

	/* Planning must not make a database where there is none. */
	if (!session->options.store_url && !getenv("TARE_STORE") &&
		access(strchr(TARE_STORE_DEFAULT, ':') + 1, F_OK) != 0)
		return NULL;
	if (tare_stage_find_run(&run, session, text, suite, NULL) != TARE_OK)
		return NULL;
	return run;
}

/* The mean wall of a case's samples in the earlier run; 0 where there are none. */
static double
earlier_wall_ns(const struct tare_run *run, const char *name)
{
	for (size_t i = 0; run && i < run->case_count; i++) {
		const struct tare_samples *samples = &run->cases[i].samples;
		double sum = 0.0;
		size_t count = 0;

		if (strcmp(run->cases[i].name, name) != 0)
			continue;
		for (size_t k = 0; k < samples->count; k++) {
			if (isnan(samples->values[TARE_METRIC_WALL][k]))
				continue;
			sum += samples->values[TARE_METRIC_WALL][k];
			count++;
		}
		return count > 0 ? sum / (double)count : 0.0;
	}
	return 0.0;
}

/* An estimate for fixed counts with a history; an upper bound for a budget; 0 for unknown, and for
 * replays, which take no time. */
static double
case_estimate_ns(const struct tare_case *subject, const struct tare_run *earlier)
{
	double wall_ns = earlier_wall_ns(earlier, subject->name);
	double by_count = wall_ns * ((double)subject->invocations_max + subject->warmup);
	double budget = (double)subject->max_time_ns;

	if (strcmp(subject->runner, "replay") == 0)
		return 0.0;
	if (!subject->invocations_auto)
		return by_count;
	return by_count > 0 && by_count < budget ? by_count : budget;
}

static void
print_case(const struct tare_case *subject, double estimate_ns)
{
	char time[TARE_UNITS_TEXT_MAX];

	tare_duration_format(time, sizeof(time), (uint64_t)estimate_ns);
	fputs("  ", stdout);
	tare_text_print_safe(stdout, subject->name, false);
	if (!subject->invocations_auto)
		printf("  %" PRIu32 " invocations", subject->invocations_max);
	else
		printf("  %" PRIu32 " to %" PRIu32 " invocations", subject->invocations_min,
			subject->invocations_max);
	printf(", %s", subject->runner);
	if (subject->cpus && strcmp(subject->cpus, "none") != 0)
		printf(", cpus %s", subject->cpus);
	if (estimate_ns > 0)
		printf(", %s%s", subject->invocations_auto ? "at most " : "about ", time);
	fputc('\n', stdout);
}

static void
print_order(const struct tare_plan *plan, size_t group, uint64_t seed)
{
	const struct tare_group *mine = &plan->groups[group];
	size_t *order = tare_xcalloc(mine->case_count, sizeof(*order));

	if (mine->case_count < 2) {
		free(order);
		return;
	}
	fputs("    order of the first block:", stdout);
	for (uint32_t pair = 0; pair < 2; pair++) {
		tare_order_pair(order, mine->case_count, seed, group, pair);
		for (size_t i = 0; i < mine->case_count; i++) {
			fputc(' ', stdout);
			tare_text_print_safe(
				stdout, plan->cases[mine->first_case + order[i]].variant, false);
		}
	}
	fputc('\n', stdout);
	free(order);
}

/* Groups in the order of the first round, as the measuring stage would take them; freed by the
 * caller. */
static size_t *
order_groups(const struct tare_plan *plan, uint64_t seed)
{
	size_t *groups = tare_xcalloc(plan->group_count + 1, sizeof(*groups));
	size_t count = 0;

	for (size_t i = 0; i < plan->group_count; i++) {
		if (!plan->groups[i].exclusive)
			groups[count++] = i;
	}
	tare_order_round(groups, count, seed, 0);
	for (size_t i = 0; i < plan->group_count; i++) {
		if (plan->groups[i].exclusive)
			groups[count++] = i;
	}
	return groups;
}

/* What is known of the time, and of how many cases nothing is. */
struct estimate {
	double known_ns;
	size_t unknown_count;
	bool bounded; /* some of it is a budget, of which less may be used */
};

static void
print_group(struct estimate *total, const struct tare_plan *plan, size_t group,
	const struct tare_run *earlier)
{
	const struct tare_group *mine = &plan->groups[group];

	for (size_t i = 0; i < mine->case_count; i++) {
		const struct tare_case *subject = &plan->cases[mine->first_case + i];
		double estimate_ns = case_estimate_ns(subject, earlier);

		total->known_ns += estimate_ns;
		total->unknown_count +=
			estimate_ns == 0.0 && strcmp(subject->runner, "replay") != 0;
		total->bounded |= subject->invocations_auto;
		print_case(subject, estimate_ns);
	}
}

static void
print_total(const struct estimate *total)
{
	char time[TARE_UNITS_TEXT_MAX];

	tare_duration_format(time, sizeof(time), (uint64_t)total->known_ns);
	if (total->unknown_count == 0)
		printf("estimated time: %s%s\n",
			total->known_ns == 0.0 ? ""
			: total->bounded       ? "at most about "
					       : "about ",
			total->known_ns > 0 ? time : "next to none");
	else if (total->known_ns > 0)
		printf("estimated time: %s%s, and %zu %s of unknown length: a fixed count is known "
		       "after a first run\n",
			total->bounded ? "at most about " : "about ", time, total->unknown_count,
			total->unknown_count == 1 ? "case" : "cases");
	else
		puts("estimated time: unknown; fixed counts are known after a first run");
}

static void
print_requirements(const struct tare_plan *plan)
{
	for (size_t i = 0; i < plan->requirement_count; i++) {
		fputs(i == 0 ? "  requires " : ", ", stdout);
		printf("%s ", plan->requirements[i].key);
		tare_text_print_safe(stdout, plan->requirements[i].value, false);
	}
	if (plan->requirement_count > 0)
		putchar('\n');
}

static void
print_plan(const struct tare_plan *plan, uint64_t seed, const struct tare_run *earlier)
{
	size_t *groups = order_groups(plan, seed);
	struct estimate total = {0};

	tare_text_print_safe(stdout, plan->suite, false);
	printf(": %zu case%s in %zu group%s, environment %s (%s)\n", plan->case_count,
		plan->case_count == 1 ? "" : "s", plan->group_count,
		plan->group_count == 1 ? "" : "s", plan->environment, plan->environment_reason);
	print_requirements(plan);
	for (size_t i = 0; i < plan->group_count; i++) {
		print_group(&total, plan, groups[i], earlier);
		print_order(plan, groups[i], seed);
	}
	print_total(&total);
	free(groups);
}

static enum tare_status
plan_session(struct tare_session *session, const struct plan_line *line, struct tare_err *err)
{
	static const struct tare_stage *const stages[] = {&tare_stage_load, &tare_stage_expand};
	struct tare_expand_options *to = &session->options.expand;
	struct tare_run *earlier;
	enum tare_status status;

	to->environment = line->environment;
	to->runner = line->runner;
	to->only = line->only.items;
	to->only_count = line->only.count;
	to->variables = line->variables.items;
	to->variable_count = line->variables.count;
	session->options.store_url = line->store;
	status = tare_stages_run(session, stages, 2, err);
	if (status != TARE_OK) {
		tare_problems_print(&session->problems, session->options.suite_path, err);
		return status;
	}
	status = tare_plan_choose_runners(session->plan, session->arena, NULL, stdout, err);
	if (status != TARE_OK)
		return status;
	earlier = earlier_run(session, session->plan->suite);
	print_plan(session->plan, line->seed.value, earlier);
	tare_run_free(earlier);
	return TARE_OK;
}

static enum tare_status
plan(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	char *path = NULL;
	enum tare_status status = tare_operands_check("plan", operands, 0, 1, err);
	struct tare_session *session;

	(void)exit_code_out;
	if (status == TARE_OK)
		status = tare_suite_operand(&path, "plan", operands, err);
	if (status != TARE_OK)
		return status;
	session = tare_session_new();
	session->options.suite_path = path;
	status = plan_session(session, line, err);
	tare_session_free(session);
	return status;
}

const struct tare_command tare_command_plan = {
	.name = "plan",
	.usage = "[OPTION...] [FILE]",
	.summary = "print the cases of a suite, their order and the estimated time",
	.tables = tables,
	.line_size = sizeof(struct plan_line),
	.run = plan,
};
