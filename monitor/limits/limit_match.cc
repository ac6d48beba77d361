#include "monitor/limits/limit_match.h"

#include <algorithm>

#include "base/check.h"

namespace windtunnel::monitor {
namespace {

std::vector<std::uint64_t> words_of(const std::vector<std::string>& names) {
  std::vector<std::uint64_t> words;
  for (const std::string& name : names) words.push_back(caller_word(name));
  return words;
}

// Of a tag; that of another word is not read.
std::uint8_t tag_place(const LimitWord& word, const std::vector<std::string>& tags) {
  const auto found = std::ranges::find(tags, word.tag);
  check(word.scope != LimitScope::tag || found != tags.end(), "a limit's tag has a place");
  return static_cast<std::uint8_t>(found - tags.begin());
}

}  // namespace

LimitMatch::LimitMatch(const LimitConfig& limit, std::size_t place, const std::vector<std::string>& tags,
                       const LimitNames& names)
    : routes_(words_of(names.routes)),
      deployments_(words_of(names.deployments)),
      providers_(words_of(names.providers)),
      salt_(stable_hash(std::uint64_t{place})),
      is_total_(limit.is_total),
      is_of_targets_(limit.is_of_targets()) {
  // Without routes every request asks for the same.
  if (routes_.empty()) routes_.push_back(0);
  for (const LimitWord& word : limit.per) per_.push_back({word.scope, tag_place(word, tags)});
  for (const LimitCondition& condition : limit.when) {
    conditions_.push_back({{condition.word.scope, tag_place(condition.word, tags)}, caller_word(condition.value)});
  }
}

}  // namespace windtunnel::monitor
