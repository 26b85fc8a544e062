/*
 * Orphans: what an agent that was killed had started, and what no cgroup holds.
 *
 * While it lives the agent is the one whom orphans of its programs come to; should it be killed,
 * they come to this process once tare_orphans_adopt() was called. Killing them is for then only: a
 * healthy agent sees to its own.
 */
#ifndef TARE_RUNNERS_ORPHANS_H
#define TARE_RUNNERS_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Orphaned descendants become children of this process from now on. */
void tare_orphans_adopt(void);

/* Kills and reaps the children of this process that are in another session than it, but for those
 * in keep. What tare starts for itself, agents aside, is in its own session. False where some did
 * not end within limit_ns. */
bool tare_orphans_kill(const pid_t *keep, size_t keep_count, unsigned long long limit_ns);

#endif
