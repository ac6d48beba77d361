// Many threads at once, on the machine's own clock: every rule that holds for one request after the other still holds.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/stable_hash.h"
#include "monitor/content_key.h"
#include "monitor/realtime/llm_monitor.h"
#include "monitor/realtime/mock_provider.h"
#include "tests/base/scratch_file.h"

namespace windtunnel::monitor::llm_monitor_threads_test {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 8;
constexpr int kCallsPerThread = 10'000;
// A quarter of what the calls cost on a fast machine, whose breakers refuse more of them in their millisecond.
constexpr Usd kLimit = Usd::from_dollars(16);
constexpr Tokens kTokenLimit{120};

// Real time, but never the end of a month.
class SteadyCalendar final : public TimeSource {
 public:
  [[nodiscard]] Instant now() override { return real_.now(); }
  [[nodiscard]] WallTime wall() override { return WallTime{1'768'903'200s} + real_.now().time_since_epoch(); }
  void sleep_until(Instant at) override { real_.sleep_until(at); }

 private:
  RealTime real_;
};

// Fails a tenth of the calls, and of one request in eight, in rows of 64, four fifths.
class Flaky final : public MockProvider {
 public:
  explicit Flaky(const MockModel& model) : MockProvider(model, {.latency_scale = {0}}) {}
  Completion complete(const ProviderCall& call) override {
    const std::uint64_t request = number_of(call.request);
    const std::uint64_t chance = stable_hash(request, call.attempt);
    const std::uint64_t percent = request / 64 % 8 == 0 ? 80 : 10;
    if (chance % 100 < percent)
      fail_next(1, static_cast<ReplyKind>(1 + chance / 128 % index_of(ReplyKind::client_error)));
    return MockProvider::complete(call);
  }
};

// Gets events under the monitor's lock, so it needs none of its own.
class Accounts final {
 public:
  std::int64_t records = 0;
  std::int64_t attempts_started = 0;
  std::int64_t attempts_ended = 0;
  std::int64_t refused_windows = 0;
  Usd confirmed;
  Usd settled;
  UsdSum spent_max;  // by the budget events
  Instant latest{};
  bool time_went_back = false;

  void on(const AttemptStarted& event) {
    ++attempts_started;
    see(event.at);
  }
  void on(const AttemptEnded& event) {
    ++attempts_ended;
    settled += event.settled;
    see(event.at);
  }
  void on(const BudgetChanged& event) {
    if (event.budget.kind == BudgetEvent::Kind::budget_refused) ++refused_windows;
    spent_max = std::max(spent_max, event.budget.spent + event.budget.reserved);
    see(event.at);
  }
  void on(const Record& record) {
    ++records;
    confirmed += record.confirmed_cost();
    see(record.finished);
  }

 private:
  void see(Instant now) {
    if (now < latest) time_went_back = true;
    latest = std::max(latest, now);
  }
};

struct ThreadTotals {
  Usd cost;
  std::int64_t texts_of_others = 0;
  std::array<std::int64_t, kOutcomes> outcomes{};
};

// A mock's answer holds the hash of the prompt.
bool is_answer_to(const GenerateRequest& request, const GenerateResult& result) {
  const ContentKey content = content_key(request.user_profile, request.job_market_data, request.system_prompt);
  const MockModel& model = result.provider == kMockOpenAI.provider ? kMockOpenAI : kMockAnthropic;
  const auto length = static_cast<std::int64_t>(result.text.size());
  return result.text == mock_answer(model, content, Tokens{length / kMockCharactersPerToken});
}

// What one thread asks is the same in every run; only who comes first is not.
ThreadTotals ask_all(LlmMonitor& monitor, int thread) {
  constexpr std::array<std::int64_t, 4> kMaxTokens{0, 50, 150, 500};
  ThreadTotals totals;
  for (int i = 0; i < kCallsPerThread; ++i) {
    const std::uint64_t chance = stable_hash(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(thread));
    GenerateRequest request{.user_profile = "user " + std::to_string(chance % 1'000),
                            .system_prompt = std::string(100, 'x'),
                            .feature_version = std::to_string(chance % 5),
                            .max_tokens = Tokens{kMaxTokens[chance / 8 % 4]}};
    if (chance % 3 == 0) request.provider = chance % 2 == 0 ? "openai" : "anthropic";
    const GenerateResult result = monitor.generate(request);
    totals.cost += result.cost;
    if (result.ok() && !is_answer_to(request, result)) ++totals.texts_of_others;
    ++totals.outcomes[static_cast<std::size_t>(result.outcome)];
  }
  return totals;
}

// The first "cost_usd" of a line, in pico-dollars.
std::int64_t cost_in(const std::string& line) {
  std::size_t place = line.find(R"("cost_usd":)") + 11;
  std::int64_t picos = 0;
  int decimals = -1;
  for (; line[place] == '.' || (line[place] >= '0' && line[place] <= '9'); ++place) {
    if (line[place] != '.') picos = 10 * picos + (line[place] - '0');
    if (decimals >= 0 || line[place] == '.') ++decimals;
  }
  for (int i = std::max(decimals, 0); i < 12; ++i) picos *= 10;
  return picos;
}

MonitorConfig hard_pressed() {
  MonitorConfig config;
  config.cost_limiter.monthly = kLimit;
  config.token_limiter.limit = kTokenLimit;
  config.token_limiter.min_output_tokens = Tokens{0};
  config.cache.capacity = 500;
  config.circuit_breaker.open = 1ms;
  config.provider_call.retry.max_attempts = 2;
  config.provider_call.retry.base = 1us;
  config.provider_call.retry.cap = 10us;
  config.provider_call.deadline = 10s;
  return config;
}

void expect_at_rest(const MonitorStats& stats, const Accounts& accounts) {
  constexpr std::int64_t kAll = std::int64_t{kThreads} * kCallsPerThread;
  EXPECT_EQ(stats.user_requests(), kAll);
  EXPECT_EQ(accounts.records, kAll);
  EXPECT_EQ(stats.requests_in_flight, 0);
  EXPECT_EQ(stats.month.reserved, Usd{});
  EXPECT_EQ(stats.day.reserved, Usd{});
  EXPECT_LE(stats.month.spent, kLimit);
  EXPECT_LE(accounts.spent_max, kLimit);
  EXPECT_EQ(stats.bills_above_reservation, 0);
  EXPECT_LE(stats.settled_tokens.count(), kTokenLimit.count() * stats.settled_requests);
  EXPECT_EQ(stats.settled_requests, stats.count(Outcome::served));
  EXPECT_EQ(stats.total_requests, accounts.attempts_ended);
  EXPECT_EQ(accounts.attempts_started, accounts.attempts_ended);
  EXPECT_FALSE(accounts.time_went_back);

  UsdSum confirmed;
  UsdSum unknown;
  for (const ProviderStats& provider : stats.providers) {
    confirmed += provider.cost;
    unknown += provider.cost_unknown;
  }
  EXPECT_EQ(confirmed, stats.total_cost);
  EXPECT_EQ(accounts.confirmed, stats.total_cost);
  EXPECT_EQ(stats.month.spent, confirmed + unknown);
  EXPECT_EQ(stats.month.spent, accounts.settled);
}

void expect_one_line_each(const ScratchFile& file, const MonitorStats& stats) {
  std::set<std::string> ids;
  Usd cost;
  const std::vector<std::string> lines = file.lines();
  for (const std::string& line : lines) {
    ids.insert(line.substr(line.find(R"("request_id":")") + 14, 36));
    cost += Usd::from_picos(cost_in(line));
    ASSERT_EQ(line.substr(line.size() - 2), "]}");
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(stats.user_requests()));
  EXPECT_EQ(lines.size(), ids.size());
  EXPECT_EQ(cost, stats.total_cost);
}

TEST(LlmMonitorRealTime, eight_threads_of_10000_calls_keep_every_invariant) {
  const ScratchFile file;
  SteadyCalendar time;
  Accounts accounts;
  LlmMonitorOptions options;
  options.log_file = file.path();
  options.config = hard_pressed();
  options.time = &time;
  options.observer = &accounts;
  options.providers.push_back(std::make_unique<Flaky>(kMockOpenAI));
  options.providers.push_back(std::make_unique<Flaky>(kMockAnthropic));
  LlmMonitor monitor{std::move(options)};

  std::array<ThreadTotals, kThreads> totals{};
  std::vector<std::thread> threads;
  std::atomic<bool> done{false};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { totals[static_cast<std::size_t>(i)] = ask_all(monitor, i); });
  }
  std::int64_t looks = 0;
  std::thread watcher{[&] {
    while (!done) {
      const MonitorStats stats = monitor.get_stats();
      EXPECT_LE(stats.month.spent + stats.month.reserved, kLimit);
      EXPECT_LE(stats.settled_tokens.count(), kTokenLimit.count() * stats.settled_requests);
      ++looks;
      std::this_thread::sleep_for(5ms);
    }
  }};
  for (std::thread& thread : threads) thread.join();
  done = true;
  watcher.join();

  const MonitorStats stats = monitor.get_stats();
  expect_at_rest(stats, accounts);
  expect_one_line_each(file, stats);
  Usd cost;
  std::array<std::int64_t, kOutcomes> outcomes{};
  for (const ThreadTotals& total : totals) {
    cost += total.cost;
    EXPECT_EQ(total.texts_of_others, 0);
    for (std::size_t i = 0; i < kOutcomes; ++i) outcomes[i] += total.outcomes[i];
  }
  EXPECT_EQ(cost, stats.total_cost);
  EXPECT_EQ(outcomes, stats.outcomes);

  // The run went through all of it.
  for (const Outcome outcome : {Outcome::served, Outcome::cache_hit, Outcome::client_error, Outcome::failed,
                                Outcome::refused_budget, Outcome::all_providers_unavailable}) {
    EXPECT_GT(stats.count(outcome), 0) << name_of(outcome);
  }
  EXPECT_GT(accounts.refused_windows, 0);
  EXPECT_GT(looks, 0);
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_threads_test
