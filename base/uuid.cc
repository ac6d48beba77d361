#include "base/uuid.h"

#include <cstring>

namespace windtunnel::inline base {
namespace {

// The eight hexadecimal digits of a word, most significant first: every nibble gets a byte of its own, and those above
// nine are moved on to the letters, all eight at once.
inline std::array<char, 8> hex_of(std::uint32_t word) {
  std::uint64_t nibbles = word;
  nibbles = (nibbles << 32 | nibbles >> 16) & 0x0000'ffff'0000'ffff;
  nibbles = (nibbles << 16 | nibbles >> 8) & 0x00ff'00ff'00ff'00ff;
  nibbles = (nibbles << 8 | nibbles >> 4) & 0x0f0f'0f0f'0f0f'0f0f;
  const std::uint64_t letters = (nibbles + 0x0606'0606'0606'0606) >> 4 & 0x0101'0101'0101'0101;
  const std::uint64_t text = nibbles + 0x3030'3030'3030'3030 + letters * ('a' - '0' - 10);
  std::array<char, 8> digits;
  for (std::size_t i = 0; i < 8; ++i) digits[i] = static_cast<char>(text >> (8 * i) & 0xff);
  return digits;
}

}  // namespace

char* RequestUuids::write(char* out, RequestId id) const {
  constexpr std::uint64_t kVersion = 0x4000, kVariant = std::uint64_t{2} << 62;
  const std::uint64_t high = (stable_hash(number_of(id), salt_high_) & ~std::uint64_t{0xf000}) | kVersion;
  const std::uint64_t low = (stable_hash(number_of(id), salt_low_) & ~(std::uint64_t{3} << 62)) | kVariant;
  const std::array<char, 8> a = hex_of(static_cast<std::uint32_t>(high >> 32));
  const std::array<char, 8> b = hex_of(static_cast<std::uint32_t>(high));
  const std::array<char, 8> c = hex_of(static_cast<std::uint32_t>(low >> 32));
  const std::array<char, 8> d = hex_of(static_cast<std::uint32_t>(low));
  std::memcpy(out, a.data(), 8);
  std::memcpy(out + 9, b.data(), 4);
  std::memcpy(out + 14, b.data() + 4, 4);
  std::memcpy(out + 19, c.data(), 4);
  std::memcpy(out + 24, c.data() + 4, 4);
  std::memcpy(out + 28, d.data(), 8);
  out[8] = out[13] = out[18] = out[23] = '-';
  return out + kUuidLength;
}

Uuid request_uuid(std::uint64_t seed, RequestId id) {
  Uuid uuid;
  RequestUuids{seed}.write(uuid.text.data(), id);
  return uuid;
}

}  // namespace windtunnel::inline base
