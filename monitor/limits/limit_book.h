#pragma once
// The list of limits, and what each caller and target has used of them.
//
//   admit --> ticket -- re_reserve --> call -- settle --> re_reserve ... --> close
//             `-- refused: the ticket holds nothing, and nothing was counted
//
// A request is counted at its admission, with the tokens and the money that it may use at most. Each call settles what
// it used and reserves the most of the next one; what is left is given back at the end. A request that a limit, or
// another limiter, refuses before its first call gives everything back. Limits on calls are asked before each call, and
// are counted from its start to its end.
//
// A charge belongs to the window of its request's admission. Nothing here allocates but for a caller that was never
// seen before.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"
#include "monitor/limits/limit.h"
#include "monitor/limits/limit_account.h"
#include "monitor/limits/limit_match.h"
#include "monitor/limits/limit_ticket.h"

namespace windtunnel::monitor {

// By bit: limits, in file order.
using LimitSet = std::uint32_t;
static_assert(kLimitsMax <= 32);

// What the list says of a request, or of a call.
struct LimitVerdict {
  bool is_admitted = true;
  LimitSet held = 0;                        // that count it now
  LimitSet exhausted = 0;                   // without room for it, alerts and passed-over voters included
  std::optional<std::uint8_t> refused_by;   // the limit to name, if it is not admitted
  std::optional<std::uint8_t> rerouted_by;  // that sent the request to another route
  OnExhausted then = OnExhausted::refuse;   // what that means
  bool is_of_money = false;                 // that limit is out of money
  Duration retry_after{0};
};

// A change of one account, as another replica needs it.
struct LimitCharge {
  Instant at{};  // where the change belongs: the admission of its request
  std::uint64_t scope = 0;
  std::uint8_t limit = 0;
  std::int8_t slots = 0;
  LimitAmounts amounts{};
};

// How often a limit has said what, since the start.
struct LimitCounts {
  std::int64_t admitted = 0;     // requests, or calls
  std::int64_t refused = 0;      // to which it was the limit that the refusal names
  std::int64_t alerted = 0;      // that it would have refused
  std::int64_t passed_over = 0;  // targets
  std::int64_t rerouted = 0;     // requests sent to another route
};

class LimitBook {
 public:
  LimitBook(const LimitsConfig& config, const LimitNames& names);

  [[nodiscard]] bool on() const { return !rules_.empty(); }
  [[nodiscard]] bool has_targets() const { return has_targets_; }
  // Windows of the calendar begin where the wall clock, which shows `at_zero` at Instant{}, shows it. Only the first
  // call has an effect.
  void align(WallTime at_zero);

  // At admission. `worst` is the most money that a call may take. May send the request to another route.
  [[nodiscard]] LimitVerdict admit(LimitTicket& ticket, LimitedRequest& request, Tokens output_max, Usd worst,
                                   Instant now);
  // Whether a call of this target may be made, as far as limits on calls say.
  [[nodiscard]] LimitVerdict ask(const LimitedRequest& request, ProviderId target, Tokens output_max, Usd worst,
                                 Instant now);
  // The call is about to be made: the request's reservation becomes that of this call, and limits on calls count it.
  [[nodiscard]] LimitVerdict re_reserve(LimitTicket& ticket, const LimitedRequest& request, ProviderId target,
                                        Tokens output_max, Usd worst, Instant now);
  // It has ended with these tokens; nothing: unknown, so that the reservation stays counted.
  void settle(LimitTicket& ticket, const std::optional<LimitUse>& used, Usd cost, Instant now);
  // The usage of a call that was settled as unknown has come. `ticket`: as it stood before; `more`: what the call costs
  // beyond what it was settled for. The call is no longer under way, and its request may have ended.
  void correct(const LimitTicket& ticket, const LimitUse& used, Usd more, Instant now);
  // The request has ended. `is_undone`: it was refused and made no call.
  void close(LimitTicket& ticket, bool is_undone, Instant now);

  [[nodiscard]] const LimitsConfig& config() const { return config_; }
  [[nodiscard]] std::span<const LimitCounts> counts() const { return counts_; }

  // The accounts of two books of equal settings change places. What each calls a deployment or a route stays with it.
  void exchange_accounts(LimitBook& other);

  // --- For checks and reports --------------------------------------------------------------------------------------
  struct Entry {
    std::uint8_t limit = 0;
    std::uint64_t scope = 0;
    LimitAccount account;
  };
  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }
  [[nodiscard]] const LimitRule& rule(std::size_t limit) const { return rules_[limit]; }
  // What this account, one of entries(), has used at `now`.
  [[nodiscard]] LimitAmounts used(const Entry& entry, Instant now) const;

  // --- For replicas ------------------------------------------------------------------------------------------------
  // From now on changes are put into this list, which must outlive the book's use; nullptr: no more.
  void tell(std::vector<LimitCharge>* outbox) { outbox_ = outbox; }
  // A change that another replica made. It is not put into the list.
  void apply(const LimitCharge& charge, Instant now);
  // For reports: what another book has said counts as this one's.
  void absorb_counts(const LimitBook& other);

 private:
  struct Vote {
    LimitSet in_force = 0;
    LimitSet exhausted = 0;
  };

  [[nodiscard]] std::uint32_t account_of(std::uint8_t limit, std::uint64_t scope);
  [[nodiscard]] std::uint32_t* place_in_table(std::uint8_t limit, std::uint64_t scope);
  void grow();
  LimitAccount& advanced(std::uint32_t place, Instant now);
  [[nodiscard]] LimitAccount::Ring* ring_of(std::uint32_t place) {
    return ring_places_[place] == UINT32_MAX ? nullptr : &rings_[ring_places_[place]];
  }
  // Limits of `besides` count the request no more.
  [[nodiscard]] Vote vote(const LimitedRequest& request, std::optional<ProviderId> target, const LimitUse& use,
                          LimitSet besides, Instant now);
  [[nodiscard]] LimitVerdict judge(const Vote& vote) const;
  void name_refusal(LimitVerdict& verdict, const LimitUse& use, Instant now);
  void count(const LimitVerdict& verdict);
  void hold(LimitTicket& ticket, LimitSet held, const LimitUse& use, Instant now);
  void charge(const LimitHold& hold, const LimitUse& more, std::int8_t slots, Instant now);
  [[nodiscard]] std::optional<LimitVerdict> no_room_to_grow(const LimitTicket& ticket, const LimitUse& more,
                                                            Instant now);

  LimitsConfig config_;
  std::vector<LimitMatch> matches_;
  std::vector<LimitRule> rules_;
  std::vector<LimitCounts> counts_;
  std::vector<Entry> entries_;
  std::vector<LimitAccount::Ring> rings_;  // of sliding limits, one for each entry
  std::vector<std::uint32_t> ring_places_;
  std::vector<std::uint32_t> table_;               // open addressing: places + 1
  std::array<std::uint32_t, kLimitsMax> asked_{};  // accounts of the latest vote, by limit
  std::vector<LimitCharge>* outbox_ = nullptr;
  bool has_targets_ = false;
  bool is_aligned_ = false;
};

}  // namespace windtunnel::monitor
