/*
 * Describing the machine: facts that say under what conditions a run measured.
 *
 * Readers take a root path so that tests replay recorded machines ("" is this one). Facts that
 * matter (CPU model and caches, cores this process may use, memory, kernel, mitigations, frequency
 * policy, limits, virtualisation) go into the fingerprint; load and the like are recorded only.
 * What may be a secret is hidden, and of the user's environment variables only a few harmless ones
 * are recorded (harness/machine/process.c names them).
 */
#ifndef TARE_MACHINE_DESCRIBE_H
#define TARE_MACHINE_DESCRIBE_H

#include <sched.h>

#include "harness/base/arena.h"
#include "harness/model/environment.h"

/* What only system calls tell; tests give their own. */
struct tare_machine_identity {
	const char *kernel;                /* "6.1.0-13-amd64" */
	const char *machine;               /* "x86_64" */
	cpu_set_t allowed;                 /* CPUs this process may use */
	const char *libc;                  /* "glibc 2.36"; NULL: unknown */
	const char *hypervisor;            /* "KVMKVMKVM", as it calls itself; NULL: none known */
	const char *cwd;                   /* whose disk is described; NULL: none */
	char *(*getenv)(const char *name); /* NULL: no variables */
};

void tare_machine_identify(struct tare_machine_identity *identity_out, struct tare_arena *arena);

/* Never fails: what cannot be read is "unknown". Fills facts and fingerprint. */
void tare_machine_describe(struct tare_environment *environment_out, struct tare_arena *arena,
	const char *root, const struct tare_machine_identity *identity);

#endif
