#pragma once
// How summary.txt writes its figures: as the seed's statistics block does.

#include <optional>
#include <string>

#include "base/exact_decimal.h"
#include "base/units.h"

namespace windtunnel::reports {

// "$0.0043"
inline std::string dollars(UsdSum money) { return "$" + rounded_decimal(money.picos(), kDollarDecimals, 4); }
// "1502ms"; "-" for nothing.
inline std::string whole_milliseconds(std::optional<Duration> duration) {
  return duration ? rounded_decimal(duration->count(), kMillisecondDecimals, 0) + "ms" : "-";
}

}  // namespace windtunnel::reports
