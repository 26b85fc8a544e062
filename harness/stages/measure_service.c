#include <string.h>

#include "harness/stages/measure.h"

static bool
texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
programs_equal(const struct tare_program *a, const struct tare_program *b)
{
	if (a->argc != b->argc || !texts_equal(a->cwd, b->cwd) ||
		!texts_equal(a->stdin_path, b->stdin_path) ||
		!texts_equal(a->stdin_text, b->stdin_text))
		return false;
	for (size_t i = 0; i < a->argc; i++) {
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	}
	for (size_t i = 0; a->env[i] || b->env[i]; i++) {
		if (!a->env[i] || !b->env[i] || strcmp(a->env[i], b->env[i]) != 0)
			return false;
	}
	return true;
}

/* Those of a container are inside it, and nobody else's. */
static bool
services_equal(const struct tare_case *a, const struct tare_case *b)
{
	if (a != b &&
		(strcmp(a->runner, b->runner) != 0 || tare_runner_find(a->runner)->provide != NULL))
		return false;
	if (a->service_count != b->service_count)
		return false;
	for (size_t i = 0; i < a->service_count; i++) {
		if (strcmp(a->services[i].name, b->services[i].name) != 0 ||
			!programs_equal(&a->services[i].program, &b->services[i].program))
			return false;
	}
	return true;
}

/* Nobody knows since when it was gone, so that no case that used it can be trusted. */
static enum tare_status
fail_users(struct tare_measure *measure, const struct tare_measured_case *owner,
	const struct tare_err *why, struct tare_err *err)
{
	const struct tare_group *group = &measure->plan->groups[owner->subject->group];
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < group->case_count && status == TARE_OK; i++) {
		struct tare_measured_case *user = &measure->cases[group->first_case + i];

		if (user->record->status == TARE_CASE_FAILED ||
			!services_equal(user->subject, owner->subject))
			continue;
		status = tare_measure_fail_outside(measure, user, why->text, NULL, err);
	}
	return status;
}

static bool
is_lost(const struct tare_measured_case *mine, uint32_t id)
{
	return mine->on->ops->service_is_lost &&
	       mine->on->ops->service_is_lost(mine->on->runner, id);
}

/* What went with its agent is started again, for whoever still needs it. */
static void
forget_lost(struct tare_measured_case *mine)
{
	while (mine->services_up > 0 && is_lost(mine, mine->service_ids[mine->services_up - 1]))
		mine->services_up--;
}

enum tare_status
tare_measure_stop_services(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	enum tare_status first = TARE_OK;

	while (mine->services_up > 0) {
		struct tare_err why = {0};
		uint32_t id = mine->service_ids[--mine->services_up];
		enum tare_status status;

		if (is_lost(mine, id))
			continue;
		status = mine->on->ops->service_stop(mine->on->runner, id, &why);
		if (status == TARE_FAILED)
			status = fail_users(measure, mine, &why, &why);
		if (status == TARE_OK || first != TARE_OK)
			continue;
		first = status;
		*err = why;
	}
	return first;
}

static enum tare_status
start_services(struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_case *subject = mine->subject;

	while (mine->services_up < subject->service_count) {
		const struct tare_service *service = &subject->services[mine->services_up];
		const char *log = tare_arena_printf(measure->scratch, "%s/case-%zu-%s.log",
			measure->log_dir, subject->index, service->name);
		struct tare_err why = {0}, ignored;

		tare_progress_step(&measure->progress, subject->name, service->name);
		if (mine->on->ops->service_start(mine->on->runner,
			    &mine->service_ids[mine->services_up], service, log, &why) == TARE_OK) {
			mine->services_up++;
			continue;
		}
		tare_measure_stop_services(measure, mine, &ignored);
		return tare_measure_refuse_case(measure, mine, &why, err);
	}
	return TARE_OK;
}

enum tare_status
tare_measure_need_services(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	const struct tare_group *group = &measure->plan->groups[mine->subject->group];

	forget_lost(mine);
	if (mine->services_up == mine->subject->service_count)
		return TARE_OK;
	for (size_t i = 0; i < group->case_count; i++) {
		struct tare_measured_case *other = &measure->cases[group->first_case + i];
		enum tare_status status;

		forget_lost(other);
		if (other->services_up == 0)
			continue;
		if (services_equal(other->subject, mine->subject))
			return TARE_OK;
		status = tare_measure_stop_services(measure, other, err);
		if (status != TARE_OK)
			return status;
	}
	return start_services(measure, mine, err);
}
