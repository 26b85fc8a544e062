#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/container_args.h"
#include "tests/support/files.h"

static const char *const no_texts[] = {NULL};

struct fixture {
	struct tare_arena *arena;
	struct tare_container container;
	struct tare_case subject;
	struct tare_container_request request;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->arena = tare_arena_new();
	fixture->container = (struct tare_container){.pids = TARE_CONTAINER_PIDS,
		.nofile = TARE_CONTAINER_NOFILE,
		.volumes = no_texts,
		.tmpfs = no_texts,
		.security_opts = no_texts};
	fixture->subject.container = &fixture->container;
	fixture->subject.program.cwd = "/";
	fixture->request = (struct tare_container_request){.subject = &fixture->subject,
		.image = "sha256:1",
		.name = "tare-r-0",
		.owner = "b/1/2/3",
		.run_id = "r",
		.agent_path = "/opt/tare/agent",
		.folder = "/tmp/tare-c-x/0",
		.cpus = "",
		.nofile_max = UINT64_MAX};
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	tare_arena_free(fixture->arena);
	free(fixture);
	return 0;
}

/* All words with blanks between them. */
static const char *
words_of(struct fixture *fixture)
{
	const char *const *words = NULL;
	char *text = tare_arena_strdup(fixture->arena, "");
	struct tare_err err = {0};

	assert_int_equal(
		tare_container_args(&words, fixture->arena, &fixture->request, &err), TARE_OK);
	for (; *words; words++)
		text = tare_arena_printf(fixture->arena, "%s%s%s", text, *text ? " " : "", *words);
	return text;
}

static void
asks_for_little_by_default(void **state)
{
	assert_string_equal(words_of(*state),
		"--name tare-r-0 --label tare.owner=b/1/2/3 --label tare.folder=/tmp/tare-c-x/0 "
		"--label tare.run=r --pull never --log-driver none --no-healthcheck "
		"--network host --pids-limit 4096 --ulimit nofile=65536:65536 "
		"--volume /tmp/tare-c-x/0:/.tare --volume /opt/tare/agent:/.tare-agent:ro "
		"--entrypoint /.tare-agent sha256:1 /.tare/socket");
}

static void
hands_every_limit_on(void **state)
{
	static const char *const volumes[] = {"/data:/data:ro", "cache:/cache", NULL};
	static const char *const tmpfs[] = {"/tmp:size=64m", NULL};
	static const char *const options[] = {"seccomp=unconfined", NULL};
	struct fixture *fixture = *state;

	fixture->container.memory_bytes = 64 << 20;
	fixture->container.memory_swap_bytes = 64 << 20;
	fixture->container.cpu_quota = 0.5;
	fixture->container.cpu_period_ns = 10000000;
	fixture->container.cpu_shares = 512;
	fixture->container.pids = 7;
	fixture->container.nofile = 99;
	fixture->request.nproc_max = 1000;
	fixture->container.shm_bytes = 1 << 20;
	fixture->container.network = TARE_NETWORK_NONE;
	fixture->container.volumes = volumes;
	fixture->container.tmpfs = tmpfs;
	fixture->container.security_opts = options;
	fixture->container.privileged = true;
	fixture->container.user = "1:2";
	fixture->request.cpus = "2-3";
	assert_non_null(strstr(words_of(fixture),
		"--network none --cpuset-cpus 2-3 --cpu-period 10000 --cpu-quota 5000 --cpu-shares "
		"512 "
		"--memory 67108864 --memory-swap 67108864 --pids-limit 7 --ulimit nofile=99:99 "
		"--ulimit "
		"nproc=1000:1000 --shm-size 1048576 "
		"--privileged --user 1:2 --security-opt seccomp=unconfined --tmpfs /tmp:size=64m "
		"--volume /data:/data:ro --volume cache:/cache --volume /tmp/tare-c-x/0:/.tare "));
}

static void
lowers_the_default_for_open_files_but_not_what_was_asked_for(void **state)
{
	struct fixture *fixture = *state;

	fixture->request.nofile_max = 20000;
	assert_non_null(strstr(words_of(fixture), "nofile=20000:20000"));
	fixture->container.nofile = 30000;
	assert_non_null(strstr(words_of(fixture), "nofile=30000:30000"));
}

static void
shares_folders_that_are_there_and_nobody_elses(void **state)
{
	struct fixture *fixture = *state;
	char *folder = test_folder_make();
	const char *expected = tare_arena_printf(fixture->arena,
		"--volume %s:%s:ro --volume %s:%s --volume /tmp/tare-c-x/0:/.tare", folder, folder,
		folder, folder);
	const char *taken[] = {tare_arena_printf(fixture->arena, "/else:%s:ro", folder), NULL};

	fixture->subject.program.cwd = folder;
	fixture->subject.scratch_dir = folder;
	fixture->container.work_dir = "/nothing/here";
	assert_non_null(strstr(words_of(fixture), expected));

	fixture->container.volumes = taken;
	assert_null(strstr(
		words_of(fixture), tare_arena_printf(fixture->arena, " %s:%s", folder, folder)));
	fixture->container.volumes = no_texts;
	fixture->subject.program.cwd = "/usr";
	fixture->subject.scratch_dir = NULL;
	assert_null(strstr(words_of(fixture), "/usr"));
	test_folder_remove(folder);
}

static void
refuses_a_path_with_a_colon(void **state)
{
	struct fixture *fixture = *state;
	const char *const *words = NULL;
	struct tare_err err = {0};

	fixture->subject.program.cwd = "/a:b";
	assert_int_equal(
		tare_container_args(&words, fixture->arena, &fixture->request, &err), TARE_INVALID);
	assert_string_equal(
		err.text, "'/a:b' has a colon, which no engine mounts; expected a path without");
}

static const char *
env_text(struct fixture *fixture, char **env)
{
	const char *text = "";

	for (; *env; env++)
		text = tare_arena_printf(fixture->arena, "%s[%s]", text, *env);
	return text;
}

static void
puts_the_image_s_variables_under_the_suite_s(void **state)
{
	struct fixture *fixture = *state;
	char path[] = "PATH=/of/tare", home[] = "HOME=/me", level[] = "LEVEL=3";
	char image_path[] = "PATH=/of/image", image_level[] = "LEVEL=1", image_more[] = "MORE=x";
	char *const image[] = {image_path, image_level, image_more, NULL};
	char *const env[] = {home, level, path, NULL};
	char *const inherited[] = {path, NULL};
	char *const nothing[] = {NULL};

	assert_string_equal(
		env_text(fixture, tare_container_env(fixture->arena, image, "", env, inherited)),
		"[PATH=/of/image][HOME=/me][LEVEL=3][MORE=x]");
	assert_string_equal(env_text(fixture, tare_container_env(fixture->arena, nothing, NULL,
						      nothing, nothing)),
		"[PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin][HOME=/root]");
	assert_string_equal(env_text(fixture, tare_container_env(fixture->arena, nothing,
						      "1000:1000", nothing, nothing)),
		"[PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin][HOME=/]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asks_for_little_by_default, setup, teardown),
		cmocka_unit_test_setup_teardown(hands_every_limit_on, setup, teardown),
		cmocka_unit_test_setup_teardown(
			lowers_the_default_for_open_files_but_not_what_was_asked_for, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			shares_folders_that_are_there_and_nobody_elses, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_path_with_a_colon, setup, teardown),
		cmocka_unit_test_setup_teardown(
			puts_the_image_s_variables_under_the_suite_s, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
