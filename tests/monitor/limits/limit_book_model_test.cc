// The book against sim/models/limit_model.h, which keeps what every window has used by its begin and works nothing out
// ahead. Generated lists of limits and histories of requests run on the books of two replicas, which hear of each
// other's charges late, and on a model for each.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "monitor/limits/limit_book.h"
#include "sim/models/limit_model.h"

namespace windtunnel::monitor::limit_book_model_test {
namespace {

using namespace std::chrono_literals;

// 2026-01-20T10:00:20Z, a Tuesday.
constexpr WallTime kStart{std::chrono::seconds{1'768'903'220}};

const std::vector<std::string> kRoutes{"chat", "cheap", "large"};
const std::vector<std::string> kDeployments{"a", "b", "c"};
const std::vector<std::string> kAccounts{"openai", "openai", "azure"};
// One name of each kind of word, so that conditions often match.
constexpr std::array kValues{"red", "blue", "a", "c", "openai", "chat", "cheap"};

// --- What is drawn -------------------------------------------------------------------------------------------------

// Below `most` and not negative, in the first cases too, which are small otherwise.
std::int64_t number(std::int64_t most) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::int64_t>(0, most));
}
bool is_drawn(int one_of) { return number(one_of) == 0; }

LimitWord draw_word() {
  const auto scope = static_cast<LimitScope>(number(7));
  if (scope != LimitScope::tag) return {.scope = scope};
  return {.scope = scope, .tag = is_drawn(2) ? "app" : "stage"};
}

// Changes what the reader of scenarios refuses.
LimitConfig followed(LimitConfig limit) {
  if (!limit.requests && !limit.tokens && !limit.usd && !limit.parallel_requests) limit.requests = 2;
  if (limit.per.empty()) limit.is_total = false;
  if (limit.is_bucket() || limit.algorithm == LimitAlgorithm::sliding_window) limit.window = LimitWindow::calendar;
  const bool needs_period = limit.is_sliding() || limit.is_bucket() || limit.window == LimitWindow::from_first_use;
  if (needs_period && !limit.period) limit.period = 1min;
  const OnExhausted other = limit.is_of_targets() ? OnExhausted::route : OnExhausted::next_target;
  if (limit.on_exhausted == other) limit.on_exhausted = OnExhausted::refuse;
  if (limit.on_exhausted == OnExhausted::route) limit.route = RouteId{1};
  return limit;
}

LimitConfig draw_limit() {
  constexpr std::array<std::optional<Duration>, 5> kPeriods{1s, 1min, 90s, 14 * 24h, std::nullopt};
  constexpr std::array kWeights{1'000'000, 500'000, 3'000'000};
  LimitConfig limit;
  if (is_drawn(2)) limit.per.push_back(draw_word());
  if (const LimitWord word = draw_word(); is_drawn(3) && (limit.per.empty() || limit.per[0] != word)) {
    limit.per.push_back(word);
  }
  if (is_drawn(4)) limit.when.push_back({draw_word(), kValues[static_cast<std::size_t>(number(kValues.size()))]});
  limit.is_total = is_drawn(4);
  if (is_drawn(2)) limit.requests = number(4);
  if (is_drawn(3)) limit.tokens = Tokens{number(80)};
  if (is_drawn(3)) limit.usd = Usd::from_picos(number(30));
  if (is_drawn(4)) limit.parallel_requests = number(3);
  limit.input_weight = Millionths{kWeights[static_cast<std::size_t>(number(kWeights.size()))]};
  limit.output_weight = Millionths{kWeights[static_cast<std::size_t>(number(kWeights.size()))]};
  limit.period = kPeriods[static_cast<std::size_t>(number(kPeriods.size()))];
  limit.window = static_cast<LimitWindow>(number(3));
  limit.algorithm = static_cast<LimitAlgorithm>(number(3));
  limit.on_exhausted = static_cast<OnExhausted>(number(4));
  limit.priority = static_cast<std::int32_t>(number(2));
  limit.is_always = is_drawn(4);
  return followed(limit);
}

LimitsConfig draw_limits() {
  LimitsConfig config{.limits = {}, .combine = static_cast<LimitCombine>(number(3))};
  for (std::int64_t left = 1 + number(4); left > 0; --left) config.limits.push_back(draw_limit());
  RC_PRE(problems_of(config, true).empty());
  return config;
}

std::uint64_t draw_name(std::size_t first, std::size_t kinds) {
  const auto drawn = static_cast<std::size_t>(number(static_cast<std::int64_t>(kinds) + 1));
  return drawn == kinds ? 0 : caller_word(kValues[first + drawn]);
}

Request draw_request(std::uint64_t id) {
  Request request;
  request.id = RequestId{id};
  request.caller = {.key = draw_name(0, 2),
                    .team = draw_name(0, 2),
                    .user = draw_name(0, 2),
                    .tags = {draw_name(0, 2), draw_name(0, 2), 0, 0}};
  request.route = RouteId{static_cast<std::uint8_t>(number(3))};
  request.input = Tokens{number(20)};
  return request;
}

Duration draw_time() {
  constexpr std::array<Duration, 10> kTimes{0s, 0s, 1ns, 100ms, 1s - 1ns, 1s, 59s, 1min, 7 * 24h, 31 * 24h};
  return kTimes[static_cast<std::size_t>(number(kTimes.size()))];
}

// --- The history ---------------------------------------------------------------------------------------------------

// How often the histories came to what is rare.
struct Coverage {
  int admitted = 0;
  int refused = 0;
  int alerted = 0;
  int rerouted = 0;
  int passed_over = 0;
  int refused_by_money = 0;
  int refused_growth = 0;
  int corrected = 0;
  int heard = 0;

  [[nodiscard]] int least() const {
    return std::min(
        {admitted, refused, alerted, rerouted, passed_over, refused_by_money, refused_growth, corrected, heard});
  }
};

LimitSet bits_of(const std::vector<std::size_t>& limits) {
  LimitSet bits = 0;
  for (const std::size_t limit : limits) bits |= LimitSet{1} << limit;
  return bits;
}

struct Replica {
  Replica(const LimitsConfig& config)
      : book(config, {.routes = kRoutes, .deployments = kDeployments, .providers = kAccounts}),
        model(config, {.routes = kRoutes, .deployments = kDeployments, .accounts = kAccounts}, kStart),
        counts(config.limits.size()) {
    book.align(kStart);
    model.tells();
  }

  LimitBook book;
  sim::LimitModel model;
  std::vector<LimitCounts> counts;  // by what the model says
  std::vector<LimitCharge> outbox;
};

struct Open {
  std::size_t replica = 0;
  Request request;
  LimitTicket ticket;
  bool is_calling = false;
  bool has_called = false;
};

// A call that ended without its usage.
struct Unbilled {
  std::size_t replica = 0;
  RequestId request{};
  std::uint8_t ordinal = 0;
  LimitTicket ticket;
  Usd settled;
};

class History {
 public:
  History(const LimitsConfig& config, Coverage& coverage)
      : config_(config), coverage_(coverage), replicas_{Replica{config}, Replica{config}} {
    for (Replica& replica : replicas_) replica.book.tell(&replica.outbox);
  }

  void run(std::int64_t steps) {
    for (; steps > 0; --steps) {
      now_ += draw_time();
      step();
      for (Replica& replica : replicas_) compare(replica);
    }
  }

 private:
  void step() {
    switch (const std::int64_t drawn = number(16)) {
      case 0:
        return deliver();
      case 1:
        return learn();
      default:
        if (open_.empty() || drawn < 7) return admit();
        Open& open = open_[static_cast<std::size_t>(number(static_cast<std::int64_t>(open_.size())))];
        if (open.is_calling) return end_call(open);
        if (drawn < 13) return call(open);
        close(open);
    }
  }

  void admit() {
    Open open{.replica = static_cast<std::size_t>(number(2)), .request = draw_request(requests_++), .ticket = {}};
    Replica& replica = replicas_[open.replica];
    const Tokens output{number(20)};
    const Usd worst = Usd::from_picos(number(12));
    LimitedRequest asked{.caller = open.request.caller, .route = open.request.route, .input = open.request.input};
    const LimitVerdict verdict = replica.book.admit(open.ticket, asked, output, worst, now_);
    const sim::LimitModel::Said said = replica.model.admit(open.request, output, worst, now_);
    agree(verdict, said);
    RC_ASSERT(asked.route == said.route);
    RC_ASSERT(verdict.rerouted_by.has_value() == (said.route != open.request.route || verdict.rerouted_by));
    coverage_.rerouted += verdict.rerouted_by ? 1 : 0;
    if (verdict.rerouted_by) ++replica.counts[*verdict.rerouted_by].rerouted;
    count(replica, said);
    open.request.route = said.route;
    if (said.is_admitted) {
      open_.push_back(open);
    } else {
      replica.model.finish(open.request.id, true, now_);
    }
  }

  void call(Open& open) {
    Replica& replica = replicas_[open.replica];
    const ProviderId target{static_cast<std::uint8_t>(number(3))};
    const Tokens output{number(30)};
    const Usd worst = Usd::from_picos(number(20));
    const LimitedRequest asked{.caller = open.request.caller, .route = open.request.route, .input = open.request.input};
    const LimitVerdict before = replica.book.ask(asked, target, output, worst, now_);
    const sim::LimitModel::Said first = replica.model.ask(open.request, target, output, worst, now_);
    agree(before, first);
    if (!first.is_admitted) return count(replica, first);
    const LimitVerdict verdict = replica.book.re_reserve(open.ticket, asked, target, output, worst, now_);
    const sim::LimitModel::Said said = replica.model.call(open.request, target, output, worst, now_);
    agree(verdict, said);
    count(replica, said);
    coverage_.refused_growth += said.is_admitted ? 0 : 1;
    open.is_calling = said.is_admitted;
    open.has_called = open.has_called || said.is_admitted;
  }

  void end_call(Open& open) {
    Replica& replica = replicas_[open.replica];
    const Usd settled = Usd::from_picos(number(20));
    open.is_calling = false;
    if (is_drawn(3)) {
      const auto ordinal = static_cast<std::uint8_t>(unbilled_.size());
      unbilled_.push_back({open.replica, open.request.id, ordinal, open.ticket, settled});
      replica.model.end_call_unbilled(open.request.id, ordinal, settled, now_);
      return replica.book.settle(open.ticket, std::nullopt, settled, now_);
    }
    const Usage usage{.input = Tokens{number(25)}, .output = Tokens{number(40)}};
    replica.model.end_call(open.request.id, usage, settled, now_);
    replica.book.settle(open.ticket, LimitUse{.input = usage.input.count(), .output = usage.output.count()}, settled,
                        now_);
  }

  void learn() {
    if (unbilled_.empty()) return;
    ++coverage_.corrected;
    const Unbilled late = unbilled_.back();
    unbilled_.pop_back();
    Replica& replica = replicas_[late.replica];
    const Usage usage{.input = Tokens{number(25)}, .output = Tokens{number(40)}};
    const Usd more = Usd::from_picos(number(9)) - late.settled;
    replica.model.learn(late.request, late.ordinal, usage, more, now_);
    replica.book.correct(late.ticket, {.input = usage.input.count(), .output = usage.output.count()}, more, now_);
  }

  void close(Open& open) {
    Replica& replica = replicas_[open.replica];
    const bool is_undone = !open.has_called && is_drawn(2);
    replica.model.finish(open.request.id, is_undone, now_);
    replica.book.close(open.ticket, is_undone, now_);
    RC_ASSERT(open.ticket.holds == 0);
    open = open_.back();
    open_.pop_back();
  }

  void deliver() {
    std::array<std::vector<LimitCharge>, 2> charges{std::exchange(replicas_[0].outbox, {}),
                                                    std::exchange(replicas_[1].outbox, {})};
    for (std::size_t from : {0U, 1U}) {
      Replica& other = replicas_[1 - from];
      for (const LimitCharge& charge : charges[from]) other.book.apply(charge, now_);
      for (const auto& change : replicas_[from].model.take_changes()) other.model.hear(change, now_);
      coverage_.heard += charges[from].empty() ? 0 : 1;
    }
  }

  void agree(const LimitVerdict& verdict, const sim::LimitModel::Said& said) {
    RC_ASSERT(verdict.is_admitted == said.is_admitted);
    RC_ASSERT(verdict.held == bits_of(said.held));
    RC_ASSERT(verdict.exhausted == bits_of(said.exhausted));
    RC_ASSERT(verdict.refused_by.has_value() == said.refused_by.has_value());
    if (said.refused_by) RC_ASSERT(*verdict.refused_by == *said.refused_by);
    RC_ASSERT((verdict.then == OnExhausted::next_target) == said.is_passed_over);
    RC_ASSERT(verdict.is_of_money == said.lacks_money_alone);
    RC_ASSERT(verdict.retry_after >= Duration{0});
  }

  void count(Replica& replica, const sim::LimitModel::Said& said) {
    for (const std::size_t limit : said.held) {
      ++replica.counts[limit].admitted;
      const bool is_alert = (bits_of(said.exhausted) >> limit & 1U) != 0;
      replica.counts[limit].alerted += is_alert ? 1 : 0;
      coverage_.alerted += is_alert ? 1 : 0;
    }
    coverage_.admitted += said.is_admitted ? 1 : 0;
    if (said.is_admitted) return;
    LimitCounts& counts = replica.counts[*said.refused_by];
    ++(said.is_passed_over ? counts.passed_over : counts.refused);
    ++(said.is_passed_over ? coverage_.passed_over : coverage_.refused);
    coverage_.refused_by_money += said.lacks_money_alone ? 1 : 0;
  }

  void compare(Replica& replica) {
    for (std::size_t limit = 0; limit < config_.limits.size(); ++limit) {
      LimitAmounts used{};
      std::int64_t slots = 0;
      for (const LimitBook::Entry& entry : replica.book.entries()) {
        if (entry.limit != limit) continue;
        slots += entry.account.slots();
        const LimitAmounts own = replica.book.used(entry, now_);
        for (std::size_t kind = 0; kind < used.size(); ++kind) used[kind] += own[kind];
      }
      const sim::LimitUsed expected = replica.model.used(limit, now_);
      for (std::size_t kind = 0; kind < used.size(); ++kind) {
        if (replica.book.rule(limit).limits(kind)) RC_ASSERT(used[kind] == expected[kind]);
      }
      RC_ASSERT(slots == replica.model.slots(limit));
      const LimitCounts& counts = replica.book.counts()[limit];
      RC_ASSERT(counts.admitted == replica.counts[limit].admitted);
      RC_ASSERT(counts.refused == replica.counts[limit].refused);
      RC_ASSERT(counts.alerted == replica.counts[limit].alerted);
      RC_ASSERT(counts.passed_over == replica.counts[limit].passed_over);
      RC_ASSERT(counts.rerouted == replica.counts[limit].rerouted);
    }
  }

  const LimitsConfig& config_;
  Coverage& coverage_;
  std::array<Replica, 2> replicas_;
  std::vector<Open> open_;
  std::vector<Unbilled> unbilled_;
  std::uint64_t requests_ = 0;
  Instant now_{};
};

void play(Coverage& coverage) {
  const LimitsConfig config = draw_limits();
  History{config, coverage}.run(300);
}

RC_GTEST_PROP(LimitBookModel, agrees_with_the_book_after_every_step_of_any_history, ()) {
  Coverage coverage;
  play(coverage);
}

TEST(LimitBookModel, histories_come_to_every_kind_of_answer) {
  Coverage coverage;
  EXPECT_TRUE(rc::check([&coverage] { play(coverage); }));
  EXPECT_GE(coverage.least(), 20);
}

}  // namespace
}  // namespace windtunnel::monitor::limit_book_model_test
