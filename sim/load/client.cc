#include "sim/load/client.h"

#include <algorithm>

#include "base/check.h"
#include "sim/kernel/chance.h"

namespace windtunnel::sim {
namespace {

using namespace std::chrono_literals;

constexpr ClientPreset kStainless{
    .retries = 2, .gaps = {{{440ms, 640ms}, {890ms, 1120ms}}}, .gap_count = 2, .timeout = 600s};

constexpr ClientPreset named(ClientPreset preset, std::string_view name, std::string_view doc) {
  preset.name = name;
  preset.doc = doc;
  return preset;
}

constexpr ClientPreset openai(std::string_view name) {
  ClientPreset preset = named(kStainless, name,
                              "3 tries, 0.44 to 0.64 s and 0.89 to 1.12 s apart, also after a 429 and a timeout; a "
                              "Retry-After beyond 60 s is ignored; a broken stream is not retried.");
  preset.retry_after_most = 60s;
  return preset;
}

constexpr ClientPreset anthropic() {
  ClientPreset preset = named(kStainless, "anthropic",
                              "3 tries, 0.46 to 0.58 s and 0.8 to 1.01 s apart, also after a 429 and a timeout; every "
                              "Retry-After is waited for; a broken stream is not retried.");
  preset.gaps = {{{460ms, 580ms}, {800ms, 1010ms}}};
  preset.retry_after_most = Duration::max();
  return preset;
}

constexpr std::array kPresets{
    ClientPreset{.name = "none", .doc = "One try, whatever becomes of it."},
    openai("openai-node"),
    openai("openai-python"),
    anthropic(),
    ClientPreset{.name = "vercel-ai",
                 .doc = "3 tries, 2 s and 4 s apart, also after a 429; its own timeout is final.",
                 .retries = 2,
                 .gaps = {{{2s, 2s}, {4s, 4s}}},
                 .gap_count = 2,
                 .retries_timeouts = false,
                 .retry_after_most = 60s},
    ClientPreset{.name = "langchain",
                 .doc = "7 tries, up to a minute apart, also after a timeout, and none after a 429.",
                 .retries = 6,
                 .gaps = {{{1100ms, 2s}, {2100ms, 4s}, {4200ms, 7900ms}, {8s, 16s}, {17s, 32s}, {35s, 63s}}},
                 .gap_count = 6,
                 .retries_rate_limited = false},
};

}  // namespace

std::span<const ClientPreset> client_presets() { return kPresets; }

const ClientPreset& preset_of(const ClientSpec& client) {
  const auto* const found = std::ranges::find(kPresets, client.preset, &ClientPreset::name);
  check(found != kPresets.end(), "a client's preset is known");
  return *found;
}

std::int32_t retries_of(const ClientSpec& client) { return client.retries.value_or(preset_of(client).retries); }

std::optional<Duration> try_timeout_of(const ClientSpec& client) {
  return client.timeout ? client.timeout : preset_of(client).timeout;
}

bool tries_again(const ClientSpec& client, TryEnd end, std::int32_t tries) {
  if (tries > retries_of(client)) return false;
  switch (end) {
    case TryEnd::answered:
    case TryEnd::refused:
    case TryEnd::broken:
      return false;
    case TryEnd::failed:
      return true;
    case TryEnd::rate_limited:
      return preset_of(client).retries_rate_limited;
    case TryEnd::timed_out:
      return preset_of(client).retries_timeouts;
  }
  fail_check("an end of a try is known", __FILE__, __LINE__);
}

Duration gap_of(const ClientSpec& client, std::int32_t tries, Duration retry_after, std::uint64_t bits) {
  const ClientPreset& preset = preset_of(client);
  if (retry_after > Duration{0} && retry_after <= preset.retry_after_most) return retry_after;
  if (preset.gap_count == 0) return Duration{0};
  const std::size_t last = preset.gap_count - 1;
  const ClientGap& gap = preset.gaps[std::min(static_cast<std::size_t>(tries - 1), last)];
  const auto width = static_cast<std::uint64_t>((gap.most - gap.least).count()) + 1;
  return gap.least + Duration{static_cast<std::int64_t>(below(bits, width))};
}

}  // namespace windtunnel::sim
