/*
 * The reporters of this build, one per file; registry.c lists them.
 */
#ifndef TARE_REPORT_REPORTERS_H
#define TARE_REPORT_REPORTERS_H

#include "report/report.h"

extern const struct tare_reporter tare_reporter_text;
extern const struct tare_reporter tare_reporter_markdown;
extern const struct tare_reporter tare_reporter_json;
extern const struct tare_reporter tare_reporter_csv;
extern const struct tare_reporter tare_reporter_samples;
extern const struct tare_reporter tare_reporter_junit;
extern const struct tare_reporter tare_reporter_html;

/* What every reporter ends with: TARE_OUTSIDE where the stream did not take all of it. */
enum tare_status tare_report_end(FILE *out, struct tare_err *err);

#endif
