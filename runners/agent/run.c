#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/agent/agent.h"

/* The child shares this memory and stack until exec, so it does no more than it must. A new group
 * costs 1 us; a new session would cost 10 where the kernel groups scheduling by session. */
__attribute__((noinline)) pid_t
agent_spawn(const struct agent_program *program, bool new_session)
{
	pid_t pid;

	agent_watch.exec_errno = 0;
	pid = vfork();
	if (pid == 0) {
		if (new_session)
			setsid();
		else
			setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		agent_watch.pid = getpid();
		execve(program->path, program->view.argv, program->view.envp);
		agent_watch.exec_errno = errno;
		_exit(127);
	}
	if (pid < 0)
		agent_watch.exec_errno = errno;
	return pid;
}

static uint64_t
timeval_ns(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

static void
record_usage(struct tare_agent_record *record, const struct rusage *usage)
{
	record->user_ns = timeval_ns(&usage->ru_utime);
	record->sys_ns = timeval_ns(&usage->ru_stime);
	record->max_rss_bytes = (uint64_t)usage->ru_maxrss * 1024u;
	record->minor_faults = (uint64_t)usage->ru_minflt;
	record->major_faults = (uint64_t)usage->ru_majflt;
	record->voluntary_switches = (uint64_t)usage->ru_nvcsw;
	record->involuntary_switches = (uint64_t)usage->ru_nivcsw;
}

/* From the gate to the reap. Between the two readings of the clock nothing happens but vfork, what
 * only the child can set, exec, and wait4. */
static void
time_one(struct tare_agent_record *record, const struct agent_program *program)
{
	struct rusage usage = {0};
	int status = 0;
	uint64_t end_ns;
	pid_t pid;

	record->start_ns = agent_now_ns();
	agent_watch.started_ns = record->start_ns;
	pid = agent_spawn(program, false);
	/* A cancel that came before there was anything to kill. */
	if (agent_watch.cancelled)
		agent_watch_kill();
	while (pid > 0 && wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	end_ns = agent_now_ns();
	agent_watch.pid = 0;

	record->wall_ns = end_ns - record->start_ns;
	record->exit_status = status;
	record_usage(record, &usage);
	if (agent_watch.exec_errno != 0) {
		record->flags |= TARE_RECORD_NOT_STARTED;
		record->exit_status = agent_watch.exec_errno;
	}
	if (agent_watch.timed_out)
		record->flags |= TARE_RECORD_TIMED_OUT;
}

static bool
is_accepted(const struct tare_wire_request *request, const struct tare_agent_record *record)
{
	unsigned code = (unsigned)WEXITSTATUS(record->exit_status);

	if ((record->flags & ~(uint32_t)TARE_RECORD_WARMUP) != 0)
		return false;
	if (!WIFEXITED(record->exit_status))
		return false;
	return (request->accepted[code / 64] >> (code % 64) & 1) != 0;
}

/* One invocation into record, and what it left behind killed. False where it was cancelled. */
static bool
run_one(struct agent *agent, struct tare_agent_record *record,
	const struct tare_wire_request *request, uint32_t at, struct tare_wire_reply *reply)
{
	struct agent_program *program = &agent->programs[request->slot];
	enum agent_sweep swept;

	*record = (struct tare_agent_record){.seq = request->seq + at,
		.case_index = request->case_index,
		.pair = request->pair + at,
		.flags = request->flags & TARE_WIRE_WARMUP ? TARE_RECORD_WARMUP : 0};
	agent_watch.timed_out = 0;
	agent_program_rewind(program);
	agent_program_pad(program, request->padding_seed, record->pair);
	agent_count_begin(agent, request);
	time_one(record, program);
	agent_count_end(agent, record->seq);
	swept = agent_sweep(agent, false);
	if (agent_watch.cancelled) {
		reply->flags |= TARE_WIRE_CANCELLED;
		return false;
	}
	/* After a timeout the whole tree goes; what is left then was not left by the program. */
	if (swept != AGENT_SWEEP_NONE && !agent_watch.timed_out)
		record->flags |= TARE_RECORD_LEFTOVERS;
	if (swept == AGENT_SWEEP_STUCK)
		reply->flags |= TARE_WIRE_STUCK;
	if (record->flags & TARE_RECORD_NOT_STARTED) {
		reply->step = TARE_STEP_EXEC;
		reply->error = record->exit_status;
		program->path[0] = '\0'; /* the file may have gone: search again next time */
	}
	record->check = tare_record_check(record);
	return true;
}

static void
run_batch(
	struct agent *agent, const struct tare_wire_request *request, struct tare_wire_reply *reply)
{
	bool keep = (request->flags & TARE_WIRE_KEEP) != 0;
	uint64_t begin_ns = agent_now_ns();
	struct tare_agent_record record;

	while (reply->done < request->count) {
		if (reply->done > 0 && agent_now_ns() - begin_ns >= request->budget_ns)
			return;
		if (!run_one(agent, &record, request, reply->done, reply))
			return;
		if (keep) {
			if (agent->counts.count > 0)
				agent->pending->counts[reply->done] = agent->counts;
			agent->pending->slots[reply->done] = record;
		} else {
			reply->counts = agent->counts;
			reply->record = record;
		}
		reply->done++;
		if (!is_accepted(request, &record))
			return;
	}
}

/* A program that cannot even be tried is an invocation that did not start. */
static void
record_not_started(
	struct agent *agent, const struct tare_wire_request *request, struct tare_wire_reply *reply)
{
	struct tare_agent_record record = {.seq = request->seq,
		.case_index = request->case_index,
		.pair = request->pair,
		.flags = TARE_RECORD_NOT_STARTED,
		.exit_status = reply->error,
		.start_ns = agent_now_ns()};

	if (request->flags & TARE_WIRE_WARMUP)
		record.flags |= TARE_RECORD_WARMUP;
	record.check = tare_record_check(&record);
	if (request->flags & TARE_WIRE_KEEP)
		agent->pending->slots[0] = record;
	else
		reply->record = record;
	reply->done = 1;
}

void
agent_run(
	struct agent *agent, const struct tare_wire_request *request, struct tare_wire_reply *reply)
{
	struct agent_program *program = &agent->programs[request->slot];

	if (!program->defined || ((request->flags & TARE_WIRE_KEEP) != 0 && !agent->pending)) {
		reply->step = TARE_STEP_REQUEST;
		reply->error = EINVAL;
		return;
	}
	if (!agent_program_apply(agent, program, &request->place, reply)) {
		record_not_started(agent, request, reply);
		return;
	}
	reply->khz_before = agent_pace_khz();
	agent_watch_begin(request->timeout_ns);
	if (agent_watch.cancelled)
		reply->flags |= TARE_WIRE_CANCELLED;
	else
		run_batch(agent, request, reply);
	agent_watch_end();
	reply->khz_after = agent_pace_khz();
}
