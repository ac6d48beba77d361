#pragma once
// For tests of a disk that is full: no regular file of this process may grow beyond so many bytes while this lives. A
// write that would, fails with EFBIG.

#include <sys/resource.h>

#include <csignal>

namespace windtunnel {

class FilesAtMost {
 public:
  explicit FilesAtMost(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FilesAtMost() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }
  FilesAtMost(const FilesAtMost&) = delete;
  FilesAtMost& operator=(const FilesAtMost&) = delete;

 private:
  rlimit before_{};
  void (*signal_)(int);
};

}  // namespace windtunnel
