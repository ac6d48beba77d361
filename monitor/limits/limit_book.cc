#include "monitor/limits/limit_book.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace windtunnel::monitor {
namespace {

constexpr LimitSet limit_bit(std::size_t limit) { return LimitSet{1} << limit; }

// Calls `each` with every limit of the set, in file order.
template <class Each>
void for_each(LimitSet set, const Each& each) {
  for (; set != 0; set &= set - 1) each(static_cast<std::uint8_t>(std::countr_zero(set)));
}

LimitUse minus(const LimitUse& a, const LimitUse& b) {
  return {.requests = a.requests - b.requests,
          .input = a.input - b.input,
          .output = a.output - b.output,
          .picos = a.picos - b.picos};
}

LimitUse at_most(const LimitedRequest& request, Tokens output_max, Usd worst) {
  return {.requests = 1, .input = request.input.count(), .output = output_max.count(), .picos = worst.picos()};
}

}  // namespace

LimitBook::LimitBook(const LimitsConfig& config, const LimitNames& names) : config_(config) {
  check(config.limits.size() <= kLimitsMax, "there are at most 32 limits");
  const std::vector<std::string> tags = limit_tags(config);
  for (std::size_t i = 0; i < config.limits.size(); ++i) {
    matches_.emplace_back(config.limits[i], i, tags, names);
    rules_.emplace_back(config.limits[i], WallTime{});
    has_targets_ = has_targets_ || matches_.back().is_of_targets();
  }
  counts_.resize(rules_.size());
  if (on()) table_.resize(64);
}

void LimitBook::align(WallTime at_zero) {
  if (is_aligned_ || !on()) return;
  is_aligned_ = true;
  rules_.clear();
  for (const LimitConfig& limit : config_.limits) rules_.emplace_back(limit, at_zero);
}

// --- The life of a request -----------------------------------------------------------------------------------------

LimitVerdict LimitBook::admit(LimitTicket& ticket, LimitedRequest& request, Tokens output_max, Usd worst, Instant now) {
  const LimitUse use = at_most(request, output_max, worst);
  LimitVerdict verdict = judge(vote(request, std::nullopt, use, 0, now));
  if (!verdict.is_admitted && verdict.then == OnExhausted::route) {
    // Where every limit without room sends it elsewhere, it goes, once, and they do not count it.
    const LimitVerdict before = verdict;
    LimitSet besides = 0;
    for_each(before.exhausted, [&](std::uint8_t limit) {
      if (config_.limits[limit].on_exhausted == OnExhausted::route) besides |= limit_bit(limit);
    });
    request.route = *config_.limits[*before.refused_by].route;
    verdict = judge(vote(request, std::nullopt, use, besides, now));
    verdict.exhausted |= before.exhausted;
    verdict.rerouted_by = before.refused_by;
  }
  if (!verdict.is_admitted) {
    verdict.then = OnExhausted::refuse;
    name_refusal(verdict, use, now);
  } else {
    hold(ticket, verdict.held, use, now);
    ticket.own = ticket.holds;
    ticket.reserved = use;
    ticket.reserved.requests = 0;
  }
  count(verdict);
  return verdict;
}

LimitVerdict LimitBook::ask(const LimitedRequest& request, ProviderId target, Tokens output_max, Usd worst,
                            Instant now) {
  const LimitUse use = at_most(request, output_max, worst);
  LimitVerdict verdict = judge(vote(request, target, use, 0, now));
  if (verdict.is_admitted) return verdict;
  name_refusal(verdict, use, now);
  count(verdict);
  return verdict;
}

LimitVerdict LimitBook::re_reserve(LimitTicket& ticket, const LimitedRequest& request, ProviderId target,
                                   Tokens output_max, Usd worst, Instant now) {
  const LimitUse use = at_most(request, output_max, worst);
  LimitUse more = minus(use, ticket.reserved);
  more.requests = 0;
  const bool grows = more.input > 0 || more.output > 0 || more.picos > 0;
  if (grows) {
    if (auto refusal = no_room_to_grow(ticket, more, now)) {
      count(*refusal);
      return *refusal;
    }
  }
  for (std::uint8_t i = 0; i < ticket.own; ++i) charge(ticket[i], more, 0, now);
  ticket.reserved = use;
  ticket.reserved.requests = 0;
  if (!has_targets_) return {};
  const LimitVerdict verdict = judge(vote(request, target, use, 0, now));
  check(verdict.is_admitted, "a call that limits refuse is not made");
  hold(ticket, verdict.held, use, now);
  count(verdict);
  return verdict;
}

void LimitBook::settle(LimitTicket& ticket, const std::optional<LimitUse>& used, Usd cost, Instant now) {
  LimitUse more;
  more.picos = cost.picos() - ticket.reserved.picos;
  if (used) {
    more.input = used->input - ticket.reserved.input;
    more.output = used->output - ticket.reserved.output;
  }
  for (std::uint8_t i = 0; i < ticket.holds; ++i) charge(ticket[i], more, i < ticket.own ? 0 : -1, now);
  ticket.holds = ticket.own;
  ticket.reserved = {};
}

void LimitBook::correct(const LimitTicket& ticket, const LimitUse& used, Usd more, Instant now) {
  const LimitUse change{.input = used.input - ticket.reserved.input,
                        .output = used.output - ticket.reserved.output,
                        .picos = more.picos()};
  for (std::uint8_t i = 0; i < ticket.holds; ++i) charge(ticket[i], change, 0, now);
}

void LimitBook::close(LimitTicket& ticket, bool is_undone, Instant now) {
  LimitUse more = minus({}, ticket.reserved);
  if (is_undone) more.requests = -1;
  for (std::uint8_t i = 0; i < ticket.holds; ++i) charge(ticket[i], more, -1, now);
  ticket.own = 0;
  ticket.holds = 0;
  ticket.reserved = {};
}

// --- What the list says --------------------------------------------------------------------------------------------

LimitBook::Vote LimitBook::vote(const LimitedRequest& request, std::optional<ProviderId> target, const LimitUse& use,
                                LimitSet besides, Instant now) {
  std::array<std::uint64_t, kLimitsMax> scopes;  // of those matched
  LimitSet matched = 0;
  for (std::size_t i = 0; i < matches_.size(); ++i) {
    if (matches_[i].is_of_targets() != target.has_value() || (besides & limit_bit(i)) != 0) continue;
    const auto scope = matches_[i].account_of(request, target);
    if (!scope) continue;
    scopes[i] = *scope;
    matched |= limit_bit(i);
  }
  Vote vote{.in_force = matched};
  if (config_.combine == LimitCombine::first_priority) {
    std::int32_t highest = INT32_MIN;
    const auto priority = [&](std::uint8_t limit) { return config_.limits[limit].priority; };
    for_each(matched, [&](std::uint8_t limit) {
      if (!config_.limits[limit].is_always) highest = std::max(highest, priority(limit));
    });
    for_each(matched, [&](std::uint8_t limit) {
      if (!config_.limits[limit].is_always && priority(limit) != highest) vote.in_force &= ~limit_bit(limit);
    });
  }
  for_each(vote.in_force, [&](std::uint8_t limit) {
    asked_[limit] = account_of(limit, scopes[limit]);
    const LimitRule& rule = rules_[limit];
    const LimitAmounts more = rule.amounts_of(use.requests, use.input, use.output, use.picos);
    if (!advanced(asked_[limit], now).has_room(rule, more, true)) vote.exhausted |= limit_bit(limit);
  });
  return vote;
}

LimitVerdict LimitBook::judge(const Vote& vote) const {
  LimitSet enforced = 0;
  LimitSet always = 0;
  for_each(vote.in_force, [&](std::uint8_t limit) {
    if (config_.limits[limit].on_exhausted != OnExhausted::alert) enforced |= limit_bit(limit);
    if (config_.limits[limit].is_always) always |= limit_bit(limit);
  });
  LimitSet blocking = vote.exhausted & enforced;
  LimitVerdict verdict{.held = vote.in_force, .exhausted = vote.exhausted};
  if (config_.combine == LimitCombine::any) {
    const LimitSet voters = enforced & ~always;
    const bool has_vote = (voters & ~vote.exhausted) != 0;
    verdict.held &= ~(voters & vote.exhausted);
    if (has_vote) blocking &= ~voters;
  }
  if (blocking == 0) return verdict;
  verdict.is_admitted = false;
  verdict.held = 0;
  // One limit that refuses is stronger than those that know another way.
  for_each(blocking, [&](std::uint8_t limit) {
    const OnExhausted then = config_.limits[limit].on_exhausted;
    if (verdict.refused_by && (verdict.then == OnExhausted::refuse || then != OnExhausted::refuse)) return;
    verdict.refused_by = limit;
    verdict.then = then;
  });
  return verdict;
}

void LimitBook::name_refusal(LimitVerdict& verdict, const LimitUse& use, Instant now) {
  const std::uint8_t limit = *verdict.refused_by;
  const LimitRule& rule = rules_[limit];
  const LimitAccount& account = entries_[asked_[limit]].account;
  const LimitAmounts more = rule.amounts_of(use.requests, use.input, use.output, use.picos);
  // The refusal is one of money where nothing else stands in its way.
  const bool lacks_slot = use.requests > 0 && rule.slots() && account.slots() >= *rule.slots();
  verdict.is_of_money = !lacks_slot && account.lacks(rule, kLimitMoney, more) &&
                        !account.lacks(rule, kLimitRequests, more) && !account.lacks(rule, kLimitTokens, more);
  verdict.retry_after = account.wait_for(rule, more, now);
}

void LimitBook::count(const LimitVerdict& verdict) {
  for_each(verdict.held, [&](std::uint8_t limit) {
    ++counts_[limit].admitted;
    if ((verdict.exhausted & limit_bit(limit)) != 0) ++counts_[limit].alerted;
  });
  if (verdict.rerouted_by) ++counts_[*verdict.rerouted_by].rerouted;
  if (verdict.is_admitted) return;
  LimitCounts& counts = counts_[*verdict.refused_by];
  ++(verdict.then == OnExhausted::next_target ? counts.passed_over : counts.refused);
}

// A call may need more than was reserved at admission, because earlier calls have used what was.
std::optional<LimitVerdict> LimitBook::no_room_to_grow(const LimitTicket& ticket, const LimitUse& more, Instant now) {
  Vote vote;
  for (std::uint8_t i = 0; i < ticket.own; ++i) {
    const Entry& entry = entries_[ticket[i].account];
    const LimitRule& rule = rules_[entry.limit];
    vote.in_force |= limit_bit(entry.limit);
    asked_[entry.limit] = ticket[i].account;
    const LimitAccount& account = advanced(ticket[i].account, now);
    const LimitAmounts amounts = rule.amounts_of(0, more.input, more.output, more.picos);
    // What belongs to a window that is over takes no room of this one.
    if (account.counts_for(rule, ticket[i].stamp) && !account.has_room(rule, amounts, false)) {
      vote.exhausted |= limit_bit(entry.limit);
    }
  }
  LimitVerdict verdict = judge(vote);
  if (verdict.is_admitted) return std::nullopt;
  verdict.then = OnExhausted::refuse;
  name_refusal(verdict, more, now);
  return verdict;
}

// --- Accounts ------------------------------------------------------------------------------------------------------

void LimitBook::hold(LimitTicket& ticket, LimitSet held, const LimitUse& use, Instant now) {
  for_each(held, [&](std::uint8_t limit) {
    const std::uint32_t place = asked_[limit];
    LimitHold& hold = ticket[ticket.holds++];
    hold = {.account = place, .stamp = entries_[place].account.stamp(rules_[limit], now), .at = now};
    charge(hold, use, 1, now);
  });
}

void LimitBook::charge(const LimitHold& hold, const LimitUse& more, std::int8_t slots, Instant now) {
  Entry& entry = entries_[hold.account];
  const LimitRule& rule = rules_[entry.limit];
  const LimitAmounts amounts = rule.amounts_of(more.requests, more.input, more.output, more.picos);
  LimitAccount& account = advanced(hold.account, now);
  account.charge(rule, ring_of(hold.account), hold.stamp, amounts);
  account.add_slots(slots);
  if (outbox_ == nullptr) return;
  outbox_->push_back({.at = hold.at, .scope = entry.scope, .limit = entry.limit, .slots = slots, .amounts = amounts});
}

void LimitBook::exchange_accounts(LimitBook& other) {
  check(config_ == other.config_, "accounts are of equal limits");
  std::swap(*this, other);
  std::swap(matches_, other.matches_);
}

void LimitBook::absorb_counts(const LimitBook& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    counts_[i].admitted += other.counts_[i].admitted;
    counts_[i].refused += other.counts_[i].refused;
    counts_[i].alerted += other.counts_[i].alerted;
    counts_[i].passed_over += other.counts_[i].passed_over;
    counts_[i].rerouted += other.counts_[i].rerouted;
  }
}

void LimitBook::apply(const LimitCharge& change, Instant now) {
  const std::uint32_t place = account_of(change.limit, change.scope);
  const LimitRule& rule = rules_[change.limit];
  LimitAccount& account = advanced(place, now);
  account.add_slots(change.slots);
  const auto stamp = account.stamp_at(rule, change.at, now);
  if (stamp) account.charge(rule, ring_of(place), *stamp, change.amounts);
}

LimitAccount& LimitBook::advanced(std::uint32_t place, Instant now) {
  Entry& entry = entries_[place];
  entry.account.advance(rules_[entry.limit], ring_of(place), now);
  return entry.account;
}

std::uint32_t* LimitBook::place_in_table(std::uint8_t limit, std::uint64_t scope) {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = scope & mask;
  while (table_[at] != 0) {
    const Entry& entry = entries_[table_[at] - 1];
    if (entry.scope == scope && entry.limit == limit) break;
    at = (at + 1) & mask;
  }
  return &table_[at];
}

std::uint32_t LimitBook::account_of(std::uint8_t limit, std::uint64_t scope) {
  std::uint32_t* place = place_in_table(limit, scope);
  if (*place != 0) return *place - 1;
  if (2 * (entries_.size() + 1) > table_.size()) {
    grow();
    place = place_in_table(limit, scope);
  }
  entries_.push_back({.limit = limit, .scope = scope, .account = {}});
  *place = static_cast<std::uint32_t>(entries_.size());
  ring_places_.push_back(UINT32_MAX);
  if (rules_[limit].is_sliding()) {
    ring_places_.back() = static_cast<std::uint32_t>(rings_.size());
    rings_.emplace_back();
  }
  return *place - 1;
}

void LimitBook::grow() {
  table_.assign(2 * table_.size(), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    *place_in_table(entries_[i].limit, entries_[i].scope) = static_cast<std::uint32_t>(i + 1);
  }
}

LimitAmounts LimitBook::used(const Entry& entry, Instant now) const {
  const LimitRule& rule = rules_[entry.limit];
  LimitAccount account = entry.account;
  LimitAccount::Ring ring{};
  if (rule.is_sliding()) ring = rings_[ring_places_[static_cast<std::size_t>(&entry - entries_.data())]];
  account.advance(rule, &ring, now);
  return {account.used(rule, kLimitRequests), account.used(rule, kLimitTokens), account.used(rule, kLimitMoney)};
}

}  // namespace windtunnel::monitor
