#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/list.h"
#include "harness/pin/pin.h"

enum { SAMPLES_MAX = 16, SAMPLE_NODES_MAX = 4, POLICY_WIDTH = 16, CPUS_WIDTH = 12 };

struct topology_line {
	const char *machine;
	const char *format;
};

#define AT(field) offsetof(struct topology_line, field)

static const struct tare_option options[] = {
	{"machine", 0, "MACHINE", TARE_OPTION_TEXT, AT(machine),
		"an XML file of lstopo, or like \"core:4 pu:2\", not this one"},
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{0},
};

static const struct tare_option *const tables[] = {options, NULL};

/* What a policy comes to. */
struct answer {
	const char *policy;
	struct tare_pin pin;
	const char *text;   /* of the choice */
	const char *reason; /* why it cannot be had; NULL where it can */
};

struct view {
	struct tare_arena *arena;
	struct tare_topology *topology;
	struct answer *answers;
	size_t answer_count;
};

/* Where a policy can be read at all, that this machine has no such CPU or node is an answer. */
static enum tare_status
ask(struct view *view, const char *policy, struct tare_err *err)
{
	struct answer *answer = &view->answers[view->answer_count];
	struct tare_cpus cpus;
	struct tare_err why = {0};
	enum tare_status status;

	if (!*policy)
		return tare_err_set(err, TARE_INVALID, "cpus is empty; expected a policy, or none");
	status = tare_cpus_parse(&cpus, policy, &why);
	if (status != TARE_OK)
		return tare_err_set(err, status, "cpus %s", why.text);
	answer->policy = policy;
	if (tare_pin_choose(&answer->pin, view->topology, policy, &why) == TARE_OK)
		answer->text = tare_pin_describe(view->arena, &answer->pin, view->topology);
	else
		answer->reason = tare_arena_strdup(view->arena, why.text);
	view->answer_count++;
	return TARE_OK;
}

/* Without operands: one of each kind. */
static enum tare_status
ask_for_samples(struct view *view, struct tare_err *err)
{
	static const char *const always[] = {"1", "2", "4", "smt:2", "spread:2", "l3:2", NULL};
	const struct tare_topology *topology = view->topology;
	enum tare_status status = TARE_OK;

	view->answers = tare_arena_alloc(view->arena, SAMPLES_MAX, sizeof(*view->answers));
	for (size_t i = 0; always[i] && status == TARE_OK; i++) {
		if (strcmp(always[i], "4") != 0 || topology->core_count >= 4)
			status = ask(view, always[i], err);
	}
	for (size_t i = 0; topology->node_count > 1 && i < topology->node_count &&
			   i < SAMPLE_NODES_MAX && status == TARE_OK;
		i++) {
		if (!tare_bits_empty(&topology->nodes[i].cpus))
			status = ask(view,
				tare_arena_printf(
					view->arena, "numa:%u.cores:1", topology->nodes[i].node),
				err);
	}
	return status;
}

static enum tare_status
ask_for_operands(struct view *view, char **operands, struct tare_err *err)
{
	size_t count = 0;
	enum tare_status status = TARE_OK;

	while (operands[count])
		count++;
	view->answers = tare_arena_alloc(view->arena, count, sizeof(*view->answers));
	for (size_t i = 0; i < count && status == TARE_OK; i++)
		status = ask(view, operands[i], err);
	return status;
}

/* Text. */

static void
print_count(size_t count, const char *noun, const char *behind)
{
	printf("%zu %s%s%s", count, noun, count == 1 ? "" : "s", behind);
}

static const struct tare_numa_node *
find_node(const struct tare_topology *topology, unsigned number)
{
	for (size_t i = 0; i < topology->node_count; i++) {
		if (topology->nodes[i].node == number)
			return &topology->nodes[i];
	}
	return NULL;
}

/* What stands above the core, where it is not the same as above the last. */
static void
print_place(
	const struct tare_topology *topology, const struct tare_pu *pu, const struct tare_pu *last)
{
	bool moved = !last || last->package != pu->package;
	const struct tare_numa_node *node = find_node(topology, pu->node);
	char size[TARE_UNITS_TEXT_MAX];

	if (moved)
		printf("package %zu\n", pu->package);
	moved |= !last || last->node != pu->node;
	if (moved && node) {
		tare_value_format(size, sizeof(size), (double)node->memory_bytes, "bytes");
		printf("  NUMA node %u, %s\n", pu->node, size);
	}
	moved |= !last || last->l3 != pu->l3;
	if (moved && pu->l3 != TARE_NO_CACHE) {
		tare_value_format(size, sizeof(size), (double)topology->l3_bytes[pu->l3], "bytes");
		printf("    L3 cache %d, %s\n", pu->l3, size);
	}
}

/* The CPUs of the core that begins here; returns how many there are. */
static size_t
print_core(const struct tare_topology *topology, size_t first)
{
	const struct tare_pu *pu = &topology->pus[first];
	struct tare_bits cpus = {0};
	struct tare_bits forbidden = {0};
	bool isolated = true;
	char text[TARE_BITS_TEXT_MAX];
	size_t count = 0;

	while (first + count < topology->pu_count &&
		topology->pus[first + count].core == pu->core) {
		const struct tare_pu *one = &topology->pus[first + count++];

		tare_bits_add(one->allowed ? &cpus : &forbidden, one->cpu);
		isolated &= one->isolated;
	}
	printf("      core %zu:", pu->core);
	if (!tare_bits_empty(&cpus)) {
		tare_bits_print(text, sizeof(text), &cpus);
		printf(" CPU %s", text);
	}
	if (!tare_bits_empty(&forbidden)) {
		tare_bits_print(text, sizeof(text), &forbidden);
		printf(" (not for this process: %s)", text);
	}
	if (topology->kind_count > 1)
		printf("  %s", topology->kinds[pu->kind]);
	printf("%s%s\n", isolated ? "  isolated" : "",
		pu->core == topology->housekeeping_core ? "  housekeeping" : "");
	return count;
}

static void
print_machine(const struct tare_topology *topology)
{
	const struct tare_pu *last = NULL;
	char offline[TARE_BITS_TEXT_MAX];

	print_count(topology->package_count, "package", ", ");
	print_count(topology->node_count, "NUMA node", ", ");
	print_count(topology->core_count, "core", ", ");
	print_count(topology->pu_count, "CPU", "\n");
	for (size_t i = 0; i < topology->pu_count;) {
		const struct tare_pu *pu = &topology->pus[i];

		print_place(topology, pu, last);
		i += print_core(topology, i);
		last = pu;
	}
	tare_bits_print(offline, sizeof(offline), &topology->offline);
	if (*offline)
		printf("offline: CPU %s\n", offline);
	if (topology->beyond > 0)
		printf("%zu with numbers past %d, which tare does not use\n", topology->beyond,
			TARE_BITS_MAX - 1);
}

static void
print_answers(const struct view *view)
{
	printf("\n%-*s takes CPU\n", POLICY_WIDTH, "cpus:");
	for (size_t i = 0; i < view->answer_count; i++) {
		const struct answer *answer = &view->answers[i];

		if (answer->reason)
			printf("%-*s %-*s %s\n", POLICY_WIDTH, answer->policy, CPUS_WIDTH, "-",
				answer->reason);
		else if (!answer->pin.pinned)
			printf("%-*s %-*s not pinned\n", POLICY_WIDTH, answer->policy, CPUS_WIDTH,
				"any");
		else
			printf("%-*s %-*s %s\n", POLICY_WIDTH, answer->policy, CPUS_WIDTH,
				answer->pin.text, answer->text);
	}
}

/* JSON. */

static void
write_bits(struct tare_json *json, const char *key, const struct tare_bits *bits)
{
	char text[TARE_BITS_TEXT_MAX];

	tare_bits_print(text, sizeof(text), bits);
	tare_json_string(json, key, text);
}

static void
write_cpus(struct tare_json *json, const struct tare_topology *topology)
{
	tare_json_array_begin(json, "cpus");
	for (size_t i = 0; i < topology->pu_count; i++) {
		const struct tare_pu *pu = &topology->pus[i];

		tare_json_object_begin(json, NULL);
		tare_json_u64(json, "cpu", pu->cpu);
		tare_json_u64(json, "core", pu->core);
		tare_json_u64(json, "package", pu->package);
		tare_json_u64(json, "node", pu->node);
		if (pu->l3 == TARE_NO_CACHE)
			tare_json_null(json, "l3");
		else
			tare_json_u64(json, "l3", (uint64_t)pu->l3);
		tare_json_string(json, "kind", topology->kinds[pu->kind]);
		tare_json_bool(json, "allowed", pu->allowed);
		tare_json_bool(json, "isolated", pu->isolated);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_nodes(struct tare_json *json, const struct tare_topology *topology)
{
	tare_json_array_begin(json, "nodes");
	for (size_t i = 0; i < topology->node_count; i++) {
		tare_json_object_begin(json, NULL);
		tare_json_u64(json, "node", topology->nodes[i].node);
		tare_json_u64(json, "memory_bytes", topology->nodes[i].memory_bytes);
		write_bits(json, "cpus", &topology->nodes[i].cpus);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_answers(struct tare_json *json, const struct view *view)
{
	tare_json_array_begin(json, "policies");
	for (size_t i = 0; i < view->answer_count; i++) {
		const struct answer *answer = &view->answers[i];

		tare_json_object_begin(json, NULL);
		tare_json_string(json, "policy", answer->policy);
		tare_json_string(json, "cpus", answer->reason ? NULL : answer->pin.text);
		tare_json_string(json, "placement", answer->reason ? NULL : answer->text);
		tare_json_bool(json, "shares_housekeeping", answer->pin.shares_housekeeping);
		tare_json_string(json, "reason", answer->reason);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_json(const struct view *view)
{
	struct tare_json json;

	tare_json_begin(&json, stdout, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-topology");
	tare_json_u64(&json, "version", 1);
	write_bits(&json, "housekeeping", &view->topology->housekeeping);
	write_bits(&json, "offline", &view->topology->offline);
	write_nodes(&json, view->topology);
	write_cpus(&json, view->topology);
	write_answers(&json, view);
	tare_json_object_end(&json);
	putchar('\n');
}

static enum tare_status
look(struct view *view, const struct topology_line *line, char **operands, struct tare_err *err)
{
	enum tare_status status =
		tare_topology_read_named(&view->topology, view->arena, line->machine, err);

	if (status != TARE_OK)
		return status;
	return *operands ? ask_for_operands(view, operands, err) : ask_for_samples(view, err);
}

static enum tare_status
topology(const void *line, char **operands, int *exit_code_out, struct tare_err *err)
{
	const struct topology_line *given = line;
	struct view view = {.arena = tare_arena_new()};
	bool as_json = false;
	enum tare_status status = tare_format_parse(&as_json, given->format, err);

	if (status == TARE_OK)
		status = look(&view, given, operands, err);
	if (status == TARE_OK && as_json) {
		write_json(&view);
	} else if (status == TARE_OK) {
		print_machine(view.topology);
		print_answers(&view);
	}
	for (size_t i = 0; status == TARE_OK && *operands && i < view.answer_count; i++) {
		if (view.answers[i].reason)
			*exit_code_out = TARE_EXIT_OUTSIDE;
	}
	tare_arena_free(view.arena);
	return status;
}

const struct tare_command tare_command_topology = {
	.name = "topology",
	.usage = "[OPTION...] [CPUS...]",
	.summary = "print the machine's CPUs, and which of them `cpus:` takes",
	.detail = "CPUS are policies as in a suite: 2, 2-5, smt:2, spread:4, l3:4,\n"
		  "numa:1.cores:2; without any, one of each kind. Exits with 5 where one cannot\n"
		  "be had.",
	.tables = tables,
	.line_size = sizeof(struct topology_line),
	.run = topology,
};
