#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runners/agent/agent.h"

static bool has_capabilities; /* every file */
static uid_t user;

/* These take the place of the C library's. */
ssize_t
fgetxattr(int fd, const char *name, void *value, size_t size)
{
	(void)fd;
	(void)value;
	(void)size;
	assert_string_equal(name, "security.capability");
	if (has_capabilities)
		return 20;
	errno = ENODATA;
	return -1;
}

uid_t
getuid(void)
{
	return user;
}

static char thread_cpus[] = "TARE_THREAD_CPUS=0,1";
static char thread_library[] = "LD_PRELOAD=/lib/tare-threads.so:own.so";
static char path_word[] = "PATH=/bin";
static char first[] = "LD_PRELOAD=first.so";
static char own[] = "LD_PRELOAD=own.so";

/* This test program itself is one of glibc's that its loader would load something for. */
static void
choose(struct agent_program *program, char **envp, size_t count)
{
	ssize_t len;

	memset(program, 0, sizeof(*program));
	len = readlink("/proc/self/exe", program->path, sizeof(program->path) - 1);
	assert_true(len > 0);
	program->view.flags = TARE_WIRE_PIN_THREADS;
	program->view.envp = envp;
	program->view.envc = (uint32_t)count;
	agent_threads_define(program);
	agent_threads_choose(program);
}

static void
leaves_programs_with_capabilities_of_their_own_alone(void **state)
{
	static struct agent_program program;
	char *envp[] = {path_word, thread_cpus, thread_library, NULL};

	(void)state;
	user = 1000;
	has_capabilities = true;
	choose(&program, envp, 3);
	assert_true(program.threads_free);
	assert_null(envp[1]);
}

/* Nothing is gained by root, so its loader listens. */
static void
pins_programs_with_capabilities_where_root_runs_them(void **state)
{
	static struct agent_program program;
	char *envp[] = {path_word, thread_cpus, thread_library, NULL};

	(void)state;
	user = 0;
	has_capabilities = true;
	choose(&program, envp, 3);
	assert_false(program.threads_free);
}

static void
pins_ordinary_programs(void **state)
{
	static struct agent_program program;
	char *envp[] = {path_word, thread_cpus, thread_library, NULL};

	(void)state;
	user = 1000;
	has_capabilities = false;
	choose(&program, envp, 3);
	assert_false(program.threads_free);
	assert_string_equal(envp[1], thread_cpus);
	assert_string_equal(envp[2], thread_library);
	assert_null(envp[3]);
}

/* The loader takes the last of several. */
static void
stands_in_for_the_last_of_two_preloads(void **state)
{
	static struct agent_program program;
	char *envp[] = {first, path_word, own, thread_cpus, thread_library, NULL};

	(void)state;
	user = 1000;
	has_capabilities = false;
	choose(&program, envp, 5);
	assert_string_equal(envp[0], first);
	assert_string_equal(envp[2], thread_library);
	assert_string_equal(envp[3], thread_cpus);
	assert_null(envp[4]);
	has_capabilities = true;
	agent_threads_choose(&program);
	assert_string_equal(envp[2], own);
	assert_null(envp[3]);
	has_capabilities = false;
	agent_threads_choose(&program);
	assert_string_equal(envp[2], thread_library);
	assert_string_equal(envp[3], thread_cpus);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_programs_with_capabilities_of_their_own_alone),
		cmocka_unit_test(pins_programs_with_capabilities_where_root_runs_them),
		cmocka_unit_test(pins_ordinary_programs),
		cmocka_unit_test(stands_in_for_the_last_of_two_preloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
