#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "runners/agent/wire.h"

/* argv {"a", "bc"}, environment {"X=1"}, cwd "/". */
union description {
	struct tare_wire_program program;
	uint64_t words[32];
	char bytes[32 * 8];
};

enum { HEAD = sizeof(struct tare_wire_program), STRINGS = HEAD + 5 * 8, LEN = STRINGS + 11 };

static union description
describe(void)
{
	union description description = {.program = {.magic = TARE_WIRE_MAGIC,
						 .flags = TARE_WIRE_REWIND_STDIN,
						 .argc = 2,
						 .envc = 1,
						 .cwd = STRINGS + 9}};
	const uint64_t offsets[] = {STRINGS, STRINGS + 2, 0, STRINGS + 5, 0};

	memcpy(description.bytes + HEAD, offsets, sizeof(offsets));
	memcpy(description.bytes + STRINGS, "a\0bc\0X=1\0/", 11);
	return description;
}

static void
decodes_a_description_in_place(void **state)
{
	union description description = describe();
	struct tare_wire_view view;

	(void)state;
	assert_true(tare_wire_program_decode(&view, &description, LEN));
	assert_string_equal(view.argv[0], "a");
	assert_string_equal(view.argv[1], "bc");
	assert_null(view.argv[2]);
	assert_string_equal(view.envp[0], "X=1");
	assert_null(view.envp[1]);
	assert_string_equal(view.cwd, "/");
	assert_int_equal(view.flags, TARE_WIRE_REWIND_STDIN);
}

/* The agent cuts the last word, and adds two of its own before the end. */
static void
refuses_words_that_are_said_to_be_there(void **state)
{
	union description description = describe();
	struct tare_wire_view view;

	(void)state;
	description.program.flags = TARE_WIRE_PADDED;
	assert_true(tare_wire_program_decode(&view, &description, LEN));
	description = describe();
	description.program.flags = TARE_WIRE_PADDED | TARE_WIRE_PIN_THREADS;
	assert_false(tare_wire_program_decode(&view, &description, LEN));
}

static void
draws_the_same_paddings_of_the_same_seed(void **state)
{
	uint32_t most = 0, least = UINT32_MAX;
	double sum = 0;

	(void)state;
	for (uint32_t pair = 0; pair < 1000; pair++) {
		uint32_t len = tare_wire_padding(7, pair);

		assert_int_equal(len, tare_wire_padding(7, pair));
		assert_int_not_equal(len, tare_wire_padding(7, pair + 1));
		most = len > most ? len : most;
		least = len < least ? len : least;
		sum += len;
	}
	assert_in_range(most, 4000, TARE_WIRE_PADDING_MAX - 1);
	assert_in_range(least, 0, 96);
	assert_in_range((uint32_t)(sum / 1000), 1900, 2200);
	assert_int_not_equal(tare_wire_padding(7, 0), tare_wire_padding(8, 0));
}

static void
refuses_a_description_cut_anywhere(void **state)
{
	struct tare_wire_view view;

	(void)state;
	for (size_t len = 0; len < LEN; len++) {
		union description description = describe();

		assert_false(tare_wire_program_decode(&view, &description, len));
	}
}

static void
refuses_what_points_out_of_the_description(void **state)
{
	struct tare_wire_view view;

	(void)state;
	for (size_t at = 0; at < 5; at++) {
		const uint64_t wrong[] = {1, HEAD - 1, LEN, LEN + 1, UINT64_MAX, UINT64_MAX - 7};

		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			union description description = describe();

			memcpy(description.bytes + HEAD + at * 8, &wrong[i], 8);
			assert_false(tare_wire_program_decode(&view, &description, LEN));
			description = describe();
			description.program.cwd = wrong[i];
			assert_false(tare_wire_program_decode(&view, &description, LEN));
		}
	}
}

static void
refuses_wrong_counts_and_marks(void **state)
{
	struct tare_wire_view view;
	union description description = describe();

	(void)state;
	description.program.argc = 0;
	assert_false(tare_wire_program_decode(&view, &description, LEN));
	description = describe();
	description.program.argc = 1; /* then the environment begins inside of argv */
	assert_false(tare_wire_program_decode(&view, &description, LEN));
	description = describe();
	description.program.argc = UINT32_MAX;
	description.program.envc = UINT32_MAX;
	assert_false(tare_wire_program_decode(&view, &description, LEN));
	description = describe();
	description.program.magic++;
	assert_false(tare_wire_program_decode(&view, &description, LEN));
	description = describe();
	description.bytes[LEN - 1] = 'x';
	assert_false(tare_wire_program_decode(&view, &description, LEN));
	assert_false(
		tare_wire_program_decode(&view, &description, (size_t)TARE_WIRE_PROGRAM_MAX + 1));
}

static void
accepts_only_requests_that_can_be_acted_on(void **state)
{
	struct tare_wire_request request = {.op = TARE_WIRE_RUN, .count = 1};

	(void)state;
	assert_true(tare_wire_request_valid(&request, sizeof(request)));
	assert_false(tare_wire_request_valid(&request, sizeof(request) - 1));
	assert_false(tare_wire_request_valid(&request, sizeof(request) + 1));
	request.count = 0;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request.count = 2;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request.flags = TARE_WIRE_KEEP;
	assert_true(tare_wire_request_valid(&request, sizeof(request)));
	request.count = TARE_PENDING_SLOTS + 1;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request.count = 1;
	request.slot = TARE_WIRE_SLOTS;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request.slot = 0;
	request.service = TARE_WIRE_SERVICES;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request = (struct tare_wire_request){.op = TARE_WIRE_HELLO};
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request.op = TARE_WIRE_OP_COUNT;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request = (struct tare_wire_request){
		.op = TARE_WIRE_COUNT, .count = TARE_COUNTERS_MAX, .targets = TARE_COUNT_CPUS_MAX};
	assert_true(tare_wire_request_valid(&request, sizeof(request)));
	request.targets++;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request.targets = 0;
	assert_false(tare_wire_request_valid(&request, sizeof(request)));
	request.op = TARE_WIRE_CANCEL;
	assert_true(tare_wire_request_valid(&request, sizeof(request)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_a_description_in_place),
		cmocka_unit_test(refuses_words_that_are_said_to_be_there),
		cmocka_unit_test(draws_the_same_paddings_of_the_same_seed),
		cmocka_unit_test(refuses_a_description_cut_anywhere),
		cmocka_unit_test(refuses_what_points_out_of_the_description),
		cmocka_unit_test(refuses_wrong_counts_and_marks),
		cmocka_unit_test(accepts_only_requests_that_can_be_acted_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
