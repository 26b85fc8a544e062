#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/arena.h"

static int
setup(void **state)
{
	*state = tare_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	tare_arena_free(*state);
	return 0;
}

static void
gives_zeroed_and_aligned_memory(void **state)
{
	for (size_t size = 1; size < 300; size++) {
		unsigned char *block = tare_arena_alloc(*state, size, 1);

		assert_int_equal((uintptr_t)block % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(block[i], 0);
		memset(block, 0xFF, size);
	}
}

static void
zeroes_memory_that_is_handed_out_again(void **state)
{
	unsigned char *block = tare_arena_alloc(*state, 1000, 1);

	memset(block, 0xFF, 1000);
	tare_arena_reset(*state);
	block = tare_arena_alloc(*state, 1000, 1);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(block[i], 0);
}

static void
keeps_blocks_apart_and_in_place(void **state)
{
	enum { COUNT = 5000 };
	uint32_t **blocks = tare_xcalloc(COUNT, sizeof(*blocks));

	for (uint32_t i = 0; i < COUNT; i++) {
		blocks[i] = tare_arena_alloc(*state, 1 + i % 700, sizeof(uint32_t));
		for (uint32_t j = 0; j < 1 + i % 700; j++)
			blocks[i][j] = i;
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		for (uint32_t j = 0; j < 1 + i % 700; j++)
			assert_int_equal(blocks[i][j], i);
	}
	free(blocks);
}

static void
gives_empty_blocks_an_address_of_their_own(void **state)
{
	const void *first = tare_arena_alloc(*state, 0, 8);
	const void *second = tare_arena_alloc(*state, 8, 0);

	assert_non_null(first);
	assert_ptr_not_equal(first, second);
	assert_int_equal(tare_arena_size_bytes(*state), 0);
}

static void
serves_blocks_larger_than_any_chunk(void **state)
{
	size_t size = (size_t)5 << 20;
	char *small = tare_arena_strdup(*state, "before");
	char *large = tare_arena_alloc(*state, size, 1);

	large[size - 1] = 'x';
	assert_string_equal(small, "before");
	assert_string_equal(tare_arena_strdup(*state, "after"), "after");
	tare_arena_reset(*state);
	assert_string_equal(tare_arena_strdup(*state, "again"), "again");
}

static void
gives_huge_blocks_back_when_reset(void **state)
{
	size_t size = (size_t)64 << 20;
	size_t before = mallinfo2().hblkhd;

	tare_arena_alloc(*state, 100, 1);
	tare_arena_alloc(*state, size, 1);
	tare_arena_reset(*state);
	assert_true(mallinfo2().hblkhd < before + size);
	tare_arena_reset(*state);
	assert_string_equal(tare_arena_strdup(*state, "again"), "again");
}

static void
counts_what_it_handed_out(void **state)
{
	tare_arena_alloc(*state, 10, 8);
	tare_arena_alloc(*state, 3, 1);
	assert_int_equal(tare_arena_size_bytes(*state), 83);
	tare_arena_reset(*state);
	assert_int_equal(tare_arena_size_bytes(*state), 0);
	tare_arena_reset(*state);
}

static void
grows_arrays_and_zeroes_the_rest(void **state)
{
	int *items = tare_arena_grow(*state, NULL, 0, 2, sizeof(*items));

	items[0] = 7;
	items[1] = 8;
	items = tare_arena_grow(*state, items, 2, 4, sizeof(*items));
	assert_int_equal(items[0], 7);
	assert_int_equal(items[1], 8);
	assert_int_equal(items[2], 0);
	assert_int_equal(items[3], 0);
}

static void
has_room_for_one_more_without_copying_each_time(void **state)
{
	struct tare_arena *arena = *state;
	size_t *items = NULL;
	size_t copies = 0;

	for (size_t count = 0; count < 1000; count++) {
		size_t *roomy = tare_arena_room(arena, items, count, sizeof(*items));

		copies += roomy != items;
		items = roomy;
		items[count] = count;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	assert_int_equal(copies, 11);
}

static void
copies_text(void **state)
{
	char original[] = "text";
	char *copy = tare_arena_strdup(*state, original);

	original[0] = 'n';
	assert_string_equal(copy, "text");
	assert_null(tare_arena_strdup(*state, NULL));
	assert_string_equal(tare_arena_strndup(*state, "abcdef", 3), "abc");
	assert_string_equal(tare_arena_strndup(*state, "ab", 3), "ab");
	assert_string_equal(tare_arena_strndup(*state, "ab", 0), "");
}

static void
stops_strndup_at_an_array_without_an_end(void **state)
{
	const char letters[3] = {'a', 'b', 'c'};

	assert_string_equal(tare_arena_strndup(*state, letters, sizeof(letters)), "abc");
}

static void
prints_text_of_any_length(void **state)
{
	char *text = tare_arena_printf(*state, "%s-%d", "run", 12);

	assert_string_equal(text, "run-12");
	text = tare_arena_printf(*state, "%*s", 20000, "x");
	assert_int_equal(strlen(text), 20000);
	assert_string_equal(text + 19999, "x");
}

static void
frees_nothing_without_complaint(void **state)
{
	(void)state;
	tare_arena_free(NULL);
}

/* What the child wrote to standard error before it died of SIGABRT. */
static void
assert_aborts_with(void (*action)(void), const char *expected)
{
	char said[256] = "";
	int ends[2];
	int status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		action();
		_exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof(said) - 1) >= 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_string_equal(said, expected);
}

static void
ask_for_an_overflowing_product(void)
{
	tare_arena_alloc(tare_arena_new(), SIZE_MAX / 2, 3);
}

static void
ask_for_all_addresses(void)
{
	tare_arena_alloc(tare_arena_new(), SIZE_MAX, 1);
}

static void
ask_for_an_overflowing_array(void)
{
	tare_xreallocarray(NULL, SIZE_MAX / 2, 3);
}

static void
aborts_with_a_message_where_a_size_overflows(void **state)
{
	(void)state;
	assert_aborts_with(ask_for_an_overflowing_product,
		"tare: out of memory: no room for 9223372036854775807 blocks of 3 bytes\n");
	assert_aborts_with(ask_for_all_addresses,
		"tare: out of memory: no room for 18446744073709551615 blocks of 1 bytes\n");
	assert_aborts_with(ask_for_an_overflowing_array,
		"tare: out of memory: no room for 9223372036854775807 blocks of 3 bytes\n");
}

static void
gives_blocks_outside_arenas_even_of_size_zero(void **state)
{
	void *empty = tare_xmalloc(0);
	void *zeroed = tare_xcalloc(0, 4);
	char *text = tare_xstrdup("copy");
	void *shrunk = tare_xreallocarray(tare_xmalloc(8), 0, 8);

	(void)state;
	assert_non_null(empty);
	assert_non_null(zeroed);
	assert_non_null(shrunk);
	assert_string_equal(text, "copy");
	free(empty);
	free(zeroed);
	free(text);
	free(shrunk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gives_zeroed_and_aligned_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(
			zeroes_memory_that_is_handed_out_again, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_blocks_apart_and_in_place, setup, teardown),
		cmocka_unit_test_setup_teardown(
			gives_empty_blocks_an_address_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(
			serves_blocks_larger_than_any_chunk, setup, teardown),
		cmocka_unit_test_setup_teardown(gives_huge_blocks_back_when_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_what_it_handed_out, setup, teardown),
		cmocka_unit_test_setup_teardown(grows_arrays_and_zeroes_the_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(
			has_room_for_one_more_without_copying_each_time, setup, teardown),
		cmocka_unit_test_setup_teardown(copies_text, setup, teardown),
		cmocka_unit_test_setup_teardown(
			stops_strndup_at_an_array_without_an_end, setup, teardown),
		cmocka_unit_test_setup_teardown(prints_text_of_any_length, setup, teardown),
		cmocka_unit_test(frees_nothing_without_complaint),
		cmocka_unit_test(aborts_with_a_message_where_a_size_overflows),
		cmocka_unit_test(gives_blocks_outside_arenas_even_of_size_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
