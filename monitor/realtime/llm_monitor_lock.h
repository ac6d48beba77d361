#pragma once
// The lock that LlmMonitor decides under, as a seam: the program runs on RealLock, a test counts each time the lock is
// taken and given back, and makes a wait for it as long as it likes.

#include <mutex>

namespace windtunnel::monitor {

// Used from any thread. Not recursive.
class MonitorLock {
 public:
  virtual ~MonitorLock() = default;
  virtual void lock() = 0;
  virtual void unlock() = 0;
};

class RealLock final : public MonitorLock {
 public:
  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

}  // namespace windtunnel::monitor
