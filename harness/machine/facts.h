/* The parts of a description, in the order of the record. Internal to harness/machine. */
#ifndef TARE_MACHINE_FACTS_H
#define TARE_MACHINE_FACTS_H

#include "harness/machine/describe.h"
#include "harness/machine/read.h"

void tare_facts_cpu(const struct tare_reader *reader, const struct tare_machine_identity *identity);
void tare_facts_memory(const struct tare_reader *reader);
void tare_facts_kernel(
	const struct tare_reader *reader, const struct tare_machine_identity *identity);
/* Cgroup, container, virtual machine, and what of them limits this process. */
void tare_facts_limits(
	const struct tare_reader *reader, const struct tare_machine_identity *identity);
/* tare itself, the working directory's disk, allowed variables, load. */
void tare_facts_process(
	const struct tare_reader *reader, const struct tare_machine_identity *identity);

#endif
