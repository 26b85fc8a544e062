#include "harness/base/secret.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PART_MAX = 32 };

/* The value of a name, as found in a text. */
struct value {
	const char *text; /* NULL: there is none, or it may be told */
	size_t len;
};

static const struct value none;

static bool
is_one_of(const char *word, size_t len, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) == len && strncasecmp(words[i], word, len) == 0)
			return true;
	}
	return false;
}

#define IS_ONE_OF(word, len, words) is_one_of(word, len, words, sizeof(words) / sizeof((words)[0]))

static bool
ends_with_one_of(const char *word, size_t len, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t end = strlen(words[i]);

		if (end <= len && strncasecmp(word + len - end, words[i], end) == 0)
			return true;
	}
	return false;
}

/* "apiToken", "api_token" and "api-token" have two parts. */
static size_t
part_len(const char *name, size_t len)
{
	size_t at = 0;

	while (at < len && isalnum((unsigned char)name[at])) {
		if (at > 0 && islower((unsigned char)name[at - 1]) &&
			isupper((unsigned char)name[at]))
			break;
		at++;
	}
	return at;
}

static bool
part_is_secret(const char *part, size_t len, const char *before, size_t before_len)
{
	static const char *const words[] = {"auth", "authorization", "bearer", "cookie", "creds",
		"credential", "jwt", "pass", "passcode", "passwords", "pw", "secrets"};
	static const char *const ends[] = {"token", "secret", "password", "passwd", "passphrase",
		"pwd", "credentials", "apikey", "accesskey", "secretkey", "privatekey"};
	static const char *const keys[] = {"access", "account", "api", "auth", "deploy",
		"encryption", "licence", "license", "master", "private", "secret", "session",
		"shared", "signing", "ssh", "subscription"};

	if (len == 3 && strncasecmp(part, "key", 3) == 0)
		return IS_ONE_OF(before, before_len, keys);
	return IS_ONE_OF(part, len, words) ||
	       ends_with_one_of(part, len, ends, sizeof(ends) / sizeof(ends[0]));
}

/* Numbers of tokens, places of passwords: what a name is about says its last part or its first. */
static bool
part_tells(const char *part, size_t len)
{
	static const char *const words[] = {"budget", "bytes", "count", "counts", "dir", "endpoint",
		"expiry", "file", "files", "folder", "format", "len", "length", "lifetime", "limit",
		"max", "method", "min", "mode", "n", "name", "names", "num", "path", "paths",
		"policy", "prefix", "rate", "size", "timeout", "ttl", "type", "types", "uri",
		"url"};

	return IS_ONE_OF(part, len, words);
}

bool
tare_secret_name(const char *name, size_t len)
{
	const char *before = "";
	size_t before_len = 0;
	bool secret = false;
	bool tells = false;

	for (size_t at = 0; at < len;) {
		size_t part = part_len(name + at, len - at);

		if (part == 0) {
			at++;
			continue;
		}
		tells = part_tells(name + at, part);
		if (tells && before_len == 0)
			return false;
		secret = secret || part_is_secret(name + at, part, before, before_len);
		before = name + at;
		before_len = part;
		at += part;
	}
	return secret && !tells;
}

/* Of these there are switches, numbers and files besides secrets. */
static bool
is_weak_name(const char *name, size_t len)
{
	static const char *const ends[] = {"pass", "pwd", "auth", "cookie", "creds", "credentials"};

	return ends_with_one_of(name, len, ends, sizeof(ends) / sizeof(ends[0]));
}

static bool
may_be_told(const char *name, size_t name_len, const char *value, size_t len)
{
	static const char *const words[] = {"0", "1", "ask", "auto", "basic", "default", "digest",
		"env", "false", "no", "none", "ntlm", "null", "off", "on", "prompt", "stdin",
		"true", "yes", TARE_SECRET_MASK};

	if (len == 0 || value[0] == '$' || IS_ONE_OF(value, len, words))
		return true;
	if (!is_weak_name(name, name_len))
		return false;
	return strchr("/.~", value[0]) || (len <= 3 && strspn(value, "0123456789") >= len);
}

bool
tare_secret_value(const char *name, size_t len, const char *value)
{
	return tare_secret_name(name, len) && !may_be_told(name, len, value, strlen(value));
}

static bool
is_name_character(char character)
{
	return isalnum((unsigned char)character) || (character && strchr("_.-", character));
}

static size_t
name_len(const char *text)
{
	size_t len = 0;

	while (is_name_character(text[len]))
		len++;
	return len;
}

static bool
is_quote(char character)
{
	return character == '"' || character == '\'';
}

/* A quote, with the backslash that may be before it. */
static const char *
skip_quote(const char *at)
{
	if (at[0] == '\\' && is_quote(at[1]))
		return at + 2;
	return is_quote(at[0]) ? at + 1 : at;
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Up to the quote that ends it, or the end of the text. */
static size_t
quoted_len(const char *value, char quote)
{
	size_t len = 0;

	while (value[len] && value[len] != quote &&
		!(value[len] == '\\' && value[len + 1] == quote))
		len++;
	return len;
}

/* "Bearer x" is two words. */
static size_t
plain_len(const char *value)
{
	static const char ends[] = " \t\r\n\"'\\;|&<>()}]";
	static const char *const schemes[] = {"bearer", "basic", "digest", "negotiate", "token"};
	size_t len = strcspn(value, ends);
	const char *more = skip_blanks(value + len);

	if (more > value + len && IS_ONE_OF(value, len, schemes))
		len = (size_t)(more - value) + strcspn(more, ends);
	return len;
}

/* Behind what joins a name to its value: "=", ":", or blanks behind an option. NULL: nothing does.
 */
static const char *
skip_joint(const char *name, size_t len, bool in_quotes)
{
	const char *at = in_quotes ? skip_quote(name + len) : name + len;
	const char *next = skip_blanks(at);

	if (at[0] == '=')
		return at[1] == '=' ? NULL : at + 1;
	if (next[0] == ':')
		return strncmp(next, "://", 3) == 0 ? NULL : skip_blanks(next + 1);
	if (name[0] == '-' && next > at && *next != '-')
		return next;
	return NULL;
}

static bool
is_user_option(const char *name, size_t len)
{
	return (len == 2 && strncmp(name, "-u", 2) == 0) ||
	       (len == 6 && strncmp(name, "--user", 6) == 0);
}

/* What is behind the colon of "user:password"; "1000:1000" is a user and a group. */
static struct value
password_of(const char *value, size_t len)
{
	const char *colon = memchr(value, ':', len);

	if (!colon || colon + 1 == value + len || strspn(value, "0123456789:") >= len ||
		colon[1] == '$')
		return none;
	return (struct value){colon + 1, (size_t)(value + len - colon - 1)};
}

/* What has to be hidden behind the name that begins here, which is in text. */
static struct value
value_of_name(const char *text, const char *name, size_t len)
{
	bool user = is_user_option(name, len);
	char quote = name > text && is_quote(name[-1]) ? name[-1] : '\0';
	const char *joint;
	const char *value;
	size_t value_len;

	if (!user && !tare_secret_name(name, len))
		return none;
	joint = skip_joint(name, len, quote != '\0');
	if (!joint)
		return none;
	value = skip_quote(joint);
	if (value > joint)
		value_len = quoted_len(value, value[-1]);
	else if (quote && skip_quote(name + len) == name + len)
		value_len = quoted_len(value, quote);
	else
		value_len = plain_len(value);
	if (user)
		return password_of(value, value_len);
	if (may_be_told(name, len, value, value_len))
		return none;
	return (struct value){value, value_len};
}

/* Tokens say themselves whose they are. What follows is drawn at random: it has letters of both
 * cases, or of one, and digits. */
static bool
is_known_token(const char *word, size_t len)
{
	static const char *const beginnings[] = {"ghp_", "gho_", "ghs_", "ghu_", "ghr_",
		"github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "xoxs-", "AKIA", "ASIA", "AIza",
		"eyJ", "sk-", "npm_", "pypi-", "hf_"};
	bool upper = false;
	bool digit = false;

	if (len < 20)
		return false;
	for (size_t i = 0; i < len; i++) {
		upper |= isupper((unsigned char)word[i]) != 0;
		digit |= isdigit((unsigned char)word[i]) != 0;
	}
	for (size_t i = 0; upper && digit && i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (strncmp(word, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

/* "://user:password@": the password. */
static struct value
password_of_url(const char *url)
{
	size_t len = strcspn(url + 3, "/?# \t\r\n\"'<>");
	const char *at = memrchr(url + 3, '@', len);
	const char *colon = at ? memchr(url + 3, ':', (size_t)(at - url - 3)) : NULL;

	if (!colon || colon + 1 == at || colon[1] == '$')
		return none;
	return (struct value){colon + 1, (size_t)(at - colon - 1)};
}

/* Prints a step of the text; returns its end. */
static const char *
print_step(FILE *out, const char *text, const char *at)
{
	bool begins = is_name_character(*at) && (at == text || !is_name_character(at[-1]));
	size_t len = begins ? name_len(at) : 1;
	struct value value = none;

	if (begins && is_known_token(at, len))
		value = (struct value){at, len};
	else if (begins)
		value = value_of_name(text, at, len);
	else if (strncmp(at, "://", 3) == 0)
		value = password_of_url(at);
	if (!value.text) {
		fwrite(at, 1, len, out);
		return at + len;
	}
	fwrite(at, 1, (size_t)(value.text - at), out);
	fputs(TARE_SECRET_MASK, out);
	return value.text + value.len;
}

const char *
tare_secret_mask_text(struct tare_arena *arena, const char *text)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	const char *copy;

	if (!out)
		abort();
	for (const char *at = text; *at;)
		at = print_step(out, text, at);
	if (fclose(out))
		abort();
	copy = tare_arena_strdup(arena, bytes);
	free(bytes);
	return copy;
}

/* -c, -lc, -ec: of a shell. */
static bool
takes_script(const char *option)
{
	size_t len = strlen(option);

	return len >= 2 && len <= 4 && option[0] == '-' && option[1] != '-' &&
	       option[len - 1] == 'c';
}

static struct value
value_of_option(const char *option, const char *word)
{
	size_t len = strlen(option);
	size_t word_len = strlen(word);

	if (option[0] != '-' || word[0] == '-' || name_len(option) != len)
		return none;
	if (is_user_option(option, len))
		return password_of(word, word_len);
	if (!tare_secret_name(option, len) || may_be_told(option, len, word, word_len))
		return none;
	return (struct value){word, word_len};
}

/* "--token=a b": all that follows, for it is one word. */
static struct value
value_of_word(const char *word)
{
	size_t len = name_len(word);
	const char *value = skip_joint(word, len, false);

	if (!value ||
		(value[-1] != '=' && !memchr(word + len, ':', (size_t)(value - word) - len)) ||
		!tare_secret_name(word, len) || may_be_told(word, len, value, strlen(value)))
		return none;
	return (struct value){value, strlen(value)};
}

const char *
tare_secret_mask_word(struct tare_arena *arena, const char *before, const char *word)
{
	struct value value = none;

	if (!takes_script(before)) {
		value = value_of_option(before, word);
		if (!value.text)
			value = value_of_word(word);
	}
	if (!value.text)
		return tare_secret_mask_text(arena, word);
	return tare_arena_printf(arena, "%.*s%s%s", (int)(value.text - word), word,
		TARE_SECRET_MASK, value.text + value.len);
}
