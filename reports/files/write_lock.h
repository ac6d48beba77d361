#pragma once
// Keeps two writers from one file, and two commands from one folder of reports: the second one is refused with the
// number of the first one's process. The lock is the kernel's (flock), so that it ends with its holder in any way and
// leaves nothing behind; where a file system has no such locks, nothing is refused.

#include <string>

namespace windtunnel::reports {

// Locks an open file or folder until its descriptor is closed. Throws ReportError if another descriptor holds the lock.
void lock_for_writing(int descriptor, const std::string& path);

// Makes a folder if there is none, and locks it.
class FolderLock {
 public:
  // Throws ReportError.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace windtunnel::reports
