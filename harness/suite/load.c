#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/suite/loaded.h"
#include "harness/suite/names.h"

struct loader {
	struct tare_decoder decoder;
	struct tare_suite *suite;
	const struct tare_source *sources[TARE_SUITE_INCLUDE_MAX + 1]; /* in the order loaded */
	size_t source_count;
	const struct tare_source *open[TARE_SUITE_INCLUDE_MAX + 1]; /* being loaded: for cycles */
	size_t open_count;
	char *digests; /* a line per file */
	size_t benchmark_capacity;
	size_t metric_name_capacity;
	size_t environment_capacity;
};

/* Makes room for one more item. */
static void *
make_room(struct tare_arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	*capacity = *capacity * 2 + 8;
	return tare_arena_grow(arena, items, count, *capacity, size);
}

static void
note_metrics(struct loader *loader, const struct tare_layer *layer)
{
	struct tare_suite *suite = loader->suite;
	const struct tare_node *metrics = layer->slots[TARE_KEY_METRICS];

	if (metrics == NULL || metrics->kind != TARE_NODE_MAP)
		return;
	for (size_t i = 0; i < metrics->count; i++) {
		suite->metric_names = make_room(loader->decoder.arena, suite->metric_names,
			suite->metric_name_count, &loader->metric_name_capacity,
			sizeof(*suite->metric_names));
		suite->metric_names[suite->metric_name_count++] = tare_node_key(metrics, i)->text;
	}
}

static void
note_variant_metrics(struct loader *loader, const struct tare_variants *variants)
{
	for (size_t i = 0; variants != NULL && i < variants->count; i++)
		note_metrics(loader, &variants->items[i].layer);
}

static const struct tare_variants *
read_variants(struct loader *loader, struct tare_node *node)
{
	const struct tare_variants *variants = NULL;

	/* What is wrong with one does not take the others away. */
	if (node == NULL)
		return NULL;
	variants = tare_variants_read(&loader->decoder, node);
	note_variant_metrics(loader, variants);
	return variants;
}

static const struct tare_matrix *
read_matrix(struct loader *loader, struct tare_node *node)
{
	return node == NULL || node->bad ? NULL : tare_matrix_read(&loader->decoder, node);
}

static void
add_benchmark(struct loader *loader, const struct tare_node *name, struct tare_node *node)
{
	struct tare_suite *suite = loader->suite;
	struct tare_benchmark benchmark = {.at = node, .layer.at = node};

	if (node->kind != TARE_NODE_MAP)
		return;
	if (suite->benchmark_count == TARE_SUITE_CASE_MAX) {
		tare_problem_add(loader->decoder.problems, node,
			"more than %d benchmarks; expected fewer", TARE_SUITE_CASE_MAX);
		return;
	}
	tare_table_slots(&tare_benchmark_table, node, benchmark.layer.slots);
	if (name == NULL)
		name = benchmark.layer.slots[TARE_KEY_NAME];
	benchmark.name = name == NULL || name->bad ? "" : name->text;
	benchmark.variants = read_variants(loader, benchmark.layer.slots[TARE_KEY_VARIANTS]);
	benchmark.matrix = read_matrix(loader, benchmark.layer.slots[TARE_KEY_MATRIX]);
	note_metrics(loader, &benchmark.layer);
	suite->benchmarks = make_room(loader->decoder.arena, suite->benchmarks,
		suite->benchmark_count, &loader->benchmark_capacity, sizeof(benchmark));
	suite->benchmarks[suite->benchmark_count++] = benchmark;
}

static void
add_benchmarks(struct loader *loader, struct tare_node *node)
{
	if (node == NULL)
		return;
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == TARE_NODE_LIST)
			add_benchmark(loader, NULL, &node->items[i]);
		else if (node->kind == TARE_NODE_MAP && !tare_node_key(node, i)->bad)
			add_benchmark(loader, tare_node_key(node, i), tare_node_value(node, i));
	}
}

static void
add_environments(struct loader *loader, const struct tare_node *node)
{
	struct tare_suite *suite = loader->suite;

	if (node == NULL || node->kind != TARE_NODE_MAP)
		return;
	for (size_t i = 0; i < node->count; i++) {
		struct tare_environment_entry entry = {.name = tare_node_key(node, i)->text,
			.layer = {.at = tare_node_value(node, i), .wide = true}};

		if (tare_node_key(node, i)->bad)
			continue;
		if (suite->environment_count == TARE_SUITE_ENVIRONMENT_MAX) {
			tare_problem_add(loader->decoder.problems, tare_node_key(node, i),
				"more than %d environments; expected fewer",
				TARE_SUITE_ENVIRONMENT_MAX);
			return;
		}
		if (tare_node_value(node, i)->kind == TARE_NODE_MAP)
			tare_table_slots(&tare_environment_table, tare_node_value(node, i),
				entry.layer.slots);
		suite->environments = make_room(loader->decoder.arena, suite->environments,
			suite->environment_count, &loader->environment_capacity, sizeof(entry));
		suite->environments[suite->environment_count++] = entry;
	}
}

static void
take_matrix_and_variants(
	struct loader *loader, struct tare_node *const *top, const struct tare_layer *defaults)
{
	struct tare_suite *suite = loader->suite;
	struct tare_node *matrix = defaults->slots[TARE_KEY_MATRIX];
	struct tare_node *variants = defaults->slots[TARE_KEY_VARIANTS];

	if (matrix != NULL && top[TARE_TOP_MATRIX] != NULL)
		tare_problem_add(loader->decoder.problems, matrix,
			"matrix in defaults and in the suite; expected one of them");
	if (variants != NULL && top[TARE_TOP_VARIANTS] != NULL)
		tare_problem_add(loader->decoder.problems, variants,
			"variants in defaults and in the suite; expected one of them");
	if (top[TARE_TOP_MATRIX] != NULL)
		matrix = top[TARE_TOP_MATRIX];
	if (top[TARE_TOP_VARIANTS] != NULL)
		variants = top[TARE_TOP_VARIANTS];
	if (matrix != NULL)
		suite->matrix = read_matrix(loader, matrix);
	if (variants != NULL)
		suite->variants = read_variants(loader, variants);
}

/* What is weaker in an including file than in the file itself: called after its includes. */
static void
take_shared(struct loader *loader, struct tare_node *const *top)
{
	struct tare_suite *suite = loader->suite;
	struct tare_layer defaults = {.at = top[TARE_TOP_DEFAULTS], .wide = true};

	if (top[TARE_TOP_VARS] != NULL)
		suite->vars[suite->vars_count++] = (struct tare_layer){
			.slots[TARE_KEY_VARS] = top[TARE_TOP_VARS], .wide = true};
	if (top[TARE_TOP_DEFAULTS] != NULL && top[TARE_TOP_DEFAULTS]->kind == TARE_NODE_MAP)
		tare_table_slots(&tare_defaults_table, top[TARE_TOP_DEFAULTS], defaults.slots);
	suite->defaults[suite->defaults_count++] = defaults;
	note_metrics(loader, &defaults);
	take_matrix_and_variants(loader, top, &defaults);
	add_environments(loader, top[TARE_TOP_ENVIRONMENTS]);
	if (top[TARE_TOP_COUNTER_GROUPS] != NULL && !top[TARE_TOP_COUNTER_GROUPS]->bad)
		suite->counter_groups[suite->counter_groups_count++] = top[TARE_TOP_COUNTER_GROUPS];
	if (top[TARE_TOP_GATE] != NULL)
		suite->gate = top[TARE_TOP_GATE];
	if (top[TARE_TOP_CORRECT] != NULL)
		suite->correct = top[TARE_TOP_CORRECT];
}

static void load_include(struct loader *loader, const struct tare_node *at);

static void
load_includes(struct loader *loader, const struct tare_node *node)
{
	if (node == NULL)
		return;
	if (node->kind == TARE_NODE_SCALAR)
		load_include(loader, node);
	for (size_t i = 0; node->kind == TARE_NODE_LIST && i < node->count; i++)
		load_include(loader, &node->items[i]);
}

static void
add_digest(struct loader *loader, const char *text, size_t len)
{
	char digest[TARE_DIGEST_TEXT_MAX];

	tare_digest_bytes(digest, text, len);
	loader->digests = tare_arena_printf(loader->decoder.arena, "%s%s\n",
		loader->digests == NULL ? "" : loader->digests, digest);
}

static void
load_bytes(struct loader *loader, const struct tare_source *source, const char *text, size_t len)
{
	struct tare_node *top[TARE_TOP_COUNT] = {0};
	struct tare_node *root = NULL;
	bool is_main = loader->source_count == 0;

	loader->sources[loader->source_count++] = source;
	add_digest(loader, text, len);
	if (!tare_yaml_read(
		    &root, loader->decoder.arena, loader->decoder.problems, source, text, len)) {
		loader->suite->incomplete = true;
		return;
	}
	loader->suite->roots[loader->suite->root_count++] = root;
	tare_table_decode(&loader->decoder, &tare_suite_table, root, top);
	if (is_main) {
		loader->suite->at = root;
		if (top[TARE_TOP_SUITE] != NULL)
			loader->suite->name = top[TARE_TOP_SUITE]->text;
		else if (root->kind == TARE_NODE_MAP)
			tare_problem_add(loader->decoder.problems, root,
				"no `suite` in the suite; expected its name");
		if (top[TARE_TOP_DESCRIPTION] != NULL)
			loader->suite->description = top[TARE_TOP_DESCRIPTION]->text;
	}
	loader->open[loader->open_count++] = source;
	add_benchmarks(loader, top[TARE_TOP_BENCHMARKS]);
	load_includes(loader, top[TARE_TOP_INCLUDE]);
	take_shared(loader, top);
	loader->open_count--;
}

static char *
absolute_directory(struct tare_arena *arena, const char *path)
{
	char *directory = tare_path_dirname(arena, path);
	char *resolved = realpath(directory, NULL);
	char *copy = tare_arena_strdup(arena, resolved != NULL ? resolved : directory);

	free(resolved);
	return copy;
}

/* The suite itself may come through a pipe; what it includes may not, so that no file that it names
 * can block. The sentence goes behind the suite's name, or behind the place of an include. */
static enum tare_status
check_kind(const char *path, const struct stat *info, bool is_include, struct tare_err *err)
{
	if (!is_include && S_ISDIR(info->st_mode))
		return tare_err_set(err, TARE_INVALID, "a directory; expected a suite file");
	if (is_include && !S_ISREG(info->st_mode))
		return tare_err_set(err, TARE_INVALID, "\"%s\" is %s", path,
			S_ISDIR(info->st_mode) ? "a directory" : "not a file");
	if (!is_include && S_ISREG(info->st_mode) && info->st_size > TARE_SUITE_FILE_MAX)
		return tare_err_set(err, TARE_INVALID, "%lld bytes; expected at most %d",
			(long long)info->st_size, TARE_SUITE_FILE_MAX);
	if (is_include && info->st_size > TARE_SUITE_FILE_MAX)
		return tare_err_set(err, TARE_INVALID, "\"%s\" has %lld bytes; expected at most %d",
			path, (long long)info->st_size, TARE_SUITE_FILE_MAX);
	return TARE_OK;
}

static enum tare_status
read_source(struct loader *loader, struct tare_source *source, char **text_out, size_t *len_out,
	const char *path, struct tare_err *err)
{
	struct stat info;
	enum tare_status status = TARE_OK;

	if (stat(path, &info) != 0)
		return tare_err_errno(err, errno == ENOENT ? TARE_NOT_FOUND : TARE_OUTSIDE,
			"cannot read \"%s\"", path);
	status = check_kind(path, &info, loader->source_count > 0, err);
	if (status == TARE_OK)
		status = tare_file_read(
			loader->decoder.arena, text_out, len_out, path, TARE_SUITE_FILE_MAX, err);
	if (status != TARE_OK)
		return status;
	*source = (struct tare_source){
		.name = tare_arena_strdup(loader->decoder.arena, path),
		.directory = absolute_directory(loader->decoder.arena, path),
		.rank = (unsigned)loader->source_count,
		.is_file = true,
		.device = info.st_dev,
		.inode = info.st_ino,
	};
	return TARE_OK;
}

static bool
is_same_file(const struct tare_source *a, const struct tare_source *b)
{
	return a->is_file && b->is_file && a->device == b->device && a->inode == b->inode;
}

/* A file that is included twice counts once; one that includes itself is a problem. */
static bool
is_new(struct loader *loader, const struct tare_node *at, const struct tare_source *source)
{
	for (size_t i = 0; i < loader->open_count; i++) {
		if (!is_same_file(loader->open[i], source))
			continue;
		tare_problem_add(loader->decoder.problems, at,
			"including %s goes round in a circle; expected a file that does not lead "
			"back here",
			tare_problem_quote(loader->decoder.problems, at->text));
		return false;
	}
	for (size_t i = 0; i < loader->source_count; i++)
		if (is_same_file(loader->sources[i], source))
			return false;
	if (loader->source_count > TARE_SUITE_INCLUDE_MAX) {
		tare_problem_add(loader->decoder.problems, at,
			"more than %d included files; expected fewer", TARE_SUITE_INCLUDE_MAX);
		return false;
	}
	return true;
}

static void
load_include(struct loader *loader, const struct tare_node *at)
{
	const struct tare_source *from = at->source;
	struct tare_source *source = NULL;
	const char *path = NULL;
	char *text = NULL;
	size_t len = 0;
	struct tare_err err = {0};

	if (at->bad) {
		loader->suite->incomplete = true;
		return;
	}
	path = tare_path_join(loader->decoder.arena,
		from->is_file ? tare_path_dirname(loader->decoder.arena, from->name) : NULL,
		at->text);
	if (strncmp(path, "./", 2) == 0)
		path += 2;
	source = tare_arena_alloc(loader->decoder.arena, 1, sizeof(*source));
	if (read_source(loader, source, &text, &len, path, &err) != TARE_OK) {
		loader->suite->incomplete = true;
		tare_problem_add(loader->decoder.problems, at,
			"cannot include: %s; expected a suite file", err.text);
	} else if (is_new(loader, at, source))
		load_bytes(loader, source, text, len);
}

static void
check_benchmark_names(struct loader *loader)
{
	struct tare_suite *suite = loader->suite;
	struct tare_names names;

	tare_names_init(&names);
	for (size_t i = 0; i < suite->benchmark_count; i++) {
		struct tare_benchmark *benchmark = &suite->benchmarks[i];
		const struct tare_node *at = benchmark->at;
		size_t first = 0;

		benchmark->again = benchmark->name[0] == '\0' ||
				   !tare_names_add(&names, &first, benchmark->name, i);
		if (!benchmark->again || benchmark->name[0] == '\0')
			continue;
		if (benchmark->layer.slots[TARE_KEY_NAME] != NULL)
			at = benchmark->layer.slots[TARE_KEY_NAME];
		tare_problem_add(loader->decoder.problems, at,
			"benchmark %s again; expected each name once, and it is in %s:%u",
			tare_problem_quote(loader->decoder.problems, benchmark->name),
			suite->benchmarks[first].at->source->name,
			suite->benchmarks[first].at->line);
	}
	tare_names_free(&names);
}

static void
finish_digest(struct loader *loader)
{
	if (loader->source_count == 1)
		memcpy(loader->suite->digest, loader->digests, TARE_DIGEST_TEXT_MAX - 1);
	else
		tare_digest_bytes(loader->suite->digest, loader->digests, strlen(loader->digests));
}

/* Even a suite with problems is expanded, to find all that is wrong at once. */
static void
look_for_more(struct loader *loader, const struct tare_expand_options *options)
{
	static const struct tare_expand_options development = {.environment = "development"};
	struct tare_problem_list *problems = loader->decoder.problems;
	struct tare_plan *plan = NULL;

	if (problems->count == 0 || loader->suite->at == NULL)
		return;
	loader->suite->broken = true;
	tare_suite_expand_into(
		&plan, problems, NULL, loader->suite, options != NULL ? options : &development);
}

static enum tare_status
load(struct tare_suite **suite_out, struct loader *loader, const struct tare_source *source,
	const char *text, size_t len, const struct tare_expand_options *options)
{
	struct tare_problem_list *problems = loader->decoder.problems;
	struct tare_suite *suite = loader->suite;

	suite->name = "";
	suite->description = "";
	suite->file = source->is_file ? source->name : "";
	suite->counter_groups = tare_arena_alloc(
		loader->decoder.arena, TARE_SUITE_INCLUDE_MAX + 1, sizeof(*suite->counter_groups));
	load_bytes(loader, source, text, len);
	check_benchmark_names(loader);
	if (suite->at != NULL && suite->at->kind == TARE_NODE_MAP && suite->benchmark_count == 0 &&
		problems->count == 0)
		tare_problem_add(
			problems, suite->at, "no benchmarks in the suite; expected at least one");
	finish_digest(loader);
	look_for_more(loader, options);
	*suite_out = suite;
	return problems->count == 0 ? TARE_OK : TARE_INVALID;
}

static struct loader
new_loader(struct tare_arena *arena)
{
	const size_t file_max = TARE_SUITE_INCLUDE_MAX + 1;
	struct loader loader = {.decoder.arena = arena};
	struct tare_suite *suite = tare_arena_alloc(arena, 1, sizeof(*suite));

	loader.decoder.problems = tare_arena_alloc(arena, 1, sizeof(*loader.decoder.problems));
	tare_problem_list_init(loader.decoder.problems, arena);
	loader.decoder.pattern_cost =
		tare_arena_alloc(arena, 1, sizeof(*loader.decoder.pattern_cost));
	suite->roots = tare_arena_alloc(arena, file_max, sizeof(*suite->roots));
	suite->vars = tare_arena_alloc(arena, file_max, sizeof(*suite->vars));
	suite->defaults = tare_arena_alloc(arena, file_max, sizeof(*suite->defaults));
	loader.suite = suite;
	return loader;
}

/* What is wrong with the file as a whole is a problem of it; that it cannot be read is not. */
static enum tare_status
load_file(struct tare_suite **suite_out, struct loader *loader, const char *path,
	const struct tare_expand_options *options, struct tare_err *err)
{
	struct tare_source *source = tare_arena_alloc(loader->decoder.arena, 1, sizeof(*source));
	char *text = NULL;
	size_t len = 0;
	struct tare_err reading = {0};
	enum tare_status status = read_source(loader, source, &text, &len, path, &reading);

	if (status == TARE_OK)
		return load(suite_out, loader, source, text, len, options);
	if (status != TARE_INVALID)
		return tare_err_set(err, status, "%s", reading.text);
	*source = (struct tare_source){.name = path};
	tare_problem_add_at(loader->decoder.problems, source, 0, 0, "%s", reading.text);
	return TARE_INVALID;
}

static enum tare_status
load_text(struct tare_suite **suite_out, struct loader *loader, const struct tare_suite_from *from,
	const struct tare_expand_options *options)
{
	struct tare_arena *arena = loader->decoder.arena;
	struct tare_source *source = tare_arena_alloc(arena, 1, sizeof(*source));
	char *copy = tare_arena_alloc(arena, from->len + 1, 1);

	if (from->len > 0)
		memcpy(copy, from->text, from->len);
	*source = (struct tare_source){
		.name = tare_arena_strdup(arena, from->name),
		.directory = absolute_directory(arena, "./x"),
	};
	if (from->len <= TARE_SUITE_FILE_MAX)
		return load(suite_out, loader, source, copy, from->len, options);
	tare_problem_add_at(loader->decoder.problems, source, 1, 1,
		"%zu bytes; expected at most %d", from->len, TARE_SUITE_FILE_MAX);
	return TARE_INVALID;
}

enum tare_status
tare_suite_load(struct tare_suite **suite_out, struct tare_problems *problems_out,
	struct tare_arena *arena, const struct tare_suite_from *from,
	const struct tare_expand_options *options, struct tare_err *err)
{
	struct loader loader = new_loader(arena);
	struct tare_suite *suite = NULL;
	enum tare_status status = from->text != NULL
					  ? load_text(&suite, &loader, from, options)
					  : load_file(&suite, &loader, from->name, options, err);

	*problems_out = (struct tare_problems){0};
	if (status == TARE_INVALID)
		return tare_problem_list_finish(problems_out, loader.decoder.problems, err);
	if (status == TARE_OK)
		*suite_out = suite;
	return status;
}
