#include "harness/stages/session.h"

#include <stdlib.h>

#include "harness/stages/stage.h"

struct tare_session *
tare_session_new(void)
{
	struct tare_session *session = tare_xcalloc(1, sizeof(*session));

	session->arena = tare_arena_new();
	session->options.expand.check_value = tare_stage_value_check;
	session->options.state_dir = ".tare";
	session->options.release = "";
	session->options.command_line = "";
	session->options.use_store = true;
	session->options.keep_journal = true;
	return session;
}

void
tare_session_free(struct tare_session *session)
{
	if (!session)
		return;
	tare_journal_close(session->journal, NULL);
	tare_run_free(session->run);
	tare_run_free(session->base);
	tare_arena_free(session->arena);
	free(session);
}

enum tare_status
tare_session_topology(const struct tare_topology **topology_out, struct tare_session *session,
	struct tare_err *err)
{
	struct tare_topology *topology = NULL;
	enum tare_status status = TARE_OK;

	if (!session->topology) {
		status = tare_topology_read_own(&topology, session->arena, NULL, err);
		session->topology = topology;
	}
	if (status == TARE_OK)
		*topology_out = session->topology;
	return status;
}

bool
tare_session_has_failed_case(const struct tare_session *session)
{
	for (size_t i = 0; session->run && i < session->run->case_count; i++) {
		if (session->run->cases[i].status == TARE_CASE_FAILED)
			return true;
	}
	return false;
}
