#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/model/plan.h"
#include "runners/output.h"

static int
setup(void **state)
{
	struct tare_output *output = calloc(1, sizeof(*output));

	*state = output;
	return tare_output_open(output, NULL) != TARE_OK;
}

static int
teardown(void **state)
{
	tare_output_close(*state);
	free(*state);
	return 0;
}

static void
fill(int fd, char byte, size_t len)
{
	char *bytes = malloc(len);

	memset(bytes, byte, len);
	assert_int_equal(write(fd, bytes, len), len);
	free(bytes);
}

static size_t
memory_of(int fd)
{
	struct stat about;

	assert_int_equal(fstat(fd, &about), 0);
	return (size_t)about.st_blocks * 512;
}

static void
gives_only_what_was_written_since_the_beginning(void **state)
{
	struct tare_output *output = *state;
	struct tare_output_text text;

	fill(output->errors_fd, 'a', 10);
	tare_output_begin(output);
	assert_int_equal(tare_output_errors(&text, output, NULL), TARE_OK);
	assert_string_equal(text.text, "");
	fill(output->errors_fd, 'b', 3);
	assert_int_equal(tare_output_errors(&text, output, NULL), TARE_OK);
	assert_string_equal(text.text, "bbb");
	assert_int_equal(text.len, 3);
	assert_false(text.cut);
}

static void
survives_a_program_that_truncates_its_standard_error(void **state)
{
	struct tare_output *output = *state;
	struct tare_output_text text;

	fill(output->errors_fd, 'a', 10);
	tare_output_begin(output);
	assert_int_equal(ftruncate(output->errors_fd, 0), 0);
	fill(output->errors_fd, 'b', 3);
	assert_int_equal(tare_output_errors(&text, output, NULL), TARE_OK);
	assert_string_equal(text.text, "bbb");
}

static void
starts_a_new_file_when_it_has_grown(void **state)
{
	struct tare_output *output = *state;

	fill(output->errors_fd, 'a', 2 << 20);
	tare_output_begin(output);
	assert_int_equal(output->errors_begin, 0);
	assert_int_equal(memory_of(output->errors_fd), 0);
}

static void
gives_back_the_memory_of_what_nobody_reads(void **state)
{
	struct tare_output *output = *state;
	struct tare_output_text text;

	tare_output_begin(output);
	fill(output->errors_fd, 'a', 8 << 20);
	fill(output->errors_fd, 'z', 2);
	fill(output->capture_fd, 'b', TARE_CAPTURE_MAX + (8 << 20));
	tare_output_trim(output);
	assert_in_range(
		memory_of(output->errors_fd), TARE_ERRORS_TAIL_MAX, TARE_ERRORS_TAIL_MAX + 8192);
	assert_in_range(memory_of(output->capture_fd), TARE_CAPTURE_MAX, TARE_CAPTURE_MAX + 4096);

	assert_int_equal(tare_output_errors(&text, output, NULL), TARE_OK);
	assert_int_equal(text.len, TARE_ERRORS_TAIL_MAX);
	assert_true(text.cut);
	assert_int_equal(text.text[0], 'a');
	assert_string_equal(text.text + text.len - 3, "azz");
	assert_int_equal(tare_output_captured(&text, output, NULL), TARE_OK);
	assert_int_equal(text.len, TARE_CAPTURE_MAX);
	assert_true(text.cut);
	assert_int_equal(text.text[text.len - 1], 'b');
	assert_int_equal(text.text[text.len], '\0');
}

static void
leaves_little_output_alone_when_trimming(void **state)
{
	struct tare_output *output = *state;
	struct tare_output_text text;

	tare_output_begin(output);
	fill(output->errors_fd, 'a', 200000);
	fill(output->capture_fd, 'b', 5);
	tare_output_trim(output);
	assert_in_range(memory_of(output->errors_fd), 200000, 204800);
	assert_int_equal(tare_output_captured(&text, output, NULL), TARE_OK);
	assert_string_equal(text.text, "bbbbb");
	assert_false(text.cut);
}

int
main(void)
{
#define with_output(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_output(gives_only_what_was_written_since_the_beginning),
		with_output(survives_a_program_that_truncates_its_standard_error),
		with_output(starts_a_new_file_when_it_has_grown),
		with_output(gives_back_the_memory_of_what_nobody_reads),
		with_output(leaves_little_output_alone_when_trimming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
