/*
 * The pending file: what the agent measured and the journal does not hold yet.
 *
 * For programs of a few microseconds the agent runs a batch before it answers. So that kill -9 of
 * the harness loses none of a batch, the agent keeps each finished invocation in a small file
 * mapped beside the journal (JOURNAL.pending); memory survives the process. A slot is valid when
 * its check matches, and new when its seq is past the journal's last; a resumed run journals the
 * new ones first. The file is removed when the run ends.
 *
 * This header is shared with the agent: no libc beyond stdint here.
 */
#ifndef TARE_MODEL_PENDING_H
#define TARE_MODEL_PENDING_H

#include <stdint.h>

enum { TARE_PENDING_SLOTS = 256, TARE_PENDING_MAGIC = 0x45524154 /* "TARE" */ };

/* What the agent reports of one invocation. Fixed size, native byte order (one machine). */
struct tare_agent_record {
	uint64_t seq;
	uint32_t case_index;
	uint32_t pair;
	uint32_t flags;      /* TARE_RECORD_* */
	int32_t exit_status; /* as from wait4; or errno where TARE_RECORD_NOT_STARTED */
	uint64_t start_ns;   /* CLOCK_MONOTONIC at the gate */
	uint64_t wall_ns;
	uint64_t user_ns;
	uint64_t sys_ns;
	uint64_t max_rss_bytes;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	uint64_t check; /* tare_record_check(); written last */
};

enum {
	TARE_RECORD_WARMUP = 1u << 0,
	TARE_RECORD_TIMED_OUT = 1u << 1,
	TARE_RECORD_NOT_STARTED = 1u << 2, /* exec failed; exit_status is the errno */
	TARE_RECORD_LEFTOVERS = 1u << 3,   /* processes outlived the program and were killed */
};

/* The events of one set, beside the clock that guards them. */
enum { TARE_COUNTERS_MAX = 12 };
/* CPUs that are counted each for itself: with more, reading them would take longer than many a
 * program does. */
enum { TARE_COUNT_CPUS_MAX = 16 };

/* One event between the gate and the reap of one invocation. */
struct tare_agent_reading {
	uint64_t value;
	uint64_t enabled_ns; /* the program's time, summed over its threads (or the CPUs') */
	uint64_t running_ns; /* less than that where events took turns on the hardware */
};

/* What was counted in one invocation, for those that count. Apart from the record, so that the
 * pages it takes are not touched, and not in the agent's size, where nothing is counted. */
struct tare_agent_counts {
	uint64_t seq;   /* of its record */
	uint32_t count; /* readings; 0: nothing was counted */
	uint32_t set;   /* which events, as the request said */
	struct tare_agent_reading readings[TARE_COUNTERS_MAX];
	uint64_t check; /* tare_counts_check() */
};

struct tare_pending {
	uint32_t magic;
	uint32_t slot_count;
	uint64_t run_hash; /* of the run id: a pending file of another run is ignored */
	uint64_t began_ns; /* CLOCK_MONOTONIC when the run began, for start_ns */
	struct tare_agent_record slots[TARE_PENDING_SLOTS];
	struct tare_agent_counts counts[TARE_PENDING_SLOTS];
};

/* A sum over the record's fields that an all-zero or half-written slot does not pass. */
static inline uint64_t
tare_record_check(const struct tare_agent_record *record)
{
	uint64_t sum = 0x9e3779b97f4a7c15u;
	const uint64_t parts[] = {record->seq, record->case_index, record->pair, record->flags,
		(uint32_t)record->exit_status, record->start_ns, record->wall_ns, record->user_ns,
		record->sys_ns, record->max_rss_bytes, record->minor_faults, record->major_faults,
		record->voluntary_switches, record->involuntary_switches};

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		sum = (sum ^ parts[i]) * 0x100000001b3u;
	return sum;
}

static inline uint64_t
tare_counts_check(const struct tare_agent_counts *counts)
{
	uint64_t sum = (0x9e3779b97f4a7c15u ^ counts->seq) * 0x100000001b3u;

	sum = (sum ^ counts->count ^ (uint64_t)counts->set << 32) * 0x100000001b3u;
	for (uint32_t i = 0; i < counts->count && i < TARE_COUNTERS_MAX; i++) {
		sum = (sum ^ counts->readings[i].value) * 0x100000001b3u;
		sum = (sum ^ counts->readings[i].enabled_ns) * 0x100000001b3u;
		sum = (sum ^ counts->readings[i].running_ns) * 0x100000001b3u;
	}
	return sum;
}

/* FNV-1a of the run id: tells the pending file of one run from that of another. */
static inline uint64_t
tare_pending_run_hash(const char *run_id)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *run_id; run_id++)
		hash = (hash ^ (unsigned char)*run_id) * 0x100000001b3u;
	return hash;
}

#endif
