// The door to calls of Linux that Swift cannot make, because C declares them with `...`.
#pragma once
#include <sys/prctl.h>

/// Keeps other processes from reading this one's memory, and the kernel from dumping it to disk.
/// Returns 0, or -1 with errno.
static inline int latchkey_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
