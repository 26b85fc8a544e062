/*
 * The journal: a run's append-only file, NDJSON; the contract between measuring and all the rest.
 *
 * Lines, by "type":
 *   header      first: {"type":"header","format":"tare-journal","version":1,"run":…,"suite":{name,
 *               file,digest,description},"seed":…,"started_unix_ns":…,"release":…,
 *               "environment_name":…,"command_line":…,"tare":…,"environment":{fingerprint,
 *               facts:[{key,value,matters}]},"calibration":null,"gate":{fail_on:[…]} or null,
 *               "cases":[{benchmark,variant,parameters:{},tags,group,command,runner,cpus,placement?,critical,
 *               metrics:[{name,unit,better,exact,gated,margin,
 *               counter:{provider,event,scope,quality} where counted}]}]}
 *   sample      {"type":"sample","seq":12,"case":3,"pair":5,"start_ns":…,"warmup":true (if so),
 *               "values":{"wall":10100000,…}}; a value is a number, or a list of iterations as
 *               [reduced, [v1, v2, …]]; "padding_bytes":N where its environment was padded;
 * readings that were taken around it and are not 0 are in "noise":{"cpu_pressure_ns":…}, and what
 * they and its usage say disturbed it is in "disturbed":["cpu_pressure"], as named in
 * harness/model/noise.c. Of counters "coverage":{"cycles":0.4} where one was counted for less than
 * the whole time, "counters":"invalid" where none can be right failure
 * {"type":"failure","seq":…,"case":…,"pair":…,"start_ns":…,"warmup":…,"text":…, "stderr":…}: an
 * invocation that failed; seq 0 where a hook failed look
 * {"type":"look","case":3,"metric":"wall","pairs":12,"planned":60,"phase":1 (0 where it is not
 * there),"compared":true,"ratio":true,"estimate":1.034,"low":…,"high":…,
 *               "p_value":…,"alpha_spent":…,"boundary":…,"verdict":"regression","decision":"verdict
 *               reached"}: what adaptive measuring saw when it asked whether to go on, as in
 *               harness/model/look.h; a false or unknown member is left out, and so is the decision
 *               to go on
 *   stop        {"type":"stop","case":3,"reason":"precision reached"}
 *   warning     {"type":"warning","id":…,"text":…,"advice":…}
 *   resume      {"type":"resume","unix_ns":…}
 *   kept {"type":"kept","case":3,"total":1000000,"stride":64,"warmups":2,"noise":{"disturbed":
 *               70,"cpu_pressure":70,"khz_low":…,"khz_high":…},"counting":{"cycles":{"used":…,"thin":
 *               …,"invalid":…,"coverage_sum":…,"coverage_min":…}}}: only in exports, after the
 * case's samples: what the run knew of invocations that are not in it end         last:
 * {"type":"end","status":"complete"|"interrupted","invocations":…, "duration_ns":…} Numbers of the
 * always-measured metrics are integers; one past 2^63 - 1, as a seed may be, is a string of digits.
 * The reader makes the fingerprint anew from the facts. It skips lines of a type it does not know
 * and refuses a newer version. seq goes up from line to line. Runs can be concatenated: each header
 * begins the next run.
 *
 * The writer appends whole lines with one write each (O_APPEND); tare_journal_sync() after a case.
 * kill -9 leaves at most one cut line, which the reader drops with a warning and the writer cuts
 * off when it resumes.
 */
#ifndef TARE_MODEL_JOURNAL_H
#define TARE_MODEL_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/base/err.h"
#include "harness/model/run.h"

enum { TARE_JOURNAL_VERSION = 1, TARE_JOURNAL_LINE_MAX = 64 << 20 };

struct tare_journal; /* a writer */

/* Makes path (and its folder); it must not exist. Writes nothing yet. */
enum tare_status tare_journal_create(
	struct tare_journal **journal_out, const char *path, struct tare_err *err);
/* Opens an existing journal for appending after its last whole line, cutting a torn one. Refuses
 * (TARE_INVALID) a journal that another process has open: writers hold an flock. */
enum tare_status tare_journal_reopen(
	struct tare_journal **journal_out, const char *path, struct tare_err *err);
/* A writer on a stream, for export and tests; the stream stays the caller's. */
struct tare_journal *tare_journal_on_stream(FILE *stream);

enum tare_status tare_journal_header(
	struct tare_journal *journal, const struct tare_run *run, struct tare_err *err);
enum tare_status tare_journal_sample(struct tare_journal *journal, const struct tare_run *run,
	const struct tare_sample *sample, struct tare_err *err); /* sample or failure line */
enum tare_status tare_journal_look(struct tare_journal *journal, const struct tare_run *run,
	size_t case_index, const struct tare_case_look *look, struct tare_err *err);
enum tare_status tare_journal_stop(
	struct tare_journal *journal, size_t case_index, const char *reason, struct tare_err *err);
enum tare_status tare_journal_warning(
	struct tare_journal *journal, const struct tare_warning *warning, struct tare_err *err);
/* A fact that was not known when the header was written; it does not matter for the fingerprint. */
enum tare_status tare_journal_fact(
	struct tare_journal *journal, const char *key, const char *value, struct tare_err *err);
enum tare_status tare_journal_resume(
	struct tare_journal *journal, uint64_t unix_ns, struct tare_err *err);
enum tare_status tare_journal_kept(struct tare_journal *journal, const struct tare_run *run,
	size_t case_index, struct tare_err *err);
enum tare_status tare_journal_end(
	struct tare_journal *journal, const struct tare_run *run, struct tare_err *err);
enum tare_status tare_journal_sync(struct tare_journal *journal, struct tare_err *err);
/* TARE_OUTSIDE where the path does not lead to what is written any more: somebody has removed or
 * replaced the file. */
enum tare_status tare_journal_check(const struct tare_journal *journal, struct tare_err *err);
/* Closes; a sync that fails is reported. NULL is allowed. */
enum tare_status tare_journal_close(struct tare_journal *journal, struct tare_err *err);

/* Reads the run at index (0: the first) of a journal file; a torn last line becomes a warning
 * "journal_cut" of the run. Errors: TARE_NOT_FOUND no such file; TARE_INVALID "path:line: ..." for
 * anything malformed before the last line, a newer version, or no run at that index. Constant
 * memory apart from the run. The caller owns *run_out: tare_run_free(). */
enum tare_status tare_journal_read(
	struct tare_run **run_out, const char *path, size_t index, struct tare_err *err);
/* The same from a stream; name is for messages. */
enum tare_status tare_journal_read_stream(struct tare_run **run_out, FILE *stream, const char *name,
	size_t index, struct tare_err *err);
/* How many runs the journal holds. */
enum tare_status tare_journal_count(size_t *count_out, const char *path, struct tare_err *err);

/* Whole run as a journal: header, kept samples, stops, warnings, end. */
enum tare_status tare_journal_export(
	FILE *stream, const struct tare_run *run, struct tare_err *err);

#endif
