/* What a case reports: numbers out of its output, counters, margins, and values that are replayed.
 */
#include <stddef.h>

#include "harness/suite/checks.h"
#include "harness/suite/fields.h"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct tare_shape metric_name = {.kind = TARE_SHAPE_TEXT,
	.expected = "the name of a metric",
	.literal = true,
	.check = tare_check_metric_name,
	.pattern = "^[A-Za-z_][A-Za-z0-9_./-]*$"};
static const struct tare_shape json_path = {.kind = TARE_SHAPE_TEXT,
	.expected = "a path such as results[0].time",
	.check = tare_check_json_path};
static const struct tare_shape unit = {.kind = TARE_SHAPE_TEXT,
	.expected = "a unit such as ms, MiB, MB/s or requests/s",
	.check = tare_check_unit};
static const struct tare_shape better = {.kind = TARE_SHAPE_CHOICE,
	.expected = "lower or higher",
	.choices = (const char *const[]){"lower", "higher", NULL}};
static const struct tare_shape reduce = {.kind = TARE_SHAPE_CHOICE,
	.expected = "median, mean, min, max, sum, first, last, p90, p95 or p99",
	.choices = (const char *const[]){
		"median", "mean", "min", "max", "sum", "first", "last", "p90", "p95", "p99", NULL}};
static const struct tare_shape stream = {.kind = TARE_SHAPE_CHOICE,
	.expected = "stdout or stderr",
	.choices = (const char *const[]){"stdout", "stderr", NULL}};
static const struct tare_field metric_fields[] = {
	{.key = "regex",
		.shape = &tare_shape_regex,
		.alternative = true,
		.doc = "POSIX extended regular expression. The number is the group written "
		       "(?<name>...), else the first group, else the whole match. Every match "
		       "counts."},
	{.key = "json",
		.shape = &json_path,
		.alternative = true,
		.doc = "The output is JSON and the number is at this path: results[0].time. A list "
		       "of numbers is several values."},
	{.key = "lines",
		.shape = &tare_shape_word,
		.alternative = true,
		.doc = "The number is in lines `name: value unit` with this name; true: the "
		       "metric's own name."},
	{.key = "unit",
		.shape = &unit,
		.doc = "The unit the program writes: ns, us, ms, s, B, kB, MiB, MB/s, ... Times "
		       "are kept in ns, sizes in bytes; any other word is kept as it is."},
	{.key = "better",
		.shape = &better,
		.doc = "Whether lower or higher values are better. Default: lower."},
	{.key = "reduce",
		.shape = &reduce,
		.doc = "How several values of one invocation become one. Default: median."},
	{.key = "stream", .shape = &stream, .doc = "Where the program writes it. Default: stdout."},
	{.key = "margin",
		.shape = &tare_shape_percent,
		.doc = "The smallest change that matters; also makes the metric count for the "
		       "gate."},
	{.key = "exact",
		.shape = &tare_shape_flag,
		.doc = "The value is a constant by nature, such as a size: any change is one."},
	{.key = "gate",
		.shape = &tare_shape_flag,
		.doc = "Whether it counts for the gate. Default: wall does, and what has a margin "
		       "of its own."},
};
static const struct tare_table metric_table = {.name = "metric",
	.doc = "A number out of the program's output; or gate and margin of one that tare always "
	       "measures.",
	.fields = metric_fields,
	.field_count = ARRAY_COUNT(metric_fields)};
static const struct tare_shape metric = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with regex, json or lines",
	.table = &metric_table};
const struct tare_shape tare_shape_metrics = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of metrics",
	.key = &metric_name,
	.item = &metric};

static const struct tare_shape counter = {.kind = TARE_SHAPE_TEXT,
	.expected = "the name of a counter or of a group of them, such as instructions or ipc",
	.check = tare_check_counter,
	.pattern = "^[A-Za-z_][A-Za-z0-9_./:=-]*$"};
static const struct tare_shape counter_list = {
	.kind = TARE_SHAPE_LIST, .expected = "a list of counters", .item = &counter};
const struct tare_shape tare_shape_counters = {.kind = TARE_SHAPE_ANY,
	.expected = "a counter, a list of counters and groups, or none",
	.any = (const struct tare_shape *const[]){&counter, &counter_list, NULL}};
static const struct tare_shape formula = {.kind = TARE_SHAPE_TEXT,
	.expected = "a formula such as instructions / cycles",
	.literal = true,
	.check = tare_check_formula};
static const struct tare_field derived_fields[] = {
	{.key = "formula",
		.shape = &formula,
		.required = true,
		.doc = "Numbers, names of counters, + - * / and parentheses. A minus between names "
		       "has a space on its left."},
	{.key = "unit", .shape = &unit, .doc = "What the result is in, such as ratio."},
	{.key = "better",
		.shape = &better,
		.doc = "Whether lower or higher values are better. Default: lower."},
};
static const struct tare_table derived_table = {.name = "derived metric",
	.doc = "A metric worked out from counters of the same invocation.",
	.fields = derived_fields,
	.field_count = ARRAY_COUNT(derived_fields)};
static const struct tare_shape derived = {
	.kind = TARE_SHAPE_TABLE, .expected = "a mapping with formula", .table = &derived_table};
static const struct tare_shape derived_map = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of names and formulas",
	.key = &metric_name,
	.item = &derived};
static const struct tare_field counter_group_fields[] = {
	{.key = "description", .shape = &tare_shape_prose, .doc = "For readers."},
	{.key = "counters",
		.shape = &tare_shape_counters,
		.required = true,
		.doc = "What is counted together."},
	{.key = "derived", .shape = &derived_map, .doc = "Metrics worked out from them."},
};
static const struct tare_table counter_group_table = {.name = "counter group",
	.doc = "Counters that belong together.",
	.fields = counter_group_fields,
	.field_count = ARRAY_COUNT(counter_group_fields)};
static const struct tare_shape counter_group = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with counters",
	.table = &counter_group_table};
const struct tare_shape tare_shape_counter_groups = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of names and groups of counters",
	.key = &tare_shape_identifier,
	.item = &counter_group};

static const struct tare_shape margins = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of metrics and percentages",
	.key = &metric_name,
	.item = &tare_shape_percent};
const struct tare_shape tare_shape_margin = {.kind = TARE_SHAPE_ANY,
	.expected = "a percentage such as 2%, or a mapping of metrics and percentages",
	.any = (const struct tare_shape *const[]){&tare_shape_percent, &margins, NULL}};

static const struct tare_shape quantity = {.kind = TARE_SHAPE_TEXT,
	.expected = "a number and its unit, such as 10.1ms",
	.check = tare_check_quantity};
static const struct tare_shape quantities = {.kind = TARE_SHAPE_LIST,
	.expected = "a list of values",
	.item = &quantity,
	.nonempty = true};
static const struct tare_shape distribution = {.kind = TARE_SHAPE_CHOICE,
	.expected = "normal, lognormal or constant",
	.choices = (const char *const[]){"normal", "lognormal", "constant", NULL}};
static const struct tare_field replay_fields[] = {
	{.key = "distribution",
		.shape = &distribution,
		.required = true,
		.doc = "How values are drawn from the run's seed."},
	{.key = "center",
		.shape = &quantity,
		.required = true,
		.doc = "The constant; the mean (normal); the median (lognormal)."},
	{.key = "spread",
		.shape = &tare_shape_percent,
		.doc = "Standard deviation relative to the center. Default: 0%."},
};
static const struct tare_table replay_table = {.name = "replay",
	.doc = "Values drawn from a distribution.",
	.fields = replay_fields,
	.field_count = ARRAY_COUNT(replay_fields)};
static const struct tare_shape replay_drawn = {.kind = TARE_SHAPE_TABLE,
	.expected = "a mapping with distribution and center",
	.table = &replay_table};
static const struct tare_shape replay_metric = {.kind = TARE_SHAPE_ANY,
	.expected = "a value, a list of values, or a mapping with distribution and center",
	.any = (const struct tare_shape *const[]){&quantity, &quantities, &replay_drawn, NULL}};
const struct tare_shape tare_shape_replay = {.kind = TARE_SHAPE_MAP,
	.expected = "a mapping of metrics and their values",
	.key = &metric_name,
	.item = &replay_metric,
	.nonempty = true};
