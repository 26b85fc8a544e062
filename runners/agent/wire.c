#include "runners/agent/wire.h"

#include <string.h>

_Static_assert(sizeof(char *) == sizeof(uint64_t), "offsets become pointers in place");

/* Turns count offsets and the 0 after them into pointers. */
static bool
relocate(uint64_t *offsets, size_t count, char *blob, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (offsets[i] < sizeof(struct tare_wire_program) || offsets[i] >= len)
			return false;
	}
	if (offsets[count] != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		char *text = blob + offsets[i];

		memcpy(&offsets[i], &text, sizeof(text));
	}
	return true;
}

bool
tare_wire_program_decode(struct tare_wire_view *view_out, void *blob, size_t len)
{
	struct tare_wire_program *program = blob;
	char *text = blob;
	size_t words;

	if (len < sizeof(*program) || len > TARE_WIRE_PROGRAM_MAX)
		return false;
	if (program->magic != TARE_WIRE_MAGIC || program->argc == 0)
		return false;
	if (program->envc < (program->flags & TARE_WIRE_PIN_THREADS ? 2u : 0u) +
				    (program->flags & TARE_WIRE_PADDED ? 1u : 0u))
		return false;
	words = (size_t)program->argc + program->envc + 2;
	/* The last byte ends every string, so none can run out of the description. */
	if (words > (len - sizeof(*program)) / sizeof(uint64_t) || text[len - 1] != '\0')
		return false;
	if (program->cwd < sizeof(*program) || program->cwd >= len)
		return false;
	if (!relocate(program->offsets, program->argc, text, len) ||
		!relocate(program->offsets + program->argc + 1, program->envc, text, len))
		return false;
	view_out->argv = (char *const *)program->offsets;
	view_out->envp = (char **)(program->offsets + program->argc + 1);
	view_out->envc = program->envc;
	view_out->cwd = text + program->cwd;
	view_out->flags = program->flags;
	return true;
}

bool
tare_wire_request_valid(const void *message, size_t len)
{
	struct tare_wire_request request;

	if (len != sizeof(request))
		return false;
	memcpy(&request, message, sizeof(request));
	if (request.op == TARE_WIRE_HELLO || request.op >= TARE_WIRE_OP_COUNT)
		return false;
	if (request.slot >= TARE_WIRE_SLOTS || request.service >= TARE_WIRE_SERVICES)
		return false;
	if (request.place.memory >= TARE_WIRE_MEMORY_COUNT)
		return false;
	if (request.op == TARE_WIRE_COUNT)
		return request.count <= TARE_COUNTERS_MAX && request.targets >= 1 &&
		       request.targets <= TARE_COUNT_CPUS_MAX;
	if (request.op != TARE_WIRE_RUN)
		return true;
	if (request.count == 0 || request.count > TARE_PENDING_SLOTS)
		return false;
	return request.count == 1 || (request.flags & TARE_WIRE_KEEP) != 0;
}

const char tare_wire_padding_name[] = "TARE_PADDING=";

/* The output function of splitmix64 (Steele, Lea, Flood 2014). */
uint32_t
tare_wire_padding(uint64_t seed, uint32_t pair)
{
	uint64_t z = seed + (pair + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) % TARE_WIRE_PADDING_MAX);
}
