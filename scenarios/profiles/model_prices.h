#pragma once
// What models cost: the shipped list, or a user's own file of the same form as scenarios/data/prices.json:
//
//   {"source": "our contract of 2026", "models": {"gpt-4o": {"provider": "azure", "input": 2.5, "output": 10}}}
//
// Prices are USD per million tokens. Without a price for cached, written or reasoning tokens these cost what input and
// output do, because no provider charges nothing for them ("cache_write_1h" is needed where "cache_write" is listed). A
// model that the list does not hold has no price: it is never free.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace windtunnel::scenarios {

// Pico-dollars a token: the most that a scenario takes, 40,000 USD per million of them: with
// kTokensMax of input and of output a bill still fits.
inline constexpr std::int64_t kPriceMostPicos = 40'000'000'000;

struct ModelPrice {
  std::string model;
  std::string vendor;  // empty: not named
  Tariff tariff;
  std::optional<Price> cache_write_1h;  // of input that the cache keeps for an hour
  std::optional<Price> batch_input;
  std::optional<Price> batch_output;
  std::optional<Tokens> first_tier;  // a request with more input has a price that is not listed
};

// The tokens of one request, or sums of several.
struct PricedTokens {
  Tokens input;  // cached and written ones too
  Tokens output;
  Tokens cached;
  Tokens cache_written;
  Tokens cache_written_1h;  // of those written
  Tokens reasoning;
  std::int64_t requests = 1;
  bool is_batch = false;
};

class PriceList {
 public:
  static PriceList shipped();
  // Throws ScenarioError for a file with errors and FileError for one that cannot be read.
  static PriceList read(const std::string& path);
  static PriceList of_text(const std::string& text, const std::string& path);

  // The model's own name, or that without the provider before it ("openai/gpt-4o"). Nothing: it is not listed.
  [[nodiscard]] const ModelPrice* find(std::string_view model) const;
  // The same for what a provider sells: "groq/openai/gpt-oss-20b" comes before "openai/gpt-oss-20b", because a host
  // asks another price than others for the same model. Providers are named as gateways do ("Together AI",
  // "aws.bedrock").
  [[nodiscard]] const ModelPrice* find_at(std::string_view provider, std::string_view model) const;
  // Ready to print behind a name that is not listed: `did you mean "gpt-4o"?`; empty: none is near.
  [[nodiscard]] std::string help_with(std::string_view model) const;
  [[nodiscard]] const std::vector<ModelPrice>& models() const { return models_; }
  [[nodiscard]] const std::string& source() const { return source_; }  // "the price list of ..."

 private:
  std::string source_;
  void add(ModelPrice price);
  [[nodiscard]] const ModelPrice* named(std::string_view model) const;

  std::vector<ModelPrice> models_;
  std::map<std::string, std::size_t, std::less<>> places_;  // in models_, because a log asks for each of its records
};

// Nothing: the requests are, on average, beyond the first tier, they are a batch and the list has no batch prices, they
// write to a cache for an hour at a price that is not listed, or the sum is out of range. Where writing to a cache has
// a price, a batch discounts cached and written tokens as it does input; else it has no other price for them, nor for
// reasoning tokens.
[[nodiscard]] std::optional<Usd> cost_of(const ModelPrice& price, const PricedTokens& tokens);

}  // namespace windtunnel::scenarios
