#include <sys/stat.h>

#include "harness/stages/stage.h"
#include "harness/store/store.h"

static enum tare_status
find_in_store(struct tare_run **run_out, struct tare_session *session, const char *text,
	const char *suite, struct tare_err *err)
{
	struct tare_store *store;
	char *run_id;
	enum tare_status status = tare_store_open_existing(&store, session->options.store_url, err);

	if (status != TARE_OK)
		return status;
	status = tare_store_resolve(store, &run_id, session->arena, text, suite, err);
	if (status == TARE_OK)
		status = store->ops->get_run(store, run_out, run_id, err);
	tare_store_close(store);
	return status;
}

enum tare_status
tare_stage_find_run(struct tare_run **run_out, struct tare_session *session, const char *text,
	const char *suite, struct tare_err *err)
{
	struct stat status;

	/* A release may well be called as some folder is. */
	if (stat(text, &status) == 0 && !S_ISDIR(status.st_mode))
		return tare_journal_read(run_out, text, 0, err);
	return find_in_store(run_out, session, text, suite, err);
}

/* Before measuring, so that a wrong name costs no measuring time. */
static enum tare_status
baseline(struct tare_session *session, struct tare_err *err)
{
	const char *text = session->options.baseline;

	if (!text)
		return TARE_OK;
	return tare_stage_find_run(
		&session->base, session, text, session->plan ? session->plan->suite : NULL, err);
}

const struct tare_stage tare_stage_baseline = {
	.name = "baseline",
	.makes = TARE_PART_BASELINE,
	.run = baseline,
};
