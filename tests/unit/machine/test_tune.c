#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/machine/tune.h"
#include "harness/machine/tune_journal.h"
#include "tests/support/files.h"
#include "tests/unit/machine/tree.h"

static const char turbo_path[] = "sys/devices/system/cpu/intel_pstate/no_turbo";
static const char thp_path[] = "sys/kernel/mm/transparent_hugepage/enabled";
static const char swap_path[] = "proc/sys/vm/swappiness";

/* What is left of a copied machine once it was put back: a file that offered a choice holds the one
 * that was chosen. */
static char *
expected_text(const char *machine)
{
	char *root = tree_copy(machine);
	char *text;

	tree_write(root, thp_path, "always\n");
	text = tree_text(root);
	test_folder_remove(root);
	return text;
}

static void
expect_put_back(const char *root)
{
	char *expected = expected_text("workstation");
	char *text;

	/* Where it was not reached it is untouched. */
	text = tree_read(root, thp_path);
	if (strcmp(text, "[always] madvise never") == 0)
		tree_write(root, thp_path, "always\n");
	free(text);
	text = tree_text(root);
	assert_string_equal(text, expected);
	assert_false(tree_has_journal(root));
	free(text);
	free(expected);
}

static void
expect_file(const char *root, const char *path, const char *expected)
{
	char *text = tree_read(root, path);

	assert_string_equal(text, expected);
	free(text);
}

/* Begins, plans what is in the list and applies it. */
static enum tare_status
apply_list(struct tare_tune **tune_out, struct tare_tune_plan *plan, struct tare_arena *arena,
	const struct tare_tune_place *place, const char *list, struct tare_err *err)
{
	struct tare_tune_wish wishes[TARE_TUNE_WISHES_MAX];
	size_t recovered, count = 0;
	enum tare_status status = tare_tune_begin(tune_out, &recovered, place, err);

	if (status == TARE_OK)
		status = tare_tune_wishes_parse(wishes, &count, arena, list, err);
	if (status == TARE_OK)
		status = tare_tune_plan_make(plan, arena, place, wishes, count, false, err);
	if (status == TARE_OK)
		status = tare_tune_apply(*tune_out, plan, err);
	return status;
}

struct bed {
	struct tare_arena *arena;
	char *root;
	struct tare_tune_place place;
	struct tare_tune *tune;
	struct tare_tune_plan plan;
	struct tare_err err;
	size_t count;
};

static int
set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	bed->arena = tare_arena_new();
	bed->root = tree_copy("workstation");
	bed->place = (struct tare_tune_place){.root = bed->root, .housekeeping = "0"};
	*state = bed;
	return 0;
}

static int
tear_down(void **state)
{
	struct bed *bed = *state;

	tare_arena_free(bed->arena);
	test_folder_remove(bed->root);
	free(bed);
	return 0;
}

static enum tare_status
apply(struct bed *bed)
{
	return apply_list(&bed->tune, &bed->plan, bed->arena, &bed->place, "production", &bed->err);
}

static void
a_run_is_tuned_and_put_back(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_status status;

	assert_int_equal(apply(bed), TARE_OK);
	expect_file(bed->root, "sys/devices/system/cpu/cpufreq/policy0/scaling_governor",
		"performance");
	expect_file(bed->root, "sys/devices/system/cpu/cpufreq/policy3/scaling_governor",
		"performance");
	expect_file(bed->root, turbo_path, "1");
	expect_file(bed->root, thp_path, "madvise");
	expect_file(bed->root, "proc/sys/kernel/nmi_watchdog", "0");
	expect_file(bed->root, "proc/irq/24/smp_affinity_list", "0");
	tare_tune_look(&status, &bed->place);
	assert_true(status.tuned && status.held && !status.kept);
	assert_int_equal(status.pid, getpid());
	assert_int_equal(status.change_count, bed->plan.change_count);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_put_back(bed->root);
	tare_tune_look(&status, &bed->place);
	assert_false(status.tuned || status.held);
}

static void
what_is_kept_stays_until_it_is_restored(void **state)
{
	struct bed *bed = *state;
	struct tare_tune *second = NULL;

	assert_int_equal(apply(bed), TARE_OK);
	assert_int_equal(tare_tune_keep(bed->tune, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_file(bed->root, turbo_path, "1");
	assert_int_equal(
		tare_tune_begin(&second, &bed->count, &bed->place, &bed->err), TARE_OUTSIDE);
	assert_memory_equal(bed->err.text, "this machine has been tuned since 20", 36);
	assert_non_null(strstr(bed->err.text, "Z; tare tune --restore puts the old values back"));
	assert_int_equal(tare_tune_restore(&bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(bed->count, bed->plan.change_count);
	expect_put_back(bed->root);
	assert_int_equal(tare_tune_restore(&bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(bed->count, 0);
}

static void
a_second_tare_is_refused_while_the_first_goes_on(void **state)
{
	struct bed *bed = *state;
	struct tare_tune *second = NULL;
	char expected[256];

	assert_int_equal(apply(bed), TARE_OK);
	snprintf(expected, sizeof(expected),
		"another tare (process %ld) is tuning this machine; wait until it has ended",
		(long)getpid());
	assert_int_equal(
		tare_tune_begin(&second, &bed->count, &bed->place, &bed->err), TARE_OUTSIDE);
	assert_string_equal(bed->err.text, expected);
	assert_null(second);
	assert_int_equal(tare_tune_restore(&bed->count, &bed->place, &bed->err), TARE_OUTSIDE);
	assert_string_equal(bed->err.text, expected);
	expect_file(bed->root, turbo_path, "1");
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_put_back(bed->root);
}

/* Of another boot nothing is known: every setting began anew. */
static void
a_journal_of_another_boot_changes_nothing(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_status status;

	assert_int_equal(apply(bed), TARE_OK);
	assert_int_equal(tare_tune_keep(bed->tune, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	tree_write(bed->root, "proc/sys/kernel/random/boot_id", "another\n");
	tree_write(bed->root, swap_path, "33\n");
	tare_tune_look(&status, &bed->place);
	assert_false(status.tuned);
	assert_int_equal(tare_tune_restore(&bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(bed->count, 0);
	expect_file(bed->root, swap_path, "33");
	expect_file(bed->root, turbo_path, "1");
	assert_false(tree_has_journal(bed->root));
}

static void
nothing_to_change_leaves_no_journal(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_wish wish = {tare_knob_find("turbo"), "on"};

	assert_int_equal(tare_tune_begin(&bed->tune, &bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_plan_make(
				 &bed->plan, bed->arena, &bed->place, &wish, 1, false, &bed->err),
		TARE_OK);
	assert_int_equal(tare_tune_apply(bed->tune, &bed->plan, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_keep(bed->tune, &bed->err), TARE_OK);
	assert_false(tree_has_journal(bed->root));
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_put_back(bed->root);
}

static void
only_what_is_wished_for_is_changed(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_wish wish = {tare_knob_find("swap"), "10"};
	char *before = tree_text(bed->root);
	char *after;

	assert_int_equal(tare_tune_begin(&bed->tune, &bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_plan_make(
				 &bed->plan, bed->arena, &bed->place, &wish, 1, false, &bed->err),
		TARE_OK);
	assert_int_equal(tare_tune_apply(bed->tune, &bed->plan, &bed->err), TARE_OK);
	expect_file(bed->root, swap_path, "10");
	tree_write(bed->root, swap_path, "60\n");
	after = tree_text(bed->root);
	assert_string_equal(after, before);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	free(before);
	free(after);
}

static void
a_priority_is_given_and_taken_back(void **state)
{
	struct bed *bed = *state;
	int before = getpriority(PRIO_PROCESS, 0);
	struct tare_tune_wish wish = {tare_knob_find("nice"), "19"};

	/* Only root gets it back, and only who has less can ask for more. */
	if (geteuid() != 0 || before == 19) {
		print_message("skipped: nice can be given, but not be taken back without root\n");
		skip();
	}
	assert_int_equal(tare_tune_begin(&bed->tune, &bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(
		tare_tune_plan_make(&bed->plan, bed->arena, &bed->place, &wish, 1, true, &bed->err),
		TARE_OK);
	assert_int_equal(tare_tune_apply(bed->tune, &bed->plan, &bed->err), TARE_OK);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), 19);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

/* A link in the place of a file can be read and is not written through. */
static void
block(const char *root, const char *path)
{
	char *file = test_path(root, path), *real = test_path(file, ".real");

	real[strlen(file)] = '-';
	assert_int_equal(rename(file, real), 0);
	assert_int_equal(symlink(real, file), 0);
	free(file);
	free(real);
}

static void
unblock(const char *root, const char *path)
{
	char *file = test_path(root, path), *real = test_path(file, ".real");

	real[strlen(file)] = '-';
	assert_int_equal(rename(real, file), 0);
	free(file);
	free(real);
}

static void
what_fails_half_way_is_taken_back_at_once(void **state)
{
	struct bed *bed = *state;

	block(bed->root, swap_path);
	assert_int_equal(apply(bed), TARE_OUTSIDE);
	assert_string_equal(bed->err.text,
		"cannot write '0' to \"/proc/sys/vm/swappiness\": Too many levels of symbolic "
		"links");
	unblock(bed->root, swap_path);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_put_back(bed->root);
}

static void
an_interrupt_that_stays_where_it_is_stops_nothing(void **state)
{
	static const char irq_path[] = "proc/irq/24/smp_affinity_list";
	struct bed *bed = *state;
	const struct tare_tune_row *row = NULL;

	block(bed->root, irq_path);
	assert_int_equal(apply(bed), TARE_OK);
	for (size_t i = 0; i < bed->plan.row_count; i++) {
		if (strcmp(bed->plan.rows[i].knob->name, "irq-affinity") == 0)
			row = &bed->plan.rows[i];
	}
	assert_int_equal(row->change_count, 3);
	assert_int_equal(row->refused_count, 1);
	expect_file(bed->root, "proc/irq/9/smp_affinity_list", "0");
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	unblock(bed->root, irq_path);
	expect_put_back(bed->root);
}

/* Not "changed in 3 files, of which 3 refused", and a journal that keeps others out. */
static void
a_setting_that_is_taken_nowhere_is_an_error(void **state)
{
	static const char *const paths[] = {"proc/irq/9/smp_affinity_list",
		"proc/irq/16/smp_affinity_list", "proc/irq/24/smp_affinity_list"};
	struct bed *bed = *state;

	for (size_t i = 0; i < 3; i++)
		block(bed->root, paths[i]);
	assert_int_equal(apply_list(&bed->tune, &bed->plan, bed->arena, &bed->place,
				 "irq-affinity=0", &bed->err),
		TARE_OUTSIDE);
	assert_string_equal(bed->err.text, "the kernel took irq-affinity 0 for none of 3 files; "
					   "choose another value, or leave "
					   "it out");
	for (size_t i = 0; i < 3; i++)
		unblock(bed->root, paths[i]);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_put_back(bed->root);
}

/* A kernel that takes a value and keeps its own. */
static void
insist_on_swappiness(void *context)
{
	tree_write(context, swap_path, "60\n");
}

static void
a_value_that_the_kernel_does_not_take_is_an_error(void **state)
{
	struct bed *bed = *state;

	bed->place.step = insist_on_swappiness;
	bed->place.context = bed->root;
	assert_int_equal(apply(bed), TARE_OUTSIDE);
	assert_string_equal(bed->err.text, "the kernel did not take '0' for "
					   "\"/proc/sys/vm/swappiness\"; leave swap out");
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_put_back(bed->root);
}

static void
what_cannot_be_put_back_stays_in_the_journal(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_status status;

	assert_int_equal(apply(bed), TARE_OK);
	block(bed->root, turbo_path);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OUTSIDE);
	assert_string_equal(bed->err.text,
		"the machine stays tuned: cannot put back '0' into "
		"\"/sys/devices/system/cpu/intel_pstate/no_turbo\": Too many levels of symbolic "
		"links");
	expect_file(bed->root, swap_path, "60");
	tare_tune_look(&status, &bed->place);
	assert_true(status.tuned && !status.held && !status.kept);
	unblock(bed->root, turbo_path);
	assert_int_equal(tare_tune_restore(&bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(bed->count, 1);
	expect_put_back(bed->root);
}

/* A broken line is told of and nothing more is lost with it than what it held. */
static void
a_damaged_journal_gives_back_what_it_can(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_status status;
	char expected[4096];
	char *text, *path;

	assert_int_equal(apply(bed), TARE_OK);
	assert_int_equal(tare_tune_keep(bed->tune, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	path = tare_tune_journal_path(bed->arena, bed->root);
	text = test_file_read(path, NULL);
	memcpy(strstr(text, "\"turbo\""), "\"tUrbo\"", strlen("\"turbo\""));
	tree_write(bed->root, "run/tare/tune.ndjson", text);
	free(text);
	tare_tune_look(&status, &bed->place);
	assert_true(status.tuned && status.damaged);
	assert_int_equal(tare_tune_restore(&bed->count, &bed->place, &bed->err), TARE_OUTSIDE);
	snprintf(expected, sizeof(expected),
		"undo journal: line 6: \"/sys/devices/system/cpu/intel_pstate/no_turbo\" is no "
		"file of the setting 'tUrbo'; what its other lines hold was put back: put back the "
		"rest by hand, and remove \"%s/run/tare/tune.ndjson\"",
		bed->root);
	assert_string_equal(bed->err.text, expected);
	expect_file(bed->root, swap_path, "60");
	expect_file(bed->root, turbo_path, "1");
	assert_true(tree_has_journal(bed->root));
	tree_write(bed->root, "run/tare/tune.ndjson", "\n");
	tare_tune_look(&status, &bed->place);
	assert_true(status.tuned && status.damaged);
	assert_int_equal(tare_tune_restore(&bed->count, &bed->place, &bed->err), TARE_OUTSIDE);
	assert_non_null(
		strstr(bed->err.text, "; or put back by hand what it tells of, and remove it"));
}

static void
files_of_a_cpu_that_went_offline_are_not_missed(void **state)
{
	struct bed *bed = *state;
	char *policy = test_path(bed->root, "sys/devices/system/cpu/cpufreq/policy3");

	assert_int_equal(apply(bed), TARE_OK);
	assert_int_equal(tare_dir_remove(policy, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	assert_false(tree_has_journal(bed->root));
	free(policy);
}

/* boost is that of all policies, and writing it writes theirs: the last word must be theirs. */
static void
a_knob_that_moves_another_is_put_back_all_the_same(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_wish wish = {tare_knob_find("boost"), "off"};

	tree_write(bed->root, "sys/devices/system/cpu/cpufreq/boost", "1\n");
	tree_write(bed->root, "sys/devices/system/cpu/cpufreq/policy1/boost", "1\n");
	tree_write(bed->root, "sys/devices/system/cpu/cpufreq/policy2/boost", "0\n");
	assert_int_equal(tare_tune_begin(&bed->tune, &bed->count, &bed->place, &bed->err), TARE_OK);
	assert_int_equal(tare_tune_plan_make(
				 &bed->plan, bed->arena, &bed->place, &wish, 1, false, &bed->err),
		TARE_OK);
	assert_string_equal(bed->plan.rows[0].now, "mixed");
	assert_int_equal(tare_tune_apply(bed->tune, &bed->plan, &bed->err), TARE_OK);
	expect_file(bed->root, "sys/devices/system/cpu/cpufreq/policy1/boost", "0");
	assert_int_equal(tare_tune_end(bed->tune, &bed->err), TARE_OK);
	expect_file(bed->root, "sys/devices/system/cpu/cpufreq/boost", "1");
	expect_file(bed->root, "sys/devices/system/cpu/cpufreq/policy1/boost", "1");
	expect_file(bed->root, "sys/devices/system/cpu/cpufreq/policy2/boost", "0");
}

/* In a child, so that what it does to itself ends with it. Gives its exit code. */
static int
in_child(int (*body)(struct bed *bed), struct bed *bed)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(body(bed));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

enum { FINE, WRONG_STATUS, WRONG_TEXT, NOT_POSSIBLE };

static int
expect_refusal(struct bed *bed, const char *text)
{
	if (apply(bed) != TARE_OUTSIDE)
		return WRONG_STATUS;
	if (strcmp(bed->err.text, text) != 0)
		fprintf(stderr, "%s\n", bed->err.text);
	return strcmp(bed->err.text, text) == 0 ? FINE : WRONG_TEXT;
}

static int
apply_without_permission(struct bed *bed)
{
	char *path = test_path(bed->root, thp_path);

	if (tare_tune_begin(&bed->tune, &bed->count, &bed->place, &bed->err) != TARE_OK ||
		tare_tune_plan_make(&bed->plan, bed->arena, &bed->place, NULL, 0, false,
			&bed->err) != TARE_OK ||
		chmod(path, 0444) != 0 || chmod(bed->root, 0711) != 0)
		return NOT_POSSIBLE;
	/* Root may write what nobody may; all but one file can be written by others. */
	if (geteuid() == 0) {
		char command[4096];

		snprintf(command, sizeof(command),
			"chmod -R a+rwX '%s'/sys '%s'/proc && chmod 0444 '%s'", bed->root,
			bed->root, path);
		if (system(command) != 0 || seteuid(65534) != 0)
			return NOT_POSSIBLE;
	}
	if (tare_tune_apply(bed->tune, &bed->plan, &bed->err) != TARE_OUTSIDE)
		return WRONG_STATUS;
	if (strcmp(bed->err.text, "not permitted to change thp "
				  "(\"/sys/kernel/mm/transparent_hugepage/enabled\"); run tare as "
				  "root, for example with sudo") != 0)
		return WRONG_TEXT;
	return FINE;
}

static void
without_permission_nothing_is_written(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(in_child(apply_without_permission, bed), FINE);
	expect_put_back(bed->root);
}

static int
apply_without_folder(struct bed *bed)
{
	char text[4096];

	snprintf(text, sizeof(text),
		"not permitted to keep the undo journal in \"%s/run/tare\"; run tare as root, for "
		"example with sudo",
		bed->root);
	if (chmod(bed->root, 0711) != 0)
		return NOT_POSSIBLE;
	if (geteuid() == 0 && seteuid(65534) != 0)
		return NOT_POSSIBLE;
	return expect_refusal(bed, text);
}

static void
without_permission_for_the_journal_nothing_is_written(void **state)
{
	struct bed *bed = *state;
	char *run = test_path(bed->root, "run");

	assert_int_equal(chmod(run, 0555), 0);
	free(run);
	assert_int_equal(in_child(apply_without_folder, bed), FINE);
	expect_put_back(bed->root);
}

/* As in a container, where root sees /sys and may not write it. */
static int
apply_to_read_only_tree(struct bed *bed)
{
	char *sys = test_path(bed->root, "sys");

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount(sys, sys, NULL, MS_BIND, NULL) != 0 ||
		mount(NULL, sys, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0)
		return NOT_POSSIBLE;
	return expect_refusal(bed,
		"cannot change governor: "
		"\"/sys/devices/system/cpu/cpufreq/policy0/scaling_governor\" is read-only here, "
		"as in a container; run tare on the host, or in a container that is started with "
		"--privileged");
}

static void
a_read_only_tree_is_refused_with_a_remedy(void **state)
{
	struct bed *bed = *state;
	int code = in_child(apply_to_read_only_tree, bed);

	if (code == NOT_POSSIBLE) {
		print_message("skipped: mounting is not permitted here\n");
		skip();
	}
	assert_int_equal(code, FINE);
	expect_put_back(bed->root);
}

/* Of one file, of two and of several, in six changes: each costs as many steps as another. */
static const char few[] = "turbo,watchdog,irq-affinity";
enum { FEW_CHANGES = 1 + 2 + 3 };

/* What a killed tare had got to. */
struct killing {
	size_t step;
	size_t kill_at;
};

static void
kill_at_step(void *context)
{
	struct killing *killing = context;

	if (++killing->step == killing->kill_at)
		raise(SIGKILL);
}

/* A whole life of a tuned run or of a tare tune that keeps, killed at the step; false once it has
 * fewer steps than that. */
static bool
live_until(const char *root, size_t kill_at, bool keeps)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct killing killing = {.kill_at = kill_at};
		struct tare_tune_place place = {.root = root,
			.housekeeping = "0",
			.step = kill_at_step,
			.context = &killing};
		struct tare_tune_plan plan;
		struct tare_tune *tune;

		if (apply_list(&tune, &plan, tare_arena_new(), &place, few, NULL) != TARE_OK ||
			(keeps && tare_tune_keep(tune, NULL) != TARE_OK) ||
			tare_tune_end(tune, NULL) != TARE_OK)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return true;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

/* A machine for each step that a life has. */
static void
loop_over_steps(bool keeps, void (*check)(const char *root))
{
	size_t kill_at = 1;
	bool killed = true;

	for (; killed; kill_at++) {
		char *root = tree_copy("workstation");

		killed = live_until(root, kill_at, keeps);
		check(root);
		test_folder_remove(root);
	}
	/* Four of the header's, and six of each change. */
	assert_true(kill_at > 4 + 6 * FEW_CHANGES);
}

static void
check_restore(const char *root)
{
	struct tare_tune_place place = {.root = root, .housekeeping = "0"};
	struct tare_err err = {0};
	size_t count;

	if (tare_tune_restore(&count, &place, &err) != TARE_OK)
		fail_msg("%s", err.text);
	expect_put_back(root);
}

static void
check_next_run(const char *root)
{
	struct tare_tune_place place = {.root = root, .housekeeping = "0"};
	struct tare_arena *arena = tare_arena_new();
	struct tare_err err = {0};
	struct tare_tune_plan plan;
	struct tare_tune *tune;

	if (apply_list(&tune, &plan, arena, &place, few, &err) != TARE_OK)
		fail_msg("%s", err.text);
	/* It saw the values that the killed one had found. */
	assert_int_equal(plan.change_count, FEW_CHANGES);
	expect_file(root, turbo_path, "1");
	assert_int_equal(tare_tune_end(tune, &err), TARE_OK);
	expect_put_back(root);
	tare_arena_free(arena);
}

static void
kill_9_between_any_two_writes_of_a_run_can_be_restored(void **state)
{
	(void)state;
	loop_over_steps(false, check_restore);
}

static void
kill_9_between_any_two_writes_that_stay_can_be_restored(void **state)
{
	(void)state;
	loop_over_steps(true, check_restore);
}

static void
the_next_run_puts_back_what_a_killed_one_left(void **state)
{
	(void)state;
	loop_over_steps(false, check_next_run);
}

static void
kill_9_between_any_two_writes_of_restoring_can_be_restored(void **state)
{
	size_t kill_at = 1;
	bool killed = true;

	(void)state;
	for (; killed; kill_at++) {
		char *root = tree_copy("workstation");
		int status;
		pid_t pid;

		assert_false(live_until(root, SIZE_MAX, true));
		expect_file(root, turbo_path, "1");
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct killing killing = {.kill_at = kill_at};
			struct tare_tune_place place = {
				.root = root, .step = kill_at_step, .context = &killing};
			size_t count;

			_exit(tare_tune_restore(&count, &place, NULL) != TARE_OK);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		killed = WIFSIGNALED(status);
		assert_true(killed || WEXITSTATUS(status) == 0);
		check_restore(root);
		test_folder_remove(root);
	}
	assert_true(kill_at > 3 * FEW_CHANGES);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_is_tuned_and_put_back),
		TEST(what_is_kept_stays_until_it_is_restored),
		TEST(a_second_tare_is_refused_while_the_first_goes_on),
		TEST(a_journal_of_another_boot_changes_nothing),
		TEST(nothing_to_change_leaves_no_journal),
		TEST(only_what_is_wished_for_is_changed),
		TEST(a_priority_is_given_and_taken_back),
		TEST(what_fails_half_way_is_taken_back_at_once),
		TEST(an_interrupt_that_stays_where_it_is_stops_nothing),
		TEST(a_value_that_the_kernel_does_not_take_is_an_error),
		TEST(what_cannot_be_put_back_stays_in_the_journal),
		TEST(a_damaged_journal_gives_back_what_it_can),
		TEST(files_of_a_cpu_that_went_offline_are_not_missed),
		TEST(a_knob_that_moves_another_is_put_back_all_the_same),
		TEST(without_permission_nothing_is_written),
		TEST(without_permission_for_the_journal_nothing_is_written),
		TEST(a_setting_that_is_taken_nowhere_is_an_error),
		TEST(a_read_only_tree_is_refused_with_a_remedy),
		cmocka_unit_test(kill_9_between_any_two_writes_of_a_run_can_be_restored),
		cmocka_unit_test(kill_9_between_any_two_writes_that_stay_can_be_restored),
		cmocka_unit_test(the_next_run_puts_back_what_a_killed_one_left),
		cmocka_unit_test(kill_9_between_any_two_writes_of_restoring_can_be_restored),
	};

	/* Hundreds of machines are copied, and each step is fsynced. */
	if (access("/dev/shm", W_OK | X_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
