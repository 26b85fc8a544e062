/*
 * What `tare run` and `tare bench` share: options of measuring, and the way through the stages.
 */
#ifndef TARE_CLI_MEASURING_H
#define TARE_CLI_MEASURING_H

#include "harness/cli/command.h"

/* Begins the struct of each command that measures, so that one table fits all. */
struct tare_measuring_line {
	struct tare_given_count seed;
	struct tare_texts reports;
	const char *release;
	const char *baseline;
	const char *gate;
	const char *margin;
	const char *cpus;
	const char *max_time;
	const char *invocations;
	const char *journal;
	const char *store;
	const char *correct;
	const char *max_age;
	bool confirm;
	bool mixed_runners;
	bool quiet;
};

extern const struct tare_option tare_measuring_options[];

/* Fills the session's options from the line; line must outlive the session. */
enum tare_status tare_measuring_prepare(
	struct tare_session *session, const struct tare_measuring_line *line, struct tare_err *err);

/* load, expand, baseline, choose, describe, measure, compare, store, report; problems of the suite
 * are printed. *exit_code_out says what was found. */
enum tare_status tare_measuring_run(
	struct tare_session *session, int *exit_code_out, struct tare_err *err);

/* "5%" from the command line into the session; NULL changes nothing. */
enum tare_status tare_margin_parse(
	struct tare_session *session, const char *text, struct tare_err *err);

#endif
