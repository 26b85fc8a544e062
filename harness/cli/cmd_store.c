#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/list.h"
#include "harness/model/journal.h"
#include "harness/stages/stage.h"
#include "harness/store/store.h"

struct store_line {
	const char *store;
};

static const struct tare_option options[] = {
	{"store", 0, "URL", TARE_OPTION_TEXT, offsetof(struct store_line, store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

static enum tare_status
import_run(struct tare_store *store, const char *path, size_t index, struct tare_err *err)
{
	struct tare_run *run;
	bool added;
	enum tare_status status = tare_journal_read(&run, path, index, err);

	if (status != TARE_OK)
		return status;
	status = store->ops->put_run(store, &added, run, err);
	if (status == TARE_OK)
		printf("%s: %s\n", run->id, added ? "added" : "was there already");
	tare_run_free(run);
	return status;
}

static enum tare_status
import_journals(struct tare_store *store, char **paths, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (; *paths && status == TARE_OK; paths++) {
		size_t count;

		status = tare_journal_count(&count, *paths, err);
		for (size_t i = 0; status == TARE_OK && i < count; i++)
			status = import_run(store, *paths, i, err);
	}
	return status;
}

static enum tare_status
export_run(struct tare_store *store, const char *id, struct tare_err *err)
{
	struct tare_run *run;
	enum tare_status status = store->ops->get_run(store, &run, id, err);

	if (status != TARE_OK)
		return status;
	status = tare_journal_export(stdout, run, err);
	tare_run_free(run);
	return status;
}

/* The runs that are named, or all, oldest first. */
static enum tare_status
export_runs(struct tare_store *store, char **names, struct tare_err *err)
{
	const struct tare_store_filter all = {0};
	struct tare_arena *arena = tare_arena_new();
	struct tare_store_run *runs;
	size_t count = 0;
	enum tare_status status = TARE_OK;
	char *id;

	for (; *names && status == TARE_OK; names++, count++) {
		status = tare_store_resolve(store, &id, arena, *names, NULL, err);
		if (status == TARE_OK)
			status = export_run(store, id, err);
	}
	if (status == TARE_OK && count == 0) {
		status = store->ops->list_runs(store, &runs, &count, arena, &all, err);
		for (; status == TARE_OK && count > 0; count--)
			status = export_run(store, runs[count - 1].id, err);
	}
	tare_arena_free(arena);
	return status;
}

static enum tare_status
remove_runs(struct tare_store *store, char **names, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	enum tare_status status = TARE_OK;
	char *id;

	for (; *names && status == TARE_OK; names++) {
		status = tare_store_resolve(store, &id, arena, *names, NULL, err);
		if (status == TARE_OK)
			status = store->ops->remove_run(store, id, err);
		if (status == TARE_OK)
			printf("%s: removed\n", id);
	}
	tare_arena_free(arena);
	return status;
}

struct action {
	const char *name;
	bool needs_names;
	enum tare_status (*run)(struct tare_store *store, char **names, struct tare_err *err);
};

static const struct action actions[] = {
	{"import", true, import_journals},
	{"export", false, export_runs},
	{"remove", true, remove_runs},
};

static enum tare_status
store(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct store_line *line = line_in;
	enum tare_status status = tare_operands_check("store", operands, 1, (size_t)-1, err);
	const struct action *action = NULL;
	struct tare_store *open;

	(void)exit_code_out;
	if (status != TARE_OK)
		return status;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(operands[0], actions[i].name) == 0)
			action = &actions[i];
	}
	if (!action)
		return tare_err_set(err, TARE_INVALID,
			"tare store cannot '%s'; expected import, export or remove", operands[0]);
	if (action->needs_names && !operands[1])
		return tare_err_set(err, TARE_INVALID, "tare store %s needs a name: %s",
			action->name, action->run == import_journals ? "a journal" : "a run");
	status = action->run == import_journals ? tare_store_open(&open, line->store, err)
						: tare_store_open_existing(&open, line->store, err);
	if (status != TARE_OK)
		return status;
	status = action->run(open, operands + 1, err);
	tare_store_close(open);
	return status;
}

const struct tare_command tare_command_store = {
	.name = "store",
	.words = "import export remove",
	.usage = "[OPTION...] import JOURNAL... | export [RUN...] | remove RUN...",
	.summary = "bring journals into the history, or take runs out",
	.detail = "import adds every run of the journals; one that is there already changes\n"
		  "nothing. export prints runs as journals, all of them where none is\n"
		  "named.",
	.tables = tables,
	.line_size = sizeof(struct store_line),
	.run = store,
};
