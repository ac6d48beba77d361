#include "wire/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace windtunnel::wire {

Unzipped unzipped(std::string_view gzip, std::size_t most) {
  constexpr int kGzipOnly = 15 + 16;
  constexpr std::size_t kPiece = std::size_t{64} << 10;
  z_stream stream{};
  check(inflateInit2(&stream, kGzipOnly) == Z_OK, "zlib has memory for a stream");
  // zlib does not write to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(gzip.size(), UINT32_MAX));
  Unzipped result;
  std::array<char, kPiece> piece{};
  int status = Z_OK;
  while (status == Z_OK && result.text.size() <= most) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    result.text.append(piece.data(), piece.size() - stream.avail_out);
  }
  const bool is_whole = status == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (result.text.size() > most) return {.text = {}, .problem = GzipProblem::too_large};
  if (!is_whole) return {.text = {}, .problem = GzipProblem::malformed};
  return result;
}

}  // namespace windtunnel::wire
