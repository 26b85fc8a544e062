/*
 * Shapes that the suite language's tables of keys share, private to harness/suite/fields*.c:
 * fields.c has the tables of suite and benchmark, fields_metrics.c what a case reports. Constants.
 */
#ifndef TARE_SUITE_FIELDS_H
#define TARE_SUITE_FIELDS_H

#include "harness/suite/shape.h"

/* fields.c */
extern const struct tare_shape tare_shape_flag;
extern const struct tare_shape tare_shape_percent;
extern const struct tare_shape tare_shape_prose; /* not expanded */
extern const struct tare_shape tare_shape_regex;
extern const struct tare_shape tare_shape_word;

/* fields_metrics.c */
extern const struct tare_shape tare_shape_counter_groups;
extern const struct tare_shape tare_shape_counters;
extern const struct tare_shape tare_shape_margin;
extern const struct tare_shape tare_shape_metrics;
extern const struct tare_shape tare_shape_replay;

#endif
