#include "harness/stages/extract.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/stats/order.h"

enum {
	GROUPS_MAX = 32,
	STEP_MAX = 128,
	NUMBER_MAX = 64,
	SHOWN_MAX = 60,    /* bytes of the output shown in a sentence */
	PATTERN_MAX = 200, /* and of a pattern */
};

struct tare_extractor {
	const struct tare_case *subject;
	regex_t *rules;    /* [metric_count], compiled where the rule is a regex */
	regex_t *expected; /* stdout patterns, then stderr patterns */
	size_t expected_count;
	bool reads_output;
	bool reads_errors;
	const volatile sig_atomic_t *interrupted; /* NULL: never */
};

/* A growing list of numbers in an arena, in the base unit of what the program writes. */
struct numbers {
	struct tare_arena *arena;
	const char *written_unit;
	double *values;
	size_t count;
	size_t capacity;
};

static const char blanks[] = " \t\r";
static const char *const stream_names[] = {"stdout", "stderr"};

static enum tare_status
compile(regex_t *regex_out, const char *pattern, struct tare_err *err)
{
	int code = regcomp(regex_out, pattern, REG_EXTENDED | REG_NEWLINE);
	char reason[128];

	if (code == 0)
		return TARE_OK;
	regerror(code, regex_out, reason, sizeof(reason));
	return tare_err_set(err, TARE_INVALID, "pattern '%s': %s", pattern, reason);
}

static enum tare_status
compile_all(struct tare_extractor *extractor, struct tare_err *err)
{
	const struct tare_case *subject = extractor->subject;
	const struct tare_expectation *expect = &subject->expect;
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < subject->metric_count && status == TARE_OK; i++) {
		const struct tare_metric_rule *rule = &subject->rules[i];

		if (rule->source == TARE_SOURCE_REGEX)
			status = compile(&extractor->rules[i], rule->pattern, err);
		if (rule->source != TARE_SOURCE_REGEX && rule->source != TARE_SOURCE_JSON &&
			rule->source != TARE_SOURCE_LINES)
			continue;
		extractor->reads_output = true;
		extractor->reads_errors |= rule->stream == TARE_STREAM_STDERR;
	}
	for (size_t i = 0; i < expect->stdout_pattern_count && status == TARE_OK; i++)
		status = compile(&extractor->expected[extractor->expected_count++],
			expect->stdout_patterns[i], err);
	for (size_t i = 0; i < expect->stderr_pattern_count && status == TARE_OK; i++)
		status = compile(&extractor->expected[extractor->expected_count++],
			expect->stderr_patterns[i], err);
	extractor->reads_output |= extractor->expected_count > 0;
	extractor->reads_errors |= expect->stderr_pattern_count > 0;
	return status;
}

enum tare_status
tare_extractor_new(struct tare_extractor **extractor_out, const struct tare_case *subject,
	struct tare_err *err)
{
	const struct tare_expectation *expect = &subject->expect;
	struct tare_extractor *extractor = tare_xcalloc(1, sizeof(*extractor));
	enum tare_status status;

	extractor->subject = subject;
	extractor->rules = tare_xcalloc(subject->metric_count + 1, sizeof(regex_t));
	extractor->expected = tare_xcalloc(
		expect->stdout_pattern_count + expect->stderr_pattern_count + 1, sizeof(regex_t));
	status = compile_all(extractor, err);
	if (status != TARE_OK) {
		tare_extractor_free(extractor);
		return status;
	}
	*extractor_out = extractor;
	return TARE_OK;
}

/* regfree() of a zeroed regex_t is harmless with glibc. */
void
tare_extractor_free(struct tare_extractor *extractor)
{
	if (!extractor)
		return;
	for (size_t i = 0; i < extractor->subject->metric_count; i++)
		regfree(&extractor->rules[i]);
	for (size_t i = 0; i < extractor->expected_count; i++)
		regfree(&extractor->expected[i]);
	free(extractor->rules);
	free(extractor->expected);
	free(extractor);
}

bool
tare_extractor_reads_output(const struct tare_extractor *extractor)
{
	return extractor->reads_output;
}

bool
tare_extractor_reads_errors(const struct tare_extractor *extractor)
{
	return extractor->reads_errors;
}

void
tare_extractor_watch(struct tare_extractor *extractor, const volatile sig_atomic_t *interrupted)
{
	extractor->interrupted = interrupted;
}

/* What a pattern is matched against, one part after the other. */
struct parts {
	const struct tare_extractor *extractor;
	const char *next; /* NULL after the last */
	const char *stop;
	bool whole;
	const char *text; /* the part */
	size_t len;
	char line[TARE_MATCHED_LINE_MAX + 1];
};

/* Part of the text is a line, and what stands behind the last line feed, be it nothing. A pattern
 * that has a line feed in it means several lines, and is matched against the whole. */
static enum tare_status
parts_begin(struct parts *parts, const struct tare_extractor *extractor, const char *pattern,
	const char *text, size_t len, struct tare_err *err)
{
	parts->extractor = extractor;
	parts->next = text;
	parts->stop = text + len;
	parts->whole = strchr(pattern, '\n') != NULL;
	if (!parts->whole || len <= TARE_MATCHED_WHOLE_MAX)
		return TARE_OK;
	return tare_err_set(err, TARE_FAILED,
		"there are %zu bytes, and a pattern over several lines is matched against at most "
		"%d; print less, or match within a line",
		len, TARE_MATCHED_WHOLE_MAX);
}

/* False after the last. A line is matched in a copy that ends with it, its length being checked
 * before: what watches regexec (AddressSanitizer) measures the string it is given, which would be
 * the whole rest, each time. */
static bool
parts_next(struct parts *parts)
{
	const char *end;

	if (!parts->next)
		return false;
	end = parts->whole ? NULL : memchr(parts->next, '\n', (size_t)(parts->stop - parts->next));
	parts->text = parts->next;
	parts->len = (size_t)((end ? end : parts->stop) - parts->next);
	parts->next = end ? end + 1 : NULL;
	if (!parts->whole) {
		assert(parts->len <= TARE_MATCHED_LINE_MAX);
		memcpy(parts->line, parts->text, parts->len);
		parts->line[parts->len] = '\0';
		parts->text = parts->line;
	}
	return true;
}

/* One match is short, but there may be millions of them to try. */
static enum tare_status
check_interrupted(const struct tare_extractor *extractor, struct tare_err *err)
{
	if (extractor->interrupted && *extractor->interrupted)
		return tare_err_set(err, TARE_INTERRUPTED, "interrupted");
	return TARE_OK;
}

/* The C library needs time with the square of a line's length to find that nothing matches. */
static enum tare_status
check_lines(const char *text, size_t len, enum tare_stream stream, struct tare_err *err)
{
	const char *stop = text + len;

	while (text < stop) {
		const char *end = memchr(text, '\n', (size_t)(stop - text));
		size_t line_len = (size_t)((end ? end : stop) - text);

		if (line_len > TARE_MATCHED_LINE_MAX)
			return tare_err_set(err, TARE_FAILED,
				"%s has a line of %zu bytes, patterns are matched against lines of "
				"at most %d; print shorter lines, or use `json:` or `lines:`",
				stream_names[stream], line_len, TARE_MATCHED_LINE_MAX);
		text = end ? end + 1 : stop;
	}
	return TARE_OK;
}

/* "begins with 'first line'": what a person needs to see why nothing matches. */
static const char *
beginning(char *text_out, size_t size, const char *text, size_t len)
{
	size_t shown = 0;

	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	if (len == 0)
		return "is empty";
	len = tare_utf8_check(text, len);
	while (shown < len && shown < SHOWN_MAX && !iscntrl((unsigned char)text[shown]))
		shown++;
	while (shown < len && shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
		shown--;
	if (shown == 0)
		return "is no text";
	snprintf(text_out, size, "begins with '%.*s'", (int)shown, text);
	return text_out;
}

static enum tare_status
find_expected(const struct tare_extractor *extractor, const regex_t *regex, const char *pattern,
	const char *text, size_t len, enum tare_stream stream, struct tare_err *err)
{
	char shown[SHOWN_MAX + 32];
	struct parts parts;

	if (check_lines(text, len, stream, err) != TARE_OK)
		return TARE_FAILED;
	if (parts_begin(&parts, extractor, pattern, text, len, err) != TARE_OK)
		return tare_err_where(err, "%s", stream_names[stream]);
	while (parts_next(&parts)) {
		regmatch_t match = {.rm_so = 0, .rm_eo = (regoff_t)parts.len};

		if (check_interrupted(extractor, err) != TARE_OK)
			return TARE_INTERRUPTED;
		if (regexec(regex, parts.text, 1, &match, REG_STARTEND) == 0)
			return TARE_OK;
	}
	return tare_err_set(err, TARE_FAILED, "%s does not match '%.*s'; it %s",
		stream_names[stream], PATTERN_MAX, pattern,
		beginning(shown, sizeof(shown), text, len));
}

enum tare_status
tare_extract_check(const struct tare_extractor *extractor, const struct tare_output *output,
	struct tare_err *err)
{
	const struct tare_expectation *expect = &extractor->subject->expect;
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < extractor->expected_count && status == TARE_OK; i++) {
		bool of_stdout = i < expect->stdout_pattern_count;
		enum tare_stream stream = of_stdout ? TARE_STREAM_STDOUT : TARE_STREAM_STDERR;
		const char *text = output->text[stream] ? output->text[stream] : "";
		size_t len = output->text[stream] ? output->len[stream] : 0;

		status = find_expected(extractor, &extractor->expected[i],
			of_stdout ? expect->stdout_patterns[i]
				  : expect->stderr_patterns[i - expect->stdout_pattern_count],
			text, len, stream, err);
	}
	return status;
}

static void
numbers_add(struct numbers *numbers, double value, const char *unit)
{
	const char *base_unit;

	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity ? 2 * numbers->capacity : 16;

		numbers->values = tare_arena_grow(
			numbers->arena, numbers->values, numbers->count, capacity, sizeof(double));
		numbers->capacity = capacity;
	}
	numbers->values[numbers->count++] = tare_unit_to_base(&base_unit, value, unit);
}

/* Whether the comma at text[at] separates thousands: a digit before it, three behind. */
static bool
is_separator(const char *text, size_t at, size_t len)
{
	size_t digits = 0;

	while (at + 1 + digits < len && isdigit((unsigned char)text[at + 1 + digits]))
		digits++;
	return at > 0 && isdigit((unsigned char)text[at - 1]) && digits == 3;
}

/* A finite number at the start of text, thousands separated or not ("1,234.5"); "1,5" is none,
 * whichever of 1.5 and 15 was meant. *used_out: how many bytes it took. */
static bool
number_parse(double *value_out, size_t *used_out, const char *text, size_t len)
{
	char digits[NUMBER_MAX];
	size_t at[NUMBER_MAX];
	size_t count = 0;
	char *end;

	for (size_t i = 0; i < len && count + 1 < sizeof(digits); i++) {
		bool comma = text[i] == ',';

		if (comma && i + 1 < len && isdigit((unsigned char)text[i + 1])) {
			if (!is_separator(text, i, len) || memchr(digits, '.', count))
				return false;
			continue;
		}
		if (comma)
			break;
		at[count] = i;
		digits[count++] = text[i];
	}
	digits[count] = '\0';
	*value_out = strtod(digits, &end);
	if (end == digits || end == digits + sizeof(digits) - 1 || !isfinite(*value_out))
		return false;
	*used_out = at[end - digits - 1] + 1;
	return true;
}

/* With REG_STARTEND, without which each match would measure the length of the whole rest. */
static enum tare_status
match_part(struct numbers *numbers, const struct parts *parts, const regex_t *regex,
	const struct tare_metric_rule *rule, struct tare_err *err)
{
	regmatch_t groups[GROUPS_MAX] = {{.rm_so = 0, .rm_eo = (regoff_t)parts->len}};
	enum tare_status status;

	while ((status = check_interrupted(parts->extractor, err)) == TARE_OK &&
		numbers->count < TARE_MATCHES_MAX &&
		regexec(regex, parts->text, GROUPS_MAX, groups, REG_STARTEND) == 0) {
		const regmatch_t *group = &groups[rule->group];
		regoff_t next = groups[0].rm_eo + (groups[0].rm_eo == groups[0].rm_so);
		size_t used;
		double value;

		if (group->rm_so >= 0) {
			size_t len = (size_t)(group->rm_eo - group->rm_so);
			const char *text = parts->text + group->rm_so;

			if (!number_parse(&value, &used, text, len))
				return tare_err_set(err, TARE_FAILED, "'%.*s' is not a number",
					len > 40 ? 40 : (int)len, text);
			numbers_add(numbers, value, numbers->written_unit);
		}
		if ((size_t)next > parts->len)
			break;
		groups[0] = (regmatch_t){.rm_so = next, .rm_eo = (regoff_t)parts->len};
	}
	return status;
}

static enum tare_status
match_regex(struct numbers *numbers, const struct tare_extractor *extractor, size_t metric,
	const char *text, size_t len, struct tare_err *err)
{
	const struct tare_metric_rule *rule = &extractor->subject->rules[metric];
	struct parts parts;
	enum tare_status status = check_lines(text, len, rule->stream, err);

	assert(rule->group < GROUPS_MAX);
	if (status == TARE_OK) {
		status = parts_begin(&parts, extractor, rule->pattern, text, len, err);
		if (status != TARE_OK)
			return tare_err_where(err, "%s", stream_names[rule->stream]);
	}
	while (status == TARE_OK && parts_next(&parts))
		status = match_part(numbers, &parts, &extractor->rules[metric], rule, err);
	return status;
}

/* One step of a path: "name", "[3]" or "[*]"; advances *path. */
static bool
path_step(char *step_out, const char **path)
{
	const char *at = *path;
	size_t len;

	at += *at == '.';
	len = *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ".[");
	if (len == 0 || len >= STEP_MAX || (at[0] == '[' && at[len - 1] != ']'))
		return false;
	memcpy(step_out, at, len);
	step_out[len] = '\0';
	*path = at + len;
	return true;
}

static void
collect_json(struct numbers *numbers, const json_t *value, const char *path, int depth)
{
	char step[STEP_MAX];

	if (!value || depth > TARE_JSON_DEPTH_MAX || numbers->count >= TARE_MATCHES_MAX)
		return;
	if (!*path) {
		const json_t *item;
		size_t i;

		if (json_is_number(value))
			numbers_add(numbers, json_number_value(value), numbers->written_unit);
		json_array_foreach((json_t *)(uintptr_t)value, i, item)
		{
			if (json_is_number(item) && numbers->count < TARE_MATCHES_MAX)
				numbers_add(
					numbers, json_number_value(item), numbers->written_unit);
		}
		return;
	}
	if (!path_step(step, &path))
		return;
	if (strcmp(step, "[*]") == 0) {
		for (size_t i = 0; i < json_array_size(value); i++)
			collect_json(numbers, json_array_get(value, i), path, depth + 1);
	} else if (step[0] == '[') {
		collect_json(numbers, json_array_get(value, strtoul(step + 1, NULL, 10)), path,
			depth + 1);
	} else {
		collect_json(numbers, json_object_get(value, step), path, depth + 1);
	}
}

static enum tare_status
match_json(struct numbers *numbers, const struct tare_metric_rule *rule, const char *text,
	size_t len, struct tare_err *err)
{
	json_t *root;
	enum tare_status status = tare_json_parse(&root, text, len, err);

	if (status != TARE_OK) {
		err->status = TARE_FAILED;
		return tare_err_where(err, "%s is not JSON", stream_names[rule->stream]);
	}
	collect_json(numbers, root, rule->path, 0);
	json_decref(root);
	return TARE_OK;
}

/* As programs write them, and as tare does. */
static const char *
known_unit(const char *unit)
{
	static const struct {
		const char *written;
		const char *meant;
	} units[] = {
		{"\u00b5s", "us"},
		{"\u03bcs", "us"},
		{"nsec", "ns"},
		{"usec", "us"},
		{"msec", "ms"},
		{"sec", "s"},
		{"secs", "s"},
		{"second", "s"},
		{"seconds", "s"},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].written, unit) == 0)
			return units[i].meant;
	return unit;
}

static bool
is_word(const char *text)
{
	return isalpha((unsigned char)*text) || *text == '%' || (unsigned char)*text >= 0x80;
}

/* The word behind a number on its line; of a rule without a unit or with one of its own, that one.
 * TARE_FAILED where it measures something else, or nobody knows what. */
static enum tare_status
line_unit(const char **unit_out, struct numbers *numbers, const char *at, const char *end,
	struct tare_err *err)
{
	const char *wanted = numbers->written_unit;
	const char *rule_base, *line_base;
	const char *unit;

	while (at < end && strchr(blanks, *at))
		at++;
	unit = tare_arena_strndup(numbers->arena, at, (size_t)(end - at));
	unit = known_unit(tare_arena_strndup(numbers->arena, unit, strcspn(unit, " \t\r,;()")));
	tare_unit_to_base(&rule_base, 1.0, wanted);
	tare_unit_to_base(&line_base, 1.0, unit);
	*unit_out = *unit && strcmp(rule_base, line_base) == 0 ? unit : wanted;
	if (strcmp(rule_base, wanted) == 0 || strcmp(rule_base, line_base) == 0 || !is_word(unit))
		return TARE_OK;
	return tare_err_set(err, TARE_FAILED,
		"its line gives '%.40s' for a unit, and the suite %s; expected %s or one like it",
		unit, wanted, wanted);
}

/* "name: value unit" */
static enum tare_status
match_line(struct numbers *numbers, const char *name, const char *line, const char *end,
	struct tare_err *err)
{
	const char *unit;
	size_t name_len = strlen(name);
	size_t used;
	double value;

	while (line < end && strchr(blanks, *line))
		line++;
	if ((size_t)(end - line) < name_len || memcmp(line, name, name_len) != 0)
		return TARE_OK;
	line += name_len;
	while (line < end && strchr(blanks, *line))
		line++;
	if (line == end || *line++ != ':')
		return TARE_OK;
	if (!number_parse(&value, &used, line, (size_t)(end - line)))
		return TARE_OK;
	if (line_unit(&unit, numbers, line + used, end, err) != TARE_OK)
		return TARE_FAILED;
	numbers_add(numbers, value, unit);
	return TARE_OK;
}

static enum tare_status
match_lines(struct numbers *numbers, const struct tare_metric_rule *rule, const char *text,
	size_t len, struct tare_err *err)
{
	const char *stop = text + len;

	for (const char *line = text; line < stop && numbers->count < TARE_MATCHES_MAX;) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));

		if (!end)
			end = stop;
		if (match_line(numbers, rule->line_name, line, end, err) != TARE_OK)
			return TARE_FAILED;
		line = end + 1;
	}
	return TARE_OK;
}

static double
share_of(enum tare_reduce reduce)
{
	switch (reduce) {
	case TARE_REDUCE_P90:
		return 0.90;
	case TARE_REDUCE_P95:
		return 0.95;
	case TARE_REDUCE_P99:
		return 0.99;
	default:
		return 0.5;
	}
}

double
tare_reduce(double *values, size_t count, enum tare_reduce reduce)
{
	double sum = 0.0;

	assert(count > 0);
	if (reduce == TARE_REDUCE_FIRST)
		return values[0];
	if (reduce == TARE_REDUCE_LAST)
		return values[count - 1];
	if (reduce == TARE_REDUCE_SUM || reduce == TARE_REDUCE_MEAN) {
		for (size_t i = 0; i < count; i++)
			sum += values[i];
		return reduce == TARE_REDUCE_SUM ? sum : sum / (double)count;
	}
	tare_sort(values, count);
	if (reduce == TARE_REDUCE_MIN)
		return values[0];
	if (reduce == TARE_REDUCE_MAX)
		return values[count - 1];
	return tare_quantile(values, count, share_of(reduce));
}

static enum tare_status
nothing_found(
	const struct tare_metric_rule *rule, const char *text, size_t len, struct tare_err *err)
{
	const char *stream = stream_names[rule->stream];
	char shown[SHOWN_MAX + 32];
	const char *begins = beginning(shown, sizeof(shown), text, len);

	if (rule->source == TARE_SOURCE_JSON)
		return tare_err_set(err, TARE_FAILED, "%s has no number at '%.*s'; it %s", stream,
			PATTERN_MAX, rule->path, begins);
	if (rule->source == TARE_SOURCE_LINES)
		return tare_err_set(err, TARE_FAILED, "%s has no line '%.*s: NUMBER'; it %s",
			stream, PATTERN_MAX, rule->line_name, begins);
	return tare_err_set(err, TARE_FAILED, "nothing in %s matches '%.*s'; it %s", stream,
		PATTERN_MAX, rule->pattern, begins);
}

static enum tare_status
find_numbers(struct numbers *numbers, const struct tare_extractor *extractor, size_t metric,
	const struct tare_output *output, struct tare_err *err)
{
	const struct tare_metric_rule *rule = &extractor->subject->rules[metric];
	const char *text = output->text[rule->stream];
	size_t len = text ? output->len[rule->stream] : 0;
	enum tare_status status = TARE_OK;

	if (!text)
		text = "";
	if (rule->source == TARE_SOURCE_REGEX)
		status = match_regex(numbers, extractor, metric, text, len, err);
	else if (rule->source == TARE_SOURCE_JSON)
		status = match_json(numbers, rule, text, len, err);
	else if (rule->source == TARE_SOURCE_LINES)
		status = match_lines(numbers, rule, text, len, err);
	if (status == TARE_OK && numbers->count == 0)
		status = nothing_found(rule, text, len, err);
	return status;
}

static void
keep_numbers(struct tare_sample *sample, size_t metric, const struct tare_metric_rule *rule,
	const struct numbers *numbers)
{
	double *copy = tare_arena_alloc(numbers->arena, numbers->count, sizeof(double));

	memcpy(copy, numbers->values, numbers->count * sizeof(double));
	if (numbers->count > 1) {
		sample->iterations[metric] =
			tare_arena_alloc(numbers->arena, numbers->count, sizeof(double));
		memcpy(sample->iterations[metric], copy, numbers->count * sizeof(double));
		sample->iteration_counts[metric] = numbers->count;
	}
	sample->values[metric] = tare_reduce(copy, numbers->count, rule->reduce);
}

enum tare_status
tare_extract_metrics(const struct tare_extractor *extractor, struct tare_sample *sample,
	struct tare_arena *scratch, const struct tare_output *output, struct tare_err *err)
{
	const struct tare_case *subject = extractor->subject;

	sample->iterations = tare_arena_alloc(scratch, subject->metric_count, sizeof(double *));
	sample->iteration_counts = tare_arena_alloc(scratch, subject->metric_count, sizeof(size_t));
	for (size_t i = TARE_BUILTIN_METRIC_COUNT; i < subject->metric_count; i++) {
		const struct tare_metric_rule *rule = &subject->rules[i];
		struct numbers numbers = {
			.arena = scratch,
			.written_unit = rule->written_unit ? rule->written_unit : "",
		};
		enum tare_status status;

		if (rule->source != TARE_SOURCE_REGEX && rule->source != TARE_SOURCE_JSON &&
			rule->source != TARE_SOURCE_LINES)
			continue;
		status = find_numbers(&numbers, extractor, i, output, err);
		if (status != TARE_OK)
			return tare_err_where(err, "metric '%s'", subject->metrics[i].name);
		keep_numbers(sample, i, rule, &numbers);
		if (!isfinite(sample->values[i]))
			return tare_err_set(err, TARE_FAILED, "metric '%s': its value is too large",
				subject->metrics[i].name);
	}
	return TARE_OK;
}
