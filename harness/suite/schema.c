#include <assert.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/suite/shape.h"
#include "harness/suite/suite.h"

/* Text that holds a ${name}, which may stand for any other scalar. */
#define REFERENCE_PATTERN "\\$\\{"

/* Large tables that are referred to by name instead of being repeated. */
static const struct definition {
	const char *name;
	const struct tare_table *table;
} definitions[] = {
	{"benchmark", &tare_benchmark_table},
	{"named_benchmark", &tare_named_benchmark_table},
	{"defaults", &tare_defaults_table},
	{"variant", &tare_variant_table},
	{"named_variant", &tare_named_variant_table},
	{"environment", &tare_environment_table},
	{"samples", &tare_samples_table},
	{"resources", &tare_resources_table},
};

static void write_shape(
	struct tare_json *json, const char *key, const struct tare_shape *shape, const char *doc);

static void
write_types(struct tare_json *json, const char *const *types)
{
	tare_json_array_begin(json, "type");
	for (size_t i = 0; types[i] != NULL; i++)
		tare_json_string(json, NULL, types[i]);
	tare_json_array_end(json);
}

static void
write_text(struct tare_json *json, const struct tare_shape *shape)
{
	write_types(json, (const char *const[]){"string", "number", "boolean", NULL});
	if (shape->pattern != NULL)
		tare_json_string(json, "pattern", shape->pattern);
}

static void
write_quantity(struct tare_json *json, const char *units)
{
	char pattern[160];

	snprintf(pattern, sizeof(pattern), "^[0-9]+(\\.[0-9]+)? ?(%s)$|%s", units,
		REFERENCE_PATTERN);
	tare_json_string(json, "type", "string");
	tare_json_string(json, "pattern", pattern);
}

static void
write_reference(struct tare_json *json)
{
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "type", "string");
	tare_json_string(json, "pattern", REFERENCE_PATTERN);
	tare_json_object_end(json);
}

static void
write_count(struct tare_json *json, const struct tare_shape *shape)
{
	tare_json_array_begin(json, "anyOf");
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "type", "integer");
	tare_json_u64(json, "minimum", shape->min);
	tare_json_u64(json, "maximum", shape->max);
	tare_json_object_end(json);
	write_reference(json);
	tare_json_array_end(json);
}

static void
write_enum(struct tare_json *json, const struct tare_shape *shape)
{
	tare_json_array_begin(json, "enum");
	for (size_t i = 0; shape->choices[i] != NULL; i++)
		tare_json_string(json, NULL, shape->choices[i]);
	tare_json_array_end(json);
}

static void
write_choice(struct tare_json *json, const struct tare_shape *shape)
{
	if (shape->literal) {
		write_enum(json, shape);
		return;
	}
	tare_json_array_begin(json, "anyOf");
	tare_json_object_begin(json, NULL);
	write_enum(json, shape);
	tare_json_object_end(json);
	write_reference(json);
	tare_json_array_end(json);
}

static void
write_bool(struct tare_json *json)
{
	tare_json_array_begin(json, "anyOf");
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "type", "boolean");
	tare_json_object_end(json);
	write_reference(json);
	tare_json_array_end(json);
}

static bool
belongs(const struct tare_table *table, const struct tare_field *field)
{
	return field->key != NULL && (field->places == 0 || (field->places & table->place) != 0);
}

static bool
has_required(const struct tare_table *table)
{
	for (size_t i = 0; i < table->field_count; i++)
		if (belongs(table, &table->fields[i]) && table->fields[i].required)
			return true;
	return false;
}

static void
write_required(struct tare_json *json, const struct tare_table *table)
{
	if (!has_required(table))
		return;
	tare_json_array_begin(json, "required");
	for (size_t i = 0; i < table->field_count; i++)
		if (belongs(table, &table->fields[i]) && table->fields[i].required)
			tare_json_string(json, NULL, table->fields[i].key);
	tare_json_array_end(json);
}

/* {"required": [key, ...]} for one key, or for two that exclude each other. */
static void
write_presence(struct tare_json *json, const char *key, const char *second)
{
	tare_json_object_begin(json, NULL);
	tare_json_array_begin(json, "required");
	tare_json_string(json, NULL, key);
	if (second != NULL)
		tare_json_string(json, NULL, second);
	tare_json_array_end(json);
	tare_json_object_end(json);
}

static size_t
list_alternatives(const char **keys_out, const struct tare_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->field_count; i++)
		if (belongs(table, &table->fields[i]) && table->fields[i].alternative)
			keys_out[count++] = table->fields[i].key;
	return count;
}

static void
write_alternatives(struct tare_json *json, const struct tare_table *table)
{
	const char *keys[TARE_FIELDS_MAX];
	size_t count = list_alternatives(keys, table);

	if (count == 0)
		return;
	if (table->one_alternative) {
		tare_json_array_begin(json, "oneOf");
		for (size_t i = 0; i < count; i++)
			write_presence(json, keys[i], NULL);
		tare_json_array_end(json);
		return;
	}
	tare_json_object_begin(json, "not");
	tare_json_array_begin(json, "anyOf");
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			write_presence(json, keys[i], keys[j]);
	tare_json_array_end(json);
	tare_json_object_end(json);
}

static void
write_table(struct tare_json *json, const struct tare_table *table)
{
	tare_json_string(json, "type", "object");
	tare_json_object_begin(json, "properties");
	for (size_t i = 0; i < table->field_count; i++) {
		const struct tare_field *field = &table->fields[i];

		if (belongs(table, field))
			write_shape(json, field->key, field->shape, field->doc);
	}
	tare_json_object_end(json);
	write_required(json, table);
	write_alternatives(json, table);
	tare_json_bool(json, "additionalProperties", false);
}

static void
write_table_or_name(struct tare_json *json, const struct tare_table *table)
{
	char reference[64];

	for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
		if (definitions[i].table != table)
			continue;
		snprintf(reference, sizeof(reference), "#/$defs/%s", definitions[i].name);
		tare_json_string(json, "$ref", reference);
		return;
	}
	write_table(json, table);
}

static void
write_map(struct tare_json *json, const struct tare_shape *shape)
{
	tare_json_string(json, "type", "object");
	if (shape->nonempty)
		tare_json_u64(json, "minProperties", 1);
	if (shape->key->pattern != NULL) {
		tare_json_object_begin(json, "propertyNames");
		tare_json_string(json, "pattern", shape->key->pattern);
		tare_json_object_end(json);
	}
	if (shape->special != NULL) {
		tare_json_object_begin(json, "properties");
		write_shape(json, "exclude", shape->special,
			"Points to leave out: each names parameters and their values.");
		write_shape(json, "include", shape->special,
			"Parameters to add to the points they agree with, or further points.");
		tare_json_object_end(json);
	}
	write_shape(json, "additionalProperties", shape->item, NULL);
}

static void
write_list(struct tare_json *json, const struct tare_shape *shape)
{
	tare_json_string(json, "type", "array");
	if (shape->nonempty)
		tare_json_u64(json, "minItems", 1);
	write_shape(json, "items", shape->item, NULL);
}

static void
write_any(struct tare_json *json, const struct tare_shape *shape)
{
	tare_json_array_begin(json, "anyOf");
	for (size_t i = 0; shape->any[i] != NULL; i++)
		write_shape(json, NULL, shape->any[i], NULL);
	tare_json_array_end(json);
}

static void
write_kind(struct tare_json *json, const struct tare_shape *shape)
{
	switch (shape->kind) {
	case TARE_SHAPE_NOTHING:
		tare_json_string(json, "type", "null");
		return;
	case TARE_SHAPE_TEXT:
		write_text(json, shape);
		return;
	case TARE_SHAPE_WORDS:
		tare_json_string(json, "type", "string");
		return;
	case TARE_SHAPE_COUNT:
		write_count(json, shape);
		return;
	case TARE_SHAPE_BOOL:
		write_bool(json);
		return;
	case TARE_SHAPE_DURATION:
		write_quantity(json, "ns|us|ms|s|min|h");
		return;
	case TARE_SHAPE_PERCENT:
		write_quantity(json, "%");
		return;
	case TARE_SHAPE_CHOICE:
		write_choice(json, shape);
		return;
	case TARE_SHAPE_LIST:
		write_list(json, shape);
		return;
	case TARE_SHAPE_MAP:
		write_map(json, shape);
		return;
	case TARE_SHAPE_TABLE:
		write_table_or_name(json, shape->table);
		return;
	case TARE_SHAPE_ANY:
		write_any(json, shape);
		return;
	}
	assert(false);
}

static void
write_shape(
	struct tare_json *json, const char *key, const struct tare_shape *shape, const char *doc)
{
	tare_json_object_begin(json, key);
	tare_json_string(json, "title", shape->expected);
	if (doc != NULL)
		tare_json_string(json, "description", doc);
	write_kind(json, shape);
	tare_json_object_end(json);
}

void
tare_suite_schema_write(FILE *out)
{
	struct tare_json json;

	tare_json_begin(&json, out, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
	tare_json_string(&json, "title", "tare suite");
	tare_json_string(&json, "description", tare_suite_table.doc);
	write_table(&json, &tare_suite_table);
	tare_json_object_begin(&json, "$defs");
	for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
		tare_json_object_begin(&json, definitions[i].name);
		tare_json_string(&json, "description", definitions[i].table->doc);
		write_table(&json, definitions[i].table);
		tare_json_object_end(&json);
	}
	tare_json_object_end(&json);
	tare_json_object_end(&json);
	fputc('\n', out);
}
