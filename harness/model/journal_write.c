#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/model/comparison.h"
#include "harness/model/journal.h"
#include "harness/model/journal_kept.h"

/* A line is made in `line`, a stream in memory that is rewound for the next one, and leaves in one
 * piece. */
struct tare_journal {
	FILE *line;
	char *text;
	size_t text_size;
	struct tare_json json; /* of the line being made */
	FILE *stream;          /* borrowed; NULL: a file */
	int fd;
	char *path;
	off_t whole_size; /* bytes of whole lines */
	bool torn;        /* bytes past whole_size could not be cut off */
};

static struct tare_journal *
new_journal(const char *path, int fd, FILE *stream)
{
	struct tare_journal *journal = tare_xcalloc(1, sizeof(*journal));

	journal->line = open_memstream(&journal->text, &journal->text_size);
	assert(journal->line);
	journal->stream = stream;
	journal->fd = fd;
	journal->path = tare_xstrdup(path);
	return journal;
}

struct tare_journal *
tare_journal_on_stream(FILE *stream)
{
	return new_journal("journal", -1, stream);
}

static enum tare_status
lock_file(int fd, const char *path, struct tare_err *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return TARE_OK;
	if (errno == EWOULDBLOCK)
		return tare_err_set(err, TARE_INVALID,
			"journal \"%s\" is being written by another process", path);
	/* Some network file systems have no locks; a run there is better than none. */
	if (errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOLCK)
		return TARE_OK;
	return tare_err_errno(err, TARE_OUTSIDE, "cannot lock journal \"%s\"", path);
}

static enum tare_status
make_folder(const char *path, struct tare_err *err)
{
	struct tare_arena *scratch = tare_arena_new();
	enum tare_status status = tare_dir_make(tare_path_dirname(scratch, path), err);

	tare_arena_free(scratch);
	return status;
}

enum tare_status
tare_journal_create(struct tare_journal **journal_out, const char *path, struct tare_err *err)
{
	enum tare_status status = make_folder(path, err);
	int fd;

	if (status != TARE_OK)
		return status;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return tare_err_set(err, TARE_INVALID,
			"journal \"%s\" exists already; continue it with --resume, or name another",
			path);
	if (fd < 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot create journal \"%s\"", path);
	status = lock_file(fd, path, err);
	if (status != TARE_OK) {
		close(fd);
		return status;
	}
	*journal_out = new_journal(path, fd, NULL);
	return TARE_OK;
}

/* Sets *size_out to the bytes up to and with the last newline, 0 where there is none. */
static enum tare_status
find_whole_size(off_t *size_out, int fd, const char *path, struct tare_err *err)
{
	char block[4096];
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot seek in journal \"%s\"", path);
	while (end > 0) {
		off_t start = end > (off_t)sizeof(block) ? end - (off_t)sizeof(block) : 0;
		ssize_t len = pread(fd, block, (size_t)(end - start), start);
		const char *newline;

		if (len != (ssize_t)(end - start))
			return tare_err_errno(
				err, TARE_OUTSIDE, "cannot read journal \"%s\"", path);
		newline = memrchr(block, '\n', (size_t)len);
		if (newline) {
			end = start + (newline - block) + 1;
			break;
		}
		end = start;
	}
	*size_out = end;
	return TARE_OK;
}

static enum tare_status
cut_torn_line(off_t *whole_size_out, int fd, const char *path, struct tare_err *err)
{
	enum tare_status status = lock_file(fd, path, err);

	if (status != TARE_OK)
		return status;
	status = find_whole_size(whole_size_out, fd, path, err);
	if (status != TARE_OK)
		return status;
	if (*whole_size_out == 0)
		return tare_err_set(
			err, TARE_INVALID, "journal \"%s\" has no whole line to go on from", path);
	if (ftruncate(fd, *whole_size_out) != 0)
		return tare_err_errno(
			err, TARE_OUTSIDE, "cannot cut the torn line of journal \"%s\"", path);
	return TARE_OK;
}

enum tare_status
tare_journal_reopen(struct tare_journal **journal_out, const char *path, struct tare_err *err)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	enum tare_status status;
	off_t whole_size = 0;

	if (fd < 0)
		return tare_err_errno(err, errno == ENOENT ? TARE_NOT_FOUND : TARE_OUTSIDE,
			"cannot open journal \"%s\"", path);
	status = cut_torn_line(&whole_size, fd, path, err);
	if (status != TARE_OK) {
		close(fd);
		return status;
	}
	*journal_out = new_journal(path, fd, NULL);
	(*journal_out)->whole_size = whole_size;
	return TARE_OK;
}

/* After a write that failed half-way (a full disk): what follows must not be glued to the torn
 * line. */
static enum tare_status
cut_back(struct tare_journal *journal, struct tare_err *err)
{
	journal->torn = ftruncate(journal->fd, journal->whole_size) != 0;
	if (!journal->torn)
		return TARE_OK;
	return tare_err_errno(
		err, TARE_OUTSIDE, "cannot cut the torn line of journal \"%s\"", journal->path);
}

static enum tare_status
append_to_file(struct tare_journal *journal, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	if (journal->torn)
		status = cut_back(journal, err);
	if (status != TARE_OK)
		return status;
	status = tare_fd_write(journal->fd, journal->text, journal->text_size, err);
	if (status != TARE_OK) {
		cut_back(journal, NULL);
		return tare_err_where(err, "journal \"%s\"", journal->path);
	}
	journal->whole_size += (off_t)journal->text_size;
	return TARE_OK;
}

static enum tare_status
append_to_stream(struct tare_journal *journal, struct tare_err *err)
{
	if (fwrite(journal->text, 1, journal->text_size, journal->stream) != journal->text_size)
		return tare_err_errno(err, TARE_OUTSIDE, "journal: cannot write");
	return TARE_OK;
}

static struct tare_json *
begin_line(struct tare_journal *journal, const char *type)
{
	rewind(journal->line);
	tare_json_begin(&journal->json, journal->line, 0);
	tare_json_object_begin(&journal->json, NULL);
	tare_json_string(&journal->json, "type", type);
	return &journal->json;
}

static enum tare_status
end_line(struct tare_journal *journal, struct tare_err *err)
{
	int failed;

	tare_json_object_end(&journal->json);
	putc_unlocked('\n', journal->line);
	failed = fflush(journal->line);
	assert(!failed && !ferror(journal->line));
	if (journal->text_size > TARE_JOURNAL_LINE_MAX)
		return tare_err_set(err, TARE_INVALID,
			"journal \"%s\": a line would be %zu bytes long; the limit is %d",
			journal->path, journal->text_size, TARE_JOURNAL_LINE_MAX);
	return journal->stream ? append_to_stream(journal, err) : append_to_file(journal, err);
}

static void
write_suite(struct tare_json *json, const struct tare_run *run)
{
	tare_json_object_begin(json, "suite");
	tare_json_string(json, "name", run->suite);
	tare_json_string(json, "file", run->suite_file);
	tare_json_string(json, "digest", run->suite_digest);
	tare_json_string(json, "description", run->description);
	tare_json_object_end(json);
}

static void
write_gate(struct tare_json *json, const struct tare_gate *gate)
{
	if (!gate->asked_for) {
		tare_json_null(json, "gate");
		return;
	}
	tare_json_object_begin(json, "gate");
	tare_json_array_begin(json, "fail_on");
	for (unsigned i = 0; i < TARE_VERDICT_COUNT; i++) {
		if (gate->fail_on & 1u << i)
			tare_json_string(json, NULL, tare_verdict_name((enum tare_verdict)i));
	}
	tare_json_array_end(json);
	tare_json_object_end(json);
}

static void
write_counter(struct tare_json *json, const struct tare_counter *counter)
{
	tare_json_object_begin(json, "counter");
	tare_json_string(json, "provider", counter->provider);
	tare_json_string(json, "event", counter->event);
	tare_json_string(json, "scope", counter->scope);
	tare_json_string(json, "quality", tare_counter_quality_name(counter->quality));
	tare_json_object_end(json);
}

static void
write_metrics(struct tare_json *json, const struct tare_run_case *one)
{
	tare_json_array_begin(json, "metrics");
	for (size_t i = 0; i < one->metric_count; i++) {
		const struct tare_metric *metric = &one->metrics[i];

		tare_json_object_begin(json, NULL);
		tare_json_string(json, "name", metric->name);
		tare_json_string(json, "unit", metric->unit);
		tare_json_string(json, "better", tare_better_name(metric->better));
		tare_json_bool(json, "exact", metric->exact);
		tare_json_bool(json, "gated", metric->gated);
		tare_json_double(json, "margin", metric->margin);
		if (metric->counter)
			write_counter(json, metric->counter);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
}

static void
write_case(struct tare_json *json, const struct tare_run_case *one)
{
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "benchmark", one->benchmark);
	tare_json_string(json, "variant", one->variant);
	tare_json_object_begin(json, "parameters");
	for (size_t i = 0; i < one->parameter_count; i++)
		tare_json_string(json, one->parameters[i].name, one->parameters[i].value);
	tare_json_object_end(json);
	tare_json_array_begin(json, "tags");
	for (size_t i = 0; i < one->tag_count; i++)
		tare_json_string(json, NULL, one->tags[i]);
	tare_json_array_end(json);
	tare_json_u64(json, "group", one->group);
	tare_json_string(json, "command", one->command);
	tare_json_string(json, "runner", one->runner);
	tare_json_string(json, "cpus", one->cpus);
	if (one->placement && *one->placement)
		tare_json_string(json, "placement", one->placement);
	tare_json_bool(json, "critical", one->critical);
	write_metrics(json, one);
	tare_json_object_end(json);
}

enum tare_status
tare_journal_header(struct tare_journal *journal, const struct tare_run *run, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "header");

	tare_json_string(json, "format", "tare-journal");
	tare_json_u64(json, "version", TARE_JOURNAL_VERSION);
	tare_json_string(json, "run", run->id);
	write_suite(json, run);
	tare_json_u64(json, "seed", run->seed);
	tare_json_u64(json, "started_unix_ns", run->started_unix_ns);
	tare_json_string(json, "release", run->release);
	tare_json_string(json, "environment_name", run->environment_name);
	tare_json_string(json, "command_line", run->command_line);
	tare_json_string(json, "tare", run->version);
	tare_json_object_begin(json, "environment");
	tare_environment_write(json, &run->environment);
	tare_json_object_end(json);
	tare_json_null(json, "calibration");
	write_gate(json, &run->gate);
	tare_json_array_begin(json, "cases");
	for (size_t i = 0; i < run->case_count; i++)
		write_case(json, &run->cases[i]);
	tare_json_array_end(json);
	return end_line(journal, err);
}

static void
write_iterations(
	struct tare_json *json, const char *name, const struct tare_sample *sample, size_t metric)
{
	tare_json_array_begin(json, name);
	tare_json_double(json, NULL, sample->values[metric]);
	tare_json_array_begin(json, NULL);
	for (size_t i = 0; i < sample->iteration_counts[metric]; i++)
		tare_json_double(json, NULL, sample->iterations[metric][i]);
	tare_json_array_end(json);
	tare_json_array_end(json);
}

/* A metric without a value is left out. */
static void
write_values(
	struct tare_json *json, const struct tare_run_case *owner, const struct tare_sample *sample)
{
	tare_json_object_begin(json, "values");
	for (size_t i = 0; i < owner->metric_count; i++) {
		const char *name = owner->metrics[i].name;

		if (sample->iterations && sample->iteration_counts[i] > 0)
			write_iterations(json, name, sample, i);
		else if (isfinite(sample->values[i]))
			tare_json_double(json, name, sample->values[i]);
	}
	tare_json_object_end(json);
}

/* Only of what was not counted all the time: most counters are, always. */
static void
write_coverage(
	struct tare_json *json, const struct tare_run_case *owner, const struct tare_sample *sample)
{
	bool begun = false;

	for (size_t i = 0; i < owner->metric_count && sample->counted; i++) {
		if (!(sample->counted[i].coverage < 1.0))
			continue;
		if (!begun)
			tare_json_object_begin(json, "coverage");
		begun = true;
		tare_json_double(json, owner->metrics[i].name, sample->counted[i].coverage);
	}
	if (begun)
		tare_json_object_end(json);
	if (sample->counts_invalid)
		tare_json_string(json, "counters", "invalid");
}

/* Readings of 0, and those that were not taken, are left out, as they mostly are. */
static void
write_noise(struct tare_json *json, const struct tare_sample *sample)
{
	bool begun = false;

	for (int i = 0; i < TARE_READING_COUNT && sample->noise; i++) {
		double value = sample->noise->readings[i];

		if (!isfinite(value) || value == 0)
			continue;
		if (!begun)
			tare_json_object_begin(json, "noise");
		begun = true;
		tare_json_double(json, tare_reading_name((enum tare_reading)i), value);
	}
	if (begun)
		tare_json_object_end(json);
	if (sample->labels == 0)
		return;
	tare_json_array_begin(json, "disturbed");
	for (int i = 0; i < TARE_DISTURBANCE_COUNT; i++) {
		if (sample->labels >> i & 1)
			tare_json_string(
				json, NULL, tare_disturbance_name((enum tare_disturbance)i));
	}
	tare_json_array_end(json);
}

enum tare_status
tare_journal_sample(struct tare_journal *journal, const struct tare_run *run,
	const struct tare_sample *sample, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, sample->ok ? "sample" : "failure");

	assert(sample->case_index < run->case_count);
	tare_json_u64(json, "seq", sample->seq);
	tare_json_u64(json, "case", sample->case_index);
	tare_json_u64(json, "pair", sample->pair);
	tare_json_u64(json, "start_ns", sample->start_ns);
	if (sample->warmup)
		tare_json_bool(json, "warmup", true);
	if (sample->padding_bytes > 0)
		tare_json_u64(json, "padding_bytes", sample->padding_bytes);
	if (sample->ok) {
		write_values(json, &run->cases[sample->case_index], sample);
		write_coverage(json, &run->cases[sample->case_index], sample);
		write_noise(json, sample);
	} else {
		tare_json_string(json, "text", sample->failure ? sample->failure : "");
		tare_json_string(json, "stderr", sample->stderr_tail);
	}
	return end_line(journal, err);
}

static void
write_known(struct tare_json *json, const char *key, double value)
{
	if (isfinite(value))
		tare_json_double(json, key, value);
}

enum tare_status
tare_journal_look(struct tare_journal *journal, const struct tare_run *run, size_t case_index,
	const struct tare_case_look *look, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "look");

	assert(case_index < run->case_count);
	assert(look->metric < run->cases[case_index].metric_count);
	tare_json_u64(json, "case", case_index);
	tare_json_string(json, "metric", run->cases[case_index].metrics[look->metric].name);
	tare_json_u64(json, "pairs", look->pairs);
	tare_json_u64(json, "planned", look->pairs_planned);
	if (look->phase > 0)
		tare_json_u64(json, "phase", look->phase);
	if (look->compared)
		tare_json_bool(json, "compared", true);
	if (look->logs)
		tare_json_bool(json, "ratio", true);
	write_known(json, "estimate", look->estimate);
	write_known(json, "low", look->low);
	write_known(json, "high", look->high);
	write_known(json, "p_value", look->p_value);
	write_known(json, "alpha_spent", look->alpha_spent);
	write_known(json, "boundary", look->boundary);
	tare_json_string(json, "verdict", tare_verdict_name(look->verdict));
	if (look->decision != TARE_STOP_NOT)
		tare_json_string(json, "decision", tare_stop_reason(look->decision));
	return end_line(journal, err);
}

enum tare_status
tare_journal_stop(
	struct tare_journal *journal, size_t case_index, const char *reason, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "stop");

	tare_json_u64(json, "case", case_index);
	tare_json_string(json, "reason", reason);
	return end_line(journal, err);
}

enum tare_status
tare_journal_warning(
	struct tare_journal *journal, const struct tare_warning *warning, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "warning");

	tare_json_string(json, "id", warning->id);
	tare_json_string(json, "text", warning->text);
	tare_json_string(json, "advice", warning->advice ? warning->advice : "");
	return end_line(journal, err);
}

enum tare_status
tare_journal_fact(
	struct tare_journal *journal, const char *key, const char *value, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "fact");

	tare_json_string(json, "key", key);
	tare_json_string(json, "value", value);
	return end_line(journal, err);
}

enum tare_status
tare_journal_resume(struct tare_journal *journal, uint64_t unix_ns, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "resume");

	tare_json_u64(json, "unix_ns", unix_ns);
	return end_line(journal, err);
}

enum tare_status
tare_journal_kept(struct tare_journal *journal, const struct tare_run *run, size_t case_index,
	struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "kept");
	const struct tare_run_case *one = &run->cases[case_index];

	assert(case_index < run->case_count);
	tare_json_u64(json, "case", case_index);
	tare_journal_write_kept(json, one);
	return end_line(journal, err);
}

enum tare_status
tare_journal_end(struct tare_journal *journal, const struct tare_run *run, struct tare_err *err)
{
	struct tare_json *json = begin_line(journal, "end");

	assert(run->status != TARE_RUN_OPEN);
	tare_json_string(json, "status", tare_run_status_name(run->status));
	tare_json_u64(json, "invocations", run->invocation_count);
	tare_json_u64(json, "duration_ns", run->duration_ns);
	return end_line(journal, err);
}

enum tare_status
tare_journal_sync(struct tare_journal *journal, struct tare_err *err)
{
	if (journal->stream) {
		if (fflush(journal->stream) != 0)
			return tare_err_errno(err, TARE_OUTSIDE, "journal: cannot write");
		return TARE_OK;
	}
	/* EINVAL: a pipe or a device, which has nothing to sync. */
	if (fdatasync(journal->fd) != 0 && errno != EINVAL)
		return tare_err_errno(
			err, TARE_OUTSIDE, "cannot sync journal \"%s\"", journal->path);
	return TARE_OK;
}

enum tare_status
tare_journal_check(const struct tare_journal *journal, struct tare_err *err)
{
	struct stat ours, there;

	if (journal->stream || fstat(journal->fd, &ours) != 0 ||
		(stat(journal->path, &there) == 0 && there.st_ino == ours.st_ino &&
			there.st_dev == ours.st_dev))
		return TARE_OK;
	return tare_err_set(err, TARE_OUTSIDE,
		"journal \"%s\" was removed or replaced while it was written, so this run is in no "
		"journal",
		journal->path);
}

enum tare_status
tare_journal_close(struct tare_journal *journal, struct tare_err *err)
{
	enum tare_status status;

	if (!journal)
		return TARE_OK;
	status = tare_journal_sync(journal, err);
	if (journal->fd >= 0 && close(journal->fd) != 0 && status == TARE_OK)
		status = tare_err_errno(
			err, TARE_OUTSIDE, "cannot close journal \"%s\"", journal->path);
	fclose(journal->line);
	free(journal->text);
	free(journal->path);
	free(journal);
	return status;
}
