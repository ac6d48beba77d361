#pragma once
/* What the coordinator of virtual time and a program under it share: one page of memory, and messages over a socket.
 *
 * The page is a file that both map. The coordinator alone writes `now`; a program writes its own entry. Every field
 * that both use is read and written with the __atomic built-ins. The socket is of type SOCK_SEQPACKET, one connection a
 * process, so that a message arrives whole and an end is noticed. docs/virtual-time.md states the invariants.
 *
 * C11 and C++: the preloaded library is C, the coordinator is C++. */
#include <stdint.h>

#define WT_CLOCK_MAGIC 0x77746331u
#define WT_CLOCK_VERSION 2u
#define WT_PROGRAMS_MAX 256

/* The environment of a program under virtual time, beside LD_PRELOAD. */
#define WT_CLOCK_PAGE "WINDTUNNEL_CLOCK_PAGE"     /* the file of the page */
#define WT_CLOCK_SOCKET "WINDTUNNEL_CLOCK_SOCKET" /* the coordinator's socket */
#define WT_CLOCK_NAME "WINDTUNNEL_CLOCK_NAME"     /* a number that names the program's stream of random bytes */

enum wt_entry_state {
  WT_FREE = 0,
  WT_EXPECTED = 1,  /* a fork or an exec is under way: the process runs, and has not said hello yet */
  WT_REGISTERED = 2 /* the process has a connection */
};

/* One process. */
struct wt_entry {
  uint32_t state;       /* wt_entry_state */
  int32_t pid;          /* 0 until the parent knows it */
  int32_t running;      /* its threads that are in no registered wait */
  uint32_t generation;  /* programs that this process has been, by exec */
  uint64_t activity;    /* grows whenever a thread leaves a wait */
  uint64_t clock_reads; /* for the watchdog: a program that only reads the clock spins on it */
  uint64_t name;        /* names its stream of random bytes: its parent's, and which child it is */
  uint32_t children;    /* forks so far */
  uint32_t kinds;       /* wt_wait_kind bits that it has used, for `windtunnel doctor` */
};

enum wt_wait_kind {
  WT_EPOLL = 1,
  WT_POLL = 2,
  WT_SLEEP = 4,
  WT_CONDITION = 8,
  WT_SEMAPHORE = 16,
  WT_MUTEX = 32,
  WT_FUTEX = 64,
  WT_TIMERFD = 128,
  WT_SIGNAL_TIMER = 256,
  WT_SOCKET = 512,
  WT_JOIN = 1024,
  WT_CHILD = 2048
};

struct wt_page {
  uint32_t magic;
  uint32_t version;
  int64_t now;            /* virtual nanoseconds since the beginning; never falls */
  int64_t wall_base;      /* wall clock at now = 0, nanoseconds since 1970 */
  int64_t monotonic_base; /* monotonic clocks at now = 0 */
  uint64_t seed;          /* of the streams of random bytes */
  uint32_t entropy_real;  /* 1: random bytes are the system's */
  uint32_t lock;          /* of the entries' allocation: pid of the holder, or 0 */
  uint32_t used;          /* entries from this one on have never been taken */
  struct wt_entry entries[WT_PROGRAMS_MAX];
};

enum wt_message_kind {
  WT_HELLO = 1,      /* program: value is its entry */
  WT_IDLE = 2,       /* program: its last running thread has begun to wait */
  WT_ASK = 3,        /* coordinator: are you idle at this instant? value 1: leave out the count of running threads */
  WT_STILL_IDLE = 4, /* program: yes, and value is its earliest deadline (INT64_MAX: none) */
  WT_BUSY = 5,       /* program: no */
  WT_RELEASE = 6,    /* coordinator: wake what is due at `now` */
  WT_RELEASED = 7    /* program: done, value is how many */
};

struct wt_message {
  uint32_t kind;
  uint32_t entry;
  uint64_t sequence; /* an answer repeats that of its question */
  int64_t value;
};
