#include "sim/rare/rare_budget.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/in_order.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::sim {
namespace {

constexpr std::uint64_t kPilot = 10;
constexpr int kDesignSteps = 60;

double deviation_of(double cv) { return cv > 0 ? std::sqrt(log(1 + cv * cv)) : 0; }

// Spend for an expected request of each drawn load, and of all else in a month, from a few replications.
struct Spend {
  std::vector<double> rates;
  double other = 0;  // a day
};

Spend pilot_spend(const ForecastWorld& world) {
  const DemandModel& model = *world.frame().demand;
  const std::size_t days = days_of(world.frame()).size();
  Spend spend{.rates = std::vector<double>(model.drawn.size()), .other = 0};
  std::vector<double> expected(model.drawn.size());
  for (std::uint64_t i = 0; i < kPilot; ++i) {
    const auto replication = world.replicate(SeedFamily::search, i, nullptr);
    const Chance environment{replication_seed(world.frame().seed, SeedFamily::search, i)};
    for (const Int128 value : replication->by_workload) spend.other += static_cast<double>(value);
    for (std::size_t load = 0; load < model.drawn.size(); ++load) {
      const auto of_load = static_cast<double>(replication->by_workload[model.drawn[load].workload]);
      std::vector<double> by_day(days);
      draw_demand(model.drawn[load], environment, by_day.data());
      for (const double requests : by_day) expected[load] += requests;
      spend.rates[load] += of_load;
      spend.other -= of_load;
    }
  }
  for (std::size_t load = 0; load < expected.size(); ++load) {
    spend.rates[load] = expected[load] > 0 ? spend.rates[load] / expected[load] : 0;
  }
  spend.other = std::max(0.0, spend.other) / static_cast<double>(kPilot * days);
  return spend;
}

// Expected spend of a month as a function of the shifts.
class Design {
 public:
  Design(const ForecastWorld& world, std::size_t share) : model_(*world.frame().demand), spend_(pilot_spend(world)) {
    const ForecastFrame& frame = world.frame();
    const std::vector<ForecastDay> days = days_of(frame);
    const double budget =
        static_cast<double>(frame.monthly->picos()) * static_cast<double>(frame.shares[share].value) / 1e6;
    double best = -1;
    for (std::size_t begin = 0; begin < days.size();) {
      std::size_t end = begin;
      while (end < days.size() && days[end].month == days[begin].month) ++end;
      const double bound = budget - (begin == 0 ? static_cast<double>(frame.spent_total().picos()) : 0);
      first_ = begin;
      last_ = end;
      bound_ = bound;
      const double part = bound > 0 ? month_spend({}) / bound : 0;
      if (part > best) chosen_ = {begin, end};
      if (part > best) chosen_bound_ = bound;
      best = std::max(best, part);
      begin = end;
    }
    std::tie(first_, last_) = chosen_;
    bound_ = chosen_bound_;
  }

  // Moves along the slopes of log spend, until the expected spend is the bound.
  [[nodiscard]] DemandShifts solve() const {
    DemandShifts shifts;
    for (int step = 0; step < kDesignSteps; ++step) {
      DemandShifts slopes = slopes_at(shifts);
      double low = 0;
      double high = 64;
      for (int halving = 0; halving < 60; ++halving) {
        const double middle = (low + high) / 2;
        (month_spend(scaled(slopes, middle)) < bound_ ? low : high) = middle;
      }
      shifts = scaled(std::move(slopes), low);
    }
    return shifts;
  }

 private:
  static double at(const std::vector<double>& by_day, std::size_t day) { return day < by_day.size() ? by_day[day] : 0; }

  // Of a load on a day, with the shifted factors at the medians of their shifted laws but with the means of unshifted
  // ones: exp(shift x deviation).
  [[nodiscard]] double day_spend(const DrawnLoad& load, double rate, std::size_t day, const DemandShift& shift) const {
    const double level = deviation_of(load.draws.level_cv) * shift.level;
    const double of_day =
        load.draws.has_lognormal_days() ? deviation_of(load.draws.day_factor_cv) * at(shift.by_day, day) : 0;
    return rate * load.by_day[day] * load.draws.mean_day_multiplier(day) * exp(level + of_day);
  }

  [[nodiscard]] double month_spend(const DemandShifts& shifts) const {
    double sum = spend_.other * static_cast<double>(last_ - first_);
    for (std::size_t load = 0; load < model_.drawn.size(); ++load) {
      const auto found = shifts.find(model_.drawn[load].word);
      const DemandShift shift = found == shifts.end() ? DemandShift{} : found->second;
      for (std::size_t day = first_; day < last_; ++day) {
        sum += day_spend(model_.drawn[load], spend_.rates[load], day, shift);
      }
    }
    return sum;
  }

  [[nodiscard]] DemandShifts slopes_at(const DemandShifts& shifts) const {
    DemandShifts slopes;
    const double all = month_spend(shifts);
    for (std::size_t i = 0; i < model_.drawn.size(); ++i) {
      const DrawnLoad& load = model_.drawn[i];
      const auto found = shifts.find(load.word);
      const DemandShift shift = found == shifts.end() ? DemandShift{} : found->second;
      DemandShift& slope = slopes[load.word];
      slope.by_day.resize(std::max(slope.by_day.size(), load.by_day.size()));
      for (std::size_t day = first_; day < last_; ++day) {
        const double part = day_spend(load, spend_.rates[i], day, shift) / all;
        slope.level += deviation_of(load.draws.level_cv) * part;
        if (load.draws.has_lognormal_days()) slope.by_day[day] += deviation_of(load.draws.day_factor_cv) * part;
      }
    }
    return slopes;
  }

  static DemandShifts scaled(DemandShifts shifts, double by) {
    for (auto& [word, shift] : shifts) {
      shift.level *= by;
      for (double& day : shift.by_day) day *= by;
    }
    return shifts;
  }

  const DemandModel& model_;
  Spend spend_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  double bound_ = 0;
  std::pair<std::size_t, std::size_t> chosen_;
  double chosen_bound_ = 0;
};

double ratio_of(const ForecastFrame& frame, const DemandShifts& shifts, std::uint64_t seed) {
  double ratio = 1;
  std::set<std::string> counted;  // loads with one word share their draws
  for (const DrawnLoad& load : frame.demand->drawn) {
    if (!counted.insert(load.word).second) continue;
    LoadFrame load_frame;
    load_frame.state_stream = Chance{seed}.stream("load state", load.word);
    load_frame.shift = &shifts.at(load.word);
    ratio *= load.draws.likelihood_ratio(load_frame, load.by_day.size());
  }
  return ratio;
}

bool reaches(const ForecastFrame& frame, const Replication& replication, std::size_t share) {
  for (std::size_t i = share; i < replication.crossed.size(); i += frame.shares.size()) {
    if (replication.crossed[i] != kNever) return true;
  }
  return false;
}

}  // namespace

std::optional<DemandShifts> shifts_to(const ForecastWorld& world, std::size_t share) {
  const ForecastFrame& frame = world.frame();
  if (!frame.monthly || !frame.demand) return std::nullopt;
  const bool can = std::ranges::any_of(frame.demand->drawn, [](const DrawnLoad& load) {
    return load.draws.level_cv > 0 || load.draws.has_lognormal_days();
  });
  if (!can) return std::nullopt;
  return Design{world, share}.solve();
}

std::optional<RareEstimate> rare_budget_chance(const ForecastWorld& world, const DemandShifts& shifts,
                                               const RareBudgetPlan& plan) {
  const ForecastFrame& frame = world.frame();
  RareSum sum;
  InOrder<std::optional<Replication>> runs{plan.replications, plan.jobs, [&](std::uint64_t place) {
                                             return world.replicate(SeedFamily::rare, place, plan.stop, &shifts);
                                           }};
  while (auto entry = runs.take()) {
    if (!*entry) return std::nullopt;
    const Replication& replication = **entry;
    const std::uint64_t seed = replication_seed(frame.seed, SeedFamily::rare, replication.index);
    sum.add(reaches(frame, replication, plan.share) ? ratio_of(frame, shifts, seed) : 0);
    plan.made(sum.paths());
    if (sum.paths() % kBlockSize == 0 && sum.estimate(plan.relative).reached) break;
  }
  return sum.estimate(plan.relative);
}

}  // namespace windtunnel::sim
