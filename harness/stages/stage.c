#include "harness/stages/stage.h"

#include <assert.h>

/* The class of the first, the sentences of all. */
static void
defer(struct tare_err *deferred, const struct tare_err *err)
{
	if (deferred->status == TARE_OK)
		*deferred = *err;
	else
		tare_err_set(deferred, deferred->status, "%s; %s", deferred->text, err->text);
}

enum tare_status
tare_stages_run(struct tare_session *session, const struct tare_stage *const *stages, size_t count,
	struct tare_err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct tare_stage *stage = stages[i];
		struct tare_err own = {0};

		assert((session->parts & stage->needs) == stage->needs);
		if (stage->run(session, &own) == TARE_OK) {
			session->parts |= stage->makes;
			continue;
		}
		/* A problem of the suite names its place already. */
		if (own.status != TARE_INVALID)
			tare_err_where(&own, "%s", stage->name);
		if (!stage->may_fail) {
			*err = own;
			return own.status;
		}
		defer(&session->deferred, &own);
	}
	return TARE_OK;
}
