// Whole texts out of gzip and zstd.

#include <zlib.h>
#include <zstd.h>

#include <memory>

#include "scenarios/fields/load/trace_layout.h"

namespace windtunnel::scenarios {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

std::optional<std::string> from_zstd(const std::string& packed, std::size_t bytes_max) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(), ZSTD_freeDCtx};
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::string text;
  std::size_t left = 1;
  while (in.pos < in.size || left != 0) {
    const std::size_t size = text.size();
    text.resize(size + kBlock);
    ZSTD_outBuffer out{text.data() + size, kBlock, 0};
    const std::size_t before = in.pos;
    left = ZSTD_decompressStream(context.get(), &out, &in);
    text.resize(size + out.pos);
    const bool is_stuck = in.pos == before && out.pos == 0;
    if (ZSTD_isError(left) != 0 || text.size() > bytes_max || (is_stuck && left != 0)) return std::nullopt;
  }
  return text;
}

// Members that follow each other are one text, as `cat a.gz b.gz` makes them.
std::optional<std::string> from_gzip(const std::string& packed, std::size_t bytes_max) {
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return std::nullopt;
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> ends{&stream, inflateEnd};
  // zlib does not write to its input; the cast is for its C interface.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  while (true) {
    const std::size_t size = text.size();
    text.resize(size + kBlock);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + size);
    stream.avail_out = static_cast<uInt>(kBlock);
    const int result = inflate(&stream, Z_NO_FLUSH);
    text.resize(size + kBlock - stream.avail_out);
    if (text.size() > bytes_max) return std::nullopt;
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return text;
      inflateReset(&stream);
    } else if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return std::nullopt;
    }
  }
}

}  // namespace

std::optional<std::string> unpacked(std::string text, std::size_t bytes_max) {
  if (text.starts_with("\x28\xB5\x2F\xFD")) return from_zstd(text, bytes_max);
  if (text.starts_with("\x1F\x8B")) return from_gzip(text, bytes_max);
  if (text.size() > bytes_max) return std::nullopt;
  return text;
}

}  // namespace windtunnel::scenarios
