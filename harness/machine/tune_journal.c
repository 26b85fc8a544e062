#include "harness/machine/tune_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/json.h"

enum { JOURNAL_MAX = 8 << 20, JOURNAL_VERSION = 1, BOOT_MAX = 256, RAW_MAX = 8 << 10 };

static const char run_folder[] = "/run/tare";
static const char journal_name[] = "tune.ndjson";
static const char lock_name[] = "tune.lock";

static char *
run_path(struct tare_arena *arena, const char *root, const char *name)
{
	return tare_arena_printf(arena, "%s%s/%s", root, run_folder, name);
}

char *
tare_tune_journal_path(struct tare_arena *arena, const char *root)
{
	return run_path(arena, root, journal_name);
}

static void
step(const struct tare_tune_place *place)
{
	if (place->step)
		place->step(place->context);
}

/* "" where the kernel does not tell. */
static const char *
read_boot(struct tare_arena *arena, const char *root)
{
	char *path = tare_arena_printf(arena, "%s/proc/sys/kernel/random/boot_id", root);
	char *text;

	if (tare_file_read(arena, &text, NULL, path, BOOT_MAX, NULL) != TARE_OK)
		return "";
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static enum tare_status
explain_folder(struct tare_err *err, const char *folder)
{
	if (errno == EACCES || errno == EPERM)
		return tare_err_set(err, TARE_OUTSIDE,
			"not permitted to keep the undo journal in \"%s\"; run tare as root, for "
			"example with sudo",
			folder);
	return tare_err_errno(err, TARE_OUTSIDE, "cannot keep the undo journal in \"%s\"", folder);
}

static enum tare_status
explain_lock(const struct tare_tune_place *place, struct tare_arena *arena, struct tare_err *err)
{
	struct tare_tune_record record;

	if (tare_tune_journal_read(&record, arena, place->root, NULL) == TARE_OK && record.pid > 0)
		return tare_err_set(err, TARE_OUTSIDE,
			"another tare (process %ld) is tuning this machine; wait until it has "
			"ended",
			(long)record.pid);
	return tare_err_set(
		err, TARE_OUTSIDE, "another tare is tuning this machine; wait until it has ended");
}

static enum tare_status
open_lock(int *fd_out, struct tare_arena *arena, const struct tare_tune_place *place,
	struct tare_err *err)
{
	char *folder = tare_arena_printf(arena, "%s%s", place->root, run_folder);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd;

	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return explain_folder(err, folder);
	fd = open(run_path(arena, place->root, lock_name),
		O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return explain_folder(err, folder);
	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		int number = errno;

		close(fd);
		errno = number;
		if (number == EAGAIN || number == EACCES)
			return explain_lock(place, arena, err);
		return explain_folder(err, folder);
	}
	*fd_out = fd;
	return TARE_OK;
}

enum tare_status
tare_tune_lock(int *fd_out, const struct tare_tune_place *place, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	enum tare_status status = open_lock(fd_out, arena, place, err);

	tare_arena_free(arena);
	return status;
}

bool
tare_tune_is_locked(const struct tare_tune_place *place)
{
	struct tare_arena *arena = tare_arena_new();
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(run_path(arena, place->root, lock_name), O_RDONLY | O_CLOEXEC);
	bool locked = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	if (fd >= 0)
		close(fd);
	tare_arena_free(arena);
	return locked;
}

static enum tare_status
read_change(struct tare_tune_record *record, size_t *room, struct tare_arena *arena,
	const json_t *line, struct tare_err *err)
{
	const char *name, *path, *old, *raw;
	const struct tare_knob *knob;

	if (tare_json_get_string(&name, line, "setting", err) != TARE_OK ||
		tare_json_get_string(&path, line, "path", err) != TARE_OK ||
		tare_json_get_string(&old, line, "old", err) != TARE_OK ||
		tare_json_get_string(&raw, line, "new", err) != TARE_OK)
		return TARE_INVALID;
	knob = tare_knob_find(name);
	if (!knob || !tare_knob_owns(knob, path) || strlen(old) > RAW_MAX)
		return tare_err_set(
			err, TARE_INVALID, "\"%s\" is no file of the setting '%s'", path, name);
	if (record->change_count == *room) {
		size_t more = *room ? 2 * *room : 16;

		record->changes = tare_arena_grow(arena, record->changes, record->change_count,
			more, sizeof(*record->changes));
		*room = more;
	}
	record->changes[record->change_count++] = (struct tare_tune_change){
		.knob = knob,
		.path = tare_arena_strdup(arena, path),
		.old = tare_arena_strdup(arena, old),
		.raw = tare_arena_strdup(arena, raw),
	};
	return TARE_OK;
}

static enum tare_status
read_header(
	struct tare_tune_record *record, const json_t *line, const char *boot, struct tare_err *err)
{
	uint64_t version, pid;
	const char *type, *its_boot;

	if (tare_json_get_string(&type, line, "type", err) != TARE_OK ||
		tare_json_get_u64(&version, line, "version", err) != TARE_OK ||
		tare_json_get_string(&its_boot, line, "boot", err) != TARE_OK ||
		tare_json_get_u64(&pid, line, "pid", err) != TARE_OK ||
		tare_json_get_u64(&record->started_unix_ns, line, "started_unix_ns", err) !=
			TARE_OK)
		return TARE_INVALID;
	if (strcmp(type, "tare-tune") != 0 || version != JOURNAL_VERSION)
		return tare_err_set(err, TARE_INVALID,
			"it is no undo journal of version %d; use the tare that wrote it",
			JOURNAL_VERSION);
	record->pid = (pid_t)(pid & INT32_MAX);
	record->of_this_boot = strcmp(its_boot, boot) == 0;
	return TARE_OK;
}

static enum tare_status
read_line(struct tare_tune_record *record, size_t *room, struct tare_arena *arena, const char *text,
	size_t len, struct tare_err *err)
{
	const char *type;
	json_t *line;
	enum tare_status status = tare_json_parse(&line, text, len, err);

	if (status != TARE_OK)
		return status;
	status = tare_json_get_string(&type, line, "type", err);
	if (status == TARE_OK && strcmp(type, "change") == 0)
		status = read_change(record, room, arena, line, err);
	else if (status == TARE_OK && strcmp(type, "kept") == 0)
		record->kept = true;
	else if (status == TARE_OK)
		status = tare_err_set(err, TARE_INVALID, "there is no line of the type '%s'", type);
	json_decref(line);
	return status;
}

static enum tare_status
read_first_line(struct tare_tune_record *record, const char *text, size_t len, const char *boot,
	struct tare_err *err)
{
	json_t *header = NULL;
	enum tare_status status = tare_json_parse(&header, text, len, err);

	if (status == TARE_OK)
		status = read_header(record, header, boot, err);
	json_decref(header);
	return status == TARE_OK ? TARE_OK : tare_err_where(err, "line 1");
}

enum tare_status
tare_tune_journal_parse(struct tare_tune_record *record_out, struct tare_arena *arena,
	const char *text, size_t len, const char *boot, struct tare_err *err)
{
	struct tare_tune_record record = {.of_this_boot = true};
	size_t number = 0, room = 0;
	const char *end;

	/* Only whole lines count. */
	for (; (end = memchr(text, '\n', len)) != NULL; text = end + 1) {
		size_t line_len = (size_t)(end - text);
		struct tare_err why = {0};

		len -= line_len + 1;
		if (number++ == 0) {
			if (read_first_line(&record, text, line_len, boot, err) != TARE_OK)
				return TARE_INVALID;
		} else if (read_line(&record, &room, arena, text, line_len, &why) != TARE_OK &&
			   !record.damage) {
			record.damage = tare_arena_printf(arena, "line %zu: %s", number, why.text);
		}
	}
	*record_out = record;
	return TARE_OK;
}

enum tare_status
tare_tune_journal_read(struct tare_tune_record *record_out, struct tare_arena *arena,
	const char *root, struct tare_err *err)
{
	char *path = tare_tune_journal_path(arena, root);
	struct stat about;
	char *text;
	size_t len;
	enum tare_status status;

	/* Opening something else may wait for ever. */
	if (lstat(path, &about) == 0 && !S_ISREG(about.st_mode))
		return tare_err_set(
			err, TARE_INVALID, "undo journal \"%s\": it is not a file", path);
	status = tare_file_read(arena, &text, &len, path, JOURNAL_MAX, err);
	if (status != TARE_OK)
		return status;
	if (tare_tune_journal_parse(record_out, arena, text, len, read_boot(arena, root), err) !=
		TARE_OK)
		return tare_err_where(err, "undo journal \"%s\"", path);
	return TARE_OK;
}

static enum tare_status
sync_folder(struct tare_arena *arena, const char *root)
{
	int fd = open(tare_arena_printf(arena, "%s%s", root, run_folder),
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) != 0;

	if (fd >= 0)
		close(fd);
	return failed ? TARE_OUTSIDE : TARE_OK;
}

static enum tare_status
add_line(int fd, const struct tare_tune_place *place, const char *text, size_t len,
	struct tare_err *err)
{
	step(place);
	if (tare_fd_write(fd, text, len, err) != TARE_OK)
		return tare_err_where(err, "undo journal");
	step(place);
	if (fsync(fd) != 0)
		return tare_err_errno(err, TARE_OUTSIDE, "undo journal: cannot fsync");
	step(place);
	return TARE_OK;
}

struct line {
	FILE *out;
	char *text;
	size_t len;
	struct tare_json json;
};

static void
line_begin(struct line *line, const char *type)
{
	line->text = NULL;
	line->out = open_memstream(&line->text, &line->len);
	if (!line->out)
		abort();
	tare_json_begin(&line->json, line->out, 0);
	tare_json_object_begin(&line->json, NULL);
	tare_json_string(&line->json, "type", type);
}

static enum tare_status
line_end(struct line *line, int fd, const struct tare_tune_place *place, struct tare_err *err)
{
	enum tare_status status;

	tare_json_object_end(&line->json);
	fputc('\n', line->out);
	fclose(line->out);
	status = add_line(fd, place, line->text, line->len, err);
	free(line->text);
	return status;
}

static enum tare_status
make(int *fd_out, struct tare_arena *arena, const struct tare_tune_place *place,
	struct tare_err *err)
{
	enum tare_status status;
	struct line line;
	int fd;

	step(place);
	fd = open(tare_tune_journal_path(arena, place->root),
		O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot make the undo journal \"%s\"",
			tare_tune_journal_path(arena, place->root));
	line_begin(&line, "tare-tune");
	tare_json_u64(&line.json, "version", JOURNAL_VERSION);
	tare_json_string(&line.json, "boot", read_boot(arena, place->root));
	tare_json_u64(&line.json, "pid", (uint64_t)getpid());
	tare_json_u64(&line.json, "started_unix_ns", tare_unix_ns());
	status = line_end(&line, fd, place, err);
	if (status == TARE_OK && sync_folder(arena, place->root) != TARE_OK)
		status = tare_err_errno(err, TARE_OUTSIDE, "undo journal: cannot fsync its folder");
	if (status == TARE_OK) {
		*fd_out = fd;
		return TARE_OK;
	}
	close(fd);
	tare_tune_journal_remove(place, NULL);
	return status;
}

enum tare_status
tare_tune_journal_make(int *fd_out, const struct tare_tune_place *place, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	enum tare_status status = make(fd_out, arena, place, err);

	tare_arena_free(arena);
	return status;
}

enum tare_status
tare_tune_journal_add(int fd, const struct tare_tune_place *place,
	const struct tare_tune_change *change, struct tare_err *err)
{
	struct line line;

	line_begin(&line, "change");
	tare_json_string(&line.json, "setting", change->knob->name);
	tare_json_string(&line.json, "path", change->path);
	tare_json_string(&line.json, "old", change->old);
	tare_json_string(&line.json, "new", change->raw);
	return line_end(&line, fd, place, err);
}

enum tare_status
tare_tune_journal_keep(int fd, const struct tare_tune_place *place, struct tare_err *err)
{
	struct line line;

	line_begin(&line, "kept");
	return line_end(&line, fd, place, err);
}

enum tare_status
tare_tune_journal_remove(const struct tare_tune_place *place, struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	char *path = tare_tune_journal_path(arena, place->root);
	enum tare_status status = TARE_OK;

	step(place);
	if (unlink(path) != 0 && errno != ENOENT)
		status = tare_err_errno(
			err, TARE_OUTSIDE, "cannot remove the undo journal \"%s\"", path);
	else
		sync_folder(arena, place->root);
	step(place);
	tare_arena_free(arena);
	return status;
}
