#pragma once
// Bodies that are compressed with gzip.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace windtunnel::wire {

enum class GzipProblem : std::uint8_t { none, malformed, too_large };

struct Unzipped {
  std::string text;  // empty if there is a problem
  GzipProblem problem = GzipProblem::none;
};

// The content of one gzip file. More than `most` bytes of it are a problem, because few bytes can hold very many.
[[nodiscard]] Unzipped unzipped(std::string_view gzip, std::size_t most);

}  // namespace windtunnel::wire
