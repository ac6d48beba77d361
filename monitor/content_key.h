#pragma once
// The identity of what a request asks: two requests with the same key get the same cached answer.
//
// Each field is normalised: leading and trailing ASCII whitespace is dropped and every run of it inside is one space
// (so CRLF and LF are the same); letters keep their case and other bytes are taken as they are. The key is FNV-1a of
// 128 bits over field, length of the field, field, length, field, length (64-bit little endian, which keeps the
// fields apart), its halves then mixed.

#include <cstdint>
#include <string_view>

#include "base/stable_hash.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

ContentKey content_key(std::string_view user_profile, std::string_view job_market_data, std::string_view system_prompt);

// The key of the same content under something else that changes the answer (max_tokens, a model, a provider). The
// order of several such things matters. For one content, different extras always give different keys.
constexpr ContentKey with_hashed(ContentKey key, std::uint64_t hash_of_extra) {
  const std::uint64_t low = mix(key.low + hash_of_extra);
  return {mix(key.high + low), low};
}
constexpr ContentKey with(ContentKey key, std::uint64_t extra) { return with_hashed(key, stable_hash(extra)); }

}  // namespace windtunnel::monitor
