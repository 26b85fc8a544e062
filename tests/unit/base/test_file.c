#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"

/* Every test has an arena and an empty directory. */
struct place {
	struct tare_arena *arena;
	char dir[64];
	struct tare_err err;
};

static int
setup(void **state)
{
	struct place *place = tare_xcalloc(1, sizeof(*place));

	place->arena = tare_arena_new();
	strcpy(place->dir, "/tmp/tare-test-file-XXXXXX");
	*state = place;
	return mkdtemp(place->dir) ? 0 : -1;
}

static int
teardown(void **state)
{
	struct place *place = *state;
	enum tare_status status = tare_dir_remove(place->dir, NULL);

	tare_arena_free(place->arena);
	free(place);
	return status == TARE_OK ? 0 : -1;
}

static char *
inside(struct place *place, const char *name)
{
	return tare_path_join(place->arena, place->dir, name);
}

static void
put(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	assert_true(fd >= 0);
	assert_int_equal(tare_fd_write(fd, bytes, len, NULL), TARE_OK);
	close(fd);
}

static void
assert_content(struct place *place, const char *path, const char *expected)
{
	char *text = NULL;

	if (tare_file_read(place->arena, &text, NULL, path, 1000, &place->err) != TARE_OK)
		fail_msg("%s", place->err.text);
	assert_string_equal(text, expected);
}

static void
assert_missing(const char *path)
{
	struct stat info;

	assert_int_equal(lstat(path, &info), -1);
	assert_int_equal(errno, ENOENT);
}

static void
reads_files_with_zero_bytes(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "bytes");
	char *text = NULL;
	size_t len = 0;

	put(path, "a\0b", 3);
	assert_int_equal(tare_file_read(place->arena, &text, &len, path, 10, &place->err), TARE_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
}

static void
reads_an_empty_file(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "empty");
	char *text = NULL;
	size_t len = 9;

	put(path, "", 0);
	assert_int_equal(tare_file_read(place->arena, &text, &len, path, 0, &place->err), TARE_OK);
	assert_int_equal(len, 0);
	assert_string_equal(text, "");
}

static void
reads_up_to_the_limit_and_not_past_it(void **state)
{
	/* Around the sizes at which the buffer grows. */
	static const size_t lens[] = {1, 4095, 4096, 4097, 8192, 100000};
	struct place *place = *state;
	const char *path = inside(place, "long");

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		char *bytes = tare_arena_alloc(place->arena, lens[i], 1);
		char *text = NULL;
		size_t len = 0;
		char expected[200];

		memset(bytes, 'x', lens[i]);
		put(path, bytes, lens[i]);
		assert_int_equal(
			tare_file_read(place->arena, &text, &len, path, lens[i], &place->err),
			TARE_OK);
		assert_int_equal(len, lens[i]);
		assert_int_equal(strlen(text), lens[i]);
		text = NULL;
		assert_int_equal(
			tare_file_read(place->arena, &text, &len, path, lens[i] - 1, &place->err),
			TARE_INVALID);
		snprintf(expected, sizeof(expected),
			"\"%s\" is too long: expected at most %zu bytes", path, lens[i] - 1);
		assert_string_equal(place->err.text, expected);
		assert_null(text);
	}
}

static void
reads_kernel_files_whose_size_is_zero(void **state)
{
	struct place *place = *state;
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(tare_file_read(place->arena, &text, &len, "/proc/self/status", 1 << 20,
				 &place->err),
		TARE_OK);
	assert_memory_equal(text, "Name:", 5);
	assert_int_equal(strlen(text), len);
}

static void
stops_reading_endless_files(void **state)
{
	struct place *place = *state;
	char *text = NULL;

	assert_int_equal(tare_file_read(place->arena, &text, NULL, "/dev/zero", 10000, &place->err),
		TARE_INVALID);
	assert_string_equal(
		place->err.text, "\"/dev/zero\" is too long: expected at most 10000 bytes");
}

static void
tells_a_missing_file_from_one_it_cannot_read(void **state)
{
	struct place *place = *state;
	char *text = NULL;
	char expected[200];

	assert_int_equal(
		tare_file_read(place->arena, &text, NULL, "/no/such/file", 10, &place->err),
		TARE_NOT_FOUND);
	assert_string_equal(
		place->err.text, "cannot open \"/no/such/file\": No such file or directory");
	assert_int_equal(tare_file_read(place->arena, &text, NULL, "/dev/null/x", 10, &place->err),
		TARE_NOT_FOUND);
	assert_string_equal(place->err.text, "cannot open \"/dev/null/x\": Not a directory");
	assert_int_equal(tare_file_read(place->arena, &text, NULL, place->dir, 10, &place->err),
		TARE_OUTSIDE);
	snprintf(expected, sizeof(expected), "cannot read \"%s\": Is a directory", place->dir);
	assert_string_equal(place->err.text, expected);
	assert_null(text);
}

static void
reads_a_descriptor_from_where_it_stands(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "lines");
	char *text = NULL;
	int fd;

	put(path, "one\ntwo\n", 8);
	fd = open(path, O_RDONLY);
	assert_int_equal(lseek(fd, 4, SEEK_SET), 4);
	assert_int_equal(
		tare_fd_read(place->arena, &text, NULL, fd, "lines", 100, &place->err), TARE_OK);
	assert_string_equal(text, "two\n");
	close(fd);
	assert_int_equal(tare_fd_read(place->arena, &text, NULL, fd, "lines", 100, &place->err),
		TARE_OUTSIDE);
	assert_string_equal(place->err.text, "cannot read \"lines\": Bad file descriptor");
}

static void
tells_when_the_disk_is_full(void **state)
{
	struct place *place = *state;
	int fd = open("/dev/full", O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(tare_fd_write(fd, "x", 1, &place->err), TARE_OUTSIDE);
	assert_string_equal(place->err.text, "cannot write: No space left on device");
	assert_int_equal(tare_fd_write(fd, "", 0, &place->err), TARE_OK);
	close(fd);
}

static void
makes_directories_with_their_parents(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "a//b/c/");
	struct stat info;

	assert_int_equal(tare_dir_make(path, &place->err), TARE_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_true(S_ISDIR(info.st_mode));
	assert_int_equal(tare_dir_make(path, &place->err), TARE_OK);
	assert_int_equal(tare_dir_make("/", &place->err), TARE_OK);
	assert_int_equal(tare_dir_make(".", &place->err), TARE_OK);
}

static void
makes_no_directory_where_a_file_is(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "file");
	char expected[200];

	put(path, "", 0);
	snprintf(expected, sizeof(expected), "cannot make directory \"%s\": Not a directory", path);
	assert_int_equal(tare_dir_make(path, &place->err), TARE_OUTSIDE);
	assert_string_equal(place->err.text, expected);
	assert_int_equal(tare_dir_make(inside(place, "file/x"), &place->err), TARE_OUTSIDE);
	assert_string_equal(place->err.text, expected);
	assert_int_equal(tare_dir_make("", &place->err), TARE_INVALID);
	assert_string_equal(place->err.text, "the name of a directory is empty");
}

static void
removes_trees_and_leaves_what_links_point_to(void **state)
{
	struct place *place = *state;
	const char *tree = inside(place, "tree");
	const char *kept = inside(place, "kept");

	assert_int_equal(tare_dir_make(inside(place, "tree/a/b"), NULL), TARE_OK);
	assert_int_equal(tare_dir_make(kept, NULL), TARE_OK);
	put(inside(place, "tree/a/b/file"), "x", 1);
	put(inside(place, "tree/.hidden"), "x", 1);
	put(inside(place, "kept/file"), "safe", 4);
	assert_int_equal(symlink(kept, inside(place, "tree/link")), 0);
	assert_int_equal(symlink("/no/such", inside(place, "tree/dangling")), 0);
	assert_int_equal(tare_dir_remove(tree, &place->err), TARE_OK);
	assert_missing(tree);
	assert_content(place, inside(place, "kept/file"), "safe");
	assert_int_equal(tare_dir_remove(tree, &place->err), TARE_OK);
}

static void
removes_a_link_and_not_its_target(void **state)
{
	struct place *place = *state;
	const char *kept = inside(place, "kept");

	assert_int_equal(tare_dir_make(kept, NULL), TARE_OK);
	put(inside(place, "kept/file"), "safe", 4);
	assert_int_equal(symlink(kept, inside(place, "link")), 0);
	assert_int_equal(tare_dir_remove(inside(place, "link//"), &place->err), TARE_OK);
	assert_missing(inside(place, "link"));
	assert_content(place, inside(place, "kept/file"), "safe");
}

static void
refuses_to_remove_places_that_are_no_names(void **state)
{
	static const char *const paths[] = {"", "/", "//", ".", "..", "./", "/tmp/..", "x/."};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char expected[200];

		assert_int_equal(tare_dir_remove(paths[i], &place->err), TARE_INVALID);
		snprintf(expected, sizeof(expected),
			"refusing to remove \"%s\": expected a directory's own name", paths[i]);
		assert_string_equal(place->err.text, expected);
	}
}

static void
says_what_it_could_not_remove(void **state)
{
	struct place *place = *state;

	assert_int_equal(tare_dir_remove("/dev/null/x", &place->err), TARE_OUTSIDE);
	assert_string_equal(place->err.text, "cannot remove \"/dev/null/x\": Not a directory");
}

static void
puts_no_file_below_a_file(void **state)
{
	struct place *place = *state;
	struct tare_new_file file = {0};

	assert_int_equal(tare_new_file_open(&file, "/dev/null/x", &place->err), TARE_OUTSIDE);
	assert_string_equal(place->err.text, "cannot write \"/dev/null/x\": Not a directory");
	assert_null(file.stream);
}

static void
tells_beforehand_that_a_file_cannot_be_written(void **state)
{
	struct place *place = *state;
	const char *file = inside(place, "file");
	const char *absent = inside(place, "absent");

	put(file, "x", 1);
	assert_int_equal(tare_new_file_check(file, &place->err), TARE_OK);
	assert_int_equal(tare_new_file_check(absent, &place->err), TARE_OK);
	assert_int_equal(tare_new_file_check("/dev/full", &place->err), TARE_OK);
	assert_missing(absent);
	assert_int_equal(
		tare_new_file_check(inside(place, "absent/x/y"), &place->err), TARE_INVALID);
	assert_string_equal(place->err.text,
		tare_arena_printf(place->arena,
			"cannot write \"%s/x/y\": folder \"%s/x\": No such file or directory",
			absent, absent));
	assert_missing(absent);
	assert_int_equal(tare_new_file_check(inside(place, "file/x"), &place->err), TARE_INVALID);
	assert_string_equal(place->err.text,
		tare_arena_printf(
			place->arena, "cannot write \"%s/x\": \"%s\" is not a folder", file, file));
	assert_int_equal(tare_new_file_check("/", &place->err), TARE_INVALID);
	assert_string_equal(
		place->err.text, "cannot write \"/\": it is a folder; expected the name of a file");
	assert_int_equal(tare_new_file_check("", &place->err), TARE_INVALID);
	assert_string_equal(
		place->err.text, "the name of a file to write has 0 bytes: expected 1 to 4095");
}

static void
shows_a_new_file_only_when_it_is_complete(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "report.json");
	struct tare_new_file file;
	char *temporary_path;

	assert_int_equal(tare_new_file_open(&file, path, &place->err), TARE_OK);
	temporary_path = tare_arena_strdup(place->arena, file.temporary_path);
	fputs("content", file.stream);
	assert_missing(path);
	assert_int_equal(tare_new_file_commit(&file, &place->err), TARE_OK);
	assert_content(place, path, "content");
	assert_missing(temporary_path);
	assert_null(file.stream);
}

static void
replaces_an_old_file_and_respects_the_umask(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "report");
	struct tare_new_file file;
	struct stat info;
	mode_t before = umask(027);

	put(path, "old", 3);
	assert_int_equal(tare_new_file_open(&file, path, &place->err), TARE_OK);
	umask(before);
	fputs("new", file.stream);
	assert_content(place, path, "old");
	assert_int_equal(tare_new_file_commit(&file, &place->err), TARE_OK);
	assert_content(place, path, "new");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
}

static void
leaves_nothing_behind_when_abandoned(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "report");
	struct tare_new_file file;

	put(path, "old", 3);
	assert_int_equal(tare_new_file_open(&file, path, &place->err), TARE_OK);
	fputs("half", file.stream);
	tare_new_file_abandon(&file);
	assert_missing(file.temporary_path);
	assert_content(place, path, "old");
	tare_new_file_abandon(&file);
}

/* Runs the rest of the test with files limited to 16 bytes; the caller lifts the limit. */
static struct rlimit
limit_file_size(void)
{
	struct rlimit before, limited;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limited = before;
	limited.rlim_cur = 16;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
	return before;
}

static void
keeps_the_old_file_where_the_new_one_cannot_be_written(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "report");
	struct tare_new_file file;
	struct rlimit before;
	enum tare_status status;
	char expected[200];

	put(path, "old", 3);
	assert_int_equal(tare_new_file_open(&file, path, &place->err), TARE_OK);
	fputs("more than the sixteen bytes allowed", file.stream);
	before = limit_file_size();
	status = tare_new_file_commit(&file, &place->err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, TARE_OUTSIDE);
	snprintf(expected, sizeof(expected), "cannot write \"%s\": File too large", path);
	assert_string_equal(place->err.text, expected);
	assert_missing(file.temporary_path);
	assert_content(place, path, "old");
}

static void
remembers_a_write_that_failed_before_the_commit(void **state)
{
	struct place *place = *state;
	const char *path = inside(place, "report");
	struct tare_new_file file;
	struct rlimit before;
	char expected[200];

	assert_int_equal(tare_new_file_open(&file, path, &place->err), TARE_OK);
	fputs("more than the sixteen bytes allowed", file.stream);
	before = limit_file_size();
	assert_int_equal(fflush(file.stream), EOF);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	__fpurge(file.stream);
	assert_int_equal(tare_new_file_commit(&file, &place->err), TARE_OUTSIDE);
	snprintf(expected, sizeof(expected), "cannot write \"%s\": Input/output error", path);
	assert_string_equal(place->err.text, expected);
	assert_missing(path);
	assert_missing(file.temporary_path);
}

static void
writes_to_devices_in_place(void **state)
{
	struct place *place = *state;
	struct tare_new_file file;
	struct stat info;

	assert_int_equal(tare_new_file_open(&file, "/dev/full", &place->err), TARE_OK);
	fputs("x", file.stream);
	assert_int_equal(tare_new_file_commit(&file, &place->err), TARE_OUTSIDE);
	assert_string_equal(place->err.text, "cannot write \"/dev/full\": No space left on device");
	assert_int_equal(stat("/dev/full", &info), 0);
	assert_true(S_ISCHR(info.st_mode));
}

static void
writes_through_links(void **state)
{
	struct place *place = *state;
	const char *target = inside(place, "target");
	const char *link = inside(place, "link");
	struct tare_new_file file;
	struct stat info;

	put(target, "old and longer", 14);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(tare_new_file_open(&file, link, &place->err), TARE_OK);
	fputs("new", file.stream);
	assert_int_equal(tare_new_file_commit(&file, &place->err), TARE_OK);
	assert_content(place, target, "new");
	assert_int_equal(lstat(link, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
}

static void
refuses_names_that_cannot_be_files(void **state)
{
	struct place *place = *state;
	struct tare_new_file file = {0};
	char *long_name = tare_arena_alloc(place->arena, 5001, 1);
	char expected[200];

	memset(long_name, 'x', 5000);
	assert_int_equal(tare_new_file_open(&file, long_name, &place->err), TARE_INVALID);
	assert_string_equal(
		place->err.text, "the name of a file to write has 5000 bytes: expected 1 to 4095");
	assert_int_equal(tare_new_file_open(&file, "", &place->err), TARE_INVALID);
	assert_string_equal(
		place->err.text, "the name of a file to write has 0 bytes: expected 1 to 4095");
	assert_int_equal(tare_new_file_open(&file, place->dir, &place->err), TARE_OUTSIDE);
	snprintf(expected, sizeof(expected), "cannot write \"%s\": Is a directory", place->dir);
	assert_string_equal(place->err.text, expected);
	assert_null(file.stream);
}

static void
joins_paths(void **state)
{
	struct place *place = *state;
	struct tare_arena *arena = place->arena;

	assert_string_equal(tare_path_join(arena, "a", "b"), "a/b");
	assert_string_equal(tare_path_join(arena, "a/", "b"), "a/b");
	assert_string_equal(tare_path_join(arena, "/", "b"), "/b");
	assert_string_equal(tare_path_join(arena, "a", "/b"), "/b");
	assert_string_equal(tare_path_join(arena, NULL, "b"), "b");
	assert_string_equal(tare_path_join(arena, "", "b"), "b");
}

static void
finds_the_directory_of_a_path(void **state)
{
	struct place *place = *state;
	struct tare_arena *arena = place->arena;

	assert_string_equal(tare_path_dirname(arena, "a/b"), "a");
	assert_string_equal(tare_path_dirname(arena, "a/b/c"), "a/b");
	assert_string_equal(tare_path_dirname(arena, "a//b"), "a");
	assert_string_equal(tare_path_dirname(arena, "a/b//"), "a");
	assert_string_equal(tare_path_dirname(arena, "a"), ".");
	assert_string_equal(tare_path_dirname(arena, "a/"), ".");
	assert_string_equal(tare_path_dirname(arena, ""), ".");
	assert_string_equal(tare_path_dirname(arena, "/a"), "/");
	assert_string_equal(tare_path_dirname(arena, "/"), "/");
	assert_string_equal(tare_path_dirname(arena, "//a"), "/");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_files_with_zero_bytes),
		TEST(reads_an_empty_file),
		TEST(reads_up_to_the_limit_and_not_past_it),
		TEST(reads_kernel_files_whose_size_is_zero),
		TEST(stops_reading_endless_files),
		TEST(tells_a_missing_file_from_one_it_cannot_read),
		TEST(reads_a_descriptor_from_where_it_stands),
		TEST(tells_when_the_disk_is_full),
		TEST(makes_directories_with_their_parents),
		TEST(makes_no_directory_where_a_file_is),
		TEST(removes_trees_and_leaves_what_links_point_to),
		TEST(removes_a_link_and_not_its_target),
		TEST(refuses_to_remove_places_that_are_no_names),
		TEST(says_what_it_could_not_remove),
		TEST(puts_no_file_below_a_file),
		TEST(tells_beforehand_that_a_file_cannot_be_written),
		TEST(shows_a_new_file_only_when_it_is_complete),
		TEST(replaces_an_old_file_and_respects_the_umask),
		TEST(leaves_nothing_behind_when_abandoned),
		TEST(keeps_the_old_file_where_the_new_one_cannot_be_written),
		TEST(remembers_a_write_that_failed_before_the_commit),
		TEST(writes_to_devices_in_place),
		TEST(writes_through_links),
		TEST(refuses_names_that_cannot_be_files),
		TEST(joins_paths),
		TEST(finds_the_directory_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
