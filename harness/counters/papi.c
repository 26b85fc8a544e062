/*
 * PAPI: presets (PAPI_TOT_INS) and the native events of the CPU, by name.
 *
 * What PAPI 7.0 says is checked, never believed: every code it returns is fatal, since an ignored
 * one counts the harness in place of the program, and an event exists once it was started, stopped
 * and not zero. The order that works is: create, assign the component, inherit, domain, attach, and
 * only then add; inherit after add gives zeros without an error.
 *
 * PAPI_read() would be the harness's to call, once per batch. So the descriptors that PAPI opened
 * are found and read by the agent, as those of perf are. PAPI starts its events at once and not by
 * exec: the agent's own part of starting a program is in them.
 *
 * The library is loaded when the first name asks for it. Linked, it and libpfm would cost every
 * start of tare 3 ms; and where it is missing at run time, that is one more reason and no more.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <papi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/counters/counters.h"
#include "harness/counters/perf.h"

enum { COMPONENT_CPU = 0, FDS_MAX = 64, NAME_MAX_LEN = 120 };

/* The part of the library that is used, by the types of its own header. */
struct library {
	void *handle;
	__typeof__(&PAPI_library_init) library_init;
	__typeof__(&PAPI_event_name_to_code) event_name_to_code;
	__typeof__(&PAPI_create_eventset) create_eventset;
	__typeof__(&PAPI_assign_eventset_component) assign_eventset_component;
	__typeof__(&PAPI_set_opt) set_opt;
	__typeof__(&PAPI_attach) attach;
	__typeof__(&PAPI_add_event) add_event;
	__typeof__(&PAPI_start) start;
	__typeof__(&PAPI_stop) stop;
	__typeof__(&PAPI_cleanup_eventset) cleanup_eventset;
	__typeof__(&PAPI_destroy_eventset) destroy_eventset;
	__typeof__(&PAPI_strerror) strerror;
};

struct symbol {
	const char *name;
	void **slot;
};

static const struct preset {
	const char *name; /* the portable one */
	const char *preset;
} presets[] = {
	{"cycles", "PAPI_TOT_CYC"},
	{"ref-cycles", "PAPI_REF_CYC"},
	{"instructions", "PAPI_TOT_INS"},
	{"branches", "PAPI_BR_INS"},
	{"branch-misses", "PAPI_BR_MSP"},
	{"cache-references", "PAPI_L3_TCA"},
	{"cache-misses", "PAPI_L3_TCM"},
	{"stalled-cycles-backend", "PAPI_RES_STL"},
	{"L1-dcache-loads", "PAPI_L1_DCA"},
	{"L1-dcache-load-misses", "PAPI_L1_DCM"},
	{"L1-icache-load-misses", "PAPI_L1_ICM"},
	{"dTLB-load-misses", "PAPI_TLB_DM"},
	{"iTLB-load-misses", "PAPI_TLB_IM"},
};

static enum tare_status
failed(const struct library *papi, const char *step, int code, struct tare_err *err)
{
	return tare_err_set(err, TARE_UNSUPPORTED, "%s: %s (%d)", step, papi->strerror(code), code);
}

static enum tare_status
load(struct library *papi, struct tare_err *err)
{
	const struct symbol symbols[] = {
		{"PAPI_library_init", (void **)&papi->library_init},
		{"PAPI_event_name_to_code", (void **)&papi->event_name_to_code},
		{"PAPI_create_eventset", (void **)&papi->create_eventset},
		{"PAPI_assign_eventset_component", (void **)&papi->assign_eventset_component},
		{"PAPI_set_opt", (void **)&papi->set_opt},
		{"PAPI_attach", (void **)&papi->attach},
		{"PAPI_add_event", (void **)&papi->add_event},
		{"PAPI_start", (void **)&papi->start},
		{"PAPI_stop", (void **)&papi->stop},
		{"PAPI_cleanup_eventset", (void **)&papi->cleanup_eventset},
		{"PAPI_destroy_eventset", (void **)&papi->destroy_eventset},
		{"PAPI_strerror", (void **)&papi->strerror},
	};
	int version;

	papi->handle = dlopen(TARE_PAPI_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!papi->handle)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"cannot load %s, which tare was built for; install PAPI",
			TARE_PAPI_LIBRARY);
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		*symbols[i].slot = dlsym(papi->handle, symbols[i].name);
		if (!*symbols[i].slot)
			return tare_err_set(err, TARE_UNSUPPORTED, "%s has no %s",
				TARE_PAPI_LIBRARY, symbols[i].name);
	}
	version = papi->library_init(PAPI_VER_CURRENT);
	if (version != PAPI_VER_CURRENT)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"PAPI_library_init gave %d, expected %d: not the version tare was built "
			"for",
			version, PAPI_VER_CURRENT);
	return TARE_OK;
}

/* PAPI keeps the state of the process in globals of its own and cannot be begun twice; this is
 * whether it was, and how that went. */
static enum tare_status
library(const struct library **papi_out, struct tare_err *err)
{
	static struct library papi;
	static struct tare_err why;
	static bool tried;

	if (!tried) {
		tried = true;
		load(&papi, &why);
	}
	if (why.status != TARE_OK)
		return tare_err_set(err, why.status, "%s", why.text);
	*papi_out = &papi;
	return TARE_OK;
}

/* What this process has open of the kernel's events, ascending, with room for FDS_MAX. */
static size_t
list_events(int *fds_out)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	if (!folder)
		return 0;
	for (struct dirent *entry; count < FDS_MAX && (entry = readdir(folder));) {
		char target[64] = "";
		size_t at;
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' ||
			readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1) < 0 ||
			!strstr(target, "perf_event"))
			continue;
		for (at = count++; at > 0 && fds_out[at - 1] > fd; at--)
			fds_out[at] = fds_out[at - 1];
		fds_out[at] = fd;
	}
	closedir(folder);
	return count;
}

/* The new ones, copied: PAPI opens events in the order they were added, each with the lowest number
 * that is free, so they ascend. */
static enum tare_status
copy_new_events(struct tare_attachment *attachment, const int *before, size_t before_count,
	size_t wanted, struct tare_err *err)
{
	int after[FDS_MAX];
	size_t count = list_events(after), found = 0;

	for (size_t i = 0; i < count; i++) {
		bool old = false;

		for (size_t j = 0; j < before_count; j++)
			old = old || before[j] == after[i];
		if (old)
			continue;
		fcntl(after[i], F_SETFD, FD_CLOEXEC);
		if (found < wanted && attachment->count < TARE_COUNTERS_MAX)
			attachment->fds[attachment->count++] = fcntl(after[i], F_DUPFD_CLOEXEC, 0);
		found++;
	}
	if (found != wanted)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"PAPI opened %zu events for %zu names: it derives one from several, or "
			"shares one",
			found, wanted);
	return TARE_OK;
}

/* An empty set for a process; the order matters, see above. */
static enum tare_status
open_set(int *set_out, const struct library *papi, pid_t pid, struct tare_err *err)
{
	PAPI_option_t inherit = {0}, domain = {0};
	int set = PAPI_NULL;
	int code = papi->create_eventset(&set);

	if (code != PAPI_OK)
		return failed(papi, "PAPI_create_eventset", code, err);
	inherit.inherit.eventset = set;
	inherit.inherit.inherit = PAPI_INHERIT_ALL;
	domain.domain.eventset = set;
	domain.domain.domain = PAPI_DOM_ALL;
	code = papi->assign_eventset_component(set, COMPONENT_CPU);
	if (code != PAPI_OK) {
		failed(papi, "PAPI_assign_eventset_component", code, err);
	} else if ((code = papi->set_opt(PAPI_INHERIT, &inherit)) != PAPI_OK) {
		failed(papi, "PAPI_set_opt(PAPI_INHERIT)", code, err);
	} else if ((code = papi->set_opt(PAPI_DOMAIN, &domain)) != PAPI_OK) {
		failed(papi, "PAPI_set_opt(PAPI_DOMAIN)", code, err);
	} else if ((code = papi->attach(set, (unsigned long)pid)) != PAPI_OK) {
		failed(papi, "PAPI_attach", code, err);
	} else {
		*set_out = set;
		return TARE_OK;
	}
	papi->destroy_eventset(&set);
	return TARE_UNSUPPORTED;
}

static void
close_set(const struct library *papi, int set)
{
	papi->cleanup_eventset(set);
	papi->destroy_eventset(&set);
}

/* Adds and starts; the descriptors go into the attachment. */
static enum tare_status
start_set(struct tare_attachment *attachment, const struct library *papi, int set, const int *codes,
	size_t count, struct tare_err *err)
{
	int before[FDS_MAX];
	size_t before_count = list_events(before);
	enum tare_status status;
	int code = PAPI_OK;

	for (size_t i = 0; i < count; i++) {
		code = papi->add_event(set, codes[i]);
		if (code != PAPI_OK)
			return failed(papi, "PAPI_add_event", code, err);
	}
	code = papi->start(set);
	if (code != PAPI_OK)
		return failed(papi, "PAPI_start", code, err);
	status = copy_new_events(attachment, before, before_count, count, err);
	if (status != TARE_OK)
		papi->stop(set, NULL);
	return status;
}

static void
close_copies(struct tare_attachment *attachment)
{
	for (size_t i = 0; i < attachment->count; i++)
		close(attachment->fds[i]);
	attachment->count = 0;
}

/* Counts something on this process; what PAPI says and what its descriptor says must agree. */
static enum tare_status
prove(const struct library *papi, int event, struct tare_err *err)
{
	struct tare_attachment attachment = {0};
	long long value = 0;
	uint64_t reading = 0;
	int set, code;
	enum tare_status status = open_set(&set, papi, getpid(), err);

	if (status != TARE_OK)
		return status;
	status = start_set(&attachment, papi, set, &event, 1, err);
	if (status == TARE_OK) {
		tare_counters_exercise();
		code = papi->stop(set, &value);
		if (code != PAPI_OK)
			status = failed(papi, "PAPI_stop", code, err);
		else if (read(attachment.fds[0], &reading, sizeof(reading)) !=
				 (ssize_t)sizeof(reading) ||
			 value <= 0)
			status = tare_err_set(err, TARE_UNSUPPORTED,
				"PAPI offers it, but it stayed 0 when it must have counted");
		else if ((uint64_t)value != reading)
			status = tare_err_set(err, TARE_UNSUPPORTED,
				"PAPI says %lld where the kernel says %llu", value,
				(unsigned long long)reading);
	}
	close_copies(&attachment);
	close_set(papi, set);
	return status;
}

static enum tare_status
papi_supported(const struct tare_counter_place *place, struct tare_err *err)
{
	const struct library *papi;
	int event;
	enum tare_status status = library(&papi, err);

	(void)place;
	if (status != TARE_OK)
		return status;
	if (papi->event_name_to_code("PAPI_TOT_INS", &event) != PAPI_OK)
		return tare_err_set(err, TARE_UNSUPPORTED, "PAPI does not know this CPU");
	return prove(papi, event, err);
}

/* PAPI's own name; NULL for a portable name that PAPI has no preset for. */
static const char *
own_name(const char *name)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
		if (strcmp(presets[i].name, name) == 0)
			return presets[i].preset;
	}
	return tare_counter_name_find(name) ? NULL : name;
}

static enum tare_status
papi_find(struct tare_counter_source *source_out, struct tare_arena *arena,
	const struct tare_counter_place *place, const char *name, struct tare_err *err)
{
	const char *own = own_name(name);
	const struct library *papi;
	int event = 0;

	if (!own || strlen(own) > NAME_MAX_LEN)
		return tare_err_set(err, TARE_NOT_FOUND, "no name of PAPI");
	if (library(&papi, err) != TARE_OK)
		return strncmp(own, "PAPI_", 5) == 0 || strstr(own, "::") ? TARE_UNSUPPORTED
									  : TARE_NOT_FOUND;
	if (papi->event_name_to_code(own, &event) != PAPI_OK)
		return tare_err_set(err, own == name ? TARE_NOT_FOUND : TARE_UNSUPPORTED,
			"PAPI has no %s for this CPU", own);
	if (place->on_cpus)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"it is asked to count processes only; counter_scope: program has it");
	if (prove(papi, event, err) != TARE_OK)
		return TARE_UNSUPPORTED;
	*source_out = (struct tare_counter_source){
		.origin = {.event = tare_arena_strdup(arena, own),
			.scope = "program and its descendants, with the agent starting it",
			.quality = TARE_QUALITY_COUNTED},
		.type = (uint32_t)event,
		.hardware = true,
	};
	return TARE_OK;
}

static enum tare_status
papi_attach(struct tare_attachment *attachment, const struct tare_counter_source *const *sources,
	size_t count, const struct tare_counter_target *target, struct tare_err *err)
{
	int codes[TARE_COUNTERS_MAX];
	const struct library *papi;
	int set;
	enum tare_status status = library(&papi, err);

	if (status == TARE_OK)
		status = open_set(&set, papi, target->pid, err);
	if (status != TARE_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		codes[i] = (int)sources[i]->type;
	status = start_set(attachment, papi, set, codes, count, err);
	if (status != TARE_OK) {
		close_copies(attachment);
		close_set(papi, set);
		return status;
	}
	attachment->keeper = &tare_counters_papi;
	attachment->keeper_id = set;
	return TARE_OK;
}

static void
papi_close_attached(struct tare_attachment *attachment)
{
	const struct library *papi;

	if (library(&papi, NULL) != TARE_OK)
		return;
	papi->stop(attachment->keeper_id, NULL);
	close_set(papi, attachment->keeper_id);
}

static bool
papi_fits(const struct tare_counter_source *const *sources, size_t count)
{
	const struct tare_counter_target self = {.pid = getpid(), .cpu = -1};
	struct tare_attachment attachment = {0};

	if (papi_attach(&attachment, sources, count, &self, NULL) != TARE_OK)
		return false;
	close_copies(&attachment);
	papi_close_attached(&attachment);
	return true;
}

const struct tare_counter_ops tare_counters_papi = {
	.name = "papi",
	.summary = "presets and native events (PAPI)",
	.way = TARE_WAY_EVENT,
	.supported = papi_supported,
	.find = papi_find,
	.attach = papi_attach,
	.close_attached = papi_close_attached,
	.fits = papi_fits,
};
