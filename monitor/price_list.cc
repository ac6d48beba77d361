#include "monitor/price_list.h"

#include <algorithm>

namespace windtunnel::monitor {

PriceList::PriceList(const std::vector<ProviderConfig>& providers) : now_(providers.size()) {
  for (const ProviderConfig& provider : providers) {
    check(!provider.tariffs.empty(), "every provider has a price");
    lists_.push_back(provider.tariffs);
  }
}

void PriceList::look_up(WallTime wall) {
  from_ = WallTime::min();
  until_ = WallTime::max();
  for (std::size_t provider = 0; provider < lists_.size(); ++provider) {
    const std::vector<DatedTariff>& list = lists_[provider];
    std::size_t i = list.size() - 1;
    while (i > 0 && wall < list[i].from) --i;
    now_[provider] = list[i].tariff;
    if (i > 0) from_ = std::max(from_, list[i].from);
    if (i + 1 < list.size()) until_ = std::min(until_, list[i + 1].from);
  }
}

}  // namespace windtunnel::monitor
