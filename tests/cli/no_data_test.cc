// No data never passes, in any verb; and a file that claims nothing says so.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::no_data_test {
namespace {

constexpr const char* kNoTraffic = R"({"duration": "10m", "workload": {"a": {"rate": 0}}})";
constexpr const char* kNoClaim = R"({"duration": "1m", "workload": {"a": {"rate": 2}}})";
constexpr const char* kClaim =
    R"({"duration": "1m", "workload": {"a": {"rate": 2}}, "thresholds": {"requests_failed": ["rate<0.5"]}})";

class NoData : public testing::Test {
 protected:
  NoData() {
    folder.write("none.json", kNoTraffic);
    folder.write("quiet.json", kNoClaim);
    folder.write("claim.json", kClaim);
  }
  Folder folder;
  [[nodiscard]] std::string file(const std::string& name) const { return folder.path(name + ".json"); }
};

bool says(const ProcessResult& result, const std::string& part) { return result.out.find(part) != std::string::npos; }

TEST_F(NoData, a_run_without_traffic_is_inconclusive_whatever_it_claims) {
  const ProcessResult bare = windtunnel("run " + file("none"));
  EXPECT_EQ(bare.exit, 13) << bare.out;
  EXPECT_TRUE(says(bare, "Verdict: INCONCLUSIVE")) << bare.out;
  EXPECT_TRUE(says(bare, "no request arrived, so nothing was tried")) << bare.out;
  for (const char* claim :
       {R"("requests": ["count==0"])", R"("cost_usd": ["value<=5"])", R"("requests_failed": ["count<1"])",
        R"("breaker_opened": ["count==0"])", R"("provider_calls": ["count<=9"])", R"("tokens": ["value<5"])",
        R"("request_duration": ["p(95)<3s"])", R"("requests_refused": ["rate==0"])", R"("requests": ["rate<1"])"}) {
    const ProcessResult result = windtunnel("run " + file("none") + " --set 'thresholds={" + claim + "}'");
    EXPECT_EQ(result.exit, 13) << claim << "\n" << result.out;
    EXPECT_TRUE(says(result, "there was no data: no ")) << claim << "\n" << result.out;
  }
}

TEST_F(NoData, a_run_that_is_cut_before_its_first_request_is_inconclusive) {
  EXPECT_EQ(windtunnel("run " + file("claim") + " --until 0s --set workload.a.start=1s").exit, 13);
  EXPECT_EQ(windtunnel("run " + file("quiet") + " --until 0s --set workload.a.start=1s").exit, 13);
}

TEST_F(NoData, a_run_that_is_cut_before_its_first_request_has_ended_is_inconclusive) {
  for (const char* name : {"claim", "quiet"}) {
    const ProcessResult result = windtunnel("run " + file(name) + " --until 500ms");
    EXPECT_EQ(result.exit, 13) << result.out;
    EXPECT_TRUE(says(result, "in flight and none had ended, so nothing was shown")) << result.out;
  }
}

TEST_F(NoData, a_file_without_claims_is_marked_and_must_claim_only_on_request) {
  const ProcessResult result = windtunnel("run " + file("quiet"));
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, "Verdict: NOTHING CLAIMED")) << result.out;
  EXPECT_FALSE(says(result, "PASS")) << result.out;
  EXPECT_EQ(windtunnel("run " + file("quiet") + " --require-claims").exit, 13);
  EXPECT_EQ(windtunnel("run " + file("claim") + " --require-claims").exit, 0);
  const ProcessResult many = windtunnel("run " + file("quiet") + " " + file("claim"));
  EXPECT_EQ(many.exit, 0) << many.out;
  EXPECT_TRUE(says(many, "nothing claimed      " + file("quiet"))) << many.out;
  EXPECT_TRUE(says(many, "2 of 2 runs, 1 pass, 1 nothing claimed")) << many.out;
}

// With everything down the share answered is what matters, in one run and in many.
TEST_F(NoData, a_run_that_claims_nothing_says_how_much_was_answered_even_when_quiet) {
  folder.write("down.json", R"({"duration": "1m", "workload": {"a": {"rate": 2}},
      "faults": [{"id": "down", "kind": "outage", "at": "0s", "duration": "1m"}]})");
  const std::string down = file("down");
  const std::string answered = "answered: 0.0% of 120 requests";
  const ProcessResult many = windtunnel("run " + down + " --seeds 1..2");
  EXPECT_EQ(many.exit, 0);
  EXPECT_TRUE(says(many, answered)) << many.out;
  EXPECT_TRUE(says(windtunnel("run -q " + down + " --seeds 1..2"), answered));
  EXPECT_TRUE(says(windtunnel("run -q " + down), "Answered: 0.0% of 120 requests"));
  EXPECT_EQ(windtunnel("run -q " + file("claim")).out, "");
  EXPECT_TRUE(says(windtunnel("forecast -q --replications 4 --horizon 1d " + file("quiet")), "NOTHING CLAIMED"));
  EXPECT_EQ(windtunnel("run -q " + down + " --junit " + folder.path("down.xml")).exit, 0);
  EXPECT_NE(folder.read("down.xml").find("nothing is claimed; " + answered), std::string::npos);
}

TEST_F(NoData, the_reports_of_a_run_that_claims_nothing_have_no_pass) {
  EXPECT_EQ(windtunnel("run " + file("quiet") + " --out " + folder.path("out")).exit, 0);
  EXPECT_NE(folder.read("out/summary.json").find("\"verdict\": \"nothing_claimed\""), std::string::npos);
  EXPECT_NE(folder.read("out/junit.xml").find("skipped=\"1\""), std::string::npos);
  EXPECT_NE(folder.read("out/junit.xml").find("<skipped type=\"nothing_claimed\""), std::string::npos);
}

TEST_F(NoData, a_run_whose_only_threshold_is_of_a_forecast_is_inconclusive) {
  const ProcessResult result =
      windtunnel("run " + file("quiet") + " --set 'thresholds={\"forecast.cost_usd\": [\"avg<100\"]}'");
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(says(result, "windtunnel forecast does")) << result.out;
}

TEST_F(NoData, explore_needs_traffic_and_every_seed_to_be_conclusive) {
  const ProcessResult none = windtunnel("explore " + file("none") + " --seeds 1..3");
  EXPECT_EQ(none.exit, 13) << none.out;
  EXPECT_TRUE(says(none, "no request arrived in any seed")) << none.out;
  EXPECT_TRUE(says(windtunnel("explore " + file("quiet") + " --seeds 1..3"), "Verdict: NOTHING CLAIMED"));
  const ProcessResult quiet = windtunnel("explore -q " + file("quiet") + " --seeds 1..3");
  EXPECT_EQ(quiet.exit, 0);
  EXPECT_TRUE(says(quiet, "Answered: 100.0% of ")) << quiet.out;
  EXPECT_FALSE(says(quiet, "passed")) << quiet.out;
  EXPECT_EQ(windtunnel("explore " + file("quiet") + " --seeds 1..3 --require-claims").exit, 13);
  EXPECT_EQ(windtunnel("explore " + file("claim") + " --seeds 1..3").exit, 0);
  // With one request in two seconds, a second of faults is missed by some seeds and hit by others.
  folder.write("rare.json", R"({"duration": "20s", "workload": {"a": {"rate": 0.5, "arrival": "poisson"}},
      "faults": [{"id": "down", "kind": "outage", "at": "10s", "duration": "1s"}],
      "thresholds": {"requests_failed": ["rate<0.9"]}})");
  const ProcessResult some = windtunnel("explore " + file("rare") + " --seeds 1..20");
  EXPECT_EQ(some.exit, 13) << some.out;
  EXPECT_TRUE(says(some, "Verdict: INCONCLUSIVE: 13 of 20 seeds showed nothing\n")) << some.out;
  EXPECT_TRUE(says(some, "Inconclusive, in seeds, because of:\n      13  fault down\n")) << some.out;
}

TEST_F(NoData, a_swarm_whose_worlds_mostly_show_nothing_is_inconclusive) {
  // The fault is the user's own, because it is kept: in most seeds no request meets it.
  folder.write("kept.json", R"({"duration": "20s", "workload": {"a": {"rate": 0.5, "arrival": "poisson"}},
      "faults": [{"id": "down", "kind": "outage", "at": "10s", "duration": "1s"}],
      "explore": {"keep": ["faults", "workload", "duration"]}})");
  const ProcessResult kept = windtunnel("explore " + file("kept") + " --swarm --seeds 1..20");
  EXPECT_EQ(kept.exit, 13) << kept.out;
  EXPECT_TRUE(says(kept, "Inconclusive, in seeds, because of:\n      16  fault down\n")) << kept.out;
  EXPECT_TRUE(says(kept, "Verdict: INCONCLUSIVE: 16 of 20 seeds showed nothing, and at most 50 % of a swarm may\n"))
      << kept.out;
  const ProcessResult json = windtunnel("explore " + file("kept") + " --swarm --seeds 1..20 --format json");
  EXPECT_TRUE(says(json, "\"inconclusive\": 16,\n    \"inconclusive_by\": {\n      \"fault down\": 16\n    }"))
      << json.out;
}

TEST_F(NoData, a_drawn_fault_that_changed_no_call_is_counted_and_leaves_a_world_conclusive) {
  const ProcessResult drawn = windtunnel("explore " + file("claim") + " --swarm --seeds 1..60");
  EXPECT_EQ(drawn.exit, 0) << drawn.out;
  EXPECT_TRUE(says(drawn, " of 60 worlds one that was drawn changed no call\n")) << drawn.out;
  EXPECT_TRUE(says(drawn, "  liveness requests succeed\n")) << drawn.out;
  EXPECT_FALSE(says(drawn, "fault fault-")) << drawn.out;
}

TEST_F(NoData, what_the_settings_rule_out_passes_in_no_verb) {
  const std::string unlimited = " --set monitor.token_limiter.mode=off --set monitor.cost_limiter.monthly_usd=null ";
  const std::string gate =
      "compare " + file("claim") + unlimited + "--vary monitor.provider_call.timeout=1200ms,1300ms --seeds 1..4";
  const ProcessResult compared = windtunnel(gate + " --max-regression 'requests_refused<=1'");
  EXPECT_EQ(compared.exit, 13) << compared.out;
  EXPECT_TRUE(says(compared, "nothing could break it: by the settings of both it can only be 0")) << compared.out;
  EXPECT_TRUE(says(compared, "note: timeout=1200ms: monitor.provider_call.timeout is 1.2 s")) << compared.out;
  const std::string forecast = "forecast " + file("quiet") + unlimited + "--replications 60 --horizon 1d --assert ";
  const ProcessResult foreseen = windtunnel(forecast + "'forecast.requests_refused: rate<0.01'");
  EXPECT_EQ(foreseen.exit, 13) << foreseen.out;
  EXPECT_TRUE(says(foreseen, "nothing could break it: nothing can refuse a request")) << foreseen.out;
}

TEST_F(NoData, a_branch_that_lost_its_traffic_does_not_pass_the_gate) {
  const std::string gate = "compare " + file("claim") + " " + file("none") + " --seeds 1..4";
  const ProcessResult result =
      windtunnel(gate + " --max-regression 'requests_lost<=0' --max-regression 'wasted_calls<=0'");
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(says(result, "no request arrived in " + file("none"))) << result.out;
  EXPECT_EQ(windtunnel(gate).exit, 13) << "also without a rule";
  const std::string both = "compare " + file("claim") + " " + file("quiet") + " --seeds 1..4";
  const ProcessResult unruled = windtunnel(both);
  EXPECT_EQ(unruled.exit, 0) << unruled.out;
  EXPECT_TRUE(says(unruled, "Verdict: NOTHING CLAIMED")) << unruled.out;
  EXPECT_EQ(windtunnel(both + " --require-claims").exit, 13);
  EXPECT_EQ(windtunnel("compare " + file("claim") + " " + file("none") + " --forecast --horizon 1d --replications 4 " +
                       "--max-regression 'cost_usd<=0'")
                .exit,
            13);
}

TEST_F(NoData, a_side_whose_every_run_is_inconclusive_passes_no_gate) {
  folder.write("unmet.json", R"({"duration": "1m", "workload": {"a": {"rate": 2}}, "coverage": {"failover": 1}})");
  const std::string rule = " --seeds 1..11 --max-regression 'requests_lost<=5'";
  for (const std::string& files :
       {file("unmet") + " " + file("claim"), file("claim") + " " + file("unmet"), file("unmet") + " --vary seed=1,2"}) {
    const ProcessResult result = windtunnel("compare " + files + rule);
    EXPECT_EQ(result.exit, 13) << result.out;
    EXPECT_TRUE(says(result, "is inconclusive by the claims of its scenario")) << result.out;
  }
  EXPECT_EQ(windtunnel("compare " + file("claim") + " " + file("quiet") + rule).exit, 0);
}

TEST_F(NoData, calls_that_no_fault_could_waste_pass_no_gate) {
  const std::string rule = " --seeds 1..11 --max-regression 'wasted_calls<=100'";
  const ProcessResult result = windtunnel("compare " + file("claim") + " " + file("quiet") + rule);
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(says(result, "so nothing could be wasted")) << result.out;
  folder.write("down.json", R"({"duration": "1m", "workload": {"a": {"rate": 2}},
      "faults": [{"id": "down", "kind": "outage", "at": "10s", "duration": "10s"}]})");
  EXPECT_EQ(windtunnel("compare " + file("down") + " --vary seed=1,2" + rule).exit, 0);
}

// Of few requests: some seeds have none, and where the providers are down some have no answer.
TEST_F(NoData, a_branch_passes_no_gate_by_the_seeds_that_it_survived) {
  const std::string world = R"({"duration": "2m", "workload": {"a": {"rate": 0.05, "arrival": "poisson"}})";
  folder.write("few.json", world + "}");
  folder.write("down.json", world + R"(, "faults": [{"id": "d", "kind": "outage", "mode": "refuse", "at": "5s",
      "duration": "110s"}]})");
  folder.write("rare.json", R"({"duration": "2m", "workload": {"a": {"rate": 0.0004, "arrival": "poisson"}}})");
  const auto gate = [&](const std::string& other, const std::string& rule) {
    return windtunnel("compare " + file("few") + " " + file(other) + " --seeds 1..40 --max-regression '" + rule + "'");
  };
  for (const auto& [other, rule] :
       {std::pair{"down", "p95<=5%"}, std::pair{"rare", "cost_usd<=5%"}, std::pair{"rare", "requests_lost<=0.1"},
        std::pair{"rare", "provider_errors<=0.1"}}) {
    const ProcessResult result = gate(other, rule);
    EXPECT_EQ(result.exit, 13) << result.out;
    EXPECT_TRUE(says(result, "have it in one variation alone, so the")) << result.out;
  }
}

TEST_F(NoData, violations_pass_no_gate_where_nothing_is_checked) {
  const std::string rule =
      "compare " + file("claim") + " " + file("quiet") + " --seeds 1..40 --max-regression 'checks_violated<=0.1'";
  EXPECT_EQ(windtunnel(rule).exit, 0);
  const ProcessResult result = windtunnel(rule + " --checks none");
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(says(result, "no check was on, so nothing could be violated")) << result.out;
}

TEST_F(NoData, a_forecast_and_a_merge_without_requests_are_inconclusive) {
  const std::string rest = " --horizon 1d --replications 4";
  const std::string claims = " --assert 'forecast.cost_usd avg<100' --assert 'forecast.p_exceed(1.0)<=0.9'";
  const ProcessResult result = windtunnel("forecast " + file("none") + rest + claims);
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(says(result, "no request arrived in any replication")) << result.out;
  EXPECT_EQ(windtunnel("forecast " + file("none") + rest).exit, 13);
  const ProcessResult unclaimed = windtunnel("forecast " + file("quiet") + rest);
  EXPECT_EQ(unclaimed.exit, 0) << unclaimed.out;
  EXPECT_TRUE(says(unclaimed, "Verdict: NOTHING CLAIMED")) << unclaimed.out;
  EXPECT_EQ(windtunnel("forecast " + file("quiet") + rest + " --require-claims").exit, 13);
  for (const char* name : {"none", "quiet"}) {
    const std::string part = folder.path(std::string{name} + "-part.json");
    ASSERT_EQ(windtunnel("forecast " + file(name) + rest + " --shard 0/1 --out " + part).exit, 0);
    const ProcessResult merged = windtunnel("merge " + part);
    EXPECT_EQ(merged.exit, std::string{name} == "none" ? 13 : 0) << merged.out;
    EXPECT_EQ(windtunnel("merge " + part + " --require-claims").exit, 13);
    EXPECT_EQ(windtunnel("merge " + part + " --assert 'forecast.cost_usd avg<1000000'").exit,
              std::string{name} == "none" ? 13 : 0);
  }
}

TEST_F(NoData, a_forecast_of_a_provider_or_variant_that_got_nothing_is_inconclusive) {
  folder.write("split.json",
               R"({"duration": "1h", "providers": {"used": {"profile": "seed/gpt-4"}, "x": {"profile": "seed/gpt-4"}},
      "monitor": {"ab_router": {"experiment_id": "e", "variants": [{"id": "a", "provider": "used", "weight": 1},
                                                                   {"id": "b", "provider": "x", "weight": 0}]}},
      "workload": {"w": {"rate": 1, "time_unit": "10s"}}})");
  const std::string forecast = "forecast " + file("split") + " --horizon 1h --replications 10";
  const std::string part = folder.path("split-part.json");
  ASSERT_EQ(windtunnel(forecast + " --shard 0/1 --out " + part).exit, 0);
  for (const std::string tag : {"{provider:x}", "{variant:b}"}) {
    const std::string quantity = "forecast.cost_usd" + tag;
    for (const std::string& command :
         {forecast + " --assert '" + quantity + " avg<5'", "merge " + part + " --assert '" + quantity + " avg<5'",
          forecast + " --set 'thresholds={\"" + quantity + "\": [\"avg<5\"]}'"}) {
      const ProcessResult result = windtunnel(command);
      EXPECT_EQ(result.exit, 13) << command << "\n" << result.out;
      EXPECT_TRUE(says(result, "its tag selects nothing: no call or request")) << result.out;
    }
  }
  for (const char* tag : {"{provider:used}", "{variant:a}"}) {
    const ProcessResult result = windtunnel(forecast + " --assert 'forecast.cost_usd" + tag + " avg<50'");
    EXPECT_EQ(result.exit, 0) << result.out;
  }
}

TEST_F(NoData, a_failure_counts_also_without_data) {
  EXPECT_EQ(windtunnel("run " + file("quiet") + " --set 'thresholds={\"requests\": [\"count>1000\"]}'").exit, 12);
}

TEST_F(NoData, a_recorded_history_that_asks_nothing_verifies_nothing) {
  folder.write("history.jsonl", "{\"op\":\"reset\",\"config\":{}}\n");
  const ProcessResult result =
      windtunnel("verify --replay " + folder.path("history.jsonl") + " -- '" WINDTUNNEL_BINARY "' breaker");
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_FALSE(says(result, "PASS")) << result.out;
}

}  // namespace
}  // namespace windtunnel::tests::no_data_test
