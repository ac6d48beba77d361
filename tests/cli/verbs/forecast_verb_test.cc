// windtunnel forecast and merge as their user meets them: the same bytes however the work is divided, files that a
// killed forecast goes on from, verdicts and errors.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::forecast_test {
namespace {

constexpr const char* kWorld = R"({"version": 1, "title": "a small month", "seed": 5, "start": "2026-01-01T00:00:00Z",
  "duration": "10d",
  "monitor": {"cost_limiter": {"monthly_usd": 4},
    "ab_router": {"experiment_id": "e", "variants": [{"id": "a", "provider": "openai", "weight": 1},
                                                     {"id": "b", "provider": "anthropic", "weight": 1}]}},
  "workload": {"chat": {"executor": "diurnal", "arrival": "poisson", "rate": 50, "time_unit": "1d", "level_cv": 0.2,
                        "day_factor_cv": 0.2, "feature_version": "2.0",
                        "tokens": {"input": {"min": 100, "max": 300}, "output": {"min": 50, "max": 350}}}}})";

// Without what differs between two equal forecasts.
std::string comparable(const std::string& text) {
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (json.is_discarded()) return "no JSON: " + text;
  json.erase("timing");
  return json.dump(1);
}

class Forecasts : public testing::Test {
 protected:
  Forecasts() { folder_.write("world.json", kWorld); }
  [[nodiscard]] std::string world() const { return folder_.path("world.json"); }
  ProcessResult forecast(const std::string& flags) const {
    return windtunnel("forecast " + world() + " --horizon 10d --replications 120 " + flags);
  }
  Folder folder_;
};

TEST_F(Forecasts, are_the_same_bytes_however_the_work_is_divided) {
  const ProcessResult whole = forecast("--format json");
  ASSERT_EQ(whole.exit, 0) << whole.out;
  const ProcessResult threads = forecast("--format json --jobs 2");
  EXPECT_EQ(comparable(threads.out), comparable(whole.out));
  std::vector<std::string> parts;
  for (int i = 0; i < 4; ++i) {
    parts.push_back(folder_.path("part-" + std::to_string(i) + ".json"));
    const ProcessResult part = forecast("--shard " + std::to_string(i) + "/4 --jobs 2 --out " + parts.back());
    ASSERT_EQ(part.exit, 0) << part.out;
    EXPECT_EQ(part.out, "");
  }
  std::shuffle(parts.begin(), parts.end(), std::mt19937{20260101});
  std::string words;
  for (const std::string& part : parts) words += part + " ";
  const ProcessResult merged = windtunnel("merge " + words + "--format json");
  EXPECT_EQ(merged.exit, 0);
  EXPECT_EQ(comparable(merged.out), comparable(whole.out));
  EXPECT_EQ(windtunnel("merge " + words).out, forecast("").out);
}

TEST_F(Forecasts, name_which_parts_are_missing_or_do_not_belong) {
  const auto part = [&](const std::string& name, const std::string& flags) {
    EXPECT_EQ(forecast(flags + " --out " + folder_.path(name)).exit, 0);
    return folder_.path(name);
  };
  const std::string first = part("0.json", "--shard 0/3");
  const std::string third = part("2.json", "--shard 2/3");
  const std::string other = part("other.json", "--shard 1/3 --seed 6");
  const ProcessResult missing = windtunnel("merge " + first + " " + third);
  EXPECT_EQ(missing.exit, 4);
  EXPECT_NE(missing.out.find("these parts are missing: 1/3"), std::string::npos) << missing.out;
  const ProcessResult foreign = windtunnel("merge " + first + " " + other);
  EXPECT_EQ(foreign.exit, 4);
  EXPECT_NE(foreign.out.find("they differ in the seed"), std::string::npos) << foreign.out;
  const ProcessResult twice = windtunnel("merge " + first + " " + first);
  EXPECT_NE(twice.out.find("are both shard 0"), std::string::npos) << twice.out;
  folder_.write("cut.json", folder_.read("0.json").substr(0, folder_.read("0.json").size() / 2));
  const ProcessResult cut = windtunnel("merge " + folder_.path("cut.json"));
  EXPECT_EQ(cut.exit, 4);
  EXPECT_NE(cut.out.find("was never finished"), std::string::npos) << cut.out;
  const ProcessResult no_part = windtunnel("merge " + world());
  EXPECT_EQ(no_part.exit, 4);
  EXPECT_EQ(windtunnel("merge " + folder_.path("nothing.json")).exit, 4);
}

TEST_F(Forecasts, refuse_parts_that_are_not_what_they_seem) {
  const auto part = [&](const std::string& name, const std::string& flags) {
    EXPECT_EQ(forecast(flags + " --out " + folder_.path(name)).exit, 0);
    return folder_.path(name);
  };
  const std::string first = part("0.json", "--shard 0/2");
  const std::string second = part("1.json", "--shard 1/2");
  const ProcessResult other_count = windtunnel("merge " + first + " " + part("third.json", "--shard 1/3"));
  EXPECT_EQ(other_count.exit, 4);
  EXPECT_NE(other_count.out.find("is one of 2 parts and"), std::string::npos) << other_count.out;
  // A block that lies in the middle is cut out; what is left says that it is complete.
  std::string text = folder_.read("1.json");
  const std::size_t begin = text.find("\n,") + 1;
  text.erase(begin, text.find('\n', begin) + 1 - begin);
  folder_.write("holed.json", text);
  const ProcessResult holed = windtunnel("merge " + first + " " + folder_.path("holed.json"));
  EXPECT_EQ(holed.exit, 4) << holed.out;
  EXPECT_NE(holed.out.find("replications are missing in it"), std::string::npos) << holed.out;
  // The parts know of the shares of the budget that they watched, and of no others.
  const ProcessResult unwatched =
      windtunnel("merge " + first + " " + second + " --assert 'forecast.p_exceed(0.7)<=0.5'");
  EXPECT_EQ(unwatched.exit, 2) << unwatched.out;
  EXPECT_NE(unwatched.out.find("did not watch this share"), std::string::npos) << unwatched.out;
  EXPECT_EQ(windtunnel("merge " + first + " " + second + " --assert 'forecast.p_exceed(0.9)<=0.0001'").exit, 12);
  const ProcessResult wrong_shard = forecast("--shard 0/2 --out " + second);
  EXPECT_EQ(wrong_shard.exit, 4);
  EXPECT_NE(wrong_shard.out.find("is shard 1/2 and is not replaced by shard 0/2"), std::string::npos)
      << wrong_shard.out;
}

TEST_F(Forecasts, judge_what_the_scenario_claims_and_any_share_of_the_budget) {
  const auto with = [&](const std::string& claim) {
    std::string text = kWorld;
    text.insert(text.rfind('}'), ", \"thresholds\": {" + claim + "}");
    folder_.write("claims.json", text);
    return windtunnel("forecast " + folder_.path("claims.json") + " --horizon 10d --replications 120");
  };
  EXPECT_EQ(with("\"forecast.cost_usd\": [\"avg<=0.01\"]").exit, 12);
  EXPECT_EQ(with("\"forecast.cost_usd\": [\"avg<=100\"]").exit, 0);
  EXPECT_EQ(forecast("--assert 'forecast.p_exceed(0.001)>=0.9'").exit, 0);
  EXPECT_EQ(forecast("--assert 'forecast.p_exceed(0.001)<=0.5'").exit, 12);
}

// What a killed process left is cut anywhere; the same command goes on from there and comes to the same part.
TEST_F(Forecasts, go_on_from_what_a_killed_one_left) {
  const std::string flags = "--shard 0/1 --out " + folder_.path("part.json");
  ASSERT_EQ(forecast(flags).exit, 0);
  const std::string whole = folder_.read("part.json");
  EXPECT_NE(forecast(flags).out.find("is complete already"), std::string::npos);
  for (const std::size_t left :
       {std::size_t{0}, std::size_t{5}, whole.size() / 3, whole.size() * 4 / 5, whole.size() - 2}) {
    std::filesystem::remove(folder_.path("part.json"));
    folder_.write("part.json.partial", whole.substr(0, left));
    const ProcessResult again = forecast(flags);
    EXPECT_EQ(again.exit, 0) << again.out;
    if (left > whole.size() / 2) {
      EXPECT_NE(again.out.find("blocks of 50 replications are taken from"), std::string::npos);
    }
    EXPECT_EQ(folder_.read("part.json"), whole) << left;
  }
  folder_.write("part.json", whole);
  const ProcessResult other = windtunnel("forecast " + world() + " --horizon 10d --replications 20 " + flags);
  EXPECT_NE(other.out.find("of another forecast (it differs in --replications)"), std::string::npos) << other.out;
}

TEST_F(Forecasts, write_their_files_and_leave_nothing_half_done) {
  const ProcessResult result = forecast("--out " + folder_.path("out"));
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(folder_.read("out/forecast.txt"), result.out);
  EXPECT_EQ(nlohmann::json::parse(folder_.read("out/forecast.json"))["windtunnel_forecast"], 2);
  const std::string csv = folder_.read("out/forecast.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11);
  EXPECT_EQ(windtunnel("forecast " + world() + " --horizon 10d --replications 120 --format csv").out, csv);
  EXPECT_FALSE(folder_.has("out/part.json.partial"));
  EXPECT_FALSE(folder_.has("out/part.json"));
}

TEST_F(Forecasts, end_with_their_verdict) {
  EXPECT_EQ(forecast("--assert 'forecast.cost_usd p(90)<=4.5'").exit, 0);
  EXPECT_EQ(forecast("--assert 'forecast.p_exceed(1.0)<=0.05'").exit, 12);
  // A bound at the estimate itself divides the interval.
  const auto json = nlohmann::json::parse(forecast("--format json").out);
  const std::string middle = std::to_string(json["cost_usd"]["mean"]["value"].get<double>());
  const ProcessResult undecided = forecast("--assert 'forecast.cost_usd avg<=" + middle + "'");
  EXPECT_EQ(undecided.exit, 13) << undecided.out;
  EXPECT_NE(undecided.out.find("Verdict: INCONCLUSIVE"), std::string::npos) << undecided.out;
  const ProcessResult far =
      windtunnel("forecast " + world() + " --horizon 10d --until mean:rel=0.0001 --max-replications 100");
  EXPECT_EQ(far.exit, 13);
  EXPECT_NE(far.out.find("TARGET NOT REACHED"), std::string::npos) << far.out;
  EXPECT_NE(far.out.find("\n100 replications of 10 days"), std::string::npos) << far.out;
  const ProcessResult near =
      windtunnel("forecast " + world() + " --horizon 10d --until mean:rel=0.2 --max-replications 1000");
  EXPECT_EQ(near.exit, 0);
  EXPECT_NE(near.out.find("target reached"), std::string::npos) << near.out;
  EXPECT_NE(near.out.find("\n50 replications of 10 days"), std::string::npos) << near.out;
  const ProcessResult seldom = windtunnel(
      "forecast " + world() + " --horizon 10d --until mean:rel=0.2 --until-every 200 --max-replications 1000");
  EXPECT_NE(seldom.out.find("\n200 replications of 10 days"), std::string::npos) << seldom.out;
  const ProcessResult often =
      windtunnel("forecast " + world() + " --horizon 10d --until mean:rel=0.2 --until-every 7 --max-replications 1000");
  EXPECT_NE(often.out.find("\n7 replications of 10 days"), std::string::npos) << often.out;
}

TEST_F(Forecasts, never_print_a_chance_of_nothing) {
  const ProcessResult result = windtunnel("forecast " + world() + " --horizon 1d --replications 120");
  EXPECT_NE(result.out.find("< 2.5%"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find(" 0.0% "), std::string::npos) << result.out;
}

TEST_F(Forecasts, explain_what_is_wrong_with_their_flags) {
  const auto says = [&](const std::string& flags, const std::string& what) {
    const ProcessResult result = forecast(flags);
    EXPECT_EQ(result.exit, 2) << flags << result.out;
    EXPECT_NE(result.out.find(what), std::string::npos) << flags << "\n" << result.out;
  };
  says("--spent opanai=3", "did you mean \"openai\"?");
  says("--spent openai", "write PROVIDER=USD");
  says("--until-every 100", "--until");
  says("--spent openai=1,openai=2", "comes twice");
  says("--as-of yesterday", "is not a date such as 2026-01-15");
  for (const char* horizon : {"0d", "forever", "3661d"}) {
    const ProcessResult result = windtunnel("forecast " + world() + " --horizon " + horizon);
    EXPECT_EQ(result.exit, 2);
    EXPECT_NE(result.out.find("is not a duration above 0 and up to 3660d"), std::string::npos) << result.out;
  }
  says("--shard 4/4 --out x", "shards count from 0");
  says("--shard 0/4", "say where with --out");
  says("--assert 'forecast.p_exceed<=0.05'", "write forecast.p_exceed(1.0)");
  says("--assert 'forecast.p_exeed(1)<=0.05'", "did you mean \"forecast.p_exceed\"?");
  says("--assert 'forecast.cost_usd{variant:c} avg<1'", "no variant is named \"c\"");
  says("--until mean:rel=0.1", "--until");
}

TEST_F(Forecasts, begin_at_a_date_with_what_was_spent) {
  const ProcessResult result = forecast("--as-of 2026-02-20 --spent openai=1.5,anthropic=1");
  EXPECT_NE(result.out.find("of which 2.50 were spent before"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("2026-02-20  "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("2026-03-01  "), std::string::npos) << result.out;
}

}  // namespace
}  // namespace windtunnel::tests::forecast_test
