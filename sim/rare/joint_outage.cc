#include "sim/rare/joint_outage.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "sim/kernel/chance.h"

namespace windtunnel::sim {
namespace {

constexpr std::uint64_t kPathsFirst = 4096;
constexpr double kThetaMost = 0.5;
// A chance of this size needs no help.
constexpr double kOftenEnough = 0.3;
constexpr double kForever = std::numeric_limits<double>::infinity();

double mean_cycle(const OutageLaw& law) { return std::max(1.0, law.up.mean() + law.down.mean()); }

// One fault on a path.
struct Phases {
  const OutageLaw* law = nullptr;
  bool begun = false;
  bool down = false;
  double since = 0;  // of its phase
  double until = 0;  // of a time down
};

// A path from its start to the event or the horizon.
class Path {
 public:
  Path(const JointOutage& event, std::uint64_t seed, std::uint64_t path, bool biased)
      : event_(event), stream_(Chance{seed}.stream("joint outage")), path_(path), biased_(biased) {
    double outages = 0;
    for (const OutageLaw& law : event.laws) {
      outages_.push_back({.law = &law});
      if (law.alternates) outages += std::max(0.0, law.end - law.begin) / mean_cycle(law);
    }
    theta_ = std::min(kThetaMost, 1 / std::max(1.0, outages));
  }

  OutagePath run() {
    while (now_ < event_.horizon) {
      for (Phases& outage : outages_) settle(outage);
      const std::size_t down = providers_down();
      if (down < event_.providers.size())
        joint_since_ = kForever;
      else if (joint_since_ == kForever)
        joint_since_ = now_;
      const double next = next_event(down);
      const double met = joint_since_ + event_.longer_than;
      if (met < next && met <= event_.horizon) return {.weight = ratio_, .ratio = ratio_};
      now_ = next;
    }
    return {.weight = 0, .ratio = ratio_};
  }

 private:
  double uniform() { return unit_open(draw(stream_, path_, step_++).a); }

  [[nodiscard]] std::size_t providers_down() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < event_.providers.size(); ++i) {
      count += std::ranges::any_of(outages_,
                                   [&](const Phases& outage) {
                                     return outage.down &&
                                            std::ranges::find(outage.law->providers, i) != outage.law->providers.end();
                                   })
                   ? 1
                   : 0;
    }
    return count;
  }

  // Begins and ends phases that are due now.
  void settle(Phases& outage) {
    const OutageLaw& law = *outage.law;
    if (!outage.begun && now_ >= law.begin && law.begin < law.end) {
      outage.begun = true;
      outage.since = law.begin;
      if (law.begins_down || !law.alternates) go_down(outage);
    }
    if (outage.down && now_ >= outage.until) {
      outage.down = false;
      outage.since = outage.until;
    }
  }

  void go_down(Phases& outage) {
    outage.down = true;
    outage.since = now_;
    const OutageLaw& law = *outage.law;
    outage.until = law.end;
    if (!law.alternates) return;
    const double theta = others_are_down(outage) ? kThetaMost : theta_;
    const double below = chance_below(law.down, event_.longer_than);
    const double lasts = mixed(law.down, 0, {.low = below, .high = 1}, 1 - below, theta);
    outage.until = std::min(law.end, now_ + std::max(1.0, lasts));
  }

  [[nodiscard]] bool others_are_down(const Phases& outage) const {
    return std::ranges::any_of(outages_, [&](const Phases& other) { return &other != &outage && other.down; });
  }

  struct Shares {
    double low = 0;
    double high = 1;
  };
  // Draws a value above the quantile of `from`: with probability theta one within `wanted`, whose chance, given that it
  // lies above, is `chance`. Multiplies the ratio.
  double mixed(const Law& law, double from, Shares wanted, double chance, double theta) {
    const bool helps = biased_ && theta > 0 && chance > 0 && chance < kOftenEnough;
    if (!helps) return quantile_of(law, inside(from, 1, uniform()));
    const double choice = uniform();
    const double share = choice < theta ? inside(wanted.low, wanted.high, uniform()) : inside(from, 1, uniform());
    const bool is_wanted = share >= wanted.low && share <= wanted.high;
    ratio_ /= is_wanted ? (1 - theta) + theta / chance : 1 - theta;
    return quantile_of(law, share);
  }
  static double inside(double low, double high, double u) {
    return std::clamp(low + (high - low) * u, std::numeric_limits<double>::min(), 1 - 0x1p-53);
  }

  // The next begin or end that is known, or the first time up that ends before it.
  double next_event(std::size_t down) {
    double known = event_.horizon;
    double overlap = kForever;  // how long those who are down stay so
    for (const Phases& outage : outages_) {
      if (!outage.begun && outage.law->begin > now_) known = std::min(known, outage.law->begin);
      if (!outage.down) continue;
      known = std::min(known, outage.until);
      overlap = std::min(overlap, outage.until);
    }
    double theta = down == 1 ? theta_ : kThetaMost;
    if (down == event_.providers.size()) theta = 0;
    // The latest failure that still makes the overlap long enough.
    const double in_time =
        std::min(event_.horizon, overlap == kForever ? event_.horizon : overlap) - event_.longer_than;
    Phases* first = nullptr;
    double at = known;
    for (Phases& outage : outages_) {
      if (!outage.begun || outage.down || !outage.law->alternates || now_ >= outage.law->end) continue;
      const double fails = failure_of(outage, in_time, theta);
      if (fails >= at) continue;
      first = &outage;
      at = fails;
    }
    if (first == nullptr) return known;
    now_ = at;
    first->since = at;
    go_down(*first);
    return at;
  }

  // When a time up ends, given that it has lasted until now.
  double failure_of(const Phases& outage, double in_time, double theta) {
    const Law& up = outage.law->up;
    const double from = chance_below(up, now_ - outage.since);
    if (from >= 1) return now_;
    const double low = now_ == outage.since ? 0 : from;
    const double until = in_time > now_ ? chance_below(up, in_time - outage.since) : low;
    const double lasts = mixed(up, low, {.low = low, .high = until}, (until - low) / (1 - low), theta);
    const double fails = std::max(outage.since + std::max(1.0, lasts), now_);
    return fails < outage.law->end ? fails : kForever;
  }

  const JointOutage& event_;
  StreamKey stream_;
  std::uint64_t path_;
  bool biased_;
  std::uint32_t step_ = 0;
  std::vector<Phases> outages_;
  double theta_ = 0;
  double now_ = 0;
  double joint_since_ = kForever;
  double ratio_ = 1;
};

}  // namespace

JointOutage joint_outage_of(const Scenario& scenario, const std::vector<std::size_t>& providers, Duration longer_than,
                            Duration horizon) {
  JointOutage event{.providers = {},
                    .longer_than = static_cast<double>(longer_than.count()),
                    .horizon = static_cast<double>(horizon.count()),
                    .laws = {}};
  for (const std::size_t provider : providers) event.providers.push_back(scenario.providers[provider].name);
  for (const FaultSpec& fault : scenario.faults) {
    OutageLaw law{.providers = {}, .begin = static_cast<double>(fault.at.count()), .end = event.horizon};
    if (fault.duration) law.end = std::min(law.end, law.begin + static_cast<double>(fault.duration->count()));
    if (const auto* random = std::get_if<RandomOutages>(&fault.settings)) {
      law.up = random->up;
      law.down = random->down;
    } else if (const auto* flapping = std::get_if<Flapping>(&fault.settings)) {
      law.up = flapping->up;
      law.down = flapping->down;
      law.begins_down = true;
    } else if (std::holds_alternative<Outage>(fault.settings)) {
      law.alternates = false;
    } else {
      continue;
    }
    for (std::size_t i = 0; i < event.providers.size(); ++i) {
      const bool named =
          fault.providers.empty() || std::ranges::find(fault.providers, event.providers[i]) != fault.providers.end();
      if (named) law.providers.push_back(i);
    }
    if (!law.providers.empty()) event.laws.push_back(std::move(law));
  }
  return event;
}

OutagePath outage_path(const JointOutage& event, std::uint64_t seed, std::uint64_t path, bool biased) {
  return Path{event, seed, path, biased}.run();
}

RareEstimate joint_outage_chance(const JointOutage& event, std::uint64_t seed, double relative, std::uint64_t paths_max,
                                 bool biased) {
  RareSum sum;
  for (std::uint64_t wanted = std::min(kPathsFirst, paths_max);; wanted = std::min(2 * wanted, paths_max)) {
    while (sum.paths() < wanted) sum.add(outage_path(event, seed, sum.paths(), biased).weight);
    const RareEstimate estimate = sum.estimate(relative);
    if (estimate.reached || wanted == paths_max) return estimate;
  }
}

}  // namespace windtunnel::sim
