#pragma once
// A pipeline with plain prices and nothing switched on, and the hands to lead one request through it.
//
// Prices are whole cents per token, so that every reservation and bill in a test can be checked by eye: a request of
// 100 + 200 tokens costs at most $7 at provider 0, $4 at provider 1 and $3 at provider 2.

#include <gtest/gtest.h>

#include <algorithm>
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
  Request entry;
  entry.id = RequestId{id};
  entry.content = {id + 1, id + 1};
  entry.input = Tokens{input};
  entry.max_tokens = Tokens{max_tokens};
  return entry;
}

inline Request request_to(std::size_t provider, std::uint64_t id = 0) {
  Request entry = request(id);
  entry.provider = provider_at(provider);
  return entry;
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

// Puts events into words, one an event. Some events have none.
class Wording {
 public:
  explicit Wording(bool with_budget) : with_budget_(with_budget) {}
  std::vector<std::string> words;

  void on(const RequestArrived&) { words.emplace_back("arrival"); }
  void on(const TokensGranted& event) { words.push_back("granted " + std::to_string(event.output.count())); }
  void on(const MoneyReserved&) { words.emplace_back("reserved"); }
  void on(const MoneyReleased&) { words.emplace_back("released"); }
  void on(const PermitAsked& event) {
    words.push_back((event.admitted ? "admitted " : "rejected ") + std::to_string(index_of(event.provider)));
  }
  void on(const CoolingSkipped& event) { words.push_back("cooling " + std::to_string(index_of(event.provider))); }
  void on(const AttemptStarted& event) { words.push_back("call " + std::to_string(index_of(event.provider))); }
  void on(const AttemptEnded& event) { words.push_back(std::string("reply ") + name_of(event.reply.kind)); }
  void on(const BreakerMoved&) { words.emplace_back("transition"); }
  void on(const RetryAfterSet& event) { words.push_back("retry_after " + std::to_string(index_of(event.provider))); }
  void on(const BudgetChanged&) {
    if (with_budget_) words.emplace_back("budget");
  }
  void on(const CacheStored&) { words.emplace_back("stored"); }
  void on(const CacheServed&) { words.emplace_back("from cache"); }
  void on(const Record& record) { words.push_back(std::string("finish ") + name_of(record.outcome)); }

 private:
  bool with_budget_;
};

// Records a pipeline's events, and gives those of a kind, in order.
class Log {
 public:
  template <class Each>
    requires kIsAlternative<Each, Event>
  void on(const Each& event) {
    events_.emplace_back(event);
  }
  void clear() { events_.clear(); }

  [[nodiscard]] std::vector<std::string> words(bool with_budget = false) const {
    Wording wording{with_budget};
    for (const Event& event : events_) deliver(wording, event);
    return wording.words;
  }
  [[nodiscard]] std::size_t count(const std::string& word) const {
    const std::vector<std::string> all = words();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), word));
  }
  [[nodiscard]] std::vector<MoneyReserved> reserved() const { return all<MoneyReserved>(); }
  [[nodiscard]] std::vector<Usd> released() const { return all(&MoneyReleased::amount); }
  [[nodiscard]] std::vector<PermitAsked> permits() const { return all<PermitAsked>(); }
  [[nodiscard]] std::vector<AttemptStarted> started() const { return all<AttemptStarted>(); }
  [[nodiscard]] std::vector<AttemptEnded> ended() const { return all<AttemptEnded>(); }
  [[nodiscard]] std::vector<CacheStored> stored() const { return all<CacheStored>(); }
  [[nodiscard]] std::vector<CacheServed> served() const { return all<CacheServed>(); }
  [[nodiscard]] std::vector<Instant> edges() const { return all(&CacheEdgeMet::at); }
  [[nodiscard]] std::vector<BudgetEvent> budget() const { return all(&BudgetChanged::budget); }
  [[nodiscard]] std::vector<BreakerTransition> transitions() const { return all(&BreakerMoved::transition); }
  [[nodiscard]] std::vector<RetryAfterSet> cooling() const { return all<RetryAfterSet>(); }
  [[nodiscard]] std::vector<Record> records() const { return all<Record>(); }

 private:
  template <class Each>
  [[nodiscard]] std::vector<Each> all() const {
    std::vector<Each> found;
    for (const Event& event : events_) {
      if (const auto* entry = std::get_if<Each>(&event)) found.push_back(*entry);
    }
    return found;
  }
  template <class Each, class Part>
  [[nodiscard]] std::vector<Part> all(Part Each::*part) const {
    std::vector<Part> found;
    for (const Event& event : events_) {
      if (const auto* entry = std::get_if<Each>(&event)) found.push_back(entry->*part);
    }
    return found;
  }

  std::vector<Event> events_;
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

  // The provider to be called; -1 if there is none.
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

  [[nodiscard]] Usd spent() const { return pipeline.cost_limiter().month_settled().narrow(); }
  [[nodiscard]] Usd reserved() const { return pipeline.cost_limiter().month_reserved().narrow(); }

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
