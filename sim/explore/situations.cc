#include "sim/explore/situations.h"

#include <algorithm>

#include "base/stable_hash.h"

namespace windtunnel::sim {
namespace {

using monitor::BreakerState;

constexpr std::size_t kNumbers = std::size_t{1} << 16U;

// Words of one transition, each below 256.
template <class... Word>
constexpr std::uint64_t words(Word... word) {
  std::uint64_t all = 0;
  ((all = all << 8U | static_cast<std::uint8_t>(word)), ...);
  return all;
}

std::uint32_t few(std::size_t count) { return static_cast<std::uint32_t>(std::min<std::size_t>(count, 2)); }

}  // namespace

Situations::Situations(const Scenario& scenario)
    : providers_(scenario.providers.size()), start_(scenario.start), counts_(kNumbers) {
  const monitor::MonitorConfig& config = scenario.monitor;
  fresh_for_ = config.cache.ttl;
  settings_ = words(config.cache.enabled, config.cache.scope, config.token_limiter.mode,
                    config.cost_limiter.on_exhausted, config.cost_limiter.unknown_usage);
}

void Situations::count(std::uint64_t pair) {
  std::uint8_t& count = counts_[stable_hash(pair) % kNumbers];
  if (count < 255) ++count;
}

void Situations::add_distance(std::uint64_t edge, Duration distance) {
  std::uint64_t digits = 0;
  for (std::int64_t left = distance.count() < 0 ? -distance.count() : distance.count(); left > 0; left /= 10) ++digits;
  count(mix(edge) + (digits << 1U | (distance.count() < 0 ? 1U : 0U)) + 3);
}

void Situations::add(Instant at, std::uint64_t transition, std::optional<monitor::ProviderId> provider) {
  std::uint64_t situation = words(money_, at == last_at_);
  if (provider) {
    const OfProvider& own = providers_[index_of(*provider)];
    const auto open = std::ranges::count_if(
        providers_, [&](const OfProvider& other) { return &other != &own && other.state == BreakerState::open; });
    situation = situation << 32U | words(own.state, few(static_cast<std::size_t>(open)),
                                         few(own.in_flight) * 3 + few(own.overdue), few(own.probes));
  }
  count(mix(transition) + situation);
  count(mix(transition) + mix(settings_) + 1);
  if (at == last_at_) count(mix(mix(transition) + last_) + 2);
  last_at_ = at;
  last_ = transition;
}

void Situations::on(const monitor::PermitAsked& event) {
  providers_[index_of(event.provider)].epoch = event.epoch;
  add(event.at, words(1, event.admitted, event.state), event.provider);
}

void Situations::on(const monitor::CoolingSkipped& event) {
  add(event.at, words(2), event.provider);
  add_distance(words(20), event.at - providers_[index_of(event.provider)].cools_until);
}

void Situations::on(const monitor::RouteEntered& event) {
  add(event.at, words(3, event.after ? 1 + static_cast<int>(*event.after) : 0), std::nullopt);
}

void Situations::on(const monitor::AttemptStarted& event) {
  OfProvider& provider = providers_[index_of(event.provider)];
  add(event.at, words(4, std::min<int>(event.ordinal, 3), event.is_bypass), event.provider);
  if (provider.cools_until > Instant{}) add_distance(words(21), event.at - provider.cools_until);
  ++provider.in_flight;
  if (provider.state == BreakerState::half_open) ++provider.probes;
}

void Situations::on(const monitor::AttemptEnded& event) {
  OfProvider& provider = providers_[index_of(event.provider)];
  add(event.at,
      words(5, event.reply.kind, event.counted, event.late, event.state_before, event.settled == event.reserved),
      event.provider);
  if (provider.in_flight > 0) --provider.in_flight;
  if (event.late && provider.overdue > 0) --provider.overdue;
}

void Situations::on(const monitor::BreakerMoved& event) {
  OfProvider& provider = providers_[index_of(event.provider)];
  const monitor::BreakerTransition& arrow = event.transition;
  add(arrow.at, words(6, arrow.from, arrow.to, arrow.rule), event.provider);
  provider.state = arrow.to;
  provider.overdue = provider.in_flight;
  provider.probes = 0;
}

void Situations::on(const monitor::RetryAfterSet& event) {
  Instant& until = providers_[index_of(event.provider)].cools_until;
  add(event.at, words(7, until > event.at, event.until > until), event.provider);
  until = event.until;
}

void Situations::on(const monitor::BudgetChanged& event) {
  const monitor::BudgetEvent& budget = event.budget;
  if (budget.kind == monitor::BudgetEvent::Kind::alert) {
    money_ = std::max(money_, static_cast<std::uint32_t>(budget.share.value / 50'000));
  } else if (budget.kind == monitor::BudgetEvent::Kind::window_opened) {
    money_ = 0;
  }
  add(event.at, words(8, budget.kind, budget.daily, budget.share.value / 50'000, budget.by_refusal), std::nullopt);
}

void Situations::on(const monitor::CacheStored& event) { add(event.at, words(9), event.provider); }
void Situations::on(const monitor::CacheServed& event) {
  add(event.at, words(10, event.stale), event.provider);
  add_distance(words(22, event.stale), fresh_for_ - event.age);
}
void Situations::on(const monitor::CacheEdgeMet& event) { add(event.at, words(11), std::nullopt); }

void Situations::on(const monitor::Record& event) {
  const bool elsewhere = event.assigned && event.answered_by && *event.assigned != *event.answered_by;
  const monitor::Attempt* last = event.last_attempt();
  // What follows a refusal in the same minute says how its limiter counts.
  const std::int64_t minute = (start_ + event.arrived.time_since_epoch()).time_since_epoch() / std::chrono::minutes{1};
  count(words(23, event.outcome, last_outcome_, minute == last_minute_));
  last_outcome_ = static_cast<std::uint64_t>(event.outcome);
  last_minute_ = minute;
  add(event.finished,
      words(12, event.outcome, std::min<int>(event.attempt_count, 3), std::min<int>(event.failovers, 2), elsewhere,
            event.breaker),
      last == nullptr ? std::nullopt : std::optional{last->provider});
}

std::vector<std::uint32_t> Situations::features() const {
  std::vector<std::uint32_t> all;
  for (std::uint32_t number = 0; number < kNumbers; ++number) {
    const std::uint8_t count = counts_[number];
    if (count == 0) continue;
    all.push_back(number * 3);
    if (count > 1) all.push_back(number * 3 + 1);
    if (count > 7) all.push_back(number * 3 + 2);
  }
  return all;
}

}  // namespace windtunnel::sim
