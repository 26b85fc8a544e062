#include "report/report.h"

#include <string.h>

#include "report/reporters.h"

const struct tare_reporter *const tare_reporters[] = {
	&tare_reporter_text,
	&tare_reporter_markdown,
	&tare_reporter_json,
	&tare_reporter_csv,
	&tare_reporter_samples,
	&tare_reporter_junit,
	&tare_reporter_html,
	NULL,
};

const struct tare_reporter *
tare_reporter_find(const char *name)
{
	for (size_t i = 0; tare_reporters[i]; i++)
		if (strcmp(tare_reporters[i]->name, name) == 0)
			return tare_reporters[i];
	return NULL;
}

enum tare_status
tare_report_end(FILE *out, struct tare_err *err)
{
	if (fflush(out) == 0 && !ferror(out))
		return TARE_OK;
	return tare_err_errno(err, TARE_OUTSIDE, "the report could not be written");
}
