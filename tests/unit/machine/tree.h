/*
 * A copy of a recorded machine that tests may change, and what it says.
 *
 * Failures end the test program with a message.
 */
#ifndef TARE_TESTS_UNIT_MACHINE_TREE_H
#define TARE_TESTS_UNIT_MACHINE_TREE_H

/* A copy of tests/machines/NAME, with an empty /run, in a folder of its own; remove it with
 * test_folder_remove(). */
char *tree_copy(const char *name);
/* All files of /sys and /proc in order, "path: text", for comparing; the caller frees it. */
char *tree_text(const char *root);
/* The same, but of a machine that was not copied. */
char *tree_recorded_text(const char *name);
/* Makes the folders that are missing. */
void tree_write(const char *root, const char *path, const char *text);
/* The file without its last newline; the caller frees it. */
char *tree_read(const char *root, const char *path);
/* Whether there is an undo journal. */
int tree_has_journal(const char *root);

#endif
