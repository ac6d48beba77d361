#include "sim/checks/limits/limit_checks.h"

#include <algorithm>

namespace windtunnel::sim {

using monitor::LimitsAsked;
using monitor::LimitStage;
using monitor::Outcome;

namespace {

// Accounts of more callers than these are compared at some events only.
constexpr std::size_t kEntriesCompared = 64;
constexpr std::uint64_t kEventsBetween = 64;

LimitModel::Words words_of(const Scenario& scenario) {
  LimitModel::Words words;
  for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) words.routes.push_back(route.name);
  for (const ProviderSpec& provider : scenario.providers) {
    words.deployments.push_back(provider.name);
    words.accounts.push_back(provider.account.empty() ? provider.name : provider.account);
  }
  return words;
}

std::uint32_t bits_of(const std::vector<std::size_t>& limits) {
  std::uint32_t bits = 0;
  for (const std::size_t limit : limits) bits |= std::uint32_t{1} << limit;
  return bits;
}

const char* words_of(LimitStage stage) {
  switch (stage) {
    case LimitStage::admission:
      return "at its admission";
    case LimitStage::target:
      return "before a call";
    case LimitStage::call:
      return "for a call";
  }
  return "";
}

int number_or_none(const auto& limit) { return limit ? static_cast<int>(*limit) : -1; }

}  // namespace

LimitChecks::LimitChecks(const Scenario& scenario, Violations& violations)
    : scenario_(scenario),
      violations_(violations),
      on_(!scenario.monitor.limits.limits.empty() && (violations.on(CheckId::L6) || violations.on(CheckId::L7))),
      has_late_usage_(has_late_usage(scenario)),
      store_(scenario.monitor.limits, words_of(scenario), scenario.start) {
  if (on_ && scenario.replicas.limits > Duration{0}) lag_ = scenario.replicas.limits;
  on_turn(0, Instant{});
}

void LimitChecks::on_turn(std::uint32_t group, Instant now) {
  if (!models_.empty()) hear_until(now);
  worked_at_ = now;
  group_ = group;
  while (models_.size() <= group_) {
    models_.push_back(store_);
    if (lag_) models_.back().tells();
  }
  touched_ = on_;
}

// At the very instant at which it is old enough.
void LimitChecks::hear_until(Instant now) {
  if (!lag_) return;
  for (LimitModel::Change& change : model().take_changes()) deeds_.push_back({worked_at_, group_, std::move(change)});
  for (; !deeds_.empty() && deeds_.front().at + *lag_ <= now; deeds_.pop_front()) {
    const Deed& deed = deeds_.front();
    for (std::size_t group = 0; group < models_.size(); ++group) {
      if (group != deed.group) models_[group].hear(deed.change, deed.at + *lag_);
    }
    store_.hear(deed.change, deed.at + *lag_);
  }
}

void LimitChecks::on_asked(const LimitsAsked& event) {
  const auto found = requests_.find(event.request);
  if (found == requests_.end()) return;
  monitor::Request& request = found->second;
  LimitModel::Said said;
  switch (event.stage) {
    case LimitStage::admission:
      said = model().admit(request, event.output_max, event.worst, event.at);
      request.route = said.route;
      break;
    case LimitStage::target:
      said = model().ask(request, *event.target, event.output_max, event.worst, event.at);
      break;
    case LimitStage::call:
      said = model().call(request, *event.target, event.output_max, event.worst, event.at);
      break;
  }
  compare_words(event, said);
  if (!said.is_admitted) refusals_[event.request] = {*said.refused_by, said.lacks_money_alone};
  touched_ = true;
}

void LimitChecks::compare_words(const LimitsAsked& event, const LimitModel::Said& said) {
  const bool same_answer = event.is_admitted == said.is_admitted && event.is_passed_over == said.is_passed_over &&
                           number_or_none(event.refused_by) == number_or_none(said.refused_by);
  if (!same_answer)
    violations_.report(CheckId::L6, event.at, event.request,
                       "{} limits say admitted {}, refused by limit {}, passed over {}; by the rules it is {}, {}, {}",
                       words_of(event.stage), event.is_admitted, number_or_none(event.refused_by), event.is_passed_over,
                       said.is_admitted, number_or_none(said.refused_by), said.is_passed_over);
  // Before a call nothing is counted yet.
  const bool counts = event.stage != LimitStage::target && event.is_admitted;
  const bool is_growth = event.stage == LimitStage::call && event.held == 0;
  if ((counts && event.held != bits_of(said.held)) || (!is_growth && event.exhausted != bits_of(said.exhausted)) ||
      event.route != said.route)
    violations_.report(
        CheckId::L6, event.at, event.request,
        "{} limits {:#b} count it, {:#b} have no room and it asks for route {}; by the rules {:#b}, {:#b}, {}",
        words_of(event.stage), event.held, event.exhausted, index_of(event.route), bits_of(said.held),
        bits_of(said.exhausted), index_of(said.route));
}

void LimitChecks::end_call(const monitor::AttemptEnded& event) {
  if (has_late_usage_ && !event.reply.usage) {
    model().end_call_unbilled(event.request, event.ordinal, event.settled, event.at);
  } else {
    model().end_call(event.request, event.reply.usage, event.settled, event.at);
  }
  touched_ = true;
}

void LimitChecks::learn(const monitor::UsageLearned& event) {
  model().learn(event.request, event.ordinal, event.usage, event.billed - event.settled, event.at);
  touched_ = true;
}

void LimitChecks::finish(const monitor::Record& record, Instant now) {
  const RequestId id = record.request.id;
  const auto refusal = refusals_.find(id);
  const bool knows = refusal != refusals_.end();
  if (record.limit && (!knows || refusal->second.limit != *record.limit))
    violations_.report(CheckId::L6, now, id,
                       "its record names limit {} as the one that refused it; by the rules it was {}",
                       number_or_none(record.limit), knows ? static_cast<int>(refusal->second.limit) : -1);
  if (record.limit && knows) {
    const Outcome due = refusal->second.lacks_money_alone ? Outcome::refused_budget : Outcome::refused_rate;
    if (record.outcome != due)
      violations_.report(CheckId::L6, now, id, "limit {} refused it and it ends as {}", static_cast<int>(*record.limit),
                         record.outcome);
  }
  model().finish(id, is_refused(record.outcome) && record.attempt_count == 0, now);
  if (knows) refusals_.erase(refusal);
  requests_.erase(id);
  touched_ = true;
}

void LimitChecks::compare(const monitor::Pipeline* pipeline, Instant now) {
  touched_ = false;
  if (pipeline == nullptr || violations_.wants_stop()) return;
  const monitor::LimitBook& book = pipeline->limits();
  if (book.entries().size() > kEntriesCompared && ++events_ % kEventsBetween != 0) return;
  for (std::size_t limit = 0; limit < scenario_.monitor.limits.limits.size(); ++limit) {
    compare_accounts(book, limit, now);
  }
}

void LimitChecks::compare_accounts(const monitor::LimitBook& book, std::size_t limit, Instant now) {
  LimitUsed real{};
  std::int64_t slots = 0;
  for (const monitor::LimitBook::Entry& entry : book.entries()) {
    if (entry.limit != limit) continue;
    slots += entry.account.slots();
    const auto used = book.used(entry, now);
    for (std::size_t kind = 0; kind < real.size(); ++kind) {
      if (book.rule(limit).limits(kind)) real[kind] += used[kind];
    }
  }
  const LimitUsed used = model().used(limit, now);
  const bool same = [&] {
    for (std::size_t kind = 0; kind < used.size(); ++kind) {
      if (book.rule(limit).limits(kind) && used[kind] != real[kind]) return false;
    }
    return true;
  }();
  if (!same)
    violations_.report(
        CheckId::L6, now, std::nullopt,
        "limit {} has used {} requests, {} millionths of a token and {} pico-USD; by the rules {}, {}, {}", limit,
        real[0], real[1], real[2], used[0], used[1], used[2]);
  const auto live = static_cast<std::int64_t>(model().holds(limit));
  if (slots != model().slots(limit) || (!lag_ && slots != live))
    violations_.report(CheckId::L7, now, std::nullopt,
                       "limit {} has {} slots in use, and {} of its requests or calls are under way", limit, slots,
                       live);
}

void LimitChecks::at_end(const monitor::Pipeline& pipeline, bool is_at_rest, Instant now) {
  if (!on_ || !is_at_rest) return;
  if (lag_) return at_end_of_lag(now);
  for (const monitor::LimitBook::Entry& entry : pipeline.limits().entries()) {
    if (entry.account.slots() != 0)
      violations_.report(CheckId::L7, now, std::nullopt, "at rest limit {} has {} slots in use",
                         static_cast<int>(entry.limit), entry.account.slots());
  }
}

// Each model holds what its replica's accounts hold. Once all have heard all, no slot is in use.
void LimitChecks::at_end_of_lag(Instant now) {
  hear_until(now + *lag_);
  for (std::size_t limit = 0; limit < scenario_.monitor.limits.limits.size(); ++limit) {
    for (const LimitModel& each : models_) {
      if (each.slots(limit) != 0)
        violations_.report(CheckId::L7, now, std::nullopt, "at rest, when all is heard, limit {} has {} slots in use",
                           limit, each.slots(limit));
    }
  }
}

}  // namespace windtunnel::sim
