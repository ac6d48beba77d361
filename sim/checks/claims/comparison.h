#pragma once
// What a comparison of a threshold means: the one place where it is decided.

#include <compare>

#include "base/check.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// `side`: of the bound that the value lies on. A value that cannot be compared meets no comparison but !=.
[[nodiscard]] inline bool holds(Comparison comparison, std::partial_ordering side) {
  switch (comparison) {
    case Comparison::less:
      return side < 0;
    case Comparison::less_equal:
      return side <= 0;
    case Comparison::greater:
      return side > 0;
    case Comparison::greater_equal:
      return side >= 0;
    case Comparison::equal:
      return side == 0;
    case Comparison::not_equal:
      return side != 0;
  }
  fail_check("a comparison is known", __FILE__, __LINE__);
}

template <class Number>
[[nodiscard]] bool holds(Comparison comparison, const Number& value, const Number& bound) {
  return holds(comparison, value <=> bound);
}

}  // namespace windtunnel::sim
