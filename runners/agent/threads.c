#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runners/agent/agent.h"

enum {
	HEAD_MAX = 4096,
	SCRIPT_DEPTH_MAX = 4, /* as the kernel follows them */
};

static const char preload[] = "LD_PRELOAD=";

/* This program's own header: the library is of the same kind. */
extern const ElfW(Ehdr) __ehdr_start;

/* A loader that would load a library of glibc's; musl's ends a program over one it cannot load. */
static bool
is_glibc_loader(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld64.so", 7) == 0 ||
	       strncmp(name, "ld.so", 5) == 0;
}

static bool
has_glibc_loader(int fd, const char *head, size_t len)
{
	ElfW(Ehdr) elf;
	ElfW(Phdr) part;
	char loader[256] = "";

	memcpy(&elf, head, sizeof(elf));
	if (elf.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
		elf.e_machine != __ehdr_start.e_machine || elf.e_phentsize != sizeof(part))
		return false;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		size_t at = elf.e_phoff + i * sizeof(part);

		if (elf.e_phoff > len || at + sizeof(part) > len)
			return false;
		memcpy(&part, head + at, sizeof(part));
		if (part.p_type != PT_INTERP)
			continue;
		if (pread(fd, loader, sizeof(loader) - 1, (off_t)part.p_offset) <= 0)
			return false;
		return is_glibc_loader(loader);
	}
	return false;
}

/* The interpreter of a script; the head ends with a NUL. False where it is none. */
static bool
interpreter_of(char path_out[PATH_MAX], const char *head)
{
	size_t len;

	if (head[0] != '#' || head[1] != '!')
		return false;
	head += 2 + strspn(head + 2, " \t");
	len = strcspn(head, " \t\n");
	if (len == 0 || len >= PATH_MAX)
		return false;
	memcpy(path_out, head, len);
	path_out[len] = '\0';
	return true;
}

/* A program of another user's rights is not told what to load, nor is one whose file has
 * capabilities, unless root runs it, who has them (cap_bprm_creds_from_file() of the kernel). */
static bool
gains_rights(int fd)
{
	struct stat about;

	if (fstat(fd, &about) != 0 || (about.st_mode & (S_ISUID | S_ISGID)) != 0)
		return true;
	return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

/* Whether its loader would load the library: not in a static program, one of another machine, or
 * one with rights of its own. */
static bool
loads_library(const char *program_path)
{
	char path[PATH_MAX];
	char head[HEAD_MAX + 1];

	memcpy(path, program_path, strlen(program_path) + 1);
	for (int depth = 0; depth <= SCRIPT_DEPTH_MAX; depth++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		ssize_t len = fd < 0 ? -1 : read(fd, head, HEAD_MAX);
		bool loads = false;

		head[len > 0 ? len : 0] = '\0';
		if (len >= (ssize_t)sizeof(ElfW(Ehdr)) && memcmp(head, ELFMAG, SELFMAG) == 0)
			loads = !gains_rights(fd) && has_glibc_loader(fd, head, (size_t)len);
		if (fd >= 0)
			close(fd);
		if (loads || !interpreter_of(path, head))
			return loads;
	}
	return false;
}

void
agent_threads_define(struct agent_program *program)
{
	char **words;

	program->pins_threads = (program->view.flags & TARE_WIRE_PIN_THREADS) != 0;
	program->threads_free = false;
	program->own_preload = NULL;
	if (!program->pins_threads)
		return;
	words = program->view.envp + program->view.envc - 2;
	memcpy(program->thread_words, words, sizeof(program->thread_words));
	words[0] = NULL;
	for (char **word = program->view.envp; *word; word++) {
		if (strncmp(*word, preload, sizeof(preload) - 1) == 0) {
			program->own_preload = *word; /* a loader takes the last, too */
			program->preload_at = word;
		}
	}
}

void
agent_threads_choose(struct agent_program *program)
{
	char **end;

	if (!program->pins_threads)
		return;
	end = program->view.envp + program->view.envc - 2;
	program->threads_free = !loads_library(program->path);
	if (program->own_preload)
		*program->preload_at =
			program->threads_free ? program->own_preload : program->thread_words[1];
	if (!program->threads_free) {
		*end++ = program->thread_words[0];
		if (!program->own_preload)
			*end++ = program->thread_words[1];
	}
	*end = NULL;
}
