#pragma once
// A pipeline with plain prices and nothing switched on, and the hands to lead one request through it.
//
// Prices are whole cents per token, so that every reservation and bill in a test can be checked by eye: a request of
// 100 + 200 tokens costs at most $7 at provider 0, $4 at provider 1 and $3 at provider 2.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "monitor/pipeline.h"

namespace windtunnel::monitor::pipeline_rig {

using namespace std::chrono_literals;

inline constexpr WallTime kNoon{1'705'752'000s};  // 2024-01-20T12:00:00Z
inline constexpr Usd kPico = Usd::from_picos(1);
constexpr Usd usd(std::int64_t dollars) { return Usd::from_dollars(dollars); }
constexpr Usd cents(std::int64_t count) { return Usd::from_cents(count); }
constexpr Instant at(Duration since_start) { return Instant{since_start}; }
constexpr ProviderId provider_at(std::size_t index) { return ProviderId{static_cast<std::uint8_t>(index)}; }

inline constexpr std::array<Tariff, 3> kTariffs{
    {{{cents(1)}, {cents(3)}}, {{cents(2)}, {cents(1)}}, {{cents(1)}, {cents(1)}}}};
inline constexpr std::array<Usd, 3> kWorst{usd(7), usd(4), usd(3)};

inline std::vector<ProviderConfig> providers(std::size_t count) {
  std::vector<ProviderConfig> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({.name = std::string(1, static_cast<char>('a' + i)),
                   .model = "model",
                   .tariffs = {{.from = WallTime::min(), .tariff = kTariffs[i % kTariffs.size()]}}});
  }
  return all;
}

// No limits, no cache, no retry; breakers that never open.
inline MonitorConfig bare() {
  MonitorConfig config;
  config.token_limiter.mode = TokenMode::off;
  config.cost_limiter.monthly.reset();
  config.cache.enabled = false;
  config.circuit_breaker = BreakerConfig{};
  return config;
}

inline BreakerConfig opens_after(std::int64_t failures) {
  BreakerConfig config;
  config.consecutive_threshold = failures;
  return config;
}

// Its content is its own unless a test says otherwise.
inline Request request(std::uint64_t id, std::int64_t input = 100, std::int64_t max_tokens = 200) {
  Request one;
  one.id = RequestId{id};
  one.content = {id + 1, id + 1};
  one.input = Tokens{input};
  one.max_tokens = Tokens{max_tokens};
  return one;
}

inline Request request_to(std::size_t provider, std::uint64_t id = 0) {
  Request one = request(id);
  one.provider = provider_at(provider);
  return one;
}

inline Reply ok(std::int64_t input = 100, std::int64_t output = 50) {
  return {.kind = ReplyKind::ok, .usage = Usage{Tokens{input}, Tokens{output}}};
}

// As its kind is billed by default: unknown for timeout and truncated, in full for malformed, else nothing.
inline Reply failed(ReplyKind kind = ReplyKind::server_error) {
  if (kind == ReplyKind::timeout || kind == ReplyKind::truncated) return {.kind = kind, .usage = std::nullopt};
  if (kind == ReplyKind::malformed) return {.kind = kind, .usage = Usage{Tokens{100}, Tokens{50}}};
  return {.kind = kind, .usage = Usage{}};
}

inline Reply throttled(double seconds) {
  Reply reply = failed(ReplyKind::rate_limited);
  reply.retry_after = {.form = RetryAfter::Form::seconds, .seconds = seconds};
  return reply;
}

// Every decision as one word, and the typed events that tests look into.
class Log : public Observer {
 public:
  struct Reserved {
    Usd amount;
    WallTime wall{};
  };
  std::vector<std::string> words;
  std::vector<Reserved> reserved;
  std::vector<Usd> released;
  std::vector<PermitAsked> permits;
  std::vector<AttemptStarted> started;
  std::vector<AttemptEnded> ended;
  std::vector<CacheStored> stored;
  std::vector<CacheServed> served;
  std::vector<Instant> edges;  // of cache_edge
  std::vector<BudgetEvent> budget;
  std::vector<BreakerTransition> transitions;
  std::vector<std::pair<ProviderId, Instant>> cooling;  // until when
  std::vector<Record> records;

  [[nodiscard]] std::size_t count(const std::string& word) const {
    std::size_t sum = 0;
    for (const std::string& one : words) sum += one == word ? 1U : 0U;
    return sum;
  }

  void on_arrival(const Request& /*request*/, Instant /*now*/) override { words.emplace_back("arrival"); }
  void on_granted(const Request& /*request*/, Tokens output, Instant /*now*/) override {
    words.push_back("granted " + std::to_string(output.count()));
  }
  void on_reserved(RequestId /*request*/, Usd amount, WallTime wall, Instant /*now*/) override {
    reserved.push_back({amount, wall});
    words.emplace_back("reserved");
  }
  void on_released(RequestId /*request*/, Usd amount, Instant /*now*/) override {
    released.push_back(amount);
    words.emplace_back("released");
  }
  void on_permit(const PermitAsked& event) override {
    permits.push_back(event);
    words.push_back((event.admitted ? "admitted " : "rejected ") + std::to_string(index_of(event.provider)));
  }
  void on_cooling_skip(RequestId /*request*/, ProviderId provider, Instant /*now*/) override {
    words.push_back("cooling " + std::to_string(index_of(provider)));
  }
  void on_attempt_start(const AttemptStarted& event) override {
    started.push_back(event);
    words.push_back("call " + std::to_string(index_of(event.provider)));
  }
  void on_attempt_end(const AttemptEnded& event) override {
    ended.push_back(event);
    words.push_back(std::string("reply ") + name_of(event.reply.kind));
  }
  void on_transition(ProviderId /*provider*/, const BreakerTransition& event) override {
    transitions.push_back(event);
    words.emplace_back("transition");
  }
  void on_retry_after(ProviderId provider, Instant until, Instant /*now*/) override {
    cooling.emplace_back(provider, until);
    words.push_back("retry_after " + std::to_string(index_of(provider)));
  }
  void on_budget(const BudgetEvent& event, Instant /*now*/) override { budget.push_back(event); }
  void on_cache_stored(const CacheStored& event) override {
    stored.push_back(event);
    words.emplace_back("stored");
  }
  void on_cache_edge(RequestId /*request*/, Instant now) override { edges.push_back(now); }
  void on_cache_served(const CacheServed& event) override {
    served.push_back(event);
    words.emplace_back("from cache");
  }
  void on_finish(const Record& record) override {
    records.push_back(record);
    words.push_back(std::string("finish ") + name_of(record.outcome));
  }
};

// One request on its way.
class Ride {
 public:
  Ride(Pipeline& pipeline, const Request& asked, Instant now, const ForeignBreakers* foreign = nullptr)
      : pipeline_(&pipeline), foreign_(foreign) {
    flow.record.request = asked;
    step = pipeline.begin(flow, now, foreign_);
  }
  Ride& reply(const Reply& reply, Instant now) {
    step = pipeline_->on_reply(flow, reply, now, foreign_);
    return *this;
  }
  Ride& wake(Instant now) {
    step = pipeline_->on_wakeup(flow, now, foreign_);
    return *this;
  }

  // Who is to be called; -1 if nobody is.
  [[nodiscard]] int called() const {
    const auto* call = std::get_if<CallProvider>(&step);
    return call == nullptr ? -1 : static_cast<int>(index_of(call->provider));
  }
  [[nodiscard]] const CallProvider& call() const { return std::get<CallProvider>(step); }
  [[nodiscard]] std::optional<Instant> waits_until() const {
    const auto* wait = std::get_if<WaitUntil>(&step);
    return wait == nullptr ? std::nullopt : std::optional{wait->at};
  }
  [[nodiscard]] std::string outcome() const {
    const auto* finished = std::get_if<Finished>(&step);
    return finished == nullptr ? "not yet" : name_of(finished->outcome);
  }
  [[nodiscard]] const Record& record() const { return flow.record; }

  Flow flow;
  Step step;

 private:
  Pipeline* pipeline_;
  const ForeignBreakers* foreign_;
};

struct Rig {
  explicit Rig(const MonitorConfig& config = bare(), std::size_t provider_count = 2)
      : Rig(config, providers(provider_count)) {}
  Rig(const MonitorConfig& config, std::vector<ProviderConfig> all) : pipeline(config, std::move(all)) {
    pipeline.set_wall_clock(kNoon);
    pipeline.set_observer(&log);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  Ride begin(const Request& asked, Instant now = Instant{}) { return {pipeline, asked, now}; }
  // A request that provider 0 serves at once.
  Ride serve(const Request& asked, Instant now = Instant{}) { return Ride{pipeline, asked, now}.reply(ok(), now); }

  [[nodiscard]] Usd spent() const { return pipeline.cost_limiter().month_settled(); }
  [[nodiscard]] Usd reserved() const { return pipeline.cost_limiter().month_reserved(); }

  Log log;
  Pipeline pipeline;
};

// Nothing that a request took is still held.
inline void expect_at_rest(const Pipeline& pipeline) {
  EXPECT_EQ(pipeline.token_limiter().in_flight(), 0);
  EXPECT_EQ(pipeline.token_limiter().reserved(), Tokens{0});
  for (const BudgetWindow& window : pipeline.cost_limiter().windows()) {
    if (!window.live) continue;
    EXPECT_EQ(window.reserved, Usd{});
    EXPECT_EQ(window.tickets, 0U);
  }
  for (std::size_t i = 0; i < pipeline.provider_count(); ++i) {
    EXPECT_EQ(pipeline.breaker(provider_at(i)).permits_in_flight(), 0);
  }
}

}  // namespace windtunnel::monitor::pipeline_rig
