#include "sim/load/ramping_vus.h"

#include <algorithm>

#include "sim/load/constant_vus.h"

namespace windtunnel::sim {
namespace {

constexpr std::int64_t kUsersMost = 1'000'000;

std::int64_t users_of(const Stage& stage) { return stage.target.value / kMillion; }

// When in a stage that goes from so many users to others user k first acts, `into` of it or later; nothing: not in it.
std::optional<Duration> turn_in(std::int64_t from, const Stage& stage, std::int64_t user, Duration into) {
  const std::int64_t to = users_of(stage);
  const Int128 length = stage.duration.count();
  if (to <= from) {
    // The line is above `user` until it has fallen that far.
    const Int128 fallen = Int128{from - to} * into.count();
    const bool acts = Int128{from - user} * length > fallen;
    return acts ? std::optional{into} : std::nullopt;
  }
  // The first whole nanosecond at which the line is at user + 1 or above.
  const Int128 rise = std::max<Int128>(0, user + 1 - from) * length;
  const auto reached = static_cast<std::int64_t>((rise + (to - from) - 1) / (to - from));
  const Duration at = std::max(into, Duration{reached});
  return at < stage.duration ? std::optional{at} : std::nullopt;
}

}  // namespace

std::int64_t RampingVus::users_most() const {
  std::int64_t most = start_vus;
  for (const Stage& stage : stages) most = std::max(most, users_of(stage));
  return most;
}

std::optional<Duration> RampingVus::turn_of_user(std::int64_t user, Duration from) const {
  std::int64_t users = start_vus;
  Duration begin{0};
  for (const Stage& stage : stages) {
    const Duration end = begin + stage.duration;
    if (from < end) {
      if (const auto into = turn_in(users, stage, user, std::max(Duration{0}, from - begin))) return begin + *into;
    }
    users = users_of(stage);
    begin = end;
  }
  return std::nullopt;
}

// As if an answer and a thought took two seconds.
double RampingVus::expected_requests(const Rate& /*rate*/, Duration /*length*/, std::size_t /*listed*/) const {
  double sum = 0;
  auto from = static_cast<double>(start_vus);
  for (const Stage& stage : stages) {
    const auto to = static_cast<double>(users_of(stage));
    sum += (from + to) / 2 * static_cast<double>(stage.duration.count()) / 2e9;
    from = to;
  }
  return sum;
}

LoadPeak RampingVus::peak(double per_second, double unit_seconds, double latency, std::size_t listed) const {
  return ConstantVus{.vus = users_most(), .think_time = think_time}.peak(per_second, unit_seconds, latency, listed);
}

void RampingVus::multiply_traffic(std::int64_t millionths) {
  const auto times = [millionths](std::int64_t users) {
    const Int128 product = Int128{users} * millionths;
    const auto rounded = static_cast<std::int64_t>((product + 500'000) / 1'000'000);
    return users > 0 ? std::max<std::int64_t>(1, rounded) : 0;
  };
  start_vus = times(start_vus);
  for (Stage& stage : stages) stage.target = Millionths{times(users_of(stage)) * kMillion};
}

std::optional<std::string> RampingVus::problem(std::size_t /*listed*/) const {
  if (stages.empty()) return "a ramping-vus needs \"stages\"";
  for (const Stage& stage : stages) {
    if (stage.target.value % kMillion != 0) return "the target of a ramping-vus is a whole number of users";
  }
  if (users_most() == 0) return "a ramping-vus has users at some time";
  if (users_most() > kUsersMost) return "a ramping-vus has at most a million users at once";
  return std::nullopt;
}

}  // namespace windtunnel::sim
