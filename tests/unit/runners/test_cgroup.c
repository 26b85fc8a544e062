#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/cgroup.h"

static const char hybrid[] =
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
static const char nested[] =
	"41 31 0:38 /docker/0123 /sys/fs/cgroup ro shared:9 - cgroup2 cgroup rw\n";
static const char spaced[] = "41 31 0:38 / /mnt/a\\040b rw - cgroup2 none rw";

static void
finds_the_unified_hierarchy(void **state)
{
	static const struct {
		const char *cgroup;
		const char *mountinfo;
		const char *path;
	} table[] = {
		{"8:pids:/x\n0::/\n", hybrid, "/sys/fs/cgroup/unified"},
		{"0::/user.slice/a b\n", hybrid, "/sys/fs/cgroup/unified/user.slice/a b"},
		{"0::/docker/0123\n", nested, "/sys/fs/cgroup"},
		{"0::/docker/0123/job\n", nested, "/sys/fs/cgroup/job"},
		{"0::/x", spaced, "/mnt/a b/x"},
	};
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(tare_cgroup_locate(path, sizeof(path), table[i].cgroup,
					 table[i].mountinfo, NULL),
			TARE_OK);
		assert_string_equal(path, table[i].path);
	}
}

static void
says_why_there_is_no_unified_hierarchy(void **state)
{
	static const char none[] = "there is no unified cgroup hierarchy here";
	static const struct {
		const char *cgroup;
		const char *mountinfo;
		const char *text;
	} table[] = {
		{"", hybrid, none},
		{"8:pids:/x\n", hybrid, none},
		{"0::/", "", none},
		{"0::/", "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", none},
		{"0::/", "garbage - cgroup2 \n", none},
		{"0::/docker/9\n", nested,
			"the cgroup '/docker/9' is outside of what is mounted at "
			"'/sys/fs/cgroup'"},
		{"0::/docker/01234\n", nested,
			"the cgroup '/docker/01234' is outside of what is mounted at "
			"'/sys/fs/cgroup'"},
	};
	char path[PATH_MAX], tiny[8];
	struct tare_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(tare_cgroup_locate(path, sizeof(path), table[i].cgroup,
					 table[i].mountinfo, &err),
			TARE_UNSUPPORTED);
		assert_string_equal(err.text, table[i].text);
	}
	assert_int_equal(
		tare_cgroup_locate(tiny, sizeof(tiny), "0::/", hybrid, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "the cgroup's path is too long");
}

/* One of our own, or NULL and the reason printed where this machine gives none. */
static struct tare_cgroup *
open_or_skip(const char *run_id)
{
	struct tare_cgroup *cgroup = NULL;
	struct tare_err err;

	if (tare_cgroup_open(&cgroup, run_id, &err) != TARE_OK) {
		print_message("skipped: %s\n", err.text);
		skip();
	}
	return cgroup;
}

static pid_t
start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static void
kills_what_is_inside_and_goes(void **state)
{
	struct tare_cgroup *cgroup = open_or_skip("kill");
	char *path = strdup(tare_cgroup_path(cgroup));
	pid_t pid = start_sleeper();
	int status = 0;

	(void)state;
	assert_int_equal(tare_cgroup_add(cgroup, pid, NULL), TARE_OK);
	tare_cgroup_kill(cgroup);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	pid = start_sleeper();
	assert_int_equal(tare_cgroup_add(cgroup, pid, NULL), TARE_OK);
	tare_cgroup_close(cgroup);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static void
gives_runs_of_one_name_each_its_own(void **state)
{
	struct tare_cgroup *one = open_or_skip("../a b\n");
	struct tare_cgroup *two = open_or_skip("../a b\n");
	char *name = strdup(tare_cgroup_path(one));
	char expected[64];

	(void)state;
	snprintf(expected, sizeof(expected), "tare----a-b--%d-", (int)getpid());
	assert_memory_equal(basename(name), expected, strlen(expected));
	assert_string_not_equal(tare_cgroup_path(one), tare_cgroup_path(two));
	assert_int_equal(access(tare_cgroup_path(one), F_OK), 0);
	tare_cgroup_close(one);
	assert_int_equal(access(tare_cgroup_path(two), F_OK), 0);
	tare_cgroup_close(two);
	free(name);
}

/* A cgroup for this process to be in, where no other run of tare looks for dead ones. */
struct place {
	char path[PATH_MAX + 32];
	char parent[PATH_MAX];
};

static void
move_to(const char *path)
{
	char file[2 * PATH_MAX];
	int fd;

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	fd = open(file, O_WRONLY);
	assert_true(dprintf(fd, "%d", (int)getpid()) > 0);
	close(fd);
}

static struct place
enter_place(void)
{
	struct tare_cgroup *cgroup = open_or_skip("place");
	struct place place;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", tare_cgroup_path(cgroup));
	tare_cgroup_close(cgroup);
	snprintf(place.parent, sizeof(place.parent), "%s", dirname(path));
	snprintf(place.path, sizeof(place.path), "%s/unit-%d", place.parent, (int)getpid());
	assert_int_equal(mkdir(place.path, 0755), 0);
	move_to(place.path);
	return place;
}

static void
leave_place(const struct place *place)
{
	move_to(place->parent);
	assert_int_equal(rmdir(place->path), 0);
}

static void
clears_away_what_a_dead_run_left(void **state)
{
	char left[PATH_MAX + 64], file[PATH_MAX + 96];
	struct place place = enter_place();
	pid_t pid = start_sleeper();
	int status, fd;

	(void)state;
	snprintf(left, sizeof(left), "%s/tare-left", place.path);
	snprintf(file, sizeof(file), "%s/cgroup.procs", left);
	assert_int_equal(mkdir(left, 0755), 0);
	fd = open(file, O_WRONLY);
	assert_true(dprintf(fd, "%d", (int)pid) > 0);
	close(fd);

	/* While its run lives it is left alone. */
	fd = open(left, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	tare_cgroup_close(open_or_skip("clear"));
	assert_int_equal(access(left, F_OK), 0);
	assert_int_equal(kill(pid, 0), 0);
	close(fd);
	tare_cgroup_close(open_or_skip("clear"));
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	leave_place(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_unified_hierarchy),
		cmocka_unit_test(says_why_there_is_no_unified_hierarchy),
		cmocka_unit_test(kills_what_is_inside_and_goes),
		cmocka_unit_test(gives_runs_of_one_name_each_its_own),
		cmocka_unit_test(clears_away_what_a_dead_run_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
