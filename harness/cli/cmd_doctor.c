#include <stdio.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/cli/doctor.h"
#include "harness/cli/list.h"
#include "harness/cli/tuning.h"
#include "report/table.h"

enum { UNFIT = 1, WIDTH = 100, TEXT_COLUMN = 26 };

struct doctor_line {
	const char *format;
};

#define AT(field) offsetof(struct doctor_line, field)

static const struct tare_option options[] = {
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

struct visit {
	struct tare_doctor doctor;
	struct tare_finding findings[TARE_FINDINGS_MAX];
	size_t count;
	size_t counts[TARE_FINDING_UNFIT + 1]; /* by level */
};

static void
print_finding(struct tare_arena *arena, const struct tare_finding *finding)
{
	printf("%-8s %-16s ", tare_finding_level_name(finding->level), finding->id);
	tare_display_wrapped(stdout, tare_text_safe(arena, finding->text), TEXT_COLUMN, WIDTH);
	if (!finding->remedy)
		return;
	printf("%*s-> ", TEXT_COLUMN, "");
	tare_display_wrapped(
		stdout, tare_text_safe(arena, finding->remedy), TEXT_COLUMN + 3, WIDTH);
}

/* Worst first; of one level in the order of the table. */
static void
print_text(struct tare_arena *arena, const struct visit *visit)
{
	for (int level = TARE_FINDING_UNFIT; level >= TARE_FINDING_FINE; level--) {
		for (size_t i = 0; i < visit->count; i++) {
			if ((int)visit->findings[i].level == level)
				print_finding(arena, &visit->findings[i]);
		}
	}
	printf("\n%s: %zu warning%s, %zu note%s, %zu fine\n",
		visit->counts[TARE_FINDING_UNFIT] > 0 ? "this machine is unfit for measuring now"
						      : "this machine is fit for measuring",
		visit->counts[TARE_FINDING_WARNING],
		visit->counts[TARE_FINDING_WARNING] == 1 ? "" : "s",
		visit->counts[TARE_FINDING_NOTE], visit->counts[TARE_FINDING_NOTE] == 1 ? "" : "s",
		visit->counts[TARE_FINDING_FINE]);
}

static void
print_gauges(struct tare_json *json, const struct tare_doctor *doctor)
{
	tare_json_array_begin(json, "cpus");
	for (size_t i = 0; i < doctor->gauge_count; i++) {
		const struct tare_pulse *gauge = &doctor->gauges[i];

		tare_json_object_begin(json, NULL);
		tare_json_u64(json, "cpu", gauge->cpu);
		tare_json_double(json, "frequency_hz", gauge->frequency_hz);
		tare_json_double(json, "lost_share", gauge->lost_share);
		tare_json_double(json, "unsteady_share", gauge->unsteady_share);
		tare_json_u64(json, "longest_ns", gauge->longest_ns);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
print_json(const struct visit *visit)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-doctor");
	tare_json_u64(&json, "version", 1);
	tare_json_bool(&json, "fit", visit->counts[TARE_FINDING_UNFIT] == 0);
	tare_json_array_begin(&json, "findings");
	for (size_t i = 0; i < visit->count; i++) {
		const struct tare_finding *finding = &visit->findings[i];

		tare_json_object_begin(&json, NULL);
		tare_json_string(&json, "id", finding->id);
		tare_json_string(&json, "level", tare_finding_level_name(finding->level));
		tare_json_string(&json, "text", finding->text);
		tare_json_string(&json, "remedy", finding->remedy);
		tare_json_object_end(&json);
	}
	tare_json_array_end(&json);
	print_gauges(&json, &visit->doctor);
	tare_json_object_end(&json);
	putchar('\n');
}

static enum tare_status
doctor(const void *line_in, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct doctor_line *line = line_in;
	struct visit visit = {0};
	struct tare_arena *arena;
	bool json = false;
	enum tare_status status = tare_operands_check("doctor", operands, 0, 0, err);

	if (status == TARE_OK)
		status = tare_format_parse(&json, line->format, err);
	if (status != TARE_OK)
		return status;
	arena = tare_arena_new();
	tare_doctor_inspect(&visit.doctor, arena, tare_machine_root());
	visit.count = tare_doctor_examine(visit.findings, arena, &visit.doctor);
	for (size_t i = 0; i < visit.count; i++)
		visit.counts[visit.findings[i].level]++;
	if (json)
		print_json(&visit);
	else
		print_text(arena, &visit);
	if (visit.counts[TARE_FINDING_UNFIT] > 0)
		*exit_code_out = UNFIT;
	tare_arena_free(arena);
	return TARE_OK;
}

const struct tare_command tare_command_doctor = {
	.name = "doctor",
	.usage = "[OPTION...]",
	.summary = "say what makes measuring bad on this machine, and what to do",
	.detail = "Looks at settings, gauges every CPU for a second, tries pinning, cgroups,\n"
		  "docker, counters and the history, and has a remedy for each finding. Exit code\n"
		  "1: the machine is unfit for measuring. Nothing is changed.",
	.tables = tables,
	.line_size = sizeof(struct doctor_line),
	.run = doctor,
};
