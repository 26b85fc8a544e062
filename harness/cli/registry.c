#include "harness/cli/list.h"

const struct tare_command *const tare_commands[] = {
	&tare_command_run_suite,
	&tare_command_bench,
	&tare_command_selftest,
	&tare_command_check,
	&tare_command_plan,
	&tare_command_compare,
	&tare_command_report,
	&tare_command_list,
	&tare_command_show,
	&tare_command_history,
	&tare_command_trend,
	&tare_command_store,
	&tare_command_env,
	&tare_command_topology,
	&tare_command_tune,
	&tare_command_doctor,
	&tare_command_schema,
	&tare_command_completion,
	&tare_command_help,
	NULL,
};
