/* The process under virtual time: its entry in the shared page, its waits, and the agent that speaks with the coordinator.
 *
 * A wait is registered before it begins and accounted for by whoever ends it. A thread that wakes another counts it as
 * running before the other can run, so that no instant exists at which work is due and nobody is counted. A thread that a
 * descriptor wakes counts itself; until it has, the descriptor is ready, and the agent answers "busy". */
#include "wire/clock/preload/internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

struct wt_page* wt_page;
struct wt_entry* wt_entry;
int wt_mutex_waits;
__thread bool wt_is_counted;

static int connection = -1;
static bool has_agent;
static struct wt_wait* first;
static struct wt_wait* last;
static uint32_t held;  /* 0 free, 1 held, 2 held and waited for */
static __thread int own_wake_fd = -1;

void* wt_next(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (!found) {
    fprintf(stderr, "windtunnel clock: libc has no %s\n", name);
    _exit(127);
  }
  return found;
}

static _Noreturn void fail(const char* what) {
  fprintf(stderr, "windtunnel clock: %s: %s\n", what, strerror(errno));
  _exit(127);
}

/* ---- the lock ---- */

static void block_signals(sigset_t* before) {
  sigset_t all;
  sigfillset(&all);
  wt_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)before, 8, 0, 0);
}

static void take_lock(void) {
  uint32_t expected = 0;
  if (__atomic_compare_exchange_n(&held, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(&held, 2, __ATOMIC_ACQUIRE) != 0) {
    wt_call(SYS_futex, (long)&held, 128 /* wait, private */, 2, 0, 0, 0);
  }
}

static void give_lock(void) {
  if (__atomic_exchange_n(&held, 0, __ATOMIC_RELEASE) == 2) {
    wt_call(SYS_futex, (long)&held, 129 /* wake, private */, 1, 0, 0, 0);
  }
}

void wt_lock(sigset_t* before) {
  block_signals(before);
  take_lock();
}

void wt_unlock(const sigset_t* before) {
  give_lock();
  wt_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)before, 0, 8, 0, 0);
}

/* ---- accounts and messages ---- */

static void tell(uint32_t kind, uint64_t sequence, int64_t value) {
  const struct wt_message message = {kind, (uint32_t)(wt_entry - wt_page->entries), sequence, value};
  wt_call(SYS_sendto, connection, (long)&message, sizeof message, MSG_NOSIGNAL, 0, 0);
}

void wt_account(int threads) {
  if (threads > 0) __atomic_add_fetch(&wt_entry->activity, 1, __ATOMIC_SEQ_CST);
  if (__atomic_add_fetch(&wt_entry->running, threads, __ATOMIC_SEQ_CST) == 0) tell(WT_IDLE, 0, 0);
}

static void unlink_wait(struct wt_wait* wait) {
  *(wait->previous ? &wait->previous->next : &first) = wait->next;
  *(wait->next ? &wait->next->previous : &last) = wait->previous;
  wait->linked = false;
}

/* Ends a wait for its thread. */
static void end_wait(struct wt_wait* wait, enum wt_outcome outcome) {
  unlink_wait(wait);
  wait->outcome = outcome;
  if (wait->counted) wt_account(1);
  const uint64_t count = 1;
  wt_call(SYS_write, wait->wake_fd, (long)&count, sizeof count, 0, 0, 0);
}

static int wake_fd(void) {
  if (own_wake_fd < 0) {
    /* Far from the descriptors that programs count on. */
    const int low = (int)wt_errno(wt_call(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK, 0, 0, 0, 0));
    if (low < 0) fail("eventfd");
    own_wake_fd = (int)wt_call(SYS_fcntl, low, F_DUPFD_CLOEXEC, 600, 0, 0, 0);
    if (own_wake_fd < 0) {
      own_wake_fd = low;
    } else {
      wt_call(SYS_close, low, 0, 0, 0, 0, 0);
    }
  }
  return own_wake_fd;
}

bool wt_owns_fd(int fd) { return fd >= 0 && (fd == connection || fd == own_wake_fd); }

void wt_link(struct wt_wait* wait, const void* key, int64_t deadline) {
  *wait = (struct wt_wait){.key = key, .deadline = deadline, .wake_fd = wake_fd(), .bits = UINT32_MAX, .linked = true};
  wait->previous = last;
  *(last ? &last->next : &first) = wait;
  last = wait;
}

int wt_wake(const void* key, int count, uint32_t bits) {
  int woken = 0;
  for (struct wt_wait *wait = first, *next; wait && woken < count; wait = next) {
    next = wait->next;
    if (wait->key != key || !(wait->bits & bits)) continue;
    end_wait(wait, WT_WOKEN);
    ++woken;
  }
  return woken;
}

static void take_wake(const struct wt_wait* wait) {
  uint64_t taken;
  wt_call(SYS_read, wait->wake_fd, (long)&taken, sizeof taken, 0, 0, 0);
}

enum wt_outcome wt_give_up(struct wt_wait* wait) {
  sigset_t before;
  wt_lock(&before);
  if (wait->linked) {
    unlink_wait(wait);
    wait->outcome = WT_DUE;
  } else {
    take_wake(wait);
  }
  wt_unlock(&before);
  return wait->outcome;
}

/* ---- the agent ---- */

static bool is_ready(const struct wt_wait* wait) {
  if (!wait->count) return false;
  struct pollfd few[8];
  struct pollfd* fds = wait->count <= 8 ? few : malloc(wait->count * sizeof *fds);
  if (!fds) return true; /* busy: nothing moves on a guess */
  memcpy(fds, wait->fds, wait->count * sizeof *fds);
  const struct timespec zero = {0, 0};
  const long ready = wt_call(SYS_ppoll, (long)fds, (long)wait->count, (long)&zero, 0, 0, 0);
  if (fds != few) free(fds);
  return ready != 0;
}

static void answer(const struct wt_message* question) {
  sigset_t before;
  wt_lock(&before);
  bool idle = question->value == 1 || __atomic_load_n(&wt_entry->running, __ATOMIC_SEQ_CST) == 0;
  int64_t deadline = wt_timers_deadline();
  for (const struct wt_wait* wait = first; wait && idle; wait = wait->next) {
    if (wait->deadline < deadline) deadline = wait->deadline;
    if (is_ready(wait)) idle = false;
  }
  tell(idle ? WT_STILL_IDLE : WT_BUSY, question->sequence, deadline);
  wt_unlock(&before);
}

static void release(const struct wt_message* order) {
  sigset_t before;
  wt_lock(&before);
  const int64_t now = wt_now();
  int released = wt_timers_fire(now);
  for (struct wt_wait *wait = first, *next; wait; wait = next) {
    next = wait->next;
    if (wait->deadline > now) continue;
    end_wait(wait, WT_DUE);
    ++released;
  }
  tell(WT_RELEASED, order->sequence, released);
  wt_unlock(&before);
}

static void* agent(void* nothing) {
  for (;;) {
    struct wt_message message = {0};
    const long got = wt_call(SYS_recvfrom, connection, (long)&message, sizeof message, 0, 0, 0);
    if (got == -EINTR) continue;
    if (got != (long)sizeof message) _exit(137); /* the coordinator is gone, and with it the time */
    if (message.kind == WT_ASK) answer(&message);
    if (message.kind == WT_RELEASE) release(&message);
  }
  return nothing;
}

static void need_agent(void) {
  if (__atomic_exchange_n(&has_agent, true, __ATOMIC_SEQ_CST)) return;
  sigset_t before;
  block_signals(&before); /* the agent inherits the mask: it handles no signal of the program */
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN + 65536);
  if (WT_REAL(pthread_create)(&thread, &attributes, agent, NULL)) fail("the agent's thread");
  pthread_attr_destroy(&attributes);
  wt_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8, 0, 0);
}

/* ---- waits ---- */

enum wt_outcome wt_block(struct wt_wait* wait, enum wt_wait_kind kind, struct pollfd* fds, nfds_t count,
                         const sigset_t* mask) {
  need_agent();
  if (!wt_is_counted) wt_count_thread();
  __atomic_or_fetch(&wt_entry->kinds, (uint32_t)kind, __ATOMIC_RELAXED);
  struct pollfd few[9];
  struct pollfd* all = count < 9 ? few : malloc((count + 1) * sizeof *all);
  if (!all) fail("memory for a wait");
  memcpy(all, fds, count * sizeof *all);
  all[count] = (struct pollfd){.fd = wait->wake_fd, .events = POLLIN};

  sigset_t before;
  wt_lock(&before);
  if (wait->linked) {
    wait->fds = fds;
    wait->count = count;
    wait->counted = true;
    wt_account(-1);
  }
  give_lock();

  /* From here on the clock may move and its timers send signals. One that came before the kernel waits would end nothing,
     so that only the kernel's wait lets signals in. */
  const long result = wt_call(SYS_ppoll, (long)all, (long)(count + 1), 0, (long)(mask ? mask : &before), 8, 0);

  take_lock();
  if (wait->linked) {
    unlink_wait(wait);
    wt_account(1);
    wait->outcome = result == -EINTR ? WT_INTERRUPTED : WT_READY;
  } else {
    take_wake(wait);
  }
  wt_unlock(&before);
  if (all != few) free(all);
  return wait->outcome;
}

enum wt_outcome wt_wait_fds(enum wt_wait_kind kind, struct pollfd* fds, nfds_t count, int64_t deadline,
                            const sigset_t* mask) {
  struct wt_wait wait;
  sigset_t before;
  wt_lock(&before);
  wt_link(&wait, NULL, deadline);
  wt_unlock(&before);
  return wt_block(&wait, kind, fds, count, mask);
}

void wt_pause_begin(enum wt_wait_kind kind) {
  need_agent();
  if (!wt_is_counted) wt_count_thread();
  __atomic_or_fetch(&wt_entry->kinds, (uint32_t)kind, __ATOMIC_RELAXED);
  wt_account(-1);
}

void wt_pause_end(void) { wt_account(1); }

void wt_end_thread(void) {
  if (own_wake_fd >= 0) wt_call(SYS_close, own_wake_fd, 0, 0, 0, 0, 0);
  own_wake_fd = -1;
  wt_account(-1);
}

/* ---- entries ---- */

static void lock_page(void) {
  uint32_t expected = 0;
  const uint32_t self = (uint32_t)wt_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  while (!__atomic_compare_exchange_n(&wt_page->lock, &expected, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    if (expected && wt_call(SYS_kill, expected, 0, 0, 0, 0, 0) == -ESRCH) {
      __atomic_compare_exchange_n(&wt_page->lock, &expected, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    expected = 0;
    wt_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
  }
}

static void unlock_page(void) { __atomic_store_n(&wt_page->lock, 0, __ATOMIC_RELEASE); }

/* With the page locked. */
static struct wt_entry* take_entry(uint64_t name) {
  for (int i = 0; i < WT_PROGRAMS_MAX; ++i) {
    struct wt_entry* entry = &wt_page->entries[i];
    if (entry->state != WT_FREE) continue;
    *entry = (struct wt_entry){.running = 1, .name = name};
    __atomic_store_n(&entry->state, WT_EXPECTED, __ATOMIC_SEQ_CST);
    if ((uint32_t)i >= wt_page->used) __atomic_store_n(&wt_page->used, (uint32_t)i + 1, __ATOMIC_SEQ_CST);
    return entry;
  }
  errno = EAGAIN;
  fail("more than 256 processes under virtual time");
}

static struct wt_entry* entry_of(int32_t pid) {
  for (int i = 0; i < WT_PROGRAMS_MAX; ++i) {
    struct wt_entry* entry = &wt_page->entries[i];
    if (entry->state == WT_EXPECTED && entry->pid == pid) return entry;
  }
  return NULL;
}

struct wt_entry* wt_expect_child(void) {
  lock_page();
  const uint64_t child = __atomic_add_fetch(&wt_entry->children, 1, __ATOMIC_RELAXED);
  struct wt_entry* entry = take_entry(wt_entry->name * 1000003u + child);
  unlock_page();
  return entry;
}

void wt_child_is(struct wt_entry* entry, int32_t pid) {
  lock_page();
  struct wt_entry* own = pid > 0 ? NULL : entry;
  for (int i = 0; i < WT_PROGRAMS_MAX && pid > 0; ++i) {
    if (&wt_page->entries[i] != entry && wt_page->entries[i].state == WT_REGISTERED &&
        wt_page->entries[i].pid == pid) {
      own = entry; /* it was faster and took an entry of its own */
    }
  }
  if (own) {
    __atomic_store_n(&entry->state, WT_FREE, __ATOMIC_SEQ_CST);
  } else if (entry->state == WT_EXPECTED) {
    entry->pid = pid;
  }
  unlock_page();
}

void wt_expect_exec(bool expected) {
  const uint32_t state = expected ? WT_EXPECTED : WT_REGISTERED;
  if (expected) wt_entry->generation += 1;
  __atomic_store_n(&wt_entry->running, 1, __ATOMIC_SEQ_CST); /* the other threads end with the exec */
  __atomic_store_n(&wt_entry->state, state, __ATOMIC_SEQ_CST);
}

static void connect_to_coordinator(void) {
  const char* path = getenv(WT_CLOCK_SOCKET);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!path || strlen(path) >= sizeof address.sun_path) {
    errno = EINVAL;
    fail(WT_CLOCK_SOCKET);
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  const int low = (int)wt_errno(wt_call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0, 0, 0));
  if (low < 0) fail("socket");
  connection = (int)wt_call(SYS_fcntl, low, F_DUPFD_CLOEXEC, 600, 0, 0, 0);
  if (connection < 0) {
    connection = low;
  } else {
    wt_call(SYS_close, low, 0, 0, 0, 0, 0);
  }
  if (wt_errno(wt_call(SYS_connect, connection, (long)&address, sizeof address, 0, 0, 0)) != 0) {
    fail("the coordinator's socket");
  }
}

/* Takes the entry and says hello. Until then the process counts as running. */
static void join(struct wt_entry* entry) {
  const int32_t pid = (int32_t)wt_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  connect_to_coordinator();
  lock_page();
  if (!entry) entry = entry_of(pid);
  if (!entry) {
    const char* name = getenv(WT_CLOCK_NAME);
    entry = take_entry(name ? strtoull(name, NULL, 10) : 0);
  }
  entry->pid = pid;
  entry->running = 1;
  __atomic_store_n(&entry->state, WT_REGISTERED, __ATOMIC_SEQ_CST);
  unlock_page();
  wt_entry = entry;
  wt_is_counted = true;
  tell(WT_HELLO, 0, entry - wt_page->entries);
}

void wt_forked_child(struct wt_entry* entry) {
  first = last = NULL;
  held = 0;
  has_agent = false;
  own_wake_fd = -1;
  wt_call(SYS_close, connection, 0, 0, 0, 0, 0);
  wt_timers_clear();
  join(entry);
}

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv(WT_CLOCK_PAGE);
  if (!path) return;
  const int file = (int)wt_errno(wt_call(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0, 0, 0));
  if (file < 0) fail(path);
  void* page = mmap(NULL, sizeof *wt_page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  wt_call(SYS_close, file, 0, 0, 0, 0, 0);
  if (page == MAP_FAILED) fail("the clock's page");
  wt_page = page;
  if (wt_page->magic != WT_CLOCK_MAGIC || wt_page->version != WT_CLOCK_VERSION) {
    errno = EPROTO;
    fail("the clock's page is of another version");
  }
  join(NULL);
}

/* ---- system calls ---- */

#if defined(__x86_64__)
long wt_call(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
long wt_call(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
#else
#error "virtual time is for x86-64 and arm64"
#endif

long wt_errno(long result) {
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}
