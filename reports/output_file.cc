#include "reports/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "monitor/check.h"

namespace windtunnel::reports {
namespace {

// What exists and is no regular file has no place beside it to be written and nothing to be replaced.
bool is_written_in_place(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

class ZstdStream {
 public:
  ZstdStream() : context_(ZSTD_createCStream()), out_(ZSTD_CStreamOutSize()) {
    monitor::check(context_ != nullptr, "zstd has memory for a stream");
  }
  ~ZstdStream() { ZSTD_freeCStream(context_); }
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;

  // One step: takes from `in` and returns what came out of it. `done` once nothing is left to be taken or put out.
  std::string_view step(ZSTD_inBuffer& in, bool last, bool& done, const char*& error) {
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    error = ZSTD_isError(left) != 0 ? ZSTD_getErrorName(left) : nullptr;
    done = last ? left == 0 : in.pos == in.size;
    return {out_.data(), out.pos};
  }

 private:
  ZSTD_CCtx* context_;
  std::vector<char> out_;
};

OutputFile::OutputFile(std::string path) : path_(std::move(path)), buffer_(kBufferSize) {
  if (path_.ends_with(".zst")) zstd_ = std::make_unique<ZstdStream>();
  written_path_ = is_written_in_place(path_) ? path_ : path_ + ".partial";
  descriptor_ = ::open(written_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("open", written_path_, std::strerror(errno));
}

OutputFile::~OutputFile() {
  if (state_ == State::open && !failed()) {
    try {
      flush();
      if (zstd_) compress({}, true);
    } catch (const ReportError&) {
      // Nobody is left to tell; the name .partial tells it.
    }
  }
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (used_ == buffer_.size()) stream_out();
    const std::size_t part = std::min(bytes.size(), buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, bytes.data(), part);
    used_ += part;
    bytes.remove_prefix(part);
  }
}

void OutputFile::make_room(std::size_t size) {
  stream_out();
  if (buffer_.size() < size) buffer_.resize(size);
}

// Whoever streams cannot mend it and has no result of it: the error waits for the one who finishes the file.
void OutputFile::stream_out() {
  try {
    flush();
  } catch (const ReportError&) {
  }
}

void OutputFile::flush() {
  monitor::check(state_ != State::finished || used_ == 0, "a finished file takes no more bytes");
  const std::string_view bytes{buffer_.data(), used_};
  flushed_ += used_;
  used_ = 0;
  if (failed() || bytes.empty()) return;
  if (zstd_) return compress(bytes, false);
  write_out(bytes);
}

void OutputFile::finish() {
  if (state_ == State::finished) return;
  if (error_) throw ReportError(*error_);
  flush();
  if (zstd_) compress({}, true);
  if (written_path_ == path_) {
    close_file();
    state_ = State::finished;
    return;
  }
  if (::fsync(descriptor_) != 0) fail("sync", written_path_, std::strerror(errno));
  close_file();
  if (std::rename(written_path_.c_str(), path_.c_str()) != 0) fail("rename", written_path_, std::strerror(errno));
  state_ = State::finished;
}

void OutputFile::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", written_path_, std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::compress(std::string_view bytes, bool last) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (bool done = false; !done;) {
    const char* error = nullptr;
    const std::string_view out = zstd_->step(in, last, done, error);
    if (error != nullptr) {
      fail("compress", written_path_, error);
    }
    write_out(out);
  }
}

void OutputFile::close_file() {
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("close", written_path_, std::strerror(errno));
}

void OutputFile::fail(const char* operation, const std::string& path, const std::string& why) {
  if (!error_) error_.emplace(path, operation, why);
  throw ReportError(*error_);
}

}  // namespace windtunnel::reports
