#pragma once
// How a log's days differ: by weekday, by growth, by steps (a launch, a migration), and by chance.
//
// The counts of whole days are modelled as
//
//   mean of day d = level of its segment x factor of its weekday x e^(growth x d)
//
// with segments between steps. Its parameters are those of the greatest Poisson likelihood, found by fitting the
// margins in turn. What the days differ by beyond that, the dispersion, is measured and widens everything: a term is
// taken in only if it explains more than the dispersion would by chance, and the parameters' covariance is that of the
// likelihood times the dispersion.
//
// The tests, in units of the dispersion: growth 4.5 (3.4 % by chance), weekdays the 1 % point of F, a step 14, because
// the best of all days is taken. A step has at least four days on either side.
//
// Plain IEEE arithmetic and our own log and exp: a fit is the same on every compiler.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace windtunnel::sim {

struct DayModel {
  double level = 0;   // requests of the day `origin`, where the weekdays' factors average 1
  double origin = 0;  // a day since 1970
  std::array<double, 7> weekday{1, 1, 1, 1, 1, 1, 1};  // Monday first; their mean is 1
  double growth = 0;                                   // of the logarithm, a day
  bool has_weekdays = false;
  bool has_growth = false;
  std::vector<std::int64_t> steps;  // the first day of each new segment, ascending
  double day_cv = 0;                // what days differ by beyond Poisson; 0: no more than by chance
  double dispersion = 1;            // Pearson's chi-square over its degrees of freedom
  double freedom = 1;
  // Standard errors, Student's over the normal law's included: of the logarithm of a month's mean level, and of growth.
  // The two are independent at the day `pivot`.
  double level_error = 0;
  double growth_error = 0;
  double pivot = 0;
};

// Whole days from `begin` on, in days since 1970; nothing: they are fewer than eight, or all empty.
[[nodiscard]] std::optional<DayModel> fit_days(std::int64_t begin, const std::vector<std::int64_t>& counts);

// How much wider than the normal law's Student's 95 % interval is, on so many degrees of freedom (Cornish and Fisher).
[[nodiscard]] double student_widening(double freedom);

// The weekday of a day since 1970, Monday is 0.
[[nodiscard]] std::size_t weekday_of(std::int64_t day);

// The first place from which on the ratio of sums is another one: values[i] is a sum over weights[i] of a day. The last
// of at most two steps; nothing: the days differ by no more than chance.
[[nodiscard]] std::optional<std::size_t> last_step_of(const std::vector<double>& values,
                                                      const std::vector<double>& weights);

}  // namespace windtunnel::sim
