/*
 * YAML documents as trees with positions.
 *
 * tare_yaml_read() turns the bytes of one file into a tree of scalars, lists and mappings, bounded
 * in depth and number of nodes; scalars keep their text as written, so that a version 1.10
 * stays 1.10. Anchors, aliases, tags and further documents are problems. The arena owns the tree.
 * Internal to harness/suite.
 */
#ifndef TARE_SUITE_NODE_H
#define TARE_SUITE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/base/arena.h"

struct tare_problem_list;

/* Where text came from: a file, or an option of the command line. */
struct tare_source {
	const char *name;      /* as messages show it */
	const char *directory; /* absolute; what ${suite_dir} gives in this file */
	unsigned rank;         /* order in which problems are sorted */
	bool is_file;
	dev_t device; /* which file, where is_file */
	ino_t inode;
};

enum tare_node_kind {
	TARE_NODE_SCALAR,
	TARE_NODE_LIST,
	TARE_NODE_MAP,
};

struct tare_node {
	const struct tare_source *source;
	const char *text;        /* scalar: no NUL inside */
	struct tare_node *items; /* list: count items; map: key, value, key, value, ... */
	uint32_t *order;         /* map: pairs sorted by key; NULL where there are few */
	uint32_t count;          /* list: items; map: pairs */
	uint32_t line;           /* from 1; 0 where the source is an option */
	uint32_t column;         /* from 1, in characters */
	uint8_t kind;
	bool plain;         /* scalar without quotes */
	bool has_reference; /* it, or something below it, contains "${" */
	bool unknown;       /* key: no such key in this mapping, which was reported */
	bool bad;           /* a problem was reported: take it as not given, but say no more */
};

/* False where a problem was added that leaves no tree. text[len] is NUL. */
bool tare_yaml_read(struct tare_node **root_out, struct tare_arena *arena,
	struct tare_problem_list *problems, const struct tare_source *source, const char *text,
	size_t len);

/* Pair i of a map. */
struct tare_node *tare_node_key(const struct tare_node *map, size_t i);
struct tare_node *tare_node_value(const struct tare_node *map, size_t i);
/* The value of key in a map, or NULL; logarithmic. */
struct tare_node *tare_node_find(const struct tare_node *map, const char *key);
bool tare_node_is_null(const struct tare_node *node); /* nothing, ~ or null without quotes */
const char *tare_node_kind_name(const struct tare_node *node); /* "a list", "a mapping", ... */

#endif
