#include "harness/model/correction.h"

#include <math.h>

#include "harness/base/units.h"

static const double z95 = 1.959963984540054;

/* More is not what a container weighs, but what it is not given. */
static const double beta_of_a_limit = 1.1;

bool
tare_correction_reaches(const struct tare_correction_line *line, double container_ns)
{
	return line->beta <= beta_of_a_limit || container_ns >= 0.9 * line->shortest_ns;
}

bool
tare_correction_changes(const struct tare_correction_line *line)
{
	return line->alpha != 0 || line->beta != 1;
}

double
tare_correction_value(const struct tare_correction_line *line, double container_ns)
{
	return line ? (container_ns - line->alpha) / line->beta : container_ns;
}

struct tare_span
tare_correction_span(const struct tare_correction_line *line, const struct tare_span *raw)
{
	double host = tare_correction_value(line, raw->estimate);
	double se = (raw->high - raw->low) / (2 * z95);
	double variance = se * se + line->alpha_variance + host * host * line->beta_variance +
			  2 * host * line->covariance;
	double reach = z95 * sqrt(variance) / line->beta;

	return (struct tare_span){host, host - reach, host + reach};
}

/* The derivatives of log((T - alpha) / beta). */
static void
add_derivatives(double by[2], const struct tare_correction_line *line, double ns, double sign)
{
	by[0] -= sign / (ns - line->alpha);
	by[1] -= sign / line->beta;
}

static double
variance_of(const struct tare_correction_line *line, const double by[2])
{
	return by[0] * by[0] * line->alpha_variance + by[1] * by[1] * line->beta_variance +
	       2 * by[0] * by[1] * line->covariance;
}

double
tare_correction_shift_variance(const struct tare_correction_line *base, double base_ns,
	const struct tare_correction_line *head, double head_ns)
{
	double by[2] = {0, 0}, variance = 0;

	if (base)
		add_derivatives(by, base, base_ns, -1);
	if (base && base != head) {
		variance = variance_of(base, by);
		by[0] = by[1] = 0;
	}
	if (head)
		add_derivatives(by, head, head_ns, 1);
	if (head)
		variance += variance_of(head, by);
	return fmax(variance, 0);
}

const struct tare_correction_line *
tare_correction_of(const struct tare_correction *correction, size_t case_index)
{
	if (!correction || case_index >= correction->case_count)
		return NULL;
	return correction->cases[case_index].line;
}

/* What is taken off, whatever its sign. */
static const char *
formula_of(struct tare_arena *arena, const struct tare_correction_line *line)
{
	const char *raw = "raw", *note = "";
	char alpha[TARE_UNITS_TEXT_MAX];

	if (line->alpha != 0) {
		tare_value_format(alpha, sizeof(alpha), fabs(line->alpha), "ns");
		raw = tare_arena_printf(arena, line->beta != 1 ? "(raw %c %s)" : "raw %c %s",
			line->alpha > 0 ? '-' : '+', alpha);
	} else {
		note = "; nothing is subtracted: the interval of alpha covers zero";
	}
	if (line->beta == 1)
		return tare_arena_printf(
			arena, "%s; nothing is divided: the interval of beta covers one", raw);
	return tare_arena_printf(arena, "%s / %.5f%s", raw, line->beta, note);
}

const char *
tare_correction_rule(struct tare_arena *arena, const struct tare_correction_line *line)
{
	if (!tare_correction_changes(line))
		return "not corrected: the interval covers zero";
	/* A container that saves time is corrected like one that costs some. */
	return tare_arena_printf(arena, "%s%s", formula_of(arena, line),
		line->alpha <= 0 && line->beta <= 1
			? "; negative overhead: the container takes less than the host"
			: "");
}
