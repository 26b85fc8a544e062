/*
 * The tally: what is counted around the invocations of one agent, for any runner that has one.
 *
 * Life cycle: open; before each invocation prepare(), which puts the right set of events on the
 * agent where another is on it; begin() and end() around the request; forget() where the agent ends
 * or is replaced, and before it starts what shall not be counted; close. Cases with the same
 * counters share what is attached, so that interleaving variants costs nothing; sets of one case
 * take turns by pair, so that all variants of a pair count the same.
 *
 * Events are opened on the agent's process number from outside, and handed to it to be read: an
 * agent in a container needs no privilege for it.
 */
#ifndef TARE_RUNNERS_TALLY_H
#define TARE_RUNNERS_TALLY_H

#include "harness/counters/counters.h"
#include "runners/link.h"
#include "runners/runner.h"

struct tare_tally {
	struct tare_counter_place place;
	struct tare_attachment attachment;
	const struct tare_counter_source *attached[TARE_COUNTERS_MAX]; /* behind the guard */
	size_t attached_count;
	struct tare_bits attached_cpus;  /* none where events count with the process */
	const struct tare_case *subject; /* of the request, where something is read around it */
	double *around;                  /* [metric_count] of the subject, else NULL */
};

void tare_tally_open(struct tare_tally *tally);
void tare_tally_close(struct tare_tally *tally);
/* Fills in what the request says of counting. TARE_UNSUPPORTED, for this case alone, where its
 * events cannot be attached any more; else the link's errors. */
enum tare_status tare_tally_prepare(struct tare_tally *tally, struct tare_link *link,
	const struct tare_link_wait *wait, struct tare_wire_request *request,
	const struct tare_invocation *invocation, struct tare_err *err);
void tare_tally_begin(struct tare_tally *tally);
void tare_tally_end(struct tare_tally *tally);
/* Nothing is attached any more: the agent is gone. */
void tare_tally_forget(struct tare_tally *tally);
/* Takes the events off an agent that lives, before it starts what runs beside the program. */
enum tare_status tare_tally_detach(struct tare_tally *tally, struct tare_link *link,
	const struct tare_link_wait *wait, struct tare_err *err);

#endif
