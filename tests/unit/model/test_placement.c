#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/model/placement.h"

static void
check_policy(const char *text, enum tare_cpus_kind kind, size_t count, int node)
{
	struct tare_err err = {0};
	struct tare_cpus cpus;

	if (tare_cpus_parse(&cpus, text, &err) != TARE_OK)
		fail_msg("'%s' was refused: %s", text, err.text);
	assert_int_equal(cpus.kind, kind);
	assert_int_equal(cpus.count, count);
	assert_int_equal(cpus.on_node, node >= 0);
	if (node >= 0)
		assert_int_equal(cpus.node, node);
}

static void
reads_every_policy(void **state)
{
	(void)state;
	check_policy(NULL, TARE_CPUS_NONE, 0, -1);
	check_policy("", TARE_CPUS_NONE, 0, -1);
	check_policy("none", TARE_CPUS_NONE, 0, -1);
	check_policy("2", TARE_CPUS_CORES, 2, -1);
	check_policy("1024", TARE_CPUS_CORES, 1024, -1);
	check_policy("cores:4", TARE_CPUS_CORES, 4, -1);
	check_policy("smt:2", TARE_CPUS_SMT, 2, -1);
	check_policy("spread:4", TARE_CPUS_SPREAD, 4, -1);
	check_policy("l3:4", TARE_CPUS_L3, 4, -1);
	check_policy("numa:1.cores:2", TARE_CPUS_CORES, 2, 1);
	check_policy("numa:0.smt:8", TARE_CPUS_SMT, 8, 0);
	check_policy("numa:12.l3:3", TARE_CPUS_L3, 3, 12);
	check_policy("numa:12.spread:3", TARE_CPUS_SPREAD, 3, 12);
}

static void
reads_lists(void **state)
{
	struct tare_cpus cpus;
	struct tare_bits expected;

	(void)state;
	assert_true(tare_bits_parse(&expected, "2-5,8"));
	assert_int_equal(tare_cpus_parse(&cpus, "8,2-5", NULL), TARE_OK);
	assert_int_equal(cpus.kind, TARE_CPUS_LIST);
	assert_true(tare_bits_equal(&cpus.list, &expected));
	assert_int_equal(tare_cpus_parse(&cpus, "3-3", NULL), TARE_OK);
	assert_int_equal(tare_bits_count(&cpus.list), 1);
}

static void
check_refusal(const char *text, const char *sentence)
{
	struct tare_err err = {0};
	struct tare_cpus cpus = {.kind = TARE_CPUS_L3, .count = 77};

	assert_int_equal(tare_cpus_parse(&cpus, text, &err), TARE_INVALID);
	assert_string_equal(err.text, sentence);
	assert_int_equal(cpus.count, 77);
}

static void
says_what_was_meant(void **state)
{
	(void)state;
	check_refusal("core:4", "is \"core:4\"; did you mean \"cores:4\"?");
	check_refusal("sprad:4", "is \"sprad:4\"; did you mean \"spread:4\"?");
	check_refusal("L3:2", "is \"L3:2\"; did you mean \"l3:2\"?");
	check_refusal("threads:2", "is \"threads:2\"; did you mean \"smt:2\"?");
	check_refusal("nome", "is \"nome\"; did you mean \"none\"?");
	check_refusal("node:1.cores:2", "is \"node:1.cores:2\"; did you mean \"numa:1.cores:2\"?");
}

#define EXPECTED                                                                              \
	"; expected none, a number of cores such as 2, CPUs such as 2-5 or 1,3, or cores:N, " \
	"smt:N, spread:N, l3:N, numa:K.cores:N"

static void
refuses_what_it_cannot_read(void **state)
{
	static const char *const bad[] = {"0", "-1", "1-", "1,,2", "3-1", "two words",
		"cores:", "cores:0", "cores:-1", "cores:2x", "smt:1025", "99999999999999999999",
		"0-5000", "cores:99999999999999999999", "2.5", "l3", " 2", "spread: 2"};
	struct tare_cpus cpus;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (tare_cpus_parse(&cpus, bad[i], NULL) != TARE_INVALID)
			fail_msg("'%s' was taken", bad[i]);
	}
	check_refusal("many of them", "is \"many of them\"" EXPECTED);
	check_refusal("cores:0", "is \"cores:0\"" EXPECTED);
	check_refusal("5-3", "is \"5-3\"" EXPECTED);
}

static void
says_how_large_numbers_may_be(void **state)
{
	static const char *const bad[] = {"0-5000", "2000-2000", "0,1024-1024", "1025", "smt:1025",
		"numa:0.cores:99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char expected[256];

		snprintf(expected, sizeof(expected),
			"is \"%s\"; expected numbers of CPUs below 1024, and at most so many CPUs",
			bad[i]);
		check_refusal(bad[i], expected);
	}
}

static void
wants_to_know_what_to_take_on_a_node(void **state)
{
	static const char *const bad[] = {"numa:1.", "numa:1.2-3", "numa:1.2", "numa:1.none",
		"numa:1.numa:2.cores:1", "numa:1.cores:0", "numa:9999.cores:1", "numa:x.cores:1",
		"numa:-1.cores:1", "numa:00000000000000000001.cores:1"};
	struct tare_cpus cpus;

	(void)state;
	check_refusal("numa:1",
		"is \"numa:1\"; expected numa, the number of a NUMA node, and what to take there, "
		"such as numa:1.cores:2");
	check_refusal("numa:",
		"is \"numa:\"; expected numa, the number of a NUMA node, and what to take there, "
		"such as numa:0.cores:2");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (tare_cpus_parse(&cpus, bad[i], NULL) != TARE_INVALID)
			fail_msg("'%s' was taken", bad[i]);
	}
}

static void
knows_the_words_of_policies(void **state)
{
	(void)state;
	assert_string_equal(tare_cpus_word(TARE_CPUS_CORES), "cores");
	assert_string_equal(tare_cpus_word(TARE_CPUS_SMT), "smt");
	assert_string_equal(tare_cpus_word(TARE_CPUS_SPREAD), "spread");
	assert_string_equal(tare_cpus_word(TARE_CPUS_L3), "l3");
	assert_null(tare_cpus_word(TARE_CPUS_LIST));
	assert_null(tare_cpus_word(TARE_CPUS_NONE));
}

static void
check_memory(const char *text, enum tare_memory_kind kind, const char *nodes)
{
	struct tare_memory memory;
	char printed[64];

	assert_int_equal(tare_memory_parse(&memory, text, NULL), TARE_OK);
	assert_int_equal(memory.kind, kind);
	tare_bits_print(printed, sizeof(printed), &memory.nodes);
	assert_string_equal(printed, nodes);
}

static void
reads_where_memory_comes_from(void **state)
{
	(void)state;
	check_memory(NULL, TARE_MEMORY_DEFAULT, "");
	check_memory("", TARE_MEMORY_DEFAULT, "");
	check_memory("local", TARE_MEMORY_LOCAL, "");
	check_memory("interleave", TARE_MEMORY_INTERLEAVE, "");
	check_memory("bind:1", TARE_MEMORY_BIND, "1");
	check_memory("bind:0,2-3", TARE_MEMORY_BIND, "0,2-3");
}

static void
refuses_memory_it_cannot_read(void **state)
{
	struct tare_err err = {0};
	struct tare_memory memory;

	(void)state;
	assert_int_equal(tare_memory_parse(&memory, "locl", &err), TARE_INVALID);
	assert_string_equal(err.text, "is \"locl\"; did you mean \"local\"?");
	assert_int_equal(tare_memory_parse(&memory, "everywhere", &err), TARE_INVALID);
	assert_string_equal(err.text,
		"is \"everywhere\"; expected local, interleave, or bind: and NUMA nodes, such as "
		"bind:0");
	assert_int_equal(tare_memory_parse(&memory, "bind:", &err), TARE_INVALID);
	assert_int_equal(tare_memory_parse(&memory, "bind:1-", &err), TARE_INVALID);
	assert_int_equal(tare_memory_parse(&memory, "bind:5000", &err), TARE_INVALID);
	assert_int_equal(tare_memory_parse(&memory, "local ", &err), TARE_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_policy),
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(says_what_was_meant),
		cmocka_unit_test(refuses_what_it_cannot_read),
		cmocka_unit_test(says_how_large_numbers_may_be),
		cmocka_unit_test(wants_to_know_what_to_take_on_a_node),
		cmocka_unit_test(knows_the_words_of_policies),
		cmocka_unit_test(reads_where_memory_comes_from),
		cmocka_unit_test(refuses_memory_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
