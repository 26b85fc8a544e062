#include <string.h>

#include "harness/suite/loaded.h"
#include "harness/suite/names.h"

/* A name alone, or a mapping with one. */
static bool
read_listed(struct tare_variant *variant, struct tare_node *node)
{
	variant->at = node;
	if (node->kind == TARE_NODE_SCALAR) {
		variant->name = node->text;
		return !node->bad;
	}
	if (node->kind != TARE_NODE_MAP)
		return false;
	variant->layer.at = node;
	tare_table_slots(&tare_variant_table, node, variant->layer.slots);
	if (variant->layer.slots[TARE_KEY_NAME] == NULL ||
		variant->layer.slots[TARE_KEY_NAME]->kind != TARE_NODE_SCALAR)
		return false;
	variant->name = variant->layer.slots[TARE_KEY_NAME]->text;
	return true;
}

static bool
read_named(struct tare_variant *variant, const struct tare_node *key, struct tare_node *value)
{
	variant->at = key;
	variant->name = key->text;
	variant->layer.at = value;
	if (value->kind == TARE_NODE_MAP)
		tare_table_slots(&tare_named_variant_table, value, variant->layer.slots);
	return !key->bad;
}

static void
check_names(const struct tare_decoder *decoder, struct tare_variants *variants)
{
	struct tare_names names;

	tare_names_init(&names);
	for (size_t i = 0; i < variants->count; i++) {
		struct tare_variant *variant = &variants->items[i];
		size_t first = 0;

		variant->again = !tare_names_add(&names, &first, variant->name, i);
		if (variant->again)
			tare_problem_add(decoder->problems, variant->at,
				"variant %s again; expected each name once, as in line %u",
				tare_problem_quote(decoder->problems, variant->name),
				variants->items[first].at->line);
	}
	tare_names_free(&names);
}

const struct tare_variants *
tare_variants_read(const struct tare_decoder *decoder, const struct tare_node *node)
{
	struct tare_variants *variants = tare_arena_alloc(decoder->arena, 1, sizeof(*variants));

	if (node->kind == TARE_NODE_SCALAR)
		return NULL;
	variants->items = tare_arena_alloc(decoder->arena, node->count, sizeof(*variants->items));
	for (size_t i = 0; i < node->count; i++) {
		struct tare_variant *variant = &variants->items[variants->count];
		bool good = false;

		*variant = (struct tare_variant){0};
		if (node->kind == TARE_NODE_LIST)
			good = read_listed(variant, &node->items[i]);
		else
			good = read_named(
				variant, tare_node_key(node, i), tare_node_value(node, i));
		variants->count += good;
	}
	check_names(decoder, variants);
	return variants->count == 0 ? NULL : variants;
}
