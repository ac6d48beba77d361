#include "sim/fit/fit_names.h"

#include <fmt/format.h>

#include <cstdint>

namespace windtunnel::sim {
namespace {

bool continues(char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) == 0x80; }

// C0, DEL, and C1, which UTF-8 writes as C2 80 to C2 9F. Each of them becomes "?".
std::string without_control(const std::string& name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(name[i]);
    const bool is_c1 = byte == 0xC2 && i + 1 < name.size() && static_cast<std::uint8_t>(name[i + 1]) < 0xA0;
    if (is_c1) ++i;
    text += byte < 0x20 || byte == 0x7F || is_c1 ? '?' : name[i];
  }
  return text;
}

std::string cut(std::string name) {
  if (name.size() <= FitNames::kBytesMax) return name;
  std::size_t end = FitNames::kBytesMax;
  while (end > 0 && continues(name[end])) --end;
  name.resize(end);
  return name;
}

}  // namespace

const std::string& FitNames::valid(const std::string& name) {
  const auto known = valid_.find(name);
  if (known != valid_.end()) return known->second;
  std::string candidate = cut(without_control(name));
  if (candidate == "*") candidate = "(*)";
  const std::string base = candidate;
  for (int number = 2; !candidate.empty() && taken_.contains(candidate); ++number) {
    candidate = fmt::format("{} ({})", base, number);
  }
  if (candidate != name) ++changed_;
  taken_.insert(candidate);
  return valid_.emplace(name, std::move(candidate)).first->second;
}

}  // namespace windtunnel::sim
