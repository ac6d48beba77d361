#include "scenarios/profiles/profiles.h"

#include <array>
#include <cmath>

#include "sim/kernel/real_math.h"

namespace windtunnel::scenarios {
namespace {

using sim::Law;

constexpr double kNsPerMs = 1e6;
constexpr double kNsPerSecond = 1e9;
constexpr double kNsPerMinute = 60e9;
constexpr double kNsPerDay = 86400e9;

constexpr std::array<ProfileInfo, 5> kProfiles{{
    {"seed/gpt-4",
     "assumed: the mock of the first version, 1200 ms with -200 to +500 ms of jitter for a whole reply, $30 and $60 "
     "per "
     "million tokens"},
    {"seed/claude-3-5-sonnet",
     "assumed: the mock of the first version, 800 ms with -200 to +500 ms of jitter for a whole reply, $3 and $15 per "
     "million tokens"},
    {"measured/gpt-4",
     "time to first token: mu measured, n=13, sigma from gpt-4-0125/1106-preview across 3 regions, n=93 each; time per "
     "token: mu measured, n=13, sigma widened: assumed"},
    {"measured/gpt-4o", "time to first token and per token: measured, n=63"},
    {"measured/claude-3-5-sonnet",
     "time to first token derived from claude-3-sonnet, n=68, 3 regions, sigma widened; time per token derived: half "
     "of "
     "claude-3-opus (n=15), after the vendor's claim of twice the speed"},
}};

// Natural logarithms of seconds, from data/provider_profiles.json.
struct Latency {
  double first_mu, first_sigma, token_mu, token_sigma;
};

Law lognormal_seconds(double mu, double sigma) { return Law::lognormal(mu + sim::log(kNsPerSecond), sigma); }

sim::ProviderSpec spec(std::string_view profile_name, std::string model, std::string_view priced_as) {
  sim::ProviderSpec result;
  result.profile = profile_name;
  result.model = std::move(model);
  const auto tariff = listed_tariff(priced_as);
  check(tariff.has_value(), "a shipped profile's model has a price");
  result.tariffs.push_back({WallTime::min(), *tariff});
  return result;
}

// A whole reply takes this long, however long the reply is.
sim::ProviderSpec seed(sim::ProviderSpec result, double least_ms, double most_ms) {
  result.time_to_first_token = Law::uniform(least_ms * kNsPerMs, most_ms * kNsPerMs);
  result.time_per_output_token = Law::fixed(0);
  return result;
}

sim::ProviderSpec measured(sim::ProviderSpec result, const Latency& latency) {
  result.time_to_first_token = lognormal_seconds(latency.first_mu, latency.first_sigma);
  result.time_per_output_token = lognormal_seconds(latency.token_mu, latency.token_sigma);
  return result;
}

Law lognormal_minutes(double mu, double sigma) { return Law::lognormal(mu + sim::log(kNsPerMinute), sigma); }

}  // namespace

Tariff tariff_of(const ListedPrice& price) {
  const auto listed = [](std::int64_t picos) {
    return picos < 0 ? std::nullopt : std::optional{Price{Usd::from_picos(picos)}};
  };
  return {{Usd::from_picos(price.input_picos)},
          {Usd::from_picos(price.output_picos)},
          listed(price.cached_picos),
          listed(price.cache_write_picos),
          listed(price.reasoning_picos)};
}

std::optional<Tariff> listed_tariff(std::string_view model) {
  for (const ListedPrice& price : price_list()) {
    if (price.model != model) continue;
    return tariff_of(price);
  }
  return std::nullopt;
}

std::span<const ProfileInfo> profiles() { return kProfiles; }

std::optional<sim::ProviderSpec> profile(std::string_view name) {
  constexpr std::string_view kSonnet = "claude-3-5-sonnet";
  constexpr std::string_view kSonnetPriced = "claude-3-5-sonnet-20241022";
  if (name == "seed/gpt-4") return seed(spec(name, "gpt-4", "gpt-4"), 1000, 1700);
  if (name == "seed/claude-3-5-sonnet") return seed(spec(name, std::string(kSonnet), kSonnetPriced), 600, 1300);
  if (name == "measured/gpt-4") return measured(spec(name, "gpt-4", "gpt-4"), {-0.345, 0.3, -2.963, 0.2});
  if (name == "measured/gpt-4o") return measured(spec(name, "gpt-4o", "gpt-4o"), {-0.595, 0.49, -4.11, 0.244});
  if (name == "measured/claude-3-5-sonnet") {
    return measured(spec(name, std::string(kSonnet), kSonnetPriced), {-0.431, 0.3, -3.912, 0.25});
  }
  return std::nullopt;
}

std::string default_profile(std::string_view provider_name) {
  if (provider_name == "openai") return "seed/gpt-4";
  if (provider_name == "anthropic") return "seed/claude-3-5-sonnet";
  return {};
}

std::string_view vendor_of(const sim::ProviderSpec& provider) {
  for (const ListedPrice& price : price_list()) {
    // A listed model may carry a date that the provider's does not: claude-3-5-sonnet-20241022.
    if (price.model == provider.model || price.model.starts_with(provider.model + "-20")) return price.vendor;
  }
  const std::string& account = provider.account.empty() ? provider.name : provider.account;
  if (account == "openai") return "openai";
  if (account == "anthropic") return "anthropic";
  return {};
}

// A day of the status page with a major outage counts in full, one with a partial outage as 0.3 of the calls.
std::optional<MeasuredOutages> measured_outages(std::string_view vendor) {
  if (vendor == "openai") {
    return MeasuredOutages{Law::exponential(11.6 * kNsPerDay), lognormal_minutes(4.114, 0.991), 0.4358};
  }
  if (vendor == "anthropic") {
    return MeasuredOutages{Law::exponential(16.7 * kNsPerDay), lognormal_minutes(3.362, 1.288), 0.3};
  }
  return std::nullopt;
}

}  // namespace windtunnel::scenarios
