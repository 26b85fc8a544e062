/*
 * The journal's line "kept", written and decoded: what a run knew of invocations that are not in
 * the journal. Inside harness/model only.
 *
 * What comes from outside is checked; errors are TARE_INVALID with a sentence without a place.
 */
#ifndef TARE_MODEL_JOURNAL_KEPT_H
#define TARE_MODEL_JOURNAL_KEPT_H

#include "harness/base/json.h"
#include "harness/model/run.h"

/* Whether the case knows more than its rows tell. */
bool tare_journal_knows_more(const struct tare_run_case *one);
/* The members behind "case". */
void tare_journal_write_kept(struct tare_json *json, const struct tare_run_case *one);
enum tare_status tare_journal_decode_kept(
	struct tare_run_case *one, const json_t *line, struct tare_err *err);

#endif
