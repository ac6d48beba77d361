// The breaker protocol as text: what each line is answered, what is refused, and that every setting goes there and
// back.

#include "scenarios/fields/breaker_codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "monitor/breaker/breaker_presets.h"
#include "monitor/breaker/protocol_breaker.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios::breaker_protocol_test {
namespace {

using namespace std::chrono_literals;

struct Exchange {
  std::string line;
  std::string answer;
};

void expect_exchange(const std::vector<Exchange>& all) {
  monitor::ProtocolBreaker breaker;
  for (const Exchange& exchange : all) EXPECT_EQ(answer_line(breaker, exchange.line), exchange.answer) << exchange.line;
}

TEST(BreakerProtocol, answers_as_it_is_written) {
  expect_exchange({{R"({"op":"reset","config":{"consecutive_threshold":1,"open_ms":10}})", "{}"},
                   {R"({"op":"acquire","t_ms":0})", R"({"admitted":true,"state":"closed","permit":1})"},
                   {R"({"op":"report","t_ms":1,"permit":1,"ok":false})", R"({"state":"open"})"},
                   {R"({"op":"acquire","t_ms":10})", R"({"admitted":false,"state":"open","permit":null})"},
                   {R"({"op":"state","t_ms":11})", R"({"state":"half_open"})"},
                   {R"({"op":"acquire","t_ms":11})", R"({"admitted":true,"state":"half_open","permit":2})"},
                   {R"({"op":"acquire","t_ms":11})", R"({"admitted":false,"state":"half_open","permit":null})"},
                   {R"({"op":"report","t_ms":11,"permit":2,"ok":null})", R"({"state":"half_open"})"},
                   {R"({"op":"acquire","t_ms":11})", R"({"admitted":true,"state":"half_open","permit":3})"},
                   {R"({"op":"report","t_ms":12,"permit":3,"ok":true})", R"({"state":"closed"})"}});
}

TEST(BreakerProtocol, a_wrong_line_gets_an_error_and_changes_nothing) {
  const std::vector<std::string> wrong = {
      R"()",
      R"(   )",
      R"(nonsense)",
      R"([])",
      R"({})",
      R"({"op":"acquire","t_ms":5)",
      R"({"op":"acquire","t_ms":5} x)",
      R"({"op":"acquire","t_ms":5} // quickly)",
      R"({"op":"acquire","t_ms":5,"t_ms":6})",
      "{\"op\":\"acquire\",\"t_ms\":5,\"note\":\"\xff\"}",
      R"({"op":"acquire","t_ms":5,"note":1})",
      R"({"op":"acquire"})",
      R"({"op":"acquire","t_ms":"5"})",
      R"({"op":"acquire","t_ms":5.5})",
      R"({"op":"acquire","t_ms":-1})",
      R"({"op":"acquire","t_ms":1})",  // backwards
      R"({"op":"acquire","t_ms":3153600000001})",
      R"({"op":"acquire","t_ms":99999999999999999999})",
      R"({"op":"aquire","t_ms":5})",
      R"({"op":7,"t_ms":5})",
      R"({"op":"report","t_ms":5,"permit":1,"ok":false})",  // has reported
      R"({"op":"report","t_ms":5,"permit":9,"ok":false})",  // unknown
      R"({"op":"report","t_ms":5,"permit":0,"ok":false})",
      R"({"op":"report","t_ms":5,"permit":null,"ok":false})",
      R"({"op":"report","t_ms":5,"permit":2})",
      R"({"op":"report","t_ms":5,"permit":2,"ok":"no"})",
      R"({"op":"report","t_ms":1,"permit":2,"ok":false})",
      R"({"op":"reset"})",
      R"({"op":"reset","config":[]})",
      R"({"op":"reset","config":{},"seed":1})",
      R"({"op":"acquire","t_ms":5,"note":")" + std::string(kProtocolLineMax, 'x') + R"("})",
  };
  monitor::ProtocolBreaker breaker;
  answer_line(breaker, R"({"op":"reset","config":{"consecutive_threshold":2}})");
  for (const char* const line : {R"({"op":"acquire","t_ms":2})", R"({"op":"acquire","t_ms":2})",
                                 R"({"op":"report","t_ms":3,"permit":1,"ok":false})"}) {
    answer_line(breaker, line);
  }
  for (const std::string& line : wrong) {
    const std::string answer = answer_line(breaker, line);
    EXPECT_TRUE(answer.starts_with(R"({"error":")")) << line << "\n" << answer;
    EXPECT_TRUE(is_utf8(answer)) << answer;
    EXPECT_TRUE(read_answer(answer, monitor::BreakerOp::state).nonsense.empty()) << answer;
  }
  // The time stands at 3, permit 2 is out, and one failure more opens it.
  EXPECT_EQ(answer_line(breaker, R"({"op":"report","t_ms":3,"permit":2,"ok":false})"), R"({"state":"open"})");
}

TEST(BreakerProtocol, no_question_comes_before_the_first_reset) {
  monitor::ProtocolBreaker breaker;
  for (const char* line : {R"({"op":"acquire","t_ms":0})", R"({"op":"state","t_ms":0})"}) {
    EXPECT_NE(answer_line(breaker, line).find("a reset comes first"), std::string::npos);
  }
}

TEST(BreakerProtocol, other_names_and_values_are_unsupported_and_leave_the_breaker_as_it_was) {
  const std::vector<std::string> configs = {
      R"({"consecutive_treshold":5})",
      R"({"preset":"seed-redme"})",
      R"({"preset":null})",
      R"({"volume":"attempts"})",
      R"({"volume":"calls"})",
      R"({"state_view":"on_call"})",
      R"({"on_open":"clear"})",
      R"({"consecutive_scope":"window"})",
      R"({"consecutive_scope":"window","window_type":"time","window_ms":9,"window_buckets":3,"bucket_of":"start"})",
      R"({"window_origin":"rotate_one"})",
      R"({"window_origin":"rotate_one","window_type":"time","window_ms":9})",
      R"({"window_origin":"stamped_ring","window_type":"time","window_ms":9,"window_buckets":10})",
      R"({"window_origin":"stamped_ring","window_type":"time","window_ms":9,"window_buckets":3,"bucket_of":"start"})",
      R"({"late_results":"origin_forces"})",
      R"({"late_results":"origin_counts_stale_probe","half_open_failure":"ignore"})",
      R"({"late_results":"origin_counts_stale_probe","half_open_failure_rate":0.5})",
      R"({"open":"30s"})",
      R"({"window":"30s"})",
      R"({"open_max":"30s"})",
      R"({"open_ms":"30s"})",
      R"({"open_ms":-1})",
      R"({"open_ms":0.5})",
      R"({"open_ms":null})",
      R"({"consecutive_threshold":0})",
      R"({"consecutive_threshold":true})",
      R"({"minimum_calls":null})",
      R"({"failure_rate_threshold":0.5})",
      R"({"failure_count_threshold":2})",
      R"({"failure_rate_threshold":0.1234567,"window_type":"lifetime"})",
      R"({"failure_rate_threshold":1.1,"window_type":"lifetime"})",
      R"({"failure_rate_compare":"lt"})",
      R"({"window_type":"sliding"})",
      R"({"window_type":"count"})",
      R"({"window_type":"time","window_ms":0})",
      R"({"window_type":"fixed"})",
      R"({"window_origin":"start"})",
      R"({"bucket_of":"end"})",
      R"({"evaluate_on":"success"})",
      R"({"open_compare":"eq"})",
      R"({"half_open_max_calls":-1})",
      R"({"half_open_success_threshold":2})",
      R"({"half_open_max_calls":3,"half_open_success_threshold":4})",
      R"({"half_open_success_threshold":0,"half_open_max_calls":0})",
      R"({"half_open_failure":"close"})",
      R"({"late_results":"count"})",
      R"({"on_close":"forget"})",
      R"({"open_backoff_multiplier":0.5})",
      R"({"half_open_timeout_ms":0})",
      R"({"open_jitter":1.5})",
      R"({"rate_rounding":"percent"})",
      R"({"open_jitter":0.5,"late_results":"origin_forces","state_view":"lazy","half_open_max_calls":0})",
      R"({"slow_call_duration":"1s"})",
      R"({"slow_call_rate":0.5,"slow_call_ms":7})",
      R"({"half_open_timeout":"1s"})",
  };
  monitor::ProtocolBreaker breaker;
  answer_line(breaker, R"({"op":"reset","config":{"consecutive_threshold":1}})");
  answer_line(breaker, R"({"op":"acquire","t_ms":7})");
  for (const std::string& config : configs) {
    const std::string answer = answer_line(breaker, R"({"op":"reset","config":)" + config + "}");
    EXPECT_TRUE(answer.starts_with(R"({"unsupported":true,"why":")")) << config << "\n" << answer;
    EXPECT_TRUE(read_reset_answer(answer).unsupported.has_value()) << answer;
  }
  EXPECT_EQ(answer_line(breaker, R"({"op":"report","t_ms":7,"permit":1,"ok":false})"), R"({"state":"open"})");
}

// A setting that the table has and the codec loses would come back as its default.
TEST(BreakerProtocol, every_setting_goes_there_and_back) {
  const monitor::BreakerConfig all{.consecutive_threshold = 7,
                                   .failure_rate_threshold = Millionths{333'333},
                                   .failure_rate_compare = monitor::BreakerCompare::ge,
                                   .rate_rounding = monitor::RateRounding::percent_int,
                                   .failure_count_threshold = 3,
                                   .slow_call_duration = 44ms,
                                   .slow_call_rate = Millionths{654'321},
                                   .minimum_calls = 4,
                                   .window_type = monitor::WindowType::time,
                                   .window_size = 9,
                                   .window = 70ms,
                                   .window_buckets = 7,
                                   .window_origin = monitor::WindowOrigin::closed_start,
                                   .bucket_of = monitor::BucketOf::start,
                                   .evaluate_on = monitor::EvaluateOn::any,
                                   .open = 11ms,
                                   .open_compare = monitor::BreakerCompare::gt,
                                   .state_view = monitor::StateView::lazy,
                                   .half_open_max_calls = 6,
                                   .half_open_success_threshold = 5,
                                   .half_open_failure = monitor::HalfOpenFailure::ignore,
                                   .half_open_timeout = 88ms,
                                   .late_results = monitor::LateResults::current_state,
                                   .late_success_in_open = monitor::LateSuccessInOpen::count,
                                   .on_open = monitor::OnOpen::reset,
                                   .on_close = monitor::OnClose::reset_plus_probe,
                                   .open_backoff_multiplier = Millionths{1'500'000},
                                   .open_max = 99ms,
                                   .open_jitter = Millionths{250'000},
                                   .allowed_fails = 2};
  // A rate has nothing to judge where failures are ignored.
  monitor::BreakerConfig by_rate = all;
  by_rate.half_open_failure = monitor::HalfOpenFailure::reopen;
  by_rate.half_open_failure_rate = Millionths{123'456};
  by_rate.on_close = monitor::OnClose::reset_failures;
  // Attempts are counted where buckets do not move.
  monitor::BreakerConfig of_attempts = by_rate;
  of_attempts.window_origin = monitor::WindowOrigin::epoch;
  of_attempts.volume = monitor::Volume::attempts;
  monitor::BreakerConfig by_origin = all;
  by_origin.half_open_failure = monitor::HalfOpenFailure::reopen;
  by_origin.slow_call_rate.reset();
  by_origin.open_jitter = Millionths{0};
  by_origin.late_results = monitor::LateResults::origin_forces;
  EXPECT_EQ(breaker_protocol_table().fields.size(), 33U);
  monitor::BreakerConfig by_origin_alone = by_origin;
  by_origin_alone.late_results = monitor::LateResults::origin_counts;
  monitor::BreakerConfig by_outcomes = by_rate;
  by_outcomes.bucket_of = monitor::BucketOf::result;
  by_outcomes.window_origin = monitor::WindowOrigin::rotate_one;
  by_outcomes.consecutive_scope = monitor::ConsecutiveScope::window;
  by_outcomes.state_view = monitor::StateView::on_read;
  monitor::BreakerConfig by_stamps = by_outcomes;
  by_stamps.window_origin = monitor::WindowOrigin::stamped_ring;
  std::vector<monitor::BreakerConfig> configs{
      all, by_rate, of_attempts, by_origin, by_origin_alone, by_outcomes, by_stamps, monitor::BreakerConfig{}};
  for (const auto& preset : monitor::breaker_presets()) {
    configs.push_back(*monitor::breaker_preset(preset.name));
    configs.back().outcomes = {};  // the protocol has no kinds of replies
  }
  configs.push_back(*monitor::breaker_preset("seed-poc"));
  configs.back().on_close = monitor::OnClose::reset;
  for (const monitor::BreakerConfig& config : configs) {
    const std::string line = reset_line(config);
    const RecordedLine back = read_recorded_line(line, "history.jsonl", 1);
    ASSERT_TRUE(back.reset.has_value());
    EXPECT_EQ(*back.reset, config) << line;
  }
  for (const monitor::BreakerConfig& config : {all, by_rate, of_attempts}) {
    const JsonValue written = write_object(Writing{Names{}}, config, breaker_protocol_table());
    EXPECT_EQ(written.members.size(), breaker_protocol_table().fields.size() - 3)
        << "more than three of them are not off their defaults";
  }
}

TEST(BreakerProtocol, the_settings_beside_a_preset_change_it) {
  const RecordedLine line = read_recorded_line(
      R"({"op":"reset","config":{"open_ms":7,"preset":"pybreaker","consecutive_threshold":2}})", "history.jsonl", 1);
  monitor::BreakerConfig expected = *monitor::breaker_preset("pybreaker");
  expected.open = 7ms;
  expected.consecutive_threshold = 2;
  EXPECT_EQ(line.reset, expected);
  const RecordedLine poc =
      read_recorded_line(R"({"op":"reset","config":{"preset":"seed-poc","on_close":"reset"}})", "history.jsonl", 1);
  EXPECT_EQ(poc.reset->on_close, monitor::OnClose::reset);
}

// As its code does: after 20 successes and 5 failures a probe closes it, and the next failure is the only one that
// counts.
TEST(BreakerProtocol, settings_of_the_proof_of_concept_without_on_close_mean_its_close) {
  const auto last_state = [](const std::string& more) {
    monitor::ProtocolBreaker breaker;
    EXPECT_EQ(
        answer_line(breaker, R"({"op":"reset","config":{"failure_rate_threshold":0.5,"failure_rate_compare":"ge",)"
                             R"("failure_count_threshold":5,"window_type":"lifetime","open_ms":30000,)"
                             R"("half_open_max_calls":0,"half_open_failure":"ignore")" +
                                 more + "}}"),
        "{}");
    std::string last;
    for (int call = 1; call <= 27; ++call) {
      const std::string at = std::to_string(call <= 25 ? call : 5000 + call * 1000);
      answer_line(breaker, R"({"op":"acquire","t_ms":)" + at + "}");
      last = answer_line(breaker, R"({"op":"report","t_ms":)" + at + R"(,"permit":)" + std::to_string(call) +
                                      (call <= 20 || call == 26 ? R"(,"ok":true})" : R"(,"ok":false})"));
      if (call == 25 || call == 26) {
        EXPECT_EQ(last, call == 25 ? R"({"state":"open"})" : R"({"state":"closed"})");
      }
    }
    return last;
  };
  EXPECT_EQ(last_state(""), R"({"state":"closed"})");
  EXPECT_EQ(last_state(R"(,"on_close":"reset")"), R"({"state":"open"})");
  EXPECT_EQ(last_state(R"(,"minimum_calls":1)"), R"({"state":"open"})") << "these are not its settings";
}

TEST(BreakerProtocol, questions_go_there_and_back) {
  using monitor::BreakerOp;
  using monitor::BreakerOutcome;
  for (const BreakerOp op : {BreakerOp::acquire, BreakerOp::state}) {
    const monitor::BreakerQuestion question{.op = op, .t_ms = 12};
    EXPECT_EQ(read_recorded_line(question_line(question), "h", 1).question, question);
  }
  for (const auto outcome : {BreakerOutcome::success, BreakerOutcome::failure, BreakerOutcome::ignored}) {
    const monitor::BreakerQuestion question{.op = BreakerOp::report, .t_ms = 12, .permit = 3, .outcome = outcome};
    EXPECT_EQ(read_recorded_line(question_line(question), "h", 1).question, question);
  }
}

TEST(BreakerProtocol, an_empty_answer_is_nonsense) {
  using monitor::BreakerOp;
  for (const char* line :
       {"", "hello", "[]", "{}", R"({"state":"ajar"})", R"({"state":"closed"})",
        R"({"admitted":true,"state":"closed"})", R"({"admitted":true,"state":"closed","permit":null})",
        R"({"admitted":true,"state":"closed","permit":"1"})", R"({"admitted":false,"state":"open","permit":3})",
        R"({"admitted":1,"state":"closed"})"}) {
    EXPECT_FALSE(read_answer(line, BreakerOp::acquire).nonsense.empty()) << line;
  }
  EXPECT_TRUE(read_answer(R"({"admitted":false,"state":"open"})", BreakerOp::acquire).nonsense.empty());
  EXPECT_TRUE(read_answer(R"({"state":"open","failures":3})", BreakerOp::state).nonsense.empty());
  EXPECT_EQ(read_answer(R"({"error":"no"})", BreakerOp::state).answer.error, "no");
  EXPECT_FALSE(read_reset_answer(R"({"error":"no"})").nonsense.empty());
  EXPECT_TRUE(read_reset_answer("{}").nonsense.empty());
}

TEST(BreakerProtocol, a_recorded_line_that_is_wrong_names_its_file_and_line) {
  try {
    read_recorded_line(R"({"op":"stat","t_ms":0})", "history.jsonl", 12);
    FAIL();
  } catch (const ScenarioError& error) {
    EXPECT_NE(std::string{error.what()}.find("history.jsonl:12"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::breaker_protocol_test
