// What single records of a log lack: it is neither 0 nor a guess, and a note of the fit says of how many.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/calendar.h"
#include "reports/logs/log_fit.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::log_gaps_test {
namespace {

using namespace std::chrono_literals;

std::string time_of(int i) { return iso8601(*parse_iso8601("2026-04-01") + 1h * i); }

class LogGaps : public testing::Test {
 protected:
  ScratchFolder folder;

  // 3 USD a million input tokens, 12 a million of output.
  [[nodiscard]] FittedLog fit(const std::string& text, const std::string& columns = "") const {
    write_text(folder.file("log"), text);
    const auto price = [](const LogRow& row) {
      return std::optional{Usd::from_picos(
          (row.input.value_or(Tokens{}).count() * 3 + row.output.value_or(Tokens{}).count() * 12) * 1'000'000)};
    };
    return read_fit(FitRequest{.log = {.file = folder.file("log"), .columns = columns},
                               .threads = 1,
                               .price = price,
                               .price_source = "a test's list"});
  }
};

const sim::FittedParameter& parameter_of(const FittedLog& log, const std::string& name) {
  const auto found = std::ranges::find(log.fit.parameters, name, &sim::FittedParameter::name);
  if (found == log.fit.parameters.end()) throw std::runtime_error(name + " is not fitted\n" + fit_text(log));
  return *found;
}

double value_of(const FittedLog& log, const std::string& name) { return parameter_of(log, name).estimate.value; }

bool has_note(const FittedLog& log, const std::string& part) { return fit_text(log).find(part) != std::string::npos; }

// --- Tokens --------------------------------------------------------------------------------------------------------

std::string costs_log(int days, const char* first) {
  std::string text = "at,usd,who,in,out\n";
  for (int i = 0; i < days * 24; ++i) {
    text += fmt::format("{},{},{},1000,150\n", iso8601(*parse_iso8601(first) + 1h * i), i % 2 == 0 ? "0.25" : "0.5",
                        i % 2 == 0 ? "a" : "b");
  }
  return text;
}

// A budget of the month is spent so far when the forecast begins.
TEST_F(LogGaps, the_spend_of_the_running_month_is_that_of_the_log) {
  const auto spent = [&](int days, const char* first, const char* more = "") {
    return fit(costs_log(days, first) + more, "time=at,cost_usd=usd,provider=who,input=in,output=out");
  };
  const FittedLog april = spent(10, "2026-03-27");  // five days of March, five of April
  EXPECT_EQ(sim::spent_words(april.fit.spent), "a=15,b=30");
  EXPECT_TRUE(has_note(april, "has cost 45 USD before it")) << fit_text(april);
  EXPECT_FALSE(has_note(april, "is not known"));
  const FittedLog late = spent(10, "2026-04-03");
  EXPECT_EQ(sim::spent_words(late.fit.spent), "a=30,b=60");
  EXPECT_TRUE(has_note(late, "the log begins on 2026-04-03: what was spent in that month before it is not known"));
  EXPECT_TRUE(spent(31, "2026-03-01").fit.spent.empty());
  // An answer without a cost costs what the others do, and a hit of the cache nothing.
  EXPECT_EQ(sim::spent_words(spent(10, "2026-03-27", "2026-04-05T20:00:00Z,,a,,\n").fit.spent), "a=15.375,b=30");
}

std::string helicone_log(const std::string& input_of_every_third) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += fmt::format(
        R"({{"request_id": "h{}", "request_created_at": "{}", "response_status": 200, "provider": "OPENAI", "response_model": "gpt-4o", "delay_ms": 2500, "prompt_tokens": {}, "completion_tokens": {}}})"
        "\n",
        i, time_of(i), i % 3 == 0 ? input_of_every_third : "1000", 150 + i % 7);
  }
  return text;
}

TEST_F(LogGaps, answers_without_a_count_of_tokens_count_for_the_rate_and_not_as_0) {
  const FittedLog log = fit(helicone_log("null"));
  EXPECT_EQ(value_of(log, "input_tokens.mean"), 1000);
  EXPECT_NEAR(value_of(log, "cost"), 3 + 12 * 0.153, 0.01);
  EXPECT_EQ(parameter_of(log, "input_tokens.mean").n, 200);
  EXPECT_NEAR(value_of(log, "rate"), 24, 0.1);
  EXPECT_NEAR(value_of(log, "cost.replayed"), value_of(log, "cost"), 0.02);
  EXPECT_TRUE(has_note(log, "100 of 300 answered records do not have both input and output tokens"));
}

TEST_F(LogGaps, a_count_of_0_is_one) {
  const FittedLog log = fit(helicone_log("0"));
  EXPECT_NEAR(value_of(log, "input_tokens.mean"), 2000.0 / 3, 1e-6);
  EXPECT_EQ(log.bad_count, 0U);
  EXPECT_FALSE(has_note(log, "do not have both"));
}

TEST_F(LogGaps, a_sum_with_more_tokens_than_are_read_says_so) {
  const auto langfuse = [](int total) {
    std::string text;
    for (int i = 0; i < 60; ++i) {
      text += fmt::format(
          R"({{"id": "{}", "traceId": "t", "type": "GENERATION", "startTime": "{}", "model": "m", "usageDetails": {{"input": 1000, "output": 150, "input_of_a_new_kind": 50, "total": {}}}}})"
          "\n",
          i, time_of(i), total);
    }
    return text;
  };
  EXPECT_TRUE(has_note(fit(langfuse(1200)), "60 of 60 records have more tokens in all than input and output"));
  EXPECT_FALSE(has_note(fit(langfuse(1150)), "more tokens in all"));
}

TEST_F(LogGaps, cancelled_generations_are_counted_in_a_note) {
  std::string text = "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,model_permaslug,cancelled\n";
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("g{},{},0.0035,1000,100,m,{}\n", i, time_of(i), i % 3 == 0 ? "true" : "false");
  }
  EXPECT_TRUE(has_note(fit(text), "20 of 60 requests were cancelled by their callers"));
}

std::string span(int i, const std::string& operation, const std::string& usage) {
  const auto begin = (*parse_iso8601("2026-04-01") + 1h * i).time_since_epoch();
  return fmt::format(
      R"({{"spanId": "{}", "startTimeUnixNano": "{}", "endTimeUnixNano": "{}", "attributes": {{"gen_ai.operation.name": "{}", "gen_ai.provider.name": "p", "gen_ai.response.model": "m", {}}}}})"
      "\n",
      i, begin.count(), (begin + 2s).count(), operation, usage);
}

TEST_F(LogGaps, spans_without_output_have_no_lengths_but_embeddings_have_none) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    const std::string output = i % 4 == 0 ? "" : R"(, "gen_ai.usage.output_tokens": 150)";
    text += span(i, "chat", R"("gen_ai.usage.input_tokens": 1000)" + output);
  }
  const FittedLog chat = fit(text);
  EXPECT_EQ(value_of(chat, "output_tokens.mean"), 150);
  EXPECT_EQ(parameter_of(chat, "output_tokens.mean").n, 45);
  EXPECT_TRUE(has_note(chat, "15 of 60 answered records"));

  text.clear();
  for (int i = 0; i < 60; ++i) text += span(i, "embeddings", R"("gen_ai.usage.input_tokens": 1000)");
  const FittedLog embeddings = fit(text);
  EXPECT_EQ(embeddings.bad_count, 0U);
  EXPECT_EQ(value_of(embeddings, "output_tokens.mean"), 0);
}

TEST_F(LogGaps, failures_stay_the_share_that_they_are_where_answers_have_no_tokens) {
  std::string text;
  for (int i = 0; i < 120; ++i) {
    // Every eighth has neither count.
    const std::string output = i % 4 == 0 ? "" : R"(, "gen_ai.usage.output_tokens": 150)";
    const std::string failure = i % 10 == 1 ? R"(, "error.type": "timeout")" : "";
    const std::string input = i % 8 == 0 ? R"("n": 1)" : R"("gen_ai.usage.input_tokens": 1000)";
    text += span(i, "chat", input + output + failure);
  }
  EXPECT_NEAR(value_of(fit(text), "p.errors.timeout"), 0.1, 1e-9);
}

TEST_F(LogGaps, a_log_of_answers_without_output_says_so) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += span(i, "chat", R"("gen_ai.usage.input_tokens": 1000)");
  EXPECT_EQ(fit(text).fit.problem.value_or(""), "no answered request of the log has both input and output tokens");
}

TEST_F(LogGaps, a_sum_of_tokens_completes_their_counts) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += fmt::format(
        R"({{"id": "p", "created_at": "{}", "is_success": 1, "ai_org": "o", "ai_model": "m", "req_units": 1000, "total_units": 1150}})"
        "\n",
        time_of(i));
  }
  EXPECT_EQ(value_of(fit(text), "output_tokens.mean"), 150);
}

// --- Columns -------------------------------------------------------------------------------------------------------

constexpr const char* kTable =
    "created,model,prompt,completion,ms\n2026-03-02 10:00:00,m,10,20,500\n2026-03-02 10:01:00,m,10,20,500\n";

std::string refusal_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST_F(LogGaps, a_column_that_no_record_has_is_an_error_with_the_nearest) {
  const std::string columns = "time=created,model=model,output=completion,";
  EXPECT_EQ(refusal_of([&] { (void)fit(kTable, columns + "input=prompts"); }),
            "no record has \"prompts\", which --columns names; did you mean \"prompt\"?");
  EXPECT_EQ(refusal_of([&] { (void)fit(kTable, columns + "input=prompt,latency_ms=latency"); }),
            "no record has \"latency\", which --columns names; the log has created, model, prompt, completion, ms");
  EXPECT_EQ(refusal_of([&] { (void)fit(kTable, columns + "input=prompt,latency_ms=ms"); }), "");
}

TEST_F(LogGaps, a_path_that_no_record_has_is_an_error_with_the_nearest) {
  const std::string text = R"({"at": "2026-03-02 10:00:00", "usage": {"in": 1, "out": 2}})"
                           "\n"
                           R"({"at": "2026-03-02 10:01:00", "usage": {"in": 1, "out": 2, "cached": 1}})";
  EXPECT_EQ(refusal_of([&] { (void)fit(text, "time=at,input=usage.in,output=usage.outs"); }),
            "no record has \"usage.outs\", which --columns names; did you mean \"usage.out\"?");
  EXPECT_EQ(refusal_of([&] { (void)fit(text, "time=at,input=usage.in,output=usage.out,cached=usage.cached"); }), "")
      << "one record has it";
}

// --- Failures ------------------------------------------------------------------------------------------------------

std::string answered(int i, const std::string& model = "gpt-4o", double spend = 0.0034) {
  return fmt::format(
      R"({{"request_id": "a{}", "spend": {}, "startTime": "{}", "endTime": "{}", "model": "{}", "custom_llm_provider": "openai", "prompt_tokens": 1000, "completion_tokens": {}, "status": "success"}})"
      "\n",
      i, spend, time_of(i), iso8601(*parse_iso8601(time_of(i)) + 2s), model, 150 + i % 7);
}

std::string failed(int i, const std::string& provider, const std::string& error, const std::string& model = "gpt-4o") {
  return fmt::format(
      R"({{"request_id": "f{}", "spend": 0, "startTime": "{}", "endTime": "{}", "model": "{}", "custom_llm_provider": "{}", "prompt_tokens": 0, "completion_tokens": 0, "status": "failure", "metadata": {{"error_information": {{{}}}}}}})"
      "\n",
      i, time_of(i), iso8601(*parse_iso8601(time_of(i)) + 60s), model, provider, error);
}

TEST_F(LogGaps, requests_that_failed_without_a_provider_are_counted_in_a_note_and_not_in_the_rate) {
  const struct {
    std::string model;
    std::string error;
  } kinds[] = {{"chat", R"("error_code": "429", "error_class": "RouterRateLimitError")"},
               {"gpt-4o", R"("error_code": "400", "error_class": "BudgetExceededError")"},
               {"", R"("error_code": "500")"}};
  for (const auto& [model, error] : kinds) {
    std::string text;
    for (int i = 0; i < 240; ++i) text += i % 8 == 3 ? failed(i, "", error, model) : answered(i);
    const FittedLog log = fit(text);
    ASSERT_FALSE(log.fit.problem) << *log.fit.problem;
    EXPECT_TRUE(has_note(log, "30 of 240 requests (12.5 %) failed without a call to a provider")) << fit_text(log);
    EXPECT_EQ(log.fit.requests, 240);
    EXPECT_NEAR(value_of(log, "rate"), 21, 0.01);
    EXPECT_NEAR(value_of(log, "cost"), 3.4, 1e-9);
    EXPECT_NEAR(value_of(log, "cost.replayed"), 3.4, 0.02);
  }
}

TEST_F(LogGaps, a_log_in_which_nothing_was_answered_says_so) {
  std::string text;
  for (int i = 0; i < 24; ++i) text += failed(i, "openai", R"("error_code": "500")");
  const FittedLog log = fit(text);
  EXPECT_EQ(log.fit.problem.value_or(""),
            "the log has no answered request, so that nothing is known of lengths, latency and price");
  EXPECT_EQ(log.fit.requests, 24);
}

TEST_F(LogGaps, the_class_of_an_error_is_its_kind_and_the_timeout_is_fitted) {
  std::string text;
  for (int i = 0; i < 240; ++i) {
    text += i % 8 == 3 ? failed(i, "openai", R"("error_code": "", "error_class": "Timeout")") : answered(i);
  }
  const FittedLog log = fit(text);
  EXPECT_NEAR(value_of(log, "openai.errors.timeout"), 0.125, 1e-9);
  EXPECT_TRUE(has_note(log, "30 calls of the log timed out: the timeout is 60.000 s")) << fit_text(log);
  EXPECT_FALSE(has_note(log, "is unknown"));
}

TEST_F(LogGaps, failures_of_an_unknown_kind_are_counted_and_may_be_timeouts) {
  std::string text;
  for (int i = 0; i < 240; ++i) {
    text += i % 8 == 3 ? failed(i, "openai", i % 16 == 3 ? R"("error_class": "Oops")" : R"("error_code": "500")")
                       : answered(i);
  }
  const FittedLog log = fit(text);
  EXPECT_TRUE(has_note(log, "of 30 failures the kind of 15 is unknown: they count as server_error")) << fit_text(log);
  EXPECT_FALSE(has_note(log, "no call of the log timed out"));
}

// --- Figures -------------------------------------------------------------------------------------------------------

TEST_F(LogGaps, answers_that_cost_nothing_are_named_with_their_model) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += i % 2 == 0 ? answered(i) : answered(i, "my-finetune", 0);
  EXPECT_TRUE(has_note(fit(text),
                       "openai/my-finetune: 30 of 30 answered requests cost 0 USD although they have tokens: "
                       "the gateway may have no price for the model my-finetune"));
  text.clear();
  for (int i = 0; i < 60; ++i) text += answered(i);
  EXPECT_FALSE(has_note(fit(text), "cost 0 USD"));
}

TEST_F(LogGaps, a_hit_rate_that_is_not_known_is_not_0) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += span(i, "chat", R"("gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 150)");
  }
  const FittedLog log = fit(text);
  EXPECT_FALSE(parameter_of(log, "hit_rate").is_known);
  const std::string shown = fit_text(log);
  const std::string line = shown.substr(shown.find("hit_rate"), 80);
  EXPECT_EQ(std::ranges::count(line.substr(0, line.find('\n')), '-'), 3) << shown;
}

TEST_F(LogGaps, requests_that_all_cost_the_same_have_no_interval_of_the_cost) {
  const FittedLog same = fit(answered(0) + answered(7) + answered(14));
  EXPECT_FALSE(parameter_of(same, "cost").has_interval);
  EXPECT_FALSE(parameter_of(same, "cost.replayed").has_interval);
  const FittedLog others = fit(answered(0) + answered(7) + answered(14, "gpt-4o", 0.0035));
  EXPECT_TRUE(parameter_of(others, "cost").has_interval);
}

}  // namespace
}  // namespace windtunnel::reports::log_gaps_test
