// This file is long because every step of a request stands beside what it changes in the accounts.

#include "sim/models/limit_model.h"

#include <algorithm>

#include "base/calendar.h"
#include "monitor/limits/caller.h"

namespace windtunnel::sim {
namespace {

using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::LimitWindow;
using monitor::OnExhausted;

constexpr std::size_t kSlot = 3;  // behind the three amounts
constexpr std::int64_t kDay = 86'400'000'000'000;

std::int64_t nanoseconds(Instant at) { return at.time_since_epoch().count(); }

bool has(const std::vector<std::size_t>& list, std::size_t wanted) {
  return std::ranges::find(list, wanted) != list.end();
}

// A sixtieth of the period, rounded up.
std::int64_t step_of(const LimitConfig& limit) { return (limit.period->count() + 59) / 60; }

}  // namespace

LimitModel::LimitModel(const monitor::LimitsConfig& config, Words words, WallTime start)
    : config_(config), words_(std::move(words)), start_(start), tags_(limit_tags(config)) {
  accounts_.resize(config.limits.size());
}

// --- Whose account -------------------------------------------------------------------------------------------------

std::optional<std::uint64_t> LimitModel::value(const monitor::LimitWord& word, const monitor::Request& request,
                                               std::optional<monitor::ProviderId> target) const {
  const auto given = [](std::uint64_t hash) { return hash == 0 ? std::nullopt : std::optional{hash}; };
  switch (word.scope) {
    case LimitScope::key:
      return given(request.caller.key);
    case LimitScope::team:
      return given(request.caller.team);
    case LimitScope::user:
      return given(request.caller.user);
    case LimitScope::tag: {
      const auto place = std::ranges::find(tags_, word.tag) - tags_.begin();
      return given(request.caller.tags[static_cast<std::size_t>(place)]);
    }
    case LimitScope::route:
      if (words_.routes.empty()) return std::nullopt;
      return monitor::caller_word(words_.routes[index_of(request.route)]);
    case LimitScope::deployment:
      if (!target) return std::nullopt;
      return monitor::caller_word(words_.deployments[index_of(*target)]);
    case LimitScope::provider:
      if (!target) return std::nullopt;
      return monitor::caller_word(words_.accounts[index_of(*target)]);
  }
  return std::nullopt;
}

std::optional<LimitModel::Key> LimitModel::key_of(std::size_t limit, const monitor::Request& request,
                                                  std::optional<monitor::ProviderId> target) const {
  const LimitConfig& config = config_.limits[limit];
  if (config.is_of_targets() != target.has_value()) return std::nullopt;
  for (const monitor::LimitCondition& condition : config.when) {
    if (value(condition.word, request, target) != monitor::caller_word(condition.value)) return std::nullopt;
  }
  Key key;
  for (const monitor::LimitWord& word : config.per) {
    const auto part = value(word, request, target);
    if (!part) return std::nullopt;
    if (!config.is_total) key.push_back(*part);
  }
  return key;
}

std::vector<LimitModel::Scope> LimitModel::in_force(const monitor::Request& request,
                                                    std::optional<monitor::ProviderId> target,
                                                    const std::vector<std::size_t>& besides) const {
  std::vector<Scope> scopes;
  for (std::size_t i = 0; i < config_.limits.size(); ++i) {
    const auto key = has(besides, i) ? std::nullopt : key_of(i, request, target);
    if (key) scopes.emplace_back(i, *key);
  }
  if (config_.combine != monitor::LimitCombine::first_priority) return scopes;
  std::optional<std::int32_t> first;
  for (const auto& [limit, key] : scopes) {
    const LimitConfig& config = config_.limits[limit];
    if (!config.is_always && (!first || config.priority > *first)) first = config.priority;
  }
  std::erase_if(scopes, [&](const Scope& scope) {
    const LimitConfig& config = config_.limits[scope.first];
    return !config.is_always && config.priority != *first;
  });
  return scopes;
}

// --- One account ---------------------------------------------------------------------------------------------------

std::optional<Int128> LimitModel::limit_of(std::size_t limit, std::size_t kind) const {
  const LimitConfig& config = config_.limits[limit];
  if (kind == 0 && config.requests) return *config.requests;
  if (kind == 1 && config.tokens) return Int128{config.tokens->count()} * kMillion;
  if (kind == 2 && config.usd) return config.usd->picos();
  return std::nullopt;
}

LimitUsed LimitModel::weighed(std::size_t limit, const Use& use) const {
  const LimitConfig& config = config_.limits[limit];
  return {use.requests, use.input * config.input_weight.value + use.output * config.output_weight.value, use.picos};
}

// The begin of the window, or the number of the step, that `now` lies in.
std::int64_t LimitModel::stamp_at(std::size_t limit, Account& account, Instant now, bool begins) const {
  const LimitConfig& config = config_.limits[limit];
  if (config.is_bucket()) return 0;
  if (config.is_sliding()) return nanoseconds(now) / step_of(config);
  if (config.window == LimitWindow::from_first_use) {
    const bool is_over = !account.first_use || now >= *account.first_use + *config.period;
    if (is_over && !begins) return -1;
    if (is_over) account.first_use = now;
    return nanoseconds(*account.first_use);
  }
  const WallTime wall = start_ + now.time_since_epoch();
  if (!config.period) return month_of(wall).begin.time_since_epoch().count();
  // Weeks begin on Mondays, and the epoch was a Thursday.
  const std::int64_t shift = config.period->count() % (7 * kDay) == 0 ? 3 * kDay : 0;
  const std::int64_t since = wall.time_since_epoch().count() + shift;
  return since / config.period->count() * config.period->count();
}

bool LimitModel::counts(std::size_t limit, Account& account, std::int64_t stamp, Instant now) const {
  if (config_.limits[limit].is_bucket()) return true;
  const std::int64_t here = stamp_at(limit, account, now, false);
  return config_.limits[limit].is_sliding() ? here - stamp <= 60 : here == stamp;
}

// A bucket fills; what is too old is forgotten.
void LimitModel::settle_time(std::size_t limit, Account& account, Instant now) const {
  const LimitConfig& config = config_.limits[limit];
  if (!config.is_bucket()) {
    std::erase_if(account.used, [&](const auto& entry) { return !counts(limit, account, entry.first, now); });
    return;
  }
  LimitUsed& missing = account.used[0];
  for (std::size_t kind = 0; kind < missing.size(); ++kind) {
    const auto pace = limit_of(limit, kind);
    if (!pace) continue;
    missing[kind] = std::max(Int128{0}, missing[kind] - *pace * (now - account.filled).count());
  }
  account.filled = now;
}

LimitUsed LimitModel::present(std::size_t limit, Account& account, Instant now) const {
  settle_time(limit, account, now);
  LimitUsed sum{};
  for (const auto& [stamp, amounts] : account.used) {
    for (std::size_t kind = 0; kind < sum.size(); ++kind) sum[kind] += amounts[kind];
  }
  return sum;
}

std::vector<std::size_t> LimitModel::lacking(std::size_t limit, Account& account, const Use& more, bool takes_slot,
                                             Instant now) const {
  std::vector<std::size_t> kinds;
  const LimitConfig& config = config_.limits[limit];
  const LimitUsed used = present(limit, account, now);
  const LimitUsed added = weighed(limit, more);
  const Int128 scale = config.is_bucket() ? Int128{config.period->count()} : Int128{1};
  for (std::size_t kind = 0; kind < used.size(); ++kind) {
    const auto most = limit_of(limit, kind);
    if (!most) continue;
    const bool fits = added[kind] <= 0 || used[kind] + added[kind] * scale <= *most * scale;
    if (*most == 0 || !fits) kinds.push_back(kind);
  }
  if (takes_slot && config.parallel_requests && account.slots + 1 > *config.parallel_requests) kinds.push_back(kSlot);
  return kinds;
}

// --- What the list says --------------------------------------------------------------------------------------------

LimitModel::Said LimitModel::judge(const std::vector<Scope>& scopes, const Use& use, bool takes_slot, Instant now,
                                   const std::vector<std::size_t>& roomy) {
  Said said;
  std::vector<std::size_t> refusing;
  bool has_voter = false;
  bool is_voted_in = false;
  for (const auto& [limit, key] : scopes) {
    const LimitConfig& config = config_.limits[limit];
    const bool lacks = !has(roomy, limit) && !lacking(limit, accounts_[limit][key], use, takes_slot, now).empty();
    if (lacks) said.exhausted.push_back(limit);
    const bool only_alerts = config.on_exhausted == OnExhausted::alert;
    const bool votes = config_.combine == monitor::LimitCombine::any && !only_alerts && !config.is_always;
    has_voter = has_voter || votes;
    is_voted_in = is_voted_in || (votes && !lacks);
    if (lacks && !only_alerts) refusing.push_back(limit);
    if (!(votes && lacks)) said.held.push_back(limit);
  }
  if (has_voter && is_voted_in) {
    std::erase_if(refusing, [&](std::size_t limit) { return !config_.limits[limit].is_always; });
  }
  if (refusing.empty()) return said;
  said.is_admitted = false;
  said.held.clear();
  const auto refuses = [&](std::size_t limit) { return config_.limits[limit].on_exhausted == OnExhausted::refuse; };
  const auto strongest = std::ranges::find_if(refusing, refuses);
  said.refused_by = strongest == refusing.end() ? refusing.front() : *strongest;
  said.is_passed_over = config_.limits[*said.refused_by].on_exhausted == OnExhausted::next_target;
  for (const auto& [limit, key] : scopes) {
    if (limit != *said.refused_by) continue;
    said.lacks_money_alone = lacking(limit, accounts_[limit][key], use, takes_slot, now) == std::vector<std::size_t>{2};
  }
  return said;
}

LimitModel::Said LimitModel::admit(const monitor::Request& request, Tokens output, Usd worst, Instant now) {
  const Use use{.requests = 1, .input = request.input.count(), .output = output.count(), .picos = worst.picos()};
  monitor::Request asked = request;
  std::vector<Scope> scopes = in_force(asked, std::nullopt, {});
  Said said = judge(scopes, use, true, now);
  if (!said.is_admitted && config_.limits[*said.refused_by].on_exhausted == OnExhausted::route) {
    const std::vector<std::size_t> before = said.exhausted;
    std::vector<std::size_t> besides;
    for (const std::size_t limit : before) {
      if (config_.limits[limit].on_exhausted == OnExhausted::route) besides.push_back(limit);
    }
    asked.route = *config_.limits[*said.refused_by].route;
    scopes = in_force(asked, std::nullopt, besides);
    said = judge(scopes, use, true, now);
    for (const std::size_t limit : before) {
      if (!has(said.exhausted, limit)) said.exhausted.push_back(limit);
    }
  }
  said.route = asked.route;
  said.is_passed_over = false;
  Open& open = open_[request.id];
  if (!said.is_admitted) return said;
  take(open.own, scopes, said, use, now);
  open.reserved = use;
  return said;
}

LimitModel::Said LimitModel::ask(const monitor::Request& request, monitor::ProviderId target, Tokens output, Usd worst,
                                 Instant now) {
  const Use use{.requests = 1, .input = request.input.count(), .output = output.count(), .picos = worst.picos()};
  Said said = judge(in_force(request, target, {}), use, true, now);
  said.route = request.route;
  return said;
}

LimitModel::Said LimitModel::call(const monitor::Request& request, monitor::ProviderId target, Tokens output, Usd worst,
                                  Instant now) {
  Open& open = open_[request.id];
  const Use use{.requests = 1, .input = request.input.count(), .output = output.count(), .picos = worst.picos()};
  const Use more{.input = use.input - open.reserved.input,
                 .output = use.output - open.reserved.output,
                 .picos = use.picos - open.reserved.picos};
  if (more.input > 0 || more.output > 0 || more.picos > 0) {
    std::vector<Scope> grown;
    std::vector<std::size_t> roomy;  // whose window is over: what the call uses takes no room of the next one
    for (const Hold& hold : open.own) {
      grown.emplace_back(hold.limit, hold.key);
      if (!counts(hold.limit, accounts_[hold.limit][hold.key], hold.stamp, now)) roomy.push_back(hold.limit);
    }
    Said said = judge(grown, more, false, now, roomy);
    said.route = request.route;
    said.is_passed_over = false;
    if (!said.is_admitted) return said;
  }
  for (const Hold& hold : open.own) add(hold, more, 0, now);
  open.reserved = use;
  const std::vector<Scope> scopes = in_force(request, target, {});
  Said said = judge(scopes, use, true, now);
  said.route = request.route;
  if (said.is_admitted) take(open.of_call, scopes, said, use, now);
  return said;
}

void LimitModel::end_call(RequestId request, const std::optional<monitor::Usage>& usage, Usd settled, Instant now) {
  Open& open = open_[request];
  Use more{.picos = settled.picos() - open.reserved.picos};
  if (usage) {
    more.input = usage->input.count() - open.reserved.input;
    more.output = usage->output.count() - open.reserved.output;
  }
  for (const Hold& hold : open.own) add(hold, more, 0, now);
  for (const Hold& hold : open.of_call) add(hold, more, -1, now);
  open.of_call.clear();
  open.reserved = {};
}

void LimitModel::end_call_unbilled(RequestId request, std::uint8_t ordinal, Usd settled, Instant now) {
  unbilled_[{request, ordinal}] = open_[request];
  end_call(request, std::nullopt, settled, now);
}

void LimitModel::learn(RequestId request, std::uint8_t ordinal, const monitor::Usage& usage, Usd more, Instant now) {
  const auto found = unbilled_.find({request, ordinal});
  if (found == unbilled_.end()) return;
  const Open& call = found->second;
  const Use change{.input = usage.input.count() - call.reserved.input,
                   .output = usage.output.count() - call.reserved.output,
                   .picos = more.picos()};
  for (const Hold& hold : call.own) add(hold, change, 0, now);
  for (const Hold& hold : call.of_call) add(hold, change, 0, now);
  unbilled_.erase(found);
}

void LimitModel::finish(RequestId request, bool is_undone, Instant now) {
  const auto found = open_.find(request);
  if (found == open_.end()) return;
  const Open& open = found->second;
  const Use back{.requests = is_undone ? -1 : 0,
                 .input = -open.reserved.input,
                 .output = -open.reserved.output,
                 .picos = -open.reserved.picos};
  for (const Hold& hold : open.own) add(hold, back, -1, now);
  open_.erase(found);
}

void LimitModel::take(std::vector<Hold>& holds, const std::vector<Scope>& scopes, const Said& said, const Use& use,
                      Instant now) {
  for (const auto& [limit, key] : scopes) {
    if (!has(said.held, limit)) continue;
    Account& account = accounts_[limit][key];
    settle_time(limit, account, now);
    holds.push_back({.limit = limit, .key = key, .stamp = stamp_at(limit, account, now, true), .admitted = now});
    add(holds.back(), use, 1, now);
  }
}

void LimitModel::add(const Hold& hold, const Use& more, int slots, Instant now) {
  Account& account = accounts_[hold.limit][hold.key];
  account.slots += slots;
  put(hold.limit, account, hold.stamp, more, now);
  if (!tells_) return;
  changes_.push_back({.limit = hold.limit,
                      .key = hold.key,
                      .admitted = hold.admitted,
                      .slots = slots,
                      .use = {more.requests, more.input, more.output, more.picos}});
}

void LimitModel::put(std::size_t limit, Account& account, std::int64_t stamp, const Use& more, Instant now) const {
  settle_time(limit, account, now);
  if (!counts(limit, account, stamp, now)) return;
  const LimitConfig& config = config_.limits[limit];
  const LimitUsed added = weighed(limit, more);
  LimitUsed& used = account.used[stamp];
  for (std::size_t kind = 0; kind < used.size(); ++kind) {
    used[kind] += config.is_bucket() ? added[kind] * config.period->count() : added[kind];
    if (config.is_bucket()) used[kind] = std::max(used[kind], Int128{0});
  }
}

// It belongs to the window of its request's admission, by this replica's windows.
void LimitModel::hear(const Change& change, Instant now) {
  Account& account = accounts_[change.limit][change.key];
  settle_time(change.limit, account, now);
  account.slots += change.slots;
  const LimitConfig& config = config_.limits[change.limit];
  const Use use{.requests = change.use[0], .input = change.use[1], .output = change.use[2], .picos = change.use[3]};
  std::int64_t stamp = 0;
  if (!config.is_bucket() && !config.is_sliding() && config.window == LimitWindow::from_first_use) {
    const std::int64_t here = stamp_at(change.limit, account, now, false);
    if (here < 0 && change.admitted + *config.period <= now) return;
    if (here < 0) account.first_use = change.admitted;
    if (here > nanoseconds(change.admitted)) return;
    stamp = nanoseconds(*account.first_use);
  } else {
    stamp = stamp_at(change.limit, account, change.admitted, false);
  }
  put(change.limit, account, stamp, use, now);
}

LimitUsed LimitModel::used(std::size_t limit, Instant now) {
  LimitUsed sum{};
  const LimitConfig& config = config_.limits[limit];
  for (auto& [key, account] : accounts_[limit]) {
    const LimitUsed amounts = present(limit, account, now);
    for (std::size_t kind = 0; kind < sum.size(); ++kind) {
      if (!limit_of(limit, kind)) continue;
      const Int128 scale = config.is_bucket() ? Int128{config.period->count()} : Int128{1};
      sum[kind] += (amounts[kind] + scale - 1) / scale;
    }
  }
  return sum;
}

std::int64_t LimitModel::slots(std::size_t limit) const {
  std::int64_t sum = 0;
  for (const auto& [key, account] : accounts_[limit]) sum += account.slots;
  return sum;
}

std::size_t LimitModel::holds(std::size_t limit) const {
  std::size_t count = 0;
  for (const auto& [id, open] : open_) {
    for (const auto* list : {&open.own, &open.of_call}) {
      for (const Hold& hold : *list) count += hold.limit == limit ? 1 : 0;
    }
  }
  return count;
}

}  // namespace windtunnel::sim
