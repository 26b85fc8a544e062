#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runners/host.h"

static enum tare_status
define(struct tare_runner *runner, uint32_t slot, const struct tare_description *description,
	const struct tare_program *program, const struct tare_sinks *sinks, struct tare_err *err)
{
	const struct tare_wire_request request = {.op = TARE_WIRE_DEFINE, .slot = slot};
	struct tare_wire_reply reply = {0};
	int fds[TARE_WIRE_PROGRAM_FDS];
	enum tare_status status;

	status = tare_description_open(fds, description, program, sinks, err);
	if (status != TARE_OK)
		return status;
	status = tare_host_call(runner, &reply, &request, fds, err);
	for (int i = 0; i < TARE_WIRE_PROGRAM_FDS; i++)
		close(fds[i]);
	if (status == TARE_OK && reply.error != 0)
		return tare_host_refused(runner, &reply, "a program", err);
	return status;
}

/* The slot of the agent that holds this program with these files; takes the next one in turn where
 * none does. Interleaved cases find theirs again without being sent anew. */
enum tare_status
tare_host_slot(struct tare_runner *runner, uint32_t *slot_out, const struct tare_program *program,
	const struct tare_sinks *sinks, struct tare_err *err)
{
	struct tare_description description = {0};
	uint32_t slot = runner->next_slot;
	enum tare_status status;

	status = tare_host_need_agent(runner, err);
	if (status == TARE_OK)
		status = tare_description_build(&description, program, sinks, err);
	for (uint32_t i = 0; status == TARE_OK && i < runner->slot_count; i++) {
		if (tare_description_equal(&runner->slots[i], &description)) {
			tare_description_free(&description);
			*slot_out = i;
			return TARE_OK;
		}
	}
	if (status == TARE_OK)
		status = define(runner, slot, &description, program, sinks, err);
	if (status != TARE_OK) {
		tare_description_free(&description);
		return status;
	}
	tare_description_free(&runner->slots[slot]);
	runner->slots[slot] = description;
	runner->next_slot = (slot + 1) % runner->slot_count;
	*slot_out = slot;
	return TARE_OK;
}

static const char *
step_text(uint32_t step)
{
	switch (step) {
	case TARE_STEP_CWD:
		return "cannot change to the directory";
	case TARE_STEP_CPUS:
		return "cannot pin to its CPUs for";
	case TARE_STEP_MEMORY:
		return "cannot set the NUMA policy for";
	case TARE_STEP_FORK:
		return "cannot make a process for";
	default:
		return "cannot execute";
	}
}

void
tare_host_explain_start(struct tare_err *err, const struct tare_wire_reply *reply,
	const struct tare_program *program)
{
	if (reply->step == TARE_STEP_LOOKUP && reply->error == ENOENT) {
		tare_err_set(err, TARE_FAILED, "cannot find '%s' on PATH", program->argv[0]);
		return;
	}
	tare_err_set(err, TARE_FAILED, "%s '%s': %s", step_text(reply->step),
		reply->step == TARE_STEP_CWD ? program->cwd : program->argv[0],
		strerror(reply->error));
}

/* Whether anything has to happen, or be looked at, between one invocation and the next. */
bool
tare_host_supports_batch(const struct tare_runner *runner, const struct tare_case *subject)
{
	(void)runner;
	if (subject->prepare || subject->conclude ||
		subject->program.stdout_mode == TARE_OUTPUT_CAPTURE ||
		subject->expect.stdout_pattern_count > 0 ||
		subject->expect.stderr_pattern_count > 0)
		return false;
	for (size_t i = 0; i < subject->metric_count && subject->rules; i++) {
		switch (subject->rules[i].source) {
		case TARE_SOURCE_BUILTIN:
		case TARE_SOURCE_RUNNER:
		case TARE_SOURCE_COUNTER:
		case TARE_SOURCE_DERIVED:
			continue;
		default:
			return false;
		}
	}
	/* What is read from here is read between invocations. */
	return !tare_counters_has(subject, TARE_WAY_AROUND);
}

static bool
is_measured(const struct tare_invocation *invocation)
{
	return invocation->role == TARE_ROLE_MEASURED && invocation->subject;
}

/* Simulators run the program in one of theirs, and count to the same number each time. */
static bool
is_padded(const struct tare_invocation *invocation)
{
	return is_measured(invocation) && invocation->subject->pads_environment &&
	       invocation->program == &invocation->subject->program;
}

static void
fill_request(struct tare_wire_request *request, const struct tare_runner *runner,
	const struct tare_invocation *invocation, const struct host_place *place)
{
	const struct tare_case *subject = invocation->subject;

	request->op = TARE_WIRE_RUN;
	request->seq = invocation->seq;
	request->pair = invocation->pair;
	request->count = invocation->count;
	request->budget_ns = invocation->budget_ns;
	request->timeout_ns = invocation->program->timeout_ns;
	request->flags = invocation->warmup ? TARE_WIRE_WARMUP : 0;
	request->case_index = subject ? (uint32_t)subject->index : 0;
	request->place = tare_host_elsewhere(runner);
	if (!is_measured(invocation))
		return;
	for (size_t i = 0; i < subject->expect.exit_code_count; i++) {
		unsigned code = (unsigned)subject->expect.exit_codes[i];

		if (code < 256)
			request->accepted[code / 64] |= (uint64_t)1 << (code % 64);
	}
	if (tare_host_supports_batch(runner, subject))
		request->flags |= TARE_WIRE_KEEP;
	if (place)
		request->place = place->place;
}

/* The files of the program could not be opened: it did not start, which is an outcome. */
static void
outcome_not_started(struct tare_outcome *outcome, const struct tare_invocation *invocation,
	const char *sentence, int error)
{
	struct tare_agent_record *record = &outcome->record;

	*outcome = (struct tare_outcome){
		.start_failure = sentence, .failed_here = true, .stderr_text = ""};
	record->seq = invocation->seq;
	record->pair = invocation->pair;
	record->case_index = invocation->subject ? (uint32_t)invocation->subject->index : 0;
	record->flags = TARE_RECORD_NOT_STARTED | (invocation->warmup ? TARE_RECORD_WARMUP : 0u);
	record->exit_status = error;
	record->check = tare_record_check(record);
}

/* What the last invocation wrote. */
static enum tare_status
collect_text(struct tare_runner *runner, struct tare_outcome *outcome,
	const struct tare_invocation *invocation, struct tare_err *err)
{
	struct tare_output_text text;
	enum tare_status status = TARE_OK;

	if (!invocation->log_path) {
		status = tare_output_errors(&text, &runner->output, err);
		if (status != TARE_OK)
			return status;
		outcome->stderr_text = text.text;
		outcome->stderr_len = text.len;
		outcome->stderr_cut = text.cut;
	}
	if (invocation->role != TARE_ROLE_MEASURED ||
		invocation->program->stdout_mode != TARE_OUTPUT_CAPTURE ||
		(outcome->record.flags & TARE_RECORD_NOT_STARTED) != 0)
		return TARE_OK;
	status = tare_output_captured(&text, &runner->output, err);
	if (status != TARE_OK)
		return status;
	outcome->stdout_text = text.text;
	outcome->stdout_len = text.len;
	outcome->output_cut = text.cut;
	return TARE_OK;
}

/* A slot may still have the counts of an earlier batch. */
static struct tare_agent_counts
kept_counts(const struct tare_pending *pending, uint32_t slot)
{
	const struct tare_agent_counts *counts = &pending->counts[slot];

	if (counts->seq == pending->slots[slot].seq && counts->check == tare_counts_check(counts))
		return *counts;
	return (struct tare_agent_counts){0};
}

static enum tare_status
collect(struct tare_runner *runner, struct tare_outcome *outcomes,
	const struct tare_wire_reply *reply, const struct tare_invocation *invocation, bool kept,
	struct tare_err *err)
{
	struct tare_outcome *last = &outcomes[reply->done - 1];
	struct tare_err reason;

	for (uint32_t i = 0; i < reply->done; i++)
		outcomes[i] = (struct tare_outcome){
			.record = kept ? runner->pending->slots[i] : reply->record,
			.counts = kept ? kept_counts(runner->pending, i) : reply->counts,
			.around = runner->tally.around,
			.khz_before = reply->khz_before,
			.khz_after = reply->khz_after,
			.stderr_text = invocation->log_path ? NULL : ""};
	last->threads_free = (reply->flags & TARE_WIRE_THREADS_FREE) != 0;
	if (last->record.flags & TARE_RECORD_NOT_STARTED) {
		tare_host_explain_start(&reason, reply, invocation->program);
		memcpy(runner->start_failure, reason.text, sizeof(reason.text));
		last->start_failure = runner->start_failure;
	}
	return collect_text(runner, last, invocation, err);
}

/* Of a batch whose agent was lost: what it had finished and kept. */
static uint32_t
take_kept(struct tare_runner *runner, struct tare_outcome *outcomes,
	const struct tare_wire_request *request)
{
	uint32_t count = 0;

	while (count < request->count && (request->flags & TARE_WIRE_KEEP) != 0) {
		const struct tare_agent_record *record = &runner->pending->slots[count];

		if (record->seq != request->seq + count ||
			record->check != tare_record_check(record) ||
			(record->flags & TARE_RECORD_NOT_STARTED) != 0)
			break;
		outcomes[count] = (struct tare_outcome){.record = *record,
			.counts = kept_counts(runner->pending, count),
			.stderr_text = ""};
		count++;
	}
	return count;
}

static sig_atomic_t
interruptions(const struct tare_runner *runner)
{
	return runner->options.interrupted ? *runner->options.interrupted : 0;
}

/* The agent lets go of what runs when we say so, and when somebody tells it to end. */
static enum tare_status
cancelled(struct tare_runner *runner, sig_atomic_t before, struct tare_err *err)
{
	pid_t pid;

	if (interruptions(runner) != before || !runner->link)
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	pid = tare_link_pid(runner->link);
	tare_host_lose_agent(runner);
	return tare_err_set(
		err, TARE_FAILED, "the agent (process %d) was told to end by a signal", (int)pid);
}

static enum tare_status
run(struct tare_runner *runner, struct tare_outcome *outcomes, uint32_t *done_out,
	const struct tare_wire_request *request, const struct tare_invocation *invocation,
	struct tare_err *err)
{
	bool kept = (request->flags & TARE_WIRE_KEEP) != 0;
	sig_atomic_t before = interruptions(runner);
	struct tare_wire_reply reply = {0};
	enum tare_status status;

	tare_output_begin(&runner->output);
	tare_tally_begin(&runner->tally);
	status = tare_host_call(runner, &reply, request, NULL, err);
	tare_tally_end(&runner->tally);
	if (status != TARE_OK) {
		*done_out = take_kept(runner, outcomes, request);
		return status;
	}
	if (reply.step == TARE_STEP_REQUEST || reply.done > request->count)
		return tare_host_refused(runner, &reply, "to run a program", err);
	if (reply.done > 0)
		status = collect(runner, outcomes, &reply, invocation, kept, err);
	if (status != TARE_OK)
		return status;
	*done_out = reply.done;
	if (reply.flags & TARE_WIRE_STUCK)
		status = tare_host_replace_agent(runner, err);
	if (status == TARE_OK && (reply.flags & TARE_WIRE_CANCELLED) != 0)
		return cancelled(runner, before, err);
	return status;
}

struct tare_sinks
tare_host_sinks(const struct tare_runner *runner, const char *log_path, bool with_output)
{
	return (struct tare_sinks){.log_path = log_path,
		.with_output = with_output,
		.errors_fd = runner->output.errors_fd,
		.capture_fd = runner->output.capture_fd};
}

/* An agent that does not answer is lost; events that cannot be had are the case's misfortune. */
static enum tare_status
prepare_counting(struct tare_runner *runner, struct tare_wire_request *request,
	const struct tare_invocation *invocation, struct tare_err *err)
{
	const struct tare_link_wait wait = tare_host_wait(runner);
	enum tare_status status =
		tare_tally_prepare(&runner->tally, runner->link, &wait, request, invocation, err);

	if (status != TARE_OK && status != TARE_UNSUPPORTED)
		tare_host_lose_agent(runner);
	return status;
}

enum tare_status
tare_host_invoke(struct tare_runner *runner, struct tare_outcome *outcomes, uint32_t *done_out,
	const struct tare_invocation *invocation, struct tare_err *err)
{
	struct tare_sinks sinks =
		tare_host_sinks(runner, invocation->log_path, invocation->role == TARE_ROLE_HOOK);
	struct tare_wire_request request = {0};
	const struct host_place *place;
	struct tare_err reason = {0};
	enum tare_status status;

	*done_out = 0;
	if (invocation->role == TARE_ROLE_MEASURED && tare_host_is_interrupted(runner))
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	place = is_measured(invocation) ? tare_host_place(runner, invocation->subject) : NULL;
	fill_request(&request, runner, invocation, place);
	sinks.padded = is_padded(invocation);
	request.padding_seed = runner->options.seed;
	if (place && place->thread_cpus) {
		sinks.thread_library = runner->thread_library;
		sinks.thread_cpus = place->thread_cpus;
	}
	assert(invocation->count >= 1 && invocation->count <= TARE_PENDING_SLOTS);
	assert(invocation->count == 1 || (request.flags & TARE_WIRE_KEEP) != 0);
	status = tare_host_slot(runner, &request.slot, invocation->program, &sinks, &reason);
	if (status == TARE_OK)
		status = prepare_counting(runner, &request, invocation, &reason);
	if (status == TARE_OK)
		return run(runner, outcomes, done_out, &request, invocation, err);
	/* Without an agent it is not the program's files that are the reason. */
	if ((status == TARE_FAILED || status == TARE_INVALID) && runner->link) {
		int error = errno;

		memcpy(runner->start_failure, reason.text, sizeof(reason.text));
		outcome_not_started(outcomes, invocation, runner->start_failure, error);
		*done_out = 1;
		return TARE_OK;
	}
	if (err)
		*err = reason;
	return status;
}
