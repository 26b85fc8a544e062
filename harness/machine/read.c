#include "harness/machine/read.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/base/text.h"

enum { MACHINE_FILE_MAX = 4 << 20, FOLDER_MAX = 4096 };

static const char unknown[] = "unknown";

char *
tare_read_text(const struct tare_reader *reader, const char *path)
{
	char *full = tare_arena_printf(reader->arena, "%s%s", reader->root, path);
	char *text;

	if (tare_file_read(reader->arena, &text, NULL, full, MACHINE_FILE_MAX, NULL) != TARE_OK)
		return NULL;
	return text;
}

const char *
tare_read_line(const struct tare_reader *reader, const char *path)
{
	char *text = tare_read_text(reader, path);

	if (!text)
		return NULL;
	text += strspn(text, " \t");
	text[strcspn(text, "\n")] = '\0';
	for (size_t len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]); len--)
		text[len - 1] = '\0';
	return *text ? tare_text_safe(reader->arena, text) : NULL;
}

const char *
tare_read_linef(const struct tare_reader *reader, const char *format, ...)
{
	va_list args;
	char *path;

	va_start(args, format);
	path = tare_arena_vprintf(reader->arena, format, args);
	va_end(args);
	return tare_read_line(reader, path);
}

struct tare_bits
tare_read_list(const struct tare_reader *reader, const char *path)
{
	const char *line = tare_read_line(reader, path);
	struct tare_bits bits = {0};

	if (line)
		tare_bits_parse(&bits, line);
	return bits;
}

const char *
tare_read_field(const struct tare_reader *reader, const char *text, const char *key, char separator)
{
	size_t key_len = strlen(key);

	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');

		if (strncmp(line, key, key_len) == 0) {
			const char *value = line + key_len + strspn(line + key_len, " \t");

			if (*value == separator) {
				value += 1 + strspn(value + 1, " \t\"");
				while (end > value && strchr(" \t\r\"", end[-1]))
					end--;
				return tare_text_safe(
					reader->arena, tare_arena_strndup(reader->arena, value,
							       (size_t)(end - value)));
			}
		}
		line = *end ? end + 1 : NULL;
	}
	return NULL;
}

const char *
tare_read_choice(const struct tare_reader *reader, const char *path)
{
	const char *line = tare_read_line(reader, path);
	const char *open = line ? strchr(line, '[') : NULL;
	const char *close = open ? strchr(open, ']') : NULL;

	return close ? tare_arena_strndup(reader->arena, open + 1, (size_t)(close - open - 1))
		     : line;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

size_t
tare_read_folder(const struct tare_reader *reader, const char *path, const char ***names_out)
{
	DIR *folder = opendir(tare_arena_printf(reader->arena, "%s%s", reader->root, path));
	const char **names = tare_arena_alloc(reader->arena, FOLDER_MAX, sizeof(*names));
	struct dirent *entry;
	size_t count = 0;

	while (folder && count < FOLDER_MAX && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.')
			names[count++] = tare_text_safe(reader->arena, entry->d_name);
	}
	if (folder)
		closedir(folder);
	qsort(names, count, sizeof(*names), compare_names);
	*names_out = names;
	return count;
}

void
tare_fact_add(const struct tare_reader *reader, const char *key, const char *value, bool matters)
{
	tare_environment_add(
		reader->environment, reader->arena, key, value ? value : unknown, matters);
}

void
tare_fact_add_known(
	const struct tare_reader *reader, const char *key, const char *value, bool matters)
{
	if (value)
		tare_environment_add(reader->environment, reader->arena, key, value, matters);
}
