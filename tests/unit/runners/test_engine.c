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

#include "runners/engine.h"
#include "tests/support/files.h"

/* A folder with the fake as "docker" in it, before all else on PATH. */
struct fixture {
	struct tare_arena *arena;
	char *folder;
	char *path_before;
	struct tare_engine engine;
	struct tare_err err;
};

static void
put(struct fixture *fixture, const char *name, const char *text)
{
	test_file_put(fixture->folder, name, text);
}

static const char *
calls(struct fixture *fixture)
{
	char *path = test_path(fixture->folder, "calls");
	char *text = test_file_read(path, NULL);
	const char *copy = tare_arena_strdup(fixture->arena, text);

	unlink(path);
	free(text);
	free(path);
	return copy;
}

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char *program, *script;
	size_t len = 0;

	assert_non_null(fixture);
	fixture->arena = tare_arena_new();
	fixture->folder = test_folder_make();
	fixture->path_before = strdup(getenv("PATH"));
	program = test_path(fixture->folder, "docker");
	script = test_file_read("tests/unit/runners/fake_engine.sh", &len);
	test_file_write(program, script, len);
	assert_int_equal(chmod(program, 0755), 0);
	setenv("PATH",
		tare_arena_printf(fixture->arena, "%s:%s", fixture->folder, fixture->path_before),
		1);
	unsetenv("DOCKER_HOST");
	put(fixture, "version.out", "20.10.24\n");
	put(fixture, "info.out", "overlay2 runc\n");
	free(script);
	free(program);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	setenv("PATH", fixture->path_before, 1);
	free(fixture->path_before);
	test_folder_remove(fixture->folder);
	tare_arena_free(fixture->arena);
	free(fixture);
	return 0;
}

static enum tare_status
open_engine(struct fixture *fixture)
{
	return tare_engine_open(&fixture->engine, "docker", fixture->arena, NULL, &fixture->err);
}

static void
asks_for_version_and_storage(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(open_engine(fixture), TARE_OK);
	assert_string_equal(fixture->engine.version, "20.10.24");
	assert_string_equal(fixture->engine.storage, "overlay2");
	assert_string_equal(fixture->engine.runtime, "runc");
	assert_string_equal(calls(fixture), "version --format {{.Server.Version}}\n"
					    "info --format {{.Driver}} {{.DefaultRuntime}}\n");
}

static void
says_what_to_install(void **state)
{
	struct fixture *fixture = *state;

	setenv("PATH", "/nowhere", 1);
	assert_int_equal(open_engine(fixture), TARE_UNSUPPORTED);
	assert_string_equal(fixture->err.text,
		"'docker' is not on PATH; install it (Debian: the package docker.io), or measure "
		"with the runner host");
}

static void
explains_what_the_engine_says(void **state)
{
	static const struct {
		const char *errors;
		enum tare_status status;
		const char *text;
	} table[] = {
		{"Cannot connect to the Docker daemon at unix:///x. Is the docker daemon "
		 "running?\n",
			TARE_UNSUPPORTED,
			"docker does not answer at its usual socket; start the engine (systemctl "
			"start docker), or set DOCKER_HOST to where it listens"},
		{"Got permission denied while trying to connect to the Docker daemon socket at "
		 "unix:///var/run/docker.sock: Get \"http://x\": dial unix "
		 "/var/run/docker.sock: connect: permission denied\n",
			TARE_UNSUPPORTED,
			"this user may not talk to docker at its usual socket; add the user to the "
			"group of the socket (usually docker), or run tare as root"},
		{"Error response from daemon: pull access denied for nosuch, repository does not "
		 "exist or may require 'docker login'\n",
			TARE_NOT_FOUND,
			"image 'x': there is no such image here, and it could not be pulled; "
			"correct `image`, or build, load or import it first"},
		{"Error response from daemon: Get \"http://localhost/v2/\": dial tcp 127.0.0.1:80: "
		 "connect: connection refused\n",
			TARE_OUTSIDE,
			"image 'x': docker says: Get \"http://localhost/v2/\": dial tcp "
			"127.0.0.1:80: connect: connection refused"},
		{"Error response from daemon: it is Tuesday\nError: failed to start containers: "
		 "x\n\nRun 'docker start --help' for more information\n",
			TARE_OUTSIDE, "image 'x': docker says: it is Tuesday"},
		{"", TARE_OUTSIDE, "image 'x': docker says: nothing"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(
			tare_engine_explain(&fixture->err, "docker", "image 'x'", table[i].errors),
			table[i].status);
		assert_string_equal(fixture->err.text, table[i].text);
	}
	tare_engine_explain(&fixture->err, "podman", "image 'x'",
		"Error: unable to connect to Podman socket: dial unix /x: connect: no such file");
	assert_string_equal(fixture->err.text,
		"podman does not answer at its usual socket; start the engine (systemctl start "
		"podman.socket), or set CONTAINER_HOST to where it listens");
}

static void
reads_an_image(void **state)
{
	struct fixture *fixture = *state;
	struct tare_image image = {0};

	put(fixture, "image.out",
		"[{\"Id\": \"sha256:77\", \"RepoDigests\": [\"a@sha256:12\"], \"Size\": 4096, "
		"\"Config\": {\"User\": \"me\", \"Env\": [\"A=1\", \"junk\", 7, \"B=2\"]}}]");
	assert_int_equal(open_engine(fixture), TARE_OK);
	calls(fixture);
	assert_int_equal(
		tare_engine_image(&image, &fixture->engine, "a:1", NULL, &fixture->err), TARE_OK);
	assert_string_equal(calls(fixture), "image inspect a:1\n");
	assert_string_equal(image.name, "a:1");
	assert_string_equal(image.id, "sha256:77");
	assert_string_equal(image.digest, "a@sha256:12");
	assert_string_equal(image.user, "me");
	assert_string_equal(image.env[0], "A=1");
	assert_string_equal(image.env[1], "B=2");
	assert_null(image.env[2]);
	assert_int_equal(image.size_bytes, 4096);
	assert_int_equal(image.took_ns, 0);
}

static void
refuses_what_is_no_description_of_an_image(void **state)
{
	static const char *const texts[] = {"", "[]", "{}", "[", "null"};
	struct fixture *fixture = *state;
	struct tare_image image = {0};

	assert_int_equal(open_engine(fixture), TARE_OK);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(fixture, "image.out", texts[i]);
		assert_int_not_equal(
			tare_engine_image(&image, &fixture->engine, "a:1", NULL, &fixture->err),
			TARE_OK);
	}
	assert_null(image.id);
}

static void
pulls_an_image_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	struct tare_image image = {0};

	put(fixture, "image.err", "Error: No such image: a:1\n");
	put(fixture, "pull.err", "Error response from daemon: dial tcp: no route\n");
	assert_int_equal(open_engine(fixture), TARE_OK);
	calls(fixture);
	assert_int_equal(tare_engine_image(&image, &fixture->engine, "a:1", NULL, &fixture->err),
		TARE_NOT_FOUND);
	assert_string_equal(fixture->err.text,
		"image 'a:1': docker says: dial tcp: no route; it is not here either: correct "
		"`image`, or build, load or import it first");
	assert_string_equal(calls(fixture), "image inspect a:1\npull a:1\n");
}

static void
builds_with_every_argument(void **state)
{
	static const char *const args[] = {"LEVEL=3", "B=x y", NULL};
	struct fixture *fixture = *state;
	char *dockerfile = test_path(fixture->folder, "Dockerfile");
	const struct tare_image_build build = {
		.dockerfile = dockerfile, .context = fixture->folder, .args = args};
	struct tare_image image = {0};
	const char *words;

	put(fixture, "Dockerfile", "FROM scratch\n");
	put(fixture, "image.out", "[{\"Id\": \"sha256:77\"}]");
	assert_int_equal(open_engine(fixture), TARE_OK);
	calls(fixture);
	assert_int_equal(
		tare_engine_build(&image, &fixture->engine, &build, NULL, &fixture->err), TARE_OK);
	words = calls(fixture);
	assert_int_equal(strncmp(words, "build --tag tare-build:", 23), 0);
	assert_non_null(strstr(words, "--build-arg LEVEL=3 --build-arg B=x y "));
	assert_true(image.took_ns > 0);

	unlink(dockerfile);
	assert_int_equal(tare_engine_build(&image, &fixture->engine, &build, NULL, &fixture->err),
		TARE_INVALID);
	assert_string_equal(fixture->err.text,
		tare_arena_printf(fixture->arena,
			"cannot read the Dockerfile '%s': No such file or directory", dockerfile));
	free(dockerfile);
}

static void
knows_how_a_container_ended(void **state)
{
	struct fixture *fixture = *state;
	struct tare_container_end end = {0};

	put(fixture, "inspect.out", "false true 137 no space left\n");
	assert_int_equal(open_engine(fixture), TARE_OK);
	assert_int_equal(tare_engine_inspect(&end, &fixture->engine, "c", &fixture->err), TARE_OK);
	assert_true(end.exists);
	assert_false(end.running);
	assert_true(end.oom_killed);
	assert_int_equal(end.exit_code, 137);
	assert_string_equal(end.error, "no space left");

	put(fixture, "inspect.err", "Error: No such container: c\n");
	assert_int_equal(tare_engine_inspect(&end, &fixture->engine, "c", &fixture->err), TARE_OK);
	assert_false(end.exists);
}

static void
removes_a_container_that_is_gone_already(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "rm.err", "Error: No such container: c\n");
	assert_int_equal(open_engine(fixture), TARE_OK);
	assert_int_equal(tare_engine_remove(&fixture->engine, "c", &fixture->err), TARE_OK);
	put(fixture, "rm.err", "Error response from daemon: busy\n");
	assert_int_equal(tare_engine_remove(&fixture->engine, "c", &fixture->err), TARE_OUTSIDE);
	assert_string_equal(fixture->err.text, "removing a container: docker says: busy");
}

static void
sweeps_the_containers_of_the_dead_only(void **state)
{
	struct fixture *fixture = *state;
	const char *words;

	assert_int_equal(open_engine(fixture), TARE_OK);
	put(fixture, "ps.out", "aaa\nbbb\nccc\n");
	put(fixture, "inspect.out",
		tare_arena_printf(fixture->arena,
			"aaa %s /tmp/tare-c-x/0\nbbb another-boot/1/2/3 /tmp/tare-c-none/1\n"
			"ccc nonsense /etc\n",
			fixture->engine.owner));
	calls(fixture);
	assert_int_equal(tare_engine_sweep(&fixture->engine, &fixture->err), TARE_OK);
	words = calls(fixture);
	assert_non_null(strstr(words, "rm --force --volumes bbb\n"));
	assert_null(strstr(words, "rm --force --volumes aaa\n"));
	assert_null(strstr(words, "rm --force --volumes ccc\n"));
}

static void
tells_a_living_owner_from_a_dead_one(void **state)
{
	struct fixture *fixture = *state;
	const char *mine;
	char *later;

	assert_int_equal(open_engine(fixture), TARE_OK);
	mine = fixture->engine.owner;
	assert_false(tare_engine_owner_is_gone(mine));
	assert_false(tare_engine_owner_is_gone(""));
	assert_false(tare_engine_owner_is_gone("a/b"));
	/* The number was given to another process since. */
	later = tare_arena_printf(fixture->arena, "%s1", mine);
	assert_true(tare_engine_owner_is_gone(later));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asks_for_version_and_storage, setup, teardown),
		cmocka_unit_test_setup_teardown(says_what_to_install, setup, teardown),
		cmocka_unit_test_setup_teardown(explains_what_the_engine_says, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_an_image, setup, teardown),
		cmocka_unit_test_setup_teardown(
			refuses_what_is_no_description_of_an_image, setup, teardown),
		cmocka_unit_test_setup_teardown(pulls_an_image_that_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(builds_with_every_argument, setup, teardown),
		cmocka_unit_test_setup_teardown(knows_how_a_container_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(
			removes_a_container_that_is_gone_already, setup, teardown),
		cmocka_unit_test_setup_teardown(
			sweeps_the_containers_of_the_dead_only, setup, teardown),
		cmocka_unit_test_setup_teardown(
			tells_a_living_owner_from_a_dead_one, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
