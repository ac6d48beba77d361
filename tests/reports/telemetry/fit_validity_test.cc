// Whatever a log holds, the fitted scenario is one that the reader accepts: a property over generated logs, most of
// them odd in several ways at once.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/fit/fit.h"

namespace windtunnel::reports::fit_validity_test {
namespace {

using monitor::Outcome;
using monitor::ReplyKind;
using sim::FitSample;

constexpr std::int64_t kDayNs = std::int64_t{24} * 3'600'000'000'000;

// The reader of a log refuses control characters in names.
rc::Gen<std::string> any_name() {
  return rc::gen::element<std::string>("", "openai", "anthropic", "*", "a?b", std::string(300, 'x'),
                                       std::string(200, 'x'), std::string(179, 'y') + "ä", "a/b~c.d\"\\", "(*)", "log");
}

// Mostly within reason, sometimes at the edge of what a record may hold.
rc::Gen<std::int64_t> up_to(std::int64_t usual, std::int64_t most) {
  return rc::gen::weightedOneOf<std::int64_t>({{8, rc::gen::inRange<std::int64_t>(0, usual + 1)},
                                               {1, rc::gen::just<std::int64_t>(0)},
                                               {1, rc::gen::inRange<std::int64_t>(0, most + 1)},
                                               {1, rc::gen::just(most)}});
}

rc::Gen<Duration> any_latency() {
  return rc::gen::map(up_to(60'000'000'000, 30 * kDayNs), [](std::int64_t ns) { return Duration{ns}; });
}

rc::Gen<Usd> any_cost() {
  return rc::gen::map(up_to(100'000'000'000, 1'000'000'000'000'000),
                      [](std::int64_t picos) { return Usd::from_picos(picos); });
}

sim::FitAttempt any_attempt() {
  sim::FitAttempt attempt{.provider = *any_name(),
                          .kind = static_cast<ReplyKind>(*rc::gen::inRange(0, static_cast<int>(monitor::kReplyKinds))),
                          .latency = *any_latency(),
                          .cost = {}};
  if (attempt.provider.empty()) attempt.provider = "p";
  if (*rc::gen::arbitrary<bool>()) attempt.cost = *any_cost();
  return attempt;
}

FitSample any_sample(WallTime finished) {
  FitSample sample;
  sample.finished = finished;
  sample.latency = *any_latency();
  sample.answered = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  sample.provider = *any_name();
  sample.model = *any_name();
  sample.experiment = *any_name();
  sample.variant = *any_name();
  sample.user = *any_name();
  sample.input = Tokens{*up_to(5'000, kTokensMax.count())};
  sample.output = Tokens{*up_to(1'000, kTokensMax.count())};
  sample.cost = *any_cost();
  if (*rc::gen::arbitrary<bool>()) {
    sample.outcome =
        sample.answered ? Outcome::served : static_cast<Outcome>(*rc::gen::inRange<std::size_t>(0, monitor::kOutcomes));
  }
  if (*rc::gen::arbitrary<bool>()) sample.time_to_first_token = *any_latency();
  const int attempts = *rc::gen::element(0, 0, 1, 2, 5);
  for (int i = 0; i < attempts; ++i) sample.attempts.push_back(any_attempt());
  return sample;
}

std::vector<FitSample> any_log() {
  const std::int64_t first =
      *rc::gen::element<std::int64_t>(0, 20'000 * kDayNs, 20'459 * kDayNs + 12'345, 65'000 * kDayNs);
  const std::int64_t length =
      *rc::gen::element<std::int64_t>(0, 1, 1'000, 3'600'000'000'000, kDayNs, 20 * kDayNs, 45 * kDayNs, 2'000 * kDayNs);
  const auto count = *rc::gen::inRange<std::size_t>(0, 60);
  std::vector<FitSample> log;
  for (std::size_t i = 0; i < count; ++i) {
    const double part = *rc::gen::element(0.0, 1.0, -1.0);
    // At either end, or anywhere between.
    const double at = part >= 0 ? part : static_cast<double>(*rc::gen::inRange(0, 1'000'000)) / 1e6;
    log.push_back(any_sample(WallTime{Duration{first + std::llround(at * static_cast<double>(length))}}));
  }
  return log;
}

// Reads what was written, with every error as the reader prints it.
std::string problem_of(const sim::Fit& fit) {
  try {
    const sim::Scenario back =
        scenarios::read_scenario_text(scenarios::write_scenario(fit.scenario), "fitted.json", {});
    return back.providers.empty() ? "it has no provider" : "";
  } catch (const scenarios::ScenarioError& error) {
    return error.what();
  }
}

RC_GTEST_PROP(FitValidity, a_fitted_scenario_is_always_valid, ()) {
  sim::Fitter fitter;
  for (const FitSample& sample : any_log()) fitter.add(sample);
  const sim::Fit fit = fitter.fit();
  RC_TAG(std::string{fit.problem ? "no fit" : "fit"});
  if (fit.problem) return;
  const std::string problem = problem_of(fit);
  if (!problem.empty()) RC_FAIL(problem);
  for (const sim::FittedParameter& one : fit.parameters) {
    RC_ASSERT(std::isfinite(one.estimate.value) && std::isfinite(one.estimate.low) && std::isfinite(one.estimate.high));
  }
}

}  // namespace
}  // namespace windtunnel::reports::fit_validity_test
