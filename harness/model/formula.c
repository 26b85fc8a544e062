#include "harness/model/formula.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum step_kind { STEP_NUMBER, STEP_NAME, STEP_ADD, STEP_SUBTRACT, STEP_MULTIPLY, STEP_DIVIDE };

/* In reverse Polish order. */
struct step {
	enum step_kind kind;
	size_t name;
	double number;
};

struct tare_formula {
	const char *names[TARE_FORMULA_NAMES_MAX];
	size_t name_count;
	struct step steps[TARE_FORMULA_STEPS_MAX];
	size_t step_count;
};

struct parser {
	struct tare_arena *arena;
	struct tare_formula *formula;
	const char *text;
	const char *at;
	int depth;
	struct tare_err *err;
};

static enum tare_status parse_sum(struct parser *parser);

static enum tare_status
wrong(const struct parser *parser, const char *expected)
{
	size_t column = (size_t)(parser->at - parser->text) + 1;

	if (*parser->at == '\0')
		return tare_err_set(
			parser->err, TARE_INVALID, "the formula ends early; expected %s", expected);
	return tare_err_set(parser->err, TARE_INVALID,
		"unexpected '%c' in column %zu of the formula; expected %s",
		isprint((unsigned char)*parser->at) ? *parser->at : '?', column, expected);
}

static void
skip_blanks(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t");
}

static enum tare_status
add_step(struct parser *parser, struct step step)
{
	struct tare_formula *formula = parser->formula;

	if (formula->step_count == TARE_FORMULA_STEPS_MAX)
		return tare_err_set(parser->err, TARE_INVALID,
			"the formula has more than %d numbers, names and operators",
			TARE_FORMULA_STEPS_MAX);
	formula->steps[formula->step_count++] = step;
	return TARE_OK;
}

static size_t
name_len(const char *text)
{
	size_t len = 0;

	if (!isalpha((unsigned char)text[0]) && text[0] != '_')
		return 0;
	while (isalnum((unsigned char)text[len]) || (text[len] && strchr("_.:-", text[len])))
		len++;
	return len;
}

static enum tare_status
parse_name(struct parser *parser, size_t len)
{
	struct tare_formula *formula = parser->formula;
	size_t i = 0;

	while (i < formula->name_count && (strncmp(formula->names[i], parser->at, len) != 0 ||
						  formula->names[i][len] != '\0'))
		i++;
	if (i == TARE_FORMULA_NAMES_MAX)
		return tare_err_set(parser->err, TARE_INVALID, "the formula has more than %d names",
			TARE_FORMULA_NAMES_MAX);
	if (i == formula->name_count)
		formula->names[formula->name_count++] =
			tare_arena_strndup(parser->arena, parser->at, len);
	parser->at += len;
	return add_step(parser, (struct step){.kind = STEP_NAME, .name = i});
}

/* Digits, a point, an exponent; strtod() alone would take "inf" and hexadecimals too. */
static enum tare_status
parse_number(struct parser *parser)
{
	char *end;
	double number = strtod(parser->at, &end);

	if (parser->at[0] == '0' && (parser->at[1] == 'x' || parser->at[1] == 'X'))
		return wrong(parser, "a decimal number");
	if (!isfinite(number))
		return wrong(parser, "a number that is not too large");
	parser->at = end;
	return add_step(parser, (struct step){.kind = STEP_NUMBER, .number = number});
}

static enum tare_status
parse_parentheses(struct parser *parser)
{
	enum tare_status status;

	parser->at++;
	status = parse_sum(parser);
	if (status != TARE_OK)
		return status;
	skip_blanks(parser);
	if (*parser->at != ')')
		return wrong(parser, "an operator or ')'");
	parser->at++;
	return TARE_OK;
}

static enum tare_status
parse_atom(struct parser *parser)
{
	enum tare_status status;
	size_t len;

	skip_blanks(parser);
	len = name_len(parser->at);
	if (len > 0)
		return parse_name(parser, len);
	if (isdigit((unsigned char)*parser->at))
		return parse_number(parser);
	if (*parser->at != '(')
		return wrong(parser, "a name, a number or '('");
	if (parser->depth == TARE_FORMULA_DEPTH_MAX)
		return tare_err_set(parser->err, TARE_INVALID,
			"the formula is nested deeper than %d", TARE_FORMULA_DEPTH_MAX);
	parser->depth++;
	status = parse_parentheses(parser);
	parser->depth--;
	return status;
}

/* Operators of one precedence, from left to right. */
static enum tare_status
parse_chain(struct parser *parser, const char *operators, enum step_kind first,
	enum tare_status (*operand)(struct parser *parser))
{
	enum tare_status status = operand(parser);

	while (status == TARE_OK) {
		const char *found;
		enum step_kind kind;

		skip_blanks(parser);
		found = *parser->at ? strchr(operators, *parser->at) : NULL;
		if (!found)
			return TARE_OK;
		kind = (enum step_kind)((int)first + (int)(found - operators));
		parser->at++;
		status = operand(parser);
		if (status == TARE_OK)
			status = add_step(parser, (struct step){.kind = kind});
	}
	return status;
}

static enum tare_status
parse_product(struct parser *parser)
{
	return parse_chain(parser, "*/", STEP_MULTIPLY, parse_atom);
}

static enum tare_status
parse_sum(struct parser *parser)
{
	return parse_chain(parser, "+-", STEP_ADD, parse_product);
}

enum tare_status
tare_formula_parse(struct tare_formula **formula_out, struct tare_arena *arena, const char *text,
	struct tare_err *err)
{
	struct parser parser = {.arena = arena, .text = text, .at = text, .err = err};
	enum tare_status status;

	if (strlen(text) > TARE_FORMULA_LEN_MAX)
		return tare_err_set(err, TARE_INVALID,
			"the formula has %zu bytes; expected at most %d", strlen(text),
			TARE_FORMULA_LEN_MAX);
	parser.formula = tare_arena_alloc(arena, 1, sizeof(*parser.formula));
	status = parse_sum(&parser);
	if (status == TARE_OK && *parser.at != '\0')
		status = wrong(&parser, "an operator");
	if (status == TARE_OK)
		*formula_out = parser.formula;
	return status;
}

size_t
tare_formula_name_count(const struct tare_formula *formula)
{
	return formula->name_count;
}

const char *
tare_formula_name(const struct tare_formula *formula, size_t index)
{
	assert(index < formula->name_count);
	return formula->names[index];
}

static double
apply(enum step_kind kind, double a, double b)
{
	switch (kind) {
	case STEP_ADD:
		return a + b;
	case STEP_SUBTRACT:
		return a - b;
	case STEP_MULTIPLY:
		return a * b;
	default:
		return a / b;
	}
}

double
tare_formula_evaluate(const struct tare_formula *formula, const double *values)
{
	double stack[TARE_FORMULA_STEPS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < formula->step_count; i++) {
		const struct step *step = &formula->steps[i];

		if (step->kind == STEP_NUMBER) {
			stack[count++] = step->number;
		} else if (step->kind == STEP_NAME) {
			stack[count++] = values[step->name];
		} else {
			assert(count >= 2);
			count--;
			stack[count - 1] = apply(step->kind, stack[count - 1], stack[count]);
		}
	}
	assert(count == 1);
	return isfinite(stack[0]) ? stack[0] : NAN;
}
