#pragma once
// Which requests a limit counts, and whose account each of them uses.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/units.h"
#include "monitor/limits/caller.h"
#include "monitor/limits/limit.h"

namespace windtunnel::monitor {

// The words that limits may name, by their number.
struct LimitNames {
  std::vector<std::string> routes;
  std::vector<std::string> deployments;
  std::vector<std::string> providers;  // of each deployment
};

// What limits see of a request.
struct LimitedRequest {
  Caller caller{};
  RouteId route{};
  Tokens input;
};

class LimitMatch {
 public:
  LimitMatch(const LimitConfig& limit, std::size_t place, const std::vector<std::string>& tags,
             const LimitNames& names);

  [[nodiscard]] bool is_of_targets() const { return is_of_targets_; }
  // The account of this request, or of its call at `target`; nothing: the limit does not count it.
  [[nodiscard]] std::optional<std::uint64_t> account_of(const LimitedRequest& request,
                                                        std::optional<ProviderId> target) const {
    for (const Condition& condition : conditions_) {
      if (value_of(condition.source, request, target) != condition.value) return std::nullopt;
    }
    std::uint64_t account = salt_;
    for (const Source& source : per_) {
      const std::uint64_t value = value_of(source, request, target);
      if (value == 0) return std::nullopt;
      if (!is_total_) account = stable_hash(value, account);
    }
    return account;
  }

 private:
  struct Source {
    LimitScope scope = LimitScope::key;
    std::uint8_t tag = 0;
  };
  struct Condition {
    Source source;
    std::uint64_t value = 0;
  };

  [[nodiscard]] std::uint64_t value_of(Source source, const LimitedRequest& request,
                                       std::optional<ProviderId> target) const {
    switch (source.scope) {
      case LimitScope::key:
        return request.caller.key;
      case LimitScope::team:
        return request.caller.team;
      case LimitScope::user:
        return request.caller.user;
      case LimitScope::tag:
        return request.caller.tags[source.tag];
      case LimitScope::route:
        return routes_[index_of(request.route)];
      case LimitScope::deployment:
        return target ? deployments_[index_of(*target)] : 0;
      case LimitScope::provider:
        return target ? providers_[index_of(*target)] : 0;
    }
    fail_check("a scope of a limit is known", __FILE__, __LINE__);
  }

  std::vector<Source> per_;
  std::vector<Condition> conditions_;
  std::vector<std::uint64_t> routes_;  // the words' hashes
  std::vector<std::uint64_t> deployments_;
  std::vector<std::uint64_t> providers_;
  std::uint64_t salt_;
  bool is_total_;
  bool is_of_targets_;
};

}  // namespace windtunnel::monitor
