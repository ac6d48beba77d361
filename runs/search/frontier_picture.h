#pragma once
// A frontier as text, JSON, SVG and a page.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runs/search/frontier_axis.h"

namespace windtunnel::runs {

enum class PointEnd : std::uint8_t { holds, fails, inconclusive };
const char* name_of(PointEnd end);

// Two neighbouring values between which the end changes.
struct FrontierEdge {
  std::int64_t low = 0;
  std::int64_t high = 0;
  PointEnd below = PointEnd::holds;  // the end at the lower one
  PointEnd above = PointEnd::fails;  // and at the higher one
};

struct FrontierDrawing {
  std::string file;
  std::string against;                                 // empty: every claim
  std::vector<FrontierAxis> axes;                      // one or two
  std::map<std::vector<std::int64_t>, PointEnd> ends;  // of the points that were run
  std::vector<FrontierEdge> edges;                     // of one axis
  std::vector<std::vector<PointEnd>> rows;             // of two: by the second axis from its low end, then by the first
  std::uint64_t runs = 0;
};

[[nodiscard]] std::string frontier_text(const FrontierDrawing& drawing);
[[nodiscard]] std::string frontier_json(const FrontierDrawing& drawing);
[[nodiscard]] std::string frontier_svg(const FrontierDrawing& drawing);
[[nodiscard]] std::string frontier_page(const FrontierDrawing& drawing, const std::string& svg);

}  // namespace windtunnel::runs
