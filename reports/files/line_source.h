#pragma once
// The lines of a text file, compressed or not (byte_source.h). Throws ReportError.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/byte_source.h"

namespace windtunnel::reports {

class LineSource {
 public:
  // That many bytes behind a line may be read too.
  static constexpr std::size_t kPadding = 64;
  // Of a log; the longest records that people keep have pictures in them.
  static constexpr std::size_t kLineMax = 100'000'000;

  // A larger file than `bytes_max`, or a line that is longer than `line_max`, is refused.
  explicit LineSource(std::string path, std::uint64_t bytes_max = UINT64_MAX, std::size_t line_max = kLineMax);
  // Of what is left of the source.
  explicit LineSource(std::unique_ptr<ByteSource> bytes, std::size_t line_max = kLineMax);

  // The next line without its end, good until the next call; nothing at the end of the file. A last line without an end
  // is a line.
  [[nodiscard]] std::optional<std::string_view> next();

  [[nodiscard]] std::uint64_t line() const { return line_; }  // of the latest line, from 1
  // The compressed file stops in the middle. Known once next() has returned nothing.
  [[nodiscard]] bool cut_short() const { return bytes_->cut_short(); }

 private:
  // Appends to `text_`; false at the end of the file.
  bool read_more();
  void make_room(std::size_t size);

  std::unique_ptr<ByteSource> bytes_;
  std::size_t line_max_;
  std::vector<char> text_;  // [begin_, end_) has not been handed out
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_ = 0;
};

// Of a file that is read as a whole. A timeline has up to 200,000 steps of every series; a summary, the progress of a
// search or rules have some lines for each name.
inline constexpr std::uint64_t kTimelineBytesMax = 1'000'000'000;
inline constexpr std::uint64_t kSummaryBytesMax = 100'000'000;

// The whole file; one of more bytes is refused unread. Throws ReportError.
std::string read_whole_file(const std::string& path, std::uint64_t bytes_max = kSummaryBytesMax);

}  // namespace windtunnel::reports
