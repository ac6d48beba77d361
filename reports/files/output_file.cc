#include "reports/files/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "base/check.h"
#include "reports/files/write_lock.h"

namespace windtunnel::reports {
namespace {

// What exists and is no regular file has no place beside it to be written and nothing to be replaced.
bool is_written_in_place(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

[[noreturn]] void throw_error(const char* operation, const std::string& path, const std::string& why) {
  throw ReportError(path, operation, why);
}

}  // namespace

class ZstdStream {
 public:
  ZstdStream() : context_(ZSTD_createCStream()), out_(ZSTD_CStreamOutSize()) {
    check(context_ != nullptr, "zstd has memory for a stream");
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

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_.ends_with(".zst")) zstd_ = std::make_unique<ZstdStream>();
  written_path_ = is_written_in_place(path_) ? path_ : path_ + ".partial";
  open_file();
}

// The file is emptied once it is locked, because another writer's bytes may be in it. That writer may have renamed it
// between the opening and the locking; then the name belongs to a new file.
void OutputFile::open_file() {
  for (bool same = false; !same;) {
    descriptor_ = ::open(written_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw_error("open", written_path_, std::strerror(errno));
    if (written_path_ == path_) return;
    try {
      lock_for_writing(descriptor_, written_path_);
    } catch (const ReportError&) {
      ::close(descriptor_);
      throw;
    }
    struct stat opened {};
    struct stat named {};
    same = ::fstat(descriptor_, &opened) == 0 && ::stat(written_path_.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
    if (!same) ::close(descriptor_);
  }
  if (::ftruncate(descriptor_, 0) != 0) throw_error("open", written_path_, std::strerror(errno));
}

OutputFile::~OutputFile() {
  if (state_ == State::open && !failed()) {
    try {
      flush();
      if (zstd_) compress({}, true);
    } catch (const ReportError&) {
      // No caller is left; the name .partial shows it.
    }
  }
  writer_.reset();
  if (descriptor_ >= 0) ::close(descriptor_);
}

// After the first failure the file takes no more bytes, and each later attempt to finish it reports the same error.
template <typename Action>
void OutputFile::remembering_failure(const Action& action) {
  try {
    action();
  } catch (const ReportError& error) {
    if (!error_) error_ = error;
    throw;
  }
}

void OutputFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (used_ == buffer_.size) stream_out();
    const std::size_t part = std::min(bytes.size(), buffer_.size - used_);
    std::memcpy(buffer_.bytes.get() + used_, bytes.data(), part);
    used_ += part;
    bytes.remove_prefix(part);
  }
}

void OutputFile::make_room(std::size_t size) {
  stream_out();
  if (buffer_.size < size) buffer_ = Buffer{size};
}

// A streaming caller cannot repair it and gets no result, so that the error waits for finish().
void OutputFile::stream_out() {
  try {
    if (written_path_ == path_ || failed()) {
      flush();
    } else {
      hand_over();
    }
  } catch (const ReportError&) {
  }
}

void OutputFile::hand_over() {
  check(state_ != State::finished, "a finished file takes no more bytes");
  if (!writer_) {
    try {
      writer_ = std::make_unique<WriterThread>(kBufferSize, [this](std::string_view bytes) { write(bytes); });
    } catch (const std::system_error&) {
      return flush();  // no further thread can be started, so that this one writes
    }
  }
  const std::size_t used = used_;
  flushed_ += used_;
  used_ = 0;
  remembering_failure([&] { writer_->exchange(buffer_, used); });
}

void OutputFile::flush() {
  check(state_ != State::finished || used_ == 0, "a finished file takes no more bytes");
  const std::string_view bytes{buffer_.bytes.get(), used_};
  flushed_ += used_;
  used_ = 0;
  if (failed()) return;
  remembering_failure([&] {
    if (writer_) writer_->wait();
    write(bytes);
  });
}

void OutputFile::finish() {
  if (state_ == State::finished) return;
  if (error_) throw ReportError(*error_);
  flush();
  remembering_failure([&] { put_in_place(); });
  state_ = State::finished;
}

void OutputFile::put_in_place() {
  if (zstd_) compress({}, true);
  if (written_path_ == path_) return close_file();
  if (::fsync(descriptor_) != 0) throw_error("sync", written_path_, std::strerror(errno));
  close_file();
  if (std::rename(written_path_.c_str(), path_.c_str()) != 0) {
    throw_error("rename", written_path_, std::strerror(errno));
  }
}

void OutputFile::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (zstd_) return compress(bytes, false);
  write_out(bytes);
}

void OutputFile::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_error("write", written_path_, std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::compress(std::string_view bytes, bool last) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (bool done = false; !done;) {
    const char* error = nullptr;
    const std::string_view out = zstd_->step(in, last, done, error);
    if (error != nullptr) throw_error("compress", written_path_, error);
    write_out(out);
  }
}

void OutputFile::close_file() {
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) throw_error("close", written_path_, std::strerror(errno));
}

}  // namespace windtunnel::reports
