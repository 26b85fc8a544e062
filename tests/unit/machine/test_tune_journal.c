#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/machine/tune_journal.h"
#include "tests/support/files.h"
#include "tests/unit/machine/tree.h"

static const char journal[] = "run/tare/tune.ndjson";
static const char header[] = "{\"type\":\"tare-tune\",\"version\":1,\"boot\":\"3f0e6c52-7c1d-4f0e-"
			     "9c53-0a4b1c7d9e21\",\"pid\":7,\"started_unix_ns\":1}\n";

#define CHANGE_OF_SWAP                                                                    \
	"{\"type\":\"change\",\"setting\":\"swap\",\"path\":\"/proc/sys/vm/swappiness\"," \
	"\"old\":\"60\",\"new\":\"0\"}\n"

struct bed {
	struct tare_arena *arena;
	struct tare_tune_place place;
	char *root;
	int lock_fd;
};

static int
set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	bed->arena = tare_arena_new();
	bed->root = tree_copy("workstation");
	bed->place = (struct tare_tune_place){.root = bed->root, .housekeeping = "0"};
	if (tare_tune_lock(&bed->lock_fd, &bed->place, NULL) != TARE_OK)
		return -1;
	*state = bed;
	return 0;
}

static int
tear_down(void **state)
{
	struct bed *bed = *state;

	close(bed->lock_fd);
	tare_arena_free(bed->arena);
	test_folder_remove(bed->root);
	free(bed);
	return 0;
}

static void
what_is_written_is_read_back(void **state)
{
	const struct tare_tune_change changes[] = {
		{tare_knob_find("turbo"), "/sys/devices/system/cpu/intel_pstate/no_turbo", "0",
			"1"},
		{tare_knob_find("thp"), "/sys/kernel/mm/transparent_hugepage/enabled", "a\"\n",
			"b"},
	};
	struct bed *bed = *state;
	struct tare_tune_record record;
	int fd;

	assert_int_equal(tare_tune_journal_make(&fd, &bed->place, NULL), TARE_OK);
	assert_int_equal(tare_tune_journal_add(fd, &bed->place, &changes[0], NULL), TARE_OK);
	assert_int_equal(tare_tune_journal_add(fd, &bed->place, &changes[1], NULL), TARE_OK);
	assert_int_equal(tare_tune_journal_read(&record, bed->arena, bed->root, NULL), TARE_OK);
	assert_int_equal(record.pid, getpid());
	assert_true(record.of_this_boot);
	assert_false(record.kept);
	assert_int_equal(record.change_count, 2);
	assert_ptr_equal(record.changes[1].knob, changes[1].knob);
	assert_string_equal(record.changes[1].path, changes[1].path);
	assert_string_equal(record.changes[1].old, "a\"\n");
	assert_int_equal(tare_tune_journal_keep(fd, &bed->place, NULL), TARE_OK);
	close(fd);
	assert_int_equal(tare_tune_journal_read(&record, bed->arena, bed->root, NULL), TARE_OK);
	assert_true(record.kept);
	assert_int_equal(tare_tune_journal_remove(&bed->place, NULL), TARE_OK);
	assert_int_equal(
		tare_tune_journal_read(&record, bed->arena, bed->root, NULL), TARE_NOT_FOUND);
}

static void
is_never_written_over(void **state)
{
	struct bed *bed = *state;
	struct tare_err err = {0};
	char expected[4096];
	int fd = -1;

	tree_write(bed->root, journal, header);
	assert_int_equal(tare_tune_journal_make(&fd, &bed->place, &err), TARE_OUTSIDE);
	snprintf(expected, sizeof(expected), "cannot make the undo journal \"%s/%s\": File exists",
		bed->root, journal);
	assert_string_equal(err.text, expected);
	assert_int_equal(fd, -1);
}

static void
a_line_that_was_cut_off_does_not_count(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_record record;
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", header, CHANGE_OF_SWAP);
	for (size_t len = strlen(text); len-- > 0;) {
		text[len] = '\0';
		tree_write(bed->root, journal, text);
		assert_int_equal(
			tare_tune_journal_read(&record, bed->arena, bed->root, NULL), TARE_OK);
		assert_int_equal(record.change_count, 0);
		assert_int_equal(record.pid, len < strlen(header) ? 0 : 7);
	}
}

static void
another_boot_is_recognised(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_record record;

	tree_write(bed->root, journal, header);
	tree_write(bed->root, "proc/sys/kernel/random/boot_id", "another\n");
	assert_int_equal(tare_tune_journal_read(&record, bed->arena, bed->root, NULL), TARE_OK);
	assert_false(record.of_this_boot);
}

static void
refuses_what_tare_did_not_begin(void **state)
{
	static const struct {
		const char *text, *problem;
	} refused[] = {
		{"nothing\n", "line 1: column 7: "},
		{"{\"type\":\"tare-tune\",\"version\":2,\"boot\":\"\",\"pid\":1,"
		 "\"started_unix_ns\":1}\n",
			"line 1: it is no undo journal of version 1; use the tare that wrote it"},
	};
	struct bed *bed = *state;
	struct tare_tune_record record;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct tare_err err = {0};
		char expected[2048];

		snprintf(expected, sizeof(expected), "undo journal \"%s/%s\": %s", bed->root,
			journal, refused[i].problem);
		tree_write(bed->root, journal, refused[i].text);
		assert_int_equal(
			tare_tune_journal_read(&record, bed->arena, bed->root, &err), TARE_INVALID);
		/* What the JSON library says of "nothing" is its own. */
		if (i == 0)
			err.text[strlen(expected)] = '\0';
		assert_string_equal(err.text, expected);
	}
}

/* Nothing is put back by such a line; what stands around it is. */
static void
a_line_that_tare_would_not_write_is_damage(void **state)
{
	static const struct {
		const char *text, *problem;
	} damages[] = {
		{"{\"type\":\"change\",\"setting\":\"swap\",\"path\":\"/etc/passwd\",\"old\":\"\","
		 "\"new\":\"\"}\n",
			"line 2: \"/etc/passwd\" is no file of the setting 'swap'"},
		{"{\"type\":\"change\",\"setting\":\"swap\","
		 "\"path\":\"/proc/sys/vm/../kernel/core_pattern\",\"old\":\"\",\"new\":\"\"}\n",
			"line 2: \"/proc/sys/vm/../kernel/core_pattern\" is no file of the "
			"setting 'swap'"},
		{"{\"type\":\"change\",\"setting\":\"root\",\"path\":\"/\",\"old\":\"\","
		 "\"new\":\"\"}\n",
			"line 2: \"/\" is no file of the setting 'root'"},
		{"{\"type\":\"exec\"}\n", "line 2: there is no line of the type 'exec'"},
	};
	struct bed *bed = *state;
	struct tare_tune_record record;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char text[2048];

		snprintf(text, sizeof(text), "%s%s" CHANGE_OF_SWAP "{}\n", header, damages[i].text);
		tree_write(bed->root, journal, text);
		assert_int_equal(
			tare_tune_journal_read(&record, bed->arena, bed->root, NULL), TARE_OK);
		assert_string_equal(record.damage, damages[i].problem);
		assert_int_equal(record.change_count, 1);
		assert_string_equal(record.changes[0].path, "/proc/sys/vm/swappiness");
	}
}

static void
lines_behind_a_zero_byte_count(void **state)
{
	static const char zeros[] = "\0\0\n";
	struct bed *bed = *state;
	struct tare_tune_record record;
	char *path = tare_tune_journal_path(bed->arena, bed->root);
	FILE *file;

	tree_write(bed->root, journal, header);
	file = fopen(path, "a");
	fwrite(zeros, 1, sizeof(zeros) - 1, file);
	fputs(CHANGE_OF_SWAP, file);
	fclose(file);
	assert_int_equal(tare_tune_journal_read(&record, bed->arena, bed->root, NULL), TARE_OK);
	assert_string_equal(record.damage, "line 2: expected text, found a zero byte");
	assert_int_equal(record.change_count, 1);
}

static void
what_is_not_a_file_is_not_waited_for(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_record record;
	struct tare_err err = {0};
	char *path = tare_tune_journal_path(bed->arena, bed->root);
	char expected[4096];

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(
		tare_tune_journal_read(&record, bed->arena, bed->root, &err), TARE_INVALID);
	snprintf(expected, sizeof(expected), "undo journal \"%s\": it is not a file", path);
	assert_string_equal(err.text, expected);
}

static void
one_tare_has_the_lock_and_another_is_told_which(void **state)
{
	struct bed *bed = *state;
	struct tare_err err = {0};
	int fd = -1;

	assert_true(tare_tune_is_locked(&bed->place));
	assert_int_equal(tare_tune_lock(&fd, &bed->place, &err), TARE_OUTSIDE);
	assert_string_equal(
		err.text, "another tare is tuning this machine; wait until it has ended");
	tree_write(bed->root, journal, header);
	assert_int_equal(tare_tune_lock(&fd, &bed->place, &err), TARE_OUTSIDE);
	assert_string_equal(err.text,
		"another tare (process 7) is tuning this machine; wait until it has ended");
	close(bed->lock_fd);
	assert_false(tare_tune_is_locked(&bed->place));
	assert_int_equal(tare_tune_lock(&bed->lock_fd, &bed->place, &err), TARE_OK);
}

static void
a_folder_that_cannot_be_made_is_an_error(void **state)
{
	struct bed *bed = *state;
	struct tare_tune_place nowhere = {.root = "/dev/null"};
	struct tare_err err = {0};
	int fd = -1;

	(void)bed;
	assert_int_equal(tare_tune_lock(&fd, &nowhere, &err), TARE_OUTSIDE);
	assert_string_equal(err.text,
		"cannot keep the undo journal in \"/dev/null/run/tare\": Not a directory");
	assert_false(tare_tune_is_locked(&nowhere));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read_back),
		TEST(is_never_written_over),
		TEST(a_line_that_was_cut_off_does_not_count),
		TEST(another_boot_is_recognised),
		TEST(refuses_what_tare_did_not_begin),
		TEST(a_line_that_tare_would_not_write_is_damage),
		TEST(lines_behind_a_zero_byte_count),
		TEST(what_is_not_a_file_is_not_waited_for),
		TEST(one_tare_has_the_lock_and_another_is_told_which),
		TEST(a_folder_that_cannot_be_made_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
