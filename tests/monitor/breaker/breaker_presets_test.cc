// Every shipped preset behaves as its description says, and every combination that cannot be honoured is named.

#include "monitor/breaker/breaker_presets.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "monitor/breaker/breaker.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_presets_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

constexpr auto kFailure = BreakerOutcome::failure;
constexpr auto kSuccess = BreakerOutcome::success;

// What decides when a preset opens and what it takes to close.
struct Facts {
  std::string name;
  int successes;          // first this many calls succeed
  int failures;           // then this many failures open it, one fewer does not
  TripRule rule;          // and this rule fires
  Duration open_for;      // refused until just before this
  std::int64_t probes;    // then this many are admitted at once, 0 = any number
  std::int64_t to_close;  // and this many successes close
};

TEST(BreakerPresets, each_opens_and_recovers_as_described) {
  const Facts all[] = {
      {"seed-readme", 1, 4, TripRule::rate, 30s, 1, 1},
      {"seed-readme", 9, 5, TripRule::consecutive, 30s, 1, 1},
      {"seed-poc", 1, 1, TripRule::rate, 30s, 0, 1},
      {"seed-poc", 99, 5, TripRule::count, 30s, 0, 1},
      {"resilience4j", 50, 50, TripRule::rate, 60s + 1ns, 10, 10},
      {"polly", 90, 10, TripRule::rate, 5s, 1, 1},
      {"gobreaker", 0, 6, TripRule::consecutive, 60s + 1ns, 1, 1},
      {"hystrix", 10, 10, TripRule::rate, 5s + 1ns, 1, 1},
      {"litellm", 3, 4, TripRule::rate, 5s, 0, 1},
      {"litellm", 0, 5, TripRule::rate, 5s, 0, 1},
      {"helicone", 90, 11, TripRule::rate, 5s, 1, 1},
      {"helicone", 17, 3, TripRule::rate, 5s, 1, 1},  // 2 of 19 are too few calls
      {"envoy", 1'000, 5, TripRule::consecutive, 30s, 0, 1},
      {"portkey", 7, 3, TripRule::rate, 60s, 0, 1},
      {"pybreaker", 1'000, 5, TripRule::consecutive, 60s, 0, 1},
      {"opossum", 0, 1, TripRule::rate, 30s, 1, 1},
      {"opossum", 4, 5, TripRule::rate, 30s, 1, 1},
      {"cockatiel", 1'000, 5, TripRule::consecutive, 10s, 1, 1},
  };
  std::set<std::string_view> tried;
  for (const Facts& facts : all) {
    SCOPED_TRACE(facts.name);
    tried.insert(facts.name);
    const auto config = breaker_preset(facts.name);
    ASSERT_TRUE(config);
    Breaker breaker{*config};
    call(breaker, kSuccess, kStart, facts.successes);
    call(breaker, kFailure, kStart, facts.failures - 1);
    EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
    call(breaker, kFailure, kStart);
    ASSERT_EQ(breaker.state(kStart), BreakerState::open);
    EXPECT_EQ(breaker.take_transition()->rule, facts.rule);

    EXPECT_FALSE(breaker.acquire(kStart + facts.open_for - 1ns));
    Breaker asked = breaker;
    const std::int64_t most = facts.probes == 0 ? 1'000 : facts.probes;
    for (std::int64_t i = 0; i < most; ++i) EXPECT_TRUE(asked.acquire(kStart + facts.open_for));
    EXPECT_EQ(asked.acquire(kStart + facts.open_for).has_value(), facts.probes == 0);

    call(breaker, kSuccess, kStart + facts.open_for, static_cast<int>(facts.to_close) - 1);
    EXPECT_NE(breaker.state(kStart + facts.open_for), BreakerState::closed);
    call(breaker, kSuccess, kStart + facts.open_for);
    EXPECT_EQ(breaker.state(kStart + facts.open_for), BreakerState::closed);
  }
  Breaker none{*breaker_preset("none")};
  call(none, kFailure, kStart, 1'000);
  EXPECT_EQ(none.state(kStart), BreakerState::closed);
  EXPECT_EQ(tried.size() + 1, breaker_presets().size());
}

// For how long, or for how many later outcomes, one outcome is counted. Where there are buckets, a whole one leaves.
TEST(BreakerPresets, each_reads_back_as_far_as_described) {
  struct Window {
    std::string name;
    Duration length;
    Duration bucket;
    int outcomes;
  };
  constexpr auto kAlways = Duration::max();
  const Window all[] = {{"seed-readme", kAlways, 1ns, 10},
                        {"seed-poc", kAlways, 1ns, 1'000},
                        {"resilience4j", kAlways, 1ns, 100},
                        {"polly", 30s, 1ns, 1'000},
                        {"gobreaker", 0s, 1ns, 0},
                        {"hystrix", 10s, 1s, 1'000},
                        {"litellm", 60s + 1ns, 1ns, 1'000},
                        {"helicone", 60s, 6s, 1'000},
                        {"envoy", 0s, 1ns, 0},
                        {"portkey", kAlways, 1ns, 1'000},
                        {"pybreaker", 0s, 1ns, 0},
                        {"opossum", 10s, 1s, 1'000},
                        {"cockatiel", 0s, 1ns, 0},
                        {"none", 0s, 1ns, 0}};
  ASSERT_EQ(std::size(all), breaker_presets().size());
  for (const Window& window : all) {
    SCOPED_TRACE(window.name);
    Breaker breaker{*breaker_preset(window.name)};
    const Instant latest = Instant{} + window.bucket - 1ns;  // in the bucket that begins at 0
    call(breaker, kSuccess, latest);
    const auto calls_seen = [&breaker](Duration later) { return breaker.window_calls(Instant{} + later); };
    if (window.length == kAlways) {
      EXPECT_EQ(calls_seen(24h * 365), 1);
    } else if (window.length > 0s) {
      EXPECT_EQ(calls_seen(window.length - 1ns), 1);
      EXPECT_EQ(calls_seen(window.length), 0);
    }
    call(breaker, kSuccess, latest, 999);
    EXPECT_EQ(breaker.window_calls(latest), window.outcomes);
  }
}

// Finer than any window of a few calls could tell.
TEST(BreakerPresets, each_has_the_rate_of_its_description) {
  const std::map<std::string_view, std::int64_t> percent{{"seed-readme", 50}, {"seed-poc", 50}, {"resilience4j", 50},
                                                         {"polly", 10},       {"hystrix", 50},  {"litellm", 50},
                                                         {"helicone", 10},    {"portkey", 20},  {"opossum", 50}};
  for (const BreakerPresetInfo& info : breaker_presets()) {
    const auto rate = breaker_preset(info.name)->failure_rate_threshold;
    ASSERT_EQ(rate.has_value(), percent.contains(info.name)) << info.name;
    if (!rate) continue;
    EXPECT_EQ(rate->value, percent.at(info.name) * 10'000) << info.name;
    const std::string words = std::to_string(percent.at(info.name)) + " %";
    EXPECT_NE(info.description.find(words), std::string_view::npos) << info.name;
  }
}

TEST(BreakerPresets, seed_readme_needs_five_calls_and_more_than_half) {
  Breaker breaker{seed_readme()};
  call(breaker, kSuccess, kStart);
  call(breaker, kFailure, kStart, 3);  // 3 of 4, too few calls
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  Breaker half{seed_readme()};
  call(half, kSuccess, kStart, 3);
  call(half, kFailure, kStart, 3);  // 3 of 6 is not more than half
  EXPECT_EQ(half.state(kStart), BreakerState::closed);
  call(half, kFailure, kStart);  // 4 of 7 is
  EXPECT_EQ(half.state(kStart), BreakerState::open);
}

TEST(BreakerPresets, those_that_let_a_late_result_decide_do_and_the_others_do_not) {
  const std::set<std::string_view> deciding{"seed-poc", "resilience4j", "polly", "hystrix", "litellm", "opossum"};
  for (const BreakerPresetInfo& info : breaker_presets()) {
    const auto config = breaker_preset(info.name);
    EXPECT_EQ(config->late_results == LateResults::current_state, deciding.contains(info.name)) << info.name;
  }
}

TEST(BreakerPresets, those_that_judge_successes_too_do_and_the_others_do_not) {
  const std::set<std::string_view> judging{"resilience4j", "hystrix"};
  for (const BreakerPresetInfo& info : breaker_presets()) {
    EXPECT_EQ(breaker_preset(info.name)->evaluate_on == EvaluateOn::any, judging.contains(info.name)) << info.name;
  }
}

TEST(BreakerPresets, the_seed_poc_ignores_a_failed_probe) {
  Breaker breaker{*breaker_preset("seed-poc")};
  call(breaker, kFailure, kStart);
  ASSERT_EQ(breaker.state(kStart), BreakerState::open);
  call(breaker, kFailure, kStart + 30s, 100);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::half_open);
}

// 20 successes, 5 failures, a successful probe, a failure: 1 of 27 calls, because the total lives on.
TEST(BreakerPresets, the_seed_poc_forgets_failures_when_it_closes_and_keeps_its_total) {
  Breaker breaker{*breaker_preset("seed-poc")};
  call(breaker, kSuccess, kStart, 20);
  call(breaker, kFailure, kStart, 5);
  ASSERT_EQ(breaker.state(kStart), BreakerState::open);
  call(breaker, kFailure, kStart + 30s);  // its failures are forgotten too
  call(breaker, kSuccess, kStart + 30s);
  ASSERT_EQ(breaker.state(kStart + 30s), BreakerState::closed);
  EXPECT_EQ(breaker.window_calls(kStart + 30s), 27);
  EXPECT_EQ(breaker.window_failures(kStart + 30s), 0);
  call(breaker, kFailure, kStart + 30s, 4);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::closed);
  call(breaker, kFailure, kStart + 30s);  // the fifth since the close
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::open);
}

// The proof of concept knows no epochs: whatever succeeds while it tests the provider closes it.
TEST(BreakerPresets, a_late_success_closes_the_seed_poc) {
  Breaker breaker{*breaker_preset("seed-poc")};
  const auto late = breaker.acquire(kStart);
  call(breaker, kFailure, kStart);
  breaker.report(*late, kSuccess, kStart + 30s);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::closed);
}

TEST(BreakerPresets, resilience4j_closes_when_less_than_half_of_its_ten_probes_fail) {
  for (const int failures : {4, 5}) {
    Breaker breaker{*breaker_preset("resilience4j")};
    call(breaker, kFailure, kStart, 100);
    const Instant probing = kStart + 60s + 1ns;
    call(breaker, kFailure, probing, failures);
    call(breaker, kSuccess, probing, 9 - failures);
    ASSERT_EQ(breaker.state(probing), BreakerState::half_open);
    call(breaker, kSuccess, probing);
    EXPECT_EQ(breaker.state(probing), failures == 4 ? BreakerState::closed : BreakerState::open);
  }
}

TEST(BreakerPresets, litellm_and_portkey_alone_judge_replies_by_their_kind) {
  const std::set<ReplyKind> no_failures{ReplyKind::timeout, ReplyKind::overloaded, ReplyKind::malformed,
                                        ReplyKind::truncated};
  for (const BreakerPresetInfo& info : breaker_presets()) {
    const OutcomesByReply outcomes = breaker_preset(info.name)->outcomes;
    for (std::size_t kind = 0; kind < kReplyKinds; ++kind) {
      const auto is = [kind](ReplyKind reply_kind) { return kind == index_of(reply_kind); };
      std::optional<BreakerOutcome> expected;
      if (info.name == "litellm" && (is(ReplyKind::rate_limited) || is(ReplyKind::auth_or_quota))) {
        expected = BreakerOutcome::fatal;
      }
      if (info.name == "litellm" && is(ReplyKind::connection_error)) expected = BreakerOutcome::ignored;
      const bool ignores = info.name == "portkey" && no_failures.contains(static_cast<ReplyKind>(kind));
      if (ignores) expected = BreakerOutcome::ignored;
      EXPECT_EQ(outcomes[kind], expected) << info.name << ", " << kind;
    }
  }
}

TEST(BreakerPresets, are_all_supported_named_once_and_name_what_they_leave_out) {
  std::set<std::string_view> names;
  for (const BreakerPresetInfo& info : breaker_presets()) {
    EXPECT_TRUE(names.insert(info.name).second);
    const auto config = breaker_preset(info.name);
    ASSERT_TRUE(config) << info.name;
    EXPECT_EQ(unsupported(*config), std::nullopt) << info.name;
    EXPECT_NE(info.description.find("Read from"), std::string_view::npos) << info.name;
    const bool says = info.description.find("eaves out") != std::string_view::npos ||
                      info.description.find("eaves nothing out") != std::string_view::npos ||
                      info.description.find("left out") != std::string_view::npos;
    EXPECT_TRUE(says) << info.name;
  }
  EXPECT_EQ(names.size(), 14U);
  EXPECT_EQ(breaker_preset("seed_readme"), std::nullopt);
  EXPECT_EQ(breaker_preset("seed-readme"), seed_readme());
}

// One step beyond each bound, and the bound itself.
TEST(BreakerConfig, names_what_it_cannot_honour) {
  const auto reason = [](auto change) {
    BreakerConfig config = seed_readme();
    change(config);
    return unsupported(config).value_or("");
  };
  using C = BreakerConfig;
  const auto mentions = [](const std::string& text, const char* word) { return text.find(word) != std::string::npos; };

  EXPECT_EQ(reason([](C&) {}), "");
  EXPECT_EQ(unsupported(BreakerConfig{}), std::nullopt);  // every rule off: it never opens
  EXPECT_TRUE(mentions(reason([](C& c) { c.half_open_success_threshold = 2; }), "could never close"));
  EXPECT_EQ(reason([](C& c) { c.half_open_success_threshold = c.half_open_max_calls = 2; }), "");
  EXPECT_EQ(reason([](C& c) { c.half_open_success_threshold = 2, c.half_open_max_calls = 0; }), "");
  EXPECT_TRUE(mentions(reason([](C& c) { c.window_type.reset(); }), "failure_rate_threshold needs a window_type"));
  EXPECT_TRUE(mentions(reason([](C& c) {
                         c.window_type.reset();
                         c.failure_rate_threshold.reset();
                         c.failure_count_threshold = 1;
                       }),
                       "failure_count_threshold needs a window_type"));
  EXPECT_EQ(reason([](C& c) { c.window_type.reset(), c.failure_rate_threshold.reset(); }), "");
  EXPECT_TRUE(mentions(reason([](C& c) { c.window_size = 0; }), "window_size"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.window_size = 10'000'001; }), "window_size"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.window_type = WindowType::time; }), "window longer than 0"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.window_type = WindowType::fixed; }), "window longer than 0"));
  EXPECT_EQ(reason([](C& c) { c.window_type = WindowType::fixed, c.window = 1ns; }), "");
  EXPECT_TRUE(mentions(reason([](C& c) { c.window_buckets = -1; }), "window_buckets"));
  const auto bucketed = [](C& c, std::int64_t buckets) {
    c.window_type = WindowType::time;
    c.window = 3ns;
    c.window_buckets = buckets;
  };
  EXPECT_EQ(reason([&](C& c) { bucketed(c, 3); }), "");
  EXPECT_TRUE(mentions(reason([&](C& c) { bucketed(c, 4); }), "nanosecond"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.consecutive_threshold = 0; }), "consecutive_threshold"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.failure_count_threshold = 0; }), "failure_count_threshold"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.failure_rate_threshold->value = 1'000'001; }), "fraction"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.failure_rate_threshold->value = -1; }), "fraction"));
  EXPECT_EQ(reason([](C& c) { c.failure_rate_threshold->value = 1'000'000; }), "");
  EXPECT_TRUE(mentions(reason([](C& c) { c.minimum_calls = -1; }), "minimum_calls"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.open = -1ns; }), "open must"));
  EXPECT_EQ(reason([](C& c) { c.open = kBreakerDurationMax; }), "");
  EXPECT_TRUE(mentions(reason([](C& c) { c.open = kBreakerDurationMax + 1ns; }), "open must"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.half_open_max_calls = -1; }), "half_open_max_calls"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.half_open_success_threshold = 0; }), "half_open_success_threshold"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.open_backoff_multiplier.value = 999'999; }), "open_backoff_multiplier"));
  EXPECT_TRUE(mentions(reason([](C& c) { c.open_max = -1ns; }), "open_max"));
  EXPECT_EQ(reason([](C& c) { c.open_max = 0ns; }), "");
}

TEST(BreakerConfig, honours_the_ends_of_every_range_and_nothing_beyond) {
  using C = BreakerConfig;
  constexpr std::int64_t kBillion = 1'000'000'000;
  const auto honours = [](const std::function<void(C&, std::int64_t)>& set, std::int64_t value) {
    C config = seed_readme();
    config.half_open_max_calls = 0;
    set(config, value);
    return !unsupported(config);
  };
  struct Range {
    std::function<void(C&, std::int64_t)> set;
    std::int64_t least;
    std::int64_t most;
  };
  const std::int64_t century = kBreakerDurationMax.count();
  const auto in_buckets = [](C& c, std::int64_t buckets) {
    c.window_type = WindowType::time;
    c.window = 1s;
    c.window_buckets = buckets;
  };
  for (const Range& range :
       {Range{[](C& c, std::int64_t n) { c.consecutive_threshold = n; }, 1, kBillion},
        Range{[](C& c, std::int64_t n) { c.failure_count_threshold = n; }, 1, kBillion},
        Range{[](C& c, std::int64_t n) { c.failure_rate_threshold->value = n; }, 0, 1'000'000},
        Range{[](C& c, std::int64_t n) { c.minimum_calls = n; }, 0, kBillion},
        Range{[](C& c, std::int64_t n) { c.window_size = n; }, 1, 10'000'000}, Range{in_buckets, 0, 10'000'000},
        Range{[](C& c, std::int64_t n) { c.window_type = WindowType::time, c.window = Duration{n}; }, 1, century},
        Range{[](C& c, std::int64_t n) { c.window_type = WindowType::fixed, c.window = Duration{n}; }, 1, century},
        Range{[](C& c, std::int64_t n) { c.open = Duration{n}; }, 0, century},
        Range{[](C& c, std::int64_t n) { c.open_max = Duration{n}; }, 0, century},
        Range{[](C& c, std::int64_t n) { c.half_open_max_calls = n; }, 0, kBillion},
        Range{[](C& c, std::int64_t n) { c.half_open_success_threshold = n; }, 1, kBillion},
        Range{[](C& c, std::int64_t n) { c.open_backoff_multiplier.value = n; }, 1'000'000, kBillion * 1'000'000}}) {
    EXPECT_FALSE(honours(range.set, range.least - 1)) << range.least << ", " << range.most;
    EXPECT_TRUE(honours(range.set, range.least)) << range.least << ", " << range.most;
    EXPECT_TRUE(honours(range.set, range.most)) << range.least << ", " << range.most;
    EXPECT_FALSE(honours(range.set, range.most + 1)) << range.least << ", " << range.most;
  }
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_presets_test
