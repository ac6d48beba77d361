#pragma once
// What each provider charges at an instant of the calendar. Prices change a few times a year and are asked for several
// times a request, so it remembers those of the stretch between two changes that it was last asked about.

#include <cstddef>
#include <span>
#include <vector>

#include "base/units.h"
#include "monitor/config.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

class PriceList {
 public:
  // Every provider has a price.
  explicit PriceList(const std::vector<ProviderConfig>& providers);

  // By provider. Before the first change the first price holds.
  [[nodiscard]] std::span<const Tariff> at(WallTime wall) {
    if (wall < from_ || wall >= until_) [[unlikely]]
      look_up(wall);
    return now_;
  }

 private:
  void look_up(WallTime wall);

  std::vector<std::vector<DatedTariff>> lists_;
  std::vector<Tariff> now_;
  // None of the lists changes in [from_, until_).
  WallTime from_ = WallTime::max();
  WallTime until_ = WallTime::min();
};

}  // namespace windtunnel::monitor
