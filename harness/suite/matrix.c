#include "harness/suite/matrix.h"

#include <stdlib.h>
#include <string.h>

enum {
	RULES_MAX = 1000,     /* entries of exclude and of include */
	STEPS_MAX = 50000000, /* comparisons for all matrices of a plan: a second or two */
	VALUE_STEPS = 8,      /* what a value of a point counts for, which takes memory as well */
};

const struct tare_matrix *
tare_matrix_read(const struct tare_decoder *decoder, struct tare_node *node)
{
	struct tare_matrix *matrix = tare_arena_alloc(decoder->arena, 1, sizeof(*matrix));

	matrix->at = node;
	matrix->names = tare_arena_alloc(decoder->arena, node->count, sizeof(*matrix->names));
	matrix->values = tare_arena_alloc(decoder->arena, node->count, sizeof(*matrix->values));
	for (size_t i = 0; i < node->count; i++) {
		const struct tare_node *key = tare_node_key(node, i);
		struct tare_node *value = tare_node_value(node, i);

		if (strcmp(key->text, "exclude") == 0) {
			matrix->exclude = value;
		} else if (strcmp(key->text, "include") == 0) {
			matrix->include = value;
		} else {
			matrix->names[matrix->count] = key->text;
			matrix->values[matrix->count++] = value;
		}
	}
	return matrix;
}

static const struct tare_node *
join_lists(struct tare_arena *arena, const struct tare_node *first, const struct tare_node *second)
{
	struct tare_node *both;

	if (first == NULL || second == NULL)
		return first != NULL ? first : second;
	both = tare_arena_alloc(arena, 1, sizeof(*both));
	*both = *second;
	both->count = first->count + second->count;
	both->items = tare_arena_alloc(arena, both->count, sizeof(*both->items));
	for (size_t i = 0; i < both->count; i++)
		both->items[i] =
			i < first->count ? first->items[i] : second->items[i - first->count];
	return both;
}

const struct tare_matrix *
tare_matrix_join(
	struct tare_arena *arena, const struct tare_matrix *all, const struct tare_matrix *own)
{
	struct tare_matrix *matrix = tare_arena_alloc(arena, 1, sizeof(*matrix));

	*matrix = *all;
	matrix->at = own->at;
	matrix->exclude = join_lists(arena, all->exclude, own->exclude);
	matrix->include = join_lists(arena, all->include, own->include);
	return matrix;
}

/* What is worked on while a matrix is multiplied out. */
struct product {
	const struct tare_scope *scope;
	const struct tare_matrix *matrix;
	struct tare_point *values; /* by parameter: its values with names replaced */
	struct tare_point *points;
	size_t count;
	size_t capacity;
	size_t original_count; /* of points that are combinations, not additions of include */
};

/* A mapping or list of values with names replaced, each checked. */
static bool
resolve_values(struct tare_point *out, const struct product *product, const struct tare_node *node)
{
	const struct tare_scope *scope = product->scope;
	bool is_map = node->kind == TARE_NODE_MAP;

	out->values = tare_arena_alloc(scope->shared->arena, node->count, sizeof(*out->values));
	out->count = node->count;
	for (size_t i = 0; i < node->count; i++) {
		const struct tare_node *at = is_map ? tare_node_value(node, i) : &node->items[i];
		struct tare_err err = {0};

		out->values[i].name = is_map ? tare_node_key(node, i)->text : "";
		out->values[i].at = at;
		out->values[i].text = tare_scope_text(scope, at);
		if (out->values[i].text == NULL)
			return false;
		if (at->has_reference &&
			tare_shape_parameter.check(out->values[i].text, &err) != TARE_OK) {
			tare_problem_add(scope->shared->problems, at, "value %s", err.text);
			return false;
		}
	}
	return true;
}

/* False where all the matrices of the plan have taken too long, which is one problem. */
static bool
spend(const struct product *product, uint64_t steps)
{
	struct tare_scope_shared *shared = product->scope->shared;

	if (shared->matrix_steps > STEPS_MAX)
		return false;
	shared->matrix_steps += steps;
	if (shared->matrix_steps <= STEPS_MAX)
		return true;
	tare_problem_add(shared->problems, product->matrix->at,
		"matrix that takes too long to multiply out; expected fewer points, parameters, or "
		"entries of exclude and include");
	return false;
}

static bool
size_product(size_t *size_out, const struct product *product)
{
	const struct tare_matrix *matrix = product->matrix;
	size_t size = matrix->count > 0;

	for (size_t i = 0; i < matrix->count; i++) {
		size *= matrix->values[i]->count;
		if (size <= TARE_SUITE_CASE_MAX)
			continue;
		tare_problem_add(product->scope->shared->problems, matrix->at,
			"matrix with more than %d points; expected fewer", TARE_SUITE_CASE_MAX);
		return false;
	}
	*size_out = size;
	return true;
}

static bool
matches(const struct tare_point *point, const struct tare_point *rule)
{
	for (size_t i = 0; i < rule->count; i++) {
		bool same = false;

		for (size_t j = 0; j < point->count && !same; j++)
			same = strcmp(point->values[j].name, rule->values[i].name) == 0 &&
			       strcmp(point->values[j].text, rule->values[i].text) == 0;
		if (!same)
			return false;
	}
	return true;
}

static struct tare_point *
add_point(struct product *product, size_t value_capacity)
{
	struct tare_arena *arena = product->scope->shared->arena;
	struct tare_point *point = NULL;

	if (product->count == product->capacity) {
		product->capacity = product->capacity * 2 + 8;
		product->points = tare_arena_grow(arena, product->points, product->count,
			product->capacity, sizeof(*product->points));
	}
	point = &product->points[product->count++];
	point->values = tare_arena_alloc(arena, value_capacity, sizeof(*point->values));
	point->count = 0;
	return point;
}

/* Combination number `number`, the last parameter running fastest. */
static void
combine(struct product *product, size_t number)
{
	const struct tare_matrix *matrix = product->matrix;
	struct tare_point *point = add_point(product, matrix->count);

	point->count = matrix->count;
	for (size_t i = matrix->count; i-- > 0;) {
		size_t value_count = product->values[i].count;

		point->values[i] = product->values[i].values[number % value_count];
		point->values[i].name = matrix->names[i];
		number /= value_count;
	}
}

static bool
is_parameter(const struct tare_matrix *matrix, const char *name)
{
	for (size_t i = 0; i < matrix->count; i++)
		if (strcmp(matrix->names[i], name) == 0)
			return true;
	return false;
}

/* Resolves the mappings of exclude or include. */
static bool
read_rules(
	struct tare_point **rules_out, const struct product *product, const struct tare_node *list)
{
	struct tare_problem_list *problems = product->scope->shared->problems;

	if (list->count > RULES_MAX) {
		tare_problem_add(
			problems, list, "%u entries; expected at most %d", list->count, RULES_MAX);
		return false;
	}
	*rules_out =
		tare_arena_alloc(product->scope->shared->arena, list->count, sizeof(**rules_out));
	for (size_t i = 0; i < list->count; i++)
		if (!resolve_values(&(*rules_out)[i], product, &list->items[i]))
			return false;
	return true;
}

static bool
check_excluded_names(const struct product *product)
{
	const struct tare_matrix *matrix = product->matrix;
	struct tare_problem_list *problems = product->scope->shared->problems;
	bool good = true;

	for (size_t i = 0; i < matrix->exclude->count; i++) {
		const struct tare_node *entry = &matrix->exclude->items[i];

		for (size_t j = 0; j < entry->count; j++) {
			const struct tare_node *key = tare_node_key(entry, j);

			if (is_parameter(matrix, key->text))
				continue;
			tare_problem_add(problems, key,
				"exclude names %s, which the matrix does not have; expected one of "
				"its parameters%s",
				tare_problem_quote(problems, key->text),
				tare_problem_suggest(
					problems, key->text, matrix->names, matrix->count));
			good = false;
		}
	}
	return good;
}

static bool
exclude(struct product *product)
{
	const struct tare_node *list = product->matrix->exclude;
	struct tare_point *rules = NULL;
	size_t kept = 0;

	if (list == NULL)
		return true;
	if (!check_excluded_names(product) || !read_rules(&rules, product, list))
		return false;
	for (size_t i = 0; i < product->count; i++) {
		bool out = false;

		for (size_t j = 0; j < list->count && !out; j++) {
			if (!spend(product, 1 + product->points[i].count * rules[j].count))
				return false;
			out = matches(&product->points[i], &rules[j]);
		}
		if (!out)
			product->points[kept++] = product->points[i];
	}
	product->count = kept;
	return true;
}

/* Whether rule can be added to the point without changing one of the matrix's own values. */
static bool
fits(const struct tare_matrix *matrix, const struct tare_point *point,
	const struct tare_point *rule)
{
	for (size_t i = 0; i < rule->count; i++) {
		struct tare_point one = {.values = &rule->values[i], .count = 1};

		if (is_parameter(matrix, rule->values[i].name) && !matches(point, &one))
			return false;
	}
	return true;
}

static bool
extend(const struct product *product, struct tare_point *point, const struct tare_point *rule)
{
	if (!spend(product, VALUE_STEPS * (point->count + rule->count)))
		return false;
	point->values = tare_arena_grow(product->scope->shared->arena, point->values, point->count,
		point->count + rule->count, sizeof(*point->values));
	for (size_t i = 0; i < rule->count; i++) {
		size_t j = 0;

		while (j < point->count && strcmp(point->values[j].name, rule->values[i].name) != 0)
			j++;
		point->values[j] = rule->values[i];
		if (j == point->count)
			point->count++;
	}
	return true;
}

static bool
include_rule(struct product *product, const struct tare_point *rule)
{
	bool added = false;

	for (size_t i = 0; i < product->original_count; i++) {
		struct tare_point *point = &product->points[i];

		if (!spend(product, 1 + rule->count * (product->matrix->count + point->count)))
			return false;
		if (!fits(product->matrix, point, rule))
			continue;
		if (!extend(product, point, rule))
			return false;
		added = true;
	}
	return added || extend(product, add_point(product, 0), rule);
}

static bool
include(struct product *product)
{
	const struct tare_node *list = product->matrix->include;
	struct tare_point *rules = NULL;

	if (list == NULL)
		return true;
	if (!read_rules(&rules, product, list))
		return false;
	product->original_count = product->count;
	for (size_t i = 0; i < list->count; i++)
		if (!include_rule(product, &rules[i]))
			return false;
	return true;
}

static bool
multiply(struct product *product)
{
	const struct tare_matrix *matrix = product->matrix;
	size_t size = 0;

	if (!size_product(&size, product) || !spend(product, VALUE_STEPS * size * matrix->count))
		return false;
	product->values = tare_arena_alloc(
		product->scope->shared->arena, matrix->count, sizeof(*product->values));
	for (size_t i = 0; i < matrix->count; i++)
		if (!resolve_values(&product->values[i], product, matrix->values[i]))
			return false;
	for (size_t i = 0; i < size; i++)
		combine(product, i);
	return true;
}

bool
tare_matrix_points(struct tare_point **points_out, size_t *count_out,
	const struct tare_scope *scope, const struct tare_matrix *matrix)
{
	struct product product = {.scope = scope, .matrix = matrix};

	if (matrix == NULL) {
		*points_out = tare_arena_alloc(scope->shared->arena, 1, sizeof(**points_out));
		*count_out = 1;
		return true;
	}
	if (!multiply(&product) || !exclude(&product) || !include(&product))
		return false;
	if (product.count == 0) {
		tare_problem_add(scope->shared->problems, matrix->at,
			"matrix without a point; expected exclude to leave one");
		return false;
	}
	*points_out = product.points;
	*count_out = product.count;
	return true;
}
