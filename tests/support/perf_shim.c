#include "tests/support/perf_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READINGS = 64 };

struct perf_shim perf_shim;

/* Takes the place of the C library's, which cannot be declared again with its attributes. */
long syscall(long number, ...); // NOLINT(readability-redundant-declaration)

/* Straight into the kernel. */
static long
enter(long number, const long arguments[6])
{
	register long fourth __asm__("r10") = arguments[3];
	register long fifth __asm__("r8") = arguments[4];
	register long sixth __asm__("r9") = arguments[5];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]),
			 "r"(fourth), "r"(fifth), "r"(sixth)
			 : "rcx", "r11", "memory");
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

/* How many members each leader has; descriptors are small numbers. */
static unsigned members[1024];

/* In place of an event: each reading is one step further than the one before; nothing can be read
 * where a step enables nothing. */
static int
fake_event(uint64_t value, uint64_t enabled_ns, uint64_t running_ns)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	for (uint64_t i = 1; i <= READINGS && enabled_ns > 0; i++) {
		const uint64_t reading[3] = {i * value, i * enabled_ns, i * running_ns};

		if (write(ends[1], reading, sizeof(reading)) != (ssize_t)sizeof(reading))
			break;
	}
	close(ends[1]);
	return ends[0];
}

static long
open_hardware(struct perf_event_attr *attr, long arguments[6])
{
	long leader = arguments[3];
	long fd;

	perf_shim.opened_hardware++;
	if (perf_shim.group_max > 0 && leader >= 0 && leader < 1024 &&
		members[leader] + 1 >= perf_shim.group_max) {
		errno = EINVAL;
		return -1;
	}
	if (perf_shim.in_error)
		return fake_event(0, 0, 0);
	if (perf_shim.stuck_at_zero)
		return fake_event(0, 1000000, 1000000);
	if (perf_shim.turns)
		return fake_event(4000, 1000000, 400000);
	attr->config = attr->config % 2 ? PERF_COUNT_SW_PAGE_FAULTS : PERF_COUNT_SW_TASK_CLOCK;
	attr->type = PERF_TYPE_SOFTWARE;
	fd = enter(SYS_perf_event_open, arguments);
	if (fd >= 0 && fd < 1024)
		members[fd] = 0;
	if (fd >= 0 && leader >= 0 && leader < 1024)
		members[leader]++;
	return fd;
}

static long
open_event(long arguments[6])
{
	struct perf_event_attr attr;

	memcpy(&attr, (const void *)arguments[0],
		sizeof(attr)); // NOLINT(performance-no-int-to-ptr)
	arguments[0] = (long)&attr;
	perf_shim.opened++;
	if (perf_shim.refuse_errno != 0 ||
		(perf_shim.refuse_kernel_errno != 0 && !attr.exclude_kernel)) {
		errno = perf_shim.refuse_errno != 0 ? perf_shim.refuse_errno
						    : perf_shim.refuse_kernel_errno;
		return -1;
	}
	if ((pid_t)arguments[1] == -1 && perf_shim.refuse_cpus_errno != 0) {
		errno = perf_shim.refuse_cpus_errno;
		return -1;
	}
	if ((pid_t)arguments[1] == -1 && perf_shim.has_cpus)
		return fake_event(1000 + (uint64_t)arguments[2], 1000000000, 1000000000);
	if (perf_shim.has_pmu && attr.type != PERF_TYPE_SOFTWARE)
		return open_hardware(&attr, arguments);
	return enter(SYS_perf_event_open, arguments);
}

/* Callers pass as many arguments as their call has; the rest is whatever lies there, as in libc's
 * own, and AddressSanitizer must not mind that. */
__attribute__((no_sanitize("address"))) long
syscall(long number, ...)
{
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	return number == SYS_perf_event_open ? open_event(arguments) : enter(number, arguments);
}
