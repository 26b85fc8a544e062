/*
 * What a text must be beyond being text: names, units, patterns, paths.
 *
 * Each refuses with TARE_INVALID and a sentence that goes behind the key, as in "is \"x\"; expected
 * a word". Pure functions. Internal to harness/suite.
 */
#ifndef TARE_SUITE_CHECKS_H
#define TARE_SUITE_CHECKS_H

#include "harness/base/err.h"

enum tare_status tare_check_name(const char *text, struct tare_err *err);
enum tare_status tare_check_identifier(const char *text, struct tare_err *err);
enum tare_status tare_check_parameter(const char *text, struct tare_err *err);
enum tare_status tare_check_tag(const char *text, struct tare_err *err);
enum tare_status tare_check_runner(const char *text, struct tare_err *err);
enum tare_status tare_check_cpus(const char *text, struct tare_err *err);
enum tare_status tare_check_required_size(const char *text, struct tare_err *err);
enum tare_status tare_check_required_version(const char *text, struct tare_err *err);
enum tare_status tare_check_memory(const char *text, struct tare_err *err);
enum tare_status tare_check_environment_name(const char *text, struct tare_err *err);
enum tare_status tare_check_variable_name(const char *text, struct tare_err *err);
enum tare_status tare_check_variable_glob(const char *text, struct tare_err *err);
enum tare_status tare_check_metric_name(const char *text, struct tare_err *err);
enum tare_status tare_check_counter(const char *text, struct tare_err *err);
enum tare_status tare_check_formula(const char *text, struct tare_err *err);
enum tare_status tare_check_unit(const char *text, struct tare_err *err);
enum tare_status tare_check_regex(const char *text, struct tare_err *err);
enum tare_status tare_check_json_path(const char *text, struct tare_err *err);
enum tare_status tare_check_quantity(const char *text, struct tare_err *err);
enum tare_status tare_check_port(const char *text, struct tare_err *err);
enum tare_status tare_check_path(const char *text, struct tare_err *err);
enum tare_status tare_check_image(const char *text, struct tare_err *err);
enum tare_status tare_check_size(const char *text, struct tare_err *err);
enum tare_status tare_check_cores(const char *text, struct tare_err *err);
enum tare_status tare_check_volume(const char *text, struct tare_err *err);
enum tare_status tare_check_tmpfs(const char *text, struct tare_err *err);
enum tare_status tare_check_user(const char *text, struct tare_err *err);
enum tare_status tare_check_script(const char *text, struct tare_err *err);

#endif
