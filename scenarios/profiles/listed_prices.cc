// The price list of data/prices.json, compiled in so that the program needs no file beside it. A test holds them equal.

#include "scenarios/profiles/listed_prices.h"

#include <vector>

namespace windtunnel::scenarios {

std::span<const ListedPrice> price_list() {
  static const std::vector<ListedPrice> kPrices = [] {
    std::vector<ListedPrice> prices;
    for (const auto part :
         {openai_prices(), azure_prices(), claude_prices(), bedrock_prices(), vendor_prices(), hosted_prices()}) {
      prices.insert(prices.end(), part.begin(), part.end());
    }
    return prices;
  }();
  return kPrices;
}

}  // namespace windtunnel::scenarios
