#include "harness/model/requirement.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"

static const char *
relation_of(enum tare_relation *relation_out, const char *text)
{
	static const struct {
		const char *sign;
		enum tare_relation relation;
	} signs[] = {
		{">=", TARE_RELATION_AT_LEAST},
		{"<=", TARE_RELATION_AT_MOST},
		{"==", TARE_RELATION_EQUAL},
		{">", TARE_RELATION_MORE},
		{"<", TARE_RELATION_LESS},
		{"=", TARE_RELATION_EQUAL},
		{"", TARE_RELATION_AT_LEAST},
	};
	size_t i = 0;

	text += strspn(text, " ");
	while (strncmp(text, signs[i].sign, strlen(signs[i].sign)) != 0)
		i++;
	*relation_out = signs[i].relation;
	text += strlen(signs[i].sign);
	return text + strspn(text, " ");
}

enum tare_status
tare_required_size_parse(enum tare_relation *relation_out, uint64_t *bytes_out, const char *text,
	struct tare_err *err)
{
	enum tare_relation relation;
	const char *rest = relation_of(&relation, text);

	if (tare_size_parse(bytes_out, rest, NULL) != TARE_OK)
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a comparison with a size, such as >= 8GiB", text);
	*relation_out = relation;
	return TARE_OK;
}

bool
tare_version_parse(struct tare_version *version_out, const char *text)
{
	struct tare_version version = {0};

	if (*text < '0' || *text > '9')
		return false;
	for (size_t i = 0; i < TARE_VERSION_PARTS && *text >= '0' && *text <= '9'; i++) {
		char *end;
		unsigned long part = strtoul(text, &end, 10);

		version.parts[i] = part < UINT32_MAX ? (uint32_t)part : UINT32_MAX;
		text = *end == '.' ? end + 1 : "";
	}
	*version_out = version;
	return true;
}

enum tare_status
tare_required_version_parse(enum tare_relation *relation_out, struct tare_version *version_out,
	const char *text, struct tare_err *err)
{
	enum tare_relation relation;
	const char *rest = relation_of(&relation, text);

	if (rest[strspn(rest, "0123456789.")] || !tare_version_parse(version_out, rest))
		return tare_err_set(err, TARE_INVALID,
			"is \"%.64s\"; expected a comparison with a version, such as >= 5.14",
			text);
	*relation_out = relation;
	return TARE_OK;
}

bool
tare_relation_holds(enum tare_relation relation, int order)
{
	switch (relation) {
	case TARE_RELATION_AT_LEAST:
		return order >= 0;
	case TARE_RELATION_AT_MOST:
		return order <= 0;
	case TARE_RELATION_MORE:
		return order > 0;
	case TARE_RELATION_LESS:
		return order < 0;
	default:
		return order == 0;
	}
}

int
tare_version_compare(const struct tare_version *a, const struct tare_version *b)
{
	for (size_t i = 0; i < TARE_VERSION_PARTS; i++) {
		if (a->parts[i] != b->parts[i])
			return a->parts[i] < b->parts[i] ? -1 : 1;
	}
	return 0;
}
