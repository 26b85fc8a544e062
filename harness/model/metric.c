#include "harness/model/metric.h"

#include <string.h>

#define BUILTIN(metric_name, metric_unit, is_gated)                                           \
	{                                                                                     \
		.name = (metric_name), .unit = (metric_unit), .better = TARE_LOWER_IS_BETTER, \
		.gated = (is_gated), .margin = TARE_DEFAULT_MARGIN                            \
	}

const struct tare_metric tare_builtin_metrics[TARE_BUILTIN_METRIC_COUNT] = {
	[TARE_METRIC_WALL] = BUILTIN("wall", "ns", true),
	[TARE_METRIC_USER] = BUILTIN("user", "ns", false),
	[TARE_METRIC_SYS] = BUILTIN("sys", "ns", false),
	[TARE_METRIC_CPU] = BUILTIN("cpu", "ns", false),
	[TARE_METRIC_MAX_RSS] = BUILTIN("max_rss", "bytes", false),
	[TARE_METRIC_PAGE_FAULTS] = BUILTIN("page_faults", "count", false),
	[TARE_METRIC_MAJOR_FAULTS] = BUILTIN("major_faults", "count", false),
	[TARE_METRIC_CONTEXT_SWITCHES] = BUILTIN("context_switches", "count", false),
	[TARE_METRIC_INVOLUNTARY_SWITCHES] = BUILTIN("involuntary_switches", "count", false),
};

const struct tare_metric tare_runner_metrics[TARE_RUNNER_METRIC_COUNT] = {
	[TARE_METRIC_CONTAINER_START] = BUILTIN("container_start", "ns", false),
	[TARE_METRIC_CONTAINER_STOP] = BUILTIN("container_stop", "ns", false),
	[TARE_METRIC_IMAGE_TIME] = BUILTIN("image_time", "ns", false),
	[TARE_METRIC_IMAGE_SIZE] = BUILTIN("image_size", "bytes", false),
};

const char *
tare_better_name(enum tare_better better)
{
	return better == TARE_HIGHER_IS_BETTER ? "higher" : "lower";
}

size_t
tare_metric_find(const struct tare_metric *metrics, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && strcmp(metrics[i].name, name) != 0)
		i++;
	return i;
}
