/*
 * Adds a line to the file that its argument names, and ends at once: a program that leaves a trace
 * of each time it came to its end. The letter is its second argument.
 */
#include <fcntl.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char line[2] = {'x', '\n'};
	int fd;

	if (argc < 2)
		return 2;
	if (argc > 2)
		line[0] = argv[2][0];
	fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, line, sizeof(line)) != (ssize_t)sizeof(line))
		return 1;
	return 0;
}
