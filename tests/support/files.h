/*
 * Files for tests: a temporary folder, whole files, whole streams.
 *
 * Failures end the test program with a message: a test cannot go on without its files. Returned
 * text is the caller's to free().
 */
#ifndef TARE_TESTS_SUPPORT_FILES_H
#define TARE_TESTS_SUPPORT_FILES_H

#include <stddef.h>

/* Makes an empty folder of its own under TMPDIR (else /tmp); the caller frees the path. */
char *test_folder_make(void);
/* Removes it and all that is in it, and frees the path. */
void test_folder_remove(char *path);
/* "folder/name"; the caller frees it. */
char *test_path(const char *folder, const char *name);

void test_file_write(const char *path, const void *data, size_t len);
/* "folder/name", where name may have folders that are made. */
void test_file_put(const char *folder, const char *name, const char *text);
/* The bytes, NUL-terminated; len_out may be NULL. */
char *test_file_read(const char *path, size_t *len_out);

#endif
