// What a run notes beside its verdict: who was not answered and why, and the defaults that decided for many requests.

#include "sim/checks/claims/run_notes.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::run_notes_test {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> notes_of(const Scenario& scenario) {
  RunNotes watch{scenario};
  const RunResult result = run(scenario, {.observers = {&watch}});
  return watch.notes(result.faults);
}

// The first note that holds `part`; empty: none does.
std::string note_with(const std::vector<std::string>& notes, const std::string& part) {
  for (const std::string& note : notes) {
    if (note.find(part) != std::string::npos) return note;
  }
  return {};
}

// A hundred requests that nothing need be said of.
Scenario quiet() {
  Scenario scenario = world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(1e8)));
  scenario.workloads[0].max_tokens = Tokens{500};
  scenario.origins["/monitor/token_limiter"] = {};
  return scenario;
}

// Written down in the file, as far as a note asks.
void write(Scenario& scenario, const std::string& pointer) { scenario.origins[pointer] = {}; }

TEST(RunNotes, has_nothing_to_note_of_a_run_that_answers_everything) { EXPECT_TRUE(notes_of(quiet()).empty()); }

TEST(RunNotes, names_the_outcome_and_the_fault_behind_it) {
  Scenario scenario = quiet();
  scenario.faults = {fault("down", Outage{}, 0s, 50s)};
  EXPECT_EQ(note_with(notes_of(scenario), "not answered"),
            "50.0 % of the requests were not answered; 50 of these 50 ended as failed, because of faults.down");
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  scenario.monitor.circuit_breaker.open = 60s;
  const std::string stuck = note_with(notes_of(scenario), "not answered");
  EXPECT_NE(stuck.find("ended as all_providers_unavailable, because of faults.down, which kept "
                       "monitor.circuit_breaker open"),
            std::string::npos)
      << stuck;
}

TEST(RunNotes, notes_more_than_one_per_cent_and_not_exactly_one) {
  Scenario scenario = quiet();
  scenario.faults = {fault("down", Outage{}, 10s, 1s)};
  EXPECT_TRUE(notes_of(scenario).empty()) << "1 of 100";
  scenario.faults[0].duration = 2s;
  EXPECT_EQ(note_with(notes_of(scenario), "not answered").substr(0, 5), "2.0 %");
}

TEST(RunNotes, counts_breaks_that_a_stream_would_have_shown) {
  Scenario scenario = quiet();
  scenario.providers.push_back(provider("beta", Law::fixed(1e9)));
  FaultSpec cut = fault("cut", Truncated{}, 10s, 3s);
  cut.providers = {"alpha"};
  scenario.faults = {cut};
  EXPECT_EQ(note_with(notes_of(scenario), "broke off"),
            "3.0 % of the requests, 3, were answered after a reply that broke off; callers of streams would have seen "
            "the break, and \"stream\": true counts it as a failure");
  scenario.workloads[0].stream = true;
  EXPECT_EQ(note_with(notes_of(scenario), "broke off"), "");
  Judge judge{scenario};
  const RunResult result = run(scenario, {.observers = {&judge}});
  EXPECT_EQ(result.pipeline.metrics().all().count(monitor::Outcome::broken_stream), 3);
  for (const Finding& finding : judge.judge(result).findings) {
    EXPECT_NE(finding.kind, Finding::Kind::invariant) << finding.id << ": " << finding.reason;
  }
}

TEST(RunNotes, names_where_a_trace_of_times_since_1970_begins) {
  Scenario scenario = quiet();
  scenario.workloads[0].executor = TraceReplay{.trace = "t.csv", .shift = 1'700'000'000s};
  scenario.workloads[0].requests = {{.at = 0s}};
  EXPECT_EQ(note_with(notes_of(scenario), "1970"),
            "the times of t.csv count from 1970: its first row, of 2023-11-14T22:13:20.000000Z, is played at the start "
            "of chat");
}

TEST(RunNotes, names_the_rows_of_a_trace_whose_model_no_provider_has) {
  Scenario scenario = quiet();
  scenario.workloads[0].executor = TraceReplay{.trace = "t.csv", .strangers = 1, .stranger = "gpt-9"};
  scenario.workloads[0].requests = {{.at = 0s}, {.at = 1s}};
  EXPECT_EQ(note_with(notes_of(scenario), "gpt-9"),
            "1 of 2 rows of t.csv name a model that no provider has, \"gpt-9\" for one; they go where the others go");
}

TEST(RunNotes, a_forecast_has_the_causes_and_the_settings_that_nobody_wrote) {
  Scenario scenario = quiet();
  scenario.duration = 365 * 24h;
  scenario.providers[0].time_to_first_token = Law::fixed(40e9);
  scenario.monitor.provider_call.timeout = 2s;
  const ForecastWords words = forecast_words(scenario);
  ASSERT_EQ(words.causes.size(), monitor::kOutcomes);
  EXPECT_EQ(words.causes[static_cast<std::size_t>(monitor::Outcome::failed)],
            "monitor.provider_call.timeout, which is 2 s");
  EXPECT_EQ(words.causes[static_cast<std::size_t>(monitor::Outcome::served)], "");
  EXPECT_NE(note_with(words.notes, "below the latency of alpha"), "");
  EXPECT_EQ(note_with(words.notes, "were not answered"), "") << "of which a forecast has figures of its own";
}

// What a request asks for at most counts before it is answered.
TEST(RunNotes, stages_beyond_the_end_are_not_played) {
  Scenario scenario = quiet();
  scenario.duration = 60s;
  scenario.workloads[0].executor = RampingArrivalRate{.stages = {{.duration = 30s}, {.duration = 31s}}};
  scenario.workloads[0].rate = per_second(1);
  EXPECT_NE(note_with(notes_of(scenario), "has stages of 61 s and ends after 60 s, before its last target"), "");
  scenario.duration = 61s;
  EXPECT_EQ(note_with(notes_of(scenario), "has stages"), "");
}

TEST(RunNotes, the_default_of_max_tokens_is_named_where_it_is_refused) {
  Scenario scenario = quiet();
  scenario.workloads[0].max_tokens.reset();
  EXPECT_EQ(note_with(notes_of(scenario), "asks for 500"), "");
  scenario.providers[0].context_window = Tokens{400};
  EXPECT_NE(note_with(notes_of(scenario), "these refused 100.0 % of the requests"), "");
  scenario.providers[0].context_window.reset();
  scenario.monitor.rate_limiter.tokens_per_minute = Tokens{600};
  EXPECT_NE(note_with(notes_of(scenario), "asks for 500 output tokens"), "");
  scenario.workloads[0].max_tokens = Tokens{10};
  EXPECT_EQ(note_with(notes_of(scenario), "asks for 500"), "");
}

TEST(RunNotes, inputs_at_the_default_longest_are_cut) {
  Scenario scenario = quiet();
  scenario.origins["/workload/chat/tokens/input"] = {};
  scenario.workloads[0].name = "chat";
  scenario.workloads[0].input.law = Law::fixed(250'000);
  EXPECT_EQ(
      note_with(notes_of(scenario), "tokens.input.most"),
      "workload.chat.tokens.input.most is not written, so inputs are cut at 100000 tokens: 100.0 % of the requests "
      "have as many");
  scenario.origins["/workload/chat/tokens/input/most"] = {};
  EXPECT_EQ(note_with(notes_of(scenario), "tokens.input.most"), "") << "it is what the file wants";
}

TEST(RunNotes, rows_that_are_not_played_are_named_where_no_run_is_inconclusive_by_them) {
  Scenario scenario = quiet();
  scenario.duration = 60s;
  scenario.workloads[0].executor = Script{};
  scenario.workloads[0].requests = {{.at = 1s}, {.at = 59s}, {.at = 60s}};
  const std::string name = scenario.workloads[0].name;
  const std::string note = "workload." + name + " is not played whole: 1 of its 3 rows come after the end at 60.000 s";
  EXPECT_EQ(note_with(forecast_words(scenario).notes, "not played"), note);
  EXPECT_EQ(note_with(notes_beforehand(scenario), "not played"), note);
  EXPECT_EQ(note_with(notes_of(scenario), "not played"), "") << "a run says it in its verdict";
  scenario.duration = 61s;
  EXPECT_EQ(note_with(notes_beforehand(scenario), "not played"), "");
}

TEST(RunNotes, a_run_that_is_slow_is_not_looked_at_beforehand) {
  Scenario scenario = quiet();
  scenario.workloads[0].arrival = Arrival::mmpp;
  scenario.workloads[0].mmpp.mean_sojourn = {1ns, 60s};
  ASSERT_EQ(notes_beforehand(scenario).size(), 1U);
  EXPECT_NE(notes_beforehand(scenario)[0].find("mmpp.mean_sojourn lets the rate change some"), std::string::npos);
  EXPECT_EQ(forecast_words(scenario).notes, notes_beforehand(scenario));
  scenario.workloads[0].mmpp.mean_sojourn = {1s, 60s};
  EXPECT_EQ(note_with(notes_beforehand(scenario), "mmpp"), "");
}

TEST(RunNotes, names_the_timeout_that_lies_below_the_healthy_latency) {
  Scenario scenario = quiet();
  scenario.providers[0].time_to_first_token = Law::fixed(40e9);
  const std::vector<std::string> notes = notes_of(scenario);
  EXPECT_NE(note_with(notes, "ended as failed, because of monitor.provider_call.timeout, which is 30 s"), "");
  EXPECT_EQ(note_with(notes, "below the latency"),
            "monitor.provider_call.timeout is 30 s by default, below the latency of alpha when all is well: it cuts "
            "off 100.0 % of the requests");
  write(scenario, "/monitor/provider_call/timeout");
  EXPECT_NE(note_with(notes_of(scenario), "is 30 s, below"), "") << "a written one is no better";
}

TEST(RunNotes, a_timeout_that_opens_the_breaker_is_the_cause_of_what_the_breaker_turns_away) {
  Scenario scenario = quiet();
  scenario.providers[0].time_to_first_token = Law::fixed(40e9);
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  scenario.monitor.circuit_breaker.open = 60s;
  EXPECT_NE(note_with(notes_of(scenario),
                      "ended as all_providers_unavailable, because of monitor.provider_call.timeout, "
                      "which is 30 s, and kept monitor.circuit_breaker open"),
            "");
}

// What a provider refuses by itself has a setting too, also where the breaker then turns requests away.
TEST(RunNotes, names_the_setting_of_the_provider_that_refuses) {
  const auto cause = [](const Scenario& scenario) {
    const std::string note = note_with(notes_of(scenario), "not answered");
    const std::size_t at = note.find("because of ");
    return at == std::string::npos ? note : note.substr(at + 11);
  };
  Scenario limited = quiet();
  limited.providers[0].rate_limit.requests_per_minute = 10;
  EXPECT_EQ(cause(limited), "providers.alpha.rate_limit, and made calls wait for its Retry-After");
  limited.monitor.circuit_breaker.consecutive_threshold = 1;
  limited.monitor.circuit_breaker.open = 60s;
  EXPECT_EQ(cause(limited), "providers.alpha.rate_limit, and kept monitor.circuit_breaker open");

  Scenario narrow = quiet();
  narrow.providers[0].time_to_first_token = Law::fixed(5e9);
  narrow.providers[0].concurrency = 2;
  EXPECT_EQ(cause(narrow), "providers.alpha.concurrency, which is 2");

  Scenario shallow = quiet();
  shallow.providers[0].context_window = Tokens{10};
  EXPECT_EQ(cause(shallow), "providers.alpha.context_window, which is 10");

  Scenario faulty = quiet();
  faulty.providers[0].errors.rates = {{monitor::ReplyKind::server_error, 0.5}};
  EXPECT_EQ(cause(faulty), "providers.alpha.errors");

  Scenario broken = quiet();
  broken.workloads[0].stream = true;
  broken.faults = {fault("cut", Truncated{}, 0s, 50s)};
  EXPECT_EQ(cause(broken), "faults.cut");
}

TEST(RunNotes, names_the_window_of_the_budget_that_refuses) {
  const auto cause = [](std::optional<Usd> monthly, std::optional<Usd> daily) {
    Scenario scenario = quiet();
    scenario.monitor.cost_limiter.monthly = monthly;
    scenario.monitor.cost_limiter.daily = daily;
    scenario.providers[0].tariffs[0].tariff = tariff(10'000'000, 10'000'000);
    return note_with(notes_of(scenario), "not answered");
  };
  const Usd little = Usd::from_cents(1);
  const Usd much = Usd::from_dollars(1'000'000);
  EXPECT_TRUE(cause(much, little).ends_with("because of monitor.cost_limiter.daily_usd"));
  EXPECT_TRUE(cause(little, much).ends_with("because of monitor.cost_limiter.monthly_usd"));
  EXPECT_TRUE(cause(little, {}).ends_with("because of monitor.cost_limiter.monthly_usd"));
}

// The gateway answers each request in 5 s; a caller that waits 1 s gets none of these answers.
TEST(RunNotes, names_what_kept_callers_from_the_answers_to_their_requests) {
  Scenario scenario = quiet();
  scenario.providers[0].time_to_first_token = Law::fixed(5e9);
  scenario.workloads[0].client = ClientSpec{.preset = "openai-python", .timeout = 1s};
  EXPECT_EQ(note_with(notes_of(scenario), "wishes"),
            "100.0 % of the wishes were not answered; 100 of these 100 were not because of "
            "workload.chat.client.timeout, which is 1 s");
  Scenario seen = scenario;
  seen.monitor.provider_call.on_caller_gone = monitor::OnCallerGone::cancel;
  EXPECT_EQ(note_with(notes_of(seen), "wishes"), note_with(notes_of(scenario), "wishes"));
  scenario.workloads[0].client = ClientSpec{.preset = "openai-python", .patience = Law::fixed(2e9)};
  EXPECT_EQ(note_with(notes_of(scenario), "wishes"),
            "100.0 % of the wishes were not answered; 100 of these 100 were not because of "
            "workload.chat.client.patience");
  scenario.workloads[0].client = ClientSpec{.preset = "none"};
  EXPECT_EQ(note_with(notes_of(scenario), "wishes"), "");
  scenario.faults = {fault("down", Outage{}, 0s, 50s)};
  EXPECT_EQ(note_with(notes_of(scenario), "wishes"),
            "50.0 % of the wishes were not answered; 50 of these 50 were not because the requests of chat were not");
}

TEST(RunNotes, a_hanging_provider_is_no_timeout_below_the_healthy_latency) {
  Scenario scenario = quiet();
  Outage hangs;
  hangs.mode = OutageMode::hang;
  scenario.faults = {fault("hangs", hangs)};
  const std::vector<std::string> notes = notes_of(scenario);
  EXPECT_NE(note_with(notes, "because of faults.hangs"), "");
  EXPECT_EQ(note_with(notes, "below the latency"), "");
}

TEST(RunNotes, a_provider_without_a_latency_answers_in_no_time) {
  Scenario scenario = quiet();
  scenario.providers[0].time_to_first_token = Law::fixed(0);
  EXPECT_EQ(note_with(notes_of(scenario), "latency"),
            "alpha has no latency (ttft, tpot), so it answers in 0 ms: 100.0 % of the requests");
  Scenario half = scenario;
  half.providers[0].time_per_output_token = Law::fixed(1e6);
  EXPECT_EQ(note_with(notes_of(half), "ttft"),
            "alpha has no ttft, so that its first token comes after 0 ms: 100.0 % of the requests");
  write(scenario, "/providers/alpha/ttft");
  EXPECT_EQ(note_with(notes_of(scenario), "latency"), "") << "0 is what the file asks for";
}

TEST(RunNotes, answers_of_exactly_the_default_cap_were_cut) {
  Scenario scenario = quiet();
  scenario.workloads[0].max_tokens.reset();
  EXPECT_TRUE(notes_of(scenario).empty()) << "100 tokens fit";
  scenario.workloads[0].output.law = Law::fixed(700);
  EXPECT_EQ(note_with(notes_of(scenario), "max_tokens"),
            "max_tokens is not written, so answers are cut at 500 tokens: 100.0 % of the requests");
  scenario.workloads[0].max_tokens = Tokens{500};
  EXPECT_TRUE(notes_of(scenario).empty());
}

TEST(RunNotes, the_average_limiter_is_named_where_the_file_does_not) {
  Scenario scenario = quiet();
  scenario.origins.clear();
  scenario.monitor.token_limiter.mode = monitor::TokenMode::average;
  EXPECT_TRUE(notes_of(scenario).empty()) << "200 tokens are under the average of 500";
  scenario.workloads[0].input.law = Law::fixed(600);
  const std::string note = note_with(notes_of(scenario), "is not written, so it keeps the average at 500");
  EXPECT_NE(note.find("it refuses 100.0 % of the requests"), std::string::npos) << note;
  write(scenario, "/monitor/token_limiter/mode");
  EXPECT_EQ(note_with(notes_of(scenario), "is not written"), "");
}

TEST(RunNotes, a_cache_that_the_file_does_not_name_is_noted_where_it_answers) {
  Scenario scenario = quiet();
  scenario.monitor.cache = {};
  EXPECT_TRUE(notes_of(scenario).empty()) << "no two requests are alike";
  scenario.workloads[0].prompts.count = 10;
  const std::string note = note_with(notes_of(scenario), "cache");
  EXPECT_TRUE(note.starts_with("monitor.cache is not written, so answers are kept for 3600 s: it answers ")) << note;
  write(scenario, "/monitor/cache/ttl");
  EXPECT_EQ(note_with(notes_of(scenario), "cache"), "");
}

TEST(RunNotes, a_breaker_that_the_file_does_not_name_is_noted_where_it_refuses) {
  Scenario scenario = quiet();
  scenario.faults = {fault("down", Outage{}, 0s, 50s)};
  EXPECT_EQ(note_with(notes_of(scenario), "by default"), "") << "none opens";
  scenario.monitor.circuit_breaker = monitor::seed_readme();
  const std::string note = note_with(notes_of(scenario), "by default");
  EXPECT_TRUE(
      note.starts_with("monitor.circuit_breaker is not written, so the breakers are those of seed-readme by "
                       "default: "))
      << note;
  write(scenario, "/monitor/circuit_breaker/preset");
  EXPECT_EQ(note_with(notes_of(scenario), "by default"), "");
}

TEST(RunNotes, the_default_start_is_named_where_the_calendar_decides) {
  Scenario scenario = quiet();
  scenario.workloads[0].executor = Diurnal{};
  EXPECT_EQ(note_with(notes_of(scenario), "start"), "") << "every hour is alike";
  std::get<Diurnal>(scenario.workloads[0].executor).hourly[3] = 2;
  EXPECT_NE(note_with(notes_of(scenario), "start is not written, so the run begins at"), "");
  write(scenario, "/start");
  EXPECT_EQ(note_with(notes_of(scenario), "start"), "");
}

TEST(RunNotes, what_the_first_events_show_is_noted_beforehand) {
  Scenario scenario = quiet();
  scenario.duration = 365 * 24h;
  scenario.providers[0].time_to_first_token = Law::fixed(0);
  EXPECT_NE(note_with(notes_beforehand(scenario), "alpha has no latency"), "");
}

}  // namespace
}  // namespace windtunnel::sim::run_notes_test
