#pragma once
// Names calls, so that each meets the draws that the simulator makes for it: workload, ordinal of the request, attempt.
//
// A tag names workload and ordinal, and the attempt is the number of calls with that tag before. A call without a tag
// is a request of its own of the first workload, numbered in the order of arrival, so that its draws depend on that
// order.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/faults/rules/fault_rules.h"
#include "sim/world/load.h"

namespace windtunnel::wire {

class CallNames {
 public:
  struct Named {
    sim::CallName name;
    bool tagged = false;
  };

  // `loads` must outlive it.
  explicit CallNames(const std::vector<sim::Load>& loads) : loads_(loads) {}

  Named next(std::string_view last_text, std::string_view user);

 private:
  // The ordinal that its draws are named by: a list has only as many requests as it states, and begins again.
  [[nodiscard]] std::uint64_t within(std::uint32_t workload, std::uint64_t ordinal) const;

  const std::vector<sim::Load>& loads_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> attempts_;
  std::uint64_t untagged_ = 0;
};

}  // namespace windtunnel::wire
