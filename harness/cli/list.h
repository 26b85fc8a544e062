/* The commands, one per cmd_*.c; the table over them ends registry.c. */
#ifndef TARE_CLI_LIST_H
#define TARE_CLI_LIST_H

#include "harness/cli/command.h"

extern const struct tare_command tare_command_check;
extern const struct tare_command tare_command_plan;
extern const struct tare_command tare_command_run_suite;
extern const struct tare_command tare_command_bench;
extern const struct tare_command tare_command_selftest;
extern const struct tare_command tare_command_calibrate;
extern const struct tare_command tare_command_compare;
extern const struct tare_command tare_command_report;
extern const struct tare_command tare_command_list;
extern const struct tare_command tare_command_show;
extern const struct tare_command tare_command_history;
extern const struct tare_command tare_command_trend;
extern const struct tare_command tare_command_store;
extern const struct tare_command tare_command_env;
extern const struct tare_command tare_command_topology;
extern const struct tare_command tare_command_tune;
extern const struct tare_command tare_command_doctor;
extern const struct tare_command tare_command_schema;
extern const struct tare_command tare_command_completion;
extern const struct tare_command tare_command_help;

#endif
