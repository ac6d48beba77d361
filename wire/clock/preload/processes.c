/* Children: a process that is forked or executed counts as running from before it exists until it has said hello. */
#include "wire/clock/preload/internal.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char** environ;

/* A fork takes the lock, so that no other thread holds it in the child's copy, but not before the program's own handlers of
 * pthread_atfork have run: they may wake threads and join them. Before a fork the handlers run from the last one registered
 * to the first, and after it from the first to the last; ours are the first of all. */
static __thread struct wt_entry* expected_child;
static __thread sigset_t mask_before;

static void before_fork(void) {
  if (!wt_on()) return;
  expected_child = wt_expect_child();
  wt_lock(&mask_before);
}

static void after_fork(void) {
  if (wt_on()) wt_unlock(&mask_before);
}

static void in_forked_child(void) {
  if (!wt_on()) return;
  wt_forked_child(expected_child);
  wt_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask_before, 0, 8, 0, 0);
}

/* What pthread_atfork calls in libc. */
int __register_atfork(void (*before)(void), void (*after)(void), void (*child)(void), void* library);
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static void register_own(void) { WT_REAL(__register_atfork)(before_fork, after_fork, in_forked_child, NULL); }

WT_PUBLIC int __register_atfork(void (*before)(void), void (*after)(void), void (*child)(void), void* library) {
  pthread_once(&fork_once, register_own);
  return WT_REAL(__register_atfork)(before, after, child, library);
}

__attribute__((constructor)) static void begin(void) { pthread_once(&fork_once, register_own); }

WT_PUBLIC pid_t fork(void) {
  const pid_t pid = WT_REAL(fork)();
  if (!wt_on() || pid == 0) return pid;
  const int error = errno;
  wt_child_is(expected_child, pid);
  errno = error;
  return pid;
}

/* What a child of vfork does before it executes, it does in memory of its own here: it has an entry to look after. */
WT_PUBLIC pid_t vfork(void) { return fork(); }

WT_PUBLIC int execve(const char* path, char* const arguments[], char* const environment[]) {
  if (wt_on()) wt_expect_exec(true);
  const long result = wt_call(SYS_execve, (long)path, (long)arguments, (long)environment, 0, 0, 0);
  if (wt_on()) wt_expect_exec(false);
  return (int)wt_errno(result);
}

WT_PUBLIC int execv(const char* path, char* const arguments[]) { return execve(path, arguments, environ); }

WT_PUBLIC int execvpe(const char* file, char* const arguments[], char* const environment[]) {
  if (wt_on()) wt_expect_exec(true);
  const int result = WT_REAL(execvpe)(file, arguments, environment);
  const int error = errno;
  if (wt_on()) wt_expect_exec(false);
  errno = error;
  return result;
}

WT_PUBLIC int execvp(const char* file, char* const arguments[]) { return execvpe(file, arguments, environ); }

typedef int spawn_function(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                           char* const[], char* const[]);

static int spawn(spawn_function* real, pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
  if (!wt_on()) return real(pid, path, actions, attributes, arguments, environment);
  struct wt_entry* entry = wt_expect_child();
  pid_t made = 0;
  const int error = real(&made, path, actions, attributes, arguments, environment);
  wt_child_is(entry, error ? -1 : made);
  if (pid) *pid = made;
  return error;
}

WT_PUBLIC int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                          const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
  return spawn(WT_REAL(posix_spawn), pid, path, actions, attributes, arguments, environment);
}

WT_PUBLIC int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
  return spawn(WT_REAL(posix_spawnp), pid, file, actions, attributes, arguments, environment);
}

/* Programs close what they do not know, and this library's connection is among it. */
WT_PUBLIC int close(int fd) {
  if (wt_on()) {
    if (wt_owns_fd(fd)) return 0;
    wt_timers_forget_fd(fd);
    wt_limits_forget_fd(fd);
  }
  return (int)wt_errno(wt_call(SYS_close, fd, 0, 0, 0, 0, 0));
}
