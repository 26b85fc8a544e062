#include "tests/unit/machine/tree.h"

#include <err.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "tests/support/files.h"

static int
by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

static FTS *
open_tree(char *root)
{
	char *const roots[] = {root, NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);

	if (!tree)
		err(1, "%s", root);
	return tree;
}

char *
tree_copy(const char *name)
{
	char *from = test_path("tests/machines", name);
	char *to = test_folder_make();
	FTS *tree = open_tree(from);
	FTSENT *entry;

	while ((entry = fts_read(tree)) != NULL) {
		char *path = test_path(to, entry->fts_path + strlen(from));
		size_t len;
		char *text;

		if (entry->fts_info == FTS_D && entry->fts_level > 0 && mkdir(path, 0755) != 0)
			err(1, "%s", path);
		if (entry->fts_info == FTS_F) {
			text = test_file_read(entry->fts_path, &len);
			test_file_write(path, text, len);
			free(text);
		}
		free(path);
	}
	fts_close(tree);
	free(from);
	from = test_path(to, "run");
	if (mkdir(from, 0755) != 0)
		err(1, "%s", from);
	free(from);
	return to;
}

static void
print_part(FILE *out, const char *root, const char *part)
{
	char *top = test_path(root, part);
	FTS *tree = open_tree(top);
	FTSENT *entry;

	while ((entry = fts_read(tree)) != NULL) {
		char *text;

		if (entry->fts_info != FTS_F)
			continue;
		text = test_file_read(entry->fts_path, NULL);
		fprintf(out, "%s: %s", entry->fts_path + strlen(root), text);
		free(text);
	}
	fts_close(tree);
	free(top);
}

char *
tree_text(const char *root)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		err(1, "open_memstream");
	print_part(out, root, "proc");
	print_part(out, root, "sys");
	fclose(out);
	return text;
}

char *
tree_recorded_text(const char *name)
{
	char *root = test_path("tests/machines", name);
	char *text = tree_text(root);

	free(root);
	return text;
}

void
tree_write(const char *root, const char *path, const char *text)
{
	char *full = test_path(root, path);
	char *slash = strrchr(full, '/');
	struct tare_err reason = {0};

	*slash = '\0';
	if (tare_dir_make(full, &reason) != TARE_OK)
		errx(1, "%s", reason.text);
	*slash = '/';
	test_file_write(full, text, strlen(text));
	free(full);
}

char *
tree_read(const char *root, const char *path)
{
	char *full = test_path(root, path);
	char *text = test_file_read(full, NULL);

	text[strcspn(text, "\n")] = '\0';
	free(full);
	return text;
}

int
tree_has_journal(const char *root)
{
	char *path = test_path(root, "run/tare/tune.ndjson");
	int there = access(path, F_OK) == 0;

	free(path);
	return there;
}
