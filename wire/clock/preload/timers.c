/* Timers that end without a thread that waits for them: timerfd, setitimer, alarm, timer_create.
 *
 * A table keeps their virtual deadlines. When one is due, the agent lets the kernel's own timer expire at once, so that the
 * descriptor becomes readable, or sends the signal. */
#include "wire/clock/preload/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum timer_kind { FREE, DESCRIPTOR, ALARM, POSIX };

struct timer {
  enum timer_kind kind;
  int fd;               /* DESCRIPTOR */
  clockid_t clock;      /* DESCRIPTOR, POSIX */
  struct sigevent event; /* POSIX */
  int64_t deadline;     /* WT_NEVER: disarmed */
  int64_t interval;     /* 0: once */
};

enum { TIMERS_MAX = 4096 };
static struct timer timers[TIMERS_MAX];
static int used;

static struct timer* find(enum timer_kind kind, int fd) {
  for (int i = 0; i < used; ++i) {
    if (timers[i].kind == kind && timers[i].fd == fd) return &timers[i];
  }
  return NULL;
}

static struct timer* take(enum timer_kind kind, int fd) {
  struct timer* timer = find(FREE, 0);
  if (!timer) {
    if (used == TIMERS_MAX) return NULL;
    timer = &timers[used++];
  }
  *timer = (struct timer){.kind = kind, .fd = fd, .clock = CLOCK_MONOTONIC, .deadline = WT_NEVER};
  return timer;
}

int64_t wt_timers_deadline(void) {
  int64_t earliest = WT_NEVER;
  for (int i = 0; i < used; ++i) {
    if (timers[i].kind != FREE && timers[i].deadline < earliest) earliest = timers[i].deadline;
  }
  return earliest;
}

/* The kernel's timer expires in a nanosecond of real time; the agent waits until it has. */
static void expire_descriptor(int fd) {
  const struct itimerspec soon = {.it_value = {.tv_nsec = 1}};
  if (wt_call(SYS_timerfd_settime, fd, 0, (long)&soon, 0, 0, 0) != 0) return;
  struct pollfd poll = {.fd = fd, .events = POLLIN};
  struct timespec limit = {.tv_sec = 1};
  wt_call(SYS_ppoll, (long)&poll, 1, (long)&limit, 0, 8, 0);
}

static void signal_process(const struct timer* timer) {
  const long pid = wt_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  if (timer->kind == ALARM) {
    wt_call(SYS_kill, pid, SIGALRM, 0, 0, 0, 0);
    return;
  }
  siginfo_t info = {0};
  info.si_signo = timer->event.sigev_signo;
  info.si_code = SI_TIMER;
  info.si_value = timer->event.sigev_value;
  if (timer->event.sigev_notify == SIGEV_THREAD_ID) {
    wt_call(SYS_rt_tgsigqueueinfo, pid, timer->event._sigev_un._tid, info.si_signo, (long)&info, 0, 0);
  } else if (timer->event.sigev_notify == SIGEV_SIGNAL) {
    wt_call(SYS_rt_sigqueueinfo, pid, info.si_signo, (long)&info, 0, 0, 0);
  }
}

int wt_timers_fire(int64_t now) {
  int fired = 0;
  for (int i = 0; i < used; ++i) {
    struct timer* timer = &timers[i];
    if (timer->kind == FREE || timer->deadline > now) continue;
    timer->deadline = timer->interval > 0 ? timer->deadline + timer->interval : WT_NEVER;
    if (timer->kind == DESCRIPTOR) {
      expire_descriptor(timer->fd);
    } else {
      signal_process(timer);
    }
    ++fired;
  }
  return fired;
}

void wt_timers_clear(void) { used = 0; }

void wt_timers_forget_fd(int fd) {
  sigset_t before;
  wt_lock(&before);
  struct timer* timer = find(DESCRIPTOR, fd);
  if (timer) timer->kind = FREE, timer->fd = 0;
  wt_unlock(&before);
}

/* ---- settings: old and new as a pair (value, interval) ---- */

static struct itimerspec left_of(const struct timer* timer) {
  if (!timer || timer->deadline == WT_NEVER) return (struct itimerspec){0};
  const int64_t left = timer->deadline - wt_now();
  return (struct itimerspec){.it_interval = wt_timespec(timer->interval), .it_value = wt_timespec(left > 0 ? left : 1)};
}

static void set(struct timer* timer, bool is_absolute, const struct itimerspec* next) {
  const int64_t value = wt_nanoseconds(&next->it_value);
  timer->interval = wt_nanoseconds(&next->it_interval);
  timer->deadline = value == 0 ? WT_NEVER : is_absolute ? wt_instant(timer->clock, &next->it_value) : wt_after(value);
  __atomic_or_fetch(&wt_entry->kinds, timer->kind == DESCRIPTOR ? WT_TIMERFD : WT_SIGNAL_TIMER, __ATOMIC_RELAXED);
}

WT_PUBLIC int timerfd_create(int clock, int flags) {
  const int fd = (int)wt_errno(wt_call(SYS_timerfd_create, clock, flags, 0, 0, 0, 0));
  if (fd < 0 || !wt_on()) return fd;
  sigset_t before;
  wt_lock(&before);
  struct timer* timer = take(DESCRIPTOR, fd);
  if (timer) timer->clock = clock;
  wt_unlock(&before);
  if (timer) return fd;
  wt_call(SYS_close, fd, 0, 0, 0, 0, 0);
  errno = EMFILE;
  return -1;
}

WT_PUBLIC int timerfd_settime(int fd, int flags, const struct itimerspec* next, struct itimerspec* old) {
  if (!wt_on()) return (int)wt_errno(wt_call(SYS_timerfd_settime, fd, flags, (long)next, (long)old, 0, 0));
  const struct itimerspec off = {0};
  /* Refuses what the kernel refuses, and takes back an expiration that was not read. */
  if (wt_errno(wt_call(SYS_timerfd_settime, fd, 0, (long)&off, 0, 0, 0)) != 0) return -1;
  sigset_t before;
  wt_lock(&before);
  struct timer* timer = find(DESCRIPTOR, fd);
  if (timer) {
    if (old) *old = left_of(timer);
    set(timer, flags & TFD_TIMER_ABSTIME, next);
  }
  wt_unlock(&before);
  if (timer) return 0;
  errno = EINVAL; /* a copy of a timer's descriptor */
  return -1;
}

WT_PUBLIC int timerfd_gettime(int fd, struct itimerspec* now) {
  if (!wt_on()) return (int)wt_errno(wt_call(SYS_timerfd_gettime, fd, (long)now, 0, 0, 0, 0));
  sigset_t before;
  wt_lock(&before);
  const struct timer* timer = find(DESCRIPTOR, fd);
  if (timer) *now = left_of(timer);
  wt_unlock(&before);
  if (timer) return 0;
  errno = EINVAL;
  return -1;
}

static struct timespec of_timeval(struct timeval time) {
  return (struct timespec){.tv_sec = time.tv_sec, .tv_nsec = time.tv_usec * 1000};
}
static struct timeval to_timeval(struct timespec time) {
  return (struct timeval){.tv_sec = time.tv_sec, .tv_usec = (time.tv_nsec + 999) / 1000};
}

WT_PUBLIC int getitimer(__itimer_which_t which, struct itimerval* now) {
  if (!wt_on() || which != ITIMER_REAL) return (int)wt_errno(wt_call(SYS_getitimer, which, (long)now, 0, 0, 0, 0));
  sigset_t before;
  wt_lock(&before);
  const struct itimerspec left = left_of(find(ALARM, -1));
  wt_unlock(&before);
  *now = (struct itimerval){.it_interval = to_timeval(left.it_interval), .it_value = to_timeval(left.it_value)};
  return 0;
}

WT_PUBLIC int setitimer(__itimer_which_t which, const struct itimerval* next, struct itimerval* old) {
  if (!wt_on() || which != ITIMER_REAL) {
    return (int)wt_errno(wt_call(SYS_setitimer, which, (long)next, (long)old, 0, 0, 0));
  }
  if (old) getitimer(which, old);
  const struct itimerspec wanted = {.it_interval = of_timeval(next->it_interval), .it_value = of_timeval(next->it_value)};
  sigset_t before;
  wt_lock(&before);
  struct timer* timer = find(ALARM, -1);
  if (!timer) timer = take(ALARM, -1);
  if (timer) set(timer, false, &wanted);
  wt_unlock(&before);
  return timer ? 0 : -1;
}

WT_PUBLIC unsigned alarm(unsigned seconds) {
  if (!wt_on()) return WT_REAL(alarm)(seconds);
  const struct itimerval next = {.it_value = {.tv_sec = seconds}};
  struct itimerval old = {0};
  setitimer(ITIMER_REAL, &next, &old);
  return (unsigned)(old.it_value.tv_sec + (old.it_value.tv_usec > 0));
}

/* ---- timer_create: the id that the program sees is the place in the table ---- */

static struct timer* posix_timer(timer_t id) {
  const intptr_t place = (intptr_t)id - 1;
  return place >= 0 && place < used && timers[place].kind == POSIX ? &timers[place] : NULL;
}

WT_PUBLIC int timer_create(clockid_t clock, struct sigevent* event, timer_t* id) {
  /* SIGEV_THREAD is a thread of libc's own making, which nothing here can count. */
  if (!wt_is_virtual_clock(clock) || (event && event->sigev_notify == SIGEV_THREAD)) {
    return WT_REAL(timer_create)(clock, event, id);
  }
  sigset_t before;
  wt_lock(&before);
  struct timer* timer = take(POSIX, -1);
  if (timer) {
    timer->clock = clock;
    timer->event = event ? *event : (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    *id = (timer_t)(intptr_t)(timer - timers + 1);
  }
  wt_unlock(&before);
  if (timer) return 0;
  errno = EAGAIN;
  return -1;
}

WT_PUBLIC int timer_settime(timer_t id, int flags, const struct itimerspec* next, struct itimerspec* old) {
  sigset_t before;
  if (!wt_on()) return WT_REAL(timer_settime)(id, flags, next, old);
  wt_lock(&before);
  struct timer* timer = posix_timer(id);
  if (timer) {
    if (old) *old = left_of(timer);
    set(timer, flags & TIMER_ABSTIME, next);
  }
  wt_unlock(&before);
  return timer ? 0 : WT_REAL(timer_settime)(id, flags, next, old);
}

WT_PUBLIC int timer_gettime(timer_t id, struct itimerspec* now) {
  if (!wt_on()) return WT_REAL(timer_gettime)(id, now);
  sigset_t before;
  wt_lock(&before);
  const struct timer* timer = posix_timer(id);
  if (timer) *now = left_of(timer);
  wt_unlock(&before);
  return timer ? 0 : WT_REAL(timer_gettime)(id, now);
}

WT_PUBLIC int timer_delete(timer_t id) {
  if (!wt_on()) return WT_REAL(timer_delete)(id);
  sigset_t before;
  wt_lock(&before);
  struct timer* timer = posix_timer(id);
  if (timer) timer->kind = FREE, timer->fd = 0;
  wt_unlock(&before);
  return timer ? 0 : WT_REAL(timer_delete)(id);
}
