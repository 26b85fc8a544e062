#include "harness/machine/describe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "harness/base/text.h"
#include "harness/machine/facts.h"

#ifdef __x86_64__
/* Leaf 0x40000000 of CPUID, which the bit 31 of leaf 1 announces (Linux's cpufeatures.h calls it
 * X86_FEATURE_HYPERVISOR). */
static const char *
hypervisor_name(struct tare_arena *arena)
{
	unsigned words[3] = {0};
	unsigned a = 0, b = 0, c = 0, d = 0;
	char name[sizeof(words) + 1] = "";

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 31))
		return NULL;
	__cpuid(0x40000000, a, words[0], words[1], words[2]);
	memcpy(name, words, sizeof(words));
	return *name ? tare_text_safe(arena, name) : NULL;
}
#else
static const char *
hypervisor_name(struct tare_arena *arena)
{
	(void)arena;
	return NULL;
}
#endif

void
tare_machine_identify(struct tare_machine_identity *identity_out, struct tare_arena *arena)
{
	struct utsname name;
	char *cwd = getcwd(NULL, 0);
	char libc[64] = "";

	memset(identity_out, 0, sizeof(*identity_out));
	identity_out->kernel = "unknown";
	identity_out->machine = "unknown";
	if (uname(&name) == 0) {
		identity_out->kernel = tare_arena_strdup(arena, name.release);
		identity_out->machine = tare_arena_strdup(arena, name.machine);
	}
	if (sched_getaffinity(0, sizeof(identity_out->allowed), &identity_out->allowed) != 0)
		CPU_ZERO(&identity_out->allowed);
	if (confstr(_CS_GNU_LIBC_VERSION, libc, sizeof(libc)) > 0)
		identity_out->libc = tare_arena_strdup(arena, libc);
	identity_out->hypervisor = hypervisor_name(arena);
	identity_out->cwd = cwd ? tare_arena_strdup(arena, cwd) : NULL;
	identity_out->getenv = getenv;
	free(cwd);
}

void
tare_machine_describe(struct tare_environment *environment_out, struct tare_arena *arena,
	const char *root, const struct tare_machine_identity *identity)
{
	const struct tare_reader reader = {arena, root, environment_out};

	memset(environment_out, 0, sizeof(*environment_out));
	tare_facts_cpu(&reader, identity);
	tare_facts_memory(&reader);
	tare_facts_kernel(&reader, identity);
	tare_facts_limits(&reader, identity);
	tare_facts_process(&reader, identity);
	tare_environment_fingerprint(environment_out);
}
