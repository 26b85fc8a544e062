/* Regular expressions: what passes the check compiles, quickly, and so does what is read from it.
 */
#include <assert.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/suite/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tare_arena *arena = tare_arena_new();
	char *text = tare_arena_strndup(arena, size > 0 ? (const char *)data : "", size);
	struct tare_pattern pattern;
	uint64_t cost = 0;
	regex_t compiled;

	if (tare_pattern_check(&cost, text, NULL) == TARE_OK) {
		tare_pattern_read(&pattern, arena, text);
		assert(strlen(pattern.text) <= 5 * strlen(text)); /* [\w] becomes [[:alnum:]_] */
		assert(regcomp(&compiled, pattern.text, REG_EXTENDED | REG_NEWLINE) == 0);
		assert(pattern.group <= compiled.re_nsub);
		regfree(&compiled);
	}
	tare_arena_free(arena);
	return 0;
}
