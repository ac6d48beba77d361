#include "reports/files/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace windtunnel::reports {

class ByteDecoder {
 public:
  ByteDecoder() = default;
  virtual ~ByteDecoder() = default;
  ByteDecoder(const ByteDecoder&) = delete;
  ByteDecoder& operator=(const ByteDecoder&) = delete;

  virtual void feed(std::string_view bytes) = 0;
  [[nodiscard]] virtual bool hungry() const = 0;
  [[nodiscard]] virtual bool within_frame() const = 0;
  // Returns how many bytes were put at `to`; `error` is set if the input is damaged.
  virtual std::size_t step(char* to, std::size_t size, const char*& error) = 0;
};

namespace {

class ZstdDecoder final : public ByteDecoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDStream()) { check(context_ != nullptr, "zstd has memory for a stream"); }
  ~ZstdDecoder() override { ZSTD_freeDStream(context_); }

  void feed(std::string_view bytes) override { in_ = {bytes.data(), bytes.size(), 0}; }
  [[nodiscard]] bool hungry() const override { return in_.pos == in_.size && !more_; }
  [[nodiscard]] bool within_frame() const override { return within_frame_; }

  std::size_t step(char* to, std::size_t size, const char*& error) override {
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

// Members that follow each other are one text, as `cat a.gz b.gz` makes them.
class GzipDecoder final : public ByteDecoder {
 public:
  GzipDecoder() {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    check(inflateInit2(&stream_, kGzipOnly) == Z_OK, "zlib has memory for a stream");
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }

  void feed(std::string_view bytes) override {
    // zlib does not write to its input; the cast is for its C interface.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }
  [[nodiscard]] bool hungry() const override { return stream_.avail_in == 0 && !more_; }
  [[nodiscard]] bool within_frame() const override { return within_frame_; }

  std::size_t step(char* to, std::size_t size, const char*& error) override {
    const auto room = static_cast<uInt>(std::min(size, ByteSource::kBlock));
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = room;
    if (ended_ && stream_.avail_in > 0) {
      inflateReset(&stream_);
      ended_ = false;
    }
    const int result = ended_ ? Z_OK : inflate(&stream_, Z_NO_FLUSH);
    error = nullptr;
    if (result == Z_STREAM_END) {
      ended_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      error = stream_.msg != nullptr ? stream_.msg : "damaged gzip";
    }
    within_frame_ = !ended_;
    more_ = stream_.avail_out == 0 && !ended_;
    return room - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool within_frame_ = true;
  bool more_ = false;
  bool ended_ = false;
};

}  // namespace

ByteSource::ByteSource(std::string path, std::uint64_t bytes_max) : path_(std::move(path)), bytes_max_(bytes_max) {
  descriptor_ = path_ == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw ReportError(path_, "open", std::strerror(errno));
  try {
    refuse_large_file();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

void ByteSource::refuse_large_file() const {
  struct stat file {};
  if (::fstat(descriptor_, &file) != 0 || !S_ISREG(file.st_mode)) return;
  if (static_cast<std::uint64_t>(file.st_size) <= bytes_max_) return;
  throw ReportError(
      path_, "read",
      "it has " + std::to_string(file.st_size) + " bytes, and at most " + std::to_string(bytes_max_) + " are read");
}

ByteSource::~ByteSource() { ::close(descriptor_); }

std::size_t ByteSource::read_raw(char* to, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, to, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw ReportError(path_, "read", std::strerror(errno));
  }
}

void ByteSource::start() {
  started_ = true;
  raw_.resize(ByteSource::kBlock);
  std::size_t got = 0;
  while (got < 4) {
    const std::size_t more = read_raw(raw_.data() + got, raw_.size() - got);
    if (more == 0) break;
    got += more;
  }
  const std::string_view first{raw_.data(), got};
  if (first.starts_with("\x28\xb5\x2f\xfd")) decoder_ = std::make_unique<ZstdDecoder>();
  if (first.starts_with("\x1f\x8b\x08")) decoder_ = std::make_unique<GzipDecoder>();
  if (decoder_) {
    decoder_->feed(first);
  } else {
    ahead_.assign(first);
    bytes_ = first.size();
  }
}

std::size_t ByteSource::read_decoded(char* to, std::size_t size) {
  const std::size_t got = decode(to, size);
  bytes_ += got;
  if (bytes_ <= bytes_max_) return got;
  throw ReportError(path_, "read", "it has more than " + std::to_string(bytes_max_) + " bytes, and no more are read");
}

std::size_t ByteSource::decode(char* to, std::size_t size) {
  if (!decoder_) return read_raw(to, size);
  for (;;) {
    if (decoder_->hungry()) {
      const std::size_t got = read_raw(raw_.data(), raw_.size());
      if (got == 0) {
        cut_short_ = decoder_->within_frame();
        return 0;
      }
      decoder_->feed({raw_.data(), got});
    }
    const char* error = nullptr;
    const std::size_t got = decoder_->step(to, size, error);
    if (error != nullptr) throw ReportError(path_, "read", error);
    if (got > 0) return got;
  }
}

std::size_t ByteSource::read(char* to, std::size_t size) {
  check(size > 0, "a read has room for a byte");
  if (!started_) start();
  const std::size_t left = ahead_.size() - ahead_begin_;
  if (left == 0) return read_decoded(to, size);
  const std::size_t got = std::min(left, size);
  std::memcpy(to, ahead_.data() + ahead_begin_, got);
  ahead_begin_ += got;
  if (ahead_begin_ == ahead_.size()) {
    ahead_ = std::string{};
    ahead_begin_ = 0;
  }
  return got;
}

std::string_view ByteSource::peek(std::size_t size) {
  if (!started_) start();
  ahead_.erase(0, ahead_begin_);
  ahead_begin_ = 0;
  while (ahead_.size() < size) {
    const std::size_t before = ahead_.size();
    ahead_.resize(before + ByteSource::kBlock);
    const std::size_t got = read_decoded(ahead_.data() + before, ByteSource::kBlock);
    ahead_.resize(before + got);
    if (got == 0) break;
  }
  return std::string_view{ahead_}.substr(0, size);
}

}  // namespace windtunnel::reports
