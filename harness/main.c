#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"

static void
print_error(const struct tare_err *err)
{
	fputs("tare: ", stderr);
	tare_text_print_safe(stderr, err->text, false);
	fputc('\n', stderr);
}

int
main(int argc, char **argv)
{
	struct tare_err err = {0};
	int exit_code = TARE_EXIT_OK;
	enum tare_status status = TARE_OK;

	tare_streams_secure();
	tare_words = argv;
	if (argc < 2) {
		tare_help_print(stderr);
		return TARE_EXIT_INVALID;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 ||
		strcmp(argv[1], "version") == 0)
		puts("tare " TARE_VERSION);
	else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		tare_help_print(stdout);
	else
		status = tare_command_run(argc - 1, argv + 1, &exit_code, &err);
	/* A report that could not be written there has said so already. */
	if (status == TARE_OK && !err.text[0] && (fflush(stdout) != 0 || ferror(stdout)))
		status = tare_err_errno(&err, TARE_OUTSIDE, "cannot write to standard output");
	if (err.text[0])
		print_error(&err);
	return exit_code != TARE_EXIT_OK ? exit_code : tare_status_exit_code(status);
}
