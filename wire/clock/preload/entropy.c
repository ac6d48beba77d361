/* Random bytes by the seed: each thread of each process has a stream of its own, named by who made it, so that no other
 * thread's draws move it. */
#include "wire/clock/preload/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static __thread uint64_t thread_name;
static __thread uint64_t thread_children;
static __thread uint64_t draws;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t wt_name_of_child_thread(void) { return mix(thread_name + mix(++thread_children)); }
void wt_name_thread(uint64_t name) { thread_name = name; }

static uint64_t draw(void) {
  const uint64_t process = mix(wt_entry->name) + wt_entry->generation;
  return mix(mix(wt_page->seed + mix(process)) ^ mix(thread_name) ^ mix(++draws));
}

bool wt_random_bytes(void* bytes, size_t count) {
  if (!wt_on() || wt_page->entropy_real) return false;
  unsigned char* next = bytes;
  while (count > 0) {
    const uint64_t value = draw();
    const size_t size = count < sizeof value ? count : sizeof value;
    memcpy(next, &value, size);
    next += size;
    count -= size;
  }
  return true;
}

WT_PUBLIC ssize_t getrandom(void* bytes, size_t count, unsigned flags) {
  if (wt_random_bytes(bytes, count)) return (ssize_t)count;
  return wt_errno(wt_call(SYS_getrandom, (long)bytes, (long)count, flags, 0, 0, 0));
}

WT_PUBLIC int getentropy(void* bytes, size_t count) {
  if (count > 256) {
    errno = EIO;
    return -1;
  }
  return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -1;
}

WT_PUBLIC uint32_t arc4random(void) {
  uint32_t value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}

WT_PUBLIC void arc4random_buf(void* bytes, size_t count) { getrandom(bytes, count, 0); }

/* /dev/urandom is a file of a megabyte of the stream here. Nobody is known to read more through one descriptor. */
static int open_stream(int flags) {
  enum { SIZE = 1 << 20 };
  const int fd = (int)wt_errno(wt_call(SYS_memfd_create, (long)"urandom", flags & O_CLOEXEC ? MFD_CLOEXEC : 0, 0, 0, 0, 0));
  if (fd < 0) return fd;
  if (wt_call(SYS_ftruncate, fd, SIZE, 0, 0, 0, 0) == 0) {
    void* bytes = mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes != MAP_FAILED) {
      wt_random_bytes(bytes, SIZE);
      munmap(bytes, SIZE);
    }
  }
  return fd;
}

static int open_path(int folder, const char* path, int flags, mode_t mode) {
  const bool is_random = strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0;
  if (is_random && wt_on() && !wt_page->entropy_real) return open_stream(flags);
  return (int)wt_errno(wt_call(SYS_openat, folder, (long)path, flags, mode, 0, 0));
}

static mode_t mode_of(int flags, va_list list) {
  return flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

WT_PUBLIC int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_path(AT_FDCWD, path, flags, mode);
}

WT_PUBLIC int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_path(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

WT_PUBLIC int openat(int folder, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_path(folder, path, flags, mode);
}
