#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>

#include "runners/agent/agent.h"

/* A kernel whose memory policy is here. */
static struct {
	long mode;
	uint64_t nodes[TARE_WIRE_NODE_WORDS];
	uint64_t allowed; /* of the first nodes: others are silently left out */
	int set_count;
} kernel;

static long
set_policy(long mode, const uint64_t *nodes)
{
	kernel.set_count++;
	kernel.mode = mode;
	memset(kernel.nodes, 0, sizeof(kernel.nodes));
	if (nodes)
		kernel.nodes[0] = nodes[0] & kernel.allowed;
	return 0;
}

long syscall(long number, ...); // NOLINT(readability-redundant-declaration)

/* Takes the place of the C library's. */
long
syscall(long number, ...)
{
	va_list more;
	long result = -1;

	va_start(more, number);
	if (number == SYS_set_mempolicy) {
		long mode = va_arg(more, int);

		result = set_policy(mode, va_arg(more, const uint64_t *));
	} else if (number == SYS_get_mempolicy) {
		*va_arg(more, int *) = (int)kernel.mode;
		memcpy(va_arg(more, uint64_t *), kernel.nodes, sizeof(kernel.nodes));
		result = 0;
	} else {
		errno = ENOSYS;
	}
	va_end(more);
	return result;
}

static void
begin(struct agent *agent, long mode, uint64_t nodes)
{
	memset(agent, 0, sizeof(*agent));
	memset(&kernel, 0, sizeof(kernel));
	kernel.mode = mode;
	kernel.nodes[0] = nodes;
	kernel.allowed = ~UINT64_C(0);
	agent_place_init(agent);
}

static int
apply(struct agent *agent, enum tare_wire_memory memory, uint64_t nodes)
{
	struct tare_wire_place place = {.memory = memory, .nodes = {nodes}};
	struct tare_wire_reply reply = {0};
	bool fine = agent_place_apply(agent, &place, &reply);

	assert_int_equal(fine, reply.error == 0);
	assert_int_equal(reply.step, fine ? TARE_STEP_NONE : TARE_STEP_MEMORY);
	return reply.error;
}

static void
refuses_a_policy_each_time_that_the_kernel_cuts_down(void **state)
{
	static struct agent agent;

	(void)state;
	begin(&agent, MPOL_DEFAULT, 0);
	kernel.allowed = 1;
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_BIND, 3), EINVAL);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_BIND, 3), EINVAL);
}

/* What was refused is in force for all that. */
static void
goes_back_to_where_it_was_after_a_policy_was_refused(void **state)
{
	static struct agent agent;

	(void)state;
	begin(&agent, MPOL_DEFAULT, 0);
	kernel.allowed = 1;
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_BIND, 3), EINVAL);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_DEFAULT, 0), 0);
	assert_int_equal(kernel.mode, MPOL_DEFAULT);
	assert_int_equal(kernel.nodes[0], 0);
}

static void
gives_back_the_policy_that_it_was_started_with(void **state)
{
	static struct agent agent;

	(void)state;
	begin(&agent, MPOL_INTERLEAVE, 5);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_DEFAULT, 0), 0);
	assert_int_equal(kernel.set_count, 0);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_LOCAL, 0), 0);
	assert_int_equal(kernel.mode, MPOL_LOCAL);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_DEFAULT, 0), 0);
	assert_int_equal(kernel.mode, MPOL_INTERLEAVE);
	assert_int_equal(kernel.nodes[0], 5);
}

static void
asks_the_kernel_only_for_what_changes(void **state)
{
	static struct agent agent;

	(void)state;
	begin(&agent, MPOL_DEFAULT, 0);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_BIND, 2), 0);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_BIND, 2), 0);
	assert_int_equal(kernel.set_count, 1);
	assert_int_equal(apply(&agent, TARE_WIRE_MEMORY_INTERLEAVE, 2), 0);
	assert_int_equal(kernel.set_count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_a_policy_each_time_that_the_kernel_cuts_down),
		cmocka_unit_test(goes_back_to_where_it_was_after_a_policy_was_refused),
		cmocka_unit_test(gives_back_the_policy_that_it_was_started_with),
		cmocka_unit_test(asks_the_kernel_only_for_what_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
