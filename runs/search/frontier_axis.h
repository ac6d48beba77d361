#pragma once
// One setting of a frontier: its path, its ends and the values between them.

#include <cstdint>
#include <string>

namespace windtunnel::runs {

struct FrontierAxis {
  std::string path;
  bool is_time = false;   // in nanoseconds; else in millionths
  bool is_whole = false;  // both ends are whole numbers, and so are all values
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool by_factors = false;

  // At this part of the axis, from 0 to 1: rounded to a thousandth of the axis's value there.
  [[nodiscard]] std::int64_t value_at(double part) const;
  // As after the equals sign of --set.
  [[nodiscard]] std::string text_of(std::int64_t value) const;
};

// Throws a ProblemError if the text is no axis.
[[nodiscard]] FrontierAxis read_axis(const std::string& text);

}  // namespace windtunnel::runs
