#include "sim/checks/claims/warm_up.h"

#include <cmath>

namespace windtunnel::sim {
namespace {

// The share of the mean that must be due to the beginning before it is worth a word.
constexpr double kNoticeable = 0.05;

}  // namespace

void WarmUp::add(Instant at, Duration value) {
  open_.sum_ns += value.count();
  open_.end = at;
  if (++in_open_ < batch_size_) return;
  batches_.push_back(open_);
  open_ = {};
  in_open_ = 0;
  if (batches_.size() == kBatchesMax) halve();
}

void WarmUp::halve() {
  for (std::size_t i = 0; 2 * i + 1 < batches_.size(); ++i) {
    batches_[i] = {batches_[2 * i].sum_ns + batches_[2 * i + 1].sum_ns, batches_[2 * i + 1].end};
  }
  batches_.resize(batches_.size() / 2);
  batch_size_ *= 2;
}

std::optional<WarmUp::Proposal> WarmUp::proposal() const {
  const std::size_t count = batches_.size();
  if (count < kBatchesLeast) return std::nullopt;
  std::vector<double> means;
  double total = 0;
  for (const Batch& batch : batches_) {
    means.push_back(static_cast<double>(batch.sum_ns) / static_cast<double>(batch_size_));
    total += means.back();
  }
  const double mean = total / static_cast<double>(count);
  // Sums over the batches from d on, of deviations from the mean, which keeps the squares small.
  double sum = 0;
  double squares = 0;
  double least = HUGE_VAL;
  std::size_t best = 0;
  double best_sum = 0;
  for (std::size_t d = count; d-- > 0;) {
    const double deviation = means[d] - mean;
    sum += deviation;
    squares += deviation * deviation;
    const auto left = static_cast<double>(count - d);
    const double error = (squares - sum * sum / left) / (left * left);
    // The last batches alone are alike by chance. What rounding alone tells apart is the same, and the longer rest
    // wins.
    const double rounding = 1e-12 * squares / (left * left);
    if (count - d < kBatchesLeast / 8 || error > least + rounding) continue;
    least = error;
    best = d;
    best_sum = sum;
  }
  if (best == 0 || best > count / 2) return std::nullopt;
  const double after = mean + best_sum / static_cast<double>(count - best);
  if (std::abs(mean - after) <= kNoticeable * after) return std::nullopt;
  // The first batch that stays begins after the end of the last one that goes.
  const std::int64_t end = batches_[best - 1].end.time_since_epoch().count();
  constexpr std::int64_t kWholeSecond = 1'000'000'000;
  return Proposal{.skip = Duration{(end / kWholeSecond + 1) * kWholeSecond},
                  .mean_all = Duration{static_cast<std::int64_t>(mean)},
                  .mean_after = Duration{static_cast<std::int64_t>(after)}};
}

}  // namespace windtunnel::sim
