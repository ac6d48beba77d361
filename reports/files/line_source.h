#pragma once
// The lines of a text file, compressed with zstd or not (its first bytes decide, not its name). Throws ReportError.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/report_error.h"

namespace windtunnel::reports {

class ZstdDecoder;

class LineSource {
 public:
  // That many bytes behind a line may be read too.
  static constexpr std::size_t kPadding = 64;

  explicit LineSource(std::string path);
  ~LineSource();
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  // The next line without its end, good until the next call; nothing at the end of the file. A last line without an end
  // is a line.
  [[nodiscard]] std::optional<std::string_view> next();

  [[nodiscard]] std::uint64_t line() const { return line_; }  // of the latest line, from 1
  // The compressed file stops in the middle. Known once next() has returned nothing.
  [[nodiscard]] bool cut_short() const { return cut_short_; }

 private:
  // Appends to `text_`; false at the end of the file.
  bool read_more();
  std::size_t read_raw(char* to, std::size_t size);
  void make_room(std::size_t size);

  std::string path_;
  int descriptor_ = -1;
  std::vector<char> raw_;   // as read, when compressed
  std::vector<char> text_;  // [begin_, end_) has not been handed out
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_ = 0;
  bool started_ = false;
  bool cut_short_ = false;
  std::unique_ptr<ZstdDecoder> zstd_;
};

// The whole file. Throws ReportError.
std::string read_whole_file(const std::string& path);

}  // namespace windtunnel::reports
