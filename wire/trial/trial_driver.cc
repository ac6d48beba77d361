#include "wire/trial/trial_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "wire/trial/request_tag.h"
#include "wire/trial/trial_figures.h"

namespace windtunnel::wire {
namespace {

using namespace std::chrono_literals;

// How long after the last answer calls are still observed.
constexpr Duration kGrace = 1s;
// As the simulator has it: a closed loop whose calls end at once would otherwise never let time pass.
constexpr Duration kThinkTimeMin = 1ms;

}  // namespace

TrialDriver::TrialDriver(const sim::Scenario& scenario, std::uint64_t seed, ProviderServer& server, TrialClient& client,
                         SocketLoop& loop)
    : scenario_(scenario), server_(server), client_(client), loop_(loop), chance_(seed) {
  std::optional<Tokens> limit_per_request;
  if (scenario.monitor.token_limiter.mode == monitor::TokenMode::per_request) {
    limit_per_request = scenario.monitor.token_limiter.limit;
  }
  for (std::uint32_t i = 0; i < scenario.workloads.size(); ++i) {
    loads_.emplace_back(scenario.workloads[i], i, chance_, Instant{} + scenario.duration, scenario.start,
                        scenario.providers, monitor::LabelsId{i + 1}, limit_per_request,
                        sim::route_of(scenario, scenario.workloads[i]), monitor::LimitsConfig{}, nullptr,
                        sim::routes_of_rows(scenario, scenario.workloads[i]));
    const std::int64_t users = sim::users_most(scenario.workloads[i].executor);
    for (std::int64_t user = 0; user < users; ++user) users_.push_back({i, user});
  }
  next_ordinal_.resize(loads_.size());
}

void TrialDriver::begin() {
  server_.start_clock();
  for (std::uint32_t i = 0; i < loads_.size(); ++i) {
    if (const auto first = loads_[i].next_arrival()) {
      next_ordinal_[i] = first->ordinal;
      queue_.schedule(first->at, i);
    }
  }
  for (std::uint32_t i = 0; i < users_.size(); ++i) schedule_user(i, loads_[users_[i].workload].begin());
}

// The next request of a virtual user, who asks no more before this.
void TrialDriver::schedule_user(std::uint32_t user, Instant from) {
  const auto at = loads_[users_[user].workload].turn_of_user(users_[user].number, from);
  if (at) queue_.schedule(*at, static_cast<std::uint32_t>(loads_.size()) + user);
}

void TrialDriver::step() {
  std::chrono::nanoseconds wait = server_.wait_for(server_.clock().longest_wait());
  const Instant before = server_.now();
  if (!queue_.empty()) wait = std::min<std::chrono::nanoseconds>(wait, queue_.next_at() - before);
  if (const auto patience = client_.next_at()) wait = std::min<std::chrono::nanoseconds>(wait, *patience - before);
  // In virtual time nothing but these makes time pass.
  if (idle_since_) wait = std::min<std::chrono::nanoseconds>(wait, kGrace / 4);
  server_.clock().wait(loop_, wait);
  server_.advance();
  client_.advance();
  const Instant now = server_.now();
  while (!queue_.empty() && queue_.next_at() <= now) {
    const sim::Scheduled event = queue_.pop();
    handle(event.payload, event.at);
  }
  for (const std::size_t place : client_.take_ended()) {
    const std::uint32_t user = user_of_request_[place];
    if (user == kNoUser) continue;
    const TrialRequest& ended = client_.requests()[place];
    const sim::Load& load = loads_[users_[user].workload];
    const Duration pause = std::max(kThinkTimeMin, load.think_time(ended.demand.ordinal));
    schedule_user(user, std::max(now, ended.finished) + pause);
  }
  if (!queue_.empty() || client_.open() > 0 || is_driven_) {
    idle_since_.reset();
  } else if (!idle_since_) {
    idle_since_ = server_.now();
  }
}

void TrialDriver::handle(std::uint32_t payload, Instant due) {
  lateness_max_ = std::max(lateness_max_, server_.now() - due);
  if (payload >= loads_.size()) {
    const auto user = static_cast<std::uint32_t>(payload - loads_.size());
    const std::uint32_t workload = users_[user].workload;
    return send(workload, next_ordinal_[workload]++, due, user);
  }
  const std::uint64_t ordinal = next_ordinal_[payload];
  if (const auto next = loads_[payload].next_arrival()) {
    next_ordinal_[payload] = next->ordinal;
    queue_.schedule(next->at, payload);
  }
  send(payload, ordinal, due, kNoUser);
}

void TrialDriver::send(std::uint32_t workload, std::uint64_t ordinal, Instant due, std::uint32_t vu) {
  TrialRequest wanted{.arrived = due};
  loads_[workload].fill(ordinal, wanted.request, wanted.demand);
  wanted.request.id = RequestId{client_.requests().size()};
  user_of_request_.push_back(vu);
  const std::string& name = scenario_.workloads[workload].name;
  const sim::NamedTexts names = names_of(workload, wanted.request);
  client_.send(std::move(wanted), text_of(RequestTag{.workload = name, .ordinal = ordinal}), names);
}

sim::NamedTexts TrialDriver::names_of(std::uint32_t workload, const monitor::Request& request) const {
  const sim::WorkloadSpec& spec = scenario_.workloads[workload];
  const auto& routes = scenario_.monitor.routing.routes;
  return {{"request", std::to_string(number_of(request.id))},
          {"user", loads_[workload].user_name(request.user_id)},
          {"user_key", fmt::format("{:016x}", request.user)},
          {"provider", request.provider ? scenario_.providers[index_of(*request.provider)].name : ""},
          {"route", routes.empty() ? "" : routes[static_cast<std::size_t>(request.route)].name},
          {"feature_version", spec.feature_version},
          {"prompt_version", spec.prompt_version},
          {"expects", request.max_tokens_is_asked ? "" : std::to_string(request.max_tokens.count())}};
}

bool TrialDriver::is_over() const {
  if (!idle_since_) return false;
  std::int64_t open = 0;
  for (const ProviderCount& count : server_.host().counts()) open += count.open;
  // A call that hangs stays open as long as the gateway keeps it.
  return server_.now() >= *idle_since_ + kGrace || (open == 0 && server_.now() >= *idle_since_ + kGrace / 4);
}

void TrialDriver::end() {
  client_.stop();
  server_.stop();
}

TrialRun TrialDriver::take(std::vector<CallLine> calls) {
  TrialRun run{.requests = std::move(client_.requests()),
               .calls = std::move(calls),
               .faults = {},
               .fault_changes = server_.host().fault_changes(),
               .ended = server_.now(),
               .stopped = stopped_,
               .lateness_max = std::max(lateness_max_, server_.totals().lateness_max)};
  note_whole_answers(run);
  for (std::size_t i = 0; i < server_.host().faults().size(); ++i) {
    run.faults.push_back(server_.host().faults().count(i));
  }
  return run;
}

}  // namespace windtunnel::wire
