#include <stddef.h>

#include "harness/suite/checks.h"
#include "harness/suite/fields.h"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Shapes, from small to large. */

static const struct tare_shape nothing = {.kind = TARE_SHAPE_NOTHING, .expected = "nothing"};
static const struct tare_shape text = {.kind = TARE_SHAPE_TEXT, .expected = "text"};
const struct tare_shape tare_shape_word = {.kind = TARE_SHAPE_TEXT, .expected = "a word"};
const struct tare_shape tare_shape_prose = {
	.kind = TARE_SHAPE_TEXT, .expected = "a description", .literal = true};
static const struct tare_shape name = {
	.kind = TARE_SHAPE_TEXT, .expected = "a name", .literal = true, .check = tare_check_name};
const struct tare_shape tare_shape_flag = {.kind = TARE_SHAPE_BOOL,
	.expected = "true or false",
	.choices = (const char *const[]){"true", "false", NULL}};
static const struct tare_shape duration = {
	.kind = TARE_SHAPE_DURATION, .expected = "a duration such as 500ms"};
const struct tare_shape tare_shape_percent = {
	.kind = TARE_SHAPE_PERCENT, .expected = "a percentage such as 2%"};
static const struct tare_shape path = {
	.kind = TARE_SHAPE_TEXT, .expected = "a path", .check = tare_check_path};
static const struct tare_shape literal_path = {.kind = TARE_SHAPE_TEXT,
	.expected = "the path of a suite file, relative to this one",
	.literal = true,
	.check = tare_check_path};
const struct tare_shape tare_shape_regex = {.kind = TARE_SHAPE_TEXT,
	.expected = "a POSIX extended regular expression",
	.check = tare_check_regex};
static const struct tare_shape script = {
	.kind = TARE_SHAPE_TEXT, .expected = "a script for /bin/sh -e", .check = tare_check_script};

const struct tare_shape tare_shape_identifier = {.kind = TARE_SHAPE_TEXT,
	.expected = "a name",
	.literal = true,
	.check = tare_check_identifier,
	.pattern = "^[A-Za-z_][A-Za-z0-9_-]*$"};
const struct tare_shape tare_shape_parameter = {.kind = TARE_SHAPE_TEXT,
	.expected = "a text, number, true or false",
	.check = tare_check_parameter};
static const struct tare_shape runner = {.kind = TARE_SHAPE_TEXT,
	.expected = "auto or the name of a runner, such as host",
	.check = tare_check_runner};

static const struct tare_shape tag = {
	.kind = TARE_SHAPE_TEXT, .expected = "a word", .literal = true, .check = tare_check_tag};
static const struct tare_shape tags_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of words", .item = &tag};
static const struct tare_shape tags = {.kind = TARE_SHAPE_ANY,
	.expected = "a word or a list of words",
	.any = (const struct tare_shape *const[]){&tag, &tags_list, NULL}};

static const struct tare_shape vars = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of names and texts",
	.key = &tare_shape_identifier,
	.item = &text};

static const struct tare_shape words = {.kind = TARE_SHAPE_WORDS, .expected = "a command line"};
static const struct tare_shape argv = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of the program and its arguments",
	.item = &text,
	.nonempty = true};
static const struct tare_shape command = {.kind = TARE_SHAPE_ANY,
	.expected = "a command line, or a list of the program and its arguments",
	.any = (const struct tare_shape *const[]){&words, &argv, NULL}};
static const struct tare_shape hook = {.kind = TARE_SHAPE_ANY,
	.expected = "a script for /bin/sh -e, or a list of a program and its arguments",
	.any = (const struct tare_shape *const[]){&script, &argv, NULL}};

/* build: a program, or an image. */
static const struct tare_shape build_arguments = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of names and texts",
	.key = &tare_shape_identifier,
	.item = &text};
static const struct tare_field image_build_fields[] = {
	{.key = "dockerfile",
		.shape = &path,
		.doc = "The Dockerfile, relative to the suite's file. Default: Dockerfile in the "
		       "context."},
	{.key = "context",
		.shape = &path,
		.doc = "The folder that is sent to the engine. Default: that of the suite's file."},
	{.key = "args", .shape = &build_arguments, .doc = "Values for the Dockerfile's ARG."},
	{.key = "script",
		.shape = &hook,
		.doc = "What is run on this machine before, to make what the context holds: a "
		       "script for /bin/sh -e, or a list."},
};
static const struct tare_table image_build_table = {.name = "build",
	.doc = "An image that is built before anything is measured.",
	.fields = image_build_fields,
	.field_count = ARRAY_COUNT(image_build_fields)};
static const struct tare_shape image_build = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with dockerfile, context, args or script",
	.table = &image_build_table};
static const struct tare_shape build = {.kind = TARE_SHAPE_ANY,
	.expected = "a script for /bin/sh -e, a list of a program and its arguments, or a mapping "
		    "with dockerfile",
	.any = (const struct tare_shape *const[]){&script, &argv, &image_build, NULL}};

static const struct tare_shape image = {.kind = TARE_SHAPE_TEXT,
	.expected = "the name of an image, such as debian:12 or name@sha256:...",
	.check = tare_check_image};
static const struct tare_shape size = {
	.kind = TARE_SHAPE_TEXT, .expected = "a size such as 512MiB", .check = tare_check_size};
static const struct tare_shape cores = {.kind = TARE_SHAPE_TEXT,
	.expected = "a number of cores such as 0.5",
	.check = tare_check_cores};
static const struct tare_shape cpu_shares = {
	.kind = TARE_SHAPE_COUNT, .expected = "a whole number from 2", .min = 2, .max = 262144};
static const struct tare_shape limit = {
	.kind = TARE_SHAPE_COUNT, .expected = "a whole number from 1", .min = 1, .max = 100000000};
static const struct tare_shape network = {.kind = TARE_SHAPE_CHOICE,
	.expected = "host, bridge or none",
	.choices = (const char *const[]){"host", "bridge", "none", NULL}};
static const struct tare_shape volume = {.kind = TARE_SHAPE_TEXT,
	.expected = "a volume such as ./data:/data:ro",
	.check = tare_check_volume};
static const struct tare_shape volume_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of volumes", .item = &volume};
static const struct tare_shape volumes = {.kind = TARE_SHAPE_ANY,
	.expected = "a volume such as ./data:/data:ro, or a list of them",
	.any = (const struct tare_shape *const[]){&volume, &volume_list, NULL}};
static const struct tare_shape one_tmpfs = {.kind = TARE_SHAPE_TEXT,
	.expected = "a folder in the container such as /tmp, or /tmp:size=64m",
	.check = tare_check_tmpfs};
static const struct tare_shape tmpfs_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of folders", .item = &one_tmpfs};
static const struct tare_shape tmpfs = {.kind = TARE_SHAPE_ANY,
	.expected = "a folder in the container, or a list of them",
	.any = (const struct tare_shape *const[]){&one_tmpfs, &tmpfs_list, NULL}};
static const struct tare_shape security_opt = {.kind = TARE_SHAPE_TEXT,
	.expected = "an option such as seccomp=unconfined",
	.check = tare_check_name};
static const struct tare_shape security_opt_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of options", .item = &security_opt};
static const struct tare_shape security_opts = {.kind = TARE_SHAPE_ANY,
	.expected = "an option such as seccomp=unconfined, or a list of them",
	.any = (const struct tare_shape *const[]){&security_opt, &security_opt_list, NULL}};
static const struct tare_shape user = {
	.kind = TARE_SHAPE_TEXT, .expected = "a user such as 1000:1000", .check = tare_check_user};

static const struct tare_shape environment_variable = {.kind = TARE_SHAPE_TEXT,
	.expected = "the name of an environment variable",
	.literal = true,
	.check = tare_check_variable_name,
	.pattern = "^[A-Za-z_][A-Za-z0-9_]*$"};
static const struct tare_shape env = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of environment variables and texts",
	.key = &environment_variable,
	.item = &text};
static const struct tare_shape environment_glob = {.kind = TARE_SHAPE_TEXT,
	.expected = "the name of an environment variable, in which * and ? stand for others",
	.literal = true,
	.check = tare_check_variable_glob,
	.pattern = "^[A-Za-z_*?][A-Za-z0-9_*?]*$"};
static const struct tare_shape environment_globs = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of names of environment variables",
	.item = &environment_glob};
static const struct tare_shape env_inherit = {.kind = TARE_SHAPE_ANY,
	.expected = "the name of an environment variable, or a list of them",
	.any = (const struct tare_shape *const[]){&environment_glob, &environment_globs, NULL}};

static const struct tare_field stdin_fields[] = {
	{.key = "text", .shape = &text, .required = true, .doc = "What the program reads."},
};
static const struct tare_table stdin_table = {.name = "stdin",
	.doc = "Input given in the suite itself.",
	.fields = stdin_fields,
	.field_count = ARRAY_COUNT(stdin_fields)};
static const struct tare_shape stdin_text = {
	.kind = TARE_SHAPE_TABLE, .expected = "a mapping with `text`", .table = &stdin_table};
static const struct tare_shape stdin_shape = {.kind = TARE_SHAPE_ANY,
	.expected = "the path of a file, or a mapping with `text`",
	.any = (const struct tare_shape *const[]){&path, &stdin_text, NULL}};

static const struct tare_shape stdout_mode = {.kind = TARE_SHAPE_CHOICE,
	.expected = "discard, capture or a mapping with `file`",
	.choices = (const char *const[]){"discard", "capture", NULL}};
static const struct tare_field stdout_fields[] = {
	{.key = "file",
		.shape = &path,
		.required = true,
		.doc = "The file that is written, from its start at each invocation."},
};
static const struct tare_table stdout_table = {.name = "stdout",
	.doc = "Output that goes into a file.",
	.fields = stdout_fields,
	.field_count = ARRAY_COUNT(stdout_fields)};
static const struct tare_shape stdout_file = {
	.kind = TARE_SHAPE_TABLE, .expected = "a mapping with `file`", .table = &stdout_table};
static const struct tare_shape stdout_shape = {.kind = TARE_SHAPE_ANY,
	.expected = "discard, capture or a mapping with `file`",
	.any = (const struct tare_shape *const[]){&stdout_mode, &stdout_file, NULL}};

static const struct tare_shape exit_code = {
	.kind = TARE_SHAPE_COUNT, .expected = "an exit code", .max = 255};
static const struct tare_shape exit_codes = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of exit codes",
	.item = &exit_code,
	.nonempty = true};
static const struct tare_shape exit_shape = {.kind = TARE_SHAPE_ANY,
	.expected = "an exit code or a list of them",
	.any = (const struct tare_shape *const[]){&exit_code, &exit_codes, NULL}};
static const struct tare_shape regexes = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of regular expressions",
	.item = &tare_shape_regex};
static const struct tare_shape patterns = {.kind = TARE_SHAPE_ANY,
	.expected = "a regular expression or a list of them",
	.any = (const struct tare_shape *const[]){&tare_shape_regex, &regexes, NULL}};
static const struct tare_field expect_fields[] = {
	{.key = "exit",
		.shape = &exit_shape,
		.doc = "Exit codes that are a success; any other fails the case. Default: 0."},
	{.key = "stdout",
		.shape = &patterns,
		.doc = "Regular expressions that must each match somewhere in standard output."},
	{.key = "stderr",
		.shape = &patterns,
		.doc = "Regular expressions that must each match somewhere in standard error."},
};
static const struct tare_table expect_table = {.name = "expect",
	.doc = "What a finished invocation must look like, else its case has failed.",
	.fields = expect_fields,
	.field_count = ARRAY_COUNT(expect_fields)};
static const struct tare_shape expect = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with exit, stdout or stderr",
	.table = &expect_table};

static const struct tare_shape none = {.kind = TARE_SHAPE_CHOICE,
	.expected = "none",
	.choices = (const char *const[]){"none", NULL}};
static const struct tare_shape some_time = {
	.kind = TARE_SHAPE_DURATION, .expected = "a duration such as 5min, or none", .min = 1};
static const struct tare_shape timeout = {.kind = TARE_SHAPE_ANY,
	.expected = "a duration such as 5min, or none",
	.any = (const struct tare_shape *const[]){&none, &some_time, NULL}};

static const struct tare_shape warmup = {
	.kind = TARE_SHAPE_COUNT, .expected = "a whole number", .max = 1000000};
static const struct tare_shape invocation_count = {
	.kind = TARE_SHAPE_COUNT, .expected = "a whole number", .min = 1, .max = 100000000};
static const struct tare_shape automatic = {.kind = TARE_SHAPE_CHOICE,
	.expected = "auto, a whole number, or a mapping with min and max",
	.choices = (const char *const[]){"auto", NULL}};
static const struct tare_field invocations_fields[] = {
	{.key = "min",
		.shape = &invocation_count,
		.doc = "Never fewer than this, whatever the verdict. Default: 6."},
	{.key = "max",
		.shape = &invocation_count,
		.doc = "Never more than this, whatever the precision. Default: 1000."},
};
static const struct tare_table invocations_table = {.name = "invocations",
	.doc = "Bounds between which the verdict and the precision decide.",
	.fields = invocations_fields,
	.field_count = ARRAY_COUNT(invocations_fields)};
static const struct tare_shape invocations_bounds = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with min and max",
	.table = &invocations_table};
static const struct tare_shape invocations = {.kind = TARE_SHAPE_ANY,
	.expected = "auto, a whole number from 1, or a mapping with min and max",
	.any = (const struct tare_shape *const[]){
		&automatic, &invocation_count, &invocations_bounds, NULL}};

static const struct tare_shape on_disturbance = {.kind = TARE_SHAPE_CHOICE,
	.expected = "label or repeat",
	.choices = (const char *const[]){"label", "repeat", NULL}};

static const struct tare_shape port = {
	.kind = TARE_SHAPE_TEXT, .expected = "a port, or host:port", .check = tare_check_port};
static const struct tare_field ready_fields[] = {
	{.key = "tcp",
		.shape = &port,
		.alternative = true,
		.doc = "Ready when this port accepts connections: 8080, or host:port."},
	{.key = "unix",
		.shape = &path,
		.alternative = true,
		.doc = "Ready when this socket accepts connections."},
	{.key = "file", .shape = &path, .alternative = true, .doc = "Ready when this file exists."},
	{.key = "command",
		.shape = &command,
		.alternative = true,
		.doc = "Ready when this command succeeds; it is tried again and again."},
};
static const struct tare_table ready_table = {.name = "ready",
	.doc = "How to tell that a service is ready.",
	.fields = ready_fields,
	.field_count = ARRAY_COUNT(ready_fields),
	.one_alternative = true};
static const struct tare_shape ready = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with tcp, unix, file or command",
	.table = &ready_table};

enum { IN_SERVICE_LIST = 1u << 0, IN_SERVICE_MAP = 1u << 1 };

static const struct tare_field service_fields[] = {
	{.key = "name",
		.shape = &name,
		.required = true,
		.places = IN_SERVICE_LIST,
		.doc = "For messages and the name of the log."},
	{.key = "command",
		.shape = &command,
		.alternative = true,
		.doc = "The program and its arguments. It stays in the foreground."},
	{.key = "shell",
		.shape = &script,
		.alternative = true,
		.doc = "A script for /bin/sh -e, in place of command."},
	{.key = "ready",
		.shape = &ready,
		.doc = "How to tell that it is ready. Default: as soon as it runs."},
	{.key = "ready_timeout",
		.shape = &duration,
		.doc = "How long it may take to be ready. Default: 10s."},
	{.key = "stop_timeout",
		.shape = &duration,
		.doc = "How long it may take to end after SIGTERM. Default: 5s."},
	{.key = "cwd", .shape = &path, .doc = "Its working directory. Default: the benchmark's."},
	{.key = "env", .shape = &env, .doc = "Environment variables over those of the benchmark."},
};
static const struct tare_table service_table = {.name = "service",
	.doc = "A program that runs while the case is measured.",
	.fields = service_fields,
	.field_count = ARRAY_COUNT(service_fields),
	.place = IN_SERVICE_LIST,
	.one_alternative = true};
static const struct tare_table named_service_table = {.name = "service",
	.doc = "A program that runs while the case is measured.",
	.fields = service_fields,
	.field_count = ARRAY_COUNT(service_fields),
	.place = IN_SERVICE_MAP,
	.one_alternative = true};
static const struct tare_shape service = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with name and command",
	.table = &service_table};
static const struct tare_shape named_service = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with command",
	.table = &named_service_table};
static const struct tare_shape service_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of services", .item = &service};
static const struct tare_shape service_map = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of names and services",
	.key = &name,
	.item = &named_service};
static const struct tare_shape services = {.kind = TARE_SHAPE_ANY,
	.expected = "a list of services, or a mapping of names and services",
	.any = (const struct tare_shape *const[]){&service_list, &service_map, NULL}};

static const struct tare_shape cpus = {.kind = TARE_SHAPE_TEXT,
	.expected =
		"none, a number of cores such as 2, CPUs such as 2-5, or a policy such as smt:2",
	.check = tare_check_cpus};
static const struct tare_shape counter_scope = {.kind = TARE_SHAPE_CHOICE,
	.expected = "program or cpus",
	.choices = (const char *const[]){"program", "cpus", NULL}};
static const struct tare_shape numa = {.kind = TARE_SHAPE_TEXT,
	.expected = "local, interleave, or nodes such as bind:0",
	.check = tare_check_memory};
static const struct tare_shape threads = {.kind = TARE_SHAPE_CHOICE,
	.expected = "free or pinned",
	.choices = (const char *const[]){"free", "pinned", NULL}};

static const struct tare_shape gate_word = {.kind = TARE_SHAPE_CHOICE,
	.literal = true,
	.expected = "none, regression, inconclusive or improvement",
	.choices =
		(const char *const[]){"none", "regression", "inconclusive", "improvement", NULL}};
static const struct tare_shape verdict = {.kind = TARE_SHAPE_CHOICE,
	.literal = true,
	.expected = "regression, inconclusive or improvement",
	.choices = (const char *const[]){"regression", "inconclusive", "improvement", NULL}};
static const struct tare_shape verdict_list = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of verdicts",
	.item = &verdict,
	.nonempty = true};
static const struct tare_shape fail_on = {.kind = TARE_SHAPE_ANY,
	.expected = "a verdict or a list of them: regression, inconclusive, improvement",
	.any = (const struct tare_shape *const[]){&verdict, &verdict_list, NULL}};
static const struct tare_field gate_fields[] = {
	{.key = "fail_on",
		.shape = &fail_on,
		.required = true,
		.doc = "The verdicts that make tare exit with 1, or 2 for inconclusive."},
};
static const struct tare_table gate_table = {.name = "gate",
	.doc = "What makes a comparison fail.",
	.fields = gate_fields,
	.field_count = ARRAY_COUNT(gate_fields)};
static const struct tare_shape gate_mapping = {
	.kind = TARE_SHAPE_TABLE, .expected = "a mapping with fail_on", .table = &gate_table};
static const struct tare_shape gate = {.kind = TARE_SHAPE_ANY,
	.expected = "a verdict, none, or a mapping with fail_on",
	.any = (const struct tare_shape *const[]){&gate_word, &gate_mapping, NULL}};

static const struct tare_shape correct_word = {.kind = TARE_SHAPE_CHOICE,
	.literal = true,
	.expected = "container or none",
	.choices = (const char *const[]){"container", "none", NULL}};
static const struct tare_shape literal_duration = {
	.kind = TARE_SHAPE_DURATION, .literal = true, .expected = "a duration such as 240h"};
static const struct tare_field correct_fields[] = {
	{.key = "what",
		.shape = &correct_word,
		.required = true,
		.doc = "container: wall times in containers are shown as they would be on the host "
		       "as well; none."},
	{.key = "max_age",
		.shape = &literal_duration,
		.doc = "How far apart a calibration and a run may be. Default: 720h."},
};
static const struct tare_table correct_table = {.name = "correct",
	.doc = "What is taken off measured times.",
	.fields = correct_fields,
	.field_count = ARRAY_COUNT(correct_fields)};
static const struct tare_shape correct_mapping = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with what and max_age",
	.table = &correct_table};
static const struct tare_shape correct = {.kind = TARE_SHAPE_ANY,
	.expected = "container, none, or a mapping with what and max_age",
	.any = (const struct tare_shape *const[]){&correct_word, &correct_mapping, NULL}};

static const struct tare_shape parameters = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of values",
	.item = &tare_shape_parameter,
	.nonempty = true};
static const struct tare_shape point = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of parameters and values",
	.key = &tare_shape_identifier,
	.item = &tare_shape_parameter,
	.nonempty = true};
static const struct tare_shape points = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of mappings", .item = &point};
static const struct tare_shape matrix = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of parameters and lists of values",
	.key = &tare_shape_identifier,
	.item = &parameters,
	.special = &points,
	.nonempty = true};

static const struct tare_shape variant_table_shape = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with name and what is different",
	.table = &tare_variant_table};
static const struct tare_shape named_variant_shape = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping of what is different",
	.table = &tare_named_variant_table};
static const struct tare_shape variant_item = {.kind = TARE_SHAPE_ANY,
	.expected = "a name, or a mapping with name and what is different",
	.any = (const struct tare_shape *const[]){&name, &variant_table_shape, NULL}};
static const struct tare_shape variant_value = {.kind = TARE_SHAPE_ANY,
	.expected = "a mapping of what is different, or nothing",
	.any = (const struct tare_shape *const[]){&nothing, &named_variant_shape, NULL}};
static const struct tare_shape variant_list = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of variants",
	.item = &variant_item,
	.nonempty = true};
static const struct tare_shape variant_map = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of names and variants",
	.key = &name,
	.item = &variant_value,
	.nonempty = true};
static const struct tare_shape variants = {.kind = TARE_SHAPE_ANY,
	.expected = "a list of variants, or a mapping of names and variants",
	.any = (const struct tare_shape *const[]){&variant_list, &variant_map, NULL}};

static const struct tare_shape required_flag = {.kind = TARE_SHAPE_BOOL,
	.literal = true,
	.expected = "true or false",
	.choices = (const char *const[]){"true", "false", NULL}};
static const struct tare_shape on_off = {.kind = TARE_SHAPE_CHOICE,
	.literal = true,
	.expected = "on or off",
	.choices = (const char *const[]){"on", "off", NULL}};
static const struct tare_shape governor = {.kind = TARE_SHAPE_TEXT,
	.literal = true,
	.expected = "a governor such as performance",
	.check = tare_check_tag};
static const struct tare_shape required_size = {.kind = TARE_SHAPE_TEXT,
	.literal = true,
	.expected = "a comparison such as \">= 8GiB\"",
	.check = tare_check_required_size};
static const struct tare_shape required_version = {.kind = TARE_SHAPE_TEXT,
	.literal = true,
	.expected = "a comparison such as \">= 5.14\"",
	.check = tare_check_required_version};
static const struct tare_field require_fields[] = {
	{.key = "governor",
		.shape = &governor,
		.doc = "The frequency governor of all CPUs, such as performance."},
	{.key = "turbo", .shape = &on_off, .doc = "Turbo, or boost: on or off."},
	{.key = "smt", .shape = &on_off, .doc = "Hardware threads: on or off."},
	{.key = "swap", .shape = &on_off, .doc = "Swap: on or off."},
	{.key = "aslr", .shape = &on_off, .doc = "Randomised addresses: on or off."},
	{.key = "quiet",
		.shape = &required_flag,
		.doc = "true: other programs may take a tenth of one CPU."},
	{.key = "memory",
		.shape = &required_size,
		.doc = "What the machine, or the limit of this process, has: \">= 8GiB\"."},
	{.key = "kernel", .shape = &required_version, .doc = "The kernel's version: \">= 5.14\"."},
};
static const struct tare_table require_table = {.name = "require",
	.doc = "What the machine must be, else nothing is measured.",
	.fields = require_fields,
	.field_count = ARRAY_COUNT(require_fields)};
static const struct tare_shape require = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping such as {governor: performance}",
	.table = &require_table};

/* Groups of keys that may also stand outside them. */

static const struct tare_shape samples = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping such as {invocations: 30, max_time: 10s}",
	.table = &tare_samples_table};
static const struct tare_shape resources = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping such as {cpus: 2, memory: 512MiB}",
	.table = &tare_resources_table};

/* Tables of the large mappings. */

enum {
	NAMED = TARE_IN_BENCHMARK | TARE_IN_VARIANT,
	CASES = TARE_IN_BENCHMARK | TARE_IN_NAMED_BENCHMARK | TARE_IN_DEFAULTS,
	WORK = CASES | TARE_IN_VARIANT | TARE_IN_NAMED_VARIANT,
	ALL = WORK | TARE_IN_ENVIRONMENT,
};

const struct tare_field tare_benchmark_fields[TARE_KEY_COUNT] = {
	[TARE_KEY_NAME] = {.key = "name",
		.shape = &name,
		.places = NAMED,
		.required = true,
		.doc = "What it is called in reports and in history."},
	[TARE_KEY_DESCRIPTION] = {.key = "description",
		.shape = &tare_shape_prose,
		.places = WORK,
		.doc = "For readers of reports."},
	[TARE_KEY_TAGS] = {.key = "tags",
		.shape = &tags,
		.places = WORK,
		.doc = "Words to select cases by: --only tag:WORD. Those of all levels are "
		       "joined."},
	[TARE_KEY_MATRIX] = {.key = "matrix",
		.shape = &matrix,
		.places = CASES,
		.doc = "Parameters and their values; each combination is a point. exclude and "
		       "include take points out and add to them, of the suite's where a "
		       "benchmark has nothing else in it."},
	[TARE_KEY_VARIANTS] = {.key = "variants",
		.shape = &variants,
		.places = CASES,
		.doc = "What is compared, the first being the base: names, or mappings with name "
		       "and the keys that differ."},
	[TARE_KEY_VARS] = {.key = "vars",
		.shape = &vars,
		.places = ALL,
		.doc = "Names for ${name}. Their texts may use others."},
	[TARE_KEY_COMMAND] = {.key = "command",
		.shape = &command,
		.places = WORK,
		.alternative = true,
		.doc = "The measured program and its arguments, as a list, or as a line that is "
		       "split like a shell would, with no shell."},
	[TARE_KEY_SHELL] = {.key = "shell",
		.shape = &script,
		.places = WORK,
		.alternative = true,
		.doc = "A script for /bin/sh -e in place of command; the shell is measured too."},
	[TARE_KEY_REPLAY] = {.key = "replay",
		.shape = &tare_shape_replay,
		.places = WORK,
		.alternative = true,
		.doc = "In place of command: values by metric that are reported as if measured."},
	[TARE_KEY_BUILD] = {.key = "build",
		.shape = &build,
		.places = WORK,
		.doc = "Run once before anything is measured, and once only where several cases "
		       "have the same: a script for /bin/sh -e, or a list. With dockerfile: the "
		       "image of the container."},
	[TARE_KEY_SETUP] = {.key = "setup",
		.shape = &hook,
		.places = WORK,
		.doc = "Run once before the first invocation of a case."},
	[TARE_KEY_PREPARE] = {.key = "prepare",
		.shape = &hook,
		.places = WORK,
		.doc = "Run before each invocation; not measured."},
	[TARE_KEY_CONCLUDE] = {.key = "conclude",
		.shape = &hook,
		.places = WORK,
		.doc = "Run after each invocation; not measured."},
	[TARE_KEY_CLEANUP] = {.key = "cleanup",
		.shape = &hook,
		.places = WORK,
		.doc = "Run once after the last invocation of a case, failed or not."},
	[TARE_KEY_SERVICES] = {.key = "services",
		.shape = &services,
		.places = WORK,
		.doc = "Programs that run while the case is measured, started in this order."},
	[TARE_KEY_CWD] = {.key = "cwd",
		.shape = &path,
		.places = WORK,
		.doc = "Working directory, relative to the file it is written in. Default: that of "
		       "the benchmark's file."},
	[TARE_KEY_ENV] = {.key = "env",
		.shape = &env,
		.places = ALL | TARE_IN_RESOURCES,
		.doc = "Environment variables. Those of all levels are joined."},
	[TARE_KEY_ENV_INHERIT] = {.key = "env_inherit",
		.shape = &env_inherit,
		.places = WORK,
		.doc = "Environment variables taken over from tare's own beside PATH, HOME, LANG, "
		       "LC_ALL, LC_CTYPE, TMPDIR, TZ, USER, LOGNAME and SHELL."},
	[TARE_KEY_STDIN] = {.key = "stdin",
		.shape = &stdin_shape,
		.places = WORK,
		.doc = "What the program reads: a file, or {text: ...}. Default: nothing."},
	[TARE_KEY_STDOUT] = {.key = "stdout",
		.shape = &stdout_shape,
		.places = WORK,
		.doc = "Where output goes: discard, capture, or {file: PATH}. Default: discard, or "
		       "capture where a metric or an expectation reads it."},
	[TARE_KEY_EXPECT] = {.key = "expect",
		.shape = &expect,
		.places = WORK,
		.doc = "What a finished invocation must look like, else its case has failed."},
	[TARE_KEY_TIMEOUT] = {.key = "timeout",
		.shape = &timeout,
		.places = ALL | TARE_IN_SAMPLES,
		.doc = "How long one invocation may take, or none. Default: 5min."},
	[TARE_KEY_WARMUP] = {.key = "warmup",
		.shape = &warmup,
		.places = ALL | TARE_IN_SAMPLES,
		.doc = "Invocations before those that count. Default: 1; 0 for replay."},
	[TARE_KEY_INVOCATIONS] = {.key = "invocations",
		.shape = &invocations,
		.places = ALL | TARE_IN_SAMPLES,
		.doc = "How many: auto, a number, or {min, max}. Default: auto, 6 to 1000."},
	[TARE_KEY_PRECISION] = {.key = "precision",
		.shape = &tare_shape_percent,
		.places = ALL | TARE_IN_SAMPLES,
		.doc = "Enough is measured when the interval of the median is this narrow to each "
		       "side. Default: 2%."},
	[TARE_KEY_MAX_TIME] = {.key = "max_time",
		.shape = &duration,
		.places = ALL | TARE_IN_SAMPLES,
		.doc = "Budget for the invocations of one case. Default: 10s."},
	[TARE_KEY_ON_DISTURBANCE] = {.key = "on_disturbance",
		.shape = &on_disturbance,
		.places = ALL | TARE_IN_SAMPLES,
		.doc = "What happens with invocations that something outside of the program "
		       "disturbed: label says so and gives estimates with and without them; "
		       "repeat also measures as many more, within max_time. Default: label."},
	[TARE_KEY_RANDOMIZE_ENVIRONMENT] = {.key = "randomize_environment",
		.shape = &tare_shape_flag,
		.places = ALL | TARE_IN_SAMPLES,
		.doc = "Each pair of invocations has TARE_PADDING of another length in its "
		       "environment, drawn from the seed, since addresses on the stack, and so "
		       "times, "
		       "depend on the environment's size. Default: true."},
	[TARE_KEY_METRICS] = {.key = "metrics",
		.shape = &tare_shape_metrics,
		.places = WORK,
		.doc = "More numbers, out of the program's output; and by {gate: false}, what does "
		       "not count for the gate."},
	[TARE_KEY_COUNTERS] = {.key = "counters",
		.shape = &tare_shape_counters,
		.places = ALL,
		.doc = "What is counted beside time: names such as instructions, PAPI presets, "
		       "native events, PROVIDER/NAME, and groups: ipc, cache, branch, tlb, memory, "
		       "faults. tare list counters says what can be had. Default: none."},
	[TARE_KEY_COUNTERS_REQUIRED] = {.key = "counters_required",
		.shape = &tare_shape_flag,
		.places = ALL,
		.doc = "Counters that cannot be had are an error and not a warning."},
	[TARE_KEY_COUNTER_SCOPE] = {.key = "counter_scope",
		.shape = &counter_scope,
		.places = ALL,
		.doc = "What events of perf count: program, with all that it starts, which takes "
		       "some microseconds for each event inside the time measured; or cpus, the "
		       "case's own, whatever runs there, which takes none. Default: program."},
	[TARE_KEY_MARGIN] = {.key = "margin",
		.shape = &tare_shape_margin,
		.places = ALL,
		.doc = "The smallest change that matters: for all metrics, or by metric, which "
		       "also makes it count for the gate. Default: 2%."},
	[TARE_KEY_CRITICAL] = {.key = "critical",
		.shape = &tare_shape_flag,
		.places = WORK,
		.doc = "Its regression is named first."},
	[TARE_KEY_RUNNER] = {.key = "runner",
		.shape = &runner,
		.places = ALL,
		.doc = "Where it runs: auto, host, docker, podman, replay. Default: auto."},
	[TARE_KEY_CPUS] = {.key = "cpus",
		.shape = &cpus,
		.places = ALL | TARE_IN_RESOURCES,
		.doc = "CPUs the case is pinned to: none, N cores, a list such as 2-5, or "
		       "cores:N, smt:N, spread:N, l3:N, numa:K.cores:N. Default: not pinned."},
	[TARE_KEY_NUMA] = {.key = "numa",
		.shape = &numa,
		.places = ALL | TARE_IN_RESOURCES,
		.doc = "Where memory comes from: local, interleave, or bind:N. Default: as the "
		       "kernel does it."},
	[TARE_KEY_THREADS] = {.key = "threads",
		.shape = &threads,
		.places = ALL | TARE_IN_RESOURCES,
		.doc = "pinned gives each thread of the program its own CPU of those it has, in "
		       "turn. Default: free."},
	[TARE_KEY_IMAGE] = {.key = "image",
		.shape = &image,
		.places = ALL | TARE_IN_RESOURCES,
		.doc = "The image of the container: a name, best with its digest."},
	[TARE_KEY_MEMORY] = {.key = "memory",
		.shape = &size,
		.places = TARE_IN_RESOURCES,
		.doc = "Memory of the container. Default: not limited, with a warning."},
	[TARE_KEY_MEMORY_SWAP] = {.key = "memory_swap",
		.shape = &size,
		.places = TARE_IN_RESOURCES,
		.doc = "Memory and swap together. Default: as memory, which is no swap."},
	[TARE_KEY_CPU_SHARES] = {.key = "cpu_shares",
		.shape = &cpu_shares,
		.places = TARE_IN_RESOURCES,
		.doc = "The container's weight where CPUs are scarce. Default: the engine's."},
	[TARE_KEY_CPU_QUOTA] = {.key = "cpu_quota",
		.shape = &cores,
		.places = TARE_IN_RESOURCES,
		.doc = "How many cores' time the container may take: 0.5. Default: not limited."},
	[TARE_KEY_CPU_PERIOD] = {.key = "cpu_period",
		.shape = &duration,
		.places = TARE_IN_RESOURCES,
		.doc = "How long the time is over which cpu_quota is counted, 1ms to 1s: what "
		       "takes "
		       "less than its share of one is not slowed. Default: 10ms."},
	[TARE_KEY_PIDS] = {.key = "pids",
		.shape = &limit,
		.places = TARE_IN_RESOURCES,
		.doc = "Processes and threads in the container. Default: 4096."},
	[TARE_KEY_NOFILE] = {.key = "nofile",
		.shape = &limit,
		.places = TARE_IN_RESOURCES,
		.doc = "Open files of a process in the container. Default: 65536."},
	[TARE_KEY_SHM_SIZE] = {.key = "shm_size",
		.shape = &size,
		.places = TARE_IN_RESOURCES,
		.doc = "Size of the container's /dev/shm. Default: the engine's."},
	[TARE_KEY_NETWORK] = {.key = "network",
		.shape = &network,
		.places = TARE_IN_RESOURCES,
		.doc = "The container's network: host, bridge or none. Default: host."},
	[TARE_KEY_VOLUMES] = {.key = "volumes",
		.shape = &volumes,
		.places = TARE_IN_RESOURCES,
		.doc = "Folders or files of this machine in the container: ./data:/data:ro."},
	[TARE_KEY_TMPFS] = {.key = "tmpfs",
		.shape = &tmpfs,
		.places = TARE_IN_RESOURCES,
		.doc = "Folders of the container that are in memory: /tmp, or /tmp:size=64m."},
	[TARE_KEY_PRIVILEGED] = {.key = "privileged",
		.shape = &tare_shape_flag,
		.places = TARE_IN_RESOURCES,
		.doc = "Whether the container may do all that root may. Default: false."},
	[TARE_KEY_SECURITY_OPT] = {.key = "security_opt",
		.shape = &security_opts,
		.places = TARE_IN_RESOURCES,
		.doc = "Security options of the engine, such as seccomp=unconfined."},
	[TARE_KEY_USER] = {.key = "user",
		.shape = &user,
		.places = TARE_IN_RESOURCES,
		.doc = "The user in the container. Default: the image's."},
	[TARE_KEY_GATE] = {.key = "gate",
		.shape = &gate,
		.places = TARE_IN_ENVIRONMENT,
		.doc = "The gate in this environment, in place of the suite's."},
	[TARE_KEY_REQUIRE] = {.key = "require",
		.shape = &require,
		.places = TARE_IN_ENVIRONMENT,
		.doc = "What the machine must be in this environment, else nothing is measured."},
	[TARE_KEY_SAMPLES] = {.key = "samples",
		.shape = &samples,
		.places = ALL,
		.group = true,
		.doc = "How much is measured, in one place: invocations, warmup, precision, "
		       "max_time, on_disturbance, randomize_environment and timeout, as if written "
		       "outside it."},
	[TARE_KEY_RESOURCES] = {.key = "resources",
		.shape = &resources,
		.places = ALL,
		.group = true,
		.doc = "What a case gets of the machine: cpus, numa, threads, env and image, as if "
		       "written outside it; memory, network and more of its container."},
};

const struct tare_table tare_benchmark_table = {.name = "benchmark",
	.doc = "A program to measure.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_BENCHMARK};
const struct tare_table tare_named_benchmark_table = {.name = "benchmark",
	.doc = "A program to measure.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_NAMED_BENCHMARK};
const struct tare_table tare_defaults_table = {.name = "defaults",
	.doc = "What every benchmark has unless it says otherwise.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_DEFAULTS};
const struct tare_table tare_variant_table = {.name = "variant",
	.doc = "One of the alternatives that are compared.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_VARIANT};
const struct tare_table tare_named_variant_table = {.name = "variant",
	.doc = "One of the alternatives that are compared.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_NAMED_VARIANT};
const struct tare_table tare_environment_table = {.name = "environment",
	.doc = "What is different where --environment picks it.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_ENVIRONMENT};
const struct tare_table tare_samples_table = {.name = "samples",
	.doc = "How much is measured.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_SAMPLES};
const struct tare_table tare_resources_table = {.name = "resources",
	.doc = "What a case gets of the machine.",
	.fields = tare_benchmark_fields,
	.field_count = TARE_KEY_COUNT,
	.place = TARE_IN_RESOURCES};

static const struct tare_shape benchmark = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with name and command",
	.table = &tare_benchmark_table};
static const struct tare_shape named_benchmark = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with command",
	.table = &tare_named_benchmark_table};
static const struct tare_shape benchmark_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of benchmarks", .item = &benchmark};
static const struct tare_shape benchmark_map = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of names and benchmarks",
	.key = &name,
	.item = &named_benchmark};
static const struct tare_shape benchmarks = {.kind = TARE_SHAPE_ANY,
	.expected = "a list of benchmarks, or a mapping of names and benchmarks",
	.any = (const struct tare_shape *const[]){&benchmark_list, &benchmark_map, NULL}};

static const struct tare_shape defaults = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping of benchmark keys",
	.table = &tare_defaults_table};
static const struct tare_shape environment_name = {.kind = TARE_SHAPE_TEXT,
	.expected = "the name of an environment",
	.literal = true,
	.check = tare_check_environment_name,
	.pattern = "^[A-Za-z][A-Za-z0-9_-]*$"};
static const struct tare_shape environment_body = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping of what is different",
	.table = &tare_environment_table};
static const struct tare_shape environment_value = {.kind = TARE_SHAPE_ANY,
	.expected = "a mapping of what is different, or nothing",
	.any = (const struct tare_shape *const[]){&nothing, &environment_body, NULL}};
static const struct tare_shape environments = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of environments",
	.key = &environment_name,
	.item = &environment_value};
static const struct tare_shape include_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of suite files", .item = &literal_path};
static const struct tare_shape include = {.kind = TARE_SHAPE_ANY,
	.expected = "a suite file or a list of them",
	.any = (const struct tare_shape *const[]){&literal_path, &include_list, NULL}};

static const struct tare_field suite_fields[TARE_TOP_COUNT] = {
	[TARE_TOP_SUITE] = {.key = "suite",
		.shape = &name,
		.doc = "The suite's name. An included file need not have one."},
	[TARE_TOP_DESCRIPTION] = {.key = "description",
		.shape = &tare_shape_prose,
		.doc = "For readers of reports."},
	[TARE_TOP_INCLUDE] = {.key = "include",
		.shape = &include,
		.doc = "Other suite files, relative to this one. Their benchmarks are added; where "
		       "both say something, this file wins."},
	[TARE_TOP_VARS] = {.key = "vars",
		.shape = &vars,
		.doc = "Names for ${name}; --var overrides them."},
	[TARE_TOP_DEFAULTS] = {.key = "defaults",
		.shape = &defaults,
		.doc = "What every benchmark has unless it says otherwise."},
	[TARE_TOP_ENVIRONMENTS] = {.key = "environments",
		.shape = &environments,
		.doc = "What is different in development, ci, production, or what else "
		       "--environment "
		       "or TARE_ENVIRONMENT may name."},
	[TARE_TOP_VARIANTS] = {.key = "variants",
		.shape = &variants,
		.doc = "What is compared in every benchmark that has no variants of its own."},
	[TARE_TOP_MATRIX] = {.key = "matrix",
		.shape = &matrix,
		.doc = "Parameters of every benchmark that has no matrix of its own."},
	[TARE_TOP_GATE] = {.key = "gate",
		.shape = &gate,
		.doc = "The verdicts that make tare fail. Default: none, changes are only shown."},
	[TARE_TOP_CORRECT] = {.key = "correct",
		.shape = &correct,
		.doc = "container: by the newest calibration of the history that fits, wall times "
		       "in containers are shown as they would be on the host, beside what was "
		       "measured. Default: none."},
	[TARE_TOP_COUNTER_GROUPS] = {.key = "counter_groups",
		.shape = &tare_shape_counter_groups,
		.doc = "Groups for `counters`, beside those that come with tare or in place of "
		       "them."},
	[TARE_TOP_BENCHMARKS] = {.key = "benchmarks",
		.shape = &benchmarks,
		.doc = "What is measured, in this order in reports."},
};
const struct tare_table tare_suite_table = {.name = "suite",
	.doc = "A suite of benchmarks for tare.",
	.fields = suite_fields,
	.field_count = TARE_TOP_COUNT};
