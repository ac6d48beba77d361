// X11: the spans of a gateway beside a hand-made ledger of two answered calls of two models.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/world_fixture.h"
#include "wire/trial/checks/trial_case.h"
#include "wire/trial/checks/trial_checks.h"

namespace windtunnel::wire::span_checks_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;

class Spans {
 public:
  sim::Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)));
  TrialRun run;

  Spans() {
    scenario.providers.push_back(sim::provider("beta"));
    scenario.providers[0].model = "quick-1";
    scenario.providers[1].model = "clever-2";
    run.calls = {call(0, scenario.providers[0].name), call(1, "beta")};
    run.spans = ReportedSpans{.calls = {span(0, "quick-1"), span(1, "clever-2")}};
    run.ended = Instant{} + 5s;
  }
  static CallLine call(std::uint64_t number, const std::string& provider) {
    return {.call = number,
            .ended = Instant{} + 1s,
            .provider = provider,
            .workload = "chat",
            .billed = {Tokens{100}, Tokens{20}},
            .cost = Usd::from_cents(1),
            .usage_sent = true};
  }
  static ReportedSpan span(std::uint64_t number, const std::string& model) {
    return {.trace = "t",
            .span = "s" + std::to_string(number),
            .answer = "chatcmpl-wt" + std::to_string(number),
            .model = model,
            .names_served_model = true,
            .input = Tokens{100},
            .output = Tokens{20},
            .cost = Usd::from_cents(1)};
  }
  std::vector<ReportedSpan>& spans() { return run.spans->calls; }
  // The reason, with the ids of answers and without: their sums must show the same.
  [[nodiscard]] std::string reason() const {
    const auto breach = wrong_spans(run, scenario);
    return breach ? breach->reason : "";
  }
  [[nodiscard]] std::string reason_of_sums() const {
    Spans nameless = *this;
    for (ReportedSpan& span : nameless.spans()) span.answer.clear();
    return nameless.reason();
  }
};

TEST(SpanChecks, find_nothing_where_each_call_has_its_span) {
  EXPECT_EQ(Spans{}.reason(), "");
  EXPECT_EQ(Spans{}.reason_of_sums(), "");
}

TEST(SpanChecks, find_a_span_that_is_lost_comes_twice_or_is_counted_twice) {
  Spans lost;
  lost.spans().pop_back();
  EXPECT_EQ(lost.reason(), "2 calls, and 1 spans about them; no span names the answer to call 1 of beta");
  EXPECT_EQ(lost.reason_of_sums(), "2 calls, and 1 spans about them");
  Spans twice;
  twice.spans().push_back(twice.spans().front());
  EXPECT_EQ(twice.reason(), "span s0 of trace t came twice");
  twice.spans().back().trace = "u";
  EXPECT_EQ(twice.reason(), "call 0 has two spans, s0 and s0");
  EXPECT_EQ(twice.reason_of_sums(), "2 calls, and 3 spans about them");
  Spans strange;
  strange.spans()[1].answer = "chatcmpl-wt7";
  EXPECT_EQ(strange.reason(), "span s1 of trace t names the answer chatcmpl-wt7, which none gave");
}

TEST(SpanChecks, find_tokens_that_are_one_off_or_missing) {
  for (const int off : {-1, 1}) {
    Spans spans;
    spans.spans()[0].output = Tokens{20 + off};
    EXPECT_NE(spans.reason().find("100 input and 20 output tokens"), std::string::npos) << spans.reason();
    EXPECT_NE(spans.reason_of_sums().find("40 output tokens, and"), std::string::npos) << spans.reason_of_sums();
    spans.spans()[1].output = Tokens{20 - off};
    EXPECT_NE(spans.reason_of_sums().find(" of clever-2, and"), std::string::npos)
        << "the total is right: " << spans.reason_of_sums();
  }
  Spans none;
  none.spans()[1].input.reset();
  EXPECT_NE(none.reason().find("its span has no and 20"), std::string::npos) << none.reason();
  EXPECT_NE(none.reason_of_sums().find("200 input tokens, and 100"), std::string::npos);
}

TEST(SpanChecks, find_another_model_and_let_the_requested_name_of_a_failed_call_pass) {
  Spans spans;
  spans.spans()[1].model = "quick-1";
  EXPECT_NE(spans.reason().find("its span names quick-1"), std::string::npos) << spans.reason();
  EXPECT_NE(spans.reason_of_sums(), "");
  spans.spans()[1].model = "clever";
  EXPECT_EQ(spans.reason_of_sums(), "1 calls of clever-2, and 0 spans about them");
  Spans failed;
  failed.run.calls[1].kind = ReplyKind::server_error;
  failed.run.calls[1].usage_sent = false;
  failed.run.calls[1].billed = {};
  failed.run.calls[1].cost = Usd{};
  failed.spans()[1] = {.trace = "t", .span = "s1", .model = "default"};
  EXPECT_EQ(failed.reason(), "");
  failed.spans()[1].output = Tokens{1};
  EXPECT_NE(failed.reason(), "") << "it was billed nothing";
}

TEST(SpanChecks, find_money_that_is_off_by_more_than_programs_round_it) {
  Spans spans;
  const std::int64_t allowed = Usd::from_cents(1).picos() / 10'000;
  spans.spans()[0].cost = Usd::from_picos(Usd::from_cents(1).picos() + allowed);
  EXPECT_EQ(spans.reason(), "");
  spans.spans()[0].cost = Usd::from_picos(Usd::from_cents(1).picos() + allowed + 1);
  EXPECT_NE(spans.reason(), "");
  spans.spans()[0].cost = Usd::from_cents(2);
  EXPECT_NE(spans.reason_of_sums().find("by the spans"), std::string::npos) << spans.reason_of_sums();
  spans.spans()[1].cost.reset();
  EXPECT_EQ(spans.reason_of_sums(), "") << "not every span has its money, so that there is no sum of it";
}

TEST(SpanChecks, leave_open_what_a_gateway_cannot_know) {
  Spans cut;
  cut.run.calls[1].kind = ReplyKind::truncated;
  cut.run.calls[1].usage_sent = false;
  for (const std::int64_t output : {0, 7, 900}) {
    cut.spans()[1].output = Tokens{output};
    EXPECT_EQ(cut.reason(), "") << output;
    EXPECT_EQ(cut.reason_of_sums(), "") << output;
  }
  cut.spans()[0].output = Tokens{19};
  cut.spans()[1].output = Tokens{0};
  EXPECT_NE(cut.reason_of_sums(), "") << "less than what is known";
  Spans open;
  open.run.calls[1].end = CallEnd::open;
  EXPECT_EQ(open.reason(), "");
  open.spans().pop_back();
  EXPECT_EQ(open.reason(), "") << "the call had not ended";
}

TEST(SpanChecks, judge_nothing_without_a_receiver_a_span_or_an_end) {
  Spans spans;
  const auto judged = [&] {
    const TrialVerdicts verdicts = check_trial(spans.run, spans.scenario, spans.scenario);
    return std::ranges::find(verdicts.checks, "X11") != verdicts.checks.end();
  };
  EXPECT_TRUE(judged());
  spans.run.stopped = true;
  EXPECT_FALSE(judged());
  spans.run.stopped = false;
  spans.spans().clear();
  EXPECT_FALSE(judged());
  spans.run.spans.reset();
  EXPECT_FALSE(judged());
}

}  // namespace
}  // namespace windtunnel::wire::span_checks_test
