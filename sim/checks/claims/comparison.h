#pragma once
// What a comparison of a threshold means: the one place where it is decided.

#include "base/check.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

template <class Number>
[[nodiscard]] bool holds(Comparison comparison, const Number& value, const Number& bound) {
  switch (comparison) {
    case Comparison::less:
      return value < bound;
    case Comparison::less_equal:
      return value <= bound;
    case Comparison::greater:
      return value > bound;
    case Comparison::greater_equal:
      return value >= bound;
    case Comparison::equal:
      return value == bound;
    case Comparison::not_equal:
      return value != bound;
  }
  fail_check("a comparison is known", __FILE__, __LINE__);
}

}  // namespace windtunnel::sim
