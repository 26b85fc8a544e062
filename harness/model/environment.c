#include "harness/model/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
tare_environment_add(struct tare_environment *env, struct tare_arena *arena, const char *key,
	const char *value, bool matters)
{
	env->facts = tare_arena_room(arena, env->facts, env->fact_count, sizeof(*env->facts));
	env->facts[env->fact_count++] = (struct tare_fact){
		.key = tare_arena_strdup(arena, key),
		.value = tare_arena_strdup(arena, value),
		.matters = matters,
	};
}

static const struct tare_fact *
find_fact(const struct tare_environment *env, const char *key)
{
	for (size_t i = 0; i < env->fact_count; i++) {
		if (strcmp(env->facts[i].key, key) == 0)
			return &env->facts[i];
	}
	return NULL;
}

const char *
tare_environment_get(const struct tare_environment *env, const char *key)
{
	const struct tare_fact *fact = find_fact(env, key);

	return fact ? fact->value : NULL;
}

static int
compare_facts(const void *left, const void *right)
{
	const struct tare_fact *a = *(const struct tare_fact *const *)left;
	const struct tare_fact *b = *(const struct tare_fact *const *)right;
	int order = strcmp(a->key, b->key);

	return order != 0 ? order : strcmp(a->value, b->value);
}

static size_t
sort_facts_that_matter(struct tare_arena *scratch, const struct tare_fact ***sorted_out,
	const struct tare_environment *env)
{
	const struct tare_fact **sorted =
		tare_arena_alloc(scratch, env->fact_count, sizeof(*sorted));
	size_t count = 0;

	for (size_t i = 0; i < env->fact_count; i++) {
		if (env->facts[i].matters)
			sorted[count++] = &env->facts[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_facts);
	*sorted_out = sorted;
	return count;
}

void
tare_environment_fingerprint(struct tare_environment *env)
{
	struct tare_arena *scratch = tare_arena_new();
	const struct tare_fact **sorted;
	size_t count = sort_facts_that_matter(scratch, &sorted, env);
	size_t len = 0;
	size_t at = 0;
	char *text;

	for (size_t i = 0; i < count; i++)
		len += strlen(sorted[i]->key) + strlen(sorted[i]->value) + 2;
	text = tare_arena_alloc(scratch, len + 1, 1);
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(
			text + at, len + 1 - at, "%s=%s\n", sorted[i]->key, sorted[i]->value);
	tare_digest_bytes(env->fingerprint, text, len);
	tare_arena_free(scratch);
}

void
tare_environment_copy(struct tare_environment *copy_out, struct tare_arena *arena,
	const struct tare_environment *env)
{
	struct tare_environment copy = {0};

	for (size_t i = 0; i < env->fact_count; i++)
		tare_environment_add(&copy, arena, env->facts[i].key, env->facts[i].value,
			env->facts[i].matters);
	memcpy(copy.fingerprint, env->fingerprint, sizeof(copy.fingerprint));
	*copy_out = copy;
}

void
tare_environment_write(struct tare_json *json, const struct tare_environment *env)
{
	tare_json_string(json, "fingerprint", env->fingerprint);
	tare_json_array_begin(json, "facts");
	for (size_t i = 0; i < env->fact_count; i++) {
		tare_json_object_begin(json, NULL);
		tare_json_string(json, "key", env->facts[i].key);
		tare_json_string(json, "value", env->facts[i].value);
		tare_json_bool(json, "matters", env->facts[i].matters);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static enum tare_status
read_fact(struct tare_environment *env, struct tare_arena *arena, const json_t *item,
	struct tare_err *err)
{
	const char *key = NULL;
	const char *value = NULL;
	bool matters = false;
	enum tare_status status = tare_json_get_string(&key, item, "key", err);

	if (status == TARE_OK)
		status = tare_json_get_string(&value, item, "value", err);
	if (status == TARE_OK)
		status = tare_json_get_bool_or(&matters, item, "matters", false, err);
	if (status == TARE_OK)
		tare_environment_add(env, arena, key, value, matters);
	return status;
}

enum tare_status
tare_environment_read(struct tare_environment *env_out, struct tare_arena *arena,
	const json_t *object, struct tare_err *err)
{
	struct tare_environment env = {0};
	json_t *facts = NULL;

	if (json_object_get(object, "facts") &&
		tare_json_get_array(&facts, object, "facts", err) != TARE_OK)
		return TARE_INVALID;
	if (json_array_size(facts) > TARE_FACTS_MAX)
		return tare_err_set(err, TARE_INVALID,
			"key \"facts\": expected at most %d items, found %zu", TARE_FACTS_MAX,
			json_array_size(facts));
	for (size_t i = 0; i < json_array_size(facts); i++)
		if (read_fact(&env, arena, json_array_get(facts, i), err) != TARE_OK)
			return tare_err_where(err, "fact %zu", i);
	tare_environment_fingerprint(&env);
	*env_out = env;
	return TARE_OK;
}

static size_t
add_differences(struct tare_fact_difference *differences, const struct tare_environment *base,
	const struct tare_environment *head)
{
	size_t count = 0;

	for (size_t i = 0; i < base->fact_count; i++) {
		const struct tare_fact *fact = &base->facts[i];
		const struct tare_fact *other = find_fact(head, fact->key);

		if (other && strcmp(fact->value, other->value) == 0)
			continue;
		differences[count++] = (struct tare_fact_difference){
			.key = fact->key,
			.base = fact->value,
			.head = other ? other->value : NULL,
			.matters = fact->matters || (other && other->matters),
		};
	}
	for (size_t i = 0; i < head->fact_count; i++) {
		const struct tare_fact *fact = &head->facts[i];

		if (find_fact(base, fact->key))
			continue;
		differences[count++] = (struct tare_fact_difference){
			.key = fact->key, .head = fact->value, .matters = fact->matters};
	}
	return count;
}

size_t
tare_environment_diff(struct tare_fact_difference **differences_out, struct tare_arena *arena,
	const struct tare_environment *base, const struct tare_environment *head)
{
	size_t room = base->fact_count + head->fact_count;
	struct tare_fact_difference *found = tare_arena_alloc(arena, room, sizeof(*found));
	struct tare_fact_difference *ordered = tare_arena_alloc(arena, room, sizeof(*ordered));
	size_t found_count = add_differences(found, base, head);
	size_t count = 0;

	for (size_t i = 0; i < found_count; i++) {
		if (found[i].matters)
			ordered[count++] = found[i];
	}
	for (size_t i = 0; i < found_count; i++) {
		if (!found[i].matters)
			ordered[count++] = found[i];
	}
	*differences_out = ordered;
	return count;
}
