// A swarm's load, providers and faults.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/checks/claims/recovery.h"
#include "sim/explore/swarm_draws.h"
#include "sim/world/places.h"

namespace windtunnel::sim::swarm {
namespace {

using monitor::ReplyKind;
using namespace std::chrono_literals;

double ns(Duration duration) { return static_cast<double>(duration.count()); }
Law fixed(Duration duration) { return Law::fixed(ns(duration)); }

Duration duration_of(const Draft& draft) {
  Duration least{0};
  if (draft.keeps(SwarmPart::faults)) {
    for (const FaultSpec& fault : draft.base.faults) least = std::max(least, fault.at + fault.duration.value_or(1s));
  }
  if (draft.keeps(SwarmPart::workload)) {
    for (const WorkloadSpec& load : draft.base.workloads) least = std::max(least, load.start + 1s);
  }
  return std::max(draft.on_grid(draft.dice.round_one(draft.ranges.duration, "duration")), least);
}

void draw_lengths(const Draft& draft, WorkloadSpec& load, std::uint64_t i) {
  const Dice& dice = draft.dice;
  load.input.law = dice.one_of({Law::fixed(100), Law::uniform(20, 300), Law::lognormal_p50_p95(100, 250)}, "input", i);
  load.output.law = dice.one_of({Law::fixed(100), Law::uniform(1, 600), Law::lognormal_p50_p95(80, 400)}, "output", i);
  if (dice.coin(20, "cached input", i)) {
    load.cached_input.law = dice.one_of({Law::fixed(50), Law::uniform(0, 300)}, "cached", i);
  }
  if (dice.coin(15, "cache write", i))
    load.cache_write.law = dice.one_of({Law::fixed(40), Law::uniform(0, 200)}, "written", i);
  if (dice.coin(15, "reasoning", i))
    load.reasoning.law = dice.one_of({Law::fixed(30), Law::uniform(0, 500)}, "thought", i);
  load.max_tokens = Tokens{dice.one_of<std::int64_t>({100, 300, 500, 1}, "max tokens", i)};
  if (dice.coin(25, "no max tokens", i)) load.max_tokens.reset();
}

// Requests that come in the same instant, a few times in the run.
void draw_herd(const Draft& draft, WorkloadSpec& load, std::uint64_t i) {
  const Dice& dice = draft.dice;
  load.executor = Script{};
  const std::int64_t herds = dice.between({1, 6}, "herds", i);
  std::vector<Duration> times;
  for (std::int64_t herd = 0; herd < herds; ++herd) {
    const auto member = i * 16 + static_cast<std::uint64_t>(herd);
    times.push_back(draft.on_grid(dice.between({0, draft.world.duration / 1s - 1}, "herd at", member) * 1s));
  }
  std::ranges::sort(times);
  const bool ask_alike = dice.coin(40, "herd asks alike", i);
  for (std::int64_t herd = 0; herd < herds; ++herd) {
    const std::int64_t size = dice.between({1, 8}, "herd size", i * 16 + static_cast<std::uint64_t>(herd));
    for (std::int64_t value = 0; value < size; ++value) {
      ListedRequest request{.at = times[static_cast<std::size_t>(herd)]};
      if (ask_alike) request.prompt = "herd";
      // The same question with another limit is another question.
      if (ask_alike && value % 3 == 2) request.max_tokens = Tokens{200};
      load.requests.push_back(std::move(request));
    }
  }
}

void draw_arrivals(const Draft& draft, WorkloadSpec& load, std::uint64_t i, double per_second) {
  const Dice& dice = draft.dice;
  const Duration gap = draft.on_grid(Duration{static_cast<std::int64_t>(1e9 / per_second)});
  // The first goes on to the end, so that there is something to recover for.
  const std::int64_t kind = i == 0 ? 99 : dice.between({0, 99}, "executor", i);
  if (kind < 20) return draw_herd(draft, load, i);
  if (kind < 40 || (i == 0 && dice.coin(10, "closed loop"))) {
    const std::int64_t vus = dice.between({1, 6}, "users at once", i);
    const Law think_time = draft.grid > 0ns ? fixed(draft.on_grid(gap * vus)) : Law::exponential(ns(gap * vus));
    load.executor = ConstantVus{.vus = vus, .think_time = think_time};
    // The first load goes on to the end.
    if (i > 0 && dice.coin(40, "users come and go", i)) {
      const Duration quarter = draft.world.duration / 4;
      const auto leg = [&](std::int64_t users, Duration length) { return Stage{length, Millionths{users * kMillion}}; };
      load.executor = RampingVus{.start_vus = dice.between({0, 2}, "users at first", i),
                                 .stages = {leg(vus, quarter), leg(0, quarter), leg(vus / 2 + 1, quarter)},
                                 .think_time = think_time};
    }
    return;
  }
  if (draft.grid > 0ns) {
    load.rate = {.count = {1'000'000}, .unit = gap};
    return;
  }
  const Millionths rate{std::max<std::int64_t>(1, static_cast<std::int64_t>(per_second * 1e6))};
  load.rate = {.count = rate, .unit = 1s};
  load.arrival = dice.one_of({Arrival::uniform, Arrival::poisson, Arrival::gamma, Arrival::mmpp}, "arrival", i);
  if (load.arrival == Arrival::gamma) load.gamma_shape = dice.one_of({0.3, 3.0}, "gamma shape", i);
  if (load.arrival == Arrival::mmpp) load.mmpp = {.factors = {0.2, 1.8}, .mean_sojourn = {10s, 10s}};
  if (kind < 60) {
    load.executor = RampingArrivalRate{.stages = {{draft.world.duration / 4, {2 * rate.value}},
                                                  {draft.world.duration / 4, {0}},
                                                  {draft.world.duration / 2, rate}}};
  } else if (kind < 80) {
    Diurnal diurnal;
    diurnal.growth_per_day = dice.one_of({0.0, 0.5, 1.0}, "growth", i);
    if (dice.coin(50, "by the hour", i)) diurnal.hourly[23] = 0.5;
    load.executor = diurnal;
  }
}

WorkloadSpec draw_workload(const Draft& draft, std::uint64_t i, double per_second) {
  const Dice& dice = draft.dice;
  WorkloadSpec load;
  load.name = fmt::format("load-{}", i + 1);
  draw_arrivals(draft, load, i, per_second);
  draw_lengths(draft, load, i);
  load.prompts.count = dice.one_of<std::int64_t>({0, 0, 0, 3, 40}, "prompts", i);
  if (load.prompts.count > 0 && dice.coin(50, "popular prompts", i)) load.prompts.zipf = 1;
  load.users.count = dice.one_of<std::int64_t>({0, 5, 50}, "users", i);
  load.stream = dice.coin(30, "stream", i);
  if (source_of(load.executor) != ArrivalSource::users && dice.coin(15, "tries again", i)) {
    ClientSpec client{.preset = dice.one_of({"openai-node", "anthropic", "vercel-ai", "langchain"}, "client", i)};
    if (dice.coin(50, "own timeout of tries", i)) client.timeout = draft.patience();
    if (dice.coin(30, "leaves", i)) client.patience = fixed(draft.patience() * 2);
    load.client = client;
  }
  if (dice.coin(30, "chooses", i)) {
    load.provider = draft.world.providers[below(dice.bits("choice", i), draft.world.providers.size())].name;
  }
  return load;
}

// The time to the first token and per token, so that no answer takes longer than `most`.
void draw_latency(const Draft& draft, ProviderSpec& provider, std::uint64_t i, Duration most) {
  const Dice& dice = draft.dice;
  provider.time_per_output_token = Law::fixed(0);
  if (draft.grid > 0ns) {
    provider.time_to_first_token = fixed(dice.coin(10, "at once", i) ? 0ns : draft.on_grid(most));
    return;
  }
  const auto share = [&](std::int64_t thousandths) {
    const std::int64_t whole_microseconds = most.count() / 1000 * thousandths / 1000 * 1000;
    return static_cast<double>(whole_microseconds);
  };
  provider.time_to_first_token =
      dice.one_of({Law::fixed(share(700)), Law::uniform(share(100), share(700)), Law::exponential(share(19)),
                   Law::lognormal_p50_p95(share(20), share(40)), Law::quantiles({share(20), share(50), share(600)})},
                  "latency law", i);
  if (dice.coin(60, "per token", i)) provider.time_per_output_token = Law::uniform(0, share(1) / 4);
}

void draw_provider(Draft& draft, ProviderSpec& provider, std::uint64_t i) {
  const Dice& dice = draft.dice;
  const Duration timeout = draft.patience();
  const Duration most =
      timeout * dice.one_of<std::int64_t>({20, 20, 100, 100, 250, 500, 900, 1000}, "slowness", i) / 1000;
  // Once in a while nothing can recover: the healthy answer takes longer than anybody waits.
  const bool hopeless = dice.between({0, 999}, "hopeless", i) < 2;
  draw_latency(draft, provider, i, hopeless ? timeout * 4 : std::min(draft.on_grid(most), timeout));
  // A healthy provider fails by the client's fault only; everything else is for the faults.
  if (dice.coin(30, "client errors", i)) {
    provider.errors.rates = {{ReplyKind::client_error, dice.one_of({0.005, 0.05}, "client errors at", i)}};
  }
  if (dice.coin(15, "usage missing", i)) provider.usage_missing = dice.one_of({0.02, 0.5}, "usage missing at", i);
  if (dice.coin(15, "usage late", i)) {
    provider.usage_late = dice.one_of({0.1, 0.6}, "usage late at", i);
    provider.usage_delay =
        std::max(Duration{1}, draft.on_grid(timeout * dice.one_of<std::int64_t>({1, 5}, "usage late by", i)));
  }
  provider.bill_on_failure = dice.one_of({FailureBill::none, FailureBill::input}, "bill on failure", i);
  provider.bill_on_timeout =
      dice.one_of({TimeoutBill::full, TimeoutBill::input, TimeoutBill::none}, "bill on timeout", i);
  provider.on_disconnect = dice.one_of({Disconnect::go_on, Disconnect::stop}, "on disconnect", i);
  Tariff& tariff = provider.tariffs.back().tariff;
  if (dice.coin(40, "price of cached", i)) {
    tariff.cached_input =
        Price{Usd::from_picos(tariff.input.per_token.picos() / dice.one_of({2, 10}, "cheaper by", i))};
  }
  if (dice.coin(25, "price of writes", i)) tariff.cache_write = Price{tariff.input.per_token * 2};
  if (dice.coin(20, "price of reasoning", i)) {
    tariff.reasoning = Price{tariff.output.per_token * dice.one_of<std::int64_t>({0, 3}, "reasoning times", i)};
  }
  if (dice.coin(25, "price change", i)) {
    monitor::DatedTariff dearer = provider.tariffs.back();
    dearer.from = draft.world.start + draft.on_grid(draft.world.duration / 3);
    dearer.tariff.output.per_token = dearer.tariff.output.per_token * 2;
    if (provider.tariffs.back().from < dearer.from) provider.tariffs.push_back(dearer);
  }
}

// Quotas of other windows and kinds, as wide.
void draw_quota(const Draft& draft, RateLimit& limit, std::int64_t per_minute, bool is_tight, std::uint64_t i) {
  const Dice& dice = draft.dice;
  if (dice.coin(is_tight ? 90 : 40, "own algorithm", i)) {
    limit.algorithm = dice.one_of({QuotaAlgorithm::sliding_window, QuotaAlgorithm::token_bucket}, "algorithm", i);
    // The steps of a sliding window hold more than its minute.
    if (limit.requests_per_minute) *limit.requests_per_minute += per_minute / 30 + 1;
  }
  if (dice.coin(10, "own input", i)) limit.input_tokens_per_minute = Tokens{per_minute * 16'000};
  if (dice.coin(10, "own output", i)) limit.output_tokens_per_minute = Tokens{per_minute * 1'000};
  if (dice.coin(10, "own day", i)) {
    // Wide also where the world is made longer after this; now and then it ends within the world.
    const std::int64_t minutes = dice.coin(2, "short day", i) ? 1 : 2 * (draft.world.duration / 1min + 1);
    limit.requests_per_day = (per_minute + per_minute / 30 + 1) * minutes;
  }
  if (dice.coin(30, "pacific", i)) limit.day_ends = QuotaDay::pacific;
}

// Limits of the providers' own, wide enough for the load when all is well; now and then quotas are not. After all
// latencies.
void draw_places(Draft& draft) {
  const auto at_once = static_cast<std::int64_t>(healthy_calls_at_once(draft.world)) + 1;
  const bool is_tight = draft.dice.coin(8, "tight quotas");
  const double share = is_tight ? draft.dice.one_of({0.1, 0.3, 0.6}, "share of quotas") : 1.0;
  const auto per_minute = static_cast<std::int64_t>(healthy_calls_per_minute(draft.world) * share) + 1;
  std::uint64_t i = 0;
  for (ProviderSpec& provider : draft.world.providers) {
    if (draft.dice.coin(30, "places", i)) {
      provider.concurrency = at_once;
      provider.queue = draft.dice.one_of<std::int64_t>({0, 5, 50}, "queue", i);
      if (draft.dice.coin(30, "bounded wait", i)) {
        provider.queue_timeout = draft.dice.one_of<Duration>({1s, 3s, 20s}, "wait at most", i);
      }
    }
    if (is_tight || draft.dice.coin(20, "own limit", i)) {
      provider.rate_limit.requests_per_minute = per_minute;
    }
    draw_quota(draft, provider.rate_limit, per_minute, is_tight, i);
    if (draft.dice.coin(30, "own wait", i)) {
      provider.rate_limit.retry_after = draft.dice.one_of<Duration>({0s, 3s, 500s}, "own wait for", i);
    }
    if (draft.dice.coin(50, "every refusal names a wait", i)) {
      provider.rate_limit.retry_after_on = RetryAfterOn::every_refusal;
    }
    if (draft.dice.coin(30, "wait as a date", i)) provider.rate_limit.retry_after_form = RetryAfterForm::date;
    if (draft.dice.coin(20, "odd wait", i)) {
      provider.rate_limit.retry_after_form =
          draft.dice.one_of({RetryAfterForm::absent, RetryAfterForm::unreadable, RetryAfterForm::nan,
                             RetryAfterForm::negative, RetryAfterForm::days},
                            "form of wait", i);
    }
    ++i;
  }
}

// A deadline below the timeout cuts attempts. It may be as short as the slowest healthy answer, to the nanosecond.
void tighten_deadline(Draft& draft) {
  std::optional<Duration>& deadline = draft.world.monitor.provider_call.deadline;
  if (!deadline || draft.keeps(SwarmPart::provider_call) || !draft.dice.coin(40, "tight deadline")) return;
  double latency = 1e6;
  for (const ProviderSpec& provider : draft.world.providers)
    latency = std::max(latency, healthy_latency_max(draft.world, provider));
  const Duration longest = 1ms * (static_cast<std::int64_t>(latency / 1e6) + 1);
  deadline = std::min(*deadline, std::max(draft.on_grid(longest), longest));
}

FaultKind draw_kind(const Draft& draft, std::uint64_t i) {
  if (!draft.ranges.fault_kinds.empty()) return draft.dice.one_of(draft.ranges.fault_kinds, "fault kind", i);
  return static_cast<FaultKind>(below(draft.dice.bits("fault kind", i), kFaultKinds));
}

FaultSpec draw_fault(const Draft& draft, std::uint64_t i, Duration healed) {
  const Dice& dice = draft.dice;
  FaultSpec fault;
  fault.id = fmt::format("fault-{}", i + 1);
  const Duration timeout = draft.patience();
  fault.settings = draw_fault_of(draw_kind(draft, i), {dice, i, draft.grid, timeout});
  const monitor::ProviderCallConfig& call = draft.world.monitor.provider_call;
  if (call.timeout == monitor::kNoTimeout && !call.deadline && may_hang(fault.settings)) fault.settings = Outage{};
  const Duration step = std::max<Duration>(draft.grid, 100ms);
  fault.at = step * dice.between({0, std::max<std::int64_t>(0, (healed - 1ns) / step)}, "at", i);
  fault.at = std::min(fault.at, healed - 1ns);
  if (!lasts(fault.settings)) return fault;
  const Duration rest = healed - fault.at;
  if (!dice.coin(15, "lasts", i)) {
    const Duration drawn = draft.on_grid(dice.round_one(Range<Duration>{1s, 200s}, "duration of fault", i));
    fault.duration = std::min(drawn, rest);
  }
  if (dice.coin(60, "names", i)) {
    fault.providers = {draft.world.providers[below(dice.bits("whom", i), draft.world.providers.size())].name};
  }
  fault.fraction = dice.one_of({1.0, 1.0, 0.5, 0.1}, "fraction", i);
  if (dice.coin(15, "ramps", i)) fault.ramp = draft.on_grid(5s);
  if (dice.coin(15, "ramps down", i)) fault.ramp_down = draft.on_grid(5s);
  // A ramp of a brownout's size takes places of a provider that has a number of them.
  const bool has_room =
      !capacity_of(fault.settings) || std::ranges::all_of(draft.world.providers, [&](const ProviderSpec& provider) {
        return provider.concurrency || !acts_on(fault, provider);
      });
  if (has_size(fault.settings) && has_room && dice.coin(50, "ramps size", i)) fault.ramp_of = RampOf::size;
  return fault;
}

}  // namespace

void draw_provider_names(Draft& draft) {
  if (draft.keeps(SwarmPart::providers)) return;
  const std::vector<ProviderSpec>& known = draft.base.providers;
  std::int64_t count = draft.dice.between(draft.ranges.providers, "providers");
  const bool referred = draft.keeps(SwarmPart::workload) || draft.keeps(SwarmPart::ab_router) ||
                        draft.keeps(SwarmPart::faults) || draft.keeps(SwarmPart::routes);
  if (referred) count = std::max(count, std::ssize(known));
  std::vector<ProviderSpec>& all = draft.world.providers;
  all.clear();
  for (std::int64_t i = 0; i < count; ++i) {
    const bool is_known = i < std::ssize(known);
    const ProviderSpec& from = known[static_cast<std::size_t>(is_known ? i : 0)];
    ProviderSpec provider_spec;
    provider_spec.name = is_known ? from.name : fmt::format("extra-{}", i + 1 - std::ssize(known));
    provider_spec.model = is_known ? from.model : provider_spec.name;
    provider_spec.profile = is_known ? from.profile : "";
    provider_spec.tariffs = from.tariffs;
    all.push_back(std::move(provider_spec));
  }
}

void draw_load(Draft& draft) {
  if (!draft.keeps(SwarmPart::duration)) draft.world.duration = duration_of(draft);
  if (draft.keeps(SwarmPart::workload)) return;
  const Range<Millionths> rate = draft.ranges.rate;
  const double per_second =
      static_cast<double>(draft.dice.round_one(Range<std::int64_t>{rate.least.value, rate.most.value}, "rate")) / 1e6;
  const auto count = static_cast<std::uint64_t>(draft.dice.one_of<std::int64_t>({1, 1, 2, 3}, "workloads"));
  draft.world.workloads.clear();
  for (std::uint64_t i = 0; i < count; ++i) {
    draft.world.workloads.push_back(draw_workload(draft, i, per_second / static_cast<double>(count)));
  }
}

void draw_providers(Draft& draft) {
  if (draft.keeps(SwarmPart::providers)) return;
  std::uint64_t i = 0;
  for (ProviderSpec& provider : draft.world.providers) draw_provider(draft, provider, i++);
  draw_places(draft);
  tighten_deadline(draft);
}

void draw_faults(Draft& draft) {
  if (draft.keeps(SwarmPart::faults)) return;
  draft.world.faults.clear();
  const Duration healed = draft.world.liveness->heal_at;
  const std::int64_t count = draft.dice.between(draft.ranges.faults, "faults");
  for (std::int64_t i = 0; i < count; ++i) {
    draft.world.faults.push_back(draw_fault(draft, static_cast<std::uint64_t>(i), healed));
  }
  // What takes too long to work off after slow calls is left undone.
  if (draft.keeps(SwarmPart::providers) || recovery_of(draft.world).possible) return;
  for (ProviderSpec& provider : draft.world.providers) provider.on_disconnect = Disconnect::stop;
}

}  // namespace windtunnel::sim::swarm
