#pragma once
// The bytes of a file, or of stdin ("-"), compressed with zstd or gzip or not: its first bytes decide, not its name.
// Throws ReportError.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/report_error.h"

namespace windtunnel::reports {

class ByteDecoder;

class ByteSource {
 public:
  // A good size for a read.
  static constexpr std::size_t kBlock = std::size_t{256} * 1024;

  // A file of more than `bytes_max` is refused by its size before it is read. What comes from a pipe, or out of a
  // compressed file, is refused once so much has been read.
  explicit ByteSource(std::string path, std::uint64_t bytes_max = UINT64_MAX);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Writes up to `size` bytes, at least one unless the file ends, and returns their number; 0 at the end. size > 0.
  [[nodiscard]] std::size_t read(char* to, std::size_t size);

  // The first `size` bytes that read() will return, fewer if the file is shorter. Good until the next call of either.
  [[nodiscard]] std::string_view peek(std::size_t size);

  [[nodiscard]] const std::string& path() const { return path_; }
  // The compressed file stops in the middle. Known once read() has returned 0.
  [[nodiscard]] bool cut_short() const { return cut_short_; }

 private:
  std::size_t read_raw(char* to, std::size_t size);
  std::size_t read_decoded(char* to, std::size_t size);
  std::size_t decode(char* to, std::size_t size);
  void refuse_large_file() const;
  void start();

  std::string path_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;  // that were decoded
  int descriptor_ = -1;
  std::string ahead_;            // decoded, not yet handed out
  std::size_t ahead_begin_ = 0;  // of what is left of it
  std::vector<char> raw_;        // as read; the decoder's input
  bool started_ = false;
  bool cut_short_ = false;
  std::unique_ptr<ByteDecoder> decoder_;
};

}  // namespace windtunnel::reports
