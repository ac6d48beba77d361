/* Measures timed waits of libc by the clock that a program sees, one line each: NAME WANTED MEASURED, in nanoseconds.
 *
 *   waits            every kind of wait, of 1 ms to 10 days
 *   waits threads N  so many threads that sleep [1000], and waits that something else ends before their deadline
 *   waits processes  children by fork, exec and posix_spawn
 *   waits spin       reads the clock until 20 ms have passed, without a wait
 *   waits cpu        CPU clocks while an hour of virtual time passes */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef int64_t Nanoseconds;
static const Nanoseconds kMillisecond = 1000000;
static const Nanoseconds kSecond = 1000000000;

static Nanoseconds now_of(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

static struct timespec spec(Nanoseconds time) {
  return (struct timespec){.tv_sec = time / kSecond, .tv_nsec = time % kSecond};
}
static struct timeval val(Nanoseconds time) {
  return (struct timeval){.tv_sec = time / kSecond, .tv_usec = time % kSecond / 1000};
}

static void need(int holds, const char* what) {
  if (holds) return;
  printf("%s failed: %s\n", what, strerror(errno));
  exit(1);
}

static void handle(int signal) { (void)signal; }

/* Each waits for this long, and says whether it ended as a wait whose time is up does. */
static int by_nanosleep(Nanoseconds t) {
  const struct timespec s = spec(t);
  return nanosleep(&s, NULL) == 0;
}
static int by_clock_nanosleep(Nanoseconds t) {
  const struct timespec s = spec(t);
  return clock_nanosleep(CLOCK_REALTIME, 0, &s, NULL) == 0;
}
static int by_clock_nanosleep_until(Nanoseconds t) {
  const struct timespec s = spec(now_of(CLOCK_MONOTONIC) + t);
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &s, NULL) == 0;
}
static int by_usleep(Nanoseconds t) { return t > 2000 * kSecond ? by_nanosleep(t) : usleep((useconds_t)(t / 1000)) == 0; }
static int by_sleep(Nanoseconds t) { return t < kSecond ? by_nanosleep(t) : sleep((unsigned)(t / kSecond)) == 0; }
static int by_poll(Nanoseconds t) { return poll(NULL, 0, (int)(t / kMillisecond)) == 0; }
static int by_ppoll(Nanoseconds t) {
  const struct timespec s = spec(t);
  return ppoll(NULL, 0, &s, NULL) == 0;
}
static int by_select(Nanoseconds t) {
  struct timeval s = val(t);
  return select(0, NULL, NULL, NULL, &s) == 0;
}
static int by_pselect(Nanoseconds t) {
  const struct timespec s = spec(t);
  return pselect(0, NULL, NULL, NULL, &s, NULL) == 0;
}
static int by_epoll(Nanoseconds t) {
  const int fd = epoll_create1(0);
  struct epoll_event event;
  const int ready = epoll_wait(fd, &event, 1, (int)(t / kMillisecond));
  close(fd);
  return ready == 0;
}
static int by_epoll_pwait2(Nanoseconds t) {
  const int fd = epoll_create1(0);
  struct epoll_event event;
  const struct timespec s = spec(t);
  const int ready = epoll_pwait2(fd, &event, 1, &s, NULL);
  close(fd);
  return ready == 0;
}
static int by_condition_of(clockid_t clock, Nanoseconds t) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, clock);
  pthread_cond_init(&condition, &attributes);
  const struct timespec s = spec(now_of(clock) + t);
  pthread_mutex_lock(&mutex);
  const int error = pthread_cond_timedwait(&condition, &mutex, &s);
  pthread_mutex_unlock(&mutex);
  return error == ETIMEDOUT;
}
static int by_condition(Nanoseconds t) { return by_condition_of(CLOCK_REALTIME, t); }
static int by_monotonic_condition(Nanoseconds t) { return by_condition_of(CLOCK_MONOTONIC, t); }
static int by_cond_clockwait(Nanoseconds t) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  const struct timespec s = spec(now_of(CLOCK_MONOTONIC) + t);
  pthread_mutex_lock(&mutex);
  const int error = pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &s);
  pthread_mutex_unlock(&mutex);
  return error == ETIMEDOUT;
}
static int by_semaphore(Nanoseconds t) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  const struct timespec s = spec(now_of(CLOCK_REALTIME) + t);
  return sem_timedwait(&semaphore, &s) == -1 && errno == ETIMEDOUT;
}
static int by_sem_clockwait(Nanoseconds t) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  const struct timespec s = spec(now_of(CLOCK_MONOTONIC) + t);
  return sem_clockwait(&semaphore, CLOCK_MONOTONIC, &s) == -1 && errno == ETIMEDOUT;
}
static int by_mutex(Nanoseconds t) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  const struct timespec s = spec(now_of(CLOCK_REALTIME) + t);
  return pthread_mutex_timedlock(&mutex, &s) == ETIMEDOUT;
}
static int by_mutex_clocklock(Nanoseconds t) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  const struct timespec s = spec(now_of(CLOCK_MONOTONIC) + t);
  return pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &s) == ETIMEDOUT;
}
static int by_futex(Nanoseconds t) {
  uint32_t word = 7;
  const struct timespec s = spec(t);
  return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 7, &s, NULL, 0) == -1 && errno == ETIMEDOUT;
}
static int by_futex_until(Nanoseconds t) {
  uint32_t word = 7;
  const struct timespec s = spec(now_of(CLOCK_MONOTONIC) + t);
  return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 7, &s, NULL, FUTEX_BITSET_MATCH_ANY) == -1 &&
         errno == ETIMEDOUT;
}
static int by_timerfd(Nanoseconds t) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  const struct itimerspec s = {.it_value = spec(t)};
  timerfd_settime(fd, 0, &s, NULL);
  uint64_t count = 0;
  const ssize_t size = read(fd, &count, sizeof count);
  close(fd);
  return size == (ssize_t)sizeof count && count == 1;
}
static int by_timerfd_until(Nanoseconds t) {
  const int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  const struct itimerspec s = {.it_value = spec(now_of(CLOCK_REALTIME) + t)};
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, NULL);
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  const int count = poll(&ready, 1, -1);
  close(fd);
  return count == 1;
}
static int by_timerfd_ticks(Nanoseconds t) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  const struct itimerspec s = {.it_value = spec(t / 4), .it_interval = spec(t / 4)};
  timerfd_settime(fd, 0, &s, NULL);
  uint64_t count = 0;
  for (int i = 0; i < 4; ++i) {
    if (read(fd, &count, sizeof count) != (ssize_t)sizeof count || count != 1) return 0;
  }
  close(fd);
  return 1;
}
static int by_alarm(Nanoseconds t) {
  if (t < kSecond) return by_nanosleep(t);
  alarm((unsigned)(t / kSecond));
  pause();
  return 1;
}
static int by_setitimer(Nanoseconds t) {
  const struct itimerval s = {.it_value = val(t)};
  setitimer(ITIMER_REAL, &s, NULL);
  pause();
  return 1;
}
static int by_timer_create(Nanoseconds t) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  need(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
  const struct itimerspec s = {.it_value = spec(t)};
  timer_settime(timer, 0, &s, NULL);
  pause();
  timer_delete(timer);
  return 1;
}
static int by_receive(Nanoseconds t) {
  int pair[2];
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
  const struct timeval s = val(t);
  setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &s, sizeof s);
  char byte;
  const ssize_t size = recv(pair[0], &byte, 1, 0);
  const int is_late = size == -1 && errno == EAGAIN;
  close(pair[0]);
  close(pair[1]);
  return is_late;
}

static const struct {
  const char* name;
  int (*wait)(Nanoseconds);
} kWaits[] = {{"nanosleep", by_nanosleep},
              {"clock_nanosleep", by_clock_nanosleep},
              {"clock_nanosleep_until", by_clock_nanosleep_until},
              {"usleep", by_usleep},
              {"sleep", by_sleep},
              {"poll", by_poll},
              {"ppoll", by_ppoll},
              {"select", by_select},
              {"pselect", by_pselect},
              {"epoll_wait", by_epoll},
              {"epoll_pwait2", by_epoll_pwait2},
              {"pthread_cond_timedwait", by_condition},
              {"pthread_cond_timedwait_monotonic", by_monotonic_condition},
              {"pthread_cond_clockwait", by_cond_clockwait},
              {"sem_timedwait", by_semaphore},
              {"sem_clockwait", by_sem_clockwait},
              {"pthread_mutex_timedlock", by_mutex},
              {"pthread_mutex_clocklock", by_mutex_clocklock},
              {"futex_wait", by_futex},
              {"futex_wait_bitset", by_futex_until},
              {"timerfd", by_timerfd},
              {"timerfd_until", by_timerfd_until},
              {"timerfd_ticks", by_timerfd_ticks},
              {"alarm", by_alarm},
              {"setitimer", by_setitimer},
              {"timer_create", by_timer_create},
              {"recv", by_receive}};

static void all_waits(void) {
  const Nanoseconds times[] = {kMillisecond, 250 * kMillisecond, 60 * kSecond, 864000 * kSecond};
  for (size_t i = 0; i < sizeof kWaits / sizeof *kWaits; ++i) {
    for (size_t k = 0; k < 4; ++k) {
      const Nanoseconds wall = now_of(CLOCK_REALTIME);
      const Nanoseconds begun = now_of(CLOCK_MONOTONIC);
      need(kWaits[i].wait(times[k]), kWaits[i].name);
      const Nanoseconds took = now_of(CLOCK_MONOTONIC) - begun;
      need(now_of(CLOCK_REALTIME) - wall == took, "wall and monotonic clock alike");
      printf("%s %ld %ld\n", kWaits[i].name, (long)times[k], (long)took);
    }
  }
}

/* ---- threads ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int pair[2];
static int is_set;

static void* sleeper(void* number) {
  const Nanoseconds wanted = (Nanoseconds)(intptr_t)number * 10 * kMillisecond;
  const Nanoseconds begun = now_of(CLOCK_MONOTONIC);
  by_nanosleep(wanted);
  return (void*)(intptr_t)(now_of(CLOCK_MONOTONIC) - begun - wanted);
}

/* Ends, after 3 s, what the main thread waits for with a limit of a minute. */
static void* ender(void* what) {
  by_nanosleep(3 * kSecond);
  switch ((intptr_t)what) {
    case 0:
      pthread_mutex_lock(&mutex);
      is_set = 1;
      pthread_cond_signal(&condition);
      pthread_mutex_unlock(&mutex);
      break;
    case 1:
      sem_post(&semaphore);
      break;
    case 2:
      pthread_mutex_unlock(&mutex);
      break;
    default:
      if (write(pair[1], "x", 1) != 1) abort();
  }
  return NULL;
}

static void threads(int sleepers) {
  static pthread_t all[1000];
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (intptr_t i = 0; i < sleepers; ++i) need(pthread_create(&all[i], &small, sleeper, (void*)i) == 0, "pthread_create");
  for (int i = 0; i < sleepers; ++i) {
    void* late;
    pthread_join(all[i], &late);
    if (late) printf("sleeper %d %ld\n", i * 10, (long)(intptr_t)late);
  }
  sem_init(&semaphore, 0, 0);
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
  const char* names[] = {"condition_signalled", "semaphore_posted", "mutex_unlocked", "byte_received"};
  for (intptr_t what = 0; what < 4; ++what) {
    const Nanoseconds begun = now_of(CLOCK_MONOTONIC);
    const struct timespec limit = spec(now_of(CLOCK_REALTIME) + 60 * kSecond);
    pthread_t thread;
    pthread_mutex_lock(&mutex);
    pthread_create(&thread, NULL, ender, (void*)what);
    struct pollfd ready = {.fd = pair[0], .events = POLLIN};
    switch (what) {
      case 0:
        while (!is_set) need(pthread_cond_timedwait(&condition, &mutex, &limit) == 0, "condition");
        break;
      case 1:
        need(sem_timedwait(&semaphore, &limit) == 0, "semaphore");
        break;
      case 2:
        need(pthread_mutex_timedlock(&mutex, &limit) == 0, "mutex");
        break;
      default:
        need(poll(&ready, 1, 60000) == 1, "poll");
    }
    printf("%s %ld %ld\n", names[what], (long)(3 * kSecond), (long)(now_of(CLOCK_MONOTONIC) - begun));
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
  }
}

/* ---- signals ---- */

/* Each signal comes at the instant at which the program begins to wait for it, and must not come before the wait. */
static void signals(int count) {
  const Nanoseconds begun = now_of(CLOCK_MONOTONIC);
  for (int i = 0; i < count; ++i) by_setitimer(kMillisecond);
  printf("signals %ld %ld\n", (long)(count * kMillisecond), (long)(now_of(CLOCK_MONOTONIC) - begun));
}

/* ---- processes ---- */

extern char** environ;

/* A library that ends its thread before a fork and has another one after it, as OpenBLAS does. */
static pthread_t helper;
static pthread_mutex_t helper_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t helper_condition = PTHREAD_COND_INITIALIZER;
static int helper_ends;

static void* help(void* nothing) {
  pthread_mutex_lock(&helper_mutex);
  while (!helper_ends) pthread_cond_wait(&helper_condition, &helper_mutex);
  pthread_mutex_unlock(&helper_mutex);
  return nothing;
}

static void end_helper(void) {
  pthread_mutex_lock(&helper_mutex);
  helper_ends = 1;
  pthread_cond_signal(&helper_condition);
  pthread_mutex_unlock(&helper_mutex);
  pthread_join(helper, NULL);
}

static void begin_helper(void) {
  helper_ends = 0;
  need(pthread_create(&helper, NULL, help, NULL) == 0, "the helper");
}

static void processes(const char* self) {
  const char* names[] = {"forked", "executed", "spawned"};
  begin_helper();
  pthread_atfork(end_helper, begin_helper, begin_helper);
  for (int kind = 0; kind < 3; ++kind) {
    const Nanoseconds begun = now_of(CLOCK_MONOTONIC);
    pid_t child = -1;
    char* arguments[] = {(char*)self, "nap", NULL};
    if (kind == 2) {
      need(posix_spawn(&child, self, NULL, NULL, arguments, environ) == 0, "posix_spawn");
    } else {
      child = fork();
      if (child == 0 && kind == 0) {
        by_nanosleep(90 * kSecond);
        _exit(0);
      }
      if (child == 0) {
        execv(self, arguments);
        _exit(1);
      }
    }
    by_nanosleep(kSecond); /* the parent's own wait, beside the child's */
    int status = 1;
    need(waitpid(child, &status, 0) == child && status == 0, names[kind]);
    printf("%s %ld %ld\n", names[kind], (long)(90 * kSecond), (long)(now_of(CLOCK_MONOTONIC) - begun));
  }
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  struct sigaction action = {.sa_handler = handle};
  sigaction(SIGALRM, &action, NULL);
  if (!*what) {
    all_waits();
  } else if (strcmp(what, "threads") == 0) {
    threads(count > 2 ? atoi(arguments[2]) : 1000);
  } else if (strcmp(what, "signals") == 0) {
    signals(count > 2 ? atoi(arguments[2]) : 3000);
  } else if (strcmp(what, "processes") == 0) {
    processes(arguments[0]);
  } else if (strcmp(what, "nap") == 0) {
    by_nanosleep(90 * kSecond);
  } else if (strcmp(what, "spin") == 0) {
    const Nanoseconds begun = now_of(CLOCK_MONOTONIC);
    while (now_of(CLOCK_MONOTONIC) - begun < 20 * kMillisecond) {
    }
    printf("spin %ld %ld\n", (long)(20 * kMillisecond), (long)(now_of(CLOCK_MONOTONIC) - begun));
  } else if (strcmp(what, "cpu") == 0) {
    const Nanoseconds begun = now_of(CLOCK_PROCESS_CPUTIME_ID);
    by_nanosleep(3600 * kSecond);
    printf("cpu_is_real 1 %d\n", now_of(CLOCK_PROCESS_CPUTIME_ID) - begun < kSecond);
  }
  return 0;
}
