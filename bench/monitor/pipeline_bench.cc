// The pipeline's decisions alone: begin to Finished with every stage on, without simulation. One iteration is one
// request; 64 are in flight at a time, as at 50 a second, so that limiters, breakers and cache see them interleaved.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "bench/allocations.h"
#include "monitor/pipeline.h"
#include "monitor/stable_hash.h"

namespace windtunnel::bench {
namespace {

using monitor::CallProvider;
using monitor::Duration;
using monitor::Flow;
using monitor::Instant;
using monitor::ProviderId;
using monitor::Reply;
using monitor::ReplyKind;
using monitor::Step;
using monitor::Tokens;
using monitor::Usd;

constexpr std::size_t kInFlight = 64;
constexpr Duration kGap = std::chrono::milliseconds{20};

monitor::Pipeline pipeline_of_two() {
  monitor::MonitorConfig config;
  config.ab_router.experiment_id = "provider_comparison";
  config.ab_router.variants = {{"variant_a", ProviderId{0}, 1}, {"variant_b", ProviderId{1}, 1}};
  const auto tariff = [](std::int64_t input, std::int64_t output) {
    return std::vector<monitor::DatedTariff>{
        {.tariff = {{Usd::from_picos(input)}, {Usd::from_picos(output)}}}};
  };
  config.cost_limiter.monthly = Usd::from_dollars(9'000'000);
  return monitor::Pipeline{config,
                           {{"openai", "gpt-4", tariff(30'000'000, 60'000'000)},
                            {"anthropic", "claude-3-5-sonnet", tariff(3'000'000, 15'000'000)}}};
}

// Requests that come at even gaps and are answered kInFlight gaps later.
class Traffic {
 public:
  // Every request is one of `prompts` prompts in turn; 0: a prompt of its own.
  Traffic(monitor::Pipeline& pipeline, std::uint64_t prompts, std::uint64_t fails_every)
      : pipeline_(pipeline), prompts_(prompts), fails_every_(fails_every) {}

  // One request begins, and the one that began kInFlight ago ends.
  void step() {
    now_ += kGap;
    Flow& flow = flows_[number_ % kInFlight];
    if (flow.awaiting == monitor::Awaiting::reply) finish(flow);
    flow = Flow{};
    monitor::Request& request = flow.record.request;
    const std::uint64_t prompt = prompts_ == 0 ? number_ : number_ % prompts_;
    request.id = monitor::RequestId{number_++};
    request.content = {monitor::mix(prompt), prompt};
    request.user = request.content.high;
    request.input = Tokens{150};
    benchmark::DoNotOptimize(pipeline_.begin(flow, now_));
  }

 private:
  void finish(Flow& flow) {
    Step step = CallProvider{};
    while (std::holds_alternative<CallProvider>(step)) {
      const bool fails = fails_every_ != 0 && calls_++ % fails_every_ == 0;
      Reply reply{.kind = fails ? ReplyKind::server_error : ReplyKind::ok,
                  .usage = monitor::Usage{fails ? Tokens{} : Tokens{150}, fails ? Tokens{} : Tokens{80}},
                  .time_to_first_token = kGap,
                  .response_length = 320};
      step = pipeline_.on_reply(flow, reply, now_);
    }
  }

  monitor::Pipeline& pipeline_;
  std::uint64_t prompts_;
  std::uint64_t fails_every_;
  std::array<Flow, kInFlight> flows_{};
  std::uint64_t number_ = 0;
  std::uint64_t calls_ = 0;
  Instant now_{};
};

void decide(benchmark::State& state, std::uint64_t prompts, std::uint64_t fails_every) {
  monitor::Pipeline pipeline = pipeline_of_two();
  Traffic traffic{pipeline, prompts, fails_every};
  for (int i = 0; i < 200'000; ++i) traffic.step();  // the cache is full
  const std::uint64_t before = allocations();
  for (auto _ : state) traffic.step();
  state.SetItemsProcessed(state.iterations());
  state.counters["allocations/request"] =
      static_cast<double>(allocations() - before) / static_cast<double>(state.iterations());
}

BENCHMARK_CAPTURE(decide, served, 0, 0)->Name("pipeline/served");
BENCHMARK_CAPTURE(decide, failover, 0, 20)->Name("pipeline/one_call_of_20_fails");
BENCHMARK_CAPTURE(decide, hit, 1000, 0)->Name("pipeline/cache_hit");

}  // namespace
}  // namespace windtunnel::bench
