#include "harness/store/store.h"

#include "harness/stages/stage.h"

static enum tare_status
store(struct tare_session *session, struct tare_err *err)
{
	struct tare_store *open;
	enum tare_status status;
	bool added;

	if (!session->options.use_store)
		return TARE_OK;
	status = tare_store_open(&open, session->options.store_url, err);
	if (status != TARE_OK)
		return status;
	status = open->ops->put_run(open, &added, session->run, err);
	for (size_t i = 0; i < session->set_count && status == TARE_OK; i++) {
		if (session->sets[i].item_count > 0)
			status = open->ops->put_comparisons(
				open, session->run->id, &session->sets[i], err);
	}
	tare_store_close(open);
	return status;
}

/* The journal has everything, so the report is still worth having when the store fails. */
const struct tare_stage tare_stage_store = {
	.name = "store",
	.needs = TARE_PART_VERDICTS,
	.makes = TARE_PART_STORED,
	.may_fail = true,
	.run = store,
};
