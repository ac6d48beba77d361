#include "reports/files/line_source.h"

#include <cstring>
#include <utility>

namespace windtunnel::reports {
namespace {

// The largest of our own files that is one line, and the largest file that is read as a whole.
constexpr std::size_t kLineMax = 1'000'000'000;

}  // namespace

LineSource::LineSource(std::string path) : LineSource(std::make_unique<ByteSource>(std::move(path))) {}

LineSource::LineSource(std::unique_ptr<ByteSource> bytes)
    : bytes_(std::move(bytes)), text_(ByteSource::kBlock + kPadding) {}

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
    if (pending > kLineMax) throw ReportError(bytes_->path(), "read", "a line of more than 1 GB");
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

std::string read_whole_file(const std::string& path) {
  LineSource source{path};
  std::string text;
  while (const auto line = source.next()) {
    text += *line;
    text += '\n';
    if (text.size() > kLineMax) throw ReportError(path, "read", "a file of more than 1 GB");
  }
  return text;
}

}  // namespace windtunnel::reports
