#include "reports/files/write_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "reports/files/report_error.h"

namespace windtunnel::reports {
namespace {

// The process that holds the lock of a file, from /proc/locks; 0: unknown. Lines are
// "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF", those of waiters have "->" after the number.
int holder_of(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return 0;
  std::FILE* locks = std::fopen("/proc/locks", "re");
  if (locks == nullptr) return 0;
  int holder = 0;
  char line[256];
  while (holder == 0 && std::fgets(line, sizeof line, locks) != nullptr) {
    int process = 0;
    unsigned major = 0;
    unsigned minor = 0;
    unsigned long long inode = 0;
    if (std::sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %x:%x:%llu", &process, &major, &minor, &inode) != 4) continue;
    if (inode == status.st_ino) holder = process;
  }
  std::fclose(locks);
  return holder;
}

}  // namespace

void lock_for_writing(int descriptor, const std::string& path) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  const int holder = holder_of(descriptor);
  const std::string who = holder == 0            ? "another process"
                          : holder == ::getpid() ? "this command"
                                                 : "process " + std::to_string(holder);
  throw ReportError(path, "write", who + " is writing there; wait for it, or name another place");
}

FolderLock::FolderLock(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw ReportError(folder, "create", error.message());
  descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) throw ReportError(folder, "open", std::strerror(errno));
  try {
    lock_for_writing(descriptor_, folder);
  } catch (const ReportError&) {
    ::close(descriptor_);
    throw;
  }
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace windtunnel::reports
