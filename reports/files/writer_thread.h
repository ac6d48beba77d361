#pragma once
// Writes full buffers on a thread of its own while the next one is being filled. There are two buffers in all: a
// caller that fills them faster than they can be written waits.

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

namespace windtunnel::reports {

// Room for bytes; nothing is written into it before it is used.
struct Buffer {
  explicit Buffer(std::size_t room) : bytes(std::make_unique_for_overwrite<char[]>(room)), size(room) {}
  std::unique_ptr<char[]> bytes;
  std::size_t size;
};

class WriterThread {
 public:
  // `write` is called on the thread. What it throws comes out of the next exchange() or wait(); nothing more is written
  // after that.
  explicit WriterThread(std::size_t buffer_size, std::function<void(std::string_view)> write);
  // Writes what it still holds.
  ~WriterThread();
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

  // Takes the first `used` bytes of a buffer to be written, and gives the other buffer for it, as soon as that one has
  // been written.
  void exchange(Buffer& buffer, std::size_t used);
  // Until everything that was handed in is written.
  void wait();

 private:
  void run();
  void wait_until_written(std::unique_lock<std::mutex>& lock);

  std::function<void(std::string_view)> write_;
  Buffer buffer_;
  std::size_t used_ = 0;  // of buffer_, still to be written
  bool ends_ = false;
  std::exception_ptr error_;
  std::mutex mutex_;  // of all the above
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace windtunnel::reports
