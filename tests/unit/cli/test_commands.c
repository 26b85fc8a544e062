#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/cli/command.h"
#include "tests/support/files.h"

enum { WORDS_MAX = 24 };

static char *folder;

/* What a command said and did. */
static struct {
	char *out;
	char *errors;
	struct tare_err err;
	enum tare_status status;
	int code;
} got;

static int
redirect(int fd, const char *name)
{
	int kept = dup(fd);
	int file = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_true(kept >= 0 && file >= 0);
	fflush(NULL);
	dup2(file, fd);
	close(file);
	return kept;
}

static void
restore(int fd, int kept)
{
	fflush(NULL);
	clearerr(fd == STDOUT_FILENO ? stdout : stderr);
	dup2(kept, fd);
	close(kept);
}

/* tare with these words, as main would run it; code is the exit code. */
static int
tare(const char *words_text)
{
	static char copy[2048];
	static char *words[WORDS_MAX];
	size_t count = 0;
	int out, errors;

	free(got.out);
	free(got.errors);
	got.err = (struct tare_err){0};
	got.code = 0;
	snprintf(copy, sizeof(copy), "tare|%s", words_text);
	for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|")) {
		assert_true(count + 1 < WORDS_MAX);
		words[count++] = word;
	}
	words[count] = NULL;
	tare_words = words;
	out = redirect(STDOUT_FILENO, "stdout.txt");
	errors = redirect(STDERR_FILENO, "stderr.txt");
	got.status = tare_command_run((int)count - 1, words + 1, &got.code, &got.err);
	restore(STDOUT_FILENO, out);
	restore(STDERR_FILENO, errors);
	got.out = test_file_read("stdout.txt", NULL);
	got.errors = test_file_read("stderr.txt", NULL);
	return got.code ? got.code : tare_status_exit_code(got.status);
}

static void
write_suite(const char *name, const char *text)
{
	test_file_write(name, text, strlen(text));
}

static const char steady[] =
	"suite: steady\n"
	"benchmarks:\n"
	"  - name: x\n"
	"    runner: replay\n"
	"    invocations: 12\n"
	"    replay: {wall: {distribution: normal, center: 10ms, spread: 1%}}\n";
static const char slower[] =
	"suite: slower\n"
	"defaults: {runner: replay, invocations: 12}\n"
	"benchmarks:\n"
	"  - name: x\n"
	"    variants:\n"
	"      - {name: a, replay: {wall: {distribution: normal, center: 10ms, spread: 0.5%}}}\n"
	"      - {name: b, replay: {wall: {distribution: normal, center: 12ms, spread: 0.5%}}}\n";
static const char noisy[] =
	"suite: noisy\n"
	"benchmarks:\n"
	"  - name: x\n"
	"    runner: replay\n"
	"    invocations: 6\n"
	"    variants:\n"
	"      - {name: a, replay: {wall: [20ms, 31ms, 19ms, 24ms, 38ms, 22ms]}}\n"
	"      - {name: b, replay: {wall: [23ms, 19ms, 36ms, 21ms, 27ms, 33ms]}}\n";
static const char wrong[] = "suite: wrong\n"
			    "benchmarks:\n"
			    "  - name: x\n"
			    "    comand: x\n"
			    "    timeot: 3\n";

static int
in_folder(void **state)
{
	(void)state;
	folder = test_folder_make();
	if (chdir(folder) != 0)
		return -1;
	write_suite("steady.yaml", steady);
	write_suite("slower.yaml", slower);
	write_suite("noisy.yaml", noisy);
	write_suite("wrong.yaml", wrong);
	unsetenv("TARE_STORE");
	unsetenv("CI");
	return 0;
}

static int
out_of_folder(void **state)
{
	(void)state;
	free(got.out);
	free(got.errors);
	got.out = got.errors = NULL;
	if (chdir("/") != 0)
		return -1;
	test_folder_remove(folder);
	return 0;
}

static void
assert_said(const char *where, const char *text)
{
	if (!strstr(where, text))
		assert_string_equal(where, text);
}

static void
an_unknown_command_is_told_what_is_near(void **state)
{
	(void)state;
	assert_int_equal(tare("rnu"), 3);
	assert_string_equal(got.err.text, "there is no command 'rnu'; did you mean 'tare run'?");
	assert_int_equal(tare("frobnicate"), 3);
	assert_string_equal(
		got.err.text, "there is no command 'frobnicate'; tare --help lists them");
}

static void
every_command_has_help(void **state)
{
	(void)state;
	for (const struct tare_command *const *at = tare_commands; *at; at++) {
		char words[64];

		snprintf(words, sizeof(words), "%s|--help", (*at)->name);
		assert_int_equal(tare(words), 0);
		snprintf(words, sizeof(words), "Usage: tare %s", (*at)->name);
		assert_memory_equal(got.out, words, strlen(words));
		assert_said(got.out, "  -h, --help");
	}
	assert_int_equal(tare("help|run"), 0);
	assert_memory_equal(got.out, "Usage: tare run", 15);
}

static void
operands_are_counted(void **state)
{
	(void)state;
	assert_int_equal(tare("run"), 3);
	assert_string_equal(got.err.text,
		"tare run is given no suite, and there is no tare.yaml here; expected a suite "
		"file; see tare run --help");
	assert_int_equal(tare("compare|a"), 3);
	assert_string_equal(got.err.text,
		"tare compare needs two arguments: tare compare [OPTION...] BASE HEAD; see tare "
		"compare --help");
	assert_int_equal(tare("plan|a|b"), 3);
	assert_string_equal(
		got.err.text, "tare plan does not know what to do with 'b'; see tare plan --help");
	assert_int_equal(tare("list|nothing"), 3);
	assert_string_equal(got.err.text,
		"there is no list of 'nothing'; expected runs, cases, "
		"calibrations, runners, reports, stores, counters or warnings");
}

static void
check_says_everything_once(void **state)
{
	(void)state;
	assert_int_equal(tare("check|wrong.yaml"), 3);
	assert_string_equal(got.errors,
		"wrong.yaml:4:5: unknown key \"comand\" in benchmark; did you mean \"command\"?\n"
		"wrong.yaml:5:5: unknown key \"timeot\" in benchmark; did you mean \"timeout\"?\n");
	assert_string_equal(got.err.text, "wrong.yaml has 2 problems");
	assert_string_equal(got.out, "");
}

static void
check_sums_several_files_up(void **state)
{
	(void)state;
	assert_int_equal(tare("check|steady.yaml"), 0);
	assert_string_equal(got.out, "steady.yaml: ok, 1 case\n");
	assert_int_equal(tare("check|steady.yaml|slower.yaml"), 0);
	assert_string_equal(got.out, "steady.yaml: ok, 1 case\n"
				     "slower.yaml: ok, 2 cases\n"
				     "2 files and 3 cases, all ok\n");
	assert_int_equal(tare("check|-q|steady.yaml|slower.yaml"), 0);
	assert_string_equal(got.out, "");
	assert_int_equal(tare("check|steady.yaml|wrong.yaml|none.yaml"), 3);
	assert_string_equal(got.err.text, "2 of 3 files are wrong");
	assert_said(got.errors, "wrong.yaml has 2 problems\n");
	assert_said(got.errors, "none.yaml");
}

static void
plan_prints_cases_and_order(void **state)
{
	(void)state;
	assert_int_equal(tare("plan|slower.yaml|--seed|1"), 0);
	assert_said(got.out, "slower: 2 cases in 1 group, environment ");
	assert_said(got.out, "  x@a  12 invocations, replay\n");
	assert_said(got.out, "    order of the first block: ");
	assert_int_equal(access(".tare", F_OK), -1);
	assert_int_equal(tare("plan|wrong.yaml"), 3);
	assert_string_equal(got.err.text, "wrong.yaml has 2 problems");
}

static void
run_tells_where_everything_is(void **state)
{
	(void)state;
	assert_int_equal(tare("run|steady.yaml|--report|json=run.json|--journal|j.nd"), 0);
	assert_said(got.out, "steady");
	assert_said(got.errors, "x: ");
	assert_said(got.errors, "\njson report: run.json\njournal: j.nd\n");
	assert_int_equal(access("run.json", F_OK), 0);
	assert_int_equal(access(".tare/results.db", F_OK), 0);
	assert_int_equal(tare("run|-q|steady.yaml|--no-store"), 0);
	assert_string_equal(got.out, "");
	assert_string_equal(got.errors, "");
}

static void
a_gate_makes_the_exit_code(void **state)
{
	(void)state;
	assert_int_equal(tare("run|slower.yaml|--no-store"), 0);
	assert_int_equal(tare("run|slower.yaml|--no-store|--gate|regression"), 1);
	assert_int_equal(tare("run|noisy.yaml|--no-store|--gate|regression,inconclusive"), 2);
	assert_int_equal(tare("run|slower.yaml|--no-store|--gate|nonsense"), 3);
	assert_int_equal(tare("run|-q|slower.yaml|--no-store|--gate|regression"), 1);
	assert_string_equal(got.out, "");
	assert_said(got.err.text, "gate failed");
}

static void
a_store_that_fails_costs_no_report(void **state)
{
	(void)state;
	assert_int_equal(
		tare("run|steady.yaml|--store|sqlite:/dev/null/x.db|--report|json=r.json"), 5);
	assert_memory_equal(got.err.text, "store: ", 7);
	assert_int_equal(access("r.json", F_OK), 0);
	assert_said(got.out, "steady");
	assert_int_equal(
		tare("run|slower.yaml|--store|sqlite:/dev/null/x.db|--gate|regression"), 1);
	assert_memory_equal(got.err.text, "store: ", 7);
}

static void
a_report_that_fails_costs_no_verdict(void **state)
{
	(void)state;
	assert_int_equal(tare("run|steady.yaml|--no-store|--report|json=/dev/full"), 5);
	assert_memory_equal(got.err.text, "report: json: ", 14);
	assert_said(got.out, "steady");
	assert_int_equal(tare("run|slower.yaml|--no-store|--gate|regression|--report|"
			      "json=/dev/full"),
		1);
	assert_memory_equal(got.err.text, "report: json: ", 14);
}

static void
a_report_that_has_no_folder_costs_no_measuring(void **state)
{
	(void)state;
	assert_int_equal(tare("run|steady.yaml|--report|json=absent/r.json|--journal|j.nd"), 3);
	assert_string_equal(got.err.text,
		"--report json: cannot write \"absent/r.json\": folder \"absent\": No such file or "
		"directory");
	assert_int_equal(access("j.nd", F_OK), -1);
	assert_int_equal(access("absent", F_OK), -1);
}

static void
requests_for_reports_are_checked_first(void **state)
{
	(void)state;
	assert_int_equal(tare("run|steady.yaml|--report|jsn=x"), 3);
	assert_string_equal(got.err.text,
		"there is no report 'jsn'; did you mean 'json'? tare list reports names them");
	assert_int_equal(tare("run|steady.yaml|--report|json"), 3);
	assert_string_equal(got.err.text, "--report 'json' names no file; expected FORMAT=PATH, "
					  "like html=report.html");
	assert_int_equal(access(".tare", F_OK), -1);
}

static void
releases_can_be_typed_again(void **state)
{
	char words[512], longest[300];

	(void)state;
	assert_int_equal(tare("run|steady.yaml|--release|a\tb"), 3);
	assert_string_equal(got.err.text, "--release 'a\tb' has a control character in it");
	assert_int_equal(tare("run|steady.yaml|--release|\xff"), 3);
	assert_string_equal(got.err.text, "--release '\xff' is not valid UTF-8");
	assert_int_equal(tare("run|steady.yaml|--release=|-q"), 3);
	assert_string_equal(
		got.err.text, "--release is empty; expected a name, or leave the option out");
	assert_int_equal(tare("run|steady.yaml|--release|latest"), 3);
	assert_int_equal(tare("run|steady.yaml|--release|latest:x"), 3);
	memset(longest, 'v', sizeof(longest));
	longest[201] = '\0';
	snprintf(words, sizeof(words), "run|steady.yaml|--release|%s", longest);
	assert_int_equal(tare(words), 3);
	assert_string_equal(got.err.text, "--release is longer than 200 bytes");
	assert_int_equal(access(".tare", F_OK), -1);
	assert_int_equal(tare("run|-q|steady.yaml|--release|v1.0 \u00fc"), 0);
}

static void
a_journal_is_not_overwritten(void **state)
{
	(void)state;
	test_file_write("j.nd", "mine", 4);
	assert_int_equal(tare("run|-q|steady.yaml|--journal|j.nd"), 3);
	assert_string_equal(got.err.text, "journal \"j.nd\" exists already; continue it with "
					  "--resume, or name another");
	assert_int_equal(tare("run|-q|steady.yaml|--journal|/dev/null/j.nd"), 5);
}

/* The first lines of a journal: as if the run had been killed there. */
static void
cut(const char *path, size_t lines)
{
	char *text = test_file_read(path, NULL);
	char *end = text;

	for (; lines > 0; lines--)
		end = strchr(end, '\n') + 1;
	test_file_write(path, text, (size_t)(end - text));
	free(text);
}

static void
a_run_is_resumed_by_its_journal_alone(void **state)
{
	(void)state;
	assert_int_equal(tare("run|-q|steady.yaml|--journal|j.nd"), 0);
	assert_int_equal(tare("run|--resume|j.nd"), 3);
	assert_said(got.err.text, "is complete, there is nothing to resume");
	cut("j.nd", 5);
	assert_int_equal(tare("run|--resume|j.nd|--journal|k.nd"), 3);
	assert_string_equal(
		got.err.text, "--journal cannot be given with --resume, which goes on in its own");
	assert_int_equal(tare("run|--resume|j.nd|--seed|1"), 3);
	assert_said(got.err.text, " was begun with the seed ");
	assert_int_equal(tare("run|--resume|j.nd"), 0);
	assert_said(got.out, "12 invocations");
	assert_int_equal(tare("run|--resume|none.nd"), 3);
}

static void
a_changed_suite_is_not_resumed(void **state)
{
	(void)state;
	assert_int_equal(tare("run|-q|steady.yaml|--journal|j.nd"), 0);
	cut("j.nd", 5);
	write_suite("steady.yaml", slower);
	assert_int_equal(tare("run|-q|--resume|j.nd"), 3);
	assert_string_equal(got.err.text, "j.nd: suite 'slower' has changed since this journal "
					  "was begun; start a new run");
}

static void
what_is_said_repeats_the_run(void **state)
{
	char *text, *at;

	(void)state;
	assert_int_equal(tare("run|-q|--journal|j.nd|--|steady.yaml"), 0);
	text = test_file_read("j.nd", NULL);
	at = strstr(text, "\"command_line\":\"tare run --seed ");
	assert_non_null(at);
	at += strlen("\"command_line\":\"tare run --seed ");
	at += strspn(at, "0123456789");
	assert_memory_equal(at, " -q --journal j.nd -- steady.yaml\"", 34);
	free(text);
}

static void
runs_are_listed_shown_compared_and_followed(void **state)
{
	(void)state;
	assert_int_equal(tare("list"), 0);
	assert_said(got.out, "no runs yet");
	assert_int_equal(tare("run|-q|steady.yaml|--release|v1"), 0);
	assert_int_equal(tare("run|-q|steady.yaml|--release|v2|--baseline|v1"), 0);
	assert_int_equal(tare("list"), 0);
	assert_said(got.out, " v1 ");
	assert_said(got.out, " v2 ");
	assert_int_equal(tare("list|--format|json"), 0);
	assert_int_equal(got.out[0], '[');
	assert_int_equal(tare("show|v1"), 0);
	assert_said(got.out, "release v1");
	assert_int_equal(tare("compare|v1|v2"), 0);
	assert_said(got.out, "v2 against v1");
	assert_int_equal(tare("compare|v1|v3"), 3);
	assert_int_equal(tare("history|x"), 0);
	assert_memory_equal(got.out, "x: wall (lower is better)\n", 26);
	assert_int_equal(tare("history|y"), 3);
	assert_int_equal(tare("history|x|--format|xml"), 3);
	assert_string_equal(got.err.text, "--format 'xml' is not known; expected text or json");
	assert_int_equal(tare("list|cases"), 0);
	assert_string_equal(got.out, "x\n");
}

static void
a_folder_does_not_hide_a_release(void **state)
{
	(void)state;
	assert_int_equal(tare("run|-q|steady.yaml|--release|v1"), 0);
	assert_int_equal(mkdir("v1", 0700), 0);
	assert_int_equal(tare("show|v1"), 0);
}

static void
a_report_of_an_old_run_that_fails_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(tare("run|-q|steady.yaml|--journal|j.nd"), 0);
	assert_int_equal(tare("report|j.nd|--report|html=r.html"), 0);
	assert_int_equal(access("r.html", F_OK), 0);
	assert_int_equal(tare("report|j.nd|--report|html=/dev/full"), 5);
	assert_int_equal(tare("compare|j.nd|j.nd|--report|html=/dev/full"), 5);
	assert_memory_equal(got.err.text, "report: html: ", 14);
}

static void
journals_are_imported_once(void **state)
{
	(void)state;
	assert_int_equal(tare("run|-q|steady.yaml|--journal|j.nd|--no-store"), 0);
	assert_int_equal(tare("store|import|j.nd"), 0);
	assert_said(got.out, ": added\n");
	assert_int_equal(tare("store|import|j.nd"), 0);
	assert_said(got.out, ": was there already\n");
	assert_int_equal(tare("store|export"), 0);
	assert_memory_equal(got.out, "{\"type\":\"header\"", 16);
	assert_int_equal(tare("store|remove|latest"), 0);
	assert_int_equal(tare("store|frobnicate"), 3);
	assert_int_equal(tare("store|import"), 3);
	assert_string_equal(got.err.text, "tare store import needs a name: a journal");
}

static void
bench_speaks_of_options_not_of_its_suite(void **state)
{
	(void)state;
	assert_int_equal(tare("bench|--timeout|5|true"), 3);
	assert_string_equal(got.err.text, "timeout is wrong: \"5\" has no unit: expected a "
					  "duration such as \"500ms\"");
	assert_int_equal(tare("bench|--timeout|5|--precision|x|true"), 3);
	assert_string_equal(got.err.text, "tare bench has 2 problems");
	assert_memory_equal(got.errors, "timeout is wrong", 16);
	assert_int_equal(tare("bench|--print-suite|sleep 1|sleep 2"), 0);
	assert_said(got.out, "\"name\": \"sleep\"");
	assert_int_equal(access(".tare", F_OK), -1);
}

static void
places_are_taken_off_only_where_they_stand(void **state)
{
	char with[] = "tare bench:12:3: it is wrong";
	char without[] = "tare bench: it is wrong";
	char half[] = "tare bench:12: it is wrong";
	char other[] = "suite.yaml:12:3: it is wrong";
	char empty[] = "";

	(void)state;
	tare_place_strip(with, "tare bench");
	assert_string_equal(with, "it is wrong");
	tare_place_strip(without, "tare bench");
	assert_string_equal(without, "tare bench: it is wrong");
	tare_place_strip(half, "tare bench");
	assert_string_equal(half, "tare bench:12: it is wrong");
	tare_place_strip(other, "tare bench");
	assert_string_equal(other, "suite.yaml:12:3: it is wrong");
	tare_place_strip(empty, "tare bench");
	assert_string_equal(empty, "");
}

static void
every_signal_changes_the_flag(void **state)
{
	sig_atomic_t before;

	(void)state;
	tare_interrupted = 0;
	tare_signals_catch();
	for (int i = 0; i < 250; i++) {
		before = tare_interrupted;
		raise(i % 2 ? SIGINT : SIGTERM);
		assert_int_not_equal(tare_interrupted, before);
		assert_int_not_equal(tare_interrupted, 0);
	}
	tare_interrupted = 0;
}

int
main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, in_folder, out_of_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(an_unknown_command_is_told_what_is_near),
		IN_FOLDER(every_command_has_help),
		IN_FOLDER(operands_are_counted),
		IN_FOLDER(check_says_everything_once),
		IN_FOLDER(check_sums_several_files_up),
		IN_FOLDER(plan_prints_cases_and_order),
		IN_FOLDER(run_tells_where_everything_is),
		IN_FOLDER(a_gate_makes_the_exit_code),
		IN_FOLDER(a_store_that_fails_costs_no_report),
		IN_FOLDER(a_report_that_fails_costs_no_verdict),
		IN_FOLDER(a_report_that_has_no_folder_costs_no_measuring),
		IN_FOLDER(requests_for_reports_are_checked_first),
		IN_FOLDER(releases_can_be_typed_again),
		IN_FOLDER(a_journal_is_not_overwritten),
		IN_FOLDER(a_run_is_resumed_by_its_journal_alone),
		IN_FOLDER(a_changed_suite_is_not_resumed),
		IN_FOLDER(what_is_said_repeats_the_run),
		IN_FOLDER(runs_are_listed_shown_compared_and_followed),
		IN_FOLDER(a_folder_does_not_hide_a_release),
		IN_FOLDER(a_report_of_an_old_run_that_fails_is_an_error),
		IN_FOLDER(journals_are_imported_once),
		IN_FOLDER(bench_speaks_of_options_not_of_its_suite),
		cmocka_unit_test(places_are_taken_off_only_where_they_stand),
		cmocka_unit_test(every_signal_changes_the_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
