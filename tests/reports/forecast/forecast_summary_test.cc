// What a forecast looks like on paper, and its parts on disk.
// This file is long because both are tried on the same replications.

#include "reports/forecast/forecast_summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "reports/forecast/forecast_numbers.h"
#include "reports/forecast/forecast_shard.h"
#include "tests/reports/every_key.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::forecast_test {
namespace {

using sim::Estimate;
using sim::ForecastWorld;

ForecastWorld forecast_world() {
  sim::Scenario scenario = small_world();
  scenario.workloads[0].arrival = sim::Arrival::poisson;
  scenario.monitor.cost_limiter.monthly = Usd::from_cents(4);
  return {scenario, {.horizon = 10s}};
}

std::vector<sim::ReplicationBlock> made_blocks(const ForecastWorld& world, sim::BlockPlan plan) {
  std::vector<sim::ReplicationBlock> blocks;
  sim::ThreadedMaker maker{world, 1, nullptr};
  sim::make_blocks(maker, plan, {.take = [&](const sim::ReplicationBlock& block) {
                     blocks.push_back(block);
                     return true;
                   }});
  return blocks;
}

sim::ReplicationSet made_set(const ForecastWorld& world, std::uint64_t replications) {
  sim::ReplicationSet set{.frame = world.frame(), .all = {}, .latency = {}};
  for (const auto& block : made_blocks(world, {.replications = replications})) sim::add(set, block);
  return set;
}

ForecastSummary summary_of(const sim::Forecast& forecast) {
  return forecast_summary({.forecast = forecast,
                           .stop = {},
                           .headroom = {},
                           .notes = {},
                           .replay = "windtunnel forecast small.json",
                           .build = this_build("0"),
                           .wall = {}});
}

TEST(ForecastNumbers, a_chance_is_never_nothing_and_never_all) {
  EXPECT_EQ(chance_text({0, 0, 0.003}, 1000), "< 0.3%");
  EXPECT_EQ(chance_text({0, 0, 0.03}, 100), "< 3%");
  EXPECT_EQ(chance_text({1, 0.997, 1}, 1000), "> 99.7%");
  EXPECT_EQ(chance_text({0.125, 0.1, 0.15}, 1000), "12.5% ±2.5");
  EXPECT_EQ(chance_text({0, 0, 1}, 2), "-");
  // Nor does a rare one read as nothing, or a common one as all.
  EXPECT_EQ(chance_text({0.00012, 0.0001, 0.0005}, 10'000), "0.012% (0.010 to 0.050)");
  EXPECT_EQ(chance_text({0.000012, 0.00001, 0.00005}, 100'000), "0.0012% (0.0010 to 0.0050)");
  EXPECT_EQ(chance_text({0.99998, 0.99995, 0.99999}, 100'000), "99.9980% (99.9950 to 99.9990)");
  EXPECT_EQ(share_text(Estimate{0.9999997, 0.9999996, 0.9999998}), "99.999970% ±0.000010");
  EXPECT_EQ(share_text(Estimate{0.0053, 0.005, 0.0056}), "0.53% ±0.03");
}

TEST(ForecastNumbers, are_grouped_and_rounded) {
  EXPECT_EQ(grouped(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(grouped(999.999, 1), "1,000.0");
  EXPECT_EQ(grouped(-0.004, 2), "0.00");
  EXPECT_EQ(grouped(-1234.5, 1), "-1,234.5");
  EXPECT_EQ(grouped(12, 0), "12");
  EXPECT_EQ(nine_digits(1.0 / 3), "0.333333333");
  EXPECT_EQ(nine_digits(INFINITY), "null");
  EXPECT_EQ(instant_text("2026-01-20T11:00:59Z"), "2026-01-20 11:00");
  EXPECT_EQ(instant_text("not within horizon"), "not within the horizon");
}

// Numbers of the file that are no estimates: what was asked for, what was counted, and what says how it was made.
bool is_stated(const std::string& path) {
  static const std::vector<std::string> stated{
      "/windtunnel_forecast", "/seed",    "/horizon_s", "/replications",
      "/confidence",          "/twins",   "/share",     "/monthly_usd",
      "/spent_before_usd/",   "/timing/", "/build/",    "/of_all_replications/"};
  return std::ranges::any_of(stated, [&](const std::string& text) { return path.find(text) != std::string::npos; });
}

// Each number is stated, or is an estimate with both ends of its interval around it and its half-width.
std::size_t estimates_in(const nlohmann::json& json, const std::string& path) {
  if (json.is_number()) {
    EXPECT_TRUE(is_stated(path)) << path << " has no interval";
    return 0;
  }
  if (json.is_object() && json.contains("value")) {
    EXPECT_TRUE(json.contains("low") && json.contains("high")) << path;
    EXPECT_TRUE(json.contains("half_width") || json.contains("half_width_days")) << path;
    if (json["value"].is_number() && json["low"].is_number()) {
      EXPECT_LE(json["low"], json["value"]) << path;
      EXPECT_GE(json["high"], json["value"]) << path;
      // About a bound nothing lies.
      if (json.contains("bound") && json["bound"].is_string()) {
        EXPECT_TRUE(json["half_width"].is_null()) << path;
        return 1;
      }
      EXPECT_NEAR(json["half_width"].get<double>(), (json["high"].get<double>() - json["low"].get<double>()) / 2, 1e-8)
          << path;
    }
    return 1;
  }
  if (!json.is_structured()) return 0;
  std::size_t count = 0;
  for (const auto& [key, value] : json.items()) count += estimates_in(value, path + "/" + key);
  return count;
}

TEST(ForecastJson, has_no_estimate_without_its_interval) {
  const sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 60), {});
  const auto json = nlohmann::json::parse(forecast_json(summary_of(forecast)));
  EXPECT_GT(estimates_in(json, ""), 40U);
}

// With 5 replications there are no percentiles, in no format, and a chance that never showed is below 3/5.
TEST(ForecastCsv, leaves_out_what_too_few_replications_cannot_estimate) {
  ForecastWorld world{[] {
                        sim::Scenario scenario = small_world();
                        scenario.monitor.cost_limiter.monthly = Usd::from_dollars(1000);
                        return scenario;
                      }(),
                      {.horizon = 10s}};
  const sim::Forecast few = sim::forecast_of(made_set(world, 5), {});
  const std::string csv = forecast_csv(summary_of(few));
  const std::string row = csv.substr(csv.find('\n') + 1);
  EXPECT_TRUE(row.starts_with("2026-01-20,,,,,,,,,,< 60%,0,")) << csv;
  EXPECT_EQ(std::ranges::count(row, ','), std::ranges::count(csv.substr(0, csv.find('\n')), ','));
  const auto json = nlohmann::json::parse(forecast_json(summary_of(few)));
  for (const char* figure : {"p10", "p50", "p90"}) EXPECT_EQ(json["cost_usd"][figure], nullptr) << figure;
  // From 6 on there is a median, from 36 on the others.
  const auto cells = [&](std::uint64_t replications) {
    const std::string text = forecast_csv(summary_of(sim::forecast_of(made_set(world, replications), {})));
    const std::string line = text.substr(text.find('\n') + 1);
    return std::pair{line.find(",,,,") != std::string::npos, line.find(",,") != std::string::npos};
  };
  EXPECT_EQ(cells(6), (std::pair{true, true}));
  EXPECT_EQ(cells(35), (std::pair{true, true}));
  EXPECT_EQ(cells(36), (std::pair{false, false}));
}

TEST(ForecastText, reports_refusals_even_where_there_are_none) {
  const sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 60), {});
  const std::string text = forecast_text(summary_of(forecast));
  EXPECT_NE(text.find("refused_rate: < "), std::string::npos) << text;
  EXPECT_EQ(text.find("stale_hit"), std::string::npos) << text;
}

// Every figure of the file that is an estimate has its interval beside it, and no chance is printed as 0.
TEST(ForecastJson, a_chance_that_none_or_all_showed_is_a_bound_with_its_words) {
  sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 60), {});
  forecast.p_exceed[0] = sim::estimate_share(0, 60);
  forecast.p_exceed[1] = sim::estimate_share(60, 60);
  forecast.p_exceed[2] = sim::estimate_share(15, 60);
  const auto chances = nlohmann::json::parse(forecast_json(summary_of(forecast)))["budget"]["p_exceed"];
  EXPECT_EQ(chances[0]["chance"]["value"], 0.05);
  EXPECT_EQ(chances[0]["chance"]["bound"], "upper");
  EXPECT_EQ(chances[0]["chance"]["text"], "< 5%");
  EXPECT_TRUE(chances[0]["chance"]["half_width"].is_null()) << "value and half-width would not be its interval";
  EXPECT_EQ(chances[1]["chance"]["value"], 0.95);
  EXPECT_EQ(chances[1]["chance"]["bound"], "lower");
  EXPECT_EQ(chances[1]["chance"]["text"], "> 95%");
  EXPECT_EQ(chances[2]["chance"]["value"], 0.25);
  EXPECT_TRUE(chances[2]["chance"]["bound"].is_null());
}

TEST(ForecastJson, has_an_interval_beside_every_figure) {
  const sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 60), {});
  const auto json = nlohmann::json::parse(forecast_json(summary_of(forecast)));
  for (const char* figure : {"mean", "p10", "p50", "p90"}) {
    EXPECT_GE(json["cost_usd"][figure]["high"], json["cost_usd"][figure]["value"]) << figure;
    EXPECT_LE(json["cost_usd"][figure]["low"], json["cost_usd"][figure]["value"]) << figure;
  }
  ASSERT_EQ(json["budget"]["p_exceed"].size(), 4U);
  for (const auto& entry : json["budget"]["p_exceed"]) {
    EXPECT_GT(entry["chance"]["value"], 0) << "a bound of a chance that no replication showed";
    EXPECT_LE(entry["chance"]["value"], 1);
    EXPECT_EQ(entry["chance"]["half_width"].is_null(), entry["chance"]["bound"].is_string());
  }
  EXPECT_EQ(json["days"].size(), 1U);
  EXPECT_EQ(json["spend"]["by_provider"].size(), 2U);
  EXPECT_EQ(json["spend"]["by_cause"].size(), 5U);
  EXPECT_EQ(json["notes"].size(), 2U) << "request noise only, and what the budget refuses";
  EXPECT_EQ(json["headroom"], nullptr);
}

// A forecast with everything that a document may hold: a budget, headroom, thresholds of which one is of time.
ForecastSummary full_summary() {
  std::vector<sim::ThresholdSpec> thresholds(2);
  thresholds[0].metric = "forecast.cost_usd";
  thresholds[0].text = "p(90)<1";
  thresholds[0].forecast = sim::ForecastQuantity::cost_usd;
  thresholds[0].aggregate = sim::Aggregate::percentile;
  thresholds[0].percentile = Millionths{900'000};
  thresholds[1].metric = "forecast.request_duration";
  thresholds[1].text = "p(95)<3s";
  thresholds[1].forecast = sim::ForecastQuantity::request_duration;
  thresholds[1].aggregate = sim::Aggregate::percentile;
  thresholds[1].percentile = Millionths{950'000};
  const sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 60), thresholds);
  const sim::HeadroomTrial trial{.rate_thousandths = 1320, .replications = 50, .broken = {0.04, 0.01, 0.09}};
  const sim::HeadroomLimit limit{.what = "the monthly budget",
                                 .rate_thousandths = 1320,
                                 .confirmed = true,
                                 .tried = {trial},
                                 .at_edge = trial,
                                 .beyond = trial};
  sim::HeadroomLimit shares = limit;
  shares.of_requests = true;
  return forecast_summary(
      {.forecast = forecast,
       .stop = ForecastStop{.until = "cost<1%", .every = 50, .reached = true},
       .headroom = sim::Headroom{.budget = limit, .latency = limit, .failures = shares, .refusals = shares},
       .notes = {"a note"},
       .replay = "again",
       .build = this_build("0"),
       .wall = 1'500ms});
}

TEST(ForecastNotes, name_the_cause_that_the_report_has_of_the_commonest_outcome) {
  sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 60), {});
  forecast.answered = sim::Estimate{0.4, 0.39, 0.41};
  forecast.shares[static_cast<std::size_t>(monitor::Outcome::failed)] = sim::Estimate{0.6, 0.59, 0.61};
  ForecastReport report{.forecast = forecast,
                        .stop = {},
                        .headroom = {},
                        .notes = {},
                        .replay = "",
                        .build = this_build("0"),
                        .wall = {}};
  const auto note = [&] { return forecast_summary(report).notes.at(1); };
  EXPECT_TRUE(note().ends_with("end as failed, because of the faults and errors of the providers")) << note();
  report.causes.assign(monitor::kOutcomes, "limits.red");
  EXPECT_TRUE(note().ends_with("end as failed, because of limits.red")) << note();
}

TEST(ForecastJson, comes_back_as_the_summary_that_was_written) {
  const std::string text = forecast_json(full_summary());
  EXPECT_EQ(forecast_json(read_forecast_summary(text, "f")), text);
  const sim::Forecast few = sim::forecast_of(made_set(forecast_world(), 5), {});
  const std::string sparse = forecast_json(summary_of(few));
  EXPECT_EQ(forecast_json(read_forecast_summary(sparse, "f")), sparse);
}

TEST(ForecastJson, is_refused_without_any_of_its_values_and_with_one_of_another_type) {
  expect_every_value_is_needed(forecast_json(full_summary()),
                               [](const std::string& text) { (void)read_forecast_summary(text, "f"); });
}

TEST(ForecastJson, of_another_version_is_refused) {
  const auto why = [](const std::string& text) {
    return refusal([](const std::string& document) { (void)read_forecast_summary(document, "f"); }, text);
  };
  EXPECT_EQ(why("{}"), "f: cannot read: it has no windtunnel_forecast and is therefore no document of that kind");
  EXPECT_NE(why(R"({"windtunnel_forecast": 3})").find("windtunnel_forecast is the number 3"), std::string::npos);
}

TEST(ForecastText, refuses_percentiles_of_too_few_replications) {
  const sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 5), {});
  const std::string text = forecast_text(summary_of(forecast));
  EXPECT_NE(text.find("too few replications"), std::string::npos) << text;
  EXPECT_NE(text.find("request noise only"), std::string::npos);
}

// --- Parts -----------------------------------------------------------------------------------------------------------

class ForecastPart : public testing::Test {
 protected:
  ForecastPart() {
    const ForecastWorld world = forecast_world();
    head = {.frame = world.frame(), .replications = 130, .shard = {1, 2}, .assertions = {"a<1"}, .replay = "again"};
    blocks = made_blocks(world, {.replications = 130, .shard = {1, 2}});
    PartFile file{folder.file("part.json"), head};
    for (const auto& block : blocks) file.add(block);
    file.finish();
    text = text_in(folder.file("part.json"));
  }
  [[nodiscard]] Part read_text(const std::string& other) const {
    write_text(folder.file("other.json"), other);
    return read_part(folder.file("other.json"));
  }

  ScratchFolder folder;
  PartHead head;
  std::vector<sim::ReplicationBlock> blocks;
  std::string text;
};

TEST_F(ForecastPart, is_read_back_as_it_was_written) {
  EXPECT_TRUE(nlohmann::json::accept(text));
  const Part read = read_part(folder.file("part.json"));
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(read.head, head);
  ASSERT_EQ(read.blocks.size(), 3U);
  for (const auto& block : blocks) EXPECT_EQ(read.blocks.at(block.number), block);
}

TEST_F(ForecastPart, of_blocks_of_another_size_is_read_back) {
  head.block_size = 7;
  PartFile file{folder.file("sevens.json"), head};
  const sim::BlockPlan plan{
      .replications = head.replications, .shard = head.shard, .block_size = head.block_size, .known = {}};
  for (const auto& block : made_blocks(forecast_world(), plan)) file.add(block);
  file.finish();
  const Part read = read_part(folder.file("sevens.json"));
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(read.head, head);
  EXPECT_EQ(read.blocks.size(), (head.replications + 6) / 7);
}

// Cut at any byte it gives the blocks before, or says that it is none; it never gives another block.
TEST_F(ForecastPart, that_is_cut_short_gives_what_is_whole) {
  for (std::size_t left = 0; left + 2 < text.size(); left += 97) {
    try {
      const Part read = read_text(text.substr(0, left));
      EXPECT_FALSE(read.complete) << left;
      for (const auto& [number, block] : read.blocks) EXPECT_EQ(block, blocks[number]) << left;
    } catch (const ReportError&) {
      EXPECT_LT(left, text.find('\n')) << "the head is whole";
    }
  }
}

// What is no part of this version is refused, or read as something whole; it never brings the reader down.
TEST_F(ForecastPart, survives_bytes_at_random) {
  std::mt19937 random{20260101};
  for (int i = 0; i < 400; ++i) {
    std::string spoilt = text;
    for (int change = 0; change < 3; ++change)
      spoilt[random() % spoilt.size()] = "0123456789[]{},:\"-e\n"[random() % 20];
    try {
      const Part read = read_text(spoilt);
      EXPECT_LE(read.blocks.size(), 3U);
    } catch (const ReportError&) {
    }
  }
  EXPECT_THROW(read_text("{\"windtunnel_part\":4,\"blocks\":["), ReportError);
  EXPECT_THROW(read_text("{\"windtunnel_summary\":1,\"blocks\":["), ReportError);
  EXPECT_THROW(read_text(""), ReportError);
  const std::size_t hash = text.find("\"hash\":\"") + 8;
  EXPECT_THROW(read_text(std::string{text}.replace(hash, 16, "12")), ReportError) << "a hash has 16 digits";
}

// One error in a part that is whole otherwise.
TEST_F(ForecastPart, names_what_is_wrong_with_it) {
  const auto why = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    const std::size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    other.replace(at, from.size(), to);
    try {
      (void)read_text(other);
    } catch (const ReportError& error) {
      return std::string{error.what()};
    }
    return std::string{"nothing"};
  };
  const auto says = [&](const std::string& from, const std::string& to, const std::string& what) {
    EXPECT_NE(why(from, to).find(what), std::string::npos) << why(from, to);
  };
  says("\"windtunnel_part\":4", "\"windtunnel_part\":1", "of version 1, and only 4 is understood");
  says("\"study\":\"forecast\"", "\"study\":\"explore\"", "another study");
  says("\"shard\":[1,2]", "\"shard\":[2,2]", "there is no such shard");
  says("\"numbers\":[[1,", "\"numbers\":[[3,", "other replications than its shard");
  says("\"numbers\":[[1,", "\"numbers\":[[1,1,", "another number of figures");
  const std::size_t first = text.find('\n') + 1;
  const std::string line = text.substr(first, text.find('\n', first) + 1 - first);
  says(line, line + "," + line, "block 0 comes twice");
}

// A digit that was changed on the way, in any place, never gives another forecast.
TEST_F(ForecastPart, with_a_changed_digit_is_refused_or_not_whole) {
  std::size_t tried = 0;
  for (std::size_t at = 0; at < text.size(); at += 7) {
    if (text[at] < '0' || text[at] > '9') continue;
    std::string changed = text;
    changed[at] = changed[at] == '9' ? '0' : static_cast<char>(changed[at] + 1);
    ++tried;
    try {
      EXPECT_FALSE(read_text(changed).complete)
          << "at " << at << ": " << text.substr(at - std::min<std::size_t>(at, 20), 40);
    } catch (const ReportError&) {
    }
  }
  EXPECT_GT(tried, 100U);
}

TEST_F(ForecastPart, with_a_block_of_another_forecast_is_refused) {
  PartHead other = head;
  other.replay += " --seed 7";
  const std::string path = folder.file("others.json");
  PartFile file{path, other};
  for (const auto& [number, block] : read_text(text).blocks) file.add(block);
  file.finish();
  const std::string theirs = text_in(folder.file("others.json"));
  const auto block_of = [](const std::string& part) {
    const std::size_t begin = part.find('\n') + 1;
    return part.substr(begin, part.find('\n', begin) - begin);
  };
  std::string mixed = text;
  mixed.replace(mixed.find(block_of(text)), block_of(text).size(), block_of(theirs));
  EXPECT_THROW((void)read_text(mixed), ReportError);
}

TEST_F(ForecastPart, may_hold_the_cause_of_each_outcome) {
  EXPECT_TRUE(read_text(text).head.causes.empty());
  PartHead other = head;
  other.causes.assign(monitor::kOutcomes, "limits.red");
  { PartFile file{folder.file("causes.json"), other}; }
  EXPECT_EQ(read_text(text_in(folder.file("causes.json.partial"))).head, other);
}

TEST_F(ForecastPart, names_what_two_forecasts_differ_in) {
  const auto difference = [&](auto change) {
    PartHead other = head;
    change(other);
    return difference_between(head, other).value_or("nothing");
  };
  EXPECT_EQ(difference([](PartHead&) {}), "nothing");
  EXPECT_EQ(difference([](PartHead& other) { other.shard.index = 0; }), "nothing");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.file = "elsewhere.json"; }), "nothing");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.seed = 3; }), "the seed");
  EXPECT_EQ(difference([](PartHead& other) { other.replications = 3; }), "--replications");
  EXPECT_EQ(difference([](PartHead& other) { other.block_size = 7; }), "--until-every");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.hash = 3; }), "the scenario's text or its --set");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.horizon += 1s; }), "--horizon");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.start += 1s; }), "--as-of");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.shared = {"outages"}; }), "the scenario");
  EXPECT_EQ(difference([](PartHead& other) { other.assertions.clear(); }), "--assert");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.spent[0] = Usd::from_cents(1); }), "--spent");
}

}  // namespace
}  // namespace windtunnel::reports::forecast_test
