#include "sim/load/caller_population.h"

#include <algorithm>
#include <utility>

namespace windtunnel::sim {
namespace {

using monitor::caller_word;

constexpr std::uint32_t kTagLane = 1;

std::uint64_t word_of(const std::string& name) { return name.empty() ? 0 : caller_word(name); }

bool names(const monitor::LimitsConfig& limits, monitor::LimitScope scope) {
  return std::ranges::any_of(limits.limits, [&](const monitor::LimitConfig& limit) {
    return std::ranges::any_of(limit.per, [&](const monitor::LimitWord& word) { return word.scope == scope; }) ||
           std::ranges::any_of(limit.when,
                               [&](const monitor::LimitCondition& condition) { return condition.word.scope == scope; });
  });
}

}  // namespace

Callers::Words::Words(std::string prefix, const CallerCatalogue& catalogue) : prefix_(std::move(prefix)) {
  if (catalogue.count == 0) return;
  popularity_.emplace(catalogue.count, catalogue.zipf);
  for (std::int64_t i = 0; i < std::min(catalogue.count, kCallerWordsKept); ++i) {
    words_.push_back(caller_word(prefix_ + std::to_string(i + 1)));
  }
}

std::uint64_t Callers::Words::word(std::uint32_t number) const {
  if (number < words_.size()) return words_[number];
  return caller_word(prefix_ + std::to_string(number + 1));
}

Callers::Callers(const WorkloadSpec& spec, const Chance& chance, const monitor::LimitsConfig& limits)
    : is_on_(!limits.limits.empty()),
      names_users_(names(limits, monitor::LimitScope::user)),
      users_(spec.users.count),
      stream_(chance.stream("callers", spec.name)),
      key_(word_of(spec.key)),
      team_(word_of(spec.team)),
      team_name_(spec.team),
      teams_("team-", is_on_ ? spec.teams : CallerCatalogue{}),
      keys_(spec.team.empty() ? "key-" : spec.team + "/key-", is_on_ ? spec.keys : CallerCatalogue{}) {
  if (!is_on_) return;
  if (teams_.any() && keys_.any()) {
    for (std::int64_t i = 0; i < spec.teams.count; ++i) {
      keys_of_teams_.emplace_back("team-" + std::to_string(i + 1) + "/key-", spec.keys);
    }
  }
  for (const std::string& name : limit_tags(limits)) {
    Tag& tag = tags_.emplace_back();
    for (const auto& [known, value] : spec.tags) {
      if (known == name) tag.fixed = word_of(value);
    }
    for (const auto& [known, catalogue] : spec.tag_catalogues) {
      if (known == name && catalogue.count > 0) tag.drawn.emplace(name + "-", catalogue);
    }
  }
}

void Callers::fill(std::uint64_t ordinal, const ListedRequest* row, monitor::Request& request) const {
  monitor::Caller& caller = request.caller;
  caller.key = key_;
  caller.team = team_;
  if (teams_.any() || keys_.any()) {
    const Draw drawn = draw(stream_, ordinal);
    std::uint32_t team = 0;
    if (teams_.any()) {
      team = teams_.draw_number(drawn.a);
      caller.team = teams_.word(team);
    }
    if (keys_.any()) caller.key = (keys_of_teams_.empty() ? keys_ : keys_of_teams_[team]).draw(drawn.b);
  }
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    const Tag& tag = tags_[i];
    caller.tags[i] = tag.fixed;
    if (tag.drawn) {
      caller.tags[i] = tag.drawn->draw(draw(stream_, ordinal, 0, kTagLane + static_cast<std::uint32_t>(i)).a);
    }
  }
  const auto user = static_cast<std::int64_t>(request.user_id);
  if (names_users_ && user > 0 && user <= users_) caller.user = caller_word("user-" + std::to_string(user));
  if (row == nullptr) return;
  if (row->user) caller.user = caller_word(*row->user);
  if (row->team) caller.team = caller_word(*row->team);
  if (row->key) caller.key = caller_word(*row->key);
}

}  // namespace windtunnel::sim
