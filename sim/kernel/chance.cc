#include "sim/kernel/chance.h"

#include <Random123/philox.h>

namespace windtunnel::sim {
namespace {

// The finalising step of splitmix64 (Steele, Lea and Flood, 2014): one-to-one on 64 bits.
std::uint64_t mix(std::uint64_t bits) {
  bits += 0x9e37'79b9'7f4a'7c15ULL;
  bits = (bits ^ bits >> 30) * 0xbf58'476d'1ce4'e5b9ULL;
  bits = (bits ^ bits >> 27) * 0x94d0'49bb'1331'11ebULL;
  return bits ^ bits >> 31;
}

// FNV-1a, 64 bits.
std::uint64_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325ULL;
  for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x0000'0100'0000'01b3ULL;
  return hash;
}

}  // namespace

StreamKey Chance::stream(std::string_view name) const { return StreamKey{mix(mix(seed_) ^ name_hash(name))}; }

StreamKey Chance::stream(std::string_view family, std::string_view member) const {
  return StreamKey{mix(stream(family).value ^ mix(name_hash(member)))};
}

Draw draw(StreamKey stream, std::uint64_t index, std::uint32_t attempt, std::uint32_t lane) {
  const philox4x32_key_t key{
      {static_cast<std::uint32_t>(stream.value), static_cast<std::uint32_t>(stream.value >> 32)}};
  const philox4x32_ctr_t counter{
      {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), attempt, lane}};
  const philox4x32_ctr_t block = philox4x32_R(10, counter, key);
  return Draw{static_cast<std::uint64_t>(block.v[1]) << 32 | block.v[0],
              static_cast<std::uint64_t>(block.v[3]) << 32 | block.v[2]};
}

}  // namespace windtunnel::sim
