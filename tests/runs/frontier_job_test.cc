// Where claims begin to fail, in a world whose boundary can be worked out.

#include "runs/search/frontier_job.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "runs/search/frontier_axis.h"
#include "runs/search/frontier_picture.h"
#include "runs/temporary_folder.h"

namespace windtunnel::runs::frontier_job_test {
namespace {

// One provider that answers after a second, and a claim that no answer takes longer than `timeout` allows: with a
// timeout below a second every call fails.
constexpr const char* kWorld = R"({
  "version": 1, "title": "a slow provider", "seed": 1, "duration": "2m",
  "monitor": {"cache": {"enabled": false}},
  "providers": {"slow": {"profile": "seed/gpt-4", "ttft": "1s", "tpot": "0s"}},
  "workload": {"chat": {"executor": "constant-arrival-rate", "rate": 1,
               "tokens": {"input": {"min": 100, "max": 100}, "output": {"min": 100, "max": 100}}}},
  "thresholds": {"requests_failed": ["rate<0.01"]}
})";

class FrontierJob : public testing::Test {
 protected:
  FrontierJob() : file_((std::filesystem::path{folder_.path()} / "slow.json").string()) {
    std::ofstream{file_} << kWorld;
  }
  TemporaryFolder folder_;
  std::string file_;
};

TEST_F(FrontierJob, finds_the_edge_of_one_setting) {
  const FrontierDone done = draw_frontier({.file = file_,
                                           .axes = {"monitor.provider_call.timeout=100ms..10s"},
                                           .against = "requests_failed",
                                           .seeds = {1, 1},
                                           .jobs = 2});
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_FALSE(done.undecided);
  EXPECT_NE(done.text.find("fails up to 99"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find("holds from 1"), std::string::npos) << done.text;
}

TEST_F(FrontierJob, draws_the_boundary_of_two_settings) {
  const std::string out = (std::filesystem::path{folder_.path()} / "out").string();
  FrontierRequest request{.file = file_,
                          .axes = {"monitor.provider_call.timeout=0.5s..2s", "workload.chat.rate=1..3"},
                          .against = "requests_failed",
                          .seeds = {1, 1},
                          .jobs = 2,
                          .out = out};
  const FrontierDone done = draw_frontier(request);
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_NE(done.text.find("# # # # #"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find(". . . . ."), std::string::npos) << done.text;
  for (const char* name : {"frontier.txt", "frontier.json", "frontier.svg", "frontier.html"}) {
    EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::path{out} / name)) << name;
  }
  request.out.clear();
  request.jobs = 1;
  EXPECT_EQ(draw_frontier(request).json, done.json);
}

// Two listed requests lie at 5 s and 15 s, and an outage of 5 s: where it covers neither, nothing shows what it does.
constexpr const char* kTwoRequests = R"({
  "version": 1, "duration": "60s", "monitor": {"cache": {"enabled": false}},
  "workload": {"a": {"executor": "script", "requests": [{"at": "5s"}, {"at": "15s"}]}},
  "faults": [{"id": "down", "kind": "outage", "at": "10s", "duration": "5s"}],
  "thresholds": {"requests_failed": [{"threshold": "rate<=0.1", "during": "down"}],
                 "request_duration": ["p(95)<100s"]}})";

TEST_F(FrontierJob, a_point_without_enough_data_for_every_claim_shows_nothing) {
  std::ofstream{file_} << kTwoRequests;
  const std::string out = (std::filesystem::path{folder_.path()} / "out").string();
  const FrontierDone done =
      draw_frontier({.file = file_, .axes = {"faults.down.at=1s..31s"}, .seeds = {1, 3}, .jobs = 2, .out = out});
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_TRUE(done.undecided) << "no point holds";
  EXPECT_NE(done.text.find("#?"), std::string::npos) << done.text;
  EXPECT_EQ(done.text.find("\n  ."), std::string::npos) << done.text;
  EXPECT_NE(done.text.find("  fails up to 4984ms and shows nothing from 5001ms on\n"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find("  shows nothing up to 9979ms and fails from 10010ms on\n"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find(" points show nothing: "), std::string::npos) << done.text;
  EXPECT_NE(done.json.find("\"end\": \"inconclusive\""), std::string::npos) << done.json;
  EXPECT_NE(done.json.find("\"above_end\": \"inconclusive\""), std::string::npos) << done.json;
  std::ifstream file{std::filesystem::path{out} / "frontier.svg"};
  const std::string svg{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_NE(svg.find(">?</text>"), std::string::npos) << svg;
  EXPECT_NE(svg.find("green holds, red fails, grey (?) shows nothing</text>"), std::string::npos) << svg;
}

TEST_F(FrontierJob, a_point_ends_as_more_than_half_of_its_seeds) {
  // The load's first request comes somewhere in the first minute, in most seeds after the fault.
  std::ofstream{file_} << R"({"version": 1, "duration": "20s",
      "workload": {"a": {"rate": 0.5, "arrival": "poisson"}},
      "faults": [{"id": "down", "kind": "outage", "at": "10s", "duration": "1s"}],
      "thresholds": {"requests_failed": ["rate<=1"]}})";
  const FrontierDone done =
      draw_frontier({.file = file_, .axes = {"monitor.circuit_breaker.open=1s..2s"}, .seeds = {1, 20}, .jobs = 2});
  ASSERT_FALSE(done.problem) << done.problem->text;
  EXPECT_NE(done.text.find("\n  ?????????????????\n"), std::string::npos)
      << "13 of 20 seeds are inconclusive and 7 hold\n"
      << done.text;
}

TEST_F(FrontierJob, refuses_what_is_no_axis_or_not_claimed) {
  const auto problem = [&](const std::string& axis, const std::string& against) {
    const FrontierDone done = draw_frontier({.file = file_, .axes = {axis}, .against = against});
    return done.problem ? done.problem->text : "";
  };
  EXPECT_NE(problem("monitor.provider_call.timeout", "").find("PATH=LOW..HIGH"), std::string::npos);
  EXPECT_NE(problem("monitor.provider_call.timeout=2s..1s", "").find("lower one first"), std::string::npos);
  EXPECT_NE(problem("monitor.provider_call.timeout=1s..2s", "cost_usd").find("claims nothing"), std::string::npos);
}

TEST(FrontierAxis, has_values_that_can_be_written_and_lie_within_its_ends) {
  const FrontierAxis time = read_axis("a.b=1s..120s");
  EXPECT_TRUE(time.by_factors);
  EXPECT_EQ(time.text_of(time.value_at(0)), "1s");
  EXPECT_EQ(time.text_of(time.value_at(0.5)), "10950ms");
  EXPECT_EQ(time.text_of(time.value_at(1)), "120s");
  const FrontierAxis whole = read_axis("a.b=1..5");
  EXPECT_EQ(whole.text_of(whole.value_at(0.6)), "3");
  const FrontierAxis share = read_axis("a.b=0..0.5");
  EXPECT_FALSE(share.by_factors);
  EXPECT_EQ(share.text_of(share.value_at(0.5)), "0.25");
}

}  // namespace
}  // namespace windtunnel::runs::frontier_job_test
