#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/machine/scrub.h"

static void
hides_what_is_called_a_secret(void **state)
{
	static const char *const names[] = {"api_token", "PASSWORD", "ssh.key", "auth", "my-secret",
		"luks.passphrase", "AWS_CREDENTIALS", "session"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!tare_is_secret(names[i], "x"))
			fail_msg("%s is told", names[i]);
	}
}

static void
hides_what_looks_like_one(void **state)
{
	(void)state;
	assert_true(tare_is_secret("url", "http://user:pw@host/"));
	assert_true(tare_is_secret("id", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"));
	assert_true(tare_is_secret("a", "x,ghp1R2t3Y4u5I6o7P8a9S0d1F2g3"));
	assert_false(tare_is_secret("mitigations", "auto,no_guest_host,no_guest_guest"));
	assert_false(tare_is_secret("isolcpus", "managed_irq,domain,2-63,66-127"));
	assert_false(tare_is_secret("console", "ttyS0,115200"));
	assert_false(tare_is_secret("", "C.UTF-8"));
}

static void
check(const char *line, const char *expected)
{
	struct tare_arena *arena = tare_arena_new();

	assert_string_equal(tare_scrub_command_line(arena, line), expected);
	tare_arena_free(arena);
}

static void
scrubs_command_lines(void **state)
{
	(void)state;
	check("", "");
	check("quiet\n", "quiet");
	check("  a=1   b ", "a=1 b");
	check("a=1 token=abc b=2", "a=1 token=*** b=2");
	check("dyndbg=\"file a +p\" secret=\"two words\" b", "dyndbg=\"file a +p\" secret=*** b");
	check("a 0123456789abcdef0123456789abcdef b", "a *** b");
	check("a -- --password x", "a");
	check("a=b=c key=", "a=b=c key=***");
	check("systemd.setenv=DB_PASSWORD=zz quiet", "systemd.setenv=DB_PASSWORD=*** quiet");
	check("\va\f\r b\v\n", "a b");
}

static void
hides_values_of_secret_variables(void **state)
{
	char folder[] = "PWD=/home/me/tare", language[] = "LANG=C.UTF-8-long";
	char brief[] = "PIN_KEY=1234567", password[] = "DB_PASSWORD=hunter2hunter2";
	char shorter[] = "MY_PASSWORD=tr33", slashed[] = "MY_TOKEN=/sl4shTok3n";
	char shell[] = "TOKEN_FILE=/run/token", desktop[] = "XDG_SESSION_TYPE=x11-x";
	char itself[] = "API_TOKEN=***", broken[] = "broken";
	char *const variables[] = {folder, language, brief, password, itself, broken, shorter,
		slashed, shell, desktop, NULL};
	struct tare_arena *arena = tare_arena_new();

	(void)state;
	assert_string_equal(tare_scrub_variables(arena,
				    "psql -p hunter2hunter2 x=hunter2hunter2hunter2", variables),
		"psql -p *** x=***hunter2");
	assert_string_equal(
		tare_scrub_variables(arena, "/home/me/tare/bench C.UTF-8-long 1234567", variables),
		"/home/me/tare/bench C.UTF-8-long 1234567");
	assert_string_equal(tare_scrub_variables(arena, "", variables), "");
	assert_string_equal(
		tare_scrub_variables(arena, "tr33 /sl4shTok3n /run/token x11-x", variables),
		"*** *** /run/token x11-x");
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hides_what_is_called_a_secret),
		cmocka_unit_test(hides_what_looks_like_one),
		cmocka_unit_test(scrubs_command_lines),
		cmocka_unit_test(hides_values_of_secret_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
