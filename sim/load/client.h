#pragma once
// How a caller behaves around what it wishes: how often it tries, after what, and how long it waits.
//
// A preset is a client library with its default settings, as it was measured on a loopback server that fails (attempts
// and gaps; Node 22, openai 7.59, @anthropic-ai/sdk 1.14, ai 7.0, @langchain/openai 1.6). A gap lies between the end of
// a try and the begin of the next, and is drawn from the range that was measured.
//
// A try that its caller has left is worked on to its end, unless the gateway sees that its caller has gone
// (monitor.provider_call.on_caller_gone).

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/units.h"
#include "sim/kernel/law.h"

namespace windtunnel::sim {

struct ClientSpec {
  std::string preset = "none";
  std::optional<std::int32_t> retries;  // instead of the preset's
  std::optional<Duration> timeout;      // of one try; nothing: the preset's
  std::optional<Law> patience;          // nanoseconds for all tries; then the caller leaves. Nothing: it stays
  friend bool operator==(const ClientSpec&, const ClientSpec&) = default;
};

struct ClientGap {
  Duration least{0};
  Duration most{0};
};

struct ClientPreset {
  std::string_view name;
  std::string_view doc;
  std::int32_t retries = 0;
  std::array<ClientGap, 6> gaps{};  // before the first retry, the second, ...; the last holds for all behind it
  std::size_t gap_count = 0;
  std::optional<Duration> timeout;  // of one try
  bool retries_rate_limited = true;
  bool retries_timeouts = true;
  Duration retry_after_most{0};  // a longer Retry-After is ignored; 0: every one is
};

[[nodiscard]] std::span<const ClientPreset> client_presets();
[[nodiscard]] const ClientPreset& preset_of(const ClientSpec& client);

// How a try ended, as a client library sees it.
enum class TryEnd : std::uint8_t {
  answered,
  failed,        // a 5xx
  rate_limited,  // a 429
  refused,       // another 4xx
  broken,        // a stream that broke off
  timed_out,     // the caller's own timeout came first
};

[[nodiscard]] std::int32_t retries_of(const ClientSpec& client);
[[nodiscard]] std::optional<Duration> try_timeout_of(const ClientSpec& client);
// Whether it tries again after so many tries, the last of which ended so.
[[nodiscard]] bool tries_again(const ClientSpec& client, TryEnd end, std::int32_t tries);
// The pause before the try that follows so many. `bits` are drawn.
[[nodiscard]] Duration gap_of(const ClientSpec& client, std::int32_t tries, Duration retry_after, std::uint64_t bits);

}  // namespace windtunnel::sim
