/* Reading the clock, and sleeping. CPU clocks stay real, because what a program computes takes real time alone. */
#include "wire/clock/preload/internal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timeb.h>
#include <unistd.h>

int64_t wt_now(void) { return __atomic_load_n(&wt_page->now, __ATOMIC_SEQ_CST); }

bool wt_is_virtual_clock(clockid_t clock) {
  return wt_on() && clock >= 0 && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID;
}

int64_t wt_base(clockid_t clock) {
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_REALTIME_ALARM ||
                       clock == CLOCK_TAI;
  return is_wall ? wt_page->wall_base : wt_page->monotonic_base;
}

int64_t wt_nanoseconds(const struct timespec* time) {
  if (time->tv_sec > INT64_MAX / WT_SECOND - 1) return WT_NEVER;
  return time->tv_sec * WT_SECOND + time->tv_nsec;
}

struct timespec wt_timespec(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = nanoseconds / WT_SECOND, .tv_nsec = nanoseconds % WT_SECOND};
}

int64_t wt_after(int64_t wait) {
  const int64_t now = wt_now();
  return wait > WT_NEVER - now ? WT_NEVER : now + wait;
}

int64_t wt_instant(clockid_t clock, const struct timespec* time) {
  const int64_t at = wt_nanoseconds(time);
  return at == WT_NEVER ? WT_NEVER : at - wt_base(clock);
}

static int64_t read_clock(clockid_t clock) {
  __atomic_add_fetch(&wt_entry->clock_reads, 1, __ATOMIC_RELAXED);
  return wt_base(clock) + wt_now();
}

WT_PUBLIC int clock_gettime(clockid_t clock, struct timespec* time) {
  if (!wt_is_virtual_clock(clock)) return (int)wt_errno(wt_call(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0));
  *time = wt_timespec(read_clock(clock));
  return 0;
}

WT_PUBLIC int timespec_get(struct timespec* time, int base) {
  if (base != TIME_UTC) return 0;
  return clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

WT_PUBLIC int gettimeofday(struct timeval* time, void* zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

WT_PUBLIC time_t time(time_t* result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

WT_PUBLIC int ftime(struct timeb* result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *result = (struct timeb){.time = now.tv_sec, .millitm = (unsigned short)(now.tv_nsec / 1000000)};
  return 0;
}

/* Returns 0 or an error number; `left` takes what remains after an interruption. */
static int sleep_until(int64_t deadline, struct timespec* left) {
  while (wt_now() < deadline) {
    if (wt_wait_fds(WT_SLEEP, NULL, 0, deadline, NULL) == WT_INTERRUPTED) {
      const int64_t rest = deadline - wt_now();
      if (left) *left = wt_timespec(rest > 0 ? rest : 0);
      return EINTR;
    }
  }
  return 0;
}

static bool is_valid(const struct timespec* time) {
  return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < WT_SECOND;
}

WT_PUBLIC int clock_nanosleep(clockid_t clock, int flags, const struct timespec* wait, struct timespec* left) {
  if (!wt_is_virtual_clock(clock)) {
    return (int)-wt_call(SYS_clock_nanosleep, clock, flags, (long)wait, (long)left, 0, 0);
  }
  if (!is_valid(wait)) return EINVAL;
  if (flags & TIMER_ABSTIME) return sleep_until(wt_instant(clock, wait), NULL);
  return sleep_until(wt_after(wt_nanoseconds(wait)), left);
}

WT_PUBLIC int nanosleep(const struct timespec* wait, struct timespec* left) {
  const int error = clock_nanosleep(CLOCK_MONOTONIC, 0, wait, left);
  if (error) errno = error;
  return error ? -1 : 0;
}

WT_PUBLIC int usleep(useconds_t wait) {
  const struct timespec time = wt_timespec((int64_t)wait * 1000);
  return nanosleep(&time, NULL);
}

WT_PUBLIC unsigned sleep(unsigned seconds) {
  struct timespec time = {.tv_sec = seconds, .tv_nsec = 0};
  return nanosleep(&time, &time) == 0 ? 0 : (unsigned)(time.tv_sec + (time.tv_nsec > 0));
}
