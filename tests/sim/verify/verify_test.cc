// Verification of breakers that somebody else keeps: a clean one passes, a deviating one is found, shrunk and named.

#include "sim/verify/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "monitor/breaker/breaker_presets.h"
#include "monitor/breaker/protocol_breaker.h"
#include "sim/verify/verify_draw.h"
#include "sim/verify/verify_laws.h"
#include "sim/verify/verify_shrink.h"

namespace windtunnel::sim::verify_test {
namespace {

using namespace monitor;
using namespace std::chrono_literals;

// A breaker of other rules than it was asked for. Of the ways of a deviation it has the one that is given, or the last.
class DeviantBreaker : public ForeignBreaker {
 public:
  explicit DeviantBreaker(std::vector<Deviation> deviations, std::size_t way = 1000)
      : deviations_(std::move(deviations)), way_(way) {}

  std::optional<std::string> reset(const BreakerConfig& config) override {
    BreakerRules rules{config, {}};
    for (const Deviation deviation : deviations_) {
      const auto ways = with_deviation(rules, deviation);
      if (!ways.empty()) rules = ways[std::min(way_, ways.size() - 1)];
    }
    model_.emplace(rules.config, Instant{}, rules.quirks);
    fixed_ = rules.config.window_type == WindowType::fixed;
    permits_.clear();
    latest_ms_ = 0;
    issued_ = 0;
    return std::nullopt;
  }

  BreakerAnswer ask(const BreakerQuestion& question) override {
    const auto permit = permits_.find(question.permit);
    if (question.t_ms < latest_ms_ || (question.op == BreakerOp::report && permit == permits_.end())) {
      return {.error = "wrong"};
    }
    latest_ms_ = question.t_ms;
    const Instant now{std::chrono::milliseconds{question.t_ms}};
    BreakerAnswer answer;
    if (question.op == BreakerOp::acquire) {
      if (const auto given = model_->acquire(now)) permits_[answer.permit.emplace(++issued_ * 3)] = *given;
    } else if (question.op == BreakerOp::report) {
      model_->report(permit->second, question.outcome, now);
      permits_.erase(permit);
    } else if (fixed_) {
      model_->advance(now);
    }
    answer.state = model_->state(now);
    return answer;
  }

 private:
  std::vector<Deviation> deviations_;
  std::size_t way_;
  std::optional<BreakerModel> model_;
  bool fixed_ = false;
  std::map<std::int64_t, ModelPermit> permits_;
  std::int64_t latest_ms_ = 0;
  std::int64_t issued_ = 0;
};

std::set<Deviation> named_in(const Verification& done) {
  std::set<Deviation> names;
  for (const VerifyFinding& finding : done.findings) {
    for (const RecognisedDeviation& deviation : finding.deviations) names.insert(deviation.deviation);
  }
  return names;
}

TEST(Verify, our_own_breaker_passes_under_all_settings) {
  ProtocolBreaker own;
  const Verification done = verify(own, {.cases = 60});
  EXPECT_TRUE(done.findings.empty()) << done.findings.front().settings << ": " << done.findings.front().found_by;
  EXPECT_TRUE(done.unsupported.empty());
  EXPECT_EQ(done.settings_held, verify_settings().size());
  EXPECT_GT(done.histories, 60 * verify_settings().size() * 4);
}

TEST(Verify, a_breaker_with_one_deviation_is_called_by_its_name_and_no_other) {
  for (const DeviationInfo& info : deviations()) {
    SCOPED_TRACE(info.name);
    DeviantBreaker breaker{{info.deviation}};
    const Verification done = verify(breaker, {.cases = 60});
    ASSERT_EQ(done.findings.size(), 1U);
    EXPECT_EQ(named_in(done), std::set{info.deviation}) << done.findings.front().settings;
    EXPECT_EQ(done.findings.front().found_by, "the reference model");
  }
}

// Whether a breaker with one deviation, in one of its ways, gives every answer of a history that is shown.
bool explains(const VerifyFinding& finding, Deviation deviation) {
  for (const BreakerRules& way : with_deviation({finding.config, {}}, deviation)) {
    const auto answers = expected_of(way.config, finding.history, way.quirks);
    bool alike = answers.size() == finding.answers.size();
    for (std::size_t i = 0; alike && i < answers.size(); ++i) {
      alike = agrees(answers[i], finding.history[i], finding.answers[i]);
    }
    if (alike) return true;
  }
  return false;
}

bool has_late_result(const VerifyFinding& finding) {
  return std::ranges::any_of(finding.expected, [](const ExpectedAnswer& answer) { return answer.late; });
}

TEST(Verify, each_way_of_a_deviation_is_called_by_its_name_on_a_history_that_it_explains) {
  const BreakerConfig rate{.failure_rate_threshold = Millionths{500'000},
                           .minimum_calls = 3,
                           .window_type = WindowType::time,
                           .window = 1s,
                           .open = 400ms,
                           .half_open_max_calls = 2,
                           .half_open_success_threshold = 2};
  const BreakerConfig run{.consecutive_threshold = 3, .open = 1s};
  int ways_named = 0;
  for (const DeviationInfo& info : deviations()) {
    for (const BreakerConfig& config : {rate, run}) {
      for (std::size_t way = 0; way < with_deviation({config, {}}, info.deviation).size(); ++way) {
        SCOPED_TRACE(testing::Message() << info.name << ", way " << way);
        DeviantBreaker breaker{{info.deviation}, way};
        const Verification done = verify(breaker, {.settings = {{"these", config}}, .cases = 400});
        if (done.findings.empty()) continue;  // no rule of these settings is touched by it
        const VerifyFinding& finding = done.findings.front();
        EXPECT_EQ(named_in(done), std::set{info.deviation});
        EXPECT_TRUE(explains(finding, info.deviation));
        if (info.deviation == Deviation::late_results_act) EXPECT_TRUE(has_late_result(finding));
        ++ways_named;
      }
    }
  }
  EXPECT_GE(ways_named, 25);
}

// An off-by-one that no deviation is about, besides one that is.
TEST(Verify, a_history_that_no_deviation_explains_gets_no_name) {
  class OneMore final : public ForeignBreaker {
   public:
    std::optional<std::string> reset(const BreakerConfig& config) override {
      BreakerConfig off = config;
      if (off.consecutive_threshold) ++*off.consecutive_threshold;
      return deviant_.reset(off);
    }
    BreakerAnswer ask(const BreakerQuestion& question) override { return deviant_.ask(question); }

   private:
    DeviantBreaker deviant_{{Deviation::late_results_act}};
  } breaker;
  const BreakerConfig run{.consecutive_threshold = 3, .open = 1s};
  const Verification done = verify(breaker, {.settings = {{"run", run}}});
  ASSERT_EQ(done.findings.size(), 1U);
  if (!has_late_result(done.findings.front())) EXPECT_TRUE(done.findings.front().deviations.empty());
  EXPECT_FALSE(has_late_result(done.findings.front()));
}

// Each further name stands with a history of its own, which the rules with the deviations before it do not explain.
TEST(Verify, each_further_deviation_is_shown_by_a_history_of_its_own) {
  DeviantBreaker breaker{{Deviation::opens_on_the_first_failure, Deviation::unlimited_probes}};
  const Verification done = verify(breaker, {.settings = {{"seed-readme", seed_readme()}}});
  ASSERT_EQ(done.findings.size(), 1U);
  ASSERT_EQ(done.findings.front().deviations.size(), 2U);
  for (const RecognisedDeviation& deviation : done.findings.front().deviations) {
    const ShownHistory& shown = deviation.shown;
    ASSERT_EQ(shown.answers.size(), shown.history.size());
    ASSERT_EQ(shown.expected.size(), shown.history.size());
    ASSERT_EQ(shown.rules.size(), shown.history.size());
    for (std::size_t i = 0; i < shown.history.size(); ++i) {
      EXPECT_EQ(agrees(shown.expected[i], shown.history[i], shown.answers[i]), i + 1 < shown.history.size());
    }
  }
}

TEST(Verify, several_deviations_do_not_hide_each_other) {
  const std::vector<Deviation> all{Deviation::opens_on_the_first_failure, Deviation::trips_on_ge,
                                   Deviation::no_reset_on_success,        Deviation::lifetime_window,
                                   Deviation::unlimited_probes,           Deviation::failed_probe_ignored,
                                   Deviation::never_recovers_from_zero};
  DeviantBreaker breaker{all};
  const Verification done = verify(breaker, {.settings = {{"seed-readme", seed_readme()}}, .cases = 20});
  std::string names;
  for (const Deviation deviation : named_in(done)) names += std::string(name_of(deviation)) + ", ";
  EXPECT_GE(named_in(done).size(), 5U) << names;
}

// What the histories came across. A comparison that never meets the case it is about proves nothing.
TEST(Verify, histories_reach_the_edges) {
  const StreamKey stream = Chance{1}.stream("verify/histories");
  int just_before = 0, at_the_end = 0, just_after = 0, late = 0, probes_refused = 0, overlapping = 0, unreported = 0;
  std::map<TripRule, int> trips;
  for (const VerifySettings& settings : verify_settings()) {
    for (std::uint64_t number = 0; number < 100; ++number) {
      const History history = draw_history(settings.config, stream, number);
      ModelSession session{settings.config};
      for (const HistoryCall& call : history) {
        const auto end = session.model().wakeup();
        const auto ends_ms = end ? end->time_since_epoch() / 1ms : -10;
        just_before += call.t_ms == ends_ms - 1;
        at_the_end += call.t_ms == ends_ms;
        just_after += call.t_ms == ends_ms + 1;
        const bool was_half_open =
            session.model().state(Instant{std::chrono::milliseconds{call.t_ms}}) == BreakerState::half_open;
        const ExpectedAnswer answer = session.perform(call);
        late += answer.late;
        probes_refused += was_half_open && call.op == BreakerOp::acquire && !answer.admitted;
        overlapping += session.outstanding().size() > 2;
        for (const BreakerTransition& arrow : session.model().transitions()) ++trips[arrow.rule];
      }
      unreported += !session.outstanding().empty();
    }
  }
  for (const int count :
       {just_before, at_the_end, just_after, late, probes_refused, overlapping, unreported,
        trips[TripRule::consecutive], trips[TripRule::rate], trips[TripRule::count], trips[TripRule::probe_failed]}) {
    EXPECT_GT(count, 50);
  }
}

TEST(Verify, every_law_holds_for_the_reference_model) {
  const StreamKey stream = Chance{2}.stream("verify/histories");
  std::map<std::string_view, int> tried;
  for (const VerifySettings& settings : verify_settings()) {
    for (std::uint64_t number = 0; number < 60; ++number) {
      const History history = draw_history(settings.config, stream, number);
      for (const Derived& derived : derive(settings.config, history, stream, number)) {
        ++tried[derived.law];
        std::vector<ExpectedAnswer> answers = expected_of(derived.config, derived.history);
        ASSERT_EQ(answers.size(), derived.expected.size()) << derived.law;
        for (std::size_t i = 0; i < answers.size(); ++i) {
          const bool same = answers[i].error == derived.expected[i].error &&
                            answers[i].state == derived.expected[i].state &&
                            answers[i].admitted == derived.expected[i].admitted;
          ASSERT_TRUE(same) << derived.law << " under " << settings.name << ", history " << number << ", call " << i;
        }
      }
    }
  }
  EXPECT_EQ(tried.size(), 8U);
  for (const auto& [law, count] : tried) EXPECT_GT(count, 100) << law;
}

// Right but in one respect that only a law sees.
class Moody final : public ForeignBreaker {
 public:
  enum class How { forgets_late_in_life, counts_queries, counts_errors };
  explicit Moody(How how) : how_(how) {}
  std::optional<std::string> reset(const BreakerConfig& config) override {
    queries_ = errors_ = 0;
    return own_.reset(config);
  }
  BreakerAnswer ask(const BreakerQuestion& question) override {
    BreakerAnswer answer = own_.ask(question);
    queries_ += question.op == BreakerOp::state;
    errors_ += !answer.error.empty();
    const bool wrong = (how_ == How::forgets_late_in_life && question.t_ms > 2'000'000'000) ||
                       (how_ == How::counts_queries && queries_ > 20) || (how_ == How::counts_errors && errors_ > 2);
    if (wrong && answer.error.empty()) answer.state = BreakerState::open;
    return answer;
  }

 private:
  How how_;
  ProtocolBreaker own_;
  int queries_ = 0, errors_ = 0;
};

TEST(Verify, laws_find_what_the_first_comparison_cannot) {
  const std::vector<VerifySettings> settings{{"plain", {.consecutive_threshold = 3, .open = 1s}}};
  const auto found_by = [&](Moody::How how) {
    Moody breaker{how};
    const Verification done = verify(breaker, {.settings = settings});
    return done.findings.empty() ? "nothing" : std::string(done.findings.front().found_by);
  };
  EXPECT_EQ(found_by(Moody::How::forgets_late_in_life), "time shift");
  EXPECT_EQ(found_by(Moody::How::counts_queries), "queries change nothing");
  EXPECT_EQ(found_by(Moody::How::counts_errors), "errors change nothing");
}

// No call of a shrunk history can be left out.
TEST(Verify, a_shrunk_history_is_minimal) {
  for (const DeviationInfo& info : deviations()) {
    DeviantBreaker breaker{{info.deviation}};
    const Verification done = verify(breaker, {.cases = 60});
    ASSERT_EQ(done.findings.size(), 1U);
    const VerifyFinding& finding = done.findings.front();
    EXPECT_EQ(finding.history.size(), finding.answers.size());
    EXPECT_FALSE(agrees(finding.expected.back(), finding.history.back(), finding.answers.back()));
    for (std::size_t i = 0; i < finding.history.size(); ++i) {
      std::vector<bool> out(finding.history.size());
      out[i] = true;
      const History shorter = without(finding.config, finding.history, out);
      EXPECT_FALSE(failure_on(breaker, finding.config, shorter)) << info.name << ", call " << i;
    }
  }
}

TEST(Verify, stops_on_request) {
  const std::atomic<bool> stop{true};
  ProtocolBreaker own;
  const Verification done = verify(own, {.stop = &stop});
  EXPECT_TRUE(done.stopped);
  EXPECT_EQ(done.histories, 0U);
}

TEST(Verify, what_is_not_supported_is_reported_with_its_reason) {
  class Choosy final : public ForeignBreaker {
   public:
    std::optional<std::string> reset(const BreakerConfig& config) override {
      if (config.window_type) return "no windows";
      return own_.reset(config);
    }
    BreakerAnswer ask(const BreakerQuestion& question) override { return own_.ask(question); }

   private:
    ProtocolBreaker own_;
  } breaker;
  const Verification done = verify(breaker, {.cases = 2});
  EXPECT_GT(done.unsupported.size(), 5U);
  EXPECT_EQ(done.unsupported.front().why, "no windows");
  EXPECT_EQ(done.settings_held + done.unsupported.size(), verify_settings().size());
}

TEST(Verify, a_recorded_history_is_judged_as_it_stands) {
  const std::vector<BreakerQuestion> questions{
      {.op = BreakerOp::acquire, .t_ms = 0},
      {.op = BreakerOp::acquire, .t_ms = 5},
      {.op = BreakerOp::acquire, .t_ms = 4},
      {.op = BreakerOp::report, .t_ms = 5, .permit = 1, .outcome = BreakerOutcome::failure},
      {.op = BreakerOp::report, .t_ms = 5, .permit = 1, .outcome = BreakerOutcome::failure},
      {.op = BreakerOp::report, .t_ms = 5, .permit = 99, .outcome = BreakerOutcome::failure},
      {.op = BreakerOp::state, .t_ms = 5},
  };
  const BreakerConfig config{.consecutive_threshold = 2, .open = 1s};
  ProtocolBreaker own;
  EXPECT_FALSE(verify_recorded(own, config, questions));
  Moody breaker{Moody::How::counts_errors};
  const auto finding = verify_recorded(breaker, config, questions);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->history.size(), questions.size());
  EXPECT_TRUE(finding->deviations.empty());
  DeviantBreaker deviant{{Deviation::opens_on_the_first_failure}};
  const std::vector<BreakerQuestion> first{
      {.op = BreakerOp::acquire},
      {.op = BreakerOp::report, .permit = 3, .outcome = BreakerOutcome::failure},
  };
  const auto named = verify_recorded(deviant, config, first);
  ASSERT_TRUE(named);
  ASSERT_EQ(named->deviations.size(), 1U);
  EXPECT_EQ(named->deviations.front().deviation, Deviation::opens_on_the_first_failure);
}

}  // namespace
}  // namespace windtunnel::sim::verify_test
