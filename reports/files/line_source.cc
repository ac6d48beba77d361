#include "reports/files/line_source.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace windtunnel::reports {
namespace {

constexpr std::size_t kReadSize = std::size_t{256} * 1024;
// The largest of our own files that is one line, and the largest file that is read as a whole.
constexpr std::size_t kLineMax = 1'000'000'000;

}  // namespace

class ZstdDecoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDStream()) { check(context_ != nullptr, "zstd has memory for a stream"); }
  ~ZstdDecoder() { ZSTD_freeDStream(context_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  void feed(std::string_view bytes) { in_ = {bytes.data(), bytes.size(), 0}; }
  [[nodiscard]] bool hungry() const { return in_.pos == in_.size && !more_; }
  [[nodiscard]] bool within_frame() const { return within_frame_; }

  // Returns how many bytes were put at `to`; `error` is set if this is no zstd.
  std::size_t step(char* to, std::size_t size, const char*& error) {
    ZSTD_outBuffer out{to, size, 0};
    const std::size_t left = ZSTD_decompressStream(context_, &out, &in_);
    error = ZSTD_isError(left) != 0 ? ZSTD_getErrorName(left) : nullptr;
    within_frame_ = left != 0;
    more_ = out.pos == out.size;  // there may be more to come out without more going in
    return out.pos;
  }

 private:
  ZSTD_DCtx* context_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool within_frame_ = false;
  bool more_ = false;
};

LineSource::LineSource(std::string path) : path_(std::move(path)), text_(kReadSize + kPadding) {
  descriptor_ = path_ == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw ReportError(path_, "open", std::strerror(errno));
}

LineSource::~LineSource() { ::close(descriptor_); }

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
    if (pending > kLineMax) throw ReportError(path_, "read", "a line of more than 1 GB");
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

std::size_t LineSource::read_raw(char* to, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, to, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw ReportError(path_, "read", std::strerror(errno));
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
  make_room(kReadSize);
  if (!zstd_) {
    const std::size_t got = read_raw(text_.data() + end_, text_.size() - kPadding - end_);
    const bool compressed = !started_ && got >= 4 && std::memcmp(text_.data() + end_, "\x28\xb5\x2f\xfd", 4) == 0;
    started_ = true;
    if (!compressed) {
      end_ += got;
      return got > 0;
    }
    zstd_ = std::make_unique<ZstdDecoder>();
    raw_.assign(text_.data() + end_, text_.data() + end_ + got);
    zstd_->feed({raw_.data(), raw_.size()});
  }
  for (;;) {
    if (zstd_->hungry()) {
      raw_.resize(kReadSize);
      const std::size_t got = read_raw(raw_.data(), raw_.size());
      if (got == 0) {
        cut_short_ = zstd_->within_frame();
        return false;
      }
      zstd_->feed({raw_.data(), got});
    }
    const char* error = nullptr;
    const std::size_t got = zstd_->step(text_.data() + end_, text_.size() - kPadding - end_, error);
    if (error != nullptr) throw ReportError(path_, "read", error);
    end_ += got;
    if (got > 0) return true;
  }
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
