/*
 * tare-probe N: a program whose work is known. It takes N steps of a chain of multiplications, each
 * of which waits for the one before, touches no memory and writes nothing; N and half as many more
 * take half as long again. `tare selftest` measures it against itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	uint64_t state = 0x9e3779b97f4a7c15u, steps = 0;
	volatile uint64_t kept;
	char *end = NULL;

	errno = 0;
	if (argc == 2 && argv[1][0] >= '0' && argv[1][0] <= '9')
		steps = strtoumax(argv[1], &end, 10);
	if (steps == 0 || errno || *end) {
		fputs("usage: tare-probe STEPS\n", stderr);
		return 2;
	}
	for (; steps > 0; steps--)
		state = state * 6364136223846793005u + 1442695040888963407u;
	/* Or the compiler would leave the steps out. */
	kept = state;
	(void)kept;
	return 0;
}
