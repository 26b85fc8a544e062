#include "tests/support/files.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/file.h"

char *
test_path(const char *folder, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		err(1, "asprintf");
	return path;
}

char *
test_folder_make(void)
{
	const char *parent = getenv("TMPDIR");
	char *path = test_path(parent && parent[0] ? parent : "/tmp", "tare-test-XXXXXX");

	if (!mkdtemp(path))
		err(1, "mkdtemp %s", path);
	return path;
}

void
test_folder_remove(char *path)
{
	struct tare_err error;

	if (tare_dir_remove(path, &error) != TARE_OK)
		errx(1, "%s", error.text);
	free(path);
}

void
test_file_write(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(data, 1, len, file) != len || fclose(file) != 0)
		err(1, "%s", path);
}

void
test_file_put(const char *folder, const char *name, const char *text)
{
	char *path = test_path(folder, name);
	char *end = strrchr(path, '/');
	struct tare_err error;

	*end = '\0';
	if (tare_dir_make(path, &error) != TARE_OK)
		errx(1, "%s", error.text);
	*end = '/';
	test_file_write(path, text, strlen(text));
	free(path);
}

char *
test_file_read(const char *path, size_t *len_out)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_err error;
	char *text = NULL;
	size_t len = 0;
	char *copy;

	if (tare_file_read(arena, &text, &len, path, SIZE_MAX / 4, &error) != TARE_OK)
		errx(1, "%s", error.text);
	copy = tare_xmalloc(len + 1);
	memcpy(copy, text, len + 1);
	tare_arena_free(arena);
	if (len_out)
		*len_out = len;
	return copy;
}
