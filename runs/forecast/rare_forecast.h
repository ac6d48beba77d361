#pragma once
// Answers about chances that plain replications hardly ever show, and about how many replications a precision will
// take.
//
// A rare event is written in one of two ways, both with ":rel=X" behind it for another relative half-width than 0.1:
//
//   both providers down for more than 10m        all providers ..., openai ..., openai and anthropic ...
//   p_exceed(1.0)                                spend reaches this share of the monthly budget
//
// A plan has the words of a stop rule, such as p_exceed:rel=0.1,mean:hw=5. It makes a pilot of replications and says
// how many of them each method takes.

#include <atomic>
#include <optional>
#include <string>

#include "runs/forecast/forecast_job.h"

namespace windtunnel::runs {

struct RareQuestion {
  std::string text;                    // as written
  double relative = 0.1;               // half-width by chance
  std::optional<Millionths> share;     // of the budget
  std::vector<std::size_t> providers;  // or places of the providers that are down together
  Duration longer_than{0};
};

// Throws a ProblemError with the place if the text is none.
[[nodiscard]] RareQuestion read_rare_question(const std::string& text, const sim::Scenario& scenario);

struct RareDone {
  std::optional<Problem> problem;  // then there is nothing else
  std::string text;
  std::string json;
  bool reached = true;  // each precision that was asked for
};

// `replications` of the plan are the most of a chance of spend; an outage has two thousand paths for each.
[[nodiscard]] RareDone answer_rare(const ForecastJob& job, const std::string& question, unsigned jobs,
                                   const std::atomic<bool>* stop);
[[nodiscard]] RareDone plan_precision(const ForecastJob& job, const std::string& targets, unsigned jobs,
                                      const std::atomic<bool>* stop);

}  // namespace windtunnel::runs
