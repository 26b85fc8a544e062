/*
 * Services: is one ready, and waiting until it is.
 *
 * The runner starts and watches the service; this asks whether it answers. No state of its own.
 */
#ifndef TARE_RUNNERS_SERVICE_H
#define TARE_RUNNERS_SERVICE_H

#include <signal.h>
#include <stdbool.h>

#include "harness/base/err.h"
#include "harness/model/plan.h"

/* What the waiting needs of a runner. */
struct tare_service_host {
	void *context;
	/* False with *exit_status_out (as from wait4) where the service has ended. */
	enum tare_status (*is_running)(
		void *context, bool *running_out, int *exit_status_out, struct tare_err *err);
	/* Runs the readiness command for at most timeout_ns; true where it exited with 0. */
	enum tare_status (*run_command)(void *context, bool *ok_out,
		const struct tare_program *program, uint64_t timeout_ns, struct tare_err *err);
	const volatile sig_atomic_t *interrupted; /* NULL: nothing interrupts */
};

/* Does the address answer, does the file exist? Not for TARE_READY_COMMAND. */
bool tare_service_answers(const struct tare_service *service);

/* TARE_FAILED where something else answers at the address already: measuring that instead of the
 * service would be wrong. To be asked before the service is started. */
enum tare_status tare_service_address_free(
	const struct tare_service *service, struct tare_err *err);

/* Waits until the service is ready. TARE_FAILED, with the end of its log, where it ended or did not
 * become ready in time; TARE_INTERRUPTED. The service is not stopped here. */
enum tare_status tare_service_wait(const struct tare_service *service,
	const struct tare_service_host *host, const char *log_path, struct tare_err *err);

/* "; its log 'x' ends: ..." appended to err's sentence, control characters made visible. */
void tare_service_explain(struct tare_err *err, const char *log_path);

#endif
