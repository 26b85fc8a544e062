#include "report/warnings.h"

#include <string.h>

#include "harness/model/warning.h"

static struct tare_warning_group *
group_of(struct tare_warning_group *groups, size_t count, const struct tare_warning *warning)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(groups[i].id, warning->id) == 0 &&
			strcmp(groups[i].advice, warning->advice) == 0)
			return &groups[i];
	}
	return NULL;
}

size_t
tare_warning_groups(struct tare_warning_group **groups_out, struct tare_arena *arena,
	const struct tare_run *run)
{
	struct tare_warning_group *groups =
		tare_arena_alloc(arena, run->warning_count, sizeof(*groups));
	size_t count = 0;

	for (size_t i = 0; i < run->warning_count; i++) {
		struct tare_warning warning = run->warnings[i];
		struct tare_warning_group *group;

		warning.advice = warning.advice ? warning.advice : "";
		group = group_of(groups, count, &warning);
		if (!group) {
			const struct tare_warning_about *about = tare_warning_find(warning.id);

			group = &groups[count++];
			group->id = warning.id;
			group->advice = warning.advice;
			group->why = about ? about->why : "";
			group->texts = tare_arena_alloc(
				arena, run->warning_count - i, sizeof(*group->texts));
		}
		group->texts[group->count++] = warning.text;
	}
	*groups_out = groups;
	return count;
}
