#include "harness/suite/checks.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/model/formula.h"
#include "harness/model/metric.h"
#include "harness/model/placement.h"
#include "harness/model/requirement.h"
#include "harness/suite/pattern.h"
#include "harness/suite/shape.h"

enum {
	NAME_MAX_LEN = 200,
	IDENTIFIER_MAX_LEN = 64,
	TEXT_MAX_LEN = 200, /* of one value of a matrix */
	UNIT_MAX_LEN = 32,
	IMAGE_MAX_LEN = 255,
	PATH_TEXT_MAX = 4096,
};

#define SIZE_MIN_BYTES (UINT64_C(4) << 20) /* an engine refuses less */
#define SIZE_MAX_BYTES (UINT64_C(1) << 50)

const char *const tare_builtin_names[] = {
	"suite_dir", "work_dir", "scratch_dir", "benchmark", "variant", NULL};

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

enum tare_status
tare_check_name(const char *text, struct tare_err *err)
{
	size_t len = strlen(text);

	if (len == 0 || len > NAME_MAX_LEN)
		return tare_err_set(err, TARE_INVALID, "has %zu bytes; expected a name of 1 to %d",
			len, NAME_MAX_LEN);
	if (has_control(text) || text[0] == ' ' || text[len - 1] == ' ')
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected one line without blanks around it", text);
	if (strstr(text, "${") != NULL)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a fixed name, to which parameters are added", text);
	return TARE_OK;
}

static bool
is_word(const char *text, const char *first, const char *rest, size_t max_len)
{
	size_t len = strlen(text);

	if (len == 0 || len > max_len)
		return false;
	if (!isalpha((unsigned char)text[0]) && strchr(first, text[0]) == NULL)
		return false;
	for (size_t i = 1; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && strchr(rest, text[i]) == NULL)
			return false;
	return true;
}

enum tare_status
tare_check_identifier(const char *text, struct tare_err *err)
{
	if (!is_word(text, "_", "_-", IDENTIFIER_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a letter, then letters, digits, _ or -, at most %d",
			text, IDENTIFIER_MAX_LEN);
	for (size_t i = 0; tare_builtin_names[i] != NULL; i++)
		if (strcmp(text, tare_builtin_names[i]) == 0)
			return tare_err_set(err, TARE_INVALID,
				"is \"%s\", which tare defines itself; expected another name",
				text);
	return TARE_OK;
}

enum tare_status
tare_check_parameter(const char *text, struct tare_err *err)
{
	if (strlen(text) > TEXT_MAX_LEN || has_control(text))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected one line of at most %d bytes", text, TEXT_MAX_LEN);
	return TARE_OK;
}

enum tare_status
tare_check_tag(const char *text, struct tare_err *err)
{
	if (!is_word(text, "_0123456789", "_-.:/+", IDENTIFIER_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a word of letters, digits and _-.:/+", text);
	return TARE_OK;
}

enum tare_status
tare_check_runner(const char *text, struct tare_err *err)
{
	if (!is_word(text, "", "_-", IDENTIFIER_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected auto or the name of a runner, such as host", text);
	return TARE_OK;
}

enum tare_status
tare_check_cpus(const char *text, struct tare_err *err)
{
	struct tare_cpus cpus;

	if (text[0] == '\0')
		return tare_err_set(err, TARE_INVALID,
			"is empty; expected none, a number of cores such as 2, CPUs such as 2-5, "
			"or a policy such as smt:2");
	return tare_cpus_parse(&cpus, text, err);
}

enum tare_status
tare_check_memory(const char *text, struct tare_err *err)
{
	struct tare_memory memory;

	if (text[0] == '\0')
		return tare_err_set(err, TARE_INVALID,
			"is empty; expected local, interleave, or bind: and NUMA nodes");
	return tare_memory_parse(&memory, text, err);
}

enum tare_status
tare_check_required_size(const char *text, struct tare_err *err)
{
	enum tare_relation relation;
	uint64_t bytes;

	return tare_required_size_parse(&relation, &bytes, text, err);
}

enum tare_status
tare_check_required_version(const char *text, struct tare_err *err)
{
	enum tare_relation relation;
	struct tare_version version;

	return tare_required_version_parse(&relation, &version, text, err);
}

enum tare_status
tare_check_environment_name(const char *text, struct tare_err *err)
{
	if (!is_word(text, "", "_-", IDENTIFIER_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a letter, then letters, digits, _ or -", text);
	return TARE_OK;
}

enum tare_status
tare_check_variable_name(const char *text, struct tare_err *err)
{
	if (!is_word(text, "_", "_", NAME_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected the name of an environment variable", text);
	return TARE_OK;
}

enum tare_status
tare_check_variable_glob(const char *text, struct tare_err *err)
{
	if (!is_word(text, "_*?", "_*?", NAME_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected the name of an environment variable, in which * "
			"and "
			"? stand for others",
			text);
	return TARE_OK;
}

enum tare_status
tare_check_metric_name(const char *text, struct tare_err *err)
{
	if (!is_word(text, "_", "_-./", TARE_METRIC_NAME_MAX - 1))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a letter, then letters, digits and _-./", text);
	return TARE_OK;
}

/* As native events are written: "perf::INSTRUCTIONS:u=1", "rusage/page-faults". */
enum tare_status
tare_check_counter(const char *text, struct tare_err *err)
{
	if (!is_word(text, "_", "_-./:=", TARE_METRIC_NAME_MAX - 1))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a letter, then letters, digits and _-./:=", text);
	if (tare_metric_find(tare_builtin_metrics, TARE_BUILTIN_METRIC_COUNT, text) <
		TARE_BUILTIN_METRIC_COUNT)
		return tare_err_set(err, TARE_INVALID,
			"is \"%s\", which tare always measures; expected another name", text);
	return TARE_OK;
}

enum tare_status
tare_check_formula(const char *text, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_formula *formula = NULL;
	struct tare_err why = {0};
	enum tare_status status = tare_formula_parse(&formula, arena, text, &why);

	tare_arena_free(arena);
	return status == TARE_OK
		       ? status
		       : tare_err_set(err, TARE_INVALID, "is \"%.64s\": %s", text, why.text);
}

enum tare_status
tare_check_unit(const char *text, struct tare_err *err)
{
	if (text[0] == '\0' || strlen(text) > UNIT_MAX_LEN || has_control(text))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a unit such as ms, MiB, MB/s or requests/s", text);
	return TARE_OK;
}

enum tare_status
tare_check_regex(const char *text, struct tare_err *err)
{
	return tare_pattern_check(NULL, text, err);
}

/* a.b[0].c: names without dots and brackets, and indices. */
enum tare_status
tare_check_json_path(const char *text, struct tare_err *err)
{
	const char *at = text;
	bool good = *at != '\0' && strlen(text) <= NAME_MAX_LEN && !has_control(text);

	while (good && *at != '\0') {
		size_t len = strcspn(at, ".[]");

		good = len > 0 || (at == text && *at == '[');
		at += len;
		while (good && *at == '[') {
			len = strspn(at + 1, "0123456789");
			good = len > 0 && len < 9 && at[1 + len] == ']';
			at += good ? len + 2 : 0;
		}
		if (good && *at != '\0')
			good = at[0] == '.' && at[1] != '\0' && at++ != NULL;
	}
	if (!good)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a path such as results[0].time", text);
	return TARE_OK;
}

enum tare_status
tare_check_quantity(const char *text, struct tare_err *err)
{
	const char *at = text + (*text == '-');
	size_t digits = strspn(at, "0123456789");
	char *end = NULL;

	if (digits > 0)
		strtod(text, &end);
	if (digits == 0 || strlen(text) > TEXT_MAX_LEN || has_control(text))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a number and its unit, such as 10.1ms", text);
	return TARE_OK;
}

enum tare_status
tare_check_port(const char *text, struct tare_err *err)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon == NULL ? text : colon + 1;
	size_t digits = strspn(port, "0123456789");
	long number = digits > 0 && digits < 6 && port[digits] == '\0' ? atol(port) : 0;

	if (number < 1 || number > 65535 || colon == text || strlen(text) > NAME_MAX_LEN)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a port, or host:port, such as 127.0.0.1:8080",
			text);
	return TARE_OK;
}

enum tare_status
tare_check_path(const char *text, struct tare_err *err)
{
	if (text[0] == '\0' || strlen(text) > 4000)
		return tare_err_set(
			err, TARE_INVALID, "has %zu bytes; expected a path", strlen(text));
	return TARE_OK;
}

enum tare_status
tare_check_script(const char *text, struct tare_err *err)
{
	if (text[strspn(text, " \t\n")] == '\0')
		return tare_err_set(err, TARE_INVALID, "is blank; expected a script");
	return TARE_OK;
}

/* Letters, digits and some others, and not like an option of the engine's command line. */
static bool
is_plain(const char *text, const char *others, size_t max_len)
{
	size_t len = strlen(text);

	if (len == 0 || len > max_len || text[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && strchr(others, text[i]) == NULL)
			return false;
	return true;
}

enum tare_status
tare_check_image(const char *text, struct tare_err *err)
{
	if (!is_plain(text, "._-/:@", IMAGE_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected the name of an image, such as debian:12", text);
	return TARE_OK;
}

enum tare_status
tare_check_size(const char *text, struct tare_err *err)
{
	struct tare_err inner = {0};
	uint64_t bytes = 0;

	if (tare_size_parse(&bytes, text, &inner) != TARE_OK)
		return tare_err_set(err, TARE_INVALID, "is wrong: %s", inner.text);
	if (bytes < SIZE_MIN_BYTES || bytes > SIZE_MAX_BYTES)
		return tare_err_set(
			err, TARE_INVALID, "is \"%s\"; expected 4 MiB to 1024 TiB", text);
	return TARE_OK;
}

enum tare_status
tare_check_cores(const char *text, struct tare_err *err)
{
	char *end = NULL;
	double cores = isdigit((unsigned char)text[0]) ? strtod(text, &end) : 0;

	if (!(cores >= 0.01 && cores <= 1024) || *end != '\0')
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a number of cores from 0.01 to 1024", text);
	return TARE_OK;
}

/* "/here:/there", "./here:/there:ro" or "name:/there". */
enum tare_status
tare_check_volume(const char *text, struct tare_err *err)
{
	const char *there = strchr(text, ':');
	const char *options = there == NULL ? NULL : strchr(there + 1, ':');

	if (has_control(text) || strlen(text) > PATH_TEXT_MAX || text[0] == '-' || text[0] == ':' ||
		there == NULL || there[1] != '/' ||
		(options != NULL && strcmp(options, ":ro") != 0 && strcmp(options, ":rw") != 0))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected FROM:/TO, and :ro behind it where it may not be "
			"written",
			text);
	return TARE_OK;
}

enum tare_status
tare_check_tmpfs(const char *text, struct tare_err *err)
{
	if (has_control(text) || strlen(text) > PATH_TEXT_MAX || text[0] != '/')
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected an absolute path in the container", text);
	return TARE_OK;
}

enum tare_status
tare_check_user(const char *text, struct tare_err *err)
{
	if (!is_plain(text, "._-:", IDENTIFIER_MAX_LEN))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a user or user:group, by name or number", text);
	return TARE_OK;
}
