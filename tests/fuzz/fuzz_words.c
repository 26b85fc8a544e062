/* Command lines: any text is split or refused, and words that are quoted are split again into
 * themselves. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
quote(char *const *words)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	for (; *words; words++) {
		tare_text_shell_quote(out, *words);
		fputc(' ', out);
	}
	fclose(out);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tare_arena *arena = tare_arena_new();
	char *text = tare_arena_strndup(arena, size > 0 ? (const char *)data : "", size);
	char **words = NULL, **again = NULL;
	size_t count = 0, again_count = 0;

	if (tare_text_shell_split(arena, &words, &count, text, NULL) == TARE_OK) {
		char *quoted = quote(words);

		assert(tare_text_shell_split(arena, &again, &again_count, quoted, NULL) == TARE_OK);
		assert(again_count == count);
		for (size_t i = 0; i < count; i++)
			assert(strcmp(words[i], again[i]) == 0);
		free(quoted);
	}
	tare_arena_free(arena);
	return 0;
}
