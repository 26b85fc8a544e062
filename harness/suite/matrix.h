/*
 * The points of a matrix: every combination of its values, without what exclude names, with what
 * include adds, by the rules of GitHub Actions. Internal to harness/suite.
 */
#ifndef TARE_SUITE_MATRIX_H
#define TARE_SUITE_MATRIX_H

#include "harness/suite/loaded.h"
#include "harness/suite/scope.h"

/* At least one point, or false where there was a problem. A NULL matrix has one point without
 * parameters. Points are in the scope's arena. */
bool tare_matrix_points(struct tare_point **points_out, size_t *count_out,
	const struct tare_scope *scope, const struct tare_matrix *matrix);

/* The parameters of all with the exclude and include of both, those of all first. Shares their
 * nodes; in the arena. */
const struct tare_matrix *tare_matrix_join(
	struct tare_arena *arena, const struct tare_matrix *all, const struct tare_matrix *own);

#endif
