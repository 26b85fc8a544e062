#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/model/pending.h"
#include "tests/support/files.h"
#include "tests/unit/stages/bed.h"

static const char suite[] = "suite: s\n"
			    "description: Two cases.\n"
			    "gate: regression\n"
			    "defaults: {command: 'true', warmup: 2, invocations: 4}\n"
			    "benchmarks: [{name: x}, {name: y}]\n";

static void
a_fresh_run_has_a_header_with_everything(void **state)
{
	struct bed bed;
	struct tare_run *read;

	(void)state;
	bed_make(&bed, suite);
	bed.session->options.release = "v1";
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_int_equal(tare_journal_read(&read, bed.journal, 0, NULL), TARE_OK);
	assert_string_equal(read->id, bed.session->run->id);
	assert_string_equal(read->suite, "s");
	assert_string_equal(read->description, "Two cases.");
	assert_string_equal(read->release, "v1");
	assert_string_equal(read->environment_name, "development");
	assert_string_equal(read->command_line, "tare run suite.yaml");
	assert_int_equal(read->seed, BED_SEED);
	assert_int_equal(read->case_count, 2);
	assert_true(read->gate.asked_for);
	assert_int_equal(read->gate.fail_on, 1u << TARE_VERDICT_REGRESSION);
	assert_true(read->environment.fact_count > 5);
	assert_int_equal(read->status, TARE_RUN_OPEN);
	tare_run_free(read);
	bed_remove(&bed);
}

static void
two_runs_have_two_seeds_and_ids(void **state)
{
	struct bed bed;
	uint64_t seed;
	char id[TARE_RUN_ID_MAX];

	(void)state;
	bed_make(&bed, suite);
	bed.session->options.has_seed = false;
	bed.session->options.keep_journal = false;
	assert_int_equal(bed_describe(&bed), TARE_OK);
	seed = bed.session->run->seed;
	strcpy(id, bed.session->run->id);
	bed_again(&bed, suite);
	bed.session->options.has_seed = false;
	bed.session->options.keep_journal = false;
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_true(bed.session->run->seed != seed);
	assert_string_not_equal(bed.session->run->id, id);
	bed_remove(&bed);
}

static void
the_journal_goes_into_the_state_folder_unless_told(void **state)
{
	struct bed bed;
	char wanted[512];

	(void)state;
	bed_make(&bed, suite);
	bed.session->options.journal_path = NULL;
	assert_int_equal(bed_describe(&bed), TARE_OK);
	snprintf(wanted, sizeof(wanted), "%s/runs/%s.ndjson", bed.state_dir, bed.session->run->id);
	assert_string_equal(bed.session->journal_path, wanted);
	assert_int_equal(access(wanted, F_OK), 0);
	bed_remove(&bed);
}

static void
an_existing_journal_is_not_overwritten(void **state)
{
	struct bed bed;
	char wanted[512], *text;

	(void)state;
	bed_make(&bed, suite);
	test_file_write(bed.journal, "mine", 4);
	snprintf(wanted, sizeof(wanted),
		"journal \"%s\" exists already; continue it with --resume, or name another",
		bed.journal);
	assert_int_equal(bed_describe(&bed), TARE_INVALID);
	assert_string_equal(bed.err.text, wanted);
	text = test_file_read(bed.journal, NULL);
	assert_string_equal(text, "mine");
	free(text);
	bed_remove(&bed);
}

static void
the_gate_of_the_command_line_is_not_kept_with_the_run(void **state)
{
	struct bed bed;
	struct tare_run *read;

	(void)state;
	bed_make(&bed, suite);
	bed.session->options.gate = "inconclusive";
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_int_equal(bed.session->plan->gate.fail_on, 1u << TARE_VERDICT_INCONCLUSIVE);
	assert_int_equal(tare_journal_read(&read, bed.journal, 0, NULL), TARE_OK);
	assert_int_equal(read->gate.fail_on, 1u << TARE_VERDICT_REGRESSION);
	tare_run_free(read);
	bed_remove(&bed);
}

static void
a_wrong_gate_costs_no_journal(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, suite);
	bed.session->options.gate = "regression,nonsense";
	assert_int_equal(bed_describe(&bed), TARE_INVALID);
	assert_string_equal(bed.err.text,
		"--gate: 'nonsense' is not a verdict; expected regression, inconclusive, "
		"improvement or no_change, separated by commas, or none");
	assert_int_equal(access(bed.journal, F_OK), -1);
	bed_remove(&bed);
}

/* A journal with a header only, in which the next session goes on. */
static void
begin_run(struct bed *bed)
{
	bed_make(bed, suite);
	assert_int_equal(bed_describe(bed), TARE_OK);
	bed_again(bed, suite);
	bed->session->options.resume_path = bed->journal;
}

static void
check_refused(struct bed *bed, const char *wanted)
{
	assert_int_equal(bed_describe(bed), TARE_INVALID);
	if (!strstr(bed->err.text, wanted))
		assert_string_equal(bed->err.text, wanted);
	/* Nothing was added. */
	assert_int_equal(bed_journal_lines(bed), 1);
	bed_remove(bed);
}

static void
a_changed_suite_is_not_resumed(void **state)
{
	struct bed bed;

	(void)state;
	begin_run(&bed);
	bed.session->options.suite_text = "suite: s\n"
					  "defaults: {command: 'true', warmup: 2, invocations: 5}\n"
					  "benchmarks: [{name: x}, {name: y}]\n";
	check_refused(
		&bed, ": suite 's' has changed since this journal was begun; start a new run");
}

static void
other_cases_are_not_resumed(void **state)
{
	static const char *const only[] = {"x"};
	struct bed bed;

	(void)state;
	begin_run(&bed);
	bed.session->options.expand.only = only;
	bed.session->options.expand.only_count = 1;
	check_refused(&bed, ": the cases are not those of the journal; resume with the options it "
			    "was begun with: tare run suite.yaml");
}

static void
another_seed_is_not_resumed(void **state)
{
	struct bed bed;

	(void)state;
	begin_run(&bed);
	bed.session->options.seed = 12;
	check_refused(&bed, " was begun with the seed 11, not 12");
}

static void
another_release_is_not_resumed(void **state)
{
	struct bed bed;

	(void)state;
	begin_run(&bed);
	bed.session->options.release = "v2";
	check_refused(&bed, " was begun as release '', not 'v2'");
}

static void
a_resumed_run_may_be_given_a_gate(void **state)
{
	struct bed bed;

	(void)state;
	begin_run(&bed);
	bed.session->options.gate = "inconclusive";
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_int_equal(bed.session->plan->gate.fail_on, 1u << TARE_VERDICT_INCONCLUSIVE);
	assert_int_equal(bed.session->run->gate.fail_on, 1u << TARE_VERDICT_REGRESSION);
	assert_true(bed_journal_has(&bed, "{\"type\":\"resume\",\"unix_ns\":"));
	bed_remove(&bed);
}

static void
a_complete_run_is_not_resumed(void **state)
{
	struct bed bed;
	static const char done[] = "{\"type\":\"end\",\"status\":\"complete\",\"invocations\":0,"
				   "\"duration_ns\":5}\n";
	FILE *stream;

	(void)state;
	begin_run(&bed);
	stream = fopen(bed.journal, "a");
	fputs(done, stream);
	fclose(stream);
	assert_int_equal(bed_describe(&bed), TARE_INVALID);
	assert_non_null(strstr(bed.err.text, " is complete, there is nothing to resume"));
	bed_remove(&bed);
}

static void
what_is_no_journal_is_not_resumed(void **state)
{
	struct bed bed;

	(void)state;
	bed_make(&bed, suite);
	bed.session->options.resume_path = bed.journal;
	assert_int_equal(bed_describe(&bed), TARE_NOT_FOUND);
	test_file_write(bed.journal, "{}\n", 3);
	assert_int_equal(bed_describe(&bed), TARE_INVALID);
	assert_non_null(strstr(bed.err.text, ":1: "));
	test_file_write(bed.journal, "", 0);
	assert_int_equal(bed_describe(&bed), TARE_INVALID);
	bed_remove(&bed);
}

static void
a_journal_that_is_being_written_is_not_resumed(void **state)
{
	struct bed bed;
	struct tare_journal *other;

	(void)state;
	begin_run(&bed);
	assert_int_equal(tare_journal_reopen(&other, bed.journal, NULL), TARE_OK);
	check_refused(&bed, "is being written by another process");
	tare_journal_close(other, NULL);
}

/* Pending files. */

static struct tare_agent_record
good_record(uint64_t seq, uint32_t case_index, uint32_t pair)
{
	struct tare_agent_record record = {
		.seq = seq,
		.case_index = case_index,
		.pair = pair,
		.start_ns = 5000 + seq,
		.wall_ns = 1000 * seq,
	};

	record.check = tare_record_check(&record);
	return record;
}

static struct tare_pending *
pending_new(const char *run_id)
{
	struct tare_pending *pending = calloc(1, sizeof(*pending));

	assert_non_null(pending);
	pending->magic = TARE_PENDING_MAGIC;
	pending->slot_count = TARE_PENDING_SLOTS;
	pending->run_hash = tare_pending_run_hash(run_id);
	pending->began_ns = 5000;
	return pending;
}

static void
pending_write(const struct bed *bed, const struct tare_pending *pending, size_t len)
{
	char *path = test_path(bed->folder, "run.ndjson.pending");

	test_file_write(path, pending, len);
	free(path);
}

/* Resumes with this pending file; returns how many invocations came out of it. */
static uint64_t
recovered(struct bed *bed, const struct tare_pending *pending, size_t len)
{
	pending_write(bed, pending, len);
	bed_again(bed, suite);
	bed->session->options.resume_path = bed->journal;
	assert_int_equal(bed_describe(bed), TARE_OK);
	return bed->session->run->invocation_count;
}

static void
pending_begin(struct bed *bed, struct tare_pending **pending_out)
{
	bed_make(bed, suite);
	assert_int_equal(bed_describe(bed), TARE_OK);
	*pending_out = pending_new(bed->session->run->id);
}

static void
pending_invocations_are_journalled_first(void **state)
{
	struct bed bed;
	struct tare_pending *pending;
	const struct tare_samples *samples;

	(void)state;
	pending_begin(&bed, &pending);
	for (uint32_t i = 0; i < 3; i++)
		pending->slots[i] = good_record(i + 1, 1, i);
	assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 3);
	samples = &bed_case(&bed, "y")->samples;
	assert_int_equal(samples->total, 3);
	assert_int_equal(samples->start_ns[0], 1);
	assert_true(samples->values[TARE_METRIC_WALL][2] == 3000);
	assert_true(bed_journal_has(
		&bed, "{\"type\":\"sample\",\"seq\":3,\"case\":1,\"pair\":2,\"start_ns\":3,"));
	/* A second resumed run does not take them again. */
	assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 3);
	free(pending);
	bed_remove(&bed);
}

static void
a_pending_warmup_is_a_warmup(void **state)
{
	struct bed bed;
	struct tare_pending *pending;

	(void)state;
	pending_begin(&bed, &pending);
	pending->slots[0] = good_record(1, 0, 0);
	pending->slots[0].flags = TARE_RECORD_WARMUP;
	pending->slots[0].check = tare_record_check(&pending->slots[0]);
	assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 1);
	assert_int_equal(bed_case(&bed, "x")->warmup_count, 1);
	assert_int_equal(bed_case(&bed, "x")->samples.total, 0);
	free(pending);
	bed_remove(&bed);
}

static void
a_pending_file_that_is_not_of_this_run_is_ignored(void **state)
{
	struct bed bed;
	struct tare_pending *pending;

	(void)state;
	pending_begin(&bed, &pending);
	pending->slots[0] = good_record(1, 0, 0);
	pending->run_hash++;
	assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 0);
	pending->run_hash--;
	pending->magic++;
	assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 0);
	pending->magic--;
	pending->slot_count++;
	assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 0);
	pending->slot_count--;
	assert_int_equal(recovered(&bed, pending, sizeof(*pending) - 1), 0);
	assert_int_equal(recovered(&bed, pending, 0), 0);
	free(pending);
	bed_remove(&bed);
}

static void
a_pending_record_that_does_not_fit_is_left_out(void **state)
{
	struct tare_agent_record bad[10];
	struct bed bed;
	struct tare_pending *pending;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		bad[i] = good_record(1, 0, 0);
	bad[0].check++;                /* torn */
	bad[1] = good_record(0, 0, 0); /* of a hook */
	bad[2] = good_record(2, 0, 0); /* not the next */
	bad[3] = good_record(1, 2, 0); /* no such case */
	bad[4] = good_record(1, 0, 1); /* not its next pair */
	bad[5].exit_status = 1 << 8;   /* failed */
	bad[6].exit_status = 9;        /* killed */
	bad[7].flags = TARE_RECORD_TIMED_OUT;
	bad[8].flags = TARE_RECORD_NOT_STARTED;
	bad[9].flags = TARE_RECORD_WARMUP;
	bad[9].pair = 1;
	for (size_t i = 5; i < 10; i++)
		bad[i].check = tare_record_check(&bad[i]);
	pending_begin(&bed, &pending);
	for (size_t i = 0; i < 10; i++) {
		memset(pending->slots, 0, sizeof(pending->slots));
		pending->slots[0] = bad[i];
		assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 0);
	}
	free(pending);
	bed_remove(&bed);
}

static void
a_start_before_the_beginning_is_the_beginning(void **state)
{
	struct bed bed;
	struct tare_pending *pending;

	(void)state;
	pending_begin(&bed, &pending);
	pending->slots[0] = good_record(1, 0, 0);
	pending->slots[0].start_ns = 7;
	pending->slots[0].check = tare_record_check(&pending->slots[0]);
	assert_int_equal(recovered(&bed, pending, sizeof(*pending)), 1);
	assert_int_equal(bed_case(&bed, "x")->samples.start_ns[0], 0);
	free(pending);
	bed_remove(&bed);
}

static void
a_fifo_in_the_place_of_the_pending_file_does_not_block(void **state)
{
	struct bed bed;
	char *path;

	(void)state;
	begin_run(&bed);
	path = test_path(bed.folder, "run.ndjson.pending");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_int_equal(bed.session->run->invocation_count, 0);
	free(path);
	bed_remove(&bed);
}

/* The program is given it all the same. */
/* What is executed stays what the user wrote, and the case keeps its name. */
static void
a_secret_written_into_a_suite_is_not_recorded(void **state)
{
	struct bed bed;
	struct tare_run *read;
	const struct tare_plan *plan;
	char *text;

	(void)state;
	bed_make(&bed,
		"suite: s\nbenchmarks:\n"
		"  - {name: x, command: 'curl --token=abc123 --tokenizer=x http://me:pw456@host'}\n"
		"  - {name: y, shell: 'API_KEY=abc123 curl -H \"Authorization: Bearer "
		"pw456\"', env: {PASSWORD: abc123}}\n");
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_int_equal(tare_journal_read(&read, bed.journal, 0, NULL), TARE_OK);
	assert_string_equal(
		read->cases[0].command, "curl '--token=***' --tokenizer=x 'http://me:***@host'");
	assert_string_equal(read->cases[0].name, "x");
	text = test_file_read(bed.journal, NULL);
	assert_null(strstr(text, "abc123"));
	assert_null(strstr(text, "pw456"));
	plan = bed.session->plan;
	assert_string_equal(plan->cases[0].program.argv[1], "--token=abc123");
	assert_string_equal(plan->cases[0].program.argv[3], "http://me:pw456@host");
	free(text);
	tare_run_free(read);
	bed_remove(&bed);
}

static void
a_secret_of_the_surroundings_is_not_recorded(void **state)
{
	struct bed bed;
	struct tare_run *read;

	(void)state;
	setenv("TARE_TEST_PASSWORD", "hunter2hunter2", 1);
	bed_make(&bed, "suite: s\nbenchmarks:\n"
		       "  - {name: x, command: 'login -p${env:TARE_TEST_PASSWORD}'}\n");
	assert_int_equal(bed_describe(&bed), TARE_OK);
	assert_int_equal(tare_journal_read(&read, bed.journal, 0, NULL), TARE_OK);
	assert_string_equal(read->cases[0].command, "login -p***");
	assert_string_equal(bed.session->plan->cases[0].program.argv[1], "-phunter2hunter2");
	tare_run_free(read);
	unsetenv("TARE_TEST_PASSWORD");
	bed_remove(&bed);
}

/* Nothing is begun that cannot be measured; a runner that only some cases want is their matter. */
static void
a_run_that_nothing_can_measure_is_not_begun(void **state)
{
	struct bed bed;

	(void)state;
	setenv("TARE_AGENT", "/no/such", 1);
	bed_make(&bed, "suite: s\nbenchmarks: [{name: x, command: 'true'}]\n");
	assert_int_equal(bed_describe(&bed), TARE_UNSUPPORTED);
	assert_string_equal(bed.err.text,
		"describe: runner host: cannot execute the agent '/no/such', which TARE_AGENT "
		"names: No such file or directory");
	assert_int_equal(access(bed.journal, F_OK), -1);
	bed_again(&bed, "suite: s\n"
			"benchmarks:\n"
			"  - {name: x, command: 'true'}\n"
			"  - {name: y, replay: {wall: 1ms}}\n");
	assert_int_equal(bed_describe(&bed), TARE_OK);
	setenv("TARE_AGENT", TEST_AGENT, 1);
	bed_remove(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_run_has_a_header_with_everything),
		cmocka_unit_test(a_secret_written_into_a_suite_is_not_recorded),
		cmocka_unit_test(a_secret_of_the_surroundings_is_not_recorded),
		cmocka_unit_test(a_run_that_nothing_can_measure_is_not_begun),
		cmocka_unit_test(two_runs_have_two_seeds_and_ids),
		cmocka_unit_test(the_journal_goes_into_the_state_folder_unless_told),
		cmocka_unit_test(an_existing_journal_is_not_overwritten),
		cmocka_unit_test(the_gate_of_the_command_line_is_not_kept_with_the_run),
		cmocka_unit_test(a_wrong_gate_costs_no_journal),
		cmocka_unit_test(a_changed_suite_is_not_resumed),
		cmocka_unit_test(other_cases_are_not_resumed),
		cmocka_unit_test(another_seed_is_not_resumed),
		cmocka_unit_test(another_release_is_not_resumed),
		cmocka_unit_test(a_resumed_run_may_be_given_a_gate),
		cmocka_unit_test(a_complete_run_is_not_resumed),
		cmocka_unit_test(what_is_no_journal_is_not_resumed),
		cmocka_unit_test(a_journal_that_is_being_written_is_not_resumed),
		cmocka_unit_test(pending_invocations_are_journalled_first),
		cmocka_unit_test(a_pending_warmup_is_a_warmup),
		cmocka_unit_test(a_pending_file_that_is_not_of_this_run_is_ignored),
		cmocka_unit_test(a_pending_record_that_does_not_fit_is_left_out),
		cmocka_unit_test(a_start_before_the_beginning_is_the_beginning),
		cmocka_unit_test(a_fifo_in_the_place_of_the_pending_file_does_not_block),
	};

	setenv("TARE_AGENT", TEST_AGENT, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
