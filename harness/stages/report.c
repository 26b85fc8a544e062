#include "report/report.h"

#include <string.h>

#include "harness/base/file.h"
#include "harness/stages/stage.h"

static enum tare_status
write_file(const struct tare_reporter *reporter, const char *path,
	const struct tare_report_input *input, struct tare_err *err)
{
	struct tare_new_file file;
	enum tare_status status;

	status = tare_new_file_open(&file, path, err);
	if (status != TARE_OK)
		return status;
	status = reporter->write(file.stream, input, err);
	if (status == TARE_OK)
		return tare_new_file_commit(&file, err);
	tare_new_file_abandon(&file);
	return status;
}

static enum tare_status
write_stdout(const struct tare_reporter *reporter, const struct tare_report_input *input,
	struct tare_err *err)
{
	enum tare_status status = reporter->write(stdout, input, err);

	if (status == TARE_OK && (fflush(stdout) != 0 || ferror(stdout)))
		status = tare_err_errno(err, TARE_OUTSIDE, "cannot write to standard output");
	return status;
}

static enum tare_status
write_report(const struct tare_report_request *request, const struct tare_report_input *input,
	struct tare_err *err)
{
	const struct tare_reporter *reporter = tare_reporter_find(request->format);

	if (strcmp(request->path, "-") == 0)
		return write_stdout(reporter, input, err);
	return write_file(reporter, request->path, input, err);
}

/* The class of the first, the sentences of all. */
static enum tare_status
note_failure(
	struct tare_err *err, enum tare_status first, enum tare_status status, const char *text)
{
	if (first == TARE_OK)
		return tare_err_set(err, status, "%s", text);
	return tare_err_set(err, first, "%s; %s", err->text, text);
}

/* Every report is tried: one that cannot be written does not cost the others, nor the verdict. */
static enum tare_status
report(struct tare_session *session, struct tare_err *err)
{
	const struct tare_session_options *options = &session->options;
	const struct tare_report_input input = {
		.run = session->run,
		.base = session->base,
		.sets = session->sets,
		.set_count = session->set_count,
		.gate = session->gate.result == TARE_GATE_NOT_ASKED ? NULL : &session->gate,
		.correction = session->correction,
		.base_correction = session->base_correction,
		.weights = session->weights,
		.color = options->color,
		.width = options->width,
	};
	enum tare_status first = TARE_OK;

	for (size_t i = 0; i < options->report_count; i++) {
		struct tare_report_request *request = &session->options.reports[i];
		struct tare_err own = {0};

		if (write_report(request, &input, &own) != TARE_OK)
			first = note_failure(
				err, first, tare_err_where(&own, "%s", request->format), own.text);
		else
			request->written = true;
	}
	return first;
}

const struct tare_stage tare_stage_report = {
	.name = "report",
	.needs = TARE_PART_VERDICTS,
	.makes = TARE_PART_REPORTS,
	.may_fail = true,
	.run = report,
};
