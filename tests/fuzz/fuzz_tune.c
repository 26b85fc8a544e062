/* Undo journals of tuning, which lie where others might write: whatever stands in one, what would
 * be put back is a value of a file that its setting owns. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/machine/tune_journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char boot[] = "3f0e6c52-7c1d-4f0e-9c53-0a4b1c7d9e21";
	struct tare_arena *arena = tare_arena_new();
	const char *text = tare_arena_strndup(arena, size > 0 ? (const char *)data : "", size);
	struct tare_tune_record record;
	struct tare_err err = {0};

	if (tare_tune_journal_parse(&record, arena, text, size, boot, &err) != TARE_OK) {
		assert(err.text[0] != '\0');
		tare_arena_free(arena);
		return 0;
	}
	for (size_t i = 0; i < record.change_count; i++) {
		const struct tare_tune_change *change = &record.changes[i];

		assert(tare_knob_owns(change->knob, change->path));
		assert(change->old && change->raw);
	}
	tare_arena_free(arena);
	return 0;
}
