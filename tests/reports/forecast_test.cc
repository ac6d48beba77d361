// What a forecast looks like on paper, and its parts on disk.

#include "reports/forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "reports/forecast_numbers.h"
#include "reports/forecast_part.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::forecast_test {
namespace {

using sim::Estimate;
using sim::ForecastWorld;

ForecastWorld forecast_world() {
  sim::Scenario scenario = small_world();
  scenario.workloads[0].arrival = sim::Arrival::poisson;
  scenario.monitor.cost_limiter.monthly = monitor::Usd::from_cents(4);
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

ForecastReport report_of(const sim::Forecast& forecast) {
  return {.forecast = forecast,
          .stop = {},
          .headroom = {},
          .notes = {},
          .replay = "windtunnel forecast small.json",
          .build = this_build("0"),
          .wall = {}};
}

TEST(ForecastNumbers, a_chance_is_never_nothing_and_never_all) {
  EXPECT_EQ(chance_text({0, 0, 0.003}, 1000), "< 0.3%");
  EXPECT_EQ(chance_text({0, 0, 0.03}, 100), "< 3%");
  EXPECT_EQ(chance_text({1, 0.997, 1}, 1000), "> 99.7%");
  EXPECT_EQ(chance_text({0.125, 0.1, 0.15}, 1000), "12.5% ±2.5");
  EXPECT_EQ(chance_text({0, 0, 1}, 2), "-");
}

TEST(ForecastNumbers, are_grouped_and_rounded) {
  EXPECT_EQ(grouped(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(grouped(999.999, 1), "1,000.0");
  EXPECT_EQ(grouped(-0.004, 2), "0.00");
  EXPECT_EQ(grouped(-1234.5, 1), "-1,234.5");
  EXPECT_EQ(grouped(12, 0), "12");
  EXPECT_EQ(nine_digits(1.0 / 3), "0.333333333");
  EXPECT_EQ(nine_digits(INFINITY), "null");
  EXPECT_EQ(instant_text(small_world().start, 3'600'000'000'000), "2026-01-20 11:00");
  EXPECT_EQ(instant_text(small_world().start, sim::kNever), "not within the horizon");
}

// Every figure of the file that is an estimate has its interval beside it, and no chance is printed as 0.
TEST(ForecastJson, has_an_interval_beside_every_figure) {
  const sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 60), {});
  const auto json = nlohmann::json::parse(forecast_json(report_of(forecast)));
  for (const char* figure : {"mean", "p10", "p50", "p90"}) {
    EXPECT_GE(json["cost_usd"][figure]["high"], json["cost_usd"][figure]["value"]) << figure;
    EXPECT_LE(json["cost_usd"][figure]["low"], json["cost_usd"][figure]["value"]) << figure;
  }
  ASSERT_EQ(json["budget"]["p_exceed"].size(), 4U);
  for (const auto& one : json["budget"]["p_exceed"]) {
    EXPECT_NE(one["chance"]["value"], 0);
    EXPECT_TRUE(one["chance"]["half_width"].is_number());
  }
  EXPECT_EQ(json["days"].size(), 1U);
  EXPECT_EQ(json["spend"]["by_provider"].size(), 2U);
  EXPECT_EQ(json["spend"]["by_cause"].size(), 5U);
  EXPECT_EQ(json["notes"].size(), 1U) << "request noise only";
  EXPECT_EQ(json["headroom"], nullptr);
}

TEST(ForecastText, refuses_percentiles_of_too_few_replications) {
  const sim::Forecast forecast = sim::forecast_of(made_set(forecast_world(), 5), {});
  const std::string text = forecast_text(report_of(forecast));
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
  EXPECT_THROW(read_text("{\"windtunnel_part\":2,\"blocks\":["), ReportError);
  EXPECT_THROW(read_text("{\"windtunnel_summary\":1,\"blocks\":["), ReportError);
  EXPECT_THROW(read_text(""), ReportError);
}

TEST_F(ForecastPart, says_what_two_forecasts_differ_in) {
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
  EXPECT_EQ(difference([](PartHead& other) { other.assertions.clear(); }), "--assert");
  EXPECT_EQ(difference([](PartHead& other) { other.frame.spent[0] = monitor::Usd::from_cents(1); }), "--spent");
}

}  // namespace
}  // namespace windtunnel::reports::forecast_test
