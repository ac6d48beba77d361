#pragma once
// The one way we write files. A file is written beside its target as NAME.partial and renamed onto it by finish(), so
// that a file NAME is always complete; one that was never finished stays NAME.partial.
//
// Two writers of one file exclude each other (write_lock.h).
//
// A name that ends in .zst is compressed with zstd on the way. What exists and is no regular file (/dev/null, a pipe)
// is written in place, without .partial and rename. Nothing reaches the file before the buffer is full, flush() or
// finish(). Every failure is a ReportError; after one the file takes no more bytes and stays .partial. Writing to a
// pipe whose reader has gone raises SIGPIPE unless the process ignores it, and then it is a ReportError too.
//
// A regular file whose buffer has been full once is compressed and written by a thread of its own, so that a run goes
// on meanwhile; what is written in place stays on the caller's thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "reports/files/report_error.h"
#include "reports/files/writer_thread.h"

namespace windtunnel::reports {

class ZstdStream;

class OutputFile {
 public:
  static constexpr std::size_t kBufferSize = std::size_t{1024} * 1024;

  explicit OutputFile(std::string path);
  // Unfinished: what is buffered is still written, if it can be, and the file stays .partial.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void append(std::string_view bytes);

  // Room for `size` bytes in the buffer, to be written by the caller; commit() takes the number of bytes written. The
  // room is good until the next call.
  [[nodiscard]] char* reserve(std::size_t size) {
    if (buffer_.size - used_ < size) [[unlikely]]
      make_room(size);
    return buffer_.bytes.get() + used_;
  }
  void commit(std::size_t size) { used_ += size; }

  void flush();
  // Flushes, ends the compressed frame, syncs and renames. The file takes no more bytes; finishing again does nothing.
  void finish();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Where the bytes are until finish().
  [[nodiscard]] const std::string& partial_path() const { return written_path_; }
  [[nodiscard]] bool finished() const { return state_ == State::finished; }
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  // Handed in so far, before compression.
  [[nodiscard]] std::uint64_t bytes() const { return flushed_ + used_; }

 private:
  enum class State : std::uint8_t { open, finished };

  void open_file();
  void stream_out();
  void hand_over();
  void make_room(std::size_t size);
  void write(std::string_view bytes);
  void write_out(std::string_view bytes);
  void compress(std::string_view bytes, bool last);
  void put_in_place();
  void close_file();
  template <typename Action>
  void remembering_failure(const Action& action);

  std::string path_;
  std::string written_path_;  // path_ itself if it is written in place
  Buffer buffer_{kBufferSize};
  std::size_t used_ = 0;
  std::uint64_t flushed_ = 0;
  int descriptor_ = -1;
  State state_ = State::open;
  std::optional<ReportError> error_;      // the first one
  std::unique_ptr<ZstdStream> zstd_;      // nothing: not compressed
  std::unique_ptr<WriterThread> writer_;  // once the buffer has been full
};

}  // namespace windtunnel::reports
