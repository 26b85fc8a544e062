/*
 * Series and their trends for people and for programs. Outside text is made safe to print.
 */
#ifndef TARE_CLI_SERIES_PRINT_H
#define TARE_CLI_SERIES_PRINT_H

#include "harness/base/json.h"
#include "harness/cli/series.h"

/* The document "tare-trend", version 1; report/README.md has the format. with_points adds every
 * point. */
void tare_series_print_json(FILE *out, const struct tare_series_set *set, bool with_points);

/* What changed, when, by how much; what may have; what creeps. */
void tare_trend_print(FILE *out, const struct tare_series_set *set);

/* One series drawn point by point with its segments and changes. */
void tare_history_print(FILE *out, const struct tare_series *series);

#endif
