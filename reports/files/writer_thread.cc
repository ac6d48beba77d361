#include "reports/files/writer_thread.h"

#include <utility>

namespace windtunnel::reports {

WriterThread::WriterThread(std::size_t buffer_size, std::function<void(std::string_view)> write)
    : write_(std::move(write)), buffer_(buffer_size), thread_([this] { run(); }) {}

WriterThread::~WriterThread() {
  {
    const std::lock_guard lock{mutex_};
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WriterThread::exchange(Buffer& buffer, std::size_t used) {
  {
    std::unique_lock lock{mutex_};
    wait_until_written(lock);
    std::swap(buffer_, buffer);
    used_ = used;
  }
  changed_.notify_all();
}

void WriterThread::wait() {
  std::unique_lock lock{mutex_};
  wait_until_written(lock);
}

void WriterThread::wait_until_written(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return used_ == 0; });
  if (error_) std::rethrow_exception(error_);
}

void WriterThread::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    changed_.wait(lock, [this] { return used_ > 0 || ends_; });
    if (used_ == 0) return;
    // The buffer is not touched while it is being written.
    const std::string_view bytes{buffer_.bytes.get(), used_};
    lock.unlock();
    std::exception_ptr error;
    try {
      write_(bytes);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    used_ = 0;
    error_ = error;
    changed_.notify_all();
  }
}

}  // namespace windtunnel::reports
