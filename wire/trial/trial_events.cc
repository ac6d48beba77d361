#include "wire/trial/trial_events.h"

#include <algorithm>
#include <utility>

#include "wire/trial/trial_figures.h"

namespace windtunnel::wire {
namespace {

using monitor::ProviderId;
using monitor::ReplyKind;

ProviderId provider_named(const sim::Scenario& scenario, const std::string& name) {
  const auto found = std::ranges::find(scenario.providers, name, &sim::ProviderSpec::name);
  return ProviderId{static_cast<std::uint8_t>(found - scenario.providers.begin())};
}

// A refusal bills what every caller can know; an answer whose usage was not sent leaves it unknown.
bool is_known(const CallLine& line) {
  const bool is_generated =
      line.kind == ReplyKind::ok || line.kind == ReplyKind::malformed || line.kind == ReplyKind::truncated;
  return is_generated || line.kind == ReplyKind::timeout ? line.usage_sent : true;
}

struct TimedEvent {
  Instant at{};
  sim::Event event;
};

class Events {
 public:
  template <class Each>
  void add(Instant at, const Each& event) {
    events_.push_back({at, event});
  }
  std::vector<sim::Event> in_order() && {
    std::ranges::stable_sort(events_, {}, &TimedEvent::at);
    std::vector<sim::Event> events;
    for (const TimedEvent& timed : events_) events.push_back(timed.event);
    return events;
  }

 private:
  std::vector<TimedEvent> events_;
};

void add_call(Events& events, const TrialRun& run, const sim::Scenario& scenario, const TrialRequest& request,
              std::size_t place, std::uint8_t ordinal) {
  const CallLine& line = run.calls[place];
  const ProviderId provider = provider_named(scenario, line.provider);
  events.add(line.arrived, monitor::AttemptStarted{.at = line.arrived,
                                                   .request = request.request.id,
                                                   .provider = provider,
                                                   .ordinal = ordinal,
                                                   .deadline = Instant::max(),
                                                   .input = request.request.input});
  monitor::Reply reply{.kind = line.kind};
  if (is_known(line)) reply.usage = line.billed;
  reply.time_to_first_token = line.to_first;
  events.add(line.ended, monitor::AttemptEnded{.at = line.ended,
                                               .request = request.request.id,
                                               .provider = provider,
                                               .ordinal = ordinal,
                                               .reply = reply,
                                               .settled = is_known(line) ? line.cost : Usd{},
                                               .latency = line.ended - line.arrived});
  // Before the request's record, whenever the call itself ended.
  const Instant billed_at = std::min(line.ended, request.finished);
  events.add(billed_at, sim::LedgerEntry{.at = billed_at,
                                         .request = request.request.id,
                                         .provider = provider,
                                         .ordinal = ordinal,
                                         .usage_known = is_known(line),
                                         .input = line.billed.input,
                                         .output = line.billed.output,
                                         .kinds = line.billed.kinds,
                                         .billed = line.cost});
}

}  // namespace

monitor::Record record_of(const TrialRun& run, const sim::Scenario& scenario, std::size_t place,
                          const std::vector<std::size_t>& calls) {
  const TrialRequest& request = run.requests[place];
  monitor::Record record;
  record.request = request.request;
  record.arrived = request.arrived;
  record.finished = request.finished;
  record.outcome = outcome_of(request, calls.size());
  record.assigned = request.request.provider.value_or(ProviderId{0});
  record.granted_output = request.request.max_tokens;
  for (const std::size_t call : calls) {
    // A request that makes more calls than a record holds shows the first ones; all of them are counted elsewhere.
    if (record.attempt_count == monitor::kAttemptsMax) break;
    const CallLine& line = run.calls[call];
    const ProviderId provider = provider_named(scenario, line.provider);
    const monitor::Attempt* const last = record.last_attempt();
    if (last != nullptr && last->provider != provider) ++record.failovers;
    record.attempt_storage[record.attempt_count++] = {.started = line.arrived,
                                                      .latency = line.ended - line.arrived,
                                                      .cost = is_known(line) ? line.cost : Usd{},
                                                      .provider = provider,
                                                      .kind = line.kind,
                                                      .usage_known = is_known(line)};
  }
  if (!monitor::is_answered(record.outcome)) return record;
  if (record.last_attempt() != nullptr) record.answered_by = record.last_attempt()->provider;
  const auto answered = std::ranges::find_if(
      run.calls, [&](const CallLine& line) { return words_in(request.answer.text).call == line.call; });
  if (answered != run.calls.end()) record.answered_by = provider_named(scenario, answered->provider);
  if (record.outcome != monitor::Outcome::served) return record;
  record.input = request.request.input;
  record.output = Tokens{words_in(request.answer.text).words};
  record.response_length = static_cast<std::uint32_t>(request.answer.text.size());
  if (request.first_byte) record.time_to_first_token = *request.first_byte - request.arrived;
  return record;
}

std::vector<sim::Event> trial_events(const TrialRun& run, const sim::Scenario& scenario) {
  const CallsByRequest calls = calls_by_request(run, scenario);
  Events events;
  for (const sim::FaultChanged& change : run.fault_changes) events.add(change.at, change);
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    const TrialRequest& request = run.requests[i];
    events.add(request.arrived, monitor::RequestArrived{.at = request.arrived, .request = request.request});
    for (std::size_t k = 0; k < calls.of[i].size(); ++k) {
      add_call(events, run, scenario, request, calls.of[i][k],
               static_cast<std::uint8_t>(std::min<std::size_t>(k, monitor::kAttemptsMax - 1)));
    }
    events.add(request.finished, record_of(run, scenario, i, calls.of[i]));
  }
  // Of what a program sent by itself only the calls are known.
  for (std::size_t i = 0; i < calls.outside.size(); ++i) {
    const CallLine& last = run.calls[calls.outside[i].back()];
    TrialRequest request{.finished = last.ended};
    request.request.id = RequestId{run.requests.size() + i};
    for (std::size_t k = 0; k < calls.outside[i].size(); ++k) {
      add_call(events, run, scenario, request, calls.outside[i][k],
               static_cast<std::uint8_t>(std::min<std::size_t>(k, monitor::kAttemptsMax - 1)));
    }
  }
  return std::move(events).in_order();
}

}  // namespace windtunnel::wire
