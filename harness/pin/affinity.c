#include "harness/pin/affinity.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

/* The kernel's masks are words of unsigned long, least significant CPU first. */
_Static_assert(sizeof(unsigned long) == sizeof(uint64_t), "masks are read and written in place");
_Static_assert(sizeof(cpu_set_t) == sizeof(struct tare_bits), "as large as libc's");

enum tare_status
tare_affinity_get(struct tare_bits *cpus_out, struct tare_err *err)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0) {
		if (errno == EINVAL)
			return tare_err_set(err, TARE_UNSUPPORTED,
				"this kernel is for more than %d CPUs, which is more than tare can "
				"pin to",
				TARE_BITS_MAX);
		return tare_err_errno(err, TARE_OUTSIDE, "cannot read the CPU affinity");
	}
	memcpy(cpus_out, &set, sizeof(*cpus_out));
	return TARE_OK;
}

enum tare_status
tare_affinity_set(const struct tare_bits *cpus, struct tare_err *err)
{
	char wanted[TARE_BITS_TEXT_MAX];
	struct tare_bits got;
	cpu_set_t set;
	enum tare_status status;

	memcpy(&set, cpus, sizeof(set));
	tare_bits_print(wanted, sizeof(wanted), cpus);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot move to the CPUs %.200s", wanted);
	status = tare_affinity_get(&got, err);
	if (status != TARE_OK || tare_bits_equal(&got, cpus))
		return status;
	return tare_err_set(err, TARE_OUTSIDE,
		"the kernel keeps this process from some of the CPUs %.200s", wanted);
}

enum tare_status
tare_housekeeping_enter(struct tare_housekeeping *housekeeping_out,
	const struct tare_topology *topology, struct tare_err *err)
{
	struct tare_bits quiet = tare_bits_and(&topology->housekeeping, &topology->allowed);
	struct tare_housekeeping housekeeping = {0};
	enum tare_status status = tare_affinity_get(&housekeeping.before, err);

	if (status == TARE_OK)
		status = tare_affinity_set(&quiet, err);
	if (status != TARE_OK) {
		if (!tare_bits_empty(&housekeeping.before))
			tare_affinity_set(&housekeeping.before, NULL);
		return status;
	}
	housekeeping.entered = true;
	*housekeeping_out = housekeeping;
	return TARE_OK;
}

void
tare_housekeeping_leave(struct tare_housekeeping *housekeeping)
{
	if (housekeeping->entered)
		tare_affinity_set(&housekeeping->before, NULL);
	housekeeping->entered = false;
}
