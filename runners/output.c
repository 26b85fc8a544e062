#include "runners/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/model/plan.h"

/* Standard error of one invocation after the other is in one file; it starts anew past this. */
static const size_t errors_restart = 1 << 20;

enum tare_status
tare_output_open(struct tare_output *output_out, struct tare_err *err)
{
	struct tare_output output = {0};

	output.errors_fd = memfd_create("tare-stderr", MFD_CLOEXEC);
	output.capture_fd = memfd_create("tare-stdout", MFD_CLOEXEC);
	if (output.errors_fd < 0 || output.capture_fd < 0 ||
		fcntl(output.errors_fd, F_SETFL, O_APPEND) != 0) {
		tare_err_errno(err, TARE_OUTSIDE, "cannot make a file in memory");
		tare_output_close(&output);
		return TARE_OUTSIDE;
	}
	*output_out = output;
	return TARE_OK;
}

void
tare_output_close(struct tare_output *output)
{
	if (output->errors_fd >= 0)
		close(output->errors_fd);
	if (output->capture_fd >= 0)
		close(output->capture_fd);
	free(output->errors_text);
	free(output->capture_text);
}

static size_t
size_of(int fd)
{
	struct stat about;

	return fstat(fd, &about) == 0 && about.st_size > 0 ? (size_t)about.st_size : 0;
}

void
tare_output_begin(struct tare_output *output)
{
	output->errors_begin = size_of(output->errors_fd);
	if (output->errors_begin > errors_restart && ftruncate(output->errors_fd, 0) == 0)
		output->errors_begin = 0;
}

static void
drop(int fd, size_t begin, size_t end)
{
	if (end > begin)
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)begin,
			(off_t)(end - begin));
}

void
tare_output_trim(struct tare_output *output)
{
	size_t errors_len = size_of(output->errors_fd);

	drop(output->capture_fd, TARE_CAPTURE_MAX, size_of(output->capture_fd));
	if (errors_len > errors_restart)
		drop(output->errors_fd, 0, errors_len - TARE_ERRORS_TAIL_MAX);
}

/* len bytes from begin, or as many as there are. */
static enum tare_status
read_part(struct tare_output_text *text_out, char **buffer, int fd, size_t begin, size_t len)
{
	size_t done = 0;

	*buffer = tare_xreallocarray(*buffer, len + 1, 1);
	while (done < len) {
		ssize_t got = pread(fd, *buffer + done, len - done, (off_t)(begin + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return TARE_OUTSIDE;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	(*buffer)[done] = '\0';
	*text_out = (struct tare_output_text){.text = *buffer, .len = done};
	return TARE_OK;
}

enum tare_status
tare_output_errors(
	struct tare_output_text *text_out, struct tare_output *output, struct tare_err *err)
{
	size_t end = size_of(output->errors_fd);
	/* A program may have truncated its own standard error. */
	size_t begin = output->errors_begin <= end ? output->errors_begin : 0;
	bool cut = end - begin > TARE_ERRORS_TAIL_MAX;

	if (end == begin) {
		*text_out = (struct tare_output_text){.text = ""};
		return TARE_OK;
	}
	if (cut)
		begin = end - TARE_ERRORS_TAIL_MAX;
	if (read_part(text_out, &output->errors_text, output->errors_fd, begin, end - begin) !=
		TARE_OK)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot read a program's standard error");
	text_out->cut = cut;
	return TARE_OK;
}

enum tare_status
tare_output_captured(
	struct tare_output_text *text_out, struct tare_output *output, struct tare_err *err)
{
	size_t len = size_of(output->capture_fd);
	bool cut = len > TARE_CAPTURE_MAX;

	if (read_part(text_out, &output->capture_text, output->capture_fd, 0,
		    cut ? TARE_CAPTURE_MAX : len) != TARE_OK)
		return tare_err_errno(err, TARE_OUTSIDE, "cannot read a program's output");
	text_out->cut = cut;
	return TARE_OK;
}
