/* The command line: any words are taken or refused, by the tables of every command. The first byte
 * chooses the command; words end at line ends. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/cli/command.h"

enum { WORDS_MAX = 600 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tare_arena *arena = tare_arena_new();
	char name[] = "command";
	char *words[WORDS_MAX + 2] = {name};
	size_t commands = 0;
	int count = 1, first = 0;
	bool help = false;
	struct tare_err err = {0};
	char *text, *word;
	void *line;

	while (tare_commands[commands])
		commands++;
	if (size > 0) {
		const struct tare_command *command = tare_commands[data[0] % commands];

		text = tare_arena_strndup(arena, (const char *)data + 1, size - 1);
		while (count <= WORDS_MAX && (word = strsep(&text, "\n")) != NULL)
			words[count++] = word;
		line = tare_xcalloc(1, command->line_size + 1);
		if (tare_options_parse(line, &first, &help, count, words, command->tables, &err) ==
			TARE_OK)
			assert(help || (first >= 1 && first <= count));
		else
			assert(err.text[0]);
		free(line);
	}
	tare_arena_free(arena);
	return 0;
}
