#include "harness/model/warning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tare_warning_about warnings[TARE_WARNING_COUNT] = {
	[TARE_WARN_BIMODAL] = {"bimodal", "the wall times of a case fall into two groups",
		"a median between two groups is typical of neither, and jumps from one to the "
		"other",
		{{TARE_HABIT_PINS, "look at the samples in run order: caches, frequency or the "
				   "program itself "
				   "may switch between two states"},
			{0, "look at the samples in run order, and pin the benchmark with `cpus:`: "
			    "moving between CPUs makes two groups, as do caches and frequency"}}},
	[TARE_WARN_COUNTERS_MISSING] = {"counters_missing",
		"counters that were asked for cannot be counted here",
		"the report has no values of them",
		{{0, "see `tare list counters`; with counters_required: true this is an error"}}},
	[TARE_WARN_CPUS_MIXED] = {"cpus_mixed",
		"a case is pinned to CPUs of cores of different speed",
		"what is measured depends on which of them the program gets",
		{{0, "name CPUs of one kind, or how many: tare topology shows them"}}},
	[TARE_WARN_CPUS_SHARED] = {"cpus_shared",
		"a case is pinned to the CPUs that tare itself and most interrupts use",
		"what they do shows in what is measured",
		{{0, "ask for fewer CPUs, or name others: tare topology shows them"}}},
	[TARE_WARN_DISTURBED] = {"disturbed",
		"more than half of the samples of a case were disturbed by something outside of it",
		"its figures tell of the machine as much as of the program, and a difference has "
		"to "
		"be larger to be seen",
		{{TARE_HABIT_PINS,
			 "stop what else runs here, keep it off these CPUs, or measure at another "
			 "time"},
			{0, "stop what else runs here, or pin the benchmark with `cpus:`"}}},
	[TARE_WARN_DISTURBED_VERDICT] = {"disturbed_verdict",
		"the verdict of a comparison is another one without the disturbed samples",
		"it may be about what disturbed them and not about the program",
		{{0, "measure again on a quieter machine; `on_disturbance: repeat` measures as "
		     "many "
		     "samples again"}}},
	[TARE_WARN_ENVIRONMENT_CHANGED] = {"environment_changed",
		"a resumed run goes on in an environment other than the one it was begun in",
		"samples from two environments do not belong together", {{0, "start a new run"}}},
	[TARE_WARN_IMAGE_LATEST] = {"image_latest", "a container's image is whatever is the latest",
		"tomorrow's may be another, and a change would be blamed on the program",
		{{0, "name a version, or better a digest (name@sha256:...)"}}},
	[TARE_WARN_ISOLATED_STACK] = {"isolated_stack",
		"a case has several isolated CPUs, over which the kernel does not balance",
		"all its threads may run on one of them",
		{{0, "set `threads: pinned`, or let the program pin its threads"}}},
	[TARE_WARN_JOURNAL_CUT] = {"journal_cut", "the last line of a journal is not whole",
		"the run was killed while it wrote, and has fewer samples than it should",
		{{0, "continue it with tare run --resume"}}},
	[TARE_WARN_LEFTOVERS] = {"leftovers", "a program left processes running, which were killed",
		"what they would still have done is in no figure, and they disturb what comes next",
		{{0, "let the program wait for its children, or start servers under `services:`"}}},
	[TARE_WARN_MORE_WARNINGS] = {"more_warnings", "there were more warnings than are kept",
		"what is said of some of them is not here",
		{{0, "read the warning lines of the journal"}}},
	[TARE_WARN_NO_BASE] = {"no_base", "the first variant of a benchmark failed",
		"the others are compared with the first, so that there is nothing to compare",
		{{0, "mend it, or put a variant that works first"}}},
	[TARE_WARN_NO_LIMITS] = {"no_limits", "a container has no limits of CPUs and memory",
		"it may take all of the machine, which differs from one machine and moment to the "
		"next",
		{{0, "give it `resources: {cpus: ..., memory: ...}`"}}},
	[TARE_WARN_NOT_CLEANED_UP] = {"not_cleaned_up", "a cleanup did not come to its end",
		"what the setup made may still be there, and be in the way of the next run",
		{{0, "look for what its setup left behind"}}},
	[TARE_WARN_NOT_MOVED_ASIDE] = {"not_moved_aside",
		"tare could not move to the housekeeping core",
		"it may run on the CPUs of what it measures, before and after each invocation",
		{{0, "check what limits the CPUs of this process: tare topology"}}},
	[TARE_WARN_OUTLIERS] = {"outliers",
		"more than a twentieth of the wall times of a case are severe outliers",
		"intervals get wider, and small changes are not seen",
		{{TARE_HABIT_PINS | TARE_HABIT_WARMS_UP,
			 "stop what else runs here, or measure at another time"},
			{TARE_HABIT_PINS, "quieten the machine, or add a warm-up"},
			{0, "quieten the machine, pin the benchmark with `cpus:`, or add a "
			    "warm-up"}}},
	[TARE_WARN_OUTPUT_CUT] = {"output_cut", "a program wrote more than is kept of its output",
		"metrics and patterns were looked for in a part of it only",
		{{0, "print less, or discard the output"}}},
	[TARE_WARN_SIMULATION_MISSING] = {"simulation_missing",
		"a program could not be run under valgrind",
		"the report has no simulated counts of it",
		{{0, "try the command under `valgrind --tool=cachegrind` by hand"}}},
	[TARE_WARN_SIMULATION_UNSTABLE] = {"simulation_unstable",
		"what valgrind counts differs from one time to the next",
		"counts are compared as they are, without an interval",
		{{0, "look for threads, the clock, random numbers and files that change"}}},
	[TARE_WARN_SUITES] = {"suites", "the two runs are of different suites",
		"cases of one name may have nothing to do with each other",
		{{0, "compare with a run of the same suite"}}},
	[TARE_WARN_THREADS_NOT_PINNED] = {"threads_not_pinned",
		"the threads of a case are not pinned although it asks for it",
		"the program does not load libraries that it is told to: it is static, "
		"set-user-ID, "
		"or not of glibc",
		{{0, "link it dynamically, let it pin its threads itself, or leave out `threads: "
		     "pinned`"}}},
};

const struct tare_warning_about *
tare_warning_about(enum tare_warning_kind kind)
{
	return &warnings[kind];
}

const struct tare_warning_about *
tare_warning_find(const char *id)
{
	for (size_t i = 0; i < TARE_WARNING_COUNT; i++) {
		if (strcmp(warnings[i].id, id) == 0)
			return &warnings[i];
	}
	return NULL;
}

const char *
tare_warning_advice(const struct tare_warning_about *about, unsigned habits)
{
	size_t i = 0;

	while ((about->advices[i].habits & ~habits) != 0)
		i++;
	return about->advices[i].text;
}

const char *
tare_habits_text(unsigned habits)
{
	switch (habits) {
	case TARE_HABIT_PINS:
		return "where it is pinned";
	case TARE_HABIT_WARMS_UP:
		return "where it is warmed up";
	case TARE_HABIT_PINS | TARE_HABIT_WARMS_UP:
		return "where it is pinned and warmed up";
	default:
		return "";
	}
}

unsigned
tare_case_habits(const struct tare_run_case *one)
{
	return (one->cpus && *one->cpus ? TARE_HABIT_PINS : 0u) |
	       (one->warmup_count > 0 ? TARE_HABIT_WARMS_UP : 0u);
}

void
tare_warn(
	struct tare_run *run, enum tare_warning_kind kind, unsigned habits, const char *format, ...)
{
	const struct tare_warning_about *about = &warnings[kind];
	char *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort();
	tare_run_warn(run, about->id, text, tare_warning_advice(about, habits));
	free(text);
}
