#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/cli/bench_suite.h"
#include "harness/suite/suite.h"

enum { COMMANDS_MAX = 8 };

struct fixture {
	struct tare_arena *arena;
	struct tare_bench_line line;
	struct tare_err err;
	struct tare_plan *plan;
	char *text;
};

static void
fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){.arena = tare_arena_new()};
}

/* The suite of these commands, expanded to the plan it stands for. */
static enum tare_status
make(struct fixture *fixture, const char *a, const char *b, const char *c)
{
	const struct tare_expand_options options = {.environment = "development"};
	char *commands[COMMANDS_MAX] = {
		(char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c};
	struct tare_problems problems = {0};
	struct tare_suite *suite;
	enum tare_status status = tare_bench_suite_text(&fixture->text, fixture->arena,
		&fixture->line, commands, "/some/where", &fixture->err);

	if (status == TARE_OK) {
		const struct tare_suite_from from = {
			"tare bench", fixture->text, strlen(fixture->text)};

		status = tare_suite_load(
			&suite, &problems, fixture->arena, &from, &options, &fixture->err);
	}
	if (status == TARE_OK)
		status = tare_suite_expand(
			&fixture->plan, &problems, fixture->arena, suite, &options, &fixture->err);
	return status;
}

static void
check_names(const char *a, const char *b, const char *first, const char *second)
{
	struct fixture fixture;

	fixture_init(&fixture);
	assert_int_equal(make(&fixture, a, b, NULL), TARE_OK);
	assert_int_equal(fixture.plan->case_count, b ? 2 : 1);
	assert_string_equal(fixture.plan->cases[0].name, first);
	if (b)
		assert_string_equal(fixture.plan->cases[1].name, second);
	tare_arena_free(fixture.arena);
}

static void
check_refused(struct fixture *fixture, const char *command, const char *wanted)
{
	assert_int_equal(make(fixture, command, NULL, NULL), TARE_INVALID);
	assert_string_equal(fixture->err.text, wanted);
	tare_arena_free(fixture->arena);
}

static void
one_command_is_a_benchmark_of_its_name(void **state)
{
	(void)state;
	check_names("gzip -9 file", NULL, "gzip -9 file", NULL);
	check_names("  gzip   ", NULL, "gzip", NULL);
}

static void
several_commands_are_named_after_what_they_share(void **state)
{
	(void)state;
	check_names("sleep 0.1", "sleep 0.2", "sleep@0.1", "sleep@0.2");
	check_names("gzip -k a b", "gzip -k c", "gzip -k@a b", "gzip -k@c");
	check_names("/usr/bin/gzip a", "/usr/bin/gzip b", "gzip@a", "gzip@b");
	check_names("ls", "ls -l", "ls@ls", "ls@ls -l");
	check_names("true", "true", "true@true", "true@true (2)");
	check_names("gzip a", "gzipper a", "command@gzip a", "command@gzipper a");
	check_names("rg x", "grep x", "command@rg x", "command@grep x");
}

static void
names_that_are_given_go_first(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.line.names = (struct tare_texts){.items = {"old", "old"}, .count = 2};
	assert_int_equal(make(&fixture, "sleep 1", "sleep 2", "sleep 3"), TARE_OK);
	assert_string_equal(fixture.plan->cases[0].name, "sleep@old");
	assert_string_equal(fixture.plan->cases[1].name, "sleep@old (2)");
	assert_string_equal(fixture.plan->cases[2].name, "sleep@3");
	tare_arena_free(fixture.arena);
	fixture_init(&fixture);
	fixture.line.names = (struct tare_texts){.items = {"old", "new"}, .count = 2};
	check_refused(&fixture, "sleep 1", "--name is given 2 times for 1 command");
}

static void
odd_commands_have_names_too(void **state)
{
	char longest[600];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	longest[160] = '\0';
	check_names(longest, NULL, longest, NULL);
	check_names("echo '${HOME}' a", NULL, "echo '{HOME}' a", NULL);
}

static void
what_was_typed_is_what_runs(void **state)
{
	struct fixture fixture;
	const struct tare_program *program;

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(make(&fixture, "echo '${HOME}' $${x} \"a b\" {n}", NULL, NULL), TARE_OK);
	program = &fixture.plan->cases[0].program;
	assert_int_equal(program->argc, 5);
	assert_string_equal(program->argv[1], "${HOME}");
	assert_string_equal(program->argv[2], "$${x}");
	assert_string_equal(program->argv[3], "a b");
	assert_string_equal(program->argv[4], "{n}");
	assert_string_equal(program->cwd, "/some/where");
	tare_arena_free(fixture.arena);
}

static void
parameters_are_multiplied_out(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.line.parameters =
		(struct tare_texts){.items = {"n", "1,2", "m", "a,b,c"}, .count = 4};
	assert_int_equal(make(&fixture, "echo {n}{m}{o}", NULL, NULL), TARE_OK);
	assert_int_equal(fixture.plan->case_count, 6);
	assert_string_equal(fixture.plan->cases[5].program.argv[1], "2c{o}");
	tare_arena_free(fixture.arena);
}

static void
commas_of_a_value_are_escaped(void **state)
{
	static const char *const values[] = {"a,b", "c\\", "", "\\d,", "e"};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.line.parameters =
		(struct tare_texts){.items = {"n", "a\\,b,c\\\\,,\\d\\,,e"}, .count = 2};
	assert_int_equal(make(&fixture, "echo {n}", NULL, NULL), TARE_OK);
	assert_int_equal(fixture.plan->case_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(fixture.plan->cases[i].program.argv[1], values[i]);
	tare_arena_free(fixture.arena);
}

static void
a_dollar_before_a_parameter_is_part_of_its_name(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.line.parameters = (struct tare_texts){.items = {"n", "1"}, .count = 2};
	assert_int_equal(make(&fixture, "echo '${n}' '${o}' '$${n}'", NULL, NULL), TARE_OK);
	assert_string_equal(fixture.plan->cases[0].name, "echo '{n}' '{o}' '{n}'[n=1]");
	assert_string_equal(fixture.plan->cases[0].program.argv[1], "1");
	assert_string_equal(fixture.plan->cases[0].program.argv[2], "${o}");
	tare_arena_free(fixture.arena);
}

static void
parameters_that_cannot_be_are_said_so(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.line.parameters = (struct tare_texts){.items = {"n", ""}, .count = 2};
	check_refused(
		&fixture, "true", "--parameter-list n has no values; expected a list like 1,2,3");
	fixture_init(&fixture);
	fixture.line.parameters = (struct tare_texts){.items = {"a b", "1"}, .count = 2};
	check_refused(&fixture, "true",
		"--parameter-list 'a b' is not a name; expected a letter, then letters, digits, _ "
		"or -");
}

static void
commands_that_need_a_shell_get_one_on_request_only(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	check_refused(&fixture, "a | b",
		"'a | b' cannot be run without a shell; add --shell to have /bin/sh run it");
	fixture_init(&fixture);
	fixture.line.shell = true;
	assert_int_equal(make(&fixture, "a | b", NULL, NULL), TARE_OK);
	assert_string_equal(fixture.plan->cases[0].program.argv[0], "/bin/sh");
	tare_arena_free(fixture.arena);
	fixture_init(&fixture);
	fixture.line.shell = fixture.line.no_shell = true;
	check_refused(&fixture, "true", "--shell and --no-shell exclude each other");
	fixture_init(&fixture);
	check_refused(&fixture, "  ", "a command is empty");
}

static void
options_become_keys_of_the_suite(void **state)
{
	struct fixture fixture;
	const struct tare_case *subject;

	(void)state;
	fixture_init(&fixture);
	fixture.line.warmup = (struct tare_given_count){.value = 7, .given = true};
	fixture.line.prepare = "sync";
	fixture.line.conclude = "echo ${x}";
	fixture.line.setup = "mkdir a";
	fixture.line.cleanup = "rmdir a";
	fixture.line.timeout = "3s";
	fixture.line.precision = "1%";
	fixture.line.ignore_failure = true;
	assert_int_equal(make(&fixture, "true", NULL, NULL), TARE_OK);
	subject = &fixture.plan->cases[0];
	assert_int_equal(subject->warmup, 7);
	assert_int_equal(subject->invocations_min, 10);
	assert_int_equal(subject->invocations_max, 1000);
	assert_string_equal(subject->conclude->argv[subject->conclude->argc - 1], "echo ${x}");
	assert_non_null(subject->prepare);
	assert_non_null(subject->setup);
	assert_non_null(subject->cleanup);
	assert_int_equal(subject->program.timeout_ns, 3000000000);
	assert_true(subject->precision == 0.01);
	assert_int_equal(subject->expect.exit_code_count, 256);
	tare_arena_free(fixture.arena);
}

static void
bounds_of_runs_move_the_one_that_is_not_given(void **state)
{
	static const struct {
		struct tare_given_count min, max;
		uint64_t min_wanted, max_wanted;
	} rows[] = {
		{{0, false}, {0, false}, 10, 1000},
		{{3, true}, {0, false}, 3, 1000},
		{{5000, true}, {0, false}, 5000, 5000},
		{{0, false}, {4, true}, 4, 4},
		{{2, true}, {20, true}, 2, 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture fixture;

		fixture_init(&fixture);
		fixture.line.min_runs = rows[i].min;
		fixture.line.max_runs = rows[i].max;
		assert_int_equal(make(&fixture, "true", NULL, NULL), TARE_OK);
		assert_int_equal(fixture.plan->cases[0].invocations_min, rows[i].min_wanted);
		assert_int_equal(fixture.plan->cases[0].invocations_max, rows[i].max_wanted);
		tare_arena_free(fixture.arena);
	}
}

static void
bounds_of_runs_that_cannot_be_are_said_so(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.line.min_runs = (struct tare_given_count){3, true};
	fixture.line.max_runs = (struct tare_given_count){2, true};
	check_refused(&fixture, "true",
		"--min-runs 3 is more than --max-runs 2; expected it the other way round");
	fixture_init(&fixture);
	fixture.line.max_runs = (struct tare_given_count){0, true};
	check_refused(&fixture, "true", "--max-runs is 0; expected 1 or more");
	fixture_init(&fixture);
	fixture.line.min_runs = (struct tare_given_count){3, true};
	fixture.line.measuring.invocations = "4";
	check_refused(&fixture, "true", "--min-runs and --invocations exclude each other");
}

static void
many_commands_take_no_longer_than_they_are(void **state)
{
	enum { MANY = 200 };
	struct tare_arena *arena = tare_arena_new();
	const struct tare_bench_line line = {0};
	char *commands[MANY + 1] = {NULL}, *text;
	struct tare_err err;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		commands[i] = tare_arena_printf(arena, "echo %zu", i % 100);
	assert_int_equal(tare_bench_suite_text(&text, arena, &line, commands, NULL, &err), TARE_OK);
	assert_non_null(strstr(text, "\"99 (200)\""));
	assert_in_range(tare_arena_size_bytes(arena), 1, 1 << 20);
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_command_is_a_benchmark_of_its_name),
		cmocka_unit_test(several_commands_are_named_after_what_they_share),
		cmocka_unit_test(names_that_are_given_go_first),
		cmocka_unit_test(odd_commands_have_names_too),
		cmocka_unit_test(what_was_typed_is_what_runs),
		cmocka_unit_test(parameters_are_multiplied_out),
		cmocka_unit_test(commas_of_a_value_are_escaped),
		cmocka_unit_test(a_dollar_before_a_parameter_is_part_of_its_name),
		cmocka_unit_test(parameters_that_cannot_be_are_said_so),
		cmocka_unit_test(commands_that_need_a_shell_get_one_on_request_only),
		cmocka_unit_test(options_become_keys_of_the_suite),
		cmocka_unit_test(bounds_of_runs_move_the_one_that_is_not_given),
		cmocka_unit_test(bounds_of_runs_that_cannot_be_are_said_so),
		cmocka_unit_test(many_commands_take_no_longer_than_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
