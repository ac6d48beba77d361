#include "reports/files/line_source.h"

#include <cstring>
#include <utility>

namespace windtunnel::reports {
LineSource::LineSource(std::string path, std::uint64_t bytes_max, std::size_t line_max)
    : LineSource(std::make_unique<ByteSource>(std::move(path), bytes_max), line_max) {}

LineSource::LineSource(std::unique_ptr<ByteSource> bytes, std::size_t line_max)
    : bytes_(std::move(bytes)), line_max_(line_max), text_(ByteSource::kBlock + kPadding) {}

std::optional<std::string_view> LineSource::next() {
  std::size_t searched = begin_;
  for (;;) {
    const char* newline = static_cast<const char*>(std::memchr(text_.data() + searched, '\n', end_ - searched));
    if (newline != nullptr) {
      const std::string_view line{text_.data() + begin_, static_cast<std::size_t>(newline - text_.data()) - begin_};
      begin_ += line.size() + 1;
      ++line_;
      return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    }
    const std::size_t pending = end_ - begin_;
    if (pending > line_max_) {
      throw ReportError(bytes_->path(), "read",
                        "line " + std::to_string(line_ + 1) + " has more than " + std::to_string(line_max_) + " bytes");
    }
    const bool more = read_more();
    searched = begin_ + pending;
    if (more) continue;
    if (pending == 0) return std::nullopt;
    const std::string_view line{text_.data() + begin_, pending};
    begin_ = end_;
    ++line_;
    return line;
  }
}

// What has been handed out makes room first; then the buffer grows.
void LineSource::make_room(std::size_t size) {
  std::memmove(text_.data(), text_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (text_.size() - kPadding - end_ < size) text_.resize(2 * (end_ + size) + kPadding);
}

bool LineSource::read_more() {
  make_room(ByteSource::kBlock);
  const std::size_t got = bytes_->read(text_.data() + end_, text_.size() - kPadding - end_);
  end_ += got;
  return got > 0;
}

std::string read_whole_file(const std::string& path, std::uint64_t bytes_max) {
  LineSource source{path, bytes_max, bytes_max};
  std::string text;
  while (const auto line = source.next()) {
    text += *line;
    text += '\n';
  }
  return text;
}

}  // namespace windtunnel::reports
