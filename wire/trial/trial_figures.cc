#include "wire/trial/trial_figures.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace windtunnel::wire {
namespace {

constexpr Millionths kMedian{500'000};
constexpr Millionths kP95{950'000};

// Every token of one call, in order, as many as the call's whole answer has.
bool is_complete(const TrialRequest& request) {
  const AnswerWords words = words_in(request.answer.text);
  const bool has_all = request.tokens_whole.value_or(words.words) == words.words;
  return request.answer.has_end && words.in_order && has_all;
}

bool is_external(const sim::Scenario& scenario, const std::string& workload) {
  return std::ranges::any_of(scenario.workloads, [&](const sim::WorkloadSpec& spec) {
    return spec.name == workload && sim::source_of(spec.executor) == sim::ArrivalSource::outside;
  });
}

UsdSum unused_of(const TrialRun& run) {
  std::set<std::uint64_t> used;
  for (const TrialRequest& request : run.requests) {
    if (view_of(request) != CallerView::served) continue;
    if (const auto call = words_in(request.answer.text).call) used.insert(*call);
  }
  UsdSum sum;
  for (const CallLine& line : run.calls) {
    if (!used.contains(line.call)) sum += line.cost;
  }
  return sum;
}

}  // namespace

const char* name_of(CallerView view) {
  switch (view) {
    case CallerView::served:
      return "served";
    case CallerView::cut_seen:
      return "cut_seen";
    case CallerView::cut_unseen:
      return "cut_unseen";
    case CallerView::garbage:
      return "garbage";
    case CallerView::error:
      return "error";
    case CallerView::no_answer:
      return "no_answer";
  }
  return "";
}

CallerView view_of(const TrialRequest& request) {
  if (request.status == 0) return CallerView::no_answer;
  if (request.status != 200) return CallerView::error;
  if (request.end == RequestEnd::broken || request.end == RequestEnd::timed_out || request.answer.has_error) {
    return CallerView::cut_seen;
  }
  if (request.end != RequestEnd::answered) return CallerView::no_answer;
  if (request.answer.is_garbage) return CallerView::garbage;
  return is_complete(request) ? CallerView::served : CallerView::cut_unseen;
}

monitor::Outcome outcome_of(const TrialRequest& request, std::size_t calls) {
  using monitor::Outcome;
  switch (view_of(request)) {
    case CallerView::served:
      return calls == 0 ? Outcome::cache_hit : Outcome::served;
    case CallerView::cut_seen:
    case CallerView::cut_unseen:
    case CallerView::garbage:
      return request.end == RequestEnd::timed_out ? Outcome::deadline_exceeded : Outcome::failed;
    case CallerView::no_answer:
      return request.end == RequestEnd::timed_out ? Outcome::deadline_exceeded : Outcome::failed;
    case CallerView::error:
      break;
  }
  if (request.status == 429 && calls == 0) return Outcome::refused_rate;
  const bool is_callers = request.status == 400 || request.status == 413 || request.status == 422;
  if (is_callers) return Outcome::client_error;
  return calls == 0 ? Outcome::all_providers_unavailable : Outcome::failed;
}

void note_whole_answers(TrialRun& run) {
  std::map<std::uint64_t, std::int64_t> whole;
  for (const CallLine& line : run.calls) whole.emplace(line.call, line.tokens_whole);
  for (TrialRequest& request : run.requests) {
    const auto call = words_in(request.answer.text).call;
    const auto found = call ? whole.find(*call) : whole.end();
    if (found != whole.end()) request.tokens_whole = found->second;
  }
}

CallsByRequest calls_by_request(const TrialRun& run, const sim::Scenario& scenario) {
  std::map<std::pair<std::string, std::uint64_t>, std::size_t> places;
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    const sim::Demand& demand = run.requests[i].demand;
    places.emplace(std::pair{scenario.workloads[demand.workload].name, demand.ordinal}, i);
  }
  CallsByRequest calls{.of = std::vector<std::vector<std::size_t>>(run.requests.size()), .unasked = {}};
  std::map<std::pair<std::string, std::uint64_t>, std::vector<std::size_t>> outside;
  for (std::size_t i = 0; i < run.calls.size(); ++i) {
    const CallLine& line = run.calls[i];
    const auto found = places.find({line.workload, line.name.ordinal});
    if (line.tagged && found != places.end()) {
      calls.of[found->second].push_back(i);
    } else if (line.tagged && is_external(scenario, line.workload)) {
      outside[{line.workload, line.name.ordinal}].push_back(i);
    } else {
      calls.unasked.push_back(i);
    }
  }
  const auto call_of = [&](std::size_t place) { return run.calls[place].call; };
  for (std::vector<std::size_t>& of : calls.of) {
    std::ranges::sort(of, {}, call_of);
  }
  for (auto& [name, of] : outside) {
    std::ranges::sort(of, {}, call_of);
    calls.outside.push_back(std::move(of));
  }
  std::ranges::sort(calls.outside, {}, [&](const auto& of) { return call_of(of.front()); });
  return calls;
}

TrialFigures trial_figures(const TrialRun& run, const sim::Scenario& scenario) {
  const CallsByRequest calls = calls_by_request(run, scenario);
  TrialFigures figures{.requests = std::ssize(run.requests),
                       .requests_outside = std::ssize(calls.outside),
                       .calls = std::ssize(run.calls),
                       .unasked = std::ssize(calls.unasked),
                       .billed_unused = unused_of(run),
                       .lateness_max = run.lateness_max};
  for (const sim::ProviderSpec& spec : scenario.providers) figures.providers.push_back({.name = spec.name});
  for (const CallLine& line : run.calls) {
    figures.billed += line.cost;
    figures.left_by_gateway += line.end == CallEnd::left ? 1 : 0;
    const auto provider = std::ranges::find(figures.providers, line.provider, &TrialProviderFigures::name);
    ++provider->calls;
    provider->failed += line.kind == monitor::ReplyKind::ok ? 0 : 1;
    provider->billed += line.cost;
  }
  Histogram latency;
  Histogram first_byte;
  Histogram added;
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    const TrialRequest& request = run.requests[i];
    const CallerView view = view_of(request);
    ++figures.views[static_cast<std::size_t>(view)];
    figures.calls_most = std::max(figures.calls_most, std::ssize(calls.of[i]));
    std::set<std::string_view> targets;
    for (const std::size_t place : calls.of[i]) {
      targets.insert(run.calls[place].provider);
      figures.after_the_end += run.calls[place].arrived > request.finished ? 1 : 0;
    }
    figures.failed_over += targets.size() > 1 ? 1 : 0;
    if (view != CallerView::served) continue;
    latency.record(request.finished - request.arrived);
    if (request.first_byte) first_byte.record(*request.first_byte - request.arrived);
    if (calls.of[i].size() != 1) continue;
    const CallLine& call = run.calls[calls.of[i].front()];
    added.record(std::max(Duration{0}, (request.finished - request.sent) - (call.ended - call.arrived)));
  }
  for (const std::vector<std::size_t>& of : calls.outside) {
    figures.calls_most = std::max(figures.calls_most, std::ssize(of));
  }
  figures.latency_p50 = latency.quantile(kMedian);
  figures.latency_p95 = latency.quantile(kP95);
  figures.first_byte_p50 = first_byte.quantile(kMedian);
  figures.added_p50 = added.quantile(kMedian);
  figures.added_p95 = added.quantile(kP95);
  return figures;
}

}  // namespace windtunnel::wire
