/*
 * Looks: what adaptive measuring saw each time it asked whether it may stop. Plain data.
 *
 * A group of cases is looked at all at once; each look leaves one struct tare_case_look for every
 * gated metric of every case that is compared, or of the only case. They hang on struct
 * tare_run_case (of the head, where there are variants) in the order they were taken and belong to
 * the run's arena.
 *
 * Journals have them (harness/model/journal.h); the history does not.
 *
 * Spending (O'Brien & Fleming 1979, Lan & DeMets 1983): by a look alpha_spent of the two-sided
 * alpha has been given out, and the look itself decides at the two-sided level `boundary`. A
 * regression or an improvement needs a one-sided p of at most boundary / 2; no change needs both
 * one-sided p at most boundary. [low, high] is the interval at that level, 1 - boundary.
 */
#ifndef TARE_MODEL_LOOK_H
#define TARE_MODEL_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/verdict.h"

/* Why measuring of a case ended. */
enum tare_stop {
	TARE_STOP_NOT,     /* it goes on */
	TARE_STOP_DECIDED, /* every gated comparison has its verdict */
	TARE_STOP_PRECISE, /* narrow enough: more pairs are not worth their time */
	TARE_STOP_TIME,    /* the time budget */
	TARE_STOP_COUNT,   /* the count budget */
	TARE_STOP_DONE,    /* a fixed count */
	TARE_STOP_FAILED,  /* a case of the group failed */
	TARE_STOP_KIND_COUNT,
};
/* As journals and reports say it: "verdict reached", "precision reached", "time budget used up",
 * "count budget used up", "all invocations done", "a case failed"; "" for TARE_STOP_NOT. */
const char *tare_stop_reason(enum tare_stop stop);
/* TARE_STOP_NOT for a text that is none of these. */
enum tare_stop tare_stop_parse(const char *reason);

struct tare_case_look {
	uint32_t phase;         /* 0: measuring; 1: the second measuring that --confirm asks for */
	uint32_t pairs;         /* complete pairs, or invocations of an only case, seen in all */
	uint32_t pairs_planned; /* where the plan ends: n_max; information is pairs / planned */
	uint32_t metric;        /* position in the case's metrics */
	bool compared;          /* false: an only case, with median and interval of the median */
	bool logs;              /* compared: estimate, low, high are ratios; else differences */
	double estimate;        /* base units unless a ratio */
	double low;             /* NaN where there is no interval at this level yet */
	double high;
	double p_value;     /* compared: one-sided towards regression past the margin; else NaN */
	double alpha_spent; /* two-sided, up to and with this look; compared only, as boundary */
	double boundary;    /* two-sided level of this look; 0: it could not decide anything */
	enum tare_verdict verdict; /* by this look alone; inconclusive for an only case */
	enum tare_stop decision;   /* of the look, for the whole group */
};

#endif
