/* Texts of strangers on their way to a terminal or a record: what is made safe is UTF-8 on one
 * line without control characters, and scrubbing ends. */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/secret.h"
#include "harness/base/text.h"
#include "harness/machine/scrub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was masked has nothing left to mask. */
static void
check_masking(struct tare_arena *arena, const char *text)
{
	const char *once = tare_secret_mask_text(arena, text);

	assert(strlen(once) <= strlen(text) + 3 * strlen(text));
	tare_secret_mask_word(arena, "", text);
	tare_secret_mask_word(arena, "-c", text);
	tare_secret_mask_word(arena, "--token", text);
	tare_secret_mask_word(arena, text, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tare_arena *arena = tare_arena_new();
	char *text = tare_arena_strndup(arena, size > 0 ? (const char *)data : "", size);
	char *middle = text + strlen(text) / 2;
	const char *candidates[] = {"benchmark", "variants", text};
	char *safe = tare_text_safe(arena, text);
	size_t len = strlen(safe);

	assert(tare_utf8_check(safe, len) == len);
	for (size_t i = 0; i < len; i++)
		assert(!iscntrl((unsigned char)safe[i]));
	if (len < 200)
		tare_text_nearest(text, candidates, 2);
	tare_scrub_command_line(arena, text);
	check_masking(arena, text);
	if (size > 4000) {
		tare_arena_free(arena);
		return 0;
	}
	*middle = '\0';
	tare_text_glob(text, strlen(text) < size ? middle + 1 : "");
	tare_arena_free(arena);
	return 0;
}
