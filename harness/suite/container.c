#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/base/units.h"
#include "harness/model/container.h"
#include "harness/suite/draft.h"

static uint64_t
size_or(const struct tare_draft *draft, enum tare_key key, uint64_t otherwise)
{
	const struct tare_node *node = tare_draft_value(draft, key);
	uint64_t bytes = otherwise;

	if (node != NULL)
		tare_size_parse(&bytes, node->text, NULL);
	return bytes;
}

static uint64_t
count_or(const struct tare_draft *draft, enum tare_key key, uint64_t otherwise)
{
	const struct tare_node *node = tare_draft_value(draft, key);

	return node == NULL ? otherwise : strtoull(node->text, NULL, 10);
}

static const char *
text_or(const struct tare_draft *draft, enum tare_key key, const char *otherwise)
{
	const struct tare_node *node = tare_draft_value(draft, key);

	return node == NULL ? otherwise : node->text;
}

/* One text or a list of them, as a list. */
static const char *const *
read_texts(const struct tare_draft *draft, enum tare_key key)
{
	const struct tare_node *node = tare_draft_value(draft, key);
	size_t count = node == NULL ? 0 : node->kind == TARE_NODE_LIST ? node->count : 1;
	const char **texts = tare_arena_alloc(draft->expansion->arena, count + 1, sizeof(*texts));

	for (size_t i = 0; i < count; i++)
		texts[i] = node->kind == TARE_NODE_LIST ? node->items[i].text : node->text;
	return texts;
}

/* A volume's own side may be relative to the file it is written in. */
static const char *const *
read_volumes(const struct tare_draft *draft)
{
	const char *const *texts = read_texts(draft, TARE_KEY_VOLUMES);
	const struct tare_node *node = tare_draft_value(draft, TARE_KEY_VOLUMES);
	const char **volumes;
	size_t count = 0;

	while (texts[count] != NULL)
		count++;
	volumes = tare_arena_alloc(draft->expansion->arena, count + 1, sizeof(*volumes));
	for (size_t i = 0; i < count; i++)
		volumes[i] = texts[i][0] == '.' ? tare_path_join(draft->expansion->arena,
							  node->source->directory, texts[i])
						: texts[i];
	return volumes;
}

static enum tare_container_network
read_network(const struct tare_draft *draft)
{
	const char *text = text_or(draft, TARE_KEY_NETWORK, "host");

	if (strcmp(text, "bridge") == 0)
		return TARE_NETWORK_BRIDGE;
	return strcmp(text, "none") == 0 ? TARE_NETWORK_NONE : TARE_NETWORK_HOST;
}

static const struct tare_image_build *
read_image_build(const struct tare_draft *draft, const struct tare_node *node)
{
	struct tare_arena *arena = draft->expansion->arena;
	struct tare_image_build *build = tare_arena_alloc(arena, 1, sizeof(*build));
	const struct tare_node *dockerfile = tare_node_find(node, "dockerfile");
	const struct tare_node *context = tare_node_find(node, "context");
	const struct tare_node *args = tare_node_find(node, "args");
	size_t count = args == NULL ? 0 : args->count;
	const char **texts = tare_arena_alloc(arena, count + 1, sizeof(*texts));

	build->context = tare_path_join(
		arena, node->source->directory, context == NULL ? "." : context->text);
	build->dockerfile = dockerfile == NULL ? tare_path_join(arena, build->context, "Dockerfile")
					       : tare_path_join(arena, node->source->directory,
							 dockerfile->text);
	for (size_t i = 0; i < count; i++)
		texts[i] = tare_arena_printf(arena, "%s=%s", tare_node_key(args, i)->text,
			tare_node_value(args, i)->text);
	build->args = texts;
	return build;
}

/* With an image there is something to choose from. */
static bool
is_auto(const struct tare_draft *draft)
{
	return !draft->is_replay && strcmp(text_or(draft, TARE_KEY_RUNNER, "auto"), "auto") == 0;
}

static void
read_image(struct tare_container *container, const struct tare_draft *draft)
{
	const struct tare_node *image = tare_draft_value(draft, TARE_KEY_IMAGE);
	const struct tare_node *build = tare_draft_value(draft, TARE_KEY_BUILD);

	if (image != NULL)
		container->image = image->text;
	if (build == NULL || build->kind != TARE_NODE_MAP)
		return;
	container->build = read_image_build(draft, build);
	if (image != NULL)
		tare_problem_add(draft->expansion->decoder.problems, image,
			"image beside a build with a dockerfile; expected one of them");
}

static bool
is_map(const struct tare_node *node)
{
	return node != NULL && node->kind == TARE_NODE_MAP;
}

/* Where a metric of the case got its name, as near as it can be told. */
static const struct tare_node *
find_metric_name(const struct tare_draft *draft, const char *name)
{
	const struct tare_node *counters = tare_draft_value(draft, TARE_KEY_COUNTERS);
	const enum tare_key keys[] = {TARE_KEY_METRICS, TARE_KEY_REPLAY};

	for (size_t i = draft->layer_count; i-- > 0;) {
		for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
			const struct tare_node *map = draft->layers[i]->slots[keys[j]];

			for (size_t k = 0; is_map(map) && k < map->count; k++)
				if (strcmp(tare_node_key(map, k)->text, name) == 0)
					return tare_node_key(map, k);
		}
	}
	for (size_t i = 0; counters != NULL && i < counters->count; i++)
		if (strcmp(counters->items[i].text, name) == 0)
			return &counters->items[i];
	return counters != NULL ? counters : draft->benchmark->at;
}

static void
refuse_taken_names(struct tare_draft *draft)
{
	struct tare_problem_list *problems = draft->expansion->decoder.problems;
	const struct tare_case *out = draft->out;

	for (size_t i = 0; i < TARE_RUNNER_METRIC_COUNT; i++) {
		const char *name = tare_runner_metrics[i].name;

		if (tare_metric_find(out->metrics, out->metric_count, name) < out->metric_count)
			tare_problem_add(problems, find_metric_name(draft, name),
				"\"%s\" is a metric that a container always has; expected another "
				"name",
				name);
	}
}

/* The last metrics of a case: what its container costs besides. */
static void
add_metrics(struct tare_draft *draft)
{
	struct tare_arena *arena = draft->expansion->arena;
	struct tare_case *out = draft->out;
	size_t count = out->metric_count + TARE_RUNNER_METRIC_COUNT;
	struct tare_metric *metrics =
		tare_arena_grow(arena, out->metrics, out->metric_count, count, sizeof(*metrics));
	struct tare_metric_rule *rules =
		tare_arena_grow(arena, out->rules, out->metric_count, count, sizeof(*rules));

	for (size_t i = 0; i < TARE_RUNNER_METRIC_COUNT; i++) {
		metrics[out->metric_count + i] = tare_runner_metrics[i];
		rules[out->metric_count + i] = (struct tare_metric_rule){
			.source = TARE_SOURCE_RUNNER, .written_unit = tare_runner_metrics[i].unit};
	}
	out->metrics = metrics;
	out->rules = rules;
	out->metric_count = count;
}

/* As short as the kernel allows for a share that is so small, where nothing is said. */
static uint64_t
read_period(const struct tare_draft *draft, double quota)
{
	const struct tare_node *node = tare_draft_value(draft, TARE_KEY_CPU_PERIOD);
	struct tare_problem_list *problems = draft->expansion->decoder.problems;
	uint64_t period_ns = TARE_CPU_PERIOD_NS;

	if (node == NULL && quota > 0)
		return (uint64_t)fmax((double)period_ns, ceil(TARE_CPU_SHARE_MIN_NS / quota));
	if (node == NULL)
		return 0;
	tare_duration_parse(&period_ns, node->text, NULL);
	if (quota <= 0)
		tare_problem_add(problems, node,
			"cpu_period without cpu_quota, which is counted over it; expected both");
	else if (period_ns < TARE_CPU_PERIOD_MIN_NS || period_ns > TARE_CPU_PERIOD_MAX_NS)
		tare_problem_add(
			problems, node, "cpu_period is %s; expected 1ms to 1s", node->text);
	else if (quota * (double)period_ns < TARE_CPU_SHARE_MIN_NS)
		tare_problem_add(problems, node,
			"cpu_period is so short that cpu_quota is less than 1 ms of it, which no "
			"kernel allows; expected at least %.0fms",
			ceil(1 / quota));
	return period_ns;
}

/* What the container of a case is like; NULL in the case where nobody asked for one. */
void
tare_draft_container(struct tare_draft *draft)
{
	struct tare_container *container =
		tare_arena_alloc(draft->expansion->arena, 1, sizeof(*container));
	const struct tare_node *quota = tare_draft_value(draft, TARE_KEY_CPU_QUOTA);

	read_image(container, draft);
	if (container->image == NULL && container->build == NULL &&
		!tare_runner_is_container(draft->out->runner))
		return;
	container->memory_bytes = size_or(draft, TARE_KEY_MEMORY, 0);
	container->memory_swap_bytes =
		size_or(draft, TARE_KEY_MEMORY_SWAP, container->memory_bytes);
	container->cpu_shares = count_or(draft, TARE_KEY_CPU_SHARES, 0);
	container->cpu_quota = quota == NULL ? 0 : strtod(quota->text, NULL);
	container->cpu_period_ns = read_period(draft, container->cpu_quota);
	container->pids = count_or(draft, TARE_KEY_PIDS, TARE_CONTAINER_PIDS);
	container->nofile = count_or(draft, TARE_KEY_NOFILE, TARE_CONTAINER_NOFILE);
	container->shm_bytes = size_or(draft, TARE_KEY_SHM_SIZE, 0);
	container->network = read_network(draft);
	container->volumes = read_volumes(draft);
	container->tmpfs = read_texts(draft, TARE_KEY_TMPFS);
	container->security_opts = read_texts(draft, TARE_KEY_SECURITY_OPT);
	container->privileged = strcmp(text_or(draft, TARE_KEY_PRIVILEGED, "false"), "true") == 0;
	container->user = text_or(draft, TARE_KEY_USER, NULL);
	container->work_dir = draft->expansion->plan->work_dir;
	container->inherited = draft->expansion->inherited;
	draft->out->container = container;
	if (is_auto(draft))
		draft->out->runner = "auto";
	refuse_taken_names(draft);
	add_metrics(draft);
	if (container->memory_swap_bytes < container->memory_bytes)
		tare_problem_add(draft->expansion->decoder.problems,
			tare_draft_value(draft, TARE_KEY_MEMORY_SWAP),
			"memory_swap is less than memory; expected at least as much, since it is "
			"both together");
}
