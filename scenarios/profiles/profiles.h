#pragma once
// The providers that ship with the program: by name, a latency law, a price and where its numbers come from.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// Pico-dollars a token; -1: not listed.
struct ListedPrice {
  std::string_view model;
  std::string_view vendor;  // "openai", "anthropic"
  std::int64_t input_picos = 0;
  std::int64_t output_picos = 0;
  std::int64_t cached_picos = -1;          // of input that the provider's cache holds
  std::int64_t cache_write_picos = -1;     // of input that is written into it
  std::int64_t cache_write_1h_picos = -1;  // for an hour; the other price is that of a shorter time
  std::int64_t batch_input_picos = -1;
  std::int64_t batch_output_picos = -1;
  std::int64_t reasoning_picos = -1;
  std::int64_t first_tier_tokens = 0;  // a request with more input has another price, which is not listed; 0: no tiers
};

// In the order of data/prices.json.
std::span<const ListedPrice> price_list();
Tariff tariff_of(const ListedPrice& price);
std::optional<Tariff> listed_tariff(std::string_view model);

struct ProfileInfo {
  std::string_view name;
  std::string_view status;  // how its numbers were got
};

std::span<const ProfileInfo> profiles();
// The provider as the profile describes it, with an empty name. Nothing if there is no such profile.
std::optional<sim::ProviderSpec> profile(std::string_view profile_name);
// What a provider of this name starts from if its file names no profile: the two of the default scenario; else empty.
std::string default_profile(std::string_view provider_name);

// Who runs the provider's model: "openai", "anthropic", or empty if it is unknown.
std::string_view vendor_of(const sim::ProviderSpec& provider);

// When a vendor's API was down, according to 418 days of its status page.
struct MeasuredOutages {
  sim::Law up;          // nanoseconds
  sim::Law down;        // nanoseconds
  double severity = 1;  // the share of calls that fail meanwhile
};
std::optional<MeasuredOutages> measured_outages(std::string_view vendor);

}  // namespace windtunnel::scenarios
