#include "harness/base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Marks a text that vsnprintf() cut, without leaving half a UTF-8 character before the dots. */
static void
mark_cut(char *text, size_t size)
{
	static const char dots[] = "...";
	size_t end = size - sizeof(dots);

	while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
		end--;
	memcpy(text + end, dots, sizeof(dots));
}

/* Through a buffer of its own, so that the arguments may point into err->text. */
static void
store_text(struct tare_err *err, const char *text, bool cut)
{
	size_t len = strlen(text);

	assert(len < sizeof(err->text));
	memcpy(err->text, text, len + 1);
	if (cut)
		mark_cut(err->text, sizeof(err->text));
}

enum tare_status
tare_err_set(struct tare_err *err, enum tare_status status, const char *format, ...)
{
	char text[TARE_ERR_TEXT_MAX];
	va_list args;
	int len;

	if (!err)
		return status;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		text[0] = '\0';
	store_text(err, text, len >= (int)sizeof(text));
	err->status = status;
	return status;
}

enum tare_status
tare_err_errno(struct tare_err *err, enum tare_status status, const char *format, ...)
{
	int number = errno;
	char text[TARE_ERR_TEXT_MAX];
	va_list args;

	if (!err)
		return status;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	tare_err_set(err, status, "%s: %s", text, strerror(number));
	errno = number;
	return status;
}

enum tare_status
tare_err_where(struct tare_err *err, const char *format, ...)
{
	char where[TARE_ERR_TEXT_MAX];
	va_list args;

	if (!err)
		return TARE_OUTSIDE;
	assert(err->status != TARE_OK);
	va_start(args, format);
	if (vsnprintf(where, sizeof(where), format, args) < 0)
		where[0] = '\0';
	va_end(args);
	return tare_err_set(err, err->status, "%s: %s", where, err->text);
}
