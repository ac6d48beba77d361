/* Waits for descriptors: epoll, poll, select, and calls that block on one descriptor.
 *
 * Each waits with ppoll for its descriptors and for a word from the agent, and only then takes what is ready with a call
 * that does not wait: as long as nothing has been taken, the descriptor is ready and the agent answers "busy". */
#include "wire/clock/preload/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t after_milliseconds(int wait) { return wait < 0 ? WT_NEVER : wt_after((int64_t)wait * 1000000); }

/* ---- epoll ---- */

static int take_events(int epoll, struct epoll_event* events, int most, int wait, const sigset_t* mask) {
  return (int)wt_errno(wt_call(SYS_epoll_pwait, epoll, (long)events, most, wait, (long)mask, 8));
}

static int wait_events(int epoll, struct epoll_event* events, int most, int64_t deadline, const sigset_t* mask) {
  for (;;) {
    const int ready = take_events(epoll, events, most, 0, mask);
    if (ready != 0 || deadline <= wt_now()) return ready;
    struct pollfd fd = {.fd = epoll, .events = POLLIN};
    if (wt_wait_fds(WT_EPOLL, &fd, 1, deadline, mask) == WT_INTERRUPTED) {
      errno = EINTR;
      return -1;
    }
  }
}

WT_PUBLIC int epoll_pwait(int epoll, struct epoll_event* events, int most, int wait, const sigset_t* mask) {
  if (!wt_on() || wait == 0) return take_events(epoll, events, most, wait, mask);
  return wait_events(epoll, events, most, after_milliseconds(wait), mask);
}

WT_PUBLIC int epoll_wait(int epoll, struct epoll_event* events, int most, int wait) {
  return epoll_pwait(epoll, events, most, wait, NULL);
}

WT_PUBLIC int epoll_pwait2(int epoll, struct epoll_event* events, int most, const struct timespec* wait,
                           const sigset_t* mask) {
  if (!wt_on()) return (int)wt_errno(wt_call(441, epoll, (long)events, most, (long)wait, (long)mask, 8));
  return wait_events(epoll, events, most, wait ? wt_after(wt_nanoseconds(wait)) : WT_NEVER, mask);
}

/* ---- poll and select ---- */

static int poll_now(struct pollfd* fds, nfds_t count, const struct timespec* wait, const sigset_t* mask) {
  return (int)wt_errno(wt_call(SYS_ppoll, (long)fds, (long)count, (long)wait, (long)mask, 8, 0));
}

static int poll_until(struct pollfd* fds, nfds_t count, int64_t deadline, const sigset_t* mask) {
  static const struct timespec zero = {0, 0};
  for (;;) {
    struct timespec wait = zero;
    const int ready = poll_now(fds, count, &wait, mask);
    if (ready != 0 || deadline <= wt_now()) return ready;
    if (wt_wait_fds(WT_POLL, fds, count, deadline, mask) == WT_INTERRUPTED) {
      errno = EINTR;
      return -1;
    }
  }
}

WT_PUBLIC int ppoll(struct pollfd* fds, nfds_t count, const struct timespec* wait, const sigset_t* mask) {
  if (wt_on()) return poll_until(fds, count, wait ? wt_after(wt_nanoseconds(wait)) : WT_NEVER, mask);
  struct timespec copy;
  if (wait) copy = *wait; /* the kernel writes what is left */
  return poll_now(fds, count, wait ? &copy : NULL, mask);
}

WT_PUBLIC int poll(struct pollfd* fds, nfds_t count, int wait) {
  if (wt_on()) return poll_until(fds, count, after_milliseconds(wait), NULL);
  const struct timespec time = wt_timespec((int64_t)wait * 1000000);
  return ppoll(fds, count, wait < 0 ? NULL : &time, NULL);
}

/* Programs compiled with _FORTIFY_SOURCE call these. */
WT_PUBLIC int __poll_chk(struct pollfd* fds, nfds_t count, int wait, size_t size) {
  if (size / sizeof *fds < count) abort();
  return poll(fds, count, wait);
}

WT_PUBLIC int __ppoll_chk(struct pollfd* fds, nfds_t count, const struct timespec* wait, const sigset_t* mask,
                          size_t size) {
  if (size / sizeof *fds < count) abort();
  return ppoll(fds, count, wait, mask);
}

static bool is_in(const fd_set* set, int fd) {
  return set && (set->fds_bits[fd / NFDBITS] & (1L << (fd % NFDBITS))) != 0;
}

static void put(fd_set* set, int fd, bool ready, int* sum) {
  if (!is_in(set, fd)) return;
  if (ready) {
    ++*sum;
  } else {
    set->fds_bits[fd / NFDBITS] &= ~(1L << (fd % NFDBITS));
  }
}

static int select_until(int count, fd_set* in, fd_set* out, fd_set* other, int64_t deadline, const sigset_t* mask) {
  if (count < 0) {
    errno = EINVAL;
    return -1;
  }
  struct pollfd* fds = calloc((size_t)count + 1, sizeof *fds);
  if (!fds) return -1;
  nfds_t used = 0;
  for (int fd = 0; fd < count; ++fd) {
    const short events = (short)((is_in(in, fd) ? POLLIN : 0) | (is_in(out, fd) ? POLLOUT : 0) |
                                 (is_in(other, fd) ? POLLPRI : 0));
    if (events) fds[used++] = (struct pollfd){.fd = fd, .events = events};
  }
  int sum = poll_until(fds, used, deadline, mask);
  for (nfds_t i = 0; i < used && sum >= 0; ++i) {
    if (fds[i].revents & POLLNVAL) {
      errno = EBADF;
      sum = -1;
    }
  }
  if (sum >= 0) {
    sum = 0;
    for (nfds_t i = 0; i < used; ++i) {
      put(in, fds[i].fd, (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0, &sum);
      put(out, fds[i].fd, (fds[i].revents & (POLLOUT | POLLERR)) != 0, &sum);
      put(other, fds[i].fd, (fds[i].revents & POLLPRI) != 0, &sum);
    }
  }
  free(fds);
  return sum;
}

WT_PUBLIC int pselect(int count, fd_set* in, fd_set* out, fd_set* other, const struct timespec* wait,
                      const sigset_t* mask) {
  if (!wt_on()) return WT_REAL(pselect)(count, in, out, other, wait, mask);
  return select_until(count, in, out, other, wait ? wt_after(wt_nanoseconds(wait)) : WT_NEVER, mask);
}

WT_PUBLIC int select(int count, fd_set* in, fd_set* out, fd_set* other, struct timeval* wait) {
  if (!wt_on()) return WT_REAL(select)(count, in, out, other, wait);
  if (!wait) return select_until(count, in, out, other, WT_NEVER, NULL);
  const int64_t deadline = wt_after(wait->tv_sec * WT_SECOND + wait->tv_usec * 1000);
  const int result = select_until(count, in, out, other, deadline, NULL);
  const int64_t left = deadline > wt_now() ? deadline - wt_now() : 0;
  *wait = (struct timeval){.tv_sec = left / WT_SECOND, .tv_usec = left % WT_SECOND / 1000};
  return result;
}

/* ---- calls that block on one descriptor ---- */

/* SO_RCVTIMEO and SO_SNDTIMEO as the program set them, because the kernel rounds them to its ticks. */
enum { LIMITS_MAX = 4096 };
static int64_t limits[LIMITS_MAX][2];

static int64_t limit_of(int fd, int option) { return fd >= 0 && fd < LIMITS_MAX ? limits[fd][option == SO_SNDTIMEO] : 0; }

void wt_limits_forget_fd(int fd) {
  if (fd >= 0 && fd < LIMITS_MAX) limits[fd][0] = limits[fd][1] = 0;
}

WT_PUBLIC int setsockopt(int fd, int level, int option, const void* value, socklen_t size) {
  const int result = (int)wt_errno(wt_call(SYS_setsockopt, fd, level, option, (long)value, size, 0));
  if (result == 0 && level == SOL_SOCKET && (option == SO_RCVTIMEO || option == SO_SNDTIMEO) && fd < LIMITS_MAX) {
    const struct timeval* time = value;
    limits[fd][option == SO_SNDTIMEO] = time->tv_sec * WT_SECOND + time->tv_usec * 1000;
  }
  return result;
}

/* Waits until the descriptor is ready, if a call on it would block. False: the limit of SO_RCVTIMEO or SO_SNDTIMEO has
   passed, or a signal came, and errno says which. */
static bool await(int fd, short events) {
  if (!wt_on()) return true;
  const long flags = wt_call(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
  if (flags < 0 || (flags & O_NONBLOCK)) return true;
  struct pollfd poll = {.fd = fd, .events = events};
  struct timespec zero = {0, 0};
  if (wt_call(SYS_ppoll, (long)&poll, 1, (long)&zero, 0, 8, 0) != 0) return true;
  const int64_t time = limit_of(fd, events == POLLIN ? SO_RCVTIMEO : SO_SNDTIMEO);
  const int64_t limit = time > 0 ? wt_after(time) : WT_NEVER;
  poll.revents = 0;
  switch (wt_wait_fds(WT_SOCKET, &poll, 1, limit, NULL)) {
    case WT_DUE:
      errno = EAGAIN;
      return false;
    case WT_INTERRUPTED:
      errno = EINTR;
      return false;
    default:
      return true;
  }
}

WT_PUBLIC ssize_t read(int fd, void* bytes, size_t count) {
  return await(fd, POLLIN) ? wt_errno(wt_call(SYS_read, fd, (long)bytes, (long)count, 0, 0, 0)) : -1;
}

WT_PUBLIC ssize_t __read_chk(int fd, void* bytes, size_t count, size_t size) {
  if (size < count) abort();
  return read(fd, bytes, count);
}

WT_PUBLIC ssize_t readv(int fd, const struct iovec* parts, int count) {
  return await(fd, POLLIN) ? wt_errno(wt_call(SYS_readv, fd, (long)parts, count, 0, 0, 0)) : -1;
}

WT_PUBLIC ssize_t recvfrom(int fd, void* bytes, size_t count, int flags, struct sockaddr* from, socklen_t* size) {
  if (!(flags & MSG_DONTWAIT) && !await(fd, POLLIN)) return -1;
  return wt_errno(wt_call(SYS_recvfrom, fd, (long)bytes, (long)count, flags, (long)from, (long)size));
}

WT_PUBLIC ssize_t recv(int fd, void* bytes, size_t count, int flags) {
  return recvfrom(fd, bytes, count, flags, NULL, NULL);
}

WT_PUBLIC ssize_t __recv_chk(int fd, void* bytes, size_t count, size_t size, int flags) {
  if (size < count) abort();
  return recv(fd, bytes, count, flags);
}

WT_PUBLIC ssize_t __recvfrom_chk(int fd, void* bytes, size_t count, size_t size, int flags, struct sockaddr* from,
                                 socklen_t* from_size) {
  if (size < count) abort();
  return recvfrom(fd, bytes, count, flags, from, from_size);
}

WT_PUBLIC ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  if (!(flags & MSG_DONTWAIT) && !await(fd, POLLIN)) return -1;
  return wt_errno(wt_call(SYS_recvmsg, fd, (long)message, flags, 0, 0, 0));
}

WT_PUBLIC int accept4(int fd, struct sockaddr* address, socklen_t* size, int flags) {
  return await(fd, POLLIN) ? (int)wt_errno(wt_call(SYS_accept4, fd, (long)address, (long)size, flags, 0, 0)) : -1;
}

WT_PUBLIC int accept(int fd, struct sockaddr* address, socklen_t* size) { return accept4(fd, address, size, 0); }

/* ---- signals ---- */

static int wait_signal(const sigset_t* mask) {
  while (wt_wait_fds(WT_SLEEP, NULL, 0, WT_NEVER, mask) != WT_INTERRUPTED) {
  }
  errno = EINTR;
  return -1;
}

WT_PUBLIC int sigsuspend(const sigset_t* mask) { return wt_on() ? wait_signal(mask) : WT_REAL(sigsuspend)(mask); }
WT_PUBLIC int pause(void) { return wt_on() ? wait_signal(NULL) : WT_REAL(pause)(); }

/* ---- children ---- */

WT_PUBLIC pid_t wait4(pid_t pid, int* status, int flags, struct rusage* usage) {
  const bool waits = wt_on() && !(flags & WNOHANG);
  if (waits) {
    const long done = wt_call(SYS_wait4, pid, (long)status, flags | WNOHANG, (long)usage, 0, 0);
    if (done != 0) return (pid_t)wt_errno(done);
    wt_pause_begin(WT_CHILD);
  }
  const long result = wt_call(SYS_wait4, pid, (long)status, flags, (long)usage, 0, 0);
  if (waits) wt_pause_end();
  return (pid_t)wt_errno(result);
}

WT_PUBLIC pid_t waitpid(pid_t pid, int* status, int flags) { return wait4(pid, status, flags, NULL); }
WT_PUBLIC pid_t wait3(int* status, int flags, struct rusage* usage) { return wait4(-1, status, flags, usage); }
WT_PUBLIC pid_t wait(int* status) { return wait4(-1, status, 0, NULL); }

WT_PUBLIC int waitid(idtype_t type, id_t id, siginfo_t* info, int flags) {
  const bool waits = wt_on() && !(flags & WNOHANG);
  if (waits) wt_pause_begin(WT_CHILD);
  const long result = wt_call(SYS_waitid, type, id, (long)info, flags, 0, 0);
  if (waits) wt_pause_end();
  return (int)wt_errno(result);
}
