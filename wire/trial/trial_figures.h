#pragma once
// The figures of a trial: what callers got, what providers were asked for, and what of it was of no use. Only what was
// seen from outside: limiters, breakers and caches of the gateway show nothing here.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/units.h"
#include "monitor/request.h"
#include "sim/world/scenario.h"
#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

// What a caller can make of a response.
enum class CallerView : std::uint8_t {
  served,      // a whole answer: every token of one call, in order, with its end
  cut_seen,    // an answer that broke off, and the caller was shown it: by an error or by the connection
  cut_unseen,  // an answer that broke off, which ended as a whole one does
  garbage,     // 200 with what is no answer
  error,       // a status that is no success
  no_answer,   // refused, timed out, or closed before a status
};
[[nodiscard]] const char* name_of(CallerView view);
inline constexpr std::size_t kCallerViews = 6;

[[nodiscard]] CallerView view_of(const TrialRequest& request);
// As the records of a run have it. `calls`: that were made for it.
[[nodiscard]] monitor::Outcome outcome_of(const TrialRequest& request, std::size_t calls);

// Fills in `tokens_whole` of the requests. To be called once all calls have ended, before anything else here.
void note_whole_answers(TrialRun& run);

// The calls of each request, in the order in which they came, by their places; and those of no request.
struct CallsByRequest {
  std::vector<std::vector<std::size_t>> of;
  std::vector<std::size_t> unasked;
  // Of the requests that a program sent by itself (external workloads), in the order of their first calls: their marks
  // name them, and nothing else is seen of them.
  std::vector<std::vector<std::size_t>> outside;
};
[[nodiscard]] CallsByRequest calls_by_request(const TrialRun& run, const sim::Scenario& scenario);

struct TrialProviderFigures {
  std::string name;
  std::int64_t calls = 0;
  std::int64_t failed = 0;  // ended otherwise than ok
  UsdSum billed;
};

struct TrialFigures {
  std::int64_t requests = 0;
  std::int64_t requests_outside = 0;               // sent by a program, and known by their calls alone
  std::array<std::int64_t, kCallerViews> views{};  // by CallerView
  std::int64_t calls = 0;
  std::int64_t unasked = 0;          // calls that belong to no request
  std::int64_t calls_most = 0;       // for one request
  std::int64_t after_the_end = 0;    // calls that came when their request had ended
  std::int64_t left_by_gateway = 0;  // calls that the gateway closed first
  std::int64_t failed_over = 0;      // requests with calls at more than one provider
  UsdSum billed;
  UsdSum billed_unused;                 // of calls whose answer no caller got whole
  std::optional<Duration> latency_p50;  // of served requests
  std::optional<Duration> latency_p95;
  std::optional<Duration> first_byte_p50;
  // What the gateway adds to the calls that it makes for a request, of served requests with one call.
  std::optional<Duration> added_p50;
  std::optional<Duration> added_p95;
  Duration lateness_max{0};
  std::vector<TrialProviderFigures> providers;

  [[nodiscard]] std::int64_t count(CallerView view) const { return views[static_cast<std::size_t>(view)]; }
};
[[nodiscard]] TrialFigures trial_figures(const TrialRun& run, const sim::Scenario& scenario);

}  // namespace windtunnel::wire
