#pragma once
// What drives the pipeline without a simulation: requests that come at even gaps, each answered 64 gaps later, so that
// limiters, breakers and cache see as many in flight as at 50 a second.

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/stable_hash.h"
#include "monitor/pipeline.h"

namespace windtunnel::bench {

// Every stage on, an A/B split over two providers, the prices of the seed.
inline monitor::Pipeline pipeline_of_two() {
  using monitor::ProviderId;
  monitor::MonitorConfig config;
  config.ab_router.experiment_id = "provider_comparison";
  config.ab_router.variants = {{"variant_a", ProviderId{0}, 1}, {"variant_b", ProviderId{1}, 1}};
  const auto tariff = [](std::int64_t input, std::int64_t output) {
    return std::vector<monitor::DatedTariff>{{.tariff = {{Usd::from_picos(input)}, {Usd::from_picos(output)}}}};
  };
  config.cost_limiter.monthly = Usd::from_dollars(9'000'000);
  return monitor::Pipeline{config,
                           {{"openai", "gpt-4", tariff(30'000'000, 60'000'000)},
                            {"anthropic", "claude-3-5-sonnet", tariff(3'000'000, 15'000'000)}}};
}

class Traffic {
 public:
  // Every request is one of `prompts` prompts in turn; 0: a prompt of its own. Every so many calls one fails; 0: none.
  Traffic(monitor::Pipeline& pipeline, std::uint64_t prompts, std::uint64_t fails_every)
      : pipeline_(pipeline), prompts_(prompts), fails_every_(fails_every) {}

  // One request begins, and the one that began 64 gaps ago ends.
  void step() {
    now_ += kGap;
    monitor::Flow& flow = flows_[number_ % kInFlight];
    if (flow.awaiting == monitor::Awaiting::reply) finish(flow);
    renew(flow);
    monitor::Request& request = flow.record.request;
    const std::uint64_t prompt = prompts_ == 0 ? number_ : number_ % prompts_;
    request.id = RequestId{number_++};
    request.content = {mix(prompt), prompt};
    request.user = request.content.high;
    request.input = Tokens{150};
    static_cast<void>(pipeline_.begin(flow, now_));
  }

 private:
  static constexpr std::size_t kInFlight = 64;
  static constexpr Duration kGap = std::chrono::milliseconds{20};

  void finish(monitor::Flow& flow) {
    monitor::Step step = monitor::CallProvider{};
    while (std::holds_alternative<monitor::CallProvider>(step)) {
      const bool fails = fails_every_ != 0 && calls_++ % fails_every_ == 0;
      const monitor::Reply reply{.kind = fails ? monitor::ReplyKind::server_error : monitor::ReplyKind::ok,
                                 .usage = fails ? monitor::Usage{} : monitor::Usage{Tokens{150}, Tokens{80}},
                                 .time_to_first_token = kGap,
                                 .response_length = 320};
      step = pipeline_.on_reply(flow, reply, now_);
    }
  }

  monitor::Pipeline& pipeline_;
  std::uint64_t prompts_;
  std::uint64_t fails_every_;
  std::array<monitor::Flow, kInFlight> flows_{};
  std::uint64_t number_ = 0;
  std::uint64_t calls_ = 0;
  Instant now_{};
};

}  // namespace windtunnel::bench
