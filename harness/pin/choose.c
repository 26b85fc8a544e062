#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/pin/pin.h"

enum { ANY = -1 };

/* A core as far as it may be used. */
struct core {
	const struct tare_pu *first; /* its allowed CPU with the lowest number */
	size_t first_pu;             /* its place among the topology's CPUs */
	size_t pu_count;             /* of its neighbours that belong to it, allowed or not */
	size_t allowed_count;
	bool isolated;
	bool housekeeping;
};

/* What is looked for, and what has been seen while looking. */
struct search {
	const struct tare_topology *topology;
	const struct tare_cpus *cpus;
	struct core *cores;
	size_t core_count;
	struct core *pool;
	size_t pool_count;
	size_t best_quiet;  /* the most CPUs that any pool without the housekeeping core had */
	size_t best_shared; /* and with it */
};

/* Which cores a pool takes. */
struct filter {
	bool with_housekeeping;
	bool only_isolated;
	size_t kind;
	long node; /* or ANY */
	long l3;
};

static void
collect_cores(struct search *search)
{
	const struct tare_topology *topology = search->topology;

	for (size_t i = 0; i < topology->pu_count; i++) {
		const struct tare_pu *pu = &topology->pus[i];
		struct core *core =
			search->core_count ? &search->cores[search->core_count - 1] : NULL;

		if (!core || topology->pus[core->first_pu].core != pu->core) {
			core = &search->cores[search->core_count++];
			*core = (struct core){.first_pu = i,
				.isolated = true,
				.housekeeping = pu->core == topology->housekeeping_core};
		}
		core->pu_count++;
		if (!pu->allowed)
			continue;
		core->allowed_count++;
		core->isolated &= pu->isolated;
		if (!core->first || pu->cpu < core->first->cpu)
			core->first = pu;
	}
}

static bool
passes(const struct core *core, const struct filter *filter, enum tare_cpus_kind kind)
{
	if (core->allowed_count == 0 || core->first->kind != filter->kind)
		return false;
	if (core->housekeeping && !filter->with_housekeeping)
		return false;
	if (!core->isolated && filter->only_isolated)
		return false;
	if (kind == TARE_CPUS_SMT && core->allowed_count < 2)
		return false;
	return (filter->node == ANY || core->first->node == (unsigned long)filter->node) &&
	       (filter->l3 == ANY || core->first->l3 == filter->l3);
}

/* Cores with the housekeeping core last, so that it is taken only where all others are. How many
 * CPUs they can give. */
static size_t
fill_pool(struct search *search, const struct filter *filter)
{
	enum tare_cpus_kind kind = search->cpus->kind;
	const struct core *last = NULL;
	size_t capacity = 0;

	search->pool_count = 0;
	for (size_t i = 0; i < search->core_count; i++) {
		const struct core *core = &search->cores[i];

		if (!passes(core, filter, kind))
			continue;
		capacity += kind == TARE_CPUS_SMT ? core->allowed_count : 1;
		if (core->housekeeping)
			last = core;
		else
			search->pool[search->pool_count++] = *core;
	}
	if (last)
		search->pool[search->pool_count++] = *last;
	if (filter->with_housekeeping && capacity > search->best_shared)
		search->best_shared = capacity;
	if (!filter->with_housekeeping && capacity > search->best_quiet)
		search->best_quiet = capacity;
	return capacity;
}

static bool
enough(struct search *search, struct filter filter, long node, long l3)
{
	filter.node = node;
	filter.l3 = l3;
	return fill_pool(search, &filter) >= search->cpus->count;
}

/* The places of one kind of core: caches for l3, all at once for spread, else node by node before
 * all. */
static bool
search_places(struct search *search, const struct filter *filter)
{
	const struct tare_topology *topology = search->topology;
	long within = search->cpus->on_node ? (long)search->cpus->node : ANY;

	if (search->cpus->kind == TARE_CPUS_L3) {
		for (size_t i = 0; i < topology->l3_count; i++) {
			if (enough(search, *filter, within, (long)i))
				return true;
		}
		return false;
	}
	if (search->cpus->kind != TARE_CPUS_SPREAD && !search->cpus->on_node) {
		for (size_t i = 0; i < topology->node_count; i++) {
			if (enough(search, *filter, topology->nodes[i].node, ANY))
				return true;
		}
	}
	return enough(search, *filter, within, ANY);
}

/* Leaves the pool to take from. */
static bool
search_pool(struct search *search)
{
	for (int shared = 0; shared < 2; shared++) {
		for (int isolated = 1; isolated >= 0; isolated--) {
			for (size_t i = search->topology->kind_count; i > 0; i--) {
				const struct filter filter = {.with_housekeeping = shared,
					.only_isolated = isolated,
					.kind = i - 1,
					.node = ANY,
					.l3 = ANY};

				if (search_places(search, &filter))
					return true;
			}
		}
	}
	return false;
}

/* How much of what a core is of has been taken already: node before package before cache. */
static size_t
closeness(const struct core *core, const struct core *const *taken, size_t taken_count)
{
	size_t weight = 0;

	for (size_t i = 0; i < taken_count; i++) {
		const struct tare_pu *a = core->first;
		const struct tare_pu *b = taken[i]->first;

		weight += a->node == b->node ? (size_t)TARE_BITS_MAX * TARE_BITS_MAX : 0;
		weight += a->package == b->package ? TARE_BITS_MAX : 0;
		weight += a->l3 == b->l3;
	}
	return weight;
}

static void
take_spread(struct tare_pin *pin, const struct search *search)
{
	const struct core **taken = tare_xcalloc(search->cpus->count, sizeof(*taken));
	bool *used = tare_xcalloc(search->pool_count, sizeof(*used));

	for (size_t count = 0; count < search->cpus->count; count++) {
		size_t best = search->pool_count;
		size_t best_weight = SIZE_MAX;

		for (size_t i = 0; i < search->pool_count; i++) {
			size_t weight =
				used[i] ? SIZE_MAX : closeness(&search->pool[i], taken, count);

			if (weight < best_weight) {
				best = i;
				best_weight = weight;
			}
		}
		assert(best < search->pool_count);
		used[best] = true;
		taken[count] = &search->pool[best];
		tare_bits_add(&pin->cpus, taken[count]->first->cpu);
	}
	free(taken);
	free(used);
}

static void
take_threads(struct tare_pin *pin, const struct search *search)
{
	size_t left = search->cpus->count;

	for (size_t i = 0; i < search->pool_count && left > 0; i++) {
		const struct core *core = &search->pool[i];

		for (size_t k = 0; k < core->pu_count && left > 0; k++) {
			const struct tare_pu *pu = &search->topology->pus[core->first_pu + k];

			if (!pu->allowed)
				continue;
			tare_bits_add(&pin->cpus, pu->cpu);
			left--;
		}
	}
}

static void
take(struct tare_pin *pin, const struct search *search)
{
	if (search->cpus->kind == TARE_CPUS_SPREAD) {
		take_spread(pin, search);
	} else if (search->cpus->kind == TARE_CPUS_SMT) {
		take_threads(pin, search);
	} else {
		for (size_t i = 0; i < search->cpus->count; i++)
			tare_bits_add(&pin->cpus, search->pool[i].first->cpu);
	}
}

/* What the choice came to. */
static void
describe_choice(struct tare_pin *pin, const struct tare_topology *topology)
{
	size_t last_core = SIZE_MAX;
	bool first = true;

	pin->pinned = true;
	tare_bits_print(pin->text, sizeof(pin->text), &pin->cpus);
	for (size_t i = 0; i < topology->pu_count; i++) {
		const struct tare_pu *pu = &topology->pus[i];

		if (!tare_bits_has(&pin->cpus, pu->cpu))
			continue;
		pin->core_count += pu->core != last_core;
		last_core = pu->core;
		pin->mixes_kinds |= !first && pu->kind != pin->kind;
		pin->kind = pu->kind;
		pin->isolated_count += pu->isolated;
		pin->shares_housekeeping |= pu->core == topology->housekeeping_core;
		if (pu->node < TARE_BITS_MAX)
			tare_bits_add(&pin->nodes, pu->node);
		first = false;
	}
}

/* Errors. */

static void
print_policy(char *text_out, size_t size, const struct tare_cpus *cpus, size_t count)
{
	if (cpus->on_node)
		snprintf(text_out, size, "numa:%u.%s:%zu", cpus->node, tare_cpus_word(cpus->kind),
			count);
	else if (cpus->kind == TARE_CPUS_CORES)
		snprintf(text_out, size, "%zu", count);
	else
		snprintf(text_out, size, "%s:%zu", tare_cpus_word(cpus->kind), count);
}

static const char *
what_is_asked(enum tare_cpus_kind kind)
{
	switch (kind) {
	case TARE_CPUS_SMT:
		return "CPUs that share cores";
	case TARE_CPUS_L3:
		return "cores behind one L3 cache";
	default:
		return "cores";
	}
}

static enum tare_status
too_many(const struct search *search, const char *policy, struct tare_err *err)
{
	const struct tare_cpus *cpus = search->cpus;
	size_t most =
		search->best_shared > search->best_quiet ? search->best_shared : search->best_quiet;
	const char *of_one_kind = search->topology->kind_count > 1 ? " of one kind" : "";
	char nearest[64], quiet[64], place[64] = "";

	if (cpus->on_node)
		snprintf(place, sizeof(place), " on NUMA node %u", cpus->node);
	print_policy(nearest, sizeof(nearest), cpus, most);
	print_policy(quiet, sizeof(quiet), cpus, search->best_quiet);
	if (most == 0)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"cpus '%.64s' asks for %zu %s%s%s, and this process may use none", policy,
			cpus->count, what_is_asked(cpus->kind), of_one_kind, place);
	if (search->best_quiet == 0 || search->best_quiet == most)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"cpus '%.64s' asks for %zu %s%s%s, and this process may use %zu; the "
			"nearest is '%s'",
			policy, cpus->count, what_is_asked(cpus->kind), of_one_kind, place, most,
			nearest);
	return tare_err_set(err, TARE_UNSUPPORTED,
		"cpus '%.64s' asks for %zu %s%s%s, and this process may use %zu; the nearest is "
		"'%s', or '%s' without the core that tare itself runs on",
		policy, cpus->count, what_is_asked(cpus->kind), of_one_kind, place, most, nearest,
		quiet);
}

static enum tare_status
check_node(const struct tare_topology *topology, unsigned number, const char *policy,
	struct tare_err *err)
{
	struct tare_bits there = {0};
	char text[TARE_BITS_TEXT_MAX];

	for (size_t i = 0; i < topology->node_count; i++) {
		if (!tare_bits_empty(&topology->nodes[i].cpus))
			tare_bits_add(&there, topology->nodes[i].node);
	}
	if (tare_bits_has(&there, number))
		return TARE_OK;
	tare_bits_print(text, sizeof(text), &there);
	return tare_err_set(err, TARE_INVALID,
		"cpus '%.64s' names NUMA node %u; those with CPUs here are %.200s", policy, number,
		*text ? text : "none");
}

/* What the policy takes for granted. */
static enum tare_status
check_machine(const struct search *search, const char *policy, struct tare_err *err)
{
	const struct tare_cpus *cpus = search->cpus;
	bool has_threads = false;

	for (size_t i = 0; i < search->core_count; i++)
		has_threads |= search->cores[i].allowed_count > 1;
	if (cpus->kind == TARE_CPUS_SMT && !has_threads)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"cpus '%.64s' asks for CPUs that share a core, and here no two do; the "
			"nearest is 'cores:%zu'",
			policy, cpus->count);
	if (cpus->kind == TARE_CPUS_L3 && search->topology->l3_count == 0)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"cpus '%.64s' asks for cores behind one L3 cache, and this machine shows "
			"none; the nearest is 'cores:%zu'",
			policy, cpus->count);
	return TARE_OK;
}

static enum tare_status
choose_policy(struct tare_pin *pin, const struct tare_topology *topology,
	const struct tare_cpus *cpus, const char *policy, struct tare_err *err)
{
	struct search search = {
		.topology = topology,
		.cpus = cpus,
		.cores = tare_xcalloc(topology->pu_count, sizeof(struct core)),
		.pool = tare_xcalloc(topology->pu_count, sizeof(struct core)),
	};
	enum tare_status status = TARE_OK;

	collect_cores(&search);
	if (cpus->on_node)
		status = check_node(topology, cpus->node, policy, err);
	if (status == TARE_OK)
		status = check_machine(&search, policy, err);
	if (status == TARE_OK) {
		if (search_pool(&search))
			take(pin, &search);
		else
			status = too_many(&search, policy, err);
	}
	free(search.cores);
	free(search.pool);
	return status;
}

static enum tare_status
check_cpu(const struct tare_topology *topology, unsigned cpu, const char *policy,
	struct tare_err *err)
{
	const char *why;
	char there[TARE_BITS_TEXT_MAX];

	if (tare_bits_has(&topology->allowed, cpu) && tare_bits_has(&topology->cpus, cpu))
		return TARE_OK;
	if (tare_bits_has(&topology->offline, cpu))
		why = "is offline";
	else if (tare_bits_has(&topology->cpus, cpu))
		why = "this process may not use (its cpuset or affinity leaves it out)";
	else
		why = "this machine does not have";
	tare_bits_print(there, sizeof(there), &topology->allowed);
	return tare_err_set(err, TARE_INVALID,
		"cpus '%.64s' names CPU %u, which %s; there are %.200s", policy, cpu, why, there);
}

static enum tare_status
choose_list(struct tare_pin *pin, const struct tare_topology *topology,
	const struct tare_cpus *cpus, const char *policy, struct tare_err *err)
{
	for (unsigned cpu = 0; cpu < TARE_BITS_MAX; cpu++) {
		enum tare_status status = TARE_OK;

		if (tare_bits_has(&cpus->list, cpu))
			status = check_cpu(topology, cpu, policy, err);
		if (status != TARE_OK)
			return status;
	}
	pin->cpus = cpus->list;
	return TARE_OK;
}

enum tare_status
tare_pin_choose(struct tare_pin *pin_out, const struct tare_topology *topology, const char *policy,
	struct tare_err *err)
{
	struct tare_pin pin = {0};
	struct tare_cpus cpus;
	struct tare_err why = {0};
	enum tare_status status = tare_cpus_parse(&cpus, policy, &why);

	if (status != TARE_OK)
		return tare_err_set(err, status, "cpus %s", why.text);
	if (cpus.kind == TARE_CPUS_LIST)
		status = choose_list(&pin, topology, &cpus, policy, err);
	else if (cpus.kind != TARE_CPUS_NONE)
		status = choose_policy(&pin, topology, &cpus, policy, err);
	if (status != TARE_OK)
		return status;
	if (cpus.kind != TARE_CPUS_NONE)
		describe_choice(&pin, topology);
	*pin_out = pin;
	return TARE_OK;
}

static struct tare_bits
nodes_with_memory(const struct tare_topology *topology)
{
	struct tare_bits nodes = {0};

	for (size_t i = 0; i < topology->node_count; i++) {
		if (topology->nodes[i].allowed && topology->nodes[i].memory_bytes > 0)
			tare_bits_add(&nodes, topology->nodes[i].node);
	}
	return nodes;
}

enum tare_status
tare_pin_choose_memory(struct tare_bits *nodes_out, struct tare_memory *memory_out,
	const struct tare_topology *topology, const char *policy, struct tare_err *err)
{
	struct tare_bits there = nodes_with_memory(topology);
	struct tare_bits both;
	struct tare_memory memory;
	struct tare_err why = {0};
	char text[TARE_BITS_TEXT_MAX];
	enum tare_status status = tare_memory_parse(&memory, policy, &why);

	if (status != TARE_OK)
		return tare_err_set(err, status, "numa %s", why.text);
	both = tare_bits_and(&there, &memory.nodes);
	if (!tare_bits_equal(&both, &memory.nodes)) {
		tare_bits_print(text, sizeof(text), &there);
		return tare_err_set(err, TARE_INVALID,
			"numa '%.64s' names a NUMA node without memory for this process; those "
			"with are %.200s",
			policy, *text ? text : "none");
	}
	*nodes_out = memory.kind == TARE_MEMORY_INTERLEAVE ? there : memory.nodes;
	*memory_out = memory;
	return TARE_OK;
}

const char *
tare_pin_describe(
	struct tare_arena *arena, const struct tare_pin *pin, const struct tare_topology *topology)
{
	size_t cpu_count = tare_bits_count(&pin->cpus);
	const char *kind = "";
	const char *threads = "";
	const char *place = "";
	char nodes[TARE_BITS_TEXT_MAX];

	if (!pin->pinned)
		return "";
	tare_bits_print(nodes, sizeof(nodes), &pin->nodes);
	if (cpu_count != pin->core_count)
		threads = tare_arena_printf(arena, "%zu CPUs of ", cpu_count);
	if (topology->kind_count > 1)
		kind = tare_arena_printf(
			arena, "%s ", pin->mixes_kinds ? "mixed" : topology->kinds[pin->kind]);
	if (topology->node_count > 1)
		place = tare_arena_printf(arena, " on NUMA node%s %s",
			tare_bits_count(&pin->nodes) == 1 ? "" : "s", nodes);
	return tare_arena_printf(arena, "%s%zu %score%s%s%s%s", threads, pin->core_count, kind,
		pin->core_count == 1 ? "" : "s", place,
		pin->isolated_count == 0           ? ""
		: pin->isolated_count == cpu_count ? ", isolated"
						   : ", some isolated",
		pin->shares_housekeeping ? ", shared with tare" : "");
}
