#include "sim/fit/fit_days.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/fit/fit_estimates.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::sim {
namespace {

constexpr std::size_t kDaysLeast = 8;
constexpr std::size_t kDaysForWeekdays = 14;
constexpr std::size_t kSideLeast = 4;  // days on either side of a step
constexpr std::size_t kStepsMost = 3;
constexpr double kGrowthTest = 4.5;
constexpr double kGrowthMost = 0.2;       // of the logarithm, a day
constexpr double kGrowthErrorMost = 0.5;  // of the logarithm a month after the log: less certain growth says nothing
constexpr double kStepTest = 14;
constexpr double kStepLeast = 0.03;  // of the level: a smaller step is none
constexpr int kFitRounds = 40;

using Row = std::vector<double>;

// The 1 % point of F on 6 and `freedom` degrees, times 6, within a tenth.
double weekday_test(double freedom) { return 6 * 2.8 * (1 + 8 / freedom + 20 / (freedom * freedom)); }

struct Terms {
  bool weekdays = false;
  bool growth = false;
  std::vector<std::size_t> steps;  // places, ascending
};

// One model of the days with its parameters.
class DayFit {
 public:
  DayFit(std::int64_t begin, const std::vector<std::int64_t>& counts, Terms terms)
      : begin_(begin), terms_(std::move(terms)), means_(counts.size(), 1), levels_(terms_.steps.size() + 1, 1) {
    for (const std::int64_t count : counts) counts_.push_back(static_cast<double>(count));
    centre_ = 0.5 * static_cast<double>(counts.size() - 1);
    for (int round = 0; round < kFitRounds; ++round) {
      fit_levels();
      if (terms_.weekdays) fit_weekdays();
      if (terms_.growth) fit_growth();
    }
    fit_levels();
    // The weekdays' mean is the level's.
    const double mean = std::accumulate(weekday_.begin(), weekday_.end(), 0.0) / 7;
    if (mean > 0) {
      for (double& factor : weekday_) factor /= mean;
      for (double& level : levels_) level *= mean;
    }
  }

  [[nodiscard]] const Terms& terms() const { return terms_; }
  [[nodiscard]] const std::vector<double>& means() const { return means_; }
  [[nodiscard]] std::size_t parameters() const {
    return levels_.size() + (terms_.weekdays ? 6 : 0) + (terms_.growth ? 1 : 0);
  }
  [[nodiscard]] double freedom() const {
    return std::max(1.0, static_cast<double>(counts_.size()) - static_cast<double>(parameters()));
  }
  [[nodiscard]] double deviance() const {
    double sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > 0) sum += counts_[i] * log(counts_[i] / means_[i]);
      sum -= counts_[i] - means_[i];
    }
    return 2 * sum;
  }
  [[nodiscard]] double dispersion() const {
    double sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const double off = counts_[i] - means_[i];
      if (means_[i] > 0) sum += off * off / means_[i];
    }
    return sum / freedom();
  }
  // The step that explains most: its place and by how much, roughly, the deviance falls.
  struct Step {
    std::size_t place = 0;
    double gain = 0;
  };
  [[nodiscard]] Step best_step() const;
  [[nodiscard]] DayModel model() const;

 private:
  [[nodiscard]] std::size_t segment_of(std::size_t i) const {
    return static_cast<std::size_t>(std::ranges::upper_bound(terms_.steps, i) - terms_.steps.begin());
  }
  [[nodiscard]] std::size_t weekday_at(std::size_t i) const {
    return weekday_of(begin_ + static_cast<std::int64_t>(i));
  }
  void update_means() {
    for (std::size_t i = 0; i < means_.size(); ++i) {
      const double at = static_cast<double>(i) - centre_;
      means_[i] = levels_[segment_of(i)] * weekday_[weekday_at(i)] * exp(growth_ * at);
    }
  }
  // Scales a group of days so that its sum is right.
  template <std::size_t N, class Get>
  void fit_margin(std::array<double, N>& factor, Get group_of) {
    std::array<double, N> counted{};
    std::array<double, N> expected{};
    for (std::size_t i = 0; i < means_.size(); ++i) {
      counted[group_of(i)] += counts_[i];
      expected[group_of(i)] += means_[i];
    }
    for (std::size_t k = 0; k < N; ++k) factor[k] = expected[k] > 0 ? counted[k] / expected[k] : 1;
  }
  void fit_levels() {
    std::array<double, kStepsMost + 1> factor{};
    update_means();
    fit_margin(factor, [this](std::size_t i) { return segment_of(i); });
    for (std::size_t k = 0; k < levels_.size(); ++k) levels_[k] *= factor[k];
    update_means();
  }
  void fit_weekdays() {
    std::array<double, 7> factor{};
    fit_margin(factor, [this](std::size_t i) { return weekday_at(i); });
    for (std::size_t k = 0; k < 7; ++k) weekday_[k] *= factor[k];
    update_means();
  }
  void fit_growth();
  [[nodiscard]] std::vector<Row> covariance() const;

  std::int64_t begin_;
  Terms terms_;
  std::vector<double> counts_;
  std::vector<double> means_;
  std::vector<double> levels_;
  std::array<double, 7> weekday_{1, 1, 1, 1, 1, 1, 1};
  double growth_ = 0;
  double centre_ = 0;
};

// One step of Newton, about the means' own centre within each segment, so that the levels hardly move.
void DayFit::fit_growth() {
  std::vector<double> weight(levels_.size());
  std::vector<double> at(levels_.size());
  for (std::size_t i = 0; i < means_.size(); ++i) {
    weight[segment_of(i)] += means_[i];
    at[segment_of(i)] += means_[i] * static_cast<double>(i);
  }
  double slope = 0;
  double curve = 0;
  for (std::size_t i = 0; i < means_.size(); ++i) {
    const std::size_t k = segment_of(i);
    if (weight[k] <= 0) continue;
    const double away = static_cast<double>(i) - at[k] / weight[k];
    slope += away * (counts_[i] - means_[i]);
    curve += away * away * means_[i];
  }
  if (curve <= 0) return;
  growth_ = std::clamp(growth_ + slope / curve, -kGrowthMost, kGrowthMost);
  fit_levels();
}

DayFit::Step DayFit::best_step() const {
  Step best;
  const std::size_t n = counts_.size();
  // Within each segment, by the sums before and after.
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    const std::size_t from = k == 0 ? 0 : terms_.steps[k - 1];
    const std::size_t to = k < terms_.steps.size() ? terms_.steps[k] : n;
    double counted = 0;
    double expected = 0;
    for (std::size_t i = from; i < to; ++i) {
      counted += counts_[i];
      expected += means_[i];
    }
    double counted_before = 0;
    double expected_before = 0;
    for (std::size_t i = from; i < to; ++i) {
      if (i >= from + kSideLeast && i + kSideLeast <= to && expected_before > 0 && expected > expected_before) {
        const double counted_after = counted - counted_before;
        const double before = counted_before / expected_before;
        const double after = counted_after / (expected - expected_before);
        double gain = 0;
        if (counted_before > 0) gain += 2 * counted_before * log(before);
        if (counted_after > 0) gain += 2 * counted_after * log(after);
        if (gain > best.gain && std::abs(after - before) > kStepLeast * std::max(after, before)) best = {i, gain};
      }
      counted_before += counts_[i];
      expected_before += means_[i];
    }
  }
  return best;
}

// Gauss and Jordan, symmetric and positive up to a small ridge, which keeps what no day shows from being infinite.
std::vector<Row> inverse_of(std::vector<Row> matrix) {
  const std::size_t n = matrix.size();
  std::vector<Row> inverse(n, Row(n));
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) trace += matrix[i][i];
  for (std::size_t i = 0; i < n; ++i) {
    matrix[i][i] += 1e-9 * trace + 1e-300;
    inverse[i][i] = 1;
  }
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i) {
      if (std::abs(matrix[i][k]) > std::abs(matrix[pivot][k])) pivot = i;
    }
    std::swap(matrix[k], matrix[pivot]);
    std::swap(inverse[k], inverse[pivot]);
    const double by = 1 / matrix[k][k];
    for (std::size_t j = 0; j < n; ++j) {
      matrix[k][j] *= by;
      inverse[k][j] *= by;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double times = matrix[i][k];
      if (i == k || times == 0) continue;
      for (std::size_t j = 0; j < n; ++j) {
        matrix[i][j] -= times * matrix[k][j];
        inverse[i][j] -= times * inverse[k][j];
      }
    }
  }
  return inverse;
}

// Columns: the segments, the weekdays but Monday, growth.
std::vector<Row> DayFit::covariance() const {
  const std::size_t n = parameters();
  std::vector<Row> information(n, Row(n));
  for (std::size_t i = 0; i < means_.size(); ++i) {
    Row x(n);
    x[segment_of(i)] = 1;
    const std::size_t weekday = weekday_at(i);
    if (terms_.weekdays && weekday > 0) x[levels_.size() + weekday - 1] = 1;
    if (terms_.growth) x[n - 1] = static_cast<double>(i) - centre_;
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) information[a][b] += means_[i] * x[a] * x[b];
    }
  }
  return inverse_of(std::move(information));
}

DayModel DayFit::model() const {
  DayModel model{.level = levels_.back(),
                 .origin = static_cast<double>(begin_) + centre_,
                 .weekday = weekday_,
                 .growth = growth_,
                 .has_weekdays = terms_.weekdays,
                 .has_growth = terms_.growth,
                 .dispersion = dispersion(),
                 .freedom = freedom()};
  for (const std::size_t step : terms_.steps) model.steps.push_back(begin_ + static_cast<std::int64_t>(step));
  // A month to come is a mean over weekdays, by their factors.
  const std::vector<Row> errors = covariance();
  const std::size_t n = errors.size();
  Row month(n);
  month[levels_.size() - 1] = 1;
  for (std::size_t k = 1; terms_.weekdays && k < 7; ++k) month[levels_.size() + k - 1] = weekday_[k] / 7;
  double variance = 0;
  double with_growth = 0;
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) variance += month[a] * month[b] * errors[a][b];
    if (terms_.growth) with_growth += month[a] * errors[a][n - 1];
  }
  const double widened = std::max(1.0, model.dispersion);
  const double student = student_widening(model.freedom);
  model.pivot = model.origin;
  if (terms_.growth && errors[n - 1][n - 1] > 0) {
    const double growth_variance = errors[n - 1][n - 1];
    model.growth_error = std::sqrt(growth_variance * widened) * student;
    // At this day the error of the level does not go with that of growth.
    model.pivot -= with_growth / growth_variance;
    variance -= with_growth * with_growth / growth_variance;
  }
  model.level_error = std::sqrt(std::max(0.0, variance) * widened) * student;
  // About the 99 % point of a chi-square over its degrees of freedom.
  if (model.dispersion > 1 + 2.33 * std::sqrt(2 / model.freedom)) {
    double beyond = 0;
    double squares = 0;
    for (std::size_t i = 0; i < means_.size(); ++i) {
      const double off = counts_[i] - means_[i];
      beyond += off * off * static_cast<double>(means_.size()) / model.freedom - means_[i];
      squares += means_[i] * means_[i];
    }
    model.day_cv = squares > 0 ? std::sqrt(std::max(0.0, beyond) / squares) : 0;
  }
  return model;
}

// Takes in growth and steps, the one that explains most first, while one explains more than chance.
DayFit with_trend(std::int64_t begin, const std::vector<std::int64_t>& counts, DayFit fit) {
  for (;;) {
    const double deviance = fit.deviance();
    std::optional<DayFit> best;
    double beyond = 0;
    const auto offer = [&](Terms terms, double test) {
      DayFit other{begin, counts, std::move(terms)};
      const double explains = (deviance - other.deviance()) / std::max(1.0, other.dispersion()) - test;
      if (!(explains > beyond) || other.freedom() < 3) return;
      const DayModel model = other.model();
      const double reach = static_cast<double>(begin) + static_cast<double>(counts.size()) + 30 - model.pivot;
      // Over thousands of days with few requests, growth leaves the range of doubles within the log itself.
      const double figures = other.deviance() + model.level + model.dispersion + model.growth_error + model.pivot;
      if (!std::isfinite(figures) || model.growth_error * reach > kGrowthErrorMost) return;
      beyond = explains;
      best.emplace(std::move(other));
    };
    if (!fit.terms().growth && counts.size() >= kDaysForWeekdays) {
      Terms terms = fit.terms();
      terms.growth = true;
      offer(std::move(terms), kGrowthTest);
    }
    if (fit.terms().steps.size() < kStepsMost) {
      Terms terms = fit.terms();
      if (const DayFit::Step step = fit.best_step(); step.gain > 0) {
        terms.steps.push_back(step.place);
        std::ranges::sort(terms.steps);
        offer(std::move(terms), kStepTest);
      }
    }
    if (!best) return fit;
    fit = *std::move(best);
  }
}

}  // namespace

double student_widening(double freedom) {
  const double by = 1 / std::max(1.0, freedom);
  return 1 + by * (2.3723 + by * (2.8225 + by * 2.556)) / kNormal;
}

std::size_t weekday_of(std::int64_t day) {
  return static_cast<std::size_t>(((day + 3) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
}

std::optional<DayModel> fit_days(std::int64_t begin, const std::vector<std::int64_t>& counts) {
  if (counts.size() < kDaysLeast || std::ranges::all_of(counts, [](std::int64_t value) { return value == 0; })) {
    return std::nullopt;
  }
  const bool weekdays = counts.size() >= kDaysForWeekdays;
  DayFit fit = with_trend(begin, counts, DayFit{begin, counts, {.weekdays = weekdays}});
  if (!weekdays) return fit.model();
  // Without the weekdays; what they hid is looked for again.
  Terms terms = fit.terms();
  terms.weekdays = false;
  const DayFit plain{begin, counts, std::move(terms)};
  const double explained = (plain.deviance() - fit.deviance()) / std::max(1.0, fit.dispersion());
  if (explained > weekday_test(fit.freedom())) return fit.model();
  return with_trend(begin, counts, DayFit{begin, counts, {}}).model();
}

std::optional<std::size_t> last_step_of(const std::vector<double>& values, const std::vector<double>& weights) {
  std::size_t from = 0;
  std::optional<std::size_t> last;
  for (int round = 0; round < 2; ++round) {
    double value = 0;
    double weight = 0;
    for (std::size_t i = from; i < values.size(); ++i) {
      value += values[i];
      weight += weights[i];
    }
    if (weight <= 0 || value <= 0) return last;
    std::size_t best = 0;
    double explains = 0;
    double value_before = 0;
    double weight_before = 0;
    for (std::size_t i = from; i < values.size(); ++i) {
      if (i >= from + kSideLeast && i + kSideLeast <= values.size() && weight_before > 0 && weight > weight_before) {
        const double before = value_before / weight_before;
        const double after = (value - value_before) / (weight - weight_before);
        double squares = 0;  // what is left of each day, by its weight
        for (std::size_t k = from; k < values.size(); ++k) {
          if (weights[k] <= 0) continue;
          const double off = values[k] - weights[k] * (k < i ? before : after);
          squares += off * off / weights[k];
        }
        const double freedom = static_cast<double>(values.size() - from) - 2;
        const double apart = after - before;
        const double gain = apart * apart * weight_before * (weight - weight_before) / weight;
        const double noise = squares / std::max(1.0, freedom);
        const bool is_one = std::abs(apart) > kStepLeast * std::max(after, before);
        if (is_one && gain > kStepTest * noise && gain / (noise + 1e-12 * gain) > explains) {
          explains = gain / (noise + 1e-12 * gain);
          best = i;
        }
      }
      value_before += values[i];
      weight_before += weights[i];
    }
    if (best == 0) return last;
    last = best;
    from = best;
  }
  return last;
}

}  // namespace windtunnel::sim
