#include "harness/counters/names.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/counters/counters.h"

enum { PROVIDERS_MAX = 16 };

static enum tare_status
refuse_provider(const char *name, const char *slash, struct tare_err *err)
{
	const char *names[PROVIDERS_MAX];
	char word[TARE_METRIC_NAME_MAX];
	const char *near;
	size_t count = 0;

	while (count < PROVIDERS_MAX && tare_counter_providers[count] != NULL) {
		names[count] = tare_counter_providers[count]->name;
		count++;
	}
	snprintf(word, sizeof(word), "%.*s", (int)(slash - name), name);
	near = tare_text_nearest(word, names, count);
	if (near != NULL)
		return tare_err_set(err, TARE_INVALID,
			"there is no provider \"%s\"; did you mean \"%s%.64s\"?", word, near,
			slash);
	return tare_err_set(err, TARE_INVALID,
		"there is no provider \"%s\"; tare list counters names them", word);
}

/* PAPI knows what the CPU does, and that is not known here. */
static bool
may_know(const struct tare_counter_ops *ops, const char *name)
{
	const struct tare_counter_place place = {.root = ""};
	struct tare_arena *arena = tare_arena_new();
	struct tare_counter_source source;
	bool may = ops == &tare_counters_papi && tare_counter_form_of(name) == TARE_COUNTER_NATIVE;

	may = may || ops->find(&source, arena, &place, name, NULL) != TARE_NOT_FOUND;
	tare_arena_free(arena);
	return may;
}

enum tare_status
tare_counter_provider_check(const char *name, struct tare_err *err)
{
	const char *slash = strchr(name, '/');

	if (slash == NULL)
		return TARE_OK;
	for (size_t i = 0; tare_counter_providers[i] != NULL; i++) {
		const struct tare_counter_ops *ops = tare_counter_providers[i];

		if (strlen(ops->name) != (size_t)(slash - name) ||
			strncmp(ops->name, name, strlen(ops->name)) != 0)
			continue;
		if (may_know(ops, slash + 1))
			return TARE_OK;
		return tare_err_set(err, TARE_INVALID,
			"provider %s counts no \"%.64s\"; expected one of its own counters, or "
			"\"%.64s\" "
			"of any provider",
			ops->name, slash + 1, slash + 1);
	}
	return refuse_provider(name, slash, err);
}
