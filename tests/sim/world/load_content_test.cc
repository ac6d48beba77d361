// The requests of a load: their content, users, prompts, lengths and listed rows.
//
// This file is long because every part of a request has its law here.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/stable_hash.h"
#include "sim/world/load.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::load_content_test {
namespace {

using namespace std::chrono_literals;

// Lists every request of a workload.
struct Arrived {
  Duration at{};
  std::uint64_t ordinal = 0;
  monitor::Request request;
  Demand demand;
};

std::vector<Arrived> requests(const WorkloadSpec& spec, Duration run_end, std::uint64_t seed = 1) {
  const std::vector<ProviderSpec> providers = {provider("alpha"), provider("beta")};
  Load load{spec, 0, Chance{seed}, Instant{} + run_end, WallTime{}, providers, monitor::LabelsId{1}};
  std::vector<Arrived> all;
  while (const auto point = load.next_arrival()) {
    Arrived entry{.at = point->at.time_since_epoch(), .ordinal = point->ordinal, .request = {}, .demand = {}};
    load.fill(point->ordinal, entry.request, entry.demand);
    all.push_back(entry);
  }
  return all;
}

// --- Tokens ----------------------------------------------------------------------------------------------------------

TEST(TokenCounts, of_a_uniform_law_are_uniform_over_whole_numbers_with_both_ends) {
  const TokenModel model{Law::uniform(3, 6)};
  EXPECT_EQ(draw_tokens(model, 0), Tokens{3});
  EXPECT_EQ(draw_tokens(model, ~std::uint64_t{0}), Tokens{6});
  constexpr std::uint64_t kDraws = 40'000;
  std::map<std::int64_t, double> counts;
  for (std::uint64_t i = 0; i < kDraws; ++i) ++counts[draw_tokens(model, draw(Chance{1}.stream("t"), i).a).count()];
  ASSERT_EQ(counts.size(), 4U);
  for (const auto& [value, count] : counts)
    expect_value("share", count / kDraws, 0.25, binomial_se(0.25, kDraws), {0.5, 1.0 / 6});
}

TEST(TokenCounts, are_rounded_to_the_nearest_and_kept_within_their_bounds) {
  EXPECT_EQ(draw_tokens({Law::fixed(2.4)}, 0), Tokens{2});
  EXPECT_EQ(draw_tokens({Law::fixed(2.5)}, 0), Tokens{3});
  EXPECT_EQ(draw_tokens({Law::fixed(0)}, 0), Tokens{1});
  EXPECT_EQ(draw_tokens({Law::fixed(900), Tokens{1}, Tokens{800}}, 0), Tokens{800});
  EXPECT_EQ(draw_tokens({Law::fixed(5), Tokens{20}, Tokens{800}}, 0), Tokens{20});
  EXPECT_EQ(draw_tokens({Law::fixed(1e300), Tokens{0}, Tokens{800}}, 0), Tokens{800});
}

TEST(TokenCounts, of_input_and_output_are_independent) {
  WorkloadSpec spec = workload("chat", per_second(100));
  spec.input.law = Law::uniform(0, 1);
  spec.input.least = spec.output.least = Tokens{0};
  spec.output.law = Law::uniform(0, 1);
  double both = 0;
  const auto all = requests(spec, 400s);
  for (const Arrived& entry : all) both += entry.request.input.count() == 1 && entry.demand.output.count() == 1 ? 1 : 0;
  const auto count = static_cast<double>(all.size());
  expect_value("both", both / count, 0.25, binomial_se(0.25, count), {0.5, 0.0});
}

// --- Prompts and users -----------------------------------------------------------------------------------------------

TEST(PromptCatalogue, gives_each_prompt_its_zipf_share) {
  constexpr int kDraws = 200'000;
  constexpr int kPrompts = 1000;
  const Popularity popularity{kPrompts, 1.1};
  std::vector<double> counts(kPrompts);
  for (std::uint64_t i = 0; i < kDraws; ++i) ++counts[popularity.pick(draw(Chance{1}.stream("popularity"), i).a)];
  double sum = 0;
  for (int k = 1; k <= kPrompts; ++k) sum += std::pow(k, -1.1);
  for (const int k : {1, 2, 3, 5, 10}) {
    const double share = std::pow(k, -1.1) / sum;
    // Told from all alike.
    expect_value("share", counts[static_cast<std::size_t>(k - 1)] / kDraws, share, binomial_se(share, kDraws),
                 {1.0 / kPrompts});
  }
  EXPECT_EQ(popularity.pick(0), 0U);
  EXPECT_EQ(popularity.pick(~std::uint64_t{0}), kPrompts - 1U);
}

TEST(PromptCatalogue, without_an_exponent_is_uniform) {
  const Popularity popularity{4, 0};
  EXPECT_EQ(popularity.pick(0), 0U);
  EXPECT_EQ(popularity.pick((std::uint64_t{1} << 62) - 1), 0U);
  EXPECT_EQ(popularity.pick(std::uint64_t{1} << 62), 1U);
  EXPECT_EQ(popularity.pick(~std::uint64_t{0}), 3U);
}

TEST(PromptCatalogue, gives_a_prompt_one_content_and_one_length) {
  WorkloadSpec spec = workload("chat", per_second(100));
  spec.prompts = {.count = 20, .zipf = 0.8};
  spec.input.law = Law::uniform(1, 1'000'000'000);
  spec.input.most = kTokensMax;
  std::map<monitor::ContentKey, std::set<std::int64_t>> lengths;
  std::set<std::int64_t> distinct;
  for (const Arrived& request : requests(spec, 100s)) {
    lengths[request.request.content].insert(request.request.input.count());
    distinct.insert(request.request.input.count());
  }
  EXPECT_EQ(lengths.size(), 20U);
  for (const auto& [content, of_content] : lengths) EXPECT_EQ(of_content.size(), 1U);
  EXPECT_GT(distinct.size(), 1U);
}

// How many different prompts a run asks, from its greatest: by 600 requests of 100 prompts it is hardly missed.
double prompts_asked(const WorkloadSpec& spec, const Chance& chance) {
  const std::vector<ProviderSpec> providers = {provider("alpha")};
  Load load{spec, 0, chance, Instant{} + 60s, WallTime{}, providers, monitor::LabelsId{1}};
  std::uint64_t most = 0;
  while (const auto point = load.next_arrival()) {
    Arrived entry;
    load.fill(point->ordinal, entry.request, entry.demand);
    most = std::max(most, ~entry.request.content.low);
  }
  return static_cast<double>(most + 1);
}

// Lognormal of mean one, as every factor of the environment.
TEST(PromptCatalogue, has_a_count_that_varies_from_run_to_run_with_its_mean_and_the_given_cv) {
  WorkloadSpec spec = workload("chat", per_second(10));
  spec.prompts = {.count = 100, .zipf = 0, .count_cv = 0.3};
  constexpr double kReplications = 3000;
  Sample counts;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) counts.add(prompts_asked(spec, Chance{seed}));
  // 104.6: a lognormal law of median 100.
  expect_value("mean", counts.mean(), 100, 30 / std::sqrt(kReplications), {104.6});
  expect_value("sd", counts.sd(), 30, 30 * std::sqrt(3.6 / (4 * kReplications)), {20});
}

TEST(PromptCatalogue, has_a_count_of_the_environment) {
  WorkloadSpec spec = workload("chat", per_second(1000));
  spec.prompts = {.count = 100, .zipf = 0, .count_cv = 0.5};
  const double value = prompts_asked(spec, Chance{1, 7});
  EXPECT_EQ(prompts_asked(spec, Chance{2, 7}), value) << "other requests, the same prompts to choose from";
  EXPECT_NE(prompts_asked(spec, Chance{1, 8}), value);
  // Nothing else is drawn from the environment for it: the level of demand does not move.
  WorkloadSpec diurnal = spec;
  diurnal.executor = Diurnal{.level_cv = 0.5};
  const std::size_t requests_then = requests(diurnal, 60s).size();
  diurnal.prompts.count_cv = 0;
  EXPECT_EQ(requests(diurnal, 60s).size(), requests_then);
}

TEST(PromptCatalogue, of_a_certain_count_is_the_same_in_every_run) {
  WorkloadSpec spec = workload("chat", per_second(1000));
  spec.prompts = {.count = 100, .zipf = 0, .count_cv = 0};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(prompts_asked(spec, Chance{seed}), 100);
  // At least one prompt is left however few there are.
  spec.prompts = {.count = 1, .zipf = 0, .count_cv = 10};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) EXPECT_GE(prompts_asked(spec, Chance{seed}), 1);
}

TEST(PromptCatalogue, of_no_prompts_makes_every_request_a_prompt_of_its_own) {
  std::set<monitor::ContentKey> contents;
  std::set<std::uint64_t> users;
  for (const char* name : {"chat", "search"}) {
    for (const Arrived& entry : requests(workload(name, per_second(100)), 100s)) {
      contents.insert(entry.request.content);
      users.insert(entry.request.user);
    }
  }
  EXPECT_EQ(contents.size(), 20'000U);
  EXPECT_EQ(users.size(), 20'000U);
}

// Who is in which arm must be chance from run to run: a bill would otherwise vary less than it truly does.
TEST(Contents, differ_from_seed_to_seed) {
  for (const std::int64_t prompts : {0, 10}) {
    WorkloadSpec spec = workload("chat", per_second(100));
    spec.prompts.count = prompts;
    std::set<monitor::ContentKey> first;
    for (const Arrived& request : requests(spec, 10s, 1)) first.insert(request.request.content);
    for (const Arrived& request : requests(spec, 10s, 2)) EXPECT_FALSE(first.contains(request.request.content));
  }
}

TEST(Users, stay_in_their_arm_and_are_independent_of_the_prompt) {
  WorkloadSpec spec = workload("chat", per_second(100));
  spec.users.count = 50;
  spec.prompts.count = 2;
  Scenario scenario = world(200s, spec);
  scenario.providers.push_back(provider("beta"));
  scenario.monitor.ab_router = {.experiment_id = "split", .variants = {{"a", kFirst, 1}, {"b", kSecond, 1}}};
  const KeptRun kept{scenario};
  std::map<monitor::UserId, std::set<std::optional<std::uint16_t>>> arms;
  std::set<std::uint16_t> all_arms;
  std::map<std::pair<monitor::UserId, monitor::ContentKey>, double> pairs;
  for (const monitor::Record& record : kept.records) {
    arms[record.request.user_id].insert(record.variant);
    all_arms.insert(*record.variant);
    ++pairs[{record.request.user_id, record.request.content}];
  }
  EXPECT_EQ(arms.size(), 50U);
  EXPECT_EQ(all_arms.size(), 2U);
  for (const auto& [user, of_user] : arms) {
    EXPECT_GE(static_cast<std::uint32_t>(user), 1U);
    EXPECT_LE(static_cast<std::uint32_t>(user), 50U);
    EXPECT_EQ(of_user.size(), 1U);
  }
  EXPECT_EQ(pairs.size(), 100U) << "every user asks both prompts";
}

TEST(Users, are_drawn_for_each_seed_and_have_one_hash_in_all_of_its_workloads) {
  std::map<std::uint64_t, std::map<monitor::UserId, std::set<std::uint64_t>>> hashes;  // by seed
  for (const std::uint64_t seed : {1U, 2U}) {
    for (const char* name : {"chat", "search"}) {
      WorkloadSpec spec = workload(name, per_second(100));
      spec.users.count = 5;
      for (const Arrived& request : requests(spec, 10s, seed))
        hashes[seed][request.request.user_id].insert(request.request.user);
    }
    EXPECT_EQ(hashes[seed].size(), 5U);
    for (const auto& [user, of_user] : hashes[seed]) EXPECT_EQ(of_user.size(), 1U);
  }
  for (const auto& [user, of_user] : hashes[1]) EXPECT_NE(of_user, hashes[2][user]);
}

TEST(Users, have_their_zipf_share) {
  WorkloadSpec spec = workload("chat", per_second(100));
  spec.users = {.count = 3, .zipf = 1};
  std::map<std::uint32_t, double> counts;
  const auto all = requests(spec, 300s);
  for (const Arrived& entry : all) ++counts[static_cast<std::uint32_t>(entry.request.user_id)];
  const auto total = static_cast<double>(all.size());
  for (const std::uint32_t k : {1U, 2U, 3U}) {
    const double share = 1 / static_cast<double>(k) / (1 + 1.0 / 2 + 1.0 / 3);
    expect_value("share", counts[k] / total, share, binomial_se(share, total), {1.0 / 3});
  }
}

// --- Lists and traces ------------------------------------------------------------------------------------------------

ListedRequest row(Duration at, std::int64_t input = 10, std::int64_t output = 20) {
  ListedRequest listed;
  listed.at = at;
  listed.input = Tokens{input};
  listed.output = Tokens{output};
  return listed;
}

TEST(Script, requests_exactly_what_is_listed) {
  WorkloadSpec spec = workload("chat", Rate{});
  spec.executor = Script{};
  spec.start = 5s;
  spec.provider = "alpha";
  spec.requests = {row(0s), row(1s), row(1s), row(3s)};
  spec.requests[0].max_tokens = Tokens{77};
  spec.requests[0].prompt = "hello";
  spec.requests[0].user = "ann";
  spec.requests[1].provider = "beta";
  spec.requests[1].prompt = "hello";
  spec.requests[2].prompt = "other";
  spec.requests[2].input.reset();
  spec.requests[3].user = "ann";
  const auto all = requests(spec, 100s);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].at, 5s);
  EXPECT_EQ(all[2].at, 6s);
  EXPECT_EQ(all[3].at, 8s);
  EXPECT_EQ(all[0].request.input, Tokens{10});
  EXPECT_EQ(all[0].demand.output, Tokens{20});
  EXPECT_EQ(all[0].request.max_tokens, Tokens{77});
  EXPECT_EQ(all[1].request.max_tokens, Tokens{500});
  EXPECT_EQ(all[0].request.provider, kFirst);
  EXPECT_EQ(all[1].request.provider, kSecond);
  EXPECT_EQ(all[0].request.content, all[1].request.content);
  EXPECT_NE(all[0].request.content, all[2].request.content);
  EXPECT_EQ(all[2].request.input, Tokens{100}) << "what is not listed comes from the workload";
  EXPECT_EQ(all[0].request.user_id, all[3].request.user_id);
  EXPECT_EQ(all[0].request.user, all[3].request.user);
  EXPECT_NE(all[0].request.user_id, monitor::UserId{});
  EXPECT_EQ(all[1].request.user_id, monitor::UserId{});
}

TEST(Script, stops_at_the_workloads_end) {
  WorkloadSpec spec = workload("chat", Rate{});
  spec.executor = Script{};
  spec.requests = {row(0s), row(10s - 1ns), row(10s)};
  EXPECT_EQ(requests(spec, 10s).size(), 2U);
  EXPECT_EQ(requests(spec, 10s + 1ns).size(), 3U);
}

WorkloadSpec trace(int rows, TraceReplay settings = {}) {
  WorkloadSpec spec = workload("chat", Rate{});
  spec.executor = std::move(settings);
  for (int i = 0; i < rows; ++i) spec.requests.push_back(row(i * 1ms, i + 1, i + 2));
  return spec;
}

TEST(Replay, stretches_time_by_the_time_scale) {
  const WorkloadSpec spec = trace(1000, {.time_scale = 2.5});
  const auto all = requests(spec, 100s);
  ASSERT_EQ(all.size(), 1000U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].at, 2500us * i);
    EXPECT_EQ(all[i].request.input, Tokens{static_cast<std::int64_t>(i) + 1});
    EXPECT_EQ(all[i].demand.output, Tokens{static_cast<std::int64_t>(i) + 2});
  }
}

TEST(Replay, keeps_each_row_with_the_chance_of_a_rate_scale_below_one) {
  const WorkloadSpec spec = trace(20'000, {.rate_scale = 0.3});
  const auto all = requests(spec, 100s);
  const double share = static_cast<double>(all.size()) / 20'000;
  expect_value("share", share, 0.3, binomial_se(0.3, 20'000), {0.5, 1.0});
  for (const Arrived& entry : all) EXPECT_EQ(entry.at, (entry.request.input.count() - 1) * 1ms);
  const WorkloadSpec none = trace(100, {.rate_scale = 0});
  EXPECT_TRUE(requests(none, 100s).empty());
}

TEST(Replay, plays_rows_again_for_a_rate_scale_above_one) {
  WorkloadSpec spec = trace(20'000, {.rate_scale = 2});
  EXPECT_EQ(requests(spec, 100s).size(), 40'000U);
  spec.executor = TraceReplay{.rate_scale = 2.25};
  std::map<std::int64_t, int> times;
  std::set<std::uint64_t> ordinals;
  const auto all = requests(spec, 100s);
  for (const Arrived& entry : all) {
    ++times[entry.request.input.count()];
    ordinals.insert(entry.ordinal);
    EXPECT_EQ(entry.at, (entry.request.input.count() - 1) * 1ms);
  }
  EXPECT_EQ(ordinals.size(), all.size()) << "copies are requests of their own";
  EXPECT_EQ(times.size(), 20'000U);
  double thrice = 0;
  for (const auto& [input, count] : times) {
    EXPECT_TRUE(count == 2 || count == 3);
    thrice += count == 3 ? 1 : 0;
  }
  expect_value("share", thrice / 20'000, 0.25, binomial_se(0.25, 20'000), {0.5, 0.0, 1.0});
}

// A row's own draws are named by the row: thinning the trace moves none of them.
TEST(Replay, leaves_each_rows_draws_alone_when_others_are_dropped) {
  WorkloadSpec spec = trace(1000);
  for (ListedRequest& listed : spec.requests) listed.output.reset();
  spec.output.law = Law::uniform(1, 1'000'000);
  spec.output.most = kTokensMax;
  std::map<std::int64_t, Tokens> outputs;
  for (const Arrived& request : requests(spec, 100s)) outputs[request.request.input.count()] = request.demand.output;
  spec.executor = TraceReplay{.rate_scale = 0.5};
  for (const Arrived& request : requests(spec, 100s))
    EXPECT_EQ(request.demand.output, outputs[request.request.input.count()]);
}

// --- Closed loop -----------------------------------------------------------------------------------------------------

WorkloadSpec closed(std::int64_t vus, const Law& think) {
  WorkloadSpec spec = workload("chat", Rate{});
  spec.executor = ConstantVus{.vus = vus, .think_time = think};
  return spec;
}

TEST(ClosedLoop, makes_vus_over_latency_plus_think_time_requests_per_second) {
  const RunResult result = run(world(100s, closed(5, Law::fixed(100e6)), provider("alpha", Law::fixed(900e6))));
  EXPECT_EQ(result.arrivals, 500U);
  EXPECT_EQ(result.in_flight_max, 5);
  EXPECT_EQ(result.in_flight, 0);
}

TEST(ClosedLoop, never_has_more_than_its_users_in_flight) {
  WorkloadSpec load = closed(7, Law::exponential(100e6));
  load.start = 10s;
  load.duration = 1000s;
  Scenario scenario = world(5000s, load, provider("alpha", Law::exponential(400e6)));
  const KeptRun kept{scenario};
  EXPECT_EQ(kept.result.in_flight_max, 7);
  EXPECT_GE(kept.records.front().arrived, Instant{} + 10s);
  EXPECT_LT(kept.records.back().arrived, Instant{} + 1010s);
  // A renewal process for each user: mean cycle 0.5 s, variance 0.1^2 + 0.4^2.
  const double mean = 7 * 1000 / 0.5;
  expect_value("requests", static_cast<double>(kept.records.size()), mean, std::sqrt(mean * 0.17 / 0.25),
               {7 * 1000 / 0.4});
}

TEST(ClosedLoop, pauses_for_a_millisecond_at_least_so_that_time_passes) {
  const RunResult result = run(world(1s, closed(2, Law::fixed(0))));
  EXPECT_EQ(result.arrivals, 2000U);
  EXPECT_EQ(run(world(1s, closed(2, Law::fixed(-5e9)))).arrivals, 2000U);
}

TEST(ClosedLoop, waits_for_the_end_of_a_request_not_of_a_call) {
  ProviderSpec failing = provider("alpha", Law::fixed(1e9));
  failing.errors.rates = {{monitor::ReplyKind::server_error, 1.0}};
  Scenario scenario = world(100s, closed(1, Law::fixed(1e9)), failing);
  scenario.monitor.provider_call.retry = {
      .max_attempts = 2, .base = 2s, .multiplier = {1'000'000}, .cap = 2s, .jitter = monitor::Jitter::none};
  // 1 s fail, 2 s pause, 1 s fail, 1 s think.
  EXPECT_EQ(run(scenario).arrivals, 20U);
}

}  // namespace
}  // namespace windtunnel::sim::load_content_test
