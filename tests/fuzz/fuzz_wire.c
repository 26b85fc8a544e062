/*
 * What the agent decodes: descriptions of programs and requests. A description that is taken must
 * be readable to the end of every string.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runners/agent/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t
read_strings(char *const *strings)
{
	size_t len = 0;

	for (; *strings; strings++)
		len += strlen(*strings) + 1;
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* A block of its own of exactly this length, so that one byte too far is found. */
	void *blob = malloc(len > 0 ? len : 1);
	struct tare_wire_view view;

	if (len > 0)
		memcpy(blob, data, len);
	if (tare_wire_request_valid(blob, len))
		assert(len == sizeof(struct tare_wire_request));
	if (tare_wire_program_decode(&view, blob, len)) {
		assert(view.argv[0]);
		assert(read_strings(view.argv) > 0);
		assert(strlen(view.cwd) < len);
		read_strings(view.envp);
	}
	free(blob);
	return 0;
}
