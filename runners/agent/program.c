#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runners/agent/agent.h"

static void
forget(struct agent_program *program)
{
	if (!program->defined)
		return;
	munmap(program->blob, program->blob_len);
	for (int i = 0; i < 3; i++)
		close(program->fds[i]);
	program->defined = false;
	program->path[0] = '\0';
}

/* None where the word is not as long as it has to be. */
static void
find_padding(struct agent_program *program)
{
	const struct tare_wire_view *view = &program->view;
	size_t name_len = strlen(tare_wire_padding_name);
	uint32_t behind = view->flags & TARE_WIRE_PIN_THREADS ? 2 : 0;
	char *word;

	program->padding = NULL;
	if ((view->flags & TARE_WIRE_PADDED) == 0)
		return;
	word = view->envp[view->envc - 1 - behind];
	if (strlen(word) != name_len + TARE_WIRE_PADDING_MAX - 1)
		return;
	program->padding = word + name_len;
	program->padding_len = TARE_WIRE_PADDING_MAX - 1;
}

int
agent_program_define(struct agent_program *program, const int fds[TARE_WIRE_PROGRAM_FDS])
{
	struct stat about;
	void *blob;
	size_t len;

	if (fstat(fds[0], &about) != 0)
		return errno;
	if (about.st_size <= 0 || about.st_size > TARE_WIRE_PROGRAM_MAX)
		return EINVAL;
	len = (size_t)about.st_size;
	blob = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fds[0], 0);
	if (blob == MAP_FAILED)
		return errno;
	forget(program);
	if (!tare_wire_program_decode(&program->view, blob, len)) {
		munmap(blob, len);
		return EINVAL;
	}
	program->blob = blob;
	program->blob_len = len;
	memcpy(program->fds, fds + 1, sizeof(program->fds));
	find_padding(program);
	agent_threads_define(program);
	program->defined = true;
	return 0;
}

/* The value of PATH in the program's own environment, as a shell inside it would search. */
static const char *
search_path(char *const *envp)
{
	for (; *envp; envp++) {
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	}
	return "/usr/local/bin:/usr/bin:/bin";
}

static int
check_executable(const char *path)
{
	struct stat about;

	if (stat(path, &about) != 0)
		return errno;
	if (!S_ISREG(about.st_mode) || access(path, X_OK) != 0)
		return EACCES;
	return 0;
}

/* Fills program->path. Done once, and not between gate and reap. */
static int
look_up(struct agent_program *program)
{
	const char *name = program->view.argv[0];
	const char *dir = search_path(program->view.envp);
	int error = ENOENT;

	if (strchr(name, '/')) {
		if (strlen(name) >= sizeof(program->path))
			return ENAMETOOLONG;
		memcpy(program->path, name, strlen(name) + 1);
		return 0;
	}
	if (*name == '\0')
		return ENOENT;
	for (;;) {
		int dir_len = (int)strcspn(dir, ":");
		int len = snprintf(program->path, sizeof(program->path), "%.*s%s%s", dir_len, dir,
			dir_len > 0 ? "/" : "./", name);
		int found = (size_t)len < sizeof(program->path) ? check_executable(program->path)
								: ENAMETOOLONG;

		if (found == 0)
			return 0;
		if (found == EACCES)
			error = EACCES;
		if (dir[dir_len] == '\0')
			break;
		dir += dir_len + 1;
	}
	program->path[0] = '\0';
	return error;
}

static bool
fail(struct tare_wire_reply *reply, enum tare_wire_step step, int error)
{
	reply->step = step;
	reply->error = error;
	return false;
}

bool
agent_program_apply(struct agent *agent, struct agent_program *program,
	const struct tare_wire_place *place, struct tare_wire_reply *reply)
{
	int error;

	if (!agent_place_apply(agent, place, reply))
		return false;
	if (chdir(program->view.cwd) != 0)
		return fail(reply, TARE_STEP_CWD, errno);
	for (int i = 0; i < 3; i++) {
		if (dup2(program->fds[i], i) < 0)
			return fail(reply, TARE_STEP_REQUEST, errno);
	}
	if (program->path[0] == '\0') {
		error = look_up(program);
		if (error != 0)
			return fail(reply, TARE_STEP_LOOKUP, error);
		agent_threads_choose(program);
	}
	if (program->pins_threads && program->threads_free)
		reply->flags |= TARE_WIRE_THREADS_FREE;
	return true;
}

void
agent_program_pad(struct agent_program *program, uint64_t seed, uint32_t pair)
{
	if (!program->padding)
		return;
	if (program->padding_len < TARE_WIRE_PADDING_MAX - 1)
		program->padding[program->padding_len] = 'x';
	program->padding_len = tare_wire_padding(seed, pair);
	program->padding[program->padding_len] = '\0';
}

/* What cannot be rewound or truncated (a pipe, a device) is left as it is. */
void
agent_program_rewind(const struct agent_program *program)
{
	if (program->view.flags & TARE_WIRE_REWIND_STDIN)
		lseek(STDIN_FILENO, 0, SEEK_SET);
	if (program->view.flags & TARE_WIRE_TRUNCATE_STDOUT) {
		(void)!ftruncate(STDOUT_FILENO, 0);
		lseek(STDOUT_FILENO, 0, SEEK_SET);
	}
}
