#include <stdlib.h>
#include <sys/wait.h>

#include "runners/host.h"
#include "runners/service.h"

static uint32_t
service_number(const struct tare_runner *runner, uint32_t slot)
{
	return runner->agents_lost << SERVICE_SLOT_BITS | slot;
}

bool
tare_host_service_is_lost(const struct tare_runner *runner, uint32_t id)
{
	return id != service_number(runner, id % TARE_WIRE_SERVICES);
}

struct service_context {
	struct tare_runner *runner;
	uint32_t id;
	const char *log_path;
};

static enum tare_status
service_is_running(void *context, bool *running_out, int *exit_status_out, struct tare_err *err)
{
	const struct service_context *service = context;
	const struct tare_wire_request request = {
		.op = TARE_WIRE_STATUS, .service = service->id % TARE_WIRE_SERVICES};
	struct tare_wire_reply reply = {0};
	enum tare_status status;

	/* A readiness command may have been the end of the agent. */
	if (tare_host_service_is_lost(service->runner, service->id))
		return tare_err_set(err, TARE_FAILED, "it is gone with its agent");
	status = tare_host_call(service->runner, &reply, &request, NULL, err);
	if (status == TARE_OK && reply.error != 0)
		return tare_host_refused(service->runner, &reply, "to look after a service", err);
	if (status == TARE_OK) {
		*running_out = (reply.flags & TARE_WIRE_RUNNING) != 0;
		*exit_status_out = reply.exit_status;
	}
	return status;
}

static enum tare_status
service_run_command(void *context, bool *ok_out, const struct tare_program *program,
	uint64_t timeout_ns, struct tare_err *err)
{
	const struct service_context *service = context;
	struct tare_program command = *program;
	const struct tare_invocation invocation = {.program = &command,
		.role = TARE_ROLE_HOOK,
		.count = 1,
		.log_path = service->log_path};
	struct tare_outcome outcome;
	enum tare_status status;
	uint32_t done;

	if (command.timeout_ns == 0 || command.timeout_ns > timeout_ns)
		command.timeout_ns = timeout_ns;
	status = tare_host_invoke(service->runner, &outcome, &done, &invocation, err);
	if (status != TARE_OK)
		return status;
	if (outcome.start_failure)
		return tare_err_set(err, TARE_FAILED, "%s", outcome.start_failure);
	*ok_out = done == 1 && outcome.record.exit_status == 0 &&
		  (outcome.record.flags & TARE_RECORD_TIMED_OUT) == 0;
	return TARE_OK;
}

/* What the agent said of the service it stopped, or what became of the agent. */
static enum tare_status
explain_stop(struct tare_runner *runner, const struct running_service *service,
	const struct tare_wire_reply *reply, struct tare_err *err)
{
	if (reply->error != 0)
		return tare_host_refused(runner, reply, "to stop a service", err);
	if (reply->flags & TARE_WIRE_STUCK)
		return tare_host_replace_agent(runner, err);
	if (reply->flags & TARE_WIRE_RUNNING)
		return TARE_OK;
	tare_err_set(err, TARE_FAILED,
		WIFSIGNALED(reply->exit_status)
			? "service '%s' was killed by signal %d before it was stopped"
			: "service '%s' exited with status %d before it was stopped",
		service->service->name,
		WIFSIGNALED(reply->exit_status) ? WTERMSIG(reply->exit_status)
						: WEXITSTATUS(reply->exit_status));
	tare_service_explain(err, service->log_path);
	return TARE_FAILED;
}

enum tare_status
tare_host_service_stop(struct tare_runner *runner, uint32_t id, struct tare_err *err)
{
	uint32_t slot = id % TARE_WIRE_SERVICES;
	struct tare_wire_request request = {.op = TARE_WIRE_STOP, .service = slot};
	struct tare_wire_reply reply = {0};
	struct running_service service = runner->services[slot];
	enum tare_status status;

	if (!service.service || tare_host_service_is_lost(runner, id))
		return tare_err_set(err, TARE_OUTSIDE, "there is no service number %u", id);
	runner->services[slot] = (struct running_service){0};
	request.timeout_ns = service.service->stop_timeout_ns;
	status = tare_host_call(runner, &reply, &request, NULL, err);
	if (status == TARE_OK)
		status = explain_stop(runner, &service, &reply, err);
	else
		tare_err_where(err, "service '%s'", service.service->name);
	free(service.log_path);
	return status;
}

static enum tare_status
launch(struct tare_runner *runner, uint32_t *id_out, const struct tare_service *service,
	const char *log_path, struct tare_err *err)
{
	struct tare_sinks sinks = tare_host_sinks(runner, log_path, true);
	struct tare_wire_request request = {
		.op = TARE_WIRE_START, .place = tare_host_elsewhere(runner)};
	const struct tare_link_wait wait = tare_host_wait(runner);
	struct tare_wire_reply reply = {0};
	enum tare_status status;

	status = tare_host_slot(runner, &request.slot, &service->program, &sinks, err);
	/* A service would inherit the events of the program that is measured beside it. */
	if (status == TARE_OK)
		status = tare_tally_detach(&runner->tally, runner->link, &wait, err);
	if (status == TARE_OK)
		status = tare_host_call(runner, &reply, &request, NULL, err);
	if (status != TARE_OK)
		return status;
	if (reply.error != 0) {
		tare_host_explain_start(err, &reply, &service->program);
		return TARE_FAILED;
	}
	runner->services[reply.service] = (struct running_service){
		.service = service, .log_path = tare_xstrdup(log_path ? log_path : "")};
	*id_out = service_number(runner, reply.service);
	return TARE_OK;
}

enum tare_status
tare_host_service_start(struct tare_runner *runner, uint32_t *id_out,
	const struct tare_service *service, const char *log_path, struct tare_err *err)
{
	struct service_context context = {.runner = runner, .log_path = log_path};
	const struct tare_service_host host = {.context = &context,
		.is_running = service_is_running,
		.run_command = service_run_command,
		.interrupted = runner->options.interrupted};
	struct tare_err reason;
	enum tare_status status;

	if (tare_host_is_interrupted(runner))
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	status = tare_service_address_free(service, err);
	if (status != TARE_OK)
		return status;
	status = launch(runner, &context.id, service, log_path, &reason);
	if (status == TARE_OK) {
		status = tare_service_wait(service, &host, log_path, &reason);
		if (status != TARE_OK && !tare_host_service_is_lost(runner, context.id))
			tare_host_service_stop(runner, context.id, NULL);
	} else {
		tare_err_where(&reason, "service '%s'", service->name);
	}
	/* Whatever an interruption did to a service that began: it is what there is to tell. */
	if (status == TARE_FAILED && tare_host_is_interrupted(runner))
		status = tare_err_set(&reason, TARE_INTERRUPTED, "interrupted");
	if (status == TARE_OK)
		*id_out = context.id;
	else if (err)
		*err = reason;
	return status;
}
