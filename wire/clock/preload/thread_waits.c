/* Threads and what they wait for: condition variables, semaphores, timed mutexes, futexes, each other.
 *
 * Condition variables and contended semaphores are kept here and not in libc, because whoever signals must count the woken
 * thread as running before that thread can run; libc does not tell which thread it will wake. Those shared between
 * processes are therefore not covered. An untimed mutex stays libc's: its holder runs, or the coordinator's slow path
 * finds the process asleep. */
#include "wire/clock/preload/internal.h"

#include <errno.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- condition variables ---- */

static int wait_condition(pthread_cond_t* condition, pthread_mutex_t* mutex, int64_t deadline) {
  struct wt_wait wait;
  sigset_t before;
  wt_lock(&before);
  wt_link(&wait, condition, deadline);
  wt_unlock(&before);
  const int error = pthread_mutex_unlock(mutex);
  if (error) {
    wt_give_up(&wait);
    return error;
  }
  const enum wt_outcome outcome =
      deadline <= wt_now() ? wt_give_up(&wait) : wt_block(&wait, WT_CONDITION, NULL, 0, NULL);
  const int locked = pthread_mutex_lock(mutex);
  if (locked) return locked;
  return outcome == WT_DUE ? ETIMEDOUT : 0; /* a signal's handler ran: a spurious wakeup */
}

WT_PUBLIC int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (!wt_on()) return WT_REAL(pthread_cond_wait)(condition, mutex);
  return wait_condition(condition, mutex, WT_NEVER);
}

WT_PUBLIC int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                     const struct timespec* until) {
  if (!wt_on()) return WT_REAL(pthread_cond_clockwait)(condition, mutex, clock, until);
  if (until->tv_nsec < 0 || until->tv_nsec >= WT_SECOND) return EINVAL;
  return wait_condition(condition, mutex, wt_instant(clock, until));
}

WT_PUBLIC int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const struct timespec* until) {
  if (!wt_on()) return WT_REAL(pthread_cond_timedwait)(condition, mutex, until);
  /* glibc keeps the condition's clock in the second bit of this word (nptl/pthread_cond_common.c). */
  const bool is_monotonic = (condition->__data.__wrefs & 2u) != 0;
  return pthread_cond_clockwait(condition, mutex, is_monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, until);
}

static void wake_key(const void* key, int count) {
  sigset_t before;
  wt_lock(&before);
  wt_wake(key, count, UINT32_MAX);
  wt_unlock(&before);
}

WT_PUBLIC int pthread_cond_signal(pthread_cond_t* condition) {
  if (!wt_on()) return WT_REAL(pthread_cond_signal)(condition);
  wake_key(condition, 1);
  return 0;
}

WT_PUBLIC int pthread_cond_broadcast(pthread_cond_t* condition) {
  if (!wt_on()) return WT_REAL(pthread_cond_broadcast)(condition);
  wake_key(condition, INT32_MAX);
  return 0;
}

/* ---- semaphores: a post hands its token to the thread that has waited longest ---- */

static int wait_semaphore(sem_t* semaphore, int64_t deadline) {
  struct wt_wait wait;
  sigset_t before;
  wt_lock(&before);
  if (WT_REAL(sem_trywait)(semaphore) == 0) {
    wt_unlock(&before);
    return 0;
  }
  if (deadline <= wt_now()) {
    wt_unlock(&before);
    errno = ETIMEDOUT;
    return -1;
  }
  wt_link(&wait, semaphore, deadline);
  wt_unlock(&before);
  const enum wt_outcome outcome = wt_block(&wait, WT_SEMAPHORE, NULL, 0, NULL);
  if (outcome == WT_WOKEN) return 0;
  errno = outcome == WT_DUE ? ETIMEDOUT : EINTR;
  return -1;
}

WT_PUBLIC int sem_wait(sem_t* semaphore) {
  return wt_on() ? wait_semaphore(semaphore, WT_NEVER) : WT_REAL(sem_wait)(semaphore);
}

WT_PUBLIC int sem_clockwait(sem_t* semaphore, clockid_t clock, const struct timespec* until) {
  if (!wt_on()) return WT_REAL(sem_clockwait)(semaphore, clock, until);
  return wait_semaphore(semaphore, wt_instant(clock, until));
}

WT_PUBLIC int sem_timedwait(sem_t* semaphore, const struct timespec* until) {
  if (!wt_on()) return WT_REAL(sem_timedwait)(semaphore, until);
  return wait_semaphore(semaphore, wt_instant(CLOCK_REALTIME, until));
}

WT_PUBLIC int sem_post(sem_t* semaphore) {
  if (!wt_on()) return WT_REAL(sem_post)(semaphore);
  sigset_t before;
  wt_lock(&before);
  const int result = wt_wake(semaphore, 1, UINT32_MAX) ? 0 : WT_REAL(sem_post)(semaphore);
  wt_unlock(&before);
  return result;
}

/* ---- timed mutexes: tried again whenever one is unlocked ---- */

static int lock_until(pthread_mutex_t* mutex, int64_t deadline) {
  for (;;) {
    struct wt_wait wait;
    sigset_t before;
    wt_lock(&before);
    const int result = pthread_mutex_trylock(mutex);
    if (result != EBUSY || deadline <= wt_now()) {
      wt_unlock(&before);
      return result == EBUSY ? ETIMEDOUT : result;
    }
    wt_link(&wait, mutex, deadline);
    __atomic_add_fetch(&wt_mutex_waits, 1, __ATOMIC_SEQ_CST);
    wt_unlock(&before);
    wt_block(&wait, WT_MUTEX, NULL, 0, NULL);
    __atomic_sub_fetch(&wt_mutex_waits, 1, __ATOMIC_SEQ_CST);
  }
}

WT_PUBLIC int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const struct timespec* until) {
  if (!wt_on()) return WT_REAL(pthread_mutex_clocklock)(mutex, clock, until);
  return lock_until(mutex, wt_instant(clock, until));
}

WT_PUBLIC int pthread_mutex_timedlock(pthread_mutex_t* mutex, const struct timespec* until) {
  if (!wt_on()) return WT_REAL(pthread_mutex_timedlock)(mutex, until);
  return lock_until(mutex, wt_instant(CLOCK_REALTIME, until));
}

WT_PUBLIC int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  const int result = WT_REAL(pthread_mutex_unlock)(mutex);
  if (wt_on() && __atomic_load_n(&wt_mutex_waits, __ATOMIC_SEQ_CST) > 0) wake_key(mutex, 1);
  return result;
}

/* ---- futexes through syscall() ---- */

static long wait_futex(uint32_t* word, uint32_t value, int64_t deadline, uint32_t bits) {
  struct wt_wait wait;
  sigset_t before;
  wt_lock(&before);
  const bool differs = __atomic_load_n(word, __ATOMIC_SEQ_CST) != value;
  if (differs || deadline <= wt_now()) {
    wt_unlock(&before);
    return differs ? -EAGAIN : -ETIMEDOUT;
  }
  wt_link(&wait, word, deadline);
  wait.bits = bits;
  wt_unlock(&before);
  const enum wt_outcome outcome = wt_block(&wait, WT_FUTEX, NULL, 0, NULL);
  if (outcome == WT_WOKEN) return 0;
  return outcome == WT_DUE ? -ETIMEDOUT : -EINTR;
}

static long wake_futex(const long* a, uint32_t bits) {
  sigset_t before;
  wt_lock(&before);
  const int count = (int)a[2];
  const int woken = wt_wake((const void*)a[0], count, bits);
  wt_unlock(&before);
  if (woken >= count) return woken;
  const long more = wt_call(SYS_futex, a[0], FUTEX_WAKE_BITSET | (a[1] & FUTEX_PRIVATE_FLAG), count - woken, 0, 0,
                            (long)bits);
  return more < 0 ? (woken ? woken : more) : woken + more;
}

static long futex(const long* a) {
  const struct timespec* time = (const struct timespec*)a[3];
  const clockid_t clock = a[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  switch (a[1] & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      return wait_futex((uint32_t*)a[0], (uint32_t)a[2], time ? wt_after(wt_nanoseconds(time)) : WT_NEVER, UINT32_MAX);
    case FUTEX_WAIT_BITSET:
      return wait_futex((uint32_t*)a[0], (uint32_t)a[2], time ? wt_instant(clock, time) : WT_NEVER, (uint32_t)a[5]);
    case FUTEX_WAKE:
      return wake_futex(a, UINT32_MAX);
    case FUTEX_WAKE_BITSET:
      return wake_futex(a, (uint32_t)a[5]);
    default:
      return wt_call(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
}

WT_PUBLIC long syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (!wt_on()) return wt_errno(wt_call(number, a[0], a[1], a[2], a[3], a[4], a[5]));
  switch (number) {
    case SYS_futex:
      return wt_errno(futex(a));
    case SYS_clock_gettime:
      return clock_gettime((clockid_t)a[0], (struct timespec*)a[1]);
    case SYS_clock_nanosleep:
      return wt_errno(-clock_nanosleep((clockid_t)a[0], (int)a[1], (struct timespec*)a[2], (struct timespec*)a[3]));
    case SYS_getrandom:
      return wt_random_bytes((void*)a[0], (size_t)a[1]) ? a[1]
                                                        : wt_errno(wt_call(number, a[0], a[1], a[2], 0, 0, 0));
    default:
      return wt_errno(wt_call(number, a[0], a[1], a[2], a[3], a[4], a[5]));
  }
}

/* ---- threads ---- */

struct start {
  void* (*body)(void*);
  void* argument;
  pthread_t thread;
  uint64_t name;
  int holders; /* its creator, until `thread` is set, and itself */
  struct start* next;
};

static struct start* living;
static pthread_key_t at_end;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

/* With the lock held. */
static void let_go(struct start* start) {
  if (--start->holders == 0) free(start);
}

static void forget(struct start* start) {
  struct start** place = &living;
  while (*place && *place != start) place = &(*place)->next;
  if (*place) *place = start->next;
}

/* Runs after the thread's other destructors. Who joins it is counted before it is not. */
static void end_thread(void* pointer) {
  struct start* start = pointer;
  sigset_t before;
  wt_lock(&before);
  forget(start);
  wt_wake(start, INT32_MAX, UINT32_MAX);
  let_go(start);
  wt_end_thread();
  wt_unlock(&before);
}

static void make_key(void) { pthread_key_create(&at_end, end_thread); }

void wt_count_thread(void) {
  struct start* start = calloc(1, sizeof *start);
  if (!start) abort();
  start->holders = 1;
  pthread_once(&key_once, make_key);
  pthread_setspecific(at_end, start);
  wt_is_counted = true;
  wt_account(1);
}

static void* run_thread(void* pointer) {
  struct start* start = pointer;
  wt_is_counted = true;
  wt_name_thread(start->name);
  pthread_setspecific(at_end, start);
  return start->body(start->argument);
}

WT_PUBLIC int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  if (!wt_on()) return WT_REAL(pthread_create)(thread, attributes, body, argument);
  pthread_once(&key_once, make_key);
  struct start* start = malloc(sizeof *start);
  if (!start) return EAGAIN;
  *start = (struct start){.body = body, .argument = argument, .name = wt_name_of_child_thread(), .holders = 2};
  sigset_t before;
  wt_lock(&before);
  wt_account(1); /* the new thread, before it can run */
  wt_unlock(&before);
  const int error = WT_REAL(pthread_create)(thread, attributes, run_thread, start);
  wt_lock(&before);
  if (error) {
    wt_account(-1);
    start->holders = 1;
  } else if (start->holders == 2) {
    start->thread = *thread;
    start->next = living;
    living = start;
  }
  let_go(start);
  wt_unlock(&before);
  return error;
}

WT_PUBLIC int pthread_join(pthread_t thread, void** result) {
  if (!wt_on()) return WT_REAL(pthread_join)(thread, result);
  for (;;) {
    struct wt_wait wait;
    sigset_t before;
    wt_lock(&before);
    struct start* start = living;
    while (start && !pthread_equal(start->thread, thread)) start = start->next;
    if (start) wt_link(&wait, start, WT_NEVER);
    wt_unlock(&before);
    if (!start) return WT_REAL(pthread_join)(thread, result); /* it has ended, but for its last instructions */
    wt_block(&wait, WT_JOIN, NULL, 0, NULL);
  }
}
