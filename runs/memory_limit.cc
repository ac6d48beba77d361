#include "runs/memory_limit.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace windtunnel::runs {

namespace {

// Of a program whose run needs nothing: its code, its threads and the tables of a small scenario.
constexpr std::uint64_t kProgramBytes = 20'000'000;

}  // namespace

std::optional<Problem> problem_with_memory(const std::string& file, const sim::MemoryNeed& need, std::uint64_t times,
                                           std::uint64_t bytes_max) {
  times = std::max<std::uint64_t>(times, 1);
  const std::uint64_t left = bytes_max - std::min(bytes_max, kProgramBytes);
  if (need.largest.empty() || need.bytes <= left / times) return std::nullopt;
  const auto gigabytes = [](std::uint64_t bytes) { return fmt::format("{:.3g} GB", static_cast<double>(bytes) / 1e9); };
  return Problem{
      ProblemKind::request,
      fmt::format("{}: takes at least {} of memory ({}){}, and --memory-max is {}", file,
                  gigabytes(need.bytes + kProgramBytes), need.largest,
                  times > 1 ? fmt::format(", and {} runs are made at once", times) : "", gigabytes(bytes_max))};
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits = {
      {{"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}}};
  for (const auto& [unit, size] : kUnits) {
    if (!text.ends_with(unit)) continue;
    std::uint64_t number = 0;
    const char* end = text.data() + text.size() - unit.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && rest == end && number >= 1 && number <= 1'000'000) return number * size;
  }
  return std::nullopt;
}

void limit_memory([[maybe_unused]] std::uint64_t bytes_max) {
#if !defined(WINDTUNNEL_SANITIZE)
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, bytes_max);
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

}  // namespace windtunnel::runs
