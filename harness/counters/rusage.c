/* What the kernel books for every process, and the agent reports with each invocation. */
#include <string.h>

#include "harness/counters/counters.h"

enum field {
	FIELD_PAGE_FAULTS,
	FIELD_MINOR_FAULTS,
	FIELD_MAJOR_FAULTS,
	FIELD_SWITCHES,
	FIELD_INVOLUNTARY,
	FIELD_CPU,
	FIELD_USER,
	FIELD_SYSTEM,
};

static const struct known {
	const char *name;
	const char *event;
	enum field field;
} knowns[] = {
	{"page-faults", "ru_minflt + ru_majflt", FIELD_PAGE_FAULTS},
	{"minor-faults", "ru_minflt", FIELD_MINOR_FAULTS},
	{"major-faults", "ru_majflt", FIELD_MAJOR_FAULTS},
	{"context-switches", "ru_nvcsw + ru_nivcsw", FIELD_SWITCHES},
	{"involuntary-switches", "ru_nivcsw", FIELD_INVOLUNTARY},
	{"task-clock", "ru_utime + ru_stime", FIELD_CPU},
	{"user-time", "ru_utime", FIELD_USER},
	{"system-time", "ru_stime", FIELD_SYSTEM},
};

static enum tare_status
rusage_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	(void)place;
	(void)err;
	return TARE_OK;
}

static enum tare_status
rusage_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	(void)arena;
	(void)place;
	for (size_t i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {
		if (strcmp(knowns[i].name, name) != 0)
			continue;
		*source_out = (struct tare_counter_source){
			.origin = {.event = knowns[i].event,
				.scope = "program and its children that were waited for",
				.quality = TARE_QUALITY_ACCOUNTED},
			.type = knowns[i].field,
		};
		return TARE_OK;
	}
	return tare_err_set(err, TARE_NOT_FOUND, "not in struct rusage");
}

static double
rusage_from_record(const struct tare_counter_source *source, const struct tare_agent_record *record)
{
	switch ((enum field)source->type) {
	case FIELD_PAGE_FAULTS:
		return (double)(record->minor_faults + record->major_faults);
	case FIELD_MINOR_FAULTS:
		return (double)record->minor_faults;
	case FIELD_MAJOR_FAULTS:
		return (double)record->major_faults;
	case FIELD_SWITCHES:
		return (double)(record->voluntary_switches + record->involuntary_switches);
	case FIELD_INVOLUNTARY:
		return (double)record->involuntary_switches;
	case FIELD_CPU:
		return (double)(record->user_ns + record->sys_ns);
	case FIELD_USER:
		return (double)record->user_ns;
	default:
		return (double)record->sys_ns;
	}
}

const struct tare_counter_ops tare_counters_rusage = {
	.name = "rusage",
	.summary = "what the kernel books for every process (wait4)",
	.way = TARE_WAY_RECORD,
	.supported = rusage_supported,
	.find = rusage_find,
	.from_record = rusage_from_record,
};
