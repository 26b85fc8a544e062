#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/base/secret.h"

static struct tare_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = tare_arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void
knows_names_of_secrets_by_their_parts(void **state)
{
	static const char *const secrets[] = {"--token", "--api-token", "apiToken", "API_TOKEN",
		"PGPASSWORD", "MYSQL_PWD", "db.password", "--client-secret", "--api-key", "APIKEY",
		"AWS_SECRET_ACCESS_KEY", "aws_session_token", "Authorization", "X-Api-Key",
		"Cookie", "--passphrase", "-pass", "authToken", "--credentials", "DB_PASS"};
	static const char *const others[] = {"--tokenizer", "--keys", "--key", "-k", "--tokens",
		"--max-tokens", "--max-token", "--token-count", "--password-file", "--author",
		"--authority", "--passes", "--bypass", "--compass", "TOKEN_URL", "--monkey",
		"--sort-key", "--secretary", "", "-"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(secrets); i++) {
		if (!tare_secret_name(secrets[i], strlen(secrets[i])))
			fail_msg("%s is told", secrets[i]);
	}
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (tare_secret_name(others[i], strlen(others[i])))
			fail_msg("%s is hidden", others[i]);
	}
}

static void
hides_secrets_in_words(void **state)
{
	static const char *const cases[][3] = {
		{"curl", "--token=abc", "--token=***"},
		{"curl", "--token=a b;c", "--token=***"},
		{"env", "PGPASSWORD=hunter2", "PGPASSWORD=***"},
		{"--token", "abc", "***"},
		{"-H", "Authorization: Bearer abc.def", "Authorization: ***"},
		{"-H", "X-Api-Key:abc", "X-Api-Key:***"},
		{"-u", "me:hunter2", "me:***"},
		{"--user", "me:a:b", "me:***"},
		{"", "--user=me:hunter2", "--user=me:***"},
		{"-d", "{\"password\": \"a b\", \"level\": 9}",
			"{\"password\": \"***\", \"level\": 9}"},
		{"curl", "https://me:hunter2@host/a?x=1&token=abc&y=2",
			"https://me:***@host/a?x=1&token=***&y=2"},
		{"--store", "postgres://me:p@w@db/tare?x=1", "postgres://me:***@db/tare?x=1"},
		{"--mirror=a", "--mirror=http://a:b@c http://d:e@f",
			"--mirror=http://a:***@c http://d:***@f"},
		{"login", "ghp_1R2t3Y4u5I6o7P8a9S0d1F2g3", "***"},
		{"--var=x", "--var=api_token=a=b", "--var=api_token=***"},
		{"--var", "password=hunter2", "password=***"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
			tare_secret_mask_word(arena, cases[i][0], cases[i][1]), cases[i][2]);
}

static void
leaves_other_words_alone(void **state)
{
	static const char *const cases[][2] = {{"x", "--tokenizer=x"}, {"x", "--keys=5"},
		{"x", "--key=2"}, {"sort", "--key=2,3"}, {"x", "--max-tokens=100"},
		{"x", "--pass=2"}, {"-pass", "1"}, {"x", "--auth=none"}, {"x", "--token=$TOKEN"},
		{"x", "--token="}, {"x", "--password-file=/etc/x"}, {"--password", "--verbose"},
		{"-u", "1000:1000"}, {"-u", "me"}, {"x", "me@host:22"}, {"x", "git@host:me/it.git"},
		{"x", "http://host:80/a@b:c"},
		{"x", "image@sha256:0123456789abcdef0123456789abcdef"}, {"x", "PWD=/home/me"},
		{"x", "--cookie=/tmp/jar"}, {"x", "sk-learn-benchmark-suite"}, {"x", "token"},
		{"x", "a==b"}, {"x", "token==x"}, {"x", "token://x"}, {"--", "-c"},
		{"x", "builds/2f7c8a1b9d3e4f5061728394"}, {"x", ""}, {"", "***"},
		{"x", "--token=***"}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
			tare_secret_mask_word(arena, cases[i][0], cases[i][1]), cases[i][1]);
}

static void
hides_secrets_in_scripts_and_nothing_else_of_them(void **state)
{
	static const char *const cases[][2] = {
		{"TOKEN=abc curl https://host", "TOKEN=*** curl https://host"},
		{"curl --token=abc -o x", "curl --token=*** -o x"},
		{"curl --token abc -o x", "curl --token *** -o x"},
		{"curl --token 'a b' -o x", "curl --token '***' -o x"},
		{"curl --token=\"a b\" -o x", "curl --token=\"***\" -o x"},
		{"curl \"--token=a b\" -o x", "curl \"--token=***\" -o x"},
		{"curl -H 'Authorization: Bearer abc' https://host",
			"curl -H 'Authorization: ***' https://host"},
		{"curl -H Authorization:\\ Bearer", "curl -H Authorization:\\ Bearer"},
		{"curl -u me:hunter2 x; y", "curl -u me:*** x; y"},
		{"curl -d \"{\\\"password\\\":\\\"abc\\\"}\" x",
			"curl -d \"{\\\"password\\\":\\\"***\\\"}\" x"},
		{"got header Authorization: Bearer abc\nnext",
			"got header Authorization: ***\nnext"},
		{"export A=1;PASSWORD=x;b", "export A=1;PASSWORD=***;b"},
		{"if [ \"$token\" = x ]; then a; fi", "if [ \"$token\" = x ]; then a; fi"},
		{"curl --token \"$TOKEN\" x", "curl --token \"$TOKEN\" x"},
		{"sort --key 2 | awk '{print $pass}'", "sort --key 2 | awk '{print $pass}'"},
		{"ffmpeg -pass 1 -i x", "ffmpeg -pass 1 -i x"},
		{"--token", "--token"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_string_equal(tare_secret_mask_text(arena, cases[i][0]), cases[i][1]);
		assert_string_equal(tare_secret_mask_word(arena, "-c", cases[i][0]), cases[i][1]);
	}
}

/* Masking again what was masked changes nothing. */
static void
hides_once_and_for_all(void **state)
{
	static const char text[] =
		"a=b TOKEN=abc --password x http://me:pw@host -H 'Cookie: a=b; c=d' -u me:pw";
	const char *once;

	(void)state;
	once = tare_secret_mask_text(arena, text);
	assert_string_equal(
		once, "a=b TOKEN=*** --password *** http://me:***@host -H 'Cookie: ***' -u me:***");
	assert_string_equal(tare_secret_mask_text(arena, once), once);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_names_of_secrets_by_their_parts),
		cmocka_unit_test(hides_secrets_in_words),
		cmocka_unit_test(leaves_other_words_alone),
		cmocka_unit_test(hides_secrets_in_scripts_and_nothing_else_of_them),
		cmocka_unit_test(hides_once_and_for_all),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
