#pragma once
// Control variates of a forecast: what the drawn demand says about a replication's spend, whose mean is known apart
// from the replications.
//
// Means. A replication's cost follows the requests that its environment lets expect (demand.h), whose mean is known
// exactly, and the number of requests that came beyond them, whose mean is 0. Both are controls
// (statistics/control_variates.h). Where the budget may be used up, the spend that it is expected to cut off is a
// third, whose mean is that of the reference below.
//
// Chances. Whether spend reaches a budget is nearly decided by the environment. G, the chance as a smooth function of
// the expected requests, is fitted to the replications and averaged over a reference: hundreds of environments for each
// replication, drawn without their requests. A chance is then the mean of G over the reference, corrected by what the
// replications deviate from it, so that it has the right mean whatever G is (Rao, Kovar and Mantel 1990); a bad G only
// helps little. This is a stratification by level and day factors after the draw: strata before it would make
// replications depend on each other, and no other interval of the report could be trusted. The requests beyond the
// expected ones, weighted with the slope of G, are a control here too.
//
// Few replications may lie where G is neither 0 nor 1, so that their residuals alone would show too small an error. The
// variance is therefore at least that of G itself, and the interval is that of a share of as many trials as give this
// variance. A chance that fewer than five replications showed, or all but fewer than five, stays what it is without
// controls: too few would tell of what else decides.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/forecast/forecast.h"
#include "sim/statistics/control_variates.h"

namespace windtunnel::sim {

// The least replications that are controlled.
inline constexpr std::size_t kControlledLeast = 30;

// Environments in the reference of so many replications.
[[nodiscard]] std::size_t reference_size(const ForecastFrame& frame, std::size_t replications);
// Draws what is missing of them.
void extend_reference(DemandReference& reference, const ForecastFrame& frame, std::size_t replications);

class Controls {
 public:
  // Nothing is controlled without a demand model, or with too few replications. `set` must outlive it.
  explicit Controls(const ReplicationSet& set);

  [[nodiscard]] bool is_active() const { return linear_.has_value(); }
  // "demand", "counts".
  [[nodiscard]] std::vector<std::string> names() const;

  // Of a part of the spend: one value a replication. Nothing if controls do not help the whole cost, so that the parts
  // of a sum are treated alike and add up to it.
  [[nodiscard]] std::optional<ControlledEstimate> mean(const std::vector<double>& values) const;
  // Of the number of requests, which is not controlled by itself.
  [[nodiscard]] std::optional<ControlledEstimate> requests() const;
  // That spend reaches the share at this place within the horizon, in any month.
  [[nodiscard]] std::optional<ControlledEstimate> chance(std::size_t share) const;
  // In the month of this day, until its end.
  [[nodiscard]] std::optional<ControlledEstimate> chance_by_day(std::size_t share, std::size_t day) const;

 private:
  // How spend follows the expected spend in one month.
  struct Fit {
    double bound = 0;   // spend that reaches the share
    double middle = 0;  // expected spend at the end of the month, of an average replication
    double level = 0;   // spend for a dollar of expected spend there
    double slope = 0;   // of that, for expected spend twice as large
    double sd = 0;      // of that, of a replication; for other spends than the middle by falls_with_spend
    bool falls_with_spend = false;
  };
  // Until the end of this day in its month.
  struct Until {
    std::size_t month = 0;
    std::size_t day = 0;
  };
  struct Question {
    std::size_t share = 0;
    std::vector<Until> untils;
    std::vector<double> hits;  // 0 or 1, by replication
    bool has_counts = false;   // the count of requests says something about it
    std::size_t reference = 0;
  };
  // G and how it grows with each dollar of spend, of one environment.
  struct Smooth {
    double chance = 0;
    double slope = 0;
    double beyond = 0;  // expected spend beyond the bound, in all months
  };

  void add_demand();
  void add_linear();
  [[nodiscard]] std::optional<ControlVariate> cut_off(std::vector<double>& uncapped) const;
  [[nodiscard]] double spend_until(const double* requests, std::size_t month, double day) const;
  [[nodiscard]] std::optional<Fit> fit_of(std::size_t share, std::size_t month) const;
  static void find_sd(Fit& fit, const std::vector<double>& spends, const std::vector<double>& ratios);
  [[nodiscard]] Smooth smooth_of(const double* requests, const Question& question, const std::vector<Fit>& fits) const;
  [[nodiscard]] std::optional<ControlledEstimate> answer(const Question& question) const;

  const ReplicationSet& set_;
  std::vector<ForecastDay> days_;
  std::vector<std::size_t> month_begins_;  // the first day of each month, and one past the last day
  std::size_t width_ = 0;                  // of an environment: loads x days
  std::vector<double> demand_;             // by replication, load and day
  std::vector<double> expected_;           // requests, by replication
  std::vector<double> excess_;             // requests beyond the expected ones; empty: they are not Poisson's
  std::vector<double> rates_;              // spend for an expected request, by load
  double other_spend_ = 0;                 // a day, of workloads that are not drawn
  double bill_ = 0;                        // of a request
  std::optional<ControlVariates> linear_;
  std::optional<ControlVariates> demand_only_;
  bool spend_helps_ = false;
  DemandReference own_reference_;  // where the set has too small a one
  const DemandReference* reference_ = nullptr;
};

}  // namespace windtunnel::sim
