/*
 * tare-weight KIND COUNT [PLACE]: a program that does a known amount of one kind of work, and with
 * which `tare calibrate` finds out what a container weighs. KIND nothing does none of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/weight/work.h"

static const uint64_t count_max = 1000000;

static bool
work_nothing(uint64_t count)
{
	(void)count;
	return true;
}

static const struct {
	const char *name;
	bool (*work)(uint64_t count);
} kinds[] = {
	{"nothing", work_nothing},
	{"integer", work_integer},
	{"floating", work_floating},
	{"bandwidth", work_bandwidth},
	{"chase", work_chase},
	{"faults", work_faults},
	{"call", work_call},
	{"argument", work_argument},
	{"pipe", work_pipe},
	{"spawn", work_spawn},
	{"loopback", work_loopback},
};

static bool
read_count(uint64_t *count_out, const char *text)
{
	char *end = NULL;

	errno = 0;
	*count_out = text[0] >= '0' && text[0] <= '9' ? strtoumax(text, &end, 10) : 0;
	return *count_out > 0 && *count_out <= count_max && errno == 0 && *end == '\0';
}

static bool
do_work(bool *known_out, const char *kind, uint64_t count, const char *place)
{
	*known_out = true;
	if (strcmp(kind, "file") == 0 && place)
		return work_file(count, place);
	if (strcmp(kind, "connect") == 0 && place)
		return work_connect(count, place);
	for (size_t i = 0; !place && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kind, kinds[i].name) == 0)
			return kinds[i].work(count);
	}
	*known_out = false;
	return false;
}

int
main(int argc, char **argv)
{
	bool known = false, done = false;
	uint64_t count = 0;

	if ((argc == 3 || argc == 4) && read_count(&count, argv[2]))
		done = do_work(&known, argv[1], count, argv[3]);
	if (!known) {
		fputs("usage: tare-weight KIND COUNT, or tare-weight file COUNT FOLDER, or "
		      "tare-weight connect COUNT ADDRESS\n",
			stderr);
		return 2;
	}
	if (!done)
		fprintf(stderr, "tare-weight: %s: %s\n", argv[1], strerror(errno));
	return done ? 0 : 1;
}
