#pragma once
// What a list of limits must say, from the rules and the events of a run alone. Written apart from the pipeline's book:
// an account keeps what was used in each window or step by its begin, and nothing is worked out ahead.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "monitor/limits/limit.h"
#include "monitor/pipeline_events.h"

namespace windtunnel::sim {

// Requests, tokens by weight (millionths of one), pico-dollars.
using LimitUsed = std::array<Int128, 3>;

class LimitModel {
 public:
  struct Words {
    std::vector<std::string> routes;
    std::vector<std::string> deployments;
    std::vector<std::string> accounts;  // the provider of each deployment
  };
  // What the list says where it is asked.
  struct Said {
    bool is_admitted = true;
    std::vector<std::size_t> held;
    std::vector<std::size_t> exhausted;
    std::optional<std::size_t> refused_by;
    bool is_passed_over = false;
    bool lacks_money_alone = false;
    monitor::RouteId route{};
  };

  LimitModel(const monitor::LimitsConfig& config, Words words, WallTime start);

  [[nodiscard]] bool on() const { return !config_.limits.empty(); }
  // Of a request at its admission, of a call before its permit, of a call that is about to be made.
  [[nodiscard]] Said admit(const monitor::Request& request, Tokens output, Usd worst, Instant now);
  [[nodiscard]] Said ask(const monitor::Request& request, monitor::ProviderId target, Tokens output, Usd worst,
                         Instant now);
  [[nodiscard]] Said call(const monitor::Request& request, monitor::ProviderId target, Tokens output, Usd worst,
                          Instant now);
  void end_call(RequestId request, const std::optional<monitor::Usage>& usage, Usd settled, Instant now);
  // The same, of a call whose usage may come later; learn() then finds it by this number.
  void end_call_unbilled(RequestId request, std::uint8_t ordinal, Usd settled, Instant now);
  void learn(RequestId request, std::uint8_t ordinal, const monitor::Usage& usage, Usd more, Instant now);
  void finish(RequestId request, bool is_undone, Instant now);

  // A change of an account, as another replica needs it.
  struct Change {
    std::size_t limit = 0;
    std::vector<std::uint64_t> key;
    Instant admitted{};  // of its request
    std::int64_t slots = 0;
    std::array<Int128, 4> use{};  // requests, input, output, pico-dollars
  };
  // What has changed since the last call, in order; only with tells().
  void tells() { tells_ = true; }
  [[nodiscard]] std::vector<Change> take_changes() { return std::exchange(changes_, {}); }
  void hear(const Change& change, Instant now);

  // Over all accounts of a limit, at `now`.
  [[nodiscard]] LimitUsed used(std::size_t limit, Instant now);
  [[nodiscard]] std::int64_t slots(std::size_t limit) const;
  // Holds of requests and calls under way, over all limits.
  [[nodiscard]] std::size_t holds(std::size_t limit) const;

 private:
  struct Account {
    std::map<std::int64_t, LimitUsed> used;  // by begin of the window, or by step; of a bucket one entry
    Instant filled{};                        // of a bucket: until then
    std::optional<Instant> first_use;        // the begin of the present window from its first use
    std::int64_t slots = 0;
  };
  using Key = std::vector<std::uint64_t>;
  struct Hold {
    std::size_t limit = 0;
    Key key;
    std::int64_t stamp = 0;
    Instant admitted{};
  };
  struct Use {
    Int128 requests = 0;
    Int128 input = 0;
    Int128 output = 0;
    Int128 picos = 0;
  };
  struct Open {
    std::vector<Hold> own;
    std::vector<Hold> of_call;
    Use reserved;
  };
  using Scope = std::pair<std::size_t, Key>;

  [[nodiscard]] std::optional<std::uint64_t> value(const monitor::LimitWord& word, const monitor::Request& request,
                                                   std::optional<monitor::ProviderId> target) const;
  [[nodiscard]] std::optional<Key> key_of(std::size_t limit, const monitor::Request& request,
                                          std::optional<monitor::ProviderId> target) const;
  [[nodiscard]] std::vector<Scope> in_force(const monitor::Request& request, std::optional<monitor::ProviderId> target,
                                            const std::vector<std::size_t>& besides) const;
  [[nodiscard]] std::int64_t stamp_at(std::size_t limit, Account& account, Instant now, bool begins) const;
  [[nodiscard]] bool counts(std::size_t limit, Account& account, std::int64_t stamp, Instant now) const;
  void settle_time(std::size_t limit, Account& account, Instant now) const;
  [[nodiscard]] LimitUsed present(std::size_t limit, Account& account, Instant now) const;
  [[nodiscard]] LimitUsed weighed(std::size_t limit, const Use& use) const;
  [[nodiscard]] std::vector<std::size_t> lacking(std::size_t limit, Account& account, const Use& more, bool takes_slot,
                                                 Instant now) const;
  [[nodiscard]] Said judge(const std::vector<Scope>& scopes, const Use& use, bool takes_slot, Instant now,
                           const std::vector<std::size_t>& roomy = {});
  [[nodiscard]] std::optional<Int128> limit_of(std::size_t limit, std::size_t kind) const;
  void take(std::vector<Hold>& holds, const std::vector<Scope>& scopes, const Said& said, const Use& use, Instant now);
  void add(const Hold& hold, const Use& more, int slots, Instant now);
  void put(std::size_t limit, Account& account, std::int64_t stamp, const Use& more, Instant now) const;

  monitor::LimitsConfig config_;
  Words words_;
  WallTime start_;
  std::vector<std::string> tags_;
  std::vector<std::map<Key, Account>> accounts_;  // by limit
  std::map<RequestId, Open> open_;
  std::map<std::pair<RequestId, std::uint8_t>, Open> unbilled_;  // calls, as they stood before their end
  bool tells_ = false;
  std::vector<Change> changes_;
};

}  // namespace windtunnel::sim
