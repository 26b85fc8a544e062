#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/comparison.h"
#include "harness/model/journal.h"
#include "harness/model/journal_decode.h"

/* Journals are written with ' for " here. */
#define METRICS                                                                        \
	"'metrics':[{'name':'wall','unit':'ns','better':'lower'},"                     \
	"{'name':'rate','unit':'bytes/s','better':'higher','exact':true,'gated':true," \
	"'margin':0.1}]"
#define CASES                                                                                 \
	"[{'benchmark':'gzip','variant':'base','parameters':{'z':'1','a':'2'},'tags':['x'],"  \
	"'group':0,'command':'gzip','runner':'host','cpus':'1','critical':true," METRICS "}," \
	"{'benchmark':'gzip','variant':'head','group':0," METRICS "}]"
#define HEADER_OF(run, version, rest)                                                \
	"{'type':'header','format':'tare-journal','version':" version ",'run':'" run \
	"','suite':{'name':'s'},'environment':{'facts':[{'key':'k','value':'v'}]}," rest "}\n"
#define HEADER        HEADER_OF("a", "1", "'cases':" CASES)
#define KEPT(members) "{'type':'kept','case':0,'total':9,'stride':1,'warmups':0," members "}\n"
#define SAMPLE(seq, which, pair, values)                               \
	"{'type':'sample','seq':" seq ",'case':" which ",'pair':" pair \
	",'start_ns':1,'values':{" values "}}\n"

#define COUNTED_CASE                                                                               \
	"[{'benchmark':'b','group':0,'metrics':[{'name':'wall','better':'lower'},{'name':'cycles'" \
	",'better':'lower','counter':"                                                             \
	"{'provider':'perf','event':'E','scope':'program','quality':'counted'}}]}]"

static enum tare_status
read_text(struct tare_run **run_out, const char *text, struct tare_err *err)
{
	size_t len = strlen(text);
	char *copy = tare_xmalloc(len);
	FILE *stream;
	enum tare_status status;

	for (size_t i = 0; i < len; i++)
		copy[i] = text[i] == '\'' ? '"' : text[i];
	stream = fmemopen(copy, len, "r");
	assert_non_null(stream);
	status = tare_journal_read_stream(run_out, stream, "j", 0, err);
	fclose(stream);
	free(copy);
	return status;
}

static struct tare_run *
must_read(const char *text)
{
	struct tare_run *run = NULL;
	struct tare_err err = {0};

	if (read_text(&run, text, &err) != TARE_OK)
		fail_msg("%s", err.text);
	return run;
}

struct refusal {
	const char *text;
	const char *expected;
};

static void
assert_refusals(const struct refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct tare_run *run = NULL;
		struct tare_err err = {0};

		if (read_text(&run, refusals[i].text, &err) != TARE_INVALID)
			fail_msg("taken: %s", refusals[i].text);
		assert_string_equal(err.text, refusals[i].expected);
	}
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void
reads_a_header(void **state)
{
	struct tare_run *run = must_read(HEADER_OF("a.b_C-1", "1",
		"'seed':'18446744073709551615','started_unix_ns':12,'release':'v1','tare':'9',"
		"'environment_name':'ci','command_line':'tare run','gate':{'fail_on':["
		"'regression','no_change']},'calibration':{'new':1},'cases':" CASES));
	const struct tare_run_case *one = &run->cases[0];

	(void)state;
	assert_string_equal(run->id, "a.b_C-1");
	assert_true(run->seed == UINT64_MAX);
	assert_int_equal(run->started_unix_ns, 12);
	assert_string_equal(run->release, "v1");
	assert_string_equal(run->version, "9");
	assert_string_equal(run->suite, "s");
	assert_string_equal(run->suite_file, "");
	assert_true(run->gate.asked_for);
	assert_int_equal(
		run->gate.fail_on, 1u << TARE_VERDICT_REGRESSION | 1u << TARE_VERDICT_NO_CHANGE);
	assert_int_equal(run->case_count, 2);
	assert_string_equal(one->name, "gzip[z=1,a=2]@base");
	assert_string_equal(one->tags[0], "x");
	assert_string_equal(one->cpus, "1");
	assert_true(one->critical);
	assert_int_equal(one->metric_count, 2);
	assert_true(one->metrics[0].margin == TARE_DEFAULT_MARGIN);
	assert_false(one->metrics[0].gated);
	assert_int_equal(one->metrics[1].better, TARE_HIGHER_IS_BETTER);
	assert_true(one->metrics[1].exact);
	assert_true(one->metrics[1].gated);
	assert_true(one->metrics[1].margin == 0.1);
	assert_string_equal(run->cases[1].command, "");
	assert_int_equal(run->status, TARE_RUN_OPEN);
	tare_run_free(run);
}

/* A gate nobody asked for, a run without cases. */
static void
reads_a_header_with_nothing_in_it(void **state)
{
	struct tare_run *run = must_read(HEADER_OF("a", "1", "'gate':null,'cases':[]"));

	(void)state;
	assert_false(run->gate.asked_for);
	assert_int_equal(run->case_count, 0);
	tare_run_free(run);
}

static void
trusts_facts_and_not_the_fingerprint_beside_them(void **state)
{
	struct tare_run *run = must_read(
		"{'type':'header','format':'tare-journal','version':1,'run':'a','suite':{},"
		"'environment':{'fingerprint':'abc','facts':[]},'cases':[]}\n");

	(void)state;
	assert_string_equal(run->environment.fingerprint,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	tare_run_free(run);
}

static void
refuses_headers_it_cannot_trust(void **state)
{
	static const struct refusal refusals[] = {
		{HEADER_OF("a", "2", "'cases':[]"),
			"j:1: journal version 2 is newer than 1, the newest this tare reads; "
			"use a newer tare"},
		{HEADER_OF("a", "0", "'cases':[]"), "j:1: key \"version\": expected at least 1"},
		{HEADER_OF("", "1", "'cases':[]"),
			"j:1: key \"run\": expected an id of 1 to 31 letters, digits, \"-\", "
			"\"_\" and \".\""},
		{HEADER_OF("../x", "1", "'cases':[]"),
			"j:1: key \"run\": expected an id of 1 to 31 letters, digits, \"-\", "
			"\"_\" and \".\""},
		{HEADER_OF("abcdefghijklmnopqrstuvwxyzabcdef", "1", "'cases':[]"),
			"j:1: key \"run\": expected an id of 1 to 31 letters, digits, \"-\", "
			"\"_\" and \".\""},
		{"{'type':'header','format':'other'}\n",
			"j:1: key \"format\": expected \"tare-journal\""},
		{"{'type':'header','format':'tare-journal'}\n", "j:1: key \"version\" is missing"},
		{HEADER_OF("a", "1", "'seed':-1,'cases':[]"),
			"j:1: key \"seed\": expected an unsigned integer, found -1"},
		{HEADER_OF("a", "1", "'gate':{'fail_on':['worse']},'cases':[]"),
			"j:1: key \"fail_on\": item 0 is no verdict"},
		{HEADER_OF("a", "1", "'gate':5,'cases':[]"),
			"j:1: expected an object with the key \"fail_on\", found an integer"},
		{HEADER_OF("a", "1", "'cases':5"),
			"j:1: key \"cases\": expected an array, found an integer"},
		{HEADER_OF("a", "1", "'cases':[5]"),
			"j:1: case 0: expected an object with the key \"benchmark\", found an "
			"integer"},
		{"{'type':'header','format':'tare-journal','version':1,'run':'a','suite':{},"
		 "'environment':{'facts':[{'key':'k'}]},'cases':[]}\n",
			"j:1: fact 0: key \"value\" is missing"},
	};

	(void)state;
	assert_refusals(refusals, COUNT_OF(refusals));
}

#define WITH_CASE(text)   HEADER_OF("a", "1", "'cases':[{" text "}]")
#define WITH_METRIC(text) WITH_CASE("'benchmark':'b','group':0,'metrics':[{" text "}]")

static void
refuses_cases_it_cannot_trust(void **state)
{
	static const struct refusal refusals[] = {
		{WITH_CASE("'benchmark':''"),
			"j:1: case 0: key \"benchmark\": expected some text, found \"\""},
		{WITH_CASE("'benchmark':'b','group':1"),
			"j:1: case 0: key \"group\": 1 is out of range, there are 1 cases"},
		{HEADER_OF("a", "1",
			 "'cases':[{'benchmark':'b','group':1},{'benchmark':'c','group':0}]"),
			"j:1: case 1: key \"group\": 0 comes after a higher one"},
		{HEADER_OF("a", "1",
			 "'cases':[{'benchmark':'b','group':0},{'benchmark':'b','group':1}]"),
			"j:1: two cases have the name \"b\""},
		{WITH_CASE("'benchmark':'b','group':0,'parameters':{'x':1}"),
			"j:1: case 0: parameter \"x\": expected a string"},
		{WITH_CASE("'benchmark':'b','group':0,'parameters':[]"),
			"j:1: case 0: key \"parameters\": expected an object, found an array"},
		{WITH_CASE("'benchmark':'b','group':0,'tags':[null]"),
			"j:1: case 0: key \"tags\": item 0 is no string"},
		{WITH_METRIC("'better':'lower'"), "j:1: case 0: metric 0: key \"name\" is missing"},
		{WITH_METRIC("'name':'m','better':'more'"),
			"j:1: case 0: metric 0: key \"better\": expected \"lower\" or \"higher\", "
			"found \"more\""},
		{WITH_METRIC("'name':'m','better':'lower','margin':-0.5"),
			"j:1: case 0: metric 0: key \"margin\": expected no negative number"},
		{WITH_METRIC("'name':'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
			     "mmmm','better':'lower'"),
			"j:1: case 0: metric 0: key \"name\": expected at most 63 bytes, found "
			"64"},
		{WITH_METRIC("'name':'m','better':'lower'},{'name':'m','better':'lower'"),
			"j:1: case 0: metric 1: \"m\" is there twice"},
	};

	(void)state;
	assert_refusals(refusals, COUNT_OF(refusals));
}

/* A list of count items, after a header's beginning that ends in "[". */
static char *
make_list(const char *before, const char *item, size_t count, const char *after)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	assert_non_null(stream);
	fputs(before, stream);
	for (size_t i = 0; i < count; i++)
		fprintf(stream, "%s%s", i > 0 ? "," : "", item);
	fputs(after, stream);
	fclose(stream);
	return text;
}

static void
refuses_lists_past_any_use(void **state)
{
	static const char start[] = "{'type':'header','format':'tare-journal','version':1,"
				    "'run':'a','suite':{},'environment':{'facts':[";
	char *cases = make_list(
		"{'type':'header','format':'tare-journal','version':1,'run':'a','suite':{},"
		"'environment':{},'cases':[",
		"0", TARE_JOURNAL_CASES_MAX + 1, "]}\n");
	char *facts = make_list(start, "0", 4097, "]},'cases':[]}\n");
	const struct refusal refusals[] = {
		{cases, "j:1: key \"cases\": expected at most 1000000 items, found 1000001"},
		{facts, "j:1: key \"facts\": expected at most 4096 items, found 4097"},
	};

	(void)state;
	assert_refusals(refusals, COUNT_OF(refusals));
	free(cases);
	free(facts);
}

static void
reads_numbers_iterations_and_gaps(void **state)
{
	struct tare_run *run = must_read(HEADER SAMPLE("1", "0", "0", "'wall':1.5,'rate':2")
			SAMPLE("2", "0", "1", "'rate':[2.5,[1,2,3]],'unknown':'x'")
				SAMPLE("3", "0", "2", "'wall':null,'rate':[null,[1]]"));
	const struct tare_samples *samples = &run->cases[0].samples;

	(void)state;
	assert_int_equal(samples->count, 3);
	assert_true(samples->values[0][0] == 1.5);
	assert_true(samples->values[1][0] == 2);
	assert_true(isnan(samples->values[0][1]));
	assert_true(samples->values[1][1] == 2.5);
	assert_true(isnan(samples->values[0][2]));
	assert_true(isnan(samples->values[1][2]));
	tare_run_free(run);
}

static void
refuses_samples_it_cannot_trust(void **state)
{
	static const struct refusal refusals[] = {
		{HEADER SAMPLE("1", "2", "0", ""),
			"j:2: key \"case\": 2 is out of range, there are 2 cases"},
		{HEADER SAMPLE("1", "-1", "0", ""),
			"j:2: key \"case\": expected an unsigned integer, found -1"},
		{HEADER SAMPLE("1", "0", "4294967296", ""),
			"j:2: key \"pair\": expected at most 4294967295, found 4294967296"},
		{HEADER SAMPLE("0", "0", "0", ""),
			"j:2: key \"seq\": expected more than 0, found 0"},
		{HEADER SAMPLE("5", "0", "0", "") SAMPLE("5", "1", "0", ""),
			"j:3: key \"seq\": expected more than 5, found 5"},
		{HEADER SAMPLE("5", "0", "0", "") SAMPLE("4", "1", "0", ""),
			"j:3: key \"seq\": expected more than 5, found 4"},
		{HEADER SAMPLE("1.5", "0", "0", ""),
			"j:2: key \"seq\": expected an unsigned integer, found a number"},
		{HEADER SAMPLE("1", "0", "0", "'wall':'1'"),
			"j:2: value \"wall\": expected a number, or a number and its iterations"},
		{HEADER SAMPLE("1", "0", "0", "'wall':[1]"),
			"j:2: value \"wall\": expected a number, or a number and its iterations"},
		{HEADER SAMPLE("1", "0", "0", "'wall':[[1],[1]]"),
			"j:2: value \"wall\": expected a number, or a number and its iterations"},
		{HEADER "{'type':'sample','seq':1,'case':0,'pair':0,'start_ns':0,'values':[]}\n",
			"j:2: key \"values\": expected an object, found an array"},
		{HEADER "{'type':'sample','seq':1,'case':0,'pair':0,'start_ns':0,'warmup':1,"
			"'values':{}}\n",
			"j:2: key \"warmup\": expected a boolean, found an integer"},
		{HEADER "5\n", "j:2: expected an object with the key \"type\", found an integer"},
		{HEADER "{'type':5}\n", "j:2: key \"type\": expected a string, found an integer"},
	};

	(void)state;
	assert_refusals(refusals, COUNT_OF(refusals));
}

/* JSON has no such numbers; whoever writes them all the same is told the line. */
static void
refuses_numbers_that_are_none(void **state)
{
	static const char *const numbers[] = {"NaN", "Infinity", "-Infinity", "1e999",
		"99999999999999999999", "0x10", "1.", "+1"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		char text[2048];
		struct tare_run *run = NULL;
		struct tare_err err = {0};

		snprintf(text, sizeof(text), HEADER SAMPLE("1", "0", "0", "'wall':%s"), numbers[i]);
		assert_int_equal(read_text(&run, text, &err), TARE_INVALID);
		assert_memory_equal(err.text, "j:2: ", 5);
	}
}

static void
reads_failures_with_and_without_an_invocation(void **state)
{
	struct tare_run *run = must_read(HEADER SAMPLE(
		"1", "0", "0", "'wall':1") "{'type':'failure','seq':2,'case':0,'pair':1,'start_ns':"
					   "5,'warmup':true,"
					   "'text':'exit status 1','stderr':'no\\n'}\n"
					   "{'type':'failure','seq':0,'case':1,'pair':0,'start_ns':"
					   "5,'text':'setup'}\n");

	(void)state;
	assert_int_equal(run->invocation_count, 2);
	assert_int_equal(run->cases[0].status, TARE_CASE_FAILED);
	assert_string_equal(run->cases[0].failure, "exit status 1");
	assert_string_equal(run->cases[0].stderr_tail, "no\n");
	assert_int_equal(run->cases[0].warmup_count, 0);
	assert_int_equal(run->cases[1].status, TARE_CASE_FAILED);
	assert_null(run->cases[1].stderr_tail);
	tare_run_free(run);
}

static void
reads_stops_warnings_and_ends(void **state)
{
	struct tare_run *run = must_read(HEADER SAMPLE(
		"1", "0", "0", "'wall':1") "{'type':'stop','case':0,'reason':'budget'}\n"
					   "{'type':'stop','case':0,'reason':'precision reached'}\n"
					   "{'type':'warning','id':'w','text':'t'}\n"
					   "{'type':'end','status':'interrupted','invocations':1,'"
					   "duration_ns':7}\n");

	(void)state;
	assert_string_equal(run->cases[0].stop_reason, "precision reached");
	assert_int_equal(run->warning_count, 1);
	assert_string_equal(run->warnings[0].advice, "");
	assert_int_equal(run->status, TARE_RUN_INTERRUPTED);
	assert_int_equal(run->duration_ns, 7);
	assert_int_equal(run->invocation_count, 1);
	tare_run_free(run);
}

static void
opens_a_run_again_that_goes_on_after_its_end(void **state)
{
	static const char end[] =
		HEADER "{'type':'end','status':'interrupted','invocations':0,'duration_ns':7}\n";
	static const char *const more[] = {"{'type':'resume','unix_ns':5}\n",
		SAMPLE("1", "0", "0", "'wall':1"), SAMPLE("1", "0", "0", "'wall':1.5"),
		"{'type':'failure','seq':1,'case':0,'pair':1,'start_ns':5,'text':'x'}\n"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(more); i++) {
		char text[2048];
		struct tare_run *run;

		snprintf(text, sizeof(text), "%s%s", end, more[i]);
		run = must_read(text);
		assert_int_equal(run->status, TARE_RUN_OPEN);
		tare_run_free(run);
	}
}

static void
skips_types_it_does_not_know(void **state)
{
	struct tare_run *run =
		must_read(HEADER "{'type':'later','case':99}\n" SAMPLE("1", "0", "0", "'wall':1"));

	(void)state;
	assert_int_equal(run->cases[0].samples.count, 1);
	tare_run_free(run);
}

/* Members may be left out, and decisions of a later tare are none that is known. */
static void
reads_looks(void **state)
{
	struct tare_run *run = must_read(HEADER
		"{'type':'look','case':1,'metric':'wall','pairs':6,'planned':60}\n"
		"{'type':'look','case':1,'metric':'wall','pairs':6,'planned':60,'estimate':2}\n"
		"{'type':'look','case':1,'metric':'wall','pairs':9,'compared':true,'ratio':true,"
		"'estimate':1.5,'low':1.25,'high':2,'boundary':0.01,'verdict':'regression',"
		"'decision':'tea time'}\n");
	const struct tare_case_look *looks = run->cases[1].looks;

	(void)state;
	assert_int_equal(run->cases[0].look_count, 0);
	assert_int_equal(run->cases[1].look_count, 2);
	assert_int_equal(looks[0].pairs_planned, 60);
	assert_true(isnan(looks[0].estimate));
	assert_int_equal(looks[0].verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_int_equal(looks[1].pairs, 9);
	assert_true(looks[1].logs && looks[1].compared);
	assert_true(looks[1].high == 2 && looks[1].boundary == 0.01);
	assert_int_equal(looks[1].decision, TARE_STOP_NOT);
	tare_run_free(run);
}

static void
refuses_other_lines_it_cannot_trust(void **state)
{
	static const struct refusal refusals[] = {
		{HEADER "{'type':'stop','case':9,'reason':'x'}\n",
			"j:2: key \"case\": 9 is out of range, there are 2 cases"},
		{HEADER "{'type':'stop','case':0}\n", "j:2: key \"reason\" is missing"},
		{HEADER "{'type':'look','case':9,'metric':'wall'}\n",
			"j:2: key \"case\": 9 is out of range, there are 2 cases"},
		{HEADER "{'type':'look','case':0}\n", "j:2: key \"metric\" is missing"},
		{HEADER "{'type':'look','case':0,'metric':'luck'}\n",
			"j:2: key \"metric\": the case has no metric \"luck\""},
		{HEADER "{'type':'look','case':0,'metric':'wall','pairs':4294967296}\n",
			"j:2: key \"pairs\": expected at most 4294967295, found 4294967296"},
		{HEADER "{'type':'look','case':0,'metric':'wall','verdict':'good'}\n",
			"j:2: key \"verdict\": \"good\" is no verdict"},
		{HEADER "{'type':'look','case':0,'metric':'wall','low':'x'}\n",
			"j:2: key \"low\": expected a number, found a string"},
		{HEADER "{'type':'failure','seq':1,'case':0,'pair':1,'start_ns':5}\n",
			"j:2: key \"text\" is missing"},
		{HEADER "{'type':'failure','seq':1,'case':7,'pair':1,'start_ns':5,'text':''}\n",
			"j:2: key \"case\": 7 is out of range, there are 2 cases"},
		{HEADER "{'type':'warning','id':'x'}\n", "j:2: key \"text\" is missing"},
		{HEADER "{'type':'resume'}\n", "j:2: key \"unix_ns\" is missing"},
		{HEADER "{'type':'end','status':'fine','invocations':0,'duration_ns':7}\n",
			"j:2: key \"status\": expected \"complete\" or \"interrupted\", found "
			"\"fine\""},
		{HEADER SAMPLE("1", "0", "0",
			 "") "{'type':'kept','case':0,'total':0,'stride':1,'warmups':0}\n",
			"j:3: key \"total\": expected at least 1, found 0"},
		{HEADER "{'type':'kept','case':0,'total':9,'stride':0,'warmups':0}\n",
			"j:2: key \"stride\": expected a power of two from 1 to 2^32, found 0"},
		{HEADER "{'type':'kept','case':0,'total':9,'stride':3,'warmups':0}\n",
			"j:2: key \"stride\": expected a power of two from 1 to 2^32, found 3"},
		{HEADER "{'type':'kept','case':0,'total':9,'stride':8589934592,'warmups':0}\n",
			"j:2: key \"stride\": expected a power of two from 1 to 2^32, found "
			"8589934592"},
		{HEADER KEPT("'noise':{'steal':1}"), "j:2: key \"disturbed\" is missing"},
		{HEADER KEPT("'noise':{'disturbed':10}"),
			"j:2: key \"noise\": there are more disturbances than samples"},
		{HEADER KEPT("'noise':{'disturbed':1,'steal':2}"),
			"j:2: key \"noise\": there are more disturbances than samples"},
		{HEADER KEPT("'noise':{'disturbed':1,'khz_low':2,'khz_high':1}"),
			"j:2: key \"noise\": there are more disturbances than samples"},
		{HEADER KEPT("'noise':{'disturbed':-1}"),
			"j:2: key \"disturbed\": expected an unsigned integer, found -1"},
		{HEADER_OF("a", "1", "'cases':" COUNTED_CASE) KEPT("'counting':{'cycles':{}}"),
			"j:2: key \"counting\": key \"used\" is missing"},
	};

	(void)state;
	assert_refusals(refusals, COUNT_OF(refusals));
}

static void
reads_where_a_metric_is_counted_and_how_that_went(void **state)
{
	struct tare_run *run = must_read(HEADER_OF("a", "1", "'cases':" COUNTED_CASE) SAMPLE("1",
		"0", "0",
		"'wall':5,'cycles':100") "{'type':'sample','seq':2,'case':0,'pair':1,'start_ns':1,'"
					 "values':"
					 "{'wall':5,'cycles':90},'coverage':{'cycles':0.4}}\n"
					 "{'type':'sample','seq':3,'case':0,'pair':2,'start_ns':1,'"
					 "values':{'wall':5},"
					 "'coverage':{'cycles':0.1}}\n"
					 "{'type':'sample','seq':4,'case':0,'pair':3,'start_ns':1,'"
					 "values':{'wall':5},"
					 "'coverage':{'cycles':0.9},'counters':'invalid'}\n" SAMPLE(
						 "5", "0", "4", "'wall':5"));
	const struct tare_run_case *one = &run->cases[0];

	(void)state;
	assert_null(one->metrics[0].counter);
	assert_string_equal(one->metrics[1].counter->provider, "perf");
	assert_string_equal(one->metrics[1].counter->event, "E");
	assert_string_equal(one->metrics[1].counter->scope, "program");
	assert_int_equal(one->metrics[1].counter->quality, TARE_QUALITY_COUNTED);
	assert_int_equal(one->counting[1].used, 2);
	assert_int_equal(one->counting[1].thin, 1);
	assert_int_equal(one->counting[1].invalid, 1);
	assert_true(one->counting[1].coverage_min == 0.4);
	assert_true(one->counting[1].coverage_sum == 1.4);
	assert_int_equal(one->counting[0].used, 0);
	tare_run_free(run);
}

static void
refuses_counters_that_say_too_little(void **state)
{
#define COUNTER_OF(text)                                                                        \
	HEADER_OF("a", "1",                                                                     \
		"'cases':[{'benchmark':'b','group':0,'metrics':[{'name':'c','better':'lower','" \
		"counter':" text "}]}]")
	static const struct refusal refusals[] = {
		{COUNTER_OF("7"), "j:1: case 0: metric 0: key \"counter\": expected an object"},
		{COUNTER_OF("{'event':'E','scope':'s','quality':'counted'}"),
			"j:1: case 0: metric 0: key \"counter\": key \"provider\" is missing"},
		{COUNTER_OF("{'provider':'p','event':'E','scope':'s','quality':'guessed'}"),
			"j:1: case 0: metric 0: key \"counter\": key \"quality\": expected "
			"counted, "
			"accounted, simulated or derived, found \"guessed\""},
	};

	(void)state;
	assert_refusals(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_where_a_metric_is_counted_and_how_that_went),
		cmocka_unit_test(refuses_counters_that_say_too_little),
		cmocka_unit_test(reads_a_header),
		cmocka_unit_test(reads_a_header_with_nothing_in_it),
		cmocka_unit_test(trusts_facts_and_not_the_fingerprint_beside_them),
		cmocka_unit_test(refuses_headers_it_cannot_trust),
		cmocka_unit_test(refuses_cases_it_cannot_trust),
		cmocka_unit_test(refuses_lists_past_any_use),
		cmocka_unit_test(reads_numbers_iterations_and_gaps),
		cmocka_unit_test(refuses_samples_it_cannot_trust),
		cmocka_unit_test(refuses_numbers_that_are_none),
		cmocka_unit_test(reads_failures_with_and_without_an_invocation),
		cmocka_unit_test(reads_stops_warnings_and_ends),
		cmocka_unit_test(reads_looks),
		cmocka_unit_test(opens_a_run_again_that_goes_on_after_its_end),
		cmocka_unit_test(skips_types_it_does_not_know),
		cmocka_unit_test(refuses_other_lines_it_cannot_trust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
