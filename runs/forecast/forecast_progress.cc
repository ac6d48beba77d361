#include "runs/forecast/forecast_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace windtunnel::runs {

ForecastProgress::ForecastProgress(const ForecastPlan& plan, std::uint64_t wanted, std::uint64_t known,
                                   ProgressLine line)
    : line_(std::move(line)), plan_(plan), most_(wanted), wanted_(wanted), known_(known), begin_(Clock::now()) {}

void ForecastProgress::made(std::uint64_t count) {
  if (count <= known_ || !line_.due()) return;
  const std::chrono::duration<double> elapsed = Clock::now() - begin_;
  const double each = elapsed.count() / static_cast<double>(count - known_);
  const double left = count < wanted_ ? each * static_cast<double>(wanted_ - count) : 0;
  line_.show(fmt::format("{} of {}{} replications, {:.0f} s left{}", count, wanted_ < most_ ? "about " : "", wanted_,
                         left, precision_));
}

void ForecastProgress::block(const sim::ReplicationSet& set) {
  precision_.clear();
  if (plan_.stop) {
    double squares = 0;  // how many times the replications until the last target is reached
    for (const sim::StopTarget& target : plan_.stop->targets) {
      const auto now = sim::precision_of(set, target);
      precision_ += fmt::format("; {} is {}", target.text, now ? fmt::format("{:.3g}", *now) : "-");
      const double ratio = now ? *now / target.limit : HUGE_VAL;
      squares = std::max(squares, ratio * ratio);
    }
    // A half-width goes with one over the root of the replications.
    const auto every = static_cast<double>(plan_.until_every);
    const double wanted = std::ceil(static_cast<double>(set.all.size()) * squares / every) * every;
    wanted_ = wanted < static_cast<double>(most_) ? static_cast<std::uint64_t>(wanted) : most_;
    return;
  }
  sim::ThresholdSpec mean;
  mean.forecast = sim::ForecastQuantity::cost_usd;
  mean.aggregate = sim::Aggregate::avg;
  if (const auto now = sim::measure(set, mean)) {
    precision_ = fmt::format("; mean {:.2f} USD ± {:.2g}", now->value, now->half_width());
  }
}

void ForecastProgress::trial(std::int64_t rate_millionths, std::uint64_t count) {
  if (!line_.due()) return;
  line_.show(fmt::format("headroom: {} replications with {:.2f} times the traffic", count,
                         static_cast<double>(rate_millionths) / 1e6));
}

}  // namespace windtunnel::runs
