/*
 * What `tare bench` was asked for, and the suite that it stands for.
 *
 * Pure: the text is made in the arena from the line and the commands alone. JSON is YAML, so that
 * it goes through the same reader as a suite that a person wrote.
 */
#ifndef TARE_CLI_BENCH_SUITE_H
#define TARE_CLI_BENCH_SUITE_H

#include "harness/base/arena.h"
#include "harness/cli/measuring.h"

struct tare_bench_line {
	struct tare_measuring_line measuring;
	struct tare_texts names;
	struct tare_texts parameters; /* name, values, name, values, ... */
	struct tare_given_count warmup;
	struct tare_given_count min_runs;
	struct tare_given_count max_runs;
	const char *prepare;
	const char *conclude;
	const char *setup;
	const char *cleanup;
	const char *input;
	const char *timeout;
	const char *precision;
	const char *export_json;
	const char *export_csv;
	const char *export_markdown;
	bool shell;
	bool no_shell;
	bool ignore_failure;
	bool keep;
	bool print_suite;
};

/* commands are NULL-terminated, at least one. Several are variants of one benchmark, which is named
 * after the words they begin with; cwd may be NULL. TARE_INVALID where the words do not go
 * together, said in terms of the command line. */
enum tare_status tare_bench_suite_text(char **text_out, struct tare_arena *arena,
	const struct tare_bench_line *line, char *const *commands, const char *cwd,
	struct tare_err *err);

#endif
