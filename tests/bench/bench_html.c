/*
 * bench_html KIND GROUPS SAMPLES METRICS FILE: writes an HTML report of that size and prints what
 * it took and weighs. KIND: variants, runs, plain, hostile. METRICS: wall, all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/units.h"
#include "report/report.h"
#include "tests/support/sample_page.h"

static const char *const kinds[] = {
	[SAMPLE_PAGE_VARIANTS] = "variants",
	[SAMPLE_PAGE_RUNS] = "runs",
	[SAMPLE_PAGE_PLAIN] = "plain",
	[SAMPLE_PAGE_HOSTILE] = "hostile",
};

static int
read_options(struct sample_page_options *options, char **argv)
{
	struct tare_err err;
	uint64_t groups;
	uint64_t samples;

	if (tare_count_parse(&groups, argv[2], 100000, &err) != TARE_OK ||
		tare_count_parse(&samples, argv[3], 100000, &err) != TARE_OK) {
		fprintf(stderr, "bench_html: %s\n", err.text);
		return -1;
	}
	options->groups = groups;
	options->samples = samples;
	options->wall_only = strcmp(argv[4], "wall") == 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i]) == 0) {
			options->kind = (enum sample_page_kind)i;
			return 0;
		}
	}
	fprintf(stderr, "bench_html: unknown kind \"%s\"\n", argv[1]);
	return -1;
}

static int
write_report(const struct sample_page *page, const char *path)
{
	uint64_t begin_ns = tare_monotonic_ns();
	struct tare_err err;
	FILE *out = fopen(path, "w");

	if (!out) {
		perror(path);
		return -1;
	}
	if (tare_reporter_find("html")->write(out, &page->input, &err) != TARE_OK) {
		fprintf(stderr, "bench_html: %s\n", err.text);
		fclose(out);
		return -1;
	}
	printf("%s: %zu cases, %.2f MB, written in %.0f ms\n", path, page->run->case_count,
		(double)ftell(out) / 1e6, (double)(tare_monotonic_ns() - begin_ns) / 1e6);
	return fclose(out);
}

int
main(int argc, char **argv)
{
	struct sample_page_options options = {0};
	struct sample_page *page;
	int result;

	if (argc != 6) {
		fprintf(stderr, "usage: bench_html KIND GROUPS SAMPLES wall|all FILE\n");
		return 3;
	}
	if (read_options(&options, argv) != 0)
		return 3;
	page = sample_page_new(&options);
	result = write_report(page, argv[5]);
	sample_page_free(page);
	return result == 0 ? 0 : 5;
}
