#include "sim/kernel/law.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "sim/kernel/chance.h"
#include "sim/kernel/real_math.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim {
namespace {

// The standard normal's 95th percentile.
constexpr double kNormalP95 = 1.6448536269514722;

double mean_of_table(const std::vector<double>& table) {
  if (table.size() == 1) return table.front();
  double sum = 0.5 * (table.front() + table.back());
  for (std::size_t i = 1; i + 1 < table.size(); ++i) sum += table[i];
  return sum / static_cast<double>(table.size() - 1);
}

double unshifted_mean(const Law& law) {
  switch (law.kind) {
    case Law::Kind::fixed:
    case Law::Kind::exponential:
      return law.a;
    case Law::Kind::uniform:
      return 0.5 * (law.a + law.b);
    case Law::Kind::lognormal:
      return exp(law.a + 0.5 * law.b * law.b);
    case Law::Kind::weibull:
      return law.b * exp(log_gamma(1.0 + 1.0 / law.a));
    case Law::Kind::quantiles:
      return mean_of_table(law.table);
  }
  fail_check("a law's kind is one of those named", __FILE__, __LINE__);
}

double unshifted_sample(const Law& law, double u) {
  switch (law.kind) {
    case Law::Kind::fixed:
      return law.a;
    case Law::Kind::uniform:
      return uniform(u, law.a, law.b);
    case Law::Kind::exponential:
      return exponential(u, law.a);
    case Law::Kind::lognormal:
      return lognormal(u, law.a, law.b);
    case Law::Kind::weibull:
      return weibull(u, law.a, law.b);
    case Law::Kind::quantiles:
      return quantile_table(u, law.table);
  }
  fail_check("a law's kind is one of those named", __FILE__, __LINE__);
}

// Of values that are linear between equally spaced quantiles. At a step, the upper end.
double chance_in_table(const std::vector<double>& table, double x) {
  const auto above = static_cast<std::size_t>(std::upper_bound(table.begin(), table.end(), x) - table.begin());
  if (above == 0) return 0;
  if (above == table.size()) return 1;
  const double low = table[above - 1];
  const double part = (x - low) / (table[above] - low);
  return (static_cast<double>(above - 1) + part) / static_cast<double>(table.size() - 1);
}

double unshifted_chance(const Law& law, double x) {
  switch (law.kind) {
    case Law::Kind::fixed:
      return x >= law.a ? 1 : 0;
    case Law::Kind::uniform:
      return law.b > law.a ? std::clamp((x - law.a) / (law.b - law.a), 0.0, 1.0) : x >= law.a ? 1 : 0;
    case Law::Kind::exponential:
      return x <= 0 ? 0 : 1 - exp(-x / law.a);
    case Law::Kind::lognormal:
      if (x <= 0) return 0;
      return law.b > 0 ? standard_normal_below((log(x) - law.a) / law.b) : log(x) >= law.a ? 1 : 0;
    case Law::Kind::weibull:
      return x <= 0 ? 0 : 1 - exp(-pow(x / law.b, law.a));
    case Law::Kind::quantiles:
      return chance_in_table(law.table, x);
  }
  fail_check("a law's kind is one of those named", __FILE__, __LINE__);
}

}  // namespace

Law Law::fixed(double value) { return Law{.kind = Kind::fixed, .a = value, .table = {}}; }

Law Law::uniform(double low, double high) {
  check(low <= high, "a uniform law's bounds are in order");
  return Law{.kind = Kind::uniform, .a = low, .b = high, .table = {}};
}

Law Law::exponential(double mean) {
  check(mean >= 0, "an exponential law's mean is not negative");
  return Law{.kind = Kind::exponential, .a = mean, .table = {}};
}

Law Law::lognormal(double mu, double sigma) {
  check(sigma >= 0, "a lognormal law's sigma is not negative");
  return Law{.kind = Kind::lognormal, .a = mu, .b = sigma, .table = {}};
}

Law Law::lognormal_p50_p95(double p50, double p95) {
  check(p50 > 0 && p50 <= p95, "a lognormal law's percentiles are positive and in order");
  return lognormal(log(p50), log(p95 / p50) / kNormalP95);
}

Law Law::weibull(double shape, double scale) {
  check(shape > 0 && scale >= 0, "a Weibull law's shape is positive and its scale not negative");
  return Law{.kind = Kind::weibull, .a = shape, .b = scale, .table = {}};
}

Law Law::quantiles(std::vector<double> table) {
  check(!table.empty() && std::is_sorted(table.begin(), table.end()), "quantiles are given and in order");
  return Law{.kind = Kind::quantiles, .table = std::move(table)};
}

double Law::mean() const { return shift + unshifted_mean(*this); }

double quantile_of(const Law& law, double share) { return law.shift + unshifted_sample(law, share); }
double chance_below(const Law& law, double x) { return unshifted_chance(law, x - law.shift); }

double sample(const Law& law, std::uint64_t bits) { return law.shift + unshifted_sample(law, unit_open(bits)); }

}  // namespace windtunnel::sim
