#include "sim/statistics/batch_means.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace windtunnel::sim {
namespace {

constexpr double kValuesLeast = 40;
constexpr double kIndependentLeast = 3;
constexpr double kCorrelationMost = 0.97;

Batch sum_of(std::span<const Batch> batches) {
  Batch sum;
  for (const Batch& batch : batches) {
    sum.count += batch.count;
    sum.sum += batch.sum;
  }
  return sum;
}

std::vector<double> residuals_of(std::span<const Batch> batches, const Batch& all) {
  const double mean = all.sum / all.count;
  const double count = all.count / static_cast<double>(batches.size());
  std::vector<double> residuals;
  for (const Batch& batch : batches) residuals.push_back((batch.sum - mean * batch.count) / count);
  return residuals;
}

// What a series whose mean is 0 tells of that mean.
struct Memory {
  double squares = 0;
  double factor = 1;       // of the variance, because neighbours are connected
  double independent = 0;  // as many independent values would tell as much
};

Memory memory_of(const std::vector<double>& series) {
  Memory memory;
  double products = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    memory.squares += series[i] * series[i];
    if (i > 0) products += series[i] * series[i - 1];
  }
  const auto n = static_cast<double>(series.size());
  if (memory.squares > 0) {
    const double correlation = std::clamp(products / memory.squares + 1 / n, 0.0, kCorrelationMost);
    memory.factor = (1 + correlation) / (1 - correlation);
  }
  memory.independent = n / memory.factor;
  return memory;
}

}  // namespace

std::optional<BatchedDifference> difference_of_batches(std::span<const Batch> first, std::span<const Batch> other) {
  check(first.size() == other.size(), "both arms are cut into the same batches");
  const Batch of_first = sum_of(first);
  const Batch of_other = sum_of(other);
  if (of_first.count == 0 || of_other.count == 0) return std::nullopt;
  BatchedDifference result{.difference = of_other.sum / of_other.count - of_first.sum / of_first.count};
  if (std::min(of_first.count, of_other.count) < kValuesLeast || first.size() < kBatchesLeast) {
    result.why = NoInterval::too_few_values;
    return result;
  }
  const std::vector<double> a = residuals_of(first, of_first);
  const std::vector<double> b = residuals_of(other, of_other);
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(b[i] - a[i]);
  const Memory memory = memory_of(differences);
  const double rounding = 1e-12 * (std::abs(of_first.sum / of_first.count) + std::abs(of_other.sum / of_other.count));
  if (memory.squares <= rounding * rounding * static_cast<double>(differences.size())) {
    result.why = NoInterval::no_spread;
    return result;
  }
  const double least = std::min({memory.independent, memory_of(a).independent, memory_of(b).independent});
  if (least < kIndependentLeast) {
    result.why = NoInterval::too_dependent;
    return result;
  }
  const auto n = static_cast<double>(differences.size());
  const double variance = memory.squares / (n - 1);
  result.half_width =
      student_factor(static_cast<std::size_t>(memory.independent)) * std::sqrt(variance / n * memory.factor);
  return result;
}

}  // namespace windtunnel::sim
