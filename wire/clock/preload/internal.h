#pragma once
/* The parts of the preloaded library. Nothing here is visible to the program. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "wire/clock/preload/protocol.h"

#define WT_NEVER INT64_MAX
#define WT_SECOND 1000000000ll
#define WT_PUBLIC __attribute__((visibility("default")))

/* A system call past libc, and past this library. Returns -errno at an error. */
long wt_call(long number, long a, long b, long c, long d, long e, long f);
/* The same with libc's manners: -1 and errno. */
long wt_errno(long result);

/* The next definition of a function of libc, looked up once. */
void* wt_next(const char* name);
#define WT_REAL(name)                                            \
  __extension__({                                                \
    static __typeof__(&name) wt_real_;                           \
    if (!wt_real_) wt_real_ = (__typeof__(&name))wt_next(#name); \
    wt_real_;                                                    \
  })

/* Time. */
int64_t wt_now(void);                /* virtual nanoseconds */
bool wt_is_virtual_clock(clockid_t); /* all but those of CPU time */
int64_t wt_base(clockid_t);          /* what that clock shows at now = 0 */
int64_t wt_nanoseconds(const struct timespec*);
struct timespec wt_timespec(int64_t);
int64_t wt_after(int64_t wait); /* now + wait without overflow */
/* The virtual instant of an absolute time of a clock. */
int64_t wt_instant(clockid_t, const struct timespec*);

/* The process: null entry means that virtual time is off. */
extern struct wt_page* wt_page;
extern struct wt_entry* wt_entry;
static inline bool wt_on(void) { return wt_entry != NULL; }

/* One lock over the waits of the process. Signals are blocked while it is held, because a handler may post a semaphore.
 */
void wt_lock(sigset_t* before);
void wt_unlock(const sigset_t* before);

enum wt_outcome { WT_WAITING = 0, WT_WOKEN, WT_DUE, WT_READY, WT_INTERRUPTED };

/* A wait of one thread, on its stack. */
struct wt_wait {
  struct wt_wait* next;
  struct wt_wait* previous;
  const void* key; /* condition variable, semaphore, futex or thread; null: none */
  int64_t deadline;
  const struct pollfd* fds; /* what else ends it */
  nfds_t count;
  int wake_fd;
  uint32_t bits; /* of FUTEX_WAIT_BITSET */
  bool linked;
  bool counted; /* as a thread that does not run */
  enum wt_outcome outcome;
};

/* With the lock held. */
void wt_link(struct wt_wait*, const void* key, int64_t deadline);
int wt_wake(const void* key, int count, uint32_t bits); /* the first that wait for the key; returns how many */
/* Ends a wait that is not begun: what it came to, WT_DUE if it has not been woken. Takes the lock. */
enum wt_outcome wt_give_up(struct wt_wait*);

/* Waits until woken, ready or due. `wait` is linked already, or is linked here without a key. fds may be null. The mask
   is as ppoll's; null keeps the thread's. */
enum wt_outcome wt_block(struct wt_wait*, enum wt_wait_kind, struct pollfd* fds, nfds_t count, const sigset_t* mask);
/* A wait for descriptors or a deadline alone. */
enum wt_outcome wt_wait_fds(enum wt_wait_kind, struct pollfd* fds, nfds_t count, int64_t deadline,
                            const sigset_t* mask);
/* Around a call that waits without limit for what this library does not see. */
void wt_pause_begin(enum wt_wait_kind);
void wt_pause_end(void);
void wt_account(int threads); /* changes how many threads run */
void wt_end_thread(void);     /* the calling thread's last account */
/* Whether the calling thread has been counted. One that was made past our pthread_create, as jemalloc's are, counts
   from its first wait on. */
extern __thread bool wt_is_counted;
void wt_count_thread(void);
extern int wt_mutex_waits; /* threads that wait for a mutex with a limit */

/* Timers that the agent fires. With the lock held but for the last. */
int64_t wt_timers_deadline(void);
int wt_timers_fire(int64_t now);
void wt_timers_clear(void);
void wt_timers_forget_fd(int fd);
void wt_limits_forget_fd(int fd);

/* Processes. */
bool wt_owns_fd(int fd); /* a descriptor of this library, which the program does not close */
struct wt_entry* wt_expect_child(void);
void wt_child_is(struct wt_entry* entry, int32_t pid); /* pid <= 0: there is none */
void wt_forked_child(struct wt_entry* entry);
void wt_expect_exec(bool expected);

/* Chance. False: the system's random bytes are asked for. */
bool wt_random_bytes(void* bytes, size_t count);
uint64_t wt_name_of_child_thread(void);
void wt_name_thread(uint64_t name);
