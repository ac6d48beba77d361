#include "sim/forecast/controls.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "sim/kernel/real_math.h"

namespace windtunnel::sim {
namespace {

constexpr std::size_t kReferenceEach = 256;
constexpr std::size_t kReferenceLeast = 8192;
constexpr std::size_t kReferenceMost = std::size_t{1} << 20U;
constexpr std::size_t kReferenceNumbersMax = std::size_t{1} << 24U;  // 64 MB
constexpr std::size_t kDayReferenceMax = std::size_t{1} << 15U;      // of each day's chances, which are many
constexpr std::size_t kLoadsMax = 3;                                 // controls of a mean: the largest loads
constexpr double kFactorLeast = 1.1;                                 // below it the plain estimate stays
constexpr double kFactorMax = 400;       // of a chance: what no replication shows may be left
constexpr double kHitsLeast = 5;         // fewer do not show what else decides
constexpr double kCutOffLeast = 0.5;     // replications whose spend is cut off
constexpr double kUndecidedLeast = 5;    // replications that tell of the variance
constexpr double kSurprise = 2;          // standard errors of the sum of squared residuals, beyond which G does not fit
constexpr double kCountsShareMax = 0.8;  // of the variance of G that counts may explain
constexpr double kNormalQuantile = 1.959963984540054;

// Of the standard normal law, within 1e-7 (Abramowitz and Stegun 26.2.17): any smooth G will do.
double normal_density(double x) { return 0.3989422804014327 * exp(-std::min(700.0, x * x / 2)); }
double normal_below(double x) {
  const double t = 1 / (1 + 0.2316419 * std::abs(x));
  const double poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const double above = normal_density(x) * poly;
  return x < 0 ? above : 1 - above;
}

std::size_t width_of(const DemandModel& model) {
  return model.drawn.empty() ? 0 : model.drawn.size() * model.drawn.front().by_day.size();
}

void draw_all(const DemandModel& model, std::uint64_t environment_seed, double* requests) {
  const Chance environment{environment_seed};
  for (const DrawnLoad& load : model.drawn) {
    draw_demand(load, environment, requests);
    requests += load.by_day.size();
  }
}

double sum_of(const double* values, std::size_t count) { return std::accumulate(values, values + count, 0.0); }

}  // namespace

std::size_t reference_size(const ForecastFrame& frame, std::size_t replications) {
  if (!frame.demand || !frame.monthly || replications < kControlledLeast) return 0;
  const std::size_t width = width_of(*frame.demand);
  if (width == 0) return 1;  // all environments are alike
  const std::size_t most = std::clamp(kReferenceNumbersMax / width, kReferenceLeast, kReferenceMost);
  return std::clamp(kReferenceEach * replications, kReferenceLeast, most);
}

void extend_reference(DemandReference& reference, const ForecastFrame& frame, std::size_t replications) {
  const std::size_t wanted = reference_size(frame, replications);
  if (reference.size >= wanted) return;
  std::vector<double> requests(width_of(*frame.demand));
  for (; reference.size < wanted; ++reference.size) {
    draw_all(*frame.demand, replication_seed(frame.seed, SeedFamily::reference, reference.size), requests.data());
    for (const double value : requests) reference.requests.push_back(static_cast<float>(value));
  }
}

Controls::Controls(const ReplicationSet& set) : set_(set), days_(days_of(set.frame)) {
  if (!set.frame.demand || set.all.size() < kControlledLeast) return;
  for (std::size_t day = 0; day < days_.size(); ++day) {
    if (day == 0 || days_[day].month != days_[day - 1].month) month_begins_.push_back(day);
  }
  month_begins_.push_back(days_.size());
  width_ = width_of(*set.frame.demand);
  add_demand();
  if (set.frame.monthly) {
    reference_ = &set.reference;
    if (set.reference.size < reference_size(set.frame, set.all.size())) {
      extend_reference(own_reference_, set.frame, set.all.size());
      reference_ = &own_reference_;
    }
  }
  add_linear();
}

// What each replication's environment lets expect, and how spend follows it on average.
void Controls::add_demand() {
  const DemandModel& model = *set_.frame.demand;
  demand_.resize(set_.all.size() * width_);
  double all_cost = 0;
  double all_spend = 0;
  double all_requests = 0;
  std::vector<double> spend(model.drawn.size());
  std::vector<double> expected(model.drawn.size());
  for (std::size_t i = 0; i < set_.all.size(); ++i) {
    const Replication& replication = set_.all[i];
    double* requests = demand_.data() + i * width_;
    draw_all(model, replication_seed(set_.frame.seed, SeedFamily::forecast, replication.index), requests);
    expected_.push_back(model.fixed_requests + sum_of(requests, width_));
    if (model.counts_are_poisson) {
      excess_.push_back(static_cast<double>(replication.requests()) - expected_.back());
    }
    all_cost += static_cast<double>(replication.cost());
    all_requests += static_cast<double>(replication.requests());
    for (const Int128 workload : replication.by_workload) all_spend += static_cast<double>(workload);
    for (std::size_t load = 0; load < model.drawn.size(); ++load) {
      spend[load] += static_cast<double>(replication.by_workload[model.drawn[load].workload]);
      expected[load] += sum_of(requests + load * days_.size(), days_.size());
    }
  }
  bill_ = all_requests > 0 ? all_cost / all_requests : 0;
  other_spend_ = all_spend;
  for (std::size_t load = 0; load < model.drawn.size(); ++load) {
    rates_.push_back(expected[load] > 0 ? spend[load] / expected[load] : 0);
    other_spend_ -= spend[load];
  }
  other_spend_ = std::max(0.0, other_spend_) / static_cast<double>(set_.all.size() * days_.size());
}

void Controls::add_linear() {
  const DemandModel& model = *set_.frame.demand;
  std::vector<ControlVariate> loads;
  for (std::size_t load = 0; load < model.drawn.size(); ++load) {
    const std::vector<double> mean = mean_demand(model.drawn[load]);
    ControlVariate control{.values = {}, .mean = sum_of(mean.data(), mean.size())};
    for (std::size_t i = 0; i < set_.all.size(); ++i) {
      control.values.push_back(sum_of(demand_.data() + i * width_ + load * days_.size(), days_.size()));
    }
    loads.push_back(std::move(control));
  }
  std::ranges::stable_sort(loads, std::greater{}, &ControlVariate::mean);
  loads.resize(std::min(loads.size(), kLoadsMax));
  demand_only_.emplace(set_.all.size(), loads);
  std::vector<double> uncapped(set_.all.size(), 1);  // the chance that a further request is paid for
  if (auto cut = cut_off(uncapped)) loads.push_back(std::move(*cut));
  if (!excess_.empty()) {
    ControlVariate counts{.values = excess_, .mean = 0};
    for (std::size_t i = 0; i < counts.values.size(); ++i) counts.values[i] *= uncapped[i];
    loads.push_back(std::move(counts));
  }
  linear_.emplace(set_.all.size(), loads);
  if (linear_->used() == 0) return linear_.reset();
  std::vector<double> costs;
  for (const Replication& replication : set_.all) costs.push_back(static_cast<double>(replication.cost()));
  spend_helps_ = linear_->estimate_of(costs).factor >= kFactorLeast;
}

// What the budget may cut off the spend, as expected of each environment: without it, months that reach the budget are
// rare errors of a straight line. Nothing where it hardly ever does.
std::optional<ControlVariate> Controls::cut_off(std::vector<double>& uncapped) const {
  if (reference_ == nullptr) return std::nullopt;
  const std::size_t whole = set_.frame.shares.size() - 1;
  Question question{.share = whole};
  std::vector<Fit> fits;
  for (std::size_t month = 0; month + 1 < month_begins_.size(); ++month) {
    const auto fit = fit_of(whole, month);
    if (!fit) return std::nullopt;
    fits.push_back(*fit);
    question.untils.push_back({.month = month, .day = month_begins_[month + 1] - 1});
  }
  ControlVariate control;
  double chances = 0;
  for (std::size_t i = 0; i < set_.all.size(); ++i) {
    const Smooth smooth = smooth_of(demand_.data() + i * width_, question, fits);
    uncapped[i] = 1 - smooth.chance;
    chances += smooth.chance;
    control.values.push_back(smooth.beyond);
  }
  double sum = 0;
  double squares = 0;
  std::vector<double> requests(width_);
  const std::size_t size = reference_size(set_.frame, set_.all.size());
  for (std::size_t j = 0; j < size; ++j) {
    std::copy_n(reference_->requests.begin() + static_cast<std::ptrdiff_t>(j * width_), width_, requests.begin());
    const double beyond = smooth_of(requests.data(), question, fits).beyond;
    sum += beyond;
    squares += beyond * beyond;
  }
  if (chances < kCutOffLeast) return std::nullopt;
  const auto m = static_cast<double>(size);
  control.mean = sum / m;
  control.mean_variance = width_ == 0 ? 0 : std::max(0.0, squares / m - control.mean * control.mean) / m;
  return control;
}

std::vector<std::string> Controls::names() const {
  std::vector<std::string> names;
  if (!is_active()) return names;
  if (!set_.frame.demand->drawn.empty()) names.emplace_back("demand");
  if (!excess_.empty()) names.emplace_back("counts");
  return names;
}

std::optional<ControlledEstimate> Controls::mean(const std::vector<double>& values) const {
  return spend_helps_ ? std::optional{linear_->estimate_of(values)} : std::nullopt;
}

std::optional<ControlledEstimate> Controls::requests() const {
  if (!is_active() || demand_only_->used() == 0) return std::nullopt;
  std::vector<double> values;
  for (const Replication& replication : set_.all) values.push_back(static_cast<double>(replication.requests()));
  const ControlledEstimate estimate = demand_only_->estimate_of(values);
  return estimate.factor >= kFactorLeast ? std::optional{estimate} : std::nullopt;
}

// Expected spend from the begin of a month until this many days of the horizon have passed.
double Controls::spend_until(const double* requests, std::size_t month, double day) const {
  double spend = 0;
  for (std::size_t d = month_begins_[month]; d < month_begins_[month + 1] && static_cast<double>(d) < day; ++d) {
    double of_day = other_spend_;
    for (std::size_t load = 0; load < rates_.size(); ++load) of_day += rates_[load] * requests[load * days_.size() + d];
    spend += of_day * std::min(1.0, day - static_cast<double>(d));
  }
  return spend;
}

// A replication that reached the share shows by when it did how its spend compares with the expected one, whatever the
// budget refused afterwards; one that did not shows it by its spend at the end.
std::optional<Controls::Fit> Controls::fit_of(std::size_t share, std::size_t month) const {
  const ForecastFrame& frame = set_.frame;
  const double before = month == 0 ? static_cast<double>(frame.spent_total().picos()) : 0;
  const double budget = static_cast<double>(frame.monthly->picos());
  Fit fit{.bound = budget * static_cast<double>(frame.shares[share].value) / 1e6 - before};
  const std::size_t last = month_begins_[month + 1] - 1;
  const auto end = static_cast<double>(last + 1);
  if (fit.bound <= 0) return std::nullopt;
  std::vector<double> spends;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < set_.all.size(); ++i) {
    const double* requests = demand_.data() + i * width_;
    const std::int64_t at = set_.all[i].crossed[month * frame.shares.size() + share];
    double ratio = 0;
    spends.push_back(spend_until(requests, month, end));
    if (at == kNever) {
      ratio = (static_cast<double>(set_.all[i].month_to_date[last]) - before) / spends.back();
    } else {
      std::size_t day = month_begins_[month];
      while (day < last && days_[day].end.time_since_epoch().count() <= at) ++day;
      const std::int64_t begin = day == 0 ? 0 : days_[day - 1].end.time_since_epoch().count();
      const auto length = static_cast<double>(days_[day].end.time_since_epoch().count() - begin);
      const double part = std::clamp(static_cast<double>(at - begin) / length, 1e-6, 1.0);
      ratio = fit.bound / spend_until(requests, month, static_cast<double>(day) + part);
    }
    if (!std::isfinite(ratio)) return std::nullopt;
    ratios.push_back(ratio);
  }
  const Moments spend = moments_of(std::span<const double>{spends});
  const Moments ratio = moments_of(std::span<const double>{ratios});
  fit.middle = spend.mean;
  fit.level = ratio.mean;
  double along = 0;
  for (std::size_t i = 0; i < spends.size(); ++i) along += (spends[i] - spend.mean) * (ratios[i] - ratio.mean);
  const auto n = static_cast<double>(spends.size());
  const bool varies = spend.sd() > 1e-9 * spend.mean;
  fit.slope = varies ? along / (spend.variance * (n - 1)) * spend.mean : 0;
  if (fit.middle <= 0 || fit.level <= 0) return std::nullopt;
  find_sd(fit, spends, ratios);
  return fit;
}

// The noise of requests is the smaller the more of them there are, that of what many requests share is not: which it is
// here the likelihood says.
void Controls::find_sd(Fit& fit, const std::vector<double>& spends, const std::vector<double>& ratios) {
  std::array<double, 2> squares{};  // of the ratio's deviations: as they are, and times the spend
  double logs = 0;
  for (std::size_t i = 0; i < spends.size(); ++i) {
    const double size = spends[i] / fit.middle;
    const double rest = ratios[i] - fit.level - fit.slope * (size - 1);
    squares[0] += rest * rest;
    squares[1] += rest * rest * size;
    logs += log(std::max(1e-300, size));
  }
  const auto n = static_cast<double>(spends.size());
  const double least = 1e-9 * fit.level;
  for (double& square : squares) square = std::max(square / (n - 2), least * least);
  fit.falls_with_spend = n * log(squares[1]) - logs < n * log(squares[0]);
  fit.sd = std::sqrt(squares[fit.falls_with_spend ? 1 : 0]);
}

Controls::Smooth Controls::smooth_of(const double* requests, const Question& question,
                                     const std::vector<Fit>& fits) const {
  double below = 1;
  double slope = 0;
  double beyond = 0;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const Fit& fit = fits[i];
    const double spend =
        spend_until(requests, question.untils[i].month, static_cast<double>(question.untils[i].day + 1));
    if (spend <= 0) continue;
    const double level = fit.level + fit.slope * (spend / fit.middle - 1);
    const double sd = fit.falls_with_spend ? fit.sd * std::sqrt(fit.middle / spend) : fit.sd;
    const double x = std::clamp((level * spend - fit.bound) / (sd * spend), -30.0, 30.0);
    below *= 1 - normal_below(x);
    slope = normal_density(x) / (sd * spend);
    beyond += sd * spend * (x * normal_below(x) + normal_density(x));
  }
  return {1 - below, slope, beyond};
}

std::optional<ControlledEstimate> Controls::answer(const Question& question) const {
  const std::size_t n = set_.all.size();
  const double hits = sum_of(question.hits.data(), n);
  if (!is_active() || reference_ == nullptr) return std::nullopt;
  if (hits < kHitsLeast || static_cast<double>(n) - hits < kHitsLeast) return std::nullopt;
  std::vector<Fit> fits;
  for (const Until& until : question.untils) {
    const auto fit = fit_of(question.share, until.month);
    if (!fit) return std::nullopt;
    fits.push_back(*fit);
  }
  const bool has_counts = question.has_counts && !excess_.empty();
  std::vector<double> rest;
  double undecided = 0;  // replications, each by how undecided G is
  ControlVariate counts;
  for (std::size_t i = 0; i < n; ++i) {
    const Smooth smooth = smooth_of(demand_.data() + i * width_, question, fits);
    rest.push_back(question.hits[i] - smooth.chance);
    undecided += 4 * smooth.chance * (1 - smooth.chance);
    if (has_counts) counts.values.push_back(smooth.slope * bill_ * excess_[i]);
  }
  double sum = 0;
  double squares = 0;
  double by_counts = 0;
  std::vector<double> requests(width_);
  const std::size_t size = std::min(reference_size(set_.frame, n), question.reference);
  for (std::size_t j = 0; j < size; ++j) {
    std::copy_n(reference_->requests.begin() + static_cast<std::ptrdiff_t>(j * width_), width_, requests.begin());
    const Smooth smooth = smooth_of(requests.data(), question, fits);
    sum += smooth.chance;
    squares += smooth.chance * smooth.chance;
    const double step = smooth.slope * bill_;
    by_counts += step * step * (set_.frame.demand->fixed_requests + sum_of(requests.data(), width_));
  }
  const auto m = static_cast<double>(size);
  const double of_reference = width_ == 0 ? 0 : std::max(0.0, squares / m - sum / m * (sum / m)) / m;
  const ControlVariates controls{n, has_counts ? std::vector{counts} : std::vector<ControlVariate>{}};
  const ControlledMean mean = controls.mean_of(rest);
  const double share = sum / m + mean.value;
  if (!(share > 0 && share < 1)) return std::nullopt;
  const double of_smooth = std::max(0.0, sum - squares) / m;
  const double explained = controls.used() == 0 ? 0 : std::min(by_counts / m, kCountsShareMax * of_smooth);
  const auto trials = static_cast<double>(n);
  // Few replications may lie where G is undecided: their residuals say how wrong G is, and G itself how large they are.
  const double by_smooth = (of_smooth - explained) / trials;
  const double known = undecided / (undecided + kUndecidedLeast);
  double variance = known * mean.variance + (1 - known) * by_smooth;
  const double surprising = by_smooth + kSurprise * std::sqrt(by_smooth / trials / trials);
  if (mean.variance > surprising) variance = mean.variance;
  variance += of_reference;
  const double factor = std::min(kFactorMax, share * (1 - share) / (trials * variance));
  if (!(factor >= kFactorLeast)) return std::nullopt;
  const double quantiles = kNormalQuantile / student_factor(controls.effective_count());
  return ControlledEstimate{estimate_share_of(share, trials * factor * quantiles * quantiles), factor};
}

std::optional<ControlledEstimate> Controls::chance(std::size_t share) const {
  if (!is_active()) return std::nullopt;
  const std::size_t months = month_begins_.size() - 1;
  Question question{.share = share, .has_counts = months == 1, .reference = SIZE_MAX};
  for (std::size_t month = 0; month < months; ++month) {
    question.untils.push_back({.month = month, .day = month_begins_[month + 1] - 1});
  }
  for (const std::int64_t at : first_crossings(set_, share)) question.hits.push_back(at == kNever ? 0 : 1);
  return answer(question);
}

std::optional<ControlledEstimate> Controls::chance_by_day(std::size_t share, std::size_t day) const {
  if (!is_active()) return std::nullopt;
  const bool is_last = day + 1 == days_.size();
  const std::size_t month = days_[day].month;
  const bool is_whole = is_last && month_begins_.size() == 2;
  Question question{.share = share, .has_counts = is_whole, .reference = is_whole ? SIZE_MAX : kDayReferenceMax};
  question.untils.push_back({.month = month, .day = day});
  const std::int64_t end = is_last ? kNever - 1 : days_[day].end.time_since_epoch().count();
  for (const Replication& replication : set_.all) {
    question.hits.push_back(replication.crossed[month * set_.frame.shares.size() + share] <= end ? 1 : 0);
  }
  return answer(question);
}

}  // namespace windtunnel::sim
