/* Counts to its argument: so many instructions, each time, on any machine. */
#include <stdlib.h>

int
main(int argc, char **argv)
{
	unsigned long end = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	for (volatile unsigned long i = 0; i < end; i++)
		;
	return 0;
}
