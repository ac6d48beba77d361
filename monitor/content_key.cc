#include "monitor/content_key.h"

#include "base/stable_hash.h"

namespace windtunnel::monitor {
namespace {

constexpr Uint128 wide(std::uint64_t high, std::uint64_t low) { return (Uint128{high} << 64) | low; }

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// FNV-1a with 128 bits.
struct Fnv128 {
  Uint128 hash = wide(0x6c62272e07bb0142, 0x62b821756295c58d);

  void add(char byte) { hash = (hash ^ static_cast<unsigned char>(byte)) * wide(std::uint64_t{1} << 24, 0x13b); }
};

void add_field(Fnv128& fnv, std::string_view field) {
  std::uint64_t length = 0;
  bool space_pending = false;
  for (const char c : field) {
    if (is_space(c)) {
      space_pending = length > 0;
      continue;
    }
    if (space_pending) {
      fnv.add(' ');
      ++length;
      space_pending = false;
    }
    fnv.add(c);
    ++length;
  }
  for (unsigned shift = 0; shift < 64; shift += 8) fnv.add(static_cast<char>(length >> shift & 0xff));
}

}  // namespace

ContentKey content_key(std::string_view user_profile, std::string_view job_market_data,
                       std::string_view system_prompt) {
  Fnv128 fnv;
  add_field(fnv, user_profile);
  add_field(fnv, job_market_data);
  add_field(fnv, system_prompt);
  return {mix(static_cast<std::uint64_t>(fnv.hash >> 64)), mix(static_cast<std::uint64_t>(fnv.hash))};
}

}  // namespace windtunnel::monitor
