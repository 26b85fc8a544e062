/*
 * The wire: what the harness and its agent say to each other.
 *
 * One SOCK_SEQPACKET socket between two processes of one machine: native byte order, one fixed-size
 * struct per message, file descriptors beside it. The agent speaks first (a reply with op 0 and its
 * version); from then on each request gets exactly one reply, except TARE_WIRE_CANCEL, which may
 * come at any time and gets none: what is running is killed, and the request it belongs to is
 * answered. End of file means that the harness is gone: the agent kills everything and exits.
 *
 * In a container the agent finds no open socket: it connects to the path in its first argument.
 *
 * A program is described once, in a memory file that is sent with TARE_WIRE_DEFINE, and started by
 * its slot any number of times. Shared with the agent: no other library here.
 */
#ifndef TARE_RUNNERS_AGENT_WIRE_H
#define TARE_RUNNERS_AGENT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/pending.h"

enum {
	TARE_WIRE_VERSION = 5,
	TARE_WIRE_MAGIC = 0x45524157, /* "WARE" */
	TARE_WIRE_SOCKET = 3,         /* where the agent finds its socket */
	TARE_WIRE_SLOTS = 16,
	TARE_WIRE_SERVICES = 64,
	TARE_WIRE_CPU_WORDS = 16,  /* 1024 CPUs */
	TARE_WIRE_NODE_WORDS = 16, /* and NUMA nodes */
	TARE_WIRE_PROGRAM_MAX = 8 << 20,
	TARE_WIRE_PROGRAM_FDS = 4,
	TARE_WIRE_PADDING_MAX = 4096, /* bytes of padding are fewer */
	TARE_WIRE_FDS_MAX = TARE_COUNTERS_MAX * TARE_COUNT_CPUS_MAX, /* of one message */
};

/* How long the agent tries to kill what it has started, before it answers that it cannot. */
#define TARE_WIRE_SWEEP_NS UINT64_C(10000000000)

enum tare_wire_op {
	TARE_WIRE_HELLO,   /* replies only */
	TARE_WIRE_DEFINE,  /* slot; descriptors: program, stdin, stdout, stderr */
	TARE_WIRE_PENDING, /* descriptor: the pending file */
	TARE_WIRE_PIN,     /* place: can the agent be bound to it? */
	TARE_WIRE_RUN,     /* slot, seq ... place */
	TARE_WIRE_START,   /* slot: a service; its number is in the reply */
	TARE_WIRE_STATUS,  /* service */
	TARE_WIRE_STOP,    /* service, timeout_ns between SIGTERM and SIGKILL */
	/* descriptors: count events on one target after the other; 0: nothing is counted any more
	 */
	TARE_WIRE_COUNT,
	TARE_WIRE_CANCEL,
	TARE_WIRE_OP_COUNT,
};

enum {
	TARE_WIRE_WARMUP = 1u << 0,  /* request: records carry TARE_RECORD_WARMUP */
	TARE_WIRE_KEEP = 1u << 1,    /* request: records go to the pending file, not to the reply */
	TARE_WIRE_RUNNING = 1u << 2, /* reply: the service runs */
	TARE_WIRE_STUCK = 1u << 3,   /* reply: processes could not be killed */
	TARE_WIRE_CANCELLED = 1u << 4, /* reply: the last invocation was killed and not recorded */
	TARE_WIRE_THREADS_FREE = 1u << 5, /* reply: TARE_WIRE_PIN_THREADS is not for this program */
	TARE_WIRE_COUNTED = 1u << 6       /* request: the events are read around each invocation */
};

/* Where memory comes from. */
enum tare_wire_memory {
	TARE_WIRE_MEMORY_DEFAULT,
	TARE_WIRE_MEMORY_LOCAL,
	TARE_WIRE_MEMORY_INTERLEAVE, /* over nodes */
	TARE_WIRE_MEMORY_BIND,       /* to nodes */
	TARE_WIRE_MEMORY_COUNT,
};

struct tare_wire_place {
	uint64_t cpus[TARE_WIRE_CPU_WORDS]; /* all zero: those the agent was given */
	uint64_t nodes[TARE_WIRE_NODE_WORDS];
	uint32_t memory;
	uint32_t reserved;
};

struct tare_wire_request {
	uint32_t op;
	uint32_t slot;
	uint64_t seq; /* of the first; those after it count on, as does pair */
	uint32_t case_index;
	uint32_t pair;
	uint32_t count; /* 1 .. TARE_PENDING_SLOTS; more than 1 only with TARE_WIRE_KEEP */
	uint32_t flags;
	uint64_t timeout_ns;   /* 0: none */
	uint64_t budget_ns;    /* no further invocation begins after this long */
	uint64_t accepted[4];  /* exit codes after which the batch goes on, as bits */
	uint64_t padding_seed; /* RUN, of a program with TARE_WIRE_PADDED */
	struct tare_wire_place place;
	uint32_t service;
	uint32_t set;     /* RUN: a number for what is counted, which comes back with it */
	uint32_t targets; /* COUNT: each event is read on all of them and summed */
	uint32_t reserved;
};

/* What failed, where error is not 0. */
enum tare_wire_step {
	TARE_STEP_NONE,
	TARE_STEP_REQUEST, /* malformed, or a slot that is not defined */
	TARE_STEP_CPUS,
	TARE_STEP_MEMORY,
	TARE_STEP_CWD,
	TARE_STEP_LOOKUP, /* not found on PATH */
	TARE_STEP_FORK,
	TARE_STEP_EXEC,
};

struct tare_wire_reply {
	uint32_t op; /* of the request */
	uint32_t step;
	int32_t error; /* errno */
	uint32_t flags;
	uint32_t done;       /* RUN: invocations recorded; HELLO: version */
	uint32_t service;    /* START */
	int32_t exit_status; /* STATUS, STOP: as from wait4 where the service had ended by itself */
	uint32_t khz_before; /* RUN: effective frequency of the agent's CPU; 0: not read */
	uint32_t khz_after;
	uint32_t reserved;
	struct tare_agent_record record; /* RUN without TARE_WIRE_KEEP */
	struct tare_agent_counts counts; /* the same, with TARE_WIRE_COUNTED */
};

enum {
	TARE_WIRE_REWIND_STDIN = 1u << 0,    /* before each invocation */
	TARE_WIRE_TRUNCATE_STDOUT = 1u << 1, /* likewise */
	/* The last two words of the environment make a library pin the threads of the program; they
	 * are left out where it would not be loaded. */
	TARE_WIRE_PIN_THREADS = 1u << 2,
	/* The last word of the environment before those of TARE_WIRE_PIN_THREADS is padding, of
	 * full length; the agent cuts it for each invocation. */
	TARE_WIRE_PADDED = 1u << 3,
};

/* The head of a program's description. After it argc + 1 + envc + 1 offsets from its start, each
 * that of a NUL-terminated string, or 0 at the end of argv and of the environment. */
struct tare_wire_program {
	uint32_t magic;
	uint32_t flags;
	uint32_t argc;
	uint32_t envc;
	uint64_t cwd;
	uint64_t offsets[];
};

/* A decoded description; everything points into it. */
struct tare_wire_view {
	char *const *argv;
	char **envp; /* the agent adds and removes the words of TARE_WIRE_PIN_THREADS */
	uint32_t envc;
	const char *cwd;
	uint32_t flags;
};

/* Decodes in place: offsets become pointers, so once only. False, and view_out untouched, where
 * anything points out of it. blob must be aligned for uint64_t. */
bool tare_wire_program_decode(struct tare_wire_view *view_out, void *blob, size_t len);

/* Whether len bytes are a request that the agent may act on. */
bool tare_wire_request_valid(const void *message, size_t len);

/* What pads the environment of an invocation: "TARE_PADDING=" and so many bytes, drawn from the
 * seed for each pair, so that variants of a pair have the same and a run that goes on has those of
 * the first. */
extern const char tare_wire_padding_name[]; /* "TARE_PADDING=" */
uint32_t tare_wire_padding(uint64_t seed, uint32_t pair);

#endif
