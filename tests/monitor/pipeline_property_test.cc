// Any settings, many requests at once, any answers at any instants: what must hold after every step and at the end.
//
// A tape of numbers decides everything, so that a failing history shrinks to a short tape. When it has run out every
// call still out is answered by a timeout at its deadline and every wait is ended, in order of time.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_property_test {
namespace {

using namespace pipeline_rig;
using Tape = std::vector<std::uint32_t>;

template <typename T>
T one_of(std::vector<T> choices) {
  return *rc::gen::elementOf(std::move(choices));
}

// Times are multiples of 250 ms, so that ties are common.
MonitorConfig any_config() {
  MonitorConfig config;
  config.rate_limiter.requests_per_minute = one_of<std::optional<std::int64_t>>({{}, {}, {5}, {20}});
  config.token_limiter.mode = one_of<TokenMode>({TokenMode::off, TokenMode::per_request, TokenMode::average});
  config.token_limiter.limit = Tokens{one_of<std::int64_t>({120, 250, 300, 500})};
  config.cost_limiter.monthly = one_of<std::optional<Usd>>({{}, usd(0), usd(7), usd(20), usd(100)});
  config.cost_limiter.daily = one_of<std::optional<Usd>>({{}, {}, usd(15)});
  config.cost_limiter.on_exhausted = one_of<ExhaustedPolicy>({ExhaustedPolicy::refuse, ExhaustedPolicy::serve_cached});
  config.cost_limiter.unknown_usage = one_of<UnknownUsage>({UnknownUsage::reserve, UnknownUsage::zero});
  config.cache.enabled = one_of<int>({0, 1, 1}) == 1;
  config.cache.ttl = one_of<Duration>({500ms, 2s, 1h});
  config.cache.capacity = one_of<std::size_t>({1, 2, 100});
  config.cache.scope = one_of<CacheConfig::Scope>({CacheConfig::Scope::shared, CacheConfig::Scope::provider});
  config.cache.stale_if_error = one_of<Duration>({0s, 1s, 1h});
  config.circuit_breaker.consecutive_threshold = one_of<std::optional<std::int64_t>>({{}, {1}, {2}, {4}});
  config.circuit_breaker.open = one_of<Duration>({250ms, 1s, 30s});
  config.circuit_breaker.half_open_max_calls = one_of<std::int64_t>({1, 2});
  config.circuit_breaker.half_open_success_threshold = config.circuit_breaker.half_open_max_calls;
  config.provider_call.timeout = one_of<Duration>({500ms, 1s, 2s});
  config.provider_call.deadline = one_of<std::optional<Duration>>({{}, {}, 1s, 3s});
  config.provider_call.retry.max_attempts = one_of<std::int32_t>({1, 2, 4});
  config.provider_call.retry.base = one_of<Duration>({0s, 250ms, 500ms});
  config.provider_call.retry.jitter = one_of<Jitter>({Jitter::full, Jitter::none});
  config.provider_call.rate_limited_counts = one_of<int>({0, 1}) == 1;
  config.provider_call.rate_limited_retries = one_of<int>({0, 1}) == 1;
  if (one_of<int>({0, 1}) == 1) {
    config.ab_router = {.experiment_id = "e",
                        .variants = {{.id = "x", .provider = provider_at(0), .weight = 1},
                                     {.id = "y", .provider = provider_at(1), .weight = 1}}};
  }
  return config;
}

// RC_ASSERT takes its condition apart and would evaluate both sides of || and &&, hence the second parentheses below.

// What the histories came across. A property that never meets the case it is about proves nothing.
struct Coverage {
  std::array<std::int64_t, kOutcomes> outcomes{};
  std::int64_t late = 0;
  std::int64_t cooling_skips = 0;
  std::int64_t cut_grants = 0;
  std::int64_t retries = 0;
};

class History {
 public:
  History(const MonitorConfig& config, std::size_t provider_count, Tape tape)
      : rig_(config, provider_count), config_(config), provider_count_(provider_count), tape_(std::move(tape)) {
    rig_.pipeline.set_wall_clock(kNoon + 12h - 3s);  // midnight falls into the history
  }

  void run() {
    while (place_ < tape_.size()) {
      act();
      check_step();
    }
    while (const auto next = next_due()) {
      perform_due(*next, failed(ReplyKind::timeout));
      check_step();
    }
    check_end();
  }

  void add_to(Coverage& coverage) const {
    for (const Record& record : rig_.log.records()) {
      ++coverage.outcomes[static_cast<std::size_t>(record.outcome)];
      for (std::size_t i = 1; i < record.attempts().size(); ++i) {
        coverage.retries += record.attempts()[i].provider == record.attempts()[i - 1].provider ? 1 : 0;
      }
    }
    for (const AttemptEnded& attempt_ended : rig_.log.ended()) coverage.late += attempt_ended.late ? 1 : 0;
    for (std::size_t i = 0; i < provider_count_; ++i) {
      coverage.cooling_skips += static_cast<std::int64_t>(rig_.log.count("cooling " + std::to_string(i)));
    }
    coverage.cut_grants += rig_.pipeline.token_limiter().cut();
  }

 private:
  std::uint32_t draw(std::uint32_t below) { return place_ < tape_.size() ? tape_[place_++] % below : 0; }

  void act() {
    const std::uint32_t verb = draw(5);
    if (verb == 0 || rides_.empty()) return begin();
    if (verb == 1) return pass(Duration{250ms} * draw(8));
    if (verb == 2) return rig_.pipeline.on_time(now_);
    answer_one();
  }

  void begin() {
    Request asked = request(begun_++, 100, 100 + 100 * draw(2));
    asked.content = {draw(4), 0};
    asked.user = static_cast<std::uint64_t>(draw(2)) << 63U;
    if (draw(3) == 0) asked.provider = provider_at(draw(static_cast<std::uint32_t>(provider_count_)));
    rides_.emplace(number_of(asked.id), rig_.begin(asked, now_));
    note(number_of(asked.id));
  }

  // A driver owes every completion at or before its deadline, so time stops at each one that falls due.
  void pass(Duration duration) {
    const Instant until = now_ + duration;
    for (auto next = next_due(); next && due_of(rides_.at(*next)) <= until; next = next_due()) {
      perform_due(*next, failed(ReplyKind::timeout));
    }
    now_ = until;
  }

  void answer_one() {
    auto entry = rides_.begin();
    std::advance(entry, draw(static_cast<std::uint32_t>(rides_.size())));
    if (entry->second.called() < 0) return;
    const std::uint64_t id = entry->first;
    const Tokens granted = entry->second.call().output_max;
    const std::array kinds{0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9};  // successes and throttles more often
    Reply reply = failed(static_cast<ReplyKind>(kinds[draw(kinds.size())]));
    const Tokens output{std::min<std::int64_t>(granted.count(), 50 * draw(5))};
    if (reply.kind == ReplyKind::ok || reply.kind == ReplyKind::malformed) reply.usage = Usage{Tokens{100}, output};
    if (reply.kind == ReplyKind::rate_limited && draw(2) == 0) {
      reply.retry_after = {.form = RetryAfter::Form::seconds, .seconds = 0.25 * draw(8)};
    }
    if (reply.kind == ReplyKind::server_error && draw(2) == 0) reply.usage = Usage{Tokens{100}, Tokens{0}};
    finish_call(id, reply);
  }

  void perform_due(std::uint64_t id, const Reply& reply) {
    Ride& ride = rides_.at(id);
    now_ = std::max(now_, due_of(ride));
    if (ride.called() >= 0) return finish_call(id, reply);
    ride.wake(now_);
    note(id);
  }

  // The ledger, kept apart from the pipeline.
  void finish_call(std::uint64_t id, const Reply& reply) {
    Ride& ride = rides_.at(id);
    const auto provider = static_cast<std::size_t>(ride.called());
    const Usd held = ride.flow.ticket.reserved;
    ++calls_[provider];
    if (reply.usage) {
      billed_[provider] += cost(kTariffs[provider], reply.usage->input, reply.usage->output);
    } else if (config_.cost_limiter.unknown_usage == UnknownUsage::reserve) {
      unknown_[provider] += held;
    }
    if (reply.retry_after.form == RetryAfter::Form::seconds) {
      cooling_until_[provider] = now_ + Duration{static_cast<std::int64_t>(reply.retry_after.seconds * 1e9)};
    }
    ride.reply(reply, now_);
    note(id);
  }

  // What a step may be, and forgets a request that has ended.
  void note(std::uint64_t id) {
    const Ride& ride = rides_.at(id);
    const Record& record = ride.record();
    RC_ASSERT(record.attempts().size() <=
              provider_count_ * static_cast<std::size_t>(config_.provider_call.retry.max_attempts));
    if (ride.called() >= 0) {
      const auto provider = static_cast<std::size_t>(ride.called());
      RC_ASSERT((!cooling_until_.contains(provider) || now_ >= cooling_until_.at(provider)));
      const Tokens granted = ride.call().output_max;
      RC_ASSERT(ride.flow.ticket.reserved == cost(kTariffs[provider], record.request.input, granted));
      RC_ASSERT((ride.call().deadline > now_ || config_.provider_call.timeout == Duration{0}));
      RC_ASSERT((!config_.provider_call.deadline ||
                 ride.call().deadline <= record.arrived + *config_.provider_call.deadline));
    }
    if (ride.waits_until()) {
      RC_ASSERT(*ride.waits_until() >= now_);
      RC_ASSERT(*ride.waits_until() <= now_ + config_.provider_call.retry.cap);
      RC_ASSERT(ride.flow.ticket.reserved == Usd{});
    }
    if (ride.outcome() != "not yet") rides_.erase(id);
  }

  [[nodiscard]] static Instant due_of(const Ride& ride) {
    return ride.called() >= 0 ? ride.call().deadline : *ride.waits_until();
  }
  [[nodiscard]] std::optional<std::uint64_t> next_due() const {
    const auto first = std::ranges::min_element(rides_, {}, [](const auto& entry) { return due_of(entry.second); });
    return first == rides_.end() ? std::nullopt : std::optional{first->first};
  }

  void check_step() const {
    const Pipeline& pipeline = rig_.pipeline;
    Usd held;
    Tokens tokens;
    for (const auto& [id, ride] : rides_) {
      held += ride.flow.ticket.reserved;
      tokens += ride.flow.grant.reserved();
    }
    std::array<UsdSum, 2> in_windows{};
    for (const BudgetWindow& window : pipeline.cost_limiter().windows()) {
      if (!window.live) continue;
      in_windows[window.daily ? 1 : 0] += window.reserved;
      const auto limit = pipeline.cost_limiter().limit_of(window);
      RC_ASSERT((!limit || window.settled + window.reserved <= *limit));
    }
    RC_ASSERT((in_windows[0] == held && in_windows[1] == held));
    const TokenLimiter& limiter = pipeline.token_limiter();
    RC_ASSERT((limiter.in_flight() == std::ssize(rides_) && limiter.reserved() == tokens));
    if (config_.token_limiter.mode == TokenMode::average) {
      RC_ASSERT(limiter.settled_tokens().count() <= config_.token_limiter.limit.count() * limiter.settled_requests());
    }
    RC_ASSERT(rig_.log.records().size() + rides_.size() == begun_);
    for (std::size_t i = 0; i < provider_count_; ++i) {
      const Breaker& breaker = pipeline.breaker(provider_at(i));
      const bool half_open = breaker.state(now_) == BreakerState::half_open;
      RC_ASSERT((!half_open || breaker.permits_in_flight() <= config_.circuit_breaker.half_open_max_calls));
    }
  }

  void check_end() const {
    expect_at_rest(rig_.pipeline);
    std::set<std::uint64_t> ids;
    RequestMetrics recount;
    Tokens settled;
    for (const Record& record : rig_.log.records()) {
      RC_ASSERT(ids.insert(number_of(record.request.id)).second);
      check_attempts(record);
      ++recount.outcomes[static_cast<std::size_t>(record.outcome)];
      recount.attempts += record.attempt_count;
      recount.failed_over += record.failovers > 0 ? 1 : 0;
      recount.cost += record.confirmed_cost();
      if (is_answered(record.outcome)) recount.latency.record(record.latency());
      if (record.outcome == Outcome::served) settled += record.input + record.output;
    }
    const Metrics& metrics = rig_.pipeline.metrics();
    RC_ASSERT(metrics.all().outcomes == recount.outcomes);
    RC_ASSERT((metrics.all().attempts == recount.attempts && metrics.calls() == recount.attempts));
    RC_ASSERT(metrics.all().failed_over == recount.failed_over);
    RC_ASSERT((metrics.all().cost == recount.cost && metrics.cost() == recount.cost));
    RC_ASSERT(metrics.all().latency == recount.latency);
    RC_ASSERT(rig_.pipeline.token_limiter().settled_tokens() == settled);
    Usd total;
    for (std::size_t i = 0; i < provider_count_; ++i) {
      const ProviderMetrics& provider = metrics.provider(provider_at(i));
      RC_ASSERT((provider.calls == calls_[i] && provider.cost == billed_[i] && provider.cost_unknown == unknown_[i]));
      total += billed_[i] + unknown_[i];
    }
    RC_ASSERT(rig_.pipeline.cost_limiter().settled_total() == total);
  }

  // Whether this attempt's client_error follows a failure of another provider that time may mend.
  static bool is_excused(const Record& record, const Attempt& attempt) {
    for (const Attempt& earlier : record.attempts()) {
      if (&earlier == &attempt) return false;
      if (earlier.provider != attempt.provider && is_retriable(earlier.kind)) return true;
    }
    return false;
  }

  // Each candidate is visited once, and the outcome is that of the last attempt, but that a fallback's client_error
  // does not replace a failure that time may mend.
  static void check_attempts(const Record& record) {
    std::vector<ProviderId> visited;
    for (const Attempt& attempt : record.attempts()) {
      if (visited.empty() || visited.back() != attempt.provider) visited.push_back(attempt.provider);
      const bool last = &attempt == record.last_attempt();
      const bool ends = attempt.kind == ReplyKind::client_error && !is_excused(record, attempt);
      RC_ASSERT((last || (attempt.kind != ReplyKind::ok && !ends)));
    }
    RC_ASSERT(std::set(visited.begin(), visited.end()).size() == visited.size());
    const Attempt* last = record.last_attempt();
    RC_ASSERT(((record.outcome == Outcome::served) == (last != nullptr && last->kind == ReplyKind::ok)));
    const bool is_wrong = last != nullptr && last->kind == ReplyKind::client_error && !is_excused(record, *last);
    RC_ASSERT((record.outcome == Outcome::client_error) == is_wrong);
    if (record.outcome == Outcome::failed) RC_ASSERT(last != nullptr);
    if (record.outcome == Outcome::all_providers_unavailable || record.outcome == Outcome::cache_hit) {
      RC_ASSERT(last == nullptr);
    }
    RC_ASSERT(record.answered_by.has_value() == is_answered(record.outcome));
  }

  Rig rig_;
  MonitorConfig config_;
  std::size_t provider_count_;
  Tape tape_;
  std::size_t place_ = 0;
  Instant now_{};
  std::uint64_t begun_ = 0;
  std::map<std::uint64_t, Ride> rides_;
  std::array<std::int64_t, 3> calls_{};
  std::array<Usd, 3> billed_{};
  std::array<Usd, 3> unknown_{};
  std::map<std::size_t, Instant> cooling_until_;
};

TEST(PipelineLaw, budgets_hold_requests_end_and_nothing_is_left_over_in_any_history) {
  Coverage coverage;
  const auto property = [&coverage] {
    const MonitorConfig config = any_config();
    const auto provider_count = one_of<std::size_t>({2, 3});
    const auto length = *rc::gen::inRange<std::size_t>(0, 600);
    History history{config, provider_count, *rc::gen::container<Tape>(length, rc::gen::arbitrary<std::uint32_t>())};
    history.run();
    history.add_to(coverage);
  };
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess *= 30;            // 3000, as a rule
  rc::detail::TestMetadata metadata;  // named, so that RC_PARAMS can reproduce a failure
  metadata.id = metadata.description = "PipelineLaw/any_history";
  const auto result = rc::detail::checkTestable(property, metadata, params);
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  ASSERT_TRUE(result.is<rc::detail::SuccessResult>()) << message.str();
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    if (static_cast<Outcome>(i) == Outcome::broken_stream) continue;  // its callers wait for whole answers
    EXPECT_GE(coverage.outcomes[i], 10) << name_of(static_cast<Outcome>(i));
  }
  EXPECT_GE(coverage.late, 10);
  EXPECT_GE(coverage.cooling_skips, 10);
  EXPECT_GE(coverage.cut_grants, 10);
  EXPECT_GE(coverage.retries, 10);
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_property_test
