/*
 * Runners: start one program somewhere and say what it took.
 *
 * A runner is a const table of functions at the end of its file and one line in registry.c.
 * Promised call order: supported()? -> open -> { case_begin -> { invoke | start/stop service }* ->
 * case_end }* -> close Several cases may be begun at once (variants are interleaved). One call at a
 * time, from one thread. A runner owns what it starts: after close(), and after the death of tare
 * by any signal, none of the measured programs, hooks or services is left running.
 *
 * Replay is the template for the next runner: it starts nothing.
 */
#ifndef TARE_RUNNERS_RUNNER_H
#define TARE_RUNNERS_RUNNER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/bits.h"
#include "harness/base/err.h"
#include "harness/model/pending.h"
#include "harness/model/plan.h"
#include "runners/container_facts.h"

struct tare_topology; /* harness/pin/topology.h */
struct tare_runner;   /* an open one; each implementation's own */

struct tare_runner_options {
	const char *run_id;
	uint64_t seed;
	uint64_t began_ns;      /* CLOCK_MONOTONIC when the run began */
	const char *agent_path; /* NULL: TARE_AGENT, beside the executable, or ../libexec/tare */
	/* NULL: batches are kept in memory only, and lost with the process. open() makes it and
	 * overwrites what is there, so recover that first; close() leaves it, so remove it once
	 * everything is journalled. */
	const char *pending_path;
	/* CPUs of what is not pinned: hooks, services, cases without `cpus:`. Empty: those that the
	 * process had when the runner was opened. tare itself may be on fewer by then, so a runner
	 * that chooses CPUs chooses among these. */
	struct tare_bits cpus_elsewhere;
	/* Of this machine, with those CPUs; NULL: the runner reads it where it needs one. */
	const struct tare_topology *topology;
	/* Changed by a signal handler (installed without SA_RESTART): a running invocation is
	 * killed and TARE_INTERRUPTED returned. Where it is not 0 already nothing is measured and
	 * no service is started, but hooks run, so that cleaning up is possible; a further change
	 * kills those. NULL: nothing interrupts. */
	const volatile sig_atomic_t *interrupted;
};

/* Why something is started; only TARE_ROLE_MEASURED carries metrics that mean something. */
enum tare_role {
	TARE_ROLE_MEASURED,
	TARE_ROLE_HOOK, /* build, setup, prepare, conclude, cleanup, readiness command */
};

struct tare_invocation {
	const struct tare_case *subject; /* NULL for builds */
	const struct tare_program *program;
	enum tare_role role;
	uint64_t seq;  /* of the first; the batch counts on */
	uint32_t pair; /* of the first; the batch counts on */
	uint32_t turn; /* of a batch: how often the case had one before */
	bool warmup;
	uint32_t count;     /* at least 1; more only where supports_batch() says so */
	uint64_t budget_ns; /* a batch begins no further invocation after this long */
	/* Where the program's standard error and, for hooks, output go; NULL: kept in memory, and
	 * the tail is reported with a failure. Appended to. */
	const char *log_path;
};

/* What came of one invocation. Text is valid until the next invoke() on this runner. */
struct tare_outcome {
	struct tare_agent_record record;
	struct tare_agent_counts counts; /* what was counted; count 0: nothing */
	const double *around;            /* [metric_count] what was read around it; NULL: nothing */
	/* Effective frequency of the CPU around it, or around its batch; 0: not read. */
	uint32_t khz_before;
	uint32_t khz_after;
	const double
		*values; /* replay: [metric_count], NaN where not given; NULL: use the record */
	const char *stdout_text; /* captured, NUL-terminated; NULL unless captured */
	size_t stdout_len;
	/* At most the last 64 KiB; NULL where it went to a log. What a batch wrote is at its last
	 * outcome: a batch ends with the first invocation that fails. */
	const char *stderr_text;
	size_t stderr_len;
	bool output_cut; /* captured output was longer than TARE_CAPTURE_MAX */
	bool stderr_cut; /* stderr_text is not all of it */
	/* The case wants its threads pinned, and the program takes no library for that: it is
	 * static, or of another machine, or has rights of its own. */
	bool threads_free;
	/* TARE_RECORD_NOT_STARTED: the sentence, "cannot find 'x' on PATH"; else NULL. */
	const char *start_failure;
	/* With start_failure: this side is the reason, which opens the program's files. */
	bool failed_here;
	/* What the runner knows of why it failed, behind the sentence of how; NULL: nothing. */
	const char *remark;
};

struct tare_runner_ops {
	const char *name;
	const char *summary; /* one line for `tare list runners` */
	/* TARE_OK, or TARE_UNSUPPORTED with a reason a user can act on. */
	enum tare_status (*supported)(struct tare_err *err);
	enum tare_status (*open)(struct tare_runner **runner_out,
		const struct tare_runner_options *options, struct tare_err *err);
	/* Makes what takes long and must be there before anything is measured: images. Once for
	 * each case, whose failure it is, before any case_begin. NULL: nothing to make. */
	enum tare_status (*provide)(struct tare_runner *runner, const struct tare_case *subject,
		const char *log_path, struct tare_err *err);
	/* Pins, cgroups, containers; verifies what it applied. cpus_out: the pins as applied
	 * ("2-3",
	 * "" for none), valid until close. */
	enum tare_status (*case_begin)(struct tare_runner *runner, const char **cpus_out,
		const struct tare_case *subject, struct tare_err *err);
	/* Runs count invocations one after the other. outcomes has room for count; *done_out says
	 * how many were run (fewer where the budget ended, a program failed to start, or on error).
	 * A program that fails, times out or cannot be started is an outcome, not an error. Errors:
	 * TARE_FAILED, where what runs the programs broke off under this one (it killed the agent),
	 * and begins afresh with the next call; TARE_OUTSIDE, where nothing more can be run;
	 * TARE_INTERRUPTED. outcomes[0..*done_out) are valid even then. */
	enum tare_status (*invoke)(struct tare_runner *runner, struct tare_outcome *outcomes,
		uint32_t *done_out, const struct tare_invocation *invocation, struct tare_err *err);
	/* What became of case_begin, for the record: sink is called for each fact. NULL: none. */
	void (*describe)(struct tare_runner *runner, const struct tare_case *subject,
		tare_fact_sink sink, void *context);
	/* The values of tare_runner_metrics for a case that was begun, NaN where there is none.
	 * NULL: this runner has none of them. */
	void (*figures)(struct tare_runner *runner, const struct tare_case *subject,
		double values_out[TARE_RUNNER_METRIC_COUNT]);
	/* The folder of the cgroup that a case which was begun runs in, of which pressure is read.
	 * NULL where there is none; the op is NULL where the runner has none. */
	const char *(*cgroup)(const struct tare_runner *runner, const struct tare_case *subject);
	/* True where count > 1 is allowed for this program: nothing is captured, nothing to
	 * prepare. */
	bool (*supports_batch)(const struct tare_runner *runner, const struct tare_case *subject);
	/* Starts a service and waits until it is ready; its output goes to log_path. *id_out is for
	 * stopping it. Errors name the service and its log. */
	enum tare_status (*service_start)(struct tare_runner *runner, uint32_t *id_out,
		const struct tare_service *service, const char *log_path, struct tare_err *err);
	/* Whether the service went with what ran it, after a TARE_FAILED: it must not be stopped,
	 * and may be started again. NULL: that does not happen here. */
	bool (*service_is_lost)(const struct tare_runner *runner, uint32_t id);
	/* SIGTERM, then SIGKILL to its whole tree after its stop timeout. */
	enum tare_status (*service_stop)(
		struct tare_runner *runner, uint32_t id, struct tare_err *err);
	void (*case_end)(struct tare_runner *runner, const struct tare_case *subject);
	void (*close)(struct tare_runner *runner);
};

extern const struct tare_runner_ops tare_runner_docker;
extern const struct tare_runner_ops tare_runner_host;
extern const struct tare_runner_ops tare_runner_podman;
extern const struct tare_runner_ops tare_runner_replay;

/* The registry, NULL-terminated. */
extern const struct tare_runner_ops *const tare_runners[];
/* NULL where there is none of that name. */
const struct tare_runner_ops *tare_runner_find(const char *name);

#endif
