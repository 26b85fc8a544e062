#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/secret.h"
#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/list.h"
#include "report/report.h"
#include "report/table.h"

/* A file or a pipe has room for names that a terminal would cut. */
enum { PIPE_WIDTH = 160, FAILURES_MAX = 16 };
/* Help is for terminals, also for those of the usual width. */
enum { HELP_WIDTH = 80, USAGE_MAX = 256 };

volatile sig_atomic_t tare_interrupted;
char **tare_words;

static const struct tare_command *
find_command(const char *name)
{
	for (const struct tare_command *const *at = tare_commands; *at; at++) {
		if (strcmp((*at)->name, name) == 0)
			return *at;
	}
	return NULL;
}

void
tare_help_print(FILE *out)
{
	fputs("Usage: tare COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Runs benchmarks that are described in YAML suites, compares releases, keeps the\n"
	      "history, and tells a pipeline whether a change made things slower.\n\n"
	      "Commands:\n",
		out);
	for (const struct tare_command *const *at = tare_commands; *at; at++)
		fprintf(out, "  %-10s %s\n", (*at)->name, (*at)->summary);
	fputs("\n  tare COMMAND --help       the options of a command\n"
	      "  tare --version            the version\n\n"
	      "Exit codes:\n"
	      "    0  fine\n"
	      "    1  a regression past the gate\n"
	      "    2  inconclusive where the gate wants a decision\n"
	      "    3  the suite or the command line is wrong\n"
	      "    4  a benchmark failed\n"
	      "    5  the machine, the store or another outside part failed\n"
	      "  130  interrupted\n",
		out);
}

static void
command_help_print(FILE *out, const struct tare_command *command)
{
	char usage[USAGE_MAX];

	snprintf(usage, sizeof(usage), "%s %s", command->name, command->usage);
	fputs("Usage: tare ", out);
	tare_display_wrapped(out, usage, strlen("Usage: tare "), HELP_WIDTH);
	fprintf(out, "\n%c%s.\n", toupper((unsigned char)command->summary[0]),
		command->summary + 1);
	if (command->detail)
		fprintf(out, "\n%s\n", command->detail);
	fputs("\nOptions:\n", out);
	tare_options_print(out, command->tables);
}

static enum tare_status
unknown_command(const char *name, struct tare_err *err)
{
	const char *names[32];
	const char *near;
	size_t count = 0;

	for (const struct tare_command *const *at = tare_commands; *at; at++)
		names[count++] = (*at)->name;
	names[count++] = "--help";
	names[count++] = "--version";
	near = tare_text_nearest(name, names, count);
	if (near)
		return tare_err_set(err, TARE_INVALID,
			"there is no command '%s'; did you mean 'tare %s'?", name, near);
	return tare_err_set(
		err, TARE_INVALID, "there is no command '%s'; tare --help lists them", name);
}

enum tare_status
tare_command_run(int argc, char **argv, int *exit_code_out, struct tare_err *err)
{
	const struct tare_command *command = find_command(argv[0]);
	bool help = false;
	int first = argc;
	enum tare_status status;
	void *line;

	if (!command)
		return unknown_command(argv[0], err);
	line = tare_xcalloc(1, command->line_size + 1);
	status = tare_options_parse(line, &first, &help, argc, argv, command->tables, err);
	if (status == TARE_OK && help)
		command_help_print(stdout, command);
	else if (status == TARE_OK)
		status = command->run(line, argv + first, exit_code_out, err);
	free(line);
	return status;
}

int
tare_status_exit_code(enum tare_status status)
{
	switch (status) {
	case TARE_OK:
		return TARE_EXIT_OK;
	case TARE_INVALID:
	case TARE_NOT_FOUND:
		return TARE_EXIT_INVALID;
	case TARE_FAILED:
		return TARE_EXIT_FAILED;
	case TARE_INTERRUPTED:
		return TARE_EXIT_INTERRUPTED;
	case TARE_OUTSIDE:
	case TARE_UNSUPPORTED:
		break;
	}
	return TARE_EXIT_OUTSIDE;
}

static void
note_signal(int number)
{
	(void)number;
	tare_interrupted = tare_interrupted % 100 + 1;
}

/* Without SA_RESTART, so that a wait for the agent wakes up. Each signal changes the value, so that
 * a second one can stop what the first began. */
void
tare_signals_catch(void)
{
	struct sigaction action = {.sa_handler = note_signal};
	struct sigaction before;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGHUP);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Under nohup it stays ignored. */
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	/* What cannot be written is an error like another: of a pipe, and past a limit. */
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGXFSZ, &action, NULL);
}

void
tare_problems_print(const struct tare_problems *problems, const char *file, struct tare_err *err)
{
	if (problems->total < 2)
		return;
	for (size_t i = 0; i < problems->count; i++) {
		tare_text_print_safe(stderr, problems->texts[i], false);
		fputc('\n', stderr);
	}
	if (problems->total > problems->count)
		fprintf(stderr, "... and %zu more\n", problems->total - problems->count);
	if (err->status == TARE_UNSUPPORTED)
		tare_err_set(err, TARE_UNSUPPORTED,
			"this machine is not what %s requires, in %zu respects", file,
			problems->total);
	else
		tare_err_set(err, TARE_INVALID, "%s has %zu problems", file, problems->total);
}

void
tare_place_strip(char *text, const char *name)
{
	size_t len = strlen(name);
	char *at = text + len;

	if (strncmp(text, name, len) != 0)
		return;
	for (int part = 0; part < 2; part++) {
		if (*at != ':' || strspn(at + 1, "0123456789") == 0)
			return;
		at += 1 + strspn(at + 1, "0123456789");
	}
	if (at[0] == ':' && at[1] == ' ')
		memmove(text, at + 2, strlen(at + 2) + 1);
}

void
tare_streams_secure(void)
{
	for (int fd = 0; fd < 3; fd++) {
		/* The lowest free number; opened the other way round, so that use is an error. */
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(TARE_EXIT_OUTSIDE);
	}
}

enum tare_status
tare_report_request_add(
	struct tare_session *session, const char *format, const char *path, struct tare_err *err)
{
	struct tare_session_options *options = &session->options;
	const char *names[32];
	const char *near;
	size_t count = 0;

	if (options->report_count == TARE_REPORTS_MAX)
		return tare_err_set(
			err, TARE_INVALID, "more than %d reports are asked for", TARE_REPORTS_MAX);
	if (!tare_reporter_find(format)) {
		for (; tare_reporters[count]; count++)
			names[count] = tare_reporters[count]->name;
		near = tare_text_nearest(format, names, count);
		return tare_err_set(err, TARE_INVALID,
			"there is no report '%s'; %s%s%stare list reports names them", format,
			near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
	}
	if (strcmp(path, "-") != 0 && tare_new_file_check(path, err) != TARE_OK)
		return tare_err_where(err, "--report %s", format);
	options->reports[options->report_count++] =
		(struct tare_report_request){.format = format, .path = path};
	return TARE_OK;
}

enum tare_status
tare_reports_request(
	struct tare_session *session, const struct tare_texts *requests, struct tare_err *err)
{
	for (size_t i = 0; i < requests->count; i++) {
		const char *text = requests->items[i];
		const char *equals = strchr(text, '=');
		enum tare_status status;

		if (!equals || !equals[1])
			return tare_err_set(err, TARE_INVALID,
				"--report '%s' names no file; expected FORMAT=PATH, like "
				"html=report.html",
				text);
		status = tare_report_request_add(session,
			tare_arena_strndup(session->arena, text, (size_t)(equals - text)),
			equals + 1, err);
		if (status != TARE_OK)
			return status;
	}
	return TARE_OK;
}

static int
columns_of(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

void
tare_terminal_inspect(struct tare_session *session)
{
	struct tare_session_options *options = &session->options;
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool dumb = !term || strcmp(term, "dumb") == 0;

	options->progress = stderr;
	options->progress_terminal = isatty(STDERR_FILENO) && !dumb;
	options->progress_width = columns_of(STDERR_FILENO);
	options->color = isatty(STDOUT_FILENO) && !dumb && (!no_color || !*no_color);
	options->width = isatty(STDOUT_FILENO) ? columns_of(STDOUT_FILENO) : PIPE_WIDTH;
}

/* One in the line of the error, several in lines of their own before it. */
static void
say_failures(const struct tare_run *run, struct tare_err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *one = &run->cases[i];

		if (one->status == TARE_CASE_FAILED && count++ == 0)
			tare_err_set(err, TARE_FAILED, "%s: %s", one->name, one->failure);
	}
	if (count < 2)
		return;
	tare_err_set(err, TARE_FAILED, "%zu of %zu cases failed", count, run->case_count);
	for (size_t i = 0, said = 0; i < run->case_count && said < FAILURES_MAX; i++) {
		const struct tare_run_case *one = &run->cases[i];

		if (one->status != TARE_CASE_FAILED)
			continue;
		tare_text_print_safe(stderr, one->name, false);
		fputs(": ", stderr);
		tare_text_print_safe(stderr, one->failure, false);
		fputc('\n', stderr);
		said++;
	}
	if (count > FAILURES_MAX)
		fprintf(stderr, "... and %zu more\n", count - FAILURES_MAX);
}

/* Without a summary the reason for the exit code is still said. */
static void
say_why(const struct tare_session *session, struct tare_err *err)
{
	if (session->gate.result == TARE_GATE_FAILED ||
		session->gate.result == TARE_GATE_UNDECIDED) {
		tare_err_set(err, TARE_OK, "%s", session->gate.sentence);
		return;
	}
	say_failures(session->run, err);
	if (session->interrupted && err->status == TARE_OK)
		tare_err_set(err, TARE_INTERRUPTED, "interrupted");
}

int
tare_session_exit_code(const struct tare_session *session, struct tare_err *err)
{
	if (session->options.quiet)
		say_why(session, err);
	if (session->deferred.status != TARE_OK)
		*err = session->deferred;
	if (session->interrupted)
		return TARE_EXIT_INTERRUPTED;
	/* What is missing could have been anything. */
	if (session->broke_down)
		return TARE_EXIT_OUTSIDE;
	if (session->gate.result == TARE_GATE_FAILED)
		return TARE_EXIT_REGRESSION;
	if (tare_session_has_failed_case(session))
		return TARE_EXIT_FAILED;
	if (session->deferred.status != TARE_OK)
		return TARE_EXIT_OUTSIDE;
	if (session->gate.result == TARE_GATE_UNDECIDED)
		return TARE_EXIT_INCONCLUSIVE;
	return TARE_EXIT_OK;
}

char *
tare_command_line(struct tare_arena *arena, const char *name, char **words)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const char *before = "";
	char *copy;

	if (!out)
		abort();
	fputs(name, out);
	for (; *words; before = *words++) {
		fputc(' ', out);
		tare_text_shell_quote(out, tare_secret_mask_word(arena, before, *words));
	}
	fclose(out);
	copy = tare_arena_strdup(arena, text);
	free(text);
	return copy;
}

enum tare_status
tare_format_parse(bool *json_out, const char *text, struct tare_err *err)
{
	bool json = text && strcmp(text, "json") == 0;

	if (text && !json && strcmp(text, "text") != 0)
		return tare_err_set(err, TARE_INVALID,
			"--format '%s' is not known; expected text or json", text);
	*json_out = json;
	return TARE_OK;
}

enum tare_status
tare_suite_operand(char **path_out, const char *command, char **operands, struct tare_err *err)
{
	static char usual[] = "tare.yaml";

	if (operands[0]) {
		*path_out = operands[0];
		return TARE_OK;
	}
	if (access(usual, F_OK) != 0)
		return tare_err_set(err, TARE_INVALID,
			"tare %s is given no suite, and there is no %s here; expected a suite "
			"file; "
			"see tare %s --help",
			command, usual, command);
	*path_out = usual;
	return TARE_OK;
}

enum tare_status
tare_operands_check(
	const char *command, char **operands, size_t min, size_t max, struct tare_err *err)
{
	const struct tare_command *found = find_command(command);
	size_t count = 0;

	while (operands[count])
		count++;
	if (count < min)
		return tare_err_set(err, TARE_INVALID,
			"tare %s needs %s%s%s%s%s; see tare %s --help", command,
			min == 1 ? "an argument" : "two arguments", found ? ": tare " : "",
			found ? command : "", found ? " " : "", found ? found->usage : "", command);
	if (count > max)
		return tare_err_set(err, TARE_INVALID,
			"tare %s does not know what to do with '%s'; see tare %s --help", command,
			operands[max], command);
	return TARE_OK;
}
