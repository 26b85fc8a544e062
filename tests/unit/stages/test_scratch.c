#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/stages/scratch.h"
#include "tests/support/files.h"

struct place {
	char *folder;
	char *scratch;  /* FOLDER/scratch */
	char name[256]; /* scratch/<number of a process that has ended> */
};

static pid_t
ended_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void
place_make(struct place *place)
{
	place->folder = test_folder_make();
	place->scratch = test_path(place->folder, "scratch");
	snprintf(place->name, sizeof(place->name), "%s/%d", place->scratch, (int)ended_pid());
}

static void
place_remove(struct place *place)
{
	test_folder_remove(place->folder);
	free(place->scratch);
}

static void
make_file_in(const char *folder, const char *name)
{
	char *path = test_path(folder, name);

	assert_int_equal(tare_dir_make(folder, NULL), TARE_OK);
	test_file_write(path, "x", 1);
	free(path);
}

static bool
is_there(const char *path)
{
	struct stat about;

	return lstat(path, &about) == 0;
}

static void
what_dead_runs_left_is_swept(void **state)
{
	struct place place;

	(void)state;
	place_make(&place);
	make_file_in(place.name, "left");
	tare_scratch_sweep(place.scratch);
	assert_false(is_there(place.name));
	assert_false(is_there(place.scratch));
	/* And again, where there is nothing. */
	tare_scratch_sweep(place.scratch);
	place_remove(&place);
}

static void
what_lives_or_is_not_ours_is_left_alone(void **state)
{
	static const char *const names[] = {"notes", "12x", "0", "99999999999999999999", "-1"};
	struct place place;
	char own[256];

	(void)state;
	place_make(&place);
	snprintf(own, sizeof(own), "%s/%d", place.scratch, (int)getpid());
	make_file_in(own, "used");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = test_path(place.scratch, names[i]);

		make_file_in(path, "kept");
		tare_scratch_sweep(place.scratch);
		assert_true(is_there(path));
		free(path);
	}
	assert_true(is_there(own));
	place_remove(&place);
}

/* A container has numbers of its own: what looks dead from here may be running there. */
static void
a_folder_that_is_locked_is_in_use(void **state)
{
	struct place place;
	struct tare_scratch scratch;

	(void)state;
	place_make(&place);
	tare_scratch_begin(&scratch, place.name);
	assert_false(is_there(place.name));
	assert_int_equal(tare_scratch_make(&scratch, place.name, NULL), TARE_OK);
	tare_scratch_sweep(place.scratch);
	assert_true(is_there(place.name));
	tare_scratch_end(&scratch);
	assert_false(is_there(place.name));
	assert_false(is_there(place.scratch));
	place_remove(&place);
}

static void
links_are_not_followed(void **state)
{
	struct place place;
	char *precious, *file;

	(void)state;
	place_make(&place);
	precious = test_path(place.folder, "precious");
	file = test_path(precious, "file");
	make_file_in(precious, "file");
	assert_int_equal(tare_dir_make(place.scratch, NULL), TARE_OK);
	assert_int_equal(symlink(precious, place.name), 0);
	tare_scratch_sweep(place.scratch);
	assert_true(is_there(file));
	/* Nor where the folder itself is one. */
	assert_int_equal(unlink(place.name), 0);
	assert_int_equal(rmdir(place.scratch), 0);
	assert_int_equal(symlink(precious, place.scratch), 0);
	make_file_in(place.name, "file");
	tare_scratch_sweep(place.scratch);
	assert_true(is_there(place.name));
	free(file);
	free(precious);
	place_remove(&place);
}

static void
another_ones_folder_is_left_alone(void **state)
{
	struct place place;

	(void)state;
	if (getuid() != 0) {
		print_message("skipped: only root can make a folder for somebody else\n");
		skip();
	}
	place_make(&place);
	make_file_in(place.name, "left");
	assert_int_equal(chown(place.name, 65534, 65534), 0);
	tare_scratch_sweep(place.scratch);
	assert_true(is_there(place.name));
	place_remove(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_dead_runs_left_is_swept),
		cmocka_unit_test(what_lives_or_is_not_ours_is_left_alone),
		cmocka_unit_test(a_folder_that_is_locked_is_in_use),
		cmocka_unit_test(links_are_not_followed),
		cmocka_unit_test(another_ones_folder_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
