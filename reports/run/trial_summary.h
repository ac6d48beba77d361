#pragma once
// What the summary of a trial holds beside that of a run: the figures that only the outside of a gateway shows, the
// comparison with the simulation of the same file, and the list of what is not observed.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace windtunnel::reports {

// How many requests ended how for their callers, in the order of kTrialViews.
inline constexpr std::array<std::string_view, 6> kTrialViews = {"served",  "cut_seen", "cut_unseen",
                                                                "garbage", "error",    "no_answer"};

struct TrialRequestsSummary {
  std::int64_t total = 0;
  std::array<std::int64_t, kTrialViews.size()> views{};
  std::int64_t failed_over = 0;
  std::int64_t sent_by_a_program = 0;  // beside the total: they are known by their calls alone

  [[nodiscard]] std::int64_t served() const { return views[0]; }
  [[nodiscard]] std::int64_t silently_cut() const { return views[2]; }
};

struct TrialCallsSummary {
  std::int64_t total = 0;  // those of no request included
  std::int64_t unasked = 0;
  std::int64_t most_for_one_request = 0;
  std::int64_t after_the_end = 0;
  std::int64_t left_by_gateway = 0;
};

// What the gateway sent to the receiver of spans.
struct TrialSpansSummary {
  std::int64_t calls = 0;       // spans about calls of a model
  std::int64_t of_callers = 0;  // about requests that the gateway got
  std::int64_t others = 0;      // about something else
  std::int64_t unreadable = 0;  // about calls, with numbers that are none
  std::int64_t refused = 0;     // exports that were answered with an error
  std::string first_problem;    // of what is unreadable or refused
};

// One figure of a trial beside its prediction. Texts hold the figure in its unit.
struct AgreementRow {
  std::string name;
  std::string unit;
  std::string observed;  // empty: not observed
  std::string low;       // of the simulations: 95 of 100 of them lie between; empty: none has the figure
  std::string high;
  std::string median;
  bool is_inside = true;
  std::string explanation;  // of a figure outside the band
};

struct AgreementSummary {
  std::int64_t seeds = 0;  // simulations behind the bands
  std::vector<AgreementRow> rows;
  std::string first_divergence;  // the first request that went another way than in the simulation; empty: none
};

struct TrialSummary {
  std::string gateway;  // the file that names it
  std::string clock;    // real, virtual
  TrialRequestsSummary requests;
  TrialCallsSummary calls;
  UsdSum billed;
  UsdSum billed_unused;  // of calls whose answer no caller got whole
  std::optional<Duration> latency_p50;
  std::optional<Duration> latency_p95;
  std::optional<Duration> first_byte_p50;
  std::optional<Duration> added_p50;  // by the gateway, beyond its calls
  std::optional<Duration> added_p95;
  Duration lateness_max{0};                // of the harness
  std::optional<TrialSpansSummary> spans;  // nothing: there was no receiver
  std::optional<AgreementSummary> agreement;
  std::vector<std::string> not_observed;
};

// The first lines of summary.txt: one sentence for people, then the figures.
[[nodiscard]] std::string trial_text(const TrialSummary& trial);

}  // namespace windtunnel::reports
