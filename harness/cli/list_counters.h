/* What can be counted here: by whom, or why not. Part of `tare list`. */
#ifndef TARE_CLI_LIST_COUNTERS_H
#define TARE_CLI_LIST_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

/* Writes to stdout; names: those that are asked for, NULL-terminated, all portable ones where there
 * are none. Every name is tried, which may take seconds. */
void tare_list_counters(const char *const *names, bool as_json, size_t width);

#endif
