/*
 * Names with a provider in front: "rusage/page-faults". Pure but for `find` of the provider, which
 * may try the counter out.
 */
#ifndef TARE_COUNTERS_NAMES_H
#define TARE_COUNTERS_NAMES_H

#include "harness/base/err.h"

/* TARE_INVALID where there is no such provider, or the provider counts nothing of that name on any
 * machine; what was probably meant is said. A name without a provider is right. */
enum tare_status tare_counter_provider_check(const char *name, struct tare_err *err);

#endif
