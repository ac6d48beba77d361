#include "sim/fit/fit_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/utf8.h"
#include "base/visible_text.h"

namespace windtunnel::sim {
namespace {

// Control and invisible characters and what is no UTF-8 become "?", and so does a character of each command to a CI
// job.
std::string printable(std::string_view name) {
  std::string text;
  for (std::string_view rest = name; !rest.empty();) {
    const std::size_t length = std::max<std::size_t>(utf8_length(rest), 1);
    const std::string_view character = rest.substr(0, length);
    text += problem_with_name(character) ? "?" : character;
    rest.remove_prefix(length);
  }
  for (std::size_t at = text.find("##["); at != std::string::npos; at = text.find("##[", at)) text[at + 1] = '?';
  if (problem_with_name(text)) text[text.find(':')] = '?';
  return text;
}

// At most kBytesMax bytes, of whole characters.
std::string cut(std::string name) {
  name.resize(utf8_prefix(std::string_view(name).substr(0, FitNames::kBytesMax)));
  return name;
}

}  // namespace

const std::string& FitNames::valid(const std::string& name) {
  const auto known = valid_.find(name);
  if (known != valid_.end()) return known->second;
  std::string candidate = cut(printable(name));
  if (candidate == "*") candidate = "(*)";
  const std::string base = candidate;
  for (int number = 2; !candidate.empty() && taken_.contains(candidate); ++number) {
    candidate = fmt::format("{} ({})", base, number);
  }
  if (candidate != name) ++changed_;
  taken_.insert(candidate);
  return valid_.emplace(name, std::move(candidate)).first->second;
}

std::vector<std::pair<std::string, std::string>> FitNames::changes() const {
  std::vector<std::pair<std::string, std::string>> changes;
  for (const auto& [name, valid] : valid_) {
    if (name != valid) changes.emplace_back(name, valid);
  }
  return changes;
}

}  // namespace windtunnel::sim
