#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "sim/fit/fit_estimates.h"

namespace windtunnel::sim {
namespace {

constexpr std::size_t kTableSteps = 100;
constexpr std::int64_t kTimeStep = 1'000;  // of latencies: microseconds

double mean_of(const std::vector<std::int64_t>& values) {
  return moments_of(std::span<const std::int64_t>{values}).mean;
}

// How much of the input came from the provider's cache or was written into it, and how much of the output was
// reasoning.
void report_share(Fit& fit, const std::string& name, const FitTally::Calls& calls,
                  std::optional<Tokens> FitTally::Answered::*part, Tokens FitTally::Answered::*whole) {
  std::vector<std::int64_t> parts;
  std::vector<std::int64_t> wholes;
  for (const FitTally::Answered& entry : calls.answered) {
    const std::optional<Tokens>& tokens = entry.*part;
    if (!tokens || *tokens > entry.*whole) continue;
    parts.push_back(tokens->count());
    wholes.push_back((entry.*whole).count());
  }
  const auto share = estimate_ratio(parts, wholes);
  if (share) fit.parameters.push_back({name, "share", *share, std::ssize(parts)});
}

// Where calls time out, only the quick and the short answers are in the log. Latencies and lengths drawn apart from
// each other would be cut by the timeout once more, the long and dear ones above all, so that the whole latency is one
// law.
bool fit_whole_latency(Fit& fit, ProviderSpec& spec, const FitTally::Calls& calls) {
  constexpr double kTimeoutsLeast = 0.001;  // of the calls
  const auto timeouts = static_cast<double>(calls.kinds[static_cast<std::size_t>(monitor::ReplyKind::timeout)]);
  if (timeouts < kTimeoutsLeast * static_cast<double>(calls.count())) return false;
  std::vector<std::int64_t> whole;
  for (const FitTally::Answered& answered : calls.answered) {
    if (answered.has_latency) whole.push_back(answered.latency.count());
  }
  if (whole.empty()) return false;
  spec.time_to_first_token = law_of(whole, kTimeStep);
  spec.time_per_output_token = Law::fixed(0);
  add_law_parameters(fit, spec.name + ".latency", "ms", 1e6, std::move(whole));
  fit.notes.push_back(fmt::format(
      "{}: calls timed out, so that latency is fitted as a whole, to the first token and beyond", spec.name));
  return true;
}

// A log without latencies says nothing of them; a scenario has some.
void assume_latency(Fit& fit, ProviderSpec& spec) {
  spec.time_to_first_token = Law::fixed(500e6);
  spec.time_per_output_token = Law::fixed(10e6);
  fit.notes.push_back(
      fmt::format("{}: the log has no latency: 500 ms to the first token and 10 ms an output token are ASSUMED (--set "
                  "providers.{}.ttft=... and .tpot=... set others)",
                  spec.name, spec.name));
}

// Time to first token and time per output token, if the log holds the former.
void fit_latency(Fit& fit, ProviderSpec& spec, const FitTally::Calls& calls) {
  if (std::ranges::none_of(calls.answered, &FitTally::Answered::has_latency)) return assume_latency(fit, spec);
  if (fit_whole_latency(fit, spec, calls)) return;
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> each;
  for (const FitTally::Answered& entry : calls.answered) {
    if (!entry.has_first_token || !entry.has_latency) continue;
    first.push_back(entry.first_token.count());
    if (entry.output.count() > 0) each.push_back((entry.latency - entry.first_token).count() / entry.output.count());
  }
  if (first.empty()) {
    // The slope of latency over output, and what is left of each latency.
    const double n = static_cast<double>(std::ranges::count_if(calls.answered, &FitTally::Answered::has_latency));
    double x = 0;
    double y = 0;
    double xx = 0;
    double xy = 0;
    for (const FitTally::Answered& entry : calls.answered) {
      if (!entry.has_latency) continue;
      x += static_cast<double>(entry.output.count());
      y += static_cast<double>(entry.latency.count());
    }
    for (const FitTally::Answered& entry : calls.answered) {
      if (!entry.has_latency) continue;
      const double dx = static_cast<double>(entry.output.count()) - x / n;
      xx += dx * dx;
      xy += dx * (static_cast<double>(entry.latency.count()) - y / n);
    }
    const auto slope = static_cast<std::int64_t>(std::llround(xx > 0 ? std::max(0.0, xy / xx) : 0));
    for (const FitTally::Answered& entry : calls.answered) {
      if (!entry.has_latency) continue;
      first.push_back(std::max<std::int64_t>(0, entry.latency.count() - slope * entry.output.count()));
    }
    each = {slope};
    fit.notes.push_back(
        fmt::format("{}: the log has no time to first token: {:.3f} ms an output token is the slope of "
                    "latency over output",
                    spec.name, static_cast<double>(slope) / 1e6));
  }
  if (each.empty()) each = {0};
  spec.time_to_first_token = law_of(first, kTimeStep);
  spec.time_per_output_token = law_of(each, kTimeStep);
  add_law_parameters(fit, spec.name + ".ttft", "ms", 1e6, std::move(first));
  const bool is_zero = std::ranges::all_of(each, [](std::int64_t value) { return value == 0; });
  if (!is_zero) add_law_parameters(fit, spec.name + ".tpot", "ms", 1e6, std::move(each));
}

// Failures of one outage are not independent. Where days differ by more than chance, the share is known as well as by
// the independent calls that would make its mean over days as uncertain, for which calls of one day may go together as
// they will. An outage over midnight counts as two.
Estimate share_of_calls(const FitTally::Calls& calls, std::size_t kind) {
  const auto failed = static_cast<double>(calls.kinds[kind]);
  const auto all = static_cast<double>(calls.count());
  const double share = failed / all;
  const std::size_t count = calls.kinds_by_day.size();
  const Estimate by_calls =
      estimate_share(static_cast<std::size_t>(calls.kinds[kind]), static_cast<std::size_t>(calls.count()));
  if (count < kDaysForStudent || failed == all) return by_calls;
  double squares = 0;
  for (const auto& [day, kinds] : calls.kinds_by_day) {
    const auto of_day = static_cast<double>(std::accumulate(kinds.begin(), kinds.end(), std::int64_t{0}));
    const double off = static_cast<double>(kinds[kind]) - share * of_day;
    squares += off * off;
  }
  const auto days = static_cast<double>(count);
  const double dispersion = squares * days / (days - 1) / (all * share * (1 - share));
  // About the 99 % point of a chi-square over its degrees of freedom, of which rare counts stray a little farther.
  if (dispersion <= 1 + 2.33 * std::sqrt(2 / (days - 1) + 1 / failed)) return by_calls;
  const double student = student_factor(count) / kNormal;
  return estimate_share_of(share, all / dispersion / (student * student));
}

void fit_errors(Fit& fit, ProviderSpec& spec, const FitTally::Calls& calls) {
  const std::int64_t all = calls.count();
  for (std::size_t kind = 1; kind < monitor::kReplyKinds; ++kind) {
    if (calls.kinds[kind] == 0) continue;
    const auto reply = static_cast<monitor::ReplyKind>(kind);
    const Estimate share = share_of_calls(calls, kind);
    // Rounded down, so that the shares add up to 1 at most.
    spec.errors.rates.emplace_back(reply, std::floor(share.value * 1e6 + 1e-9) / 1e6);
    fit.parameters.push_back({fmt::format("{}.errors.{}", spec.name, name_of(reply)), "share", share, all});
  }
}

}  // namespace

Law law_of(std::vector<std::int64_t> values, std::int64_t step) {
  std::ranges::sort(values);
  if (values.front() == values.back()) return Law::fixed(static_cast<double>(values.front()));
  const auto whole = [step](double value) {
    return std::round(value / static_cast<double>(step)) * static_cast<double>(step);
  };
  std::vector<double> table;
  for (std::size_t percent = 0; percent <= kTableSteps; ++percent) {
    const double at = static_cast<double>(percent) / kTableSteps * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double share = at - static_cast<double>(below);
    table.push_back(
        whole((1 - share) * static_cast<double>(values[below]) + share * static_cast<double>(values[above])));
  }
  // Values lie unevenly between two percentiles, in the tail above all: the greatest, in itself a matter of chance, is
  // moved to where the mean is right, and if that is not enough all are. The least may not become negative.
  const double mean = mean_of(values);
  const double away = (mean - Law::quantiles(table).mean()) * 2 * static_cast<double>(kTableSteps);
  table.back() = std::max(table[kTableSteps - 1], whole(table.back() + away));
  Law law = Law::quantiles(std::move(table));
  const double left = mean - law.mean();
  law.shift = std::max(step == 1 ? std::round(left * 1e3) / 1e3 : whole(left), -law.table.front());
  return law;
}

void add_law_parameters(Fit& fit, const std::string& name, const std::string& unit, double unit_size,
                        std::vector<std::int64_t> values) {
  std::ranges::sort(values);
  const std::span<const std::int64_t> all{values};
  const auto add = [&](const char* what, double value, double low, double high) {
    const Estimate scaled{value / unit_size, low / unit_size, high / unit_size};
    fit.parameters.push_back({name + "." + what, unit, scaled, std::ssize(values), values.front() < values.back()});
  };
  if (const auto mean = estimate_mean(all)) add("mean", mean->value, mean->low, mean->high);
  for (const auto& [what, share] : {std::pair{"p50", 0.5}, std::pair{"p95", 0.95}}) {
    const auto quantile = estimate_quantile(all, share);
    if (!quantile) continue;
    add(what, static_cast<double>(quantile->value), static_cast<double>(quantile->low),
        static_cast<double>(quantile->high));
  }
}

ProviderSpec fit_provider(Fit& fit, const std::string& name, const FitTally::Calls& calls) {
  ProviderSpec spec;
  spec.name = name;
  const auto usual = std::ranges::max_element(calls.models, {}, [](const auto& entry) { return entry.second; });
  spec.model = usual->first.empty() ? name : usual->first;
  fit_price(fit, spec, calls);
  report_share(fit, name + ".cached_input", calls, &FitTally::Answered::cached, &FitTally::Answered::input);
  report_share(fit, name + ".written_input", calls, &FitTally::Answered::cache_written, &FitTally::Answered::input);
  report_share(fit, name + ".reasoning_output", calls, &FitTally::Answered::reasoning, &FitTally::Answered::output);
  fit_latency(fit, spec, calls);
  fit_errors(fit, spec, calls);
  return spec;
}

}  // namespace windtunnel::sim
