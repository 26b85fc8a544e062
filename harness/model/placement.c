#include "harness/model/placement.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"

enum { WORD_MAX = 16 };

static const struct {
	const char *word;
	enum tare_cpus_kind kind;
} policies[] = {
	{"cores", TARE_CPUS_CORES},
	{"smt", TARE_CPUS_SMT},
	{"spread", TARE_CPUS_SPREAD},
	{"l3", TARE_CPUS_L3},
};

const char *
tare_cpus_word(enum tare_cpus_kind kind)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (policies[i].kind == kind)
			return policies[i].word;
	}
	return NULL;
}

/* "2000-2000", "smt:5000": right but for the size of a number. */
static bool
is_too_large(const char *text)
{
	const char *behind = strrchr(text, ':');
	const char *numbers = behind ? behind + 1 : text;
	bool too_large = false;

	if (!*numbers || numbers[strspn(numbers, "0123456789,-")])
		return false;
	while (*numbers) {
		uint64_t number = 0;
		size_t digits = strspn(numbers, "0123456789");

		for (size_t i = 0; i < digits && number <= TARE_BITS_MAX; i++)
			number = 10 * number + (uint64_t)(numbers[i] - '0');
		too_large |= number >= TARE_BITS_MAX;
		numbers += digits > 0 ? digits : 1;
	}
	return too_large;
}

/* What is near: the word before the colon where it is not known, else none. */
static enum tare_status
cpus_invalid(struct tare_err *err, const char *text)
{
	static const char *const words[] = {"cores", "smt", "spread", "l3", "numa", "none"};
	static const char *const old[] = {"core", "cpu", "cpus", "threads", "node", "ht"};
	static const char *const meant[] = {"cores", "cores", "cores", "smt", "numa", "smt"};
	const char *rest = text + strcspn(text, ":");
	const char *near = NULL;
	char word[WORD_MAX];

	if ((size_t)snprintf(word, sizeof(word), "%.*s", (int)(rest - text), text) < sizeof(word) &&
		*word)
		near = tare_text_nearest(word, words, sizeof(words) / sizeof(words[0]));
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		if (strcmp(word, old[i]) == 0)
			near = meant[i];
	}
	if (near && strcmp(near, word) == 0)
		near = NULL;
	if (near)
		return tare_err_set(err, TARE_INVALID, "is \"%.64s\"; did you mean \"%s%.64s\"?",
			text, near, rest);
	if (is_too_large(text))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected numbers of CPUs below %d, and at most so many CPUs",
			text, TARE_BITS_MAX);
	return tare_err_set(err, TARE_INVALID,
		"is \"%.64s\"; expected none, a number of cores such as 2, CPUs such as 2-5 or "
		"1,3, or cores:N, smt:N, spread:N, l3:N, numa:K.cores:N",
		text);
}

/* "numa:K." in front; *text moves behind it. */
static enum tare_status
parse_node(struct tare_cpus *cpus, const char **text, struct tare_err *err)
{
	const char *whole = *text;
	size_t digits;
	uint64_t node = 0;
	char number[WORD_MAX];

	if (strncmp(whole, "numa:", 5) != 0)
		return TARE_OK;
	digits = strspn(whole + 5, "0123456789");
	if ((size_t)snprintf(number, sizeof(number), "%.*s", (int)digits, whole + 5) >=
			sizeof(number) ||
		tare_count_parse(&node, number, TARE_BITS_MAX - 1, NULL) != TARE_OK ||
		whole[5 + digits] != '.' || strncmp(whole + 6 + digits, "numa:", 5) == 0)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected numa, the number of a NUMA node, and what to take "
			"there, such as numa:%u.cores:2",
			whole, (unsigned)(digits > 0 && digits < 5 ? node : 0));
	cpus->on_node = true;
	cpus->node = (unsigned)node;
	*text = whole + 6 + digits;
	return TARE_OK;
}

static bool
parse_policy(struct tare_cpus *cpus, const char *text)
{
	const char *number = NULL;
	uint64_t count = 0;

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		size_t len = strlen(policies[i].word);

		if (strncmp(text, policies[i].word, len) != 0 || text[len] != ':')
			continue;
		cpus->kind = policies[i].kind;
		number = text + len + 1;
	}
	if (!number || strspn(number, "0123456789") != strlen(number) ||
		tare_count_parse(&count, number, TARE_BITS_MAX, NULL) != TARE_OK || count == 0)
		return false;
	cpus->count = (size_t)count;
	return true;
}

enum tare_status
tare_cpus_parse(struct tare_cpus *cpus_out, const char *text, struct tare_err *err)
{
	struct tare_cpus cpus = {.kind = TARE_CPUS_NONE};
	const char *rest = text;
	uint64_t count = 0;
	bool good = true;
	enum tare_status status;

	if (!text || !*text || strcmp(text, "none") == 0) {
		*cpus_out = cpus;
		return TARE_OK;
	}
	status = parse_node(&cpus, &rest, err);
	if (status != TARE_OK)
		return status;
	if (cpus.on_node || rest[strspn(rest, "0123456789,-")]) {
		good = parse_policy(&cpus, rest);
	} else if (strpbrk(rest, ",-")) {
		cpus.kind = TARE_CPUS_LIST;
		good = tare_bits_parse(&cpus.list, rest);
	} else {
		cpus.kind = TARE_CPUS_CORES;
		good = tare_count_parse(&count, rest, TARE_BITS_MAX, NULL) == TARE_OK && count > 0;
		cpus.count = (size_t)count;
	}
	if (!good)
		return cpus_invalid(err, text);
	*cpus_out = cpus;
	return TARE_OK;
}

enum tare_status
tare_memory_parse(struct tare_memory *memory_out, const char *text, struct tare_err *err)
{
	static const char *const words[] = {"local", "interleave", "bind:0"};
	struct tare_memory memory = {.kind = TARE_MEMORY_DEFAULT};
	const char *near;

	if (!text || !*text) {
		*memory_out = memory;
		return TARE_OK;
	}
	if (strcmp(text, "local") == 0)
		memory.kind = TARE_MEMORY_LOCAL;
	else if (strcmp(text, "interleave") == 0)
		memory.kind = TARE_MEMORY_INTERLEAVE;
	else if (strncmp(text, "bind:", 5) == 0 && tare_bits_parse(&memory.nodes, text + 5))
		memory.kind = TARE_MEMORY_BIND;
	if (memory.kind != TARE_MEMORY_DEFAULT) {
		*memory_out = memory;
		return TARE_OK;
	}
	near = tare_text_nearest(text, words, sizeof(words) / sizeof(words[0]));
	if (near && strcmp(near, text) != 0)
		return tare_err_set(
			err, TARE_INVALID, "is \"%.64s\"; did you mean \"%s\"?", text, near);
	return tare_err_set(err, TARE_INVALID,
		"is \"%.64s\"; expected local, interleave, or bind: and NUMA nodes, such as bind:0",
		text);
}
