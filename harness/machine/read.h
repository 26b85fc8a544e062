/*
 * Reading a machine: files under a root, and facts into an environment.
 *
 * What the files of describe.c share. Texts live in the arena; what cannot be read is NULL.
 * Internal to harness/machine.
 */
#ifndef TARE_MACHINE_READ_H
#define TARE_MACHINE_READ_H

#include "harness/base/arena.h"
#include "harness/base/bits.h"
#include "harness/model/environment.h"

struct tare_reader {
	struct tare_arena *arena;
	const char *root; /* "" for this machine */
	struct tare_environment *environment;
};

char *tare_read_text(const struct tare_reader *reader, const char *path);
/* The first line without the blanks around it; NULL where it is empty. */
const char *tare_read_line(const struct tare_reader *reader, const char *path);
/* As above; the path is made as by printf. */
const char *tare_read_linef(const struct tare_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A list of the kernel's; empty where there is none. */
struct tare_bits tare_read_list(const struct tare_reader *reader, const char *path);
/* The value of the first line "key<separator>value", without quotes around it. */
const char *tare_read_field(
	const struct tare_reader *reader, const char *text, const char *key, char separator);
/* The choice in brackets of "always [madvise] never", or the line itself. */
const char *tare_read_choice(const struct tare_reader *reader, const char *path);
/* Names in a folder without those that begin with a dot, in order. Returns how many. */
size_t tare_read_folder(
	const struct tare_reader *reader, const char *path, const char ***names_out);

/* A NULL value is "unknown". */
void tare_fact_add(
	const struct tare_reader *reader, const char *key, const char *value, bool matters);
/* A NULL value is left out: what many machines do not have. */
void tare_fact_add_known(
	const struct tare_reader *reader, const char *key, const char *value, bool matters);

#endif
