// The door to calls of Linux that Swift cannot make, because C declares them with `...`.
#pragma once
#include <sys/prctl.h>

/// Keeps other processes from reading this one's memory, and the kernel from dumping it to disk.
/// Returns 0, or -1 with errno.
static inline int latchkey_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// What glibc has and Swift's own door to it leaves out: it is opened without _GNU_SOURCE.
#include <spawn.h>

extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addchdir_np(
    posix_spawn_file_actions_t *__restrict actions, const char *__restrict path);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
