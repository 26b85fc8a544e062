/*
 * The work of tare-weight: each function does a known amount of one kind and nothing besides.
 *
 * count is how much of it, in the unit the comment names. False where the system refuses, with
 * errno set. No state, no output.
 */
#ifndef TARE_CALIBRATE_WEIGHT_WORK_H
#define TARE_CALIBRATE_WEIGHT_WORK_H

#include <stdbool.h>
#include <stdint.h>

/* work.c: what needs no help of the kernel, but memory. */
bool work_integer(uint64_t count);   /* 100,000 multiplications, each waiting for the last */
bool work_floating(uint64_t count);  /* 100,000 additions, likewise */
bool work_bandwidth(uint64_t count); /* copies of 16 MiB */
bool work_chase(uint64_t count);     /* 10,000 loads from 4 MiB, each from where the last says */
bool work_faults(uint64_t count);    /* 1,000 pages touched for the first time */

/* work_system.c: what is all the kernel's. */
bool work_call(uint64_t count);     /* 1,000 system calls without arguments */
bool work_argument(uint64_t count); /* 1,000 whose argument a filter of containers looks at */
bool work_pipe(uint64_t count);     /* 100 round trips between two processes */
bool work_spawn(uint64_t count);    /* processes started that do nothing, and waited for */
bool work_file(uint64_t count, const char *folder); /* files made, written, synced and removed */
bool work_loopback(uint64_t count);                 /* 100 round trips over TCP to 127.0.0.1 */
/* 100 round trips to an IPv4 address, or to the "gateway", which is the host where a bridge is the
 * network: connections to a port where nobody listens, so that no server is needed. */
bool work_connect(uint64_t count, const char *peer);

#endif
