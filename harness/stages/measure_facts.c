#include <string.h>

#include "harness/model/warning.h"
#include "harness/stages/measure.h"

enum { LATE_FACTS_MAX = 2000 };

struct fact_writer {
	struct tare_measure *measure;
	const struct tare_case *subject;
	enum tare_status status;
	struct tare_err err;
};

/* Cases mostly agree; where one does not, the fact is told of it alone. */
static void
write_fact(void *context, const char *key, const char *value)
{
	struct fact_writer *writer = context;
	struct tare_run *run = writer->measure->run;
	struct tare_journal *journal = writer->measure->session->journal;
	const char *known = tare_environment_get(&run->environment, key);

	if (writer->status != TARE_OK || run->environment.fact_count >= LATE_FACTS_MAX)
		return;
	if (known && strcmp(known, value) == 0)
		return;
	if (known) {
		key = tare_arena_printf(
			writer->measure->scratch, "%s of %s", key, writer->subject->name);
		if (tare_environment_get(&run->environment, key))
			return;
	}
	if (journal)
		writer->status = tare_journal_fact(journal, key, value, &writer->err);
	if (writer->status == TARE_OK)
		tare_environment_add(&run->environment, run->arena, key, value, false);
}

static bool
is_floating(const char *image)
{
	const char *slash = image ? strrchr(image, '/') : NULL;
	const char *tag = image ? strchr(slash ? slash : image, ':') : NULL;

	return image && !strchr(image, '@') && (!tag || strcmp(tag, ":latest") == 0);
}

static void
warn_of_container(struct tare_measure *measure, const struct tare_case *subject)
{
	const struct tare_container *container = subject->container;
	bool pinned = subject->cpus && *subject->cpus && strcmp(subject->cpus, "none") != 0;

	if (is_floating(container->image))
		tare_warn(measure->run, TARE_WARN_IMAGE_LATEST, 0,
			"the image '%s' is whatever is the latest", container->image);
	if (!pinned && container->memory_bytes == 0 && container->cpu_quota <= 0)
		tare_warn(measure->run, TARE_WARN_NO_LIMITS, 0,
			"the container of %s may take all of the machine", subject->name);
}

enum tare_status
tare_measure_note_facts(
	struct tare_measure *measure, struct tare_measured_case *mine, struct tare_err *err)
{
	struct fact_writer writer = {
		.measure = measure, .subject = mine->subject, .status = TARE_OK};

	if (mine->subject->container)
		warn_of_container(measure, mine->subject);
	mine->on->ops->describe(mine->on->runner, mine->subject, write_fact, &writer);
	if (writer.status != TARE_OK)
		*err = writer.err;
	return writer.status;
}
