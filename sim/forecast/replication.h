#pragma once
// One replication of a forecast: the world over the horizon under a seed of its own, boiled down to whole numbers and
// one histogram, so that replications made anywhere, in any order, come together to the same bytes.
//
// Replication r's seed is a pure function of the scenario's seed and r. Its numbers are a pure function of the world
// and that seed. Nothing but the daily totals grows with the horizon, nothing with the number of requests.
// Money is a sum of bills, in pico-dollars of 128 bits: a month may cost more than the 9.2 million USD of one amount.
//
// Spend is what the budget counts: the bills of calls whose usage is known, and for the others what they were settled
// for. What the providers truly billed stands beside it.

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/units.h"
#include "monitor/request.h"
#include "sim/forecast/demand.h"
#include "sim/statistics/statistics.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// A whole number that stands for "not within the horizon".
inline constexpr std::int64_t kNever = INT64_MAX;
// Replications are judged, written down and handed to other processes in blocks of so many.
inline constexpr std::uint64_t kBlockSize = 50;
// One replication in so many has a twin: the same environment (demand, outages), other noise of its requests.
inline constexpr std::uint64_t kTwinEvery = 10;
inline constexpr Duration kHorizonMax = std::chrono::hours{24 * 3660};

// Percentiles of request duration that every replication holds.
inline constexpr std::array<Millionths, 4> kLatencyShares{
    {Millionths{500'000}, Millionths{900'000}, Millionths{950'000}, Millionths{990'000}}};

struct ForecastOptions {
  Duration horizon = std::chrono::hours{24 * 30};
  std::optional<WallTime> as_of;   // the start instead of the scenario's; the file's times and growth count from it
  std::vector<Usd> spent;          // by provider: in the month of the start, before it; empty: nothing
  std::vector<Millionths> shares;  // of the monthly budget, besides 0.8, 0.9, 0.95 and 1
  std::int64_t rate_millionths = 1'000'000;  // multiplies the traffic
  bool controlled = false;                   // estimates by control variates instead of plain averages
};

// The subject of a forecast, on which its replications and their sum must agree.
struct ForecastFrame {
  std::string file;
  std::string title;
  std::uint64_t hash = 0;  // of the scenario's text with its `--set`s
  std::uint64_t seed = 0;
  WallTime start{};
  Duration horizon{0};
  std::optional<Usd> monthly;      // the budget
  std::vector<Millionths> shares;  // of it, ascending; the last is 1
  std::vector<Usd> spent;          // by provider, before the start
  std::vector<std::string> providers;
  std::vector<std::string> variants;
  std::vector<std::string> features;  // the feature version of each workload
  // What many requests of a replication share and replications do not, in words: "demand", "prompts", "lengths",
  // "error rates", "outages", "sticky users". Empty: replications differ by the noise of their requests alone.
  std::vector<std::string> shared;
  std::string unrefused;  // why no limit and no budget can refuse a request; empty: one can
  // The demand that the control variates are made of. Nothing: the estimates are plain averages.
  std::optional<DemandModel> demand;

  [[nodiscard]] bool uncertain() const { return !shared.empty(); }
  [[nodiscard]] Usd spent_total() const;
  friend bool operator==(const ForecastFrame&, const ForecastFrame&) = default;
};

// A share of requests of all replications. Where outages or error rates are drawn for a whole replication, the requests
// that they fail come together: then replications are what is counted (estimate_skewed_ratio), else requests
// (estimate_ratio).
[[nodiscard]] std::optional<Estimate> share_in(const ForecastFrame& frame, std::span<const std::int64_t> parts,
                                               std::span<const std::int64_t> wholes);

[[nodiscard]] std::vector<ForecastDay> days_of(const ForecastFrame& frame);

struct Replication {
  std::uint64_t index = 0;
  std::uint64_t digest = 0;
  std::array<std::int64_t, monitor::kOutcomes> outcomes{};  // requests
  std::int64_t calls = 0;
  std::int64_t failed_over = 0;       // requests
  std::vector<Int128> month_to_date;  // at the end of each day, with what was spent before
  std::vector<std::int64_t> crossed;  // by month and share: nanoseconds since the start, or kNever
  std::vector<Int128> by_provider;    // over the horizon, as the budget counts it
  std::vector<Int128> billed;         // by provider: what it billed; the next lists are of the same dollars
  std::vector<Int128> by_variant;
  std::vector<Int128> by_workload;
  std::vector<std::int64_t> calls_by_provider;    // that it received
  std::vector<std::int64_t> requests_by_variant;  // assigned to it
  std::array<Int128, 5> by_cause{};          // first attempts, retries, failovers, unknown usage; saved by the cache
  std::array<std::int64_t, 4> latency_ns{};  // by kLatencyShares, of answered requests; kNever if there are none
  Int128 twin_cost = kNever;                 // of its twin, if it has one
  Histogram latency;                         // of answered requests

  [[nodiscard]] Int128 cost() const;      // what the providers billed
  [[nodiscard]] Int128 known() const;     // of that, the bills of calls with known usage
  [[nodiscard]] Int128 reserved() const;  // what the budget counts for the other calls
  [[nodiscard]] std::int64_t requests() const;
  [[nodiscard]] std::int64_t refused() const;
  [[nodiscard]] std::int64_t failed() const;
  friend bool operator==(const Replication&, const Replication&) = default;
};

// All but the histogram as one list, and back; nothing if the list has another length than the frame requires, or a
// number that is not of money exceeds 64 bits.
[[nodiscard]] std::vector<Int128> numbers_of(const Replication& replication);
[[nodiscard]] std::optional<Replication> replication_of(const ForecastFrame& frame, std::span<const Int128> numbers);

// Seeds of one family are independent of those of another.
enum class SeedFamily : std::uint8_t { forecast, search, confirmation, reference, rare };
[[nodiscard]] std::uint64_t replication_seed(std::uint64_t seed, SeedFamily family, std::uint64_t index);

// The scenario made ready: its horizon, start and budget set, liveness' healing left out.
class ForecastWorld {
 public:
  ForecastWorld(Scenario scenario, const ForecastOptions& options);

  [[nodiscard]] const ForecastFrame& frame() const { return frame_; }
  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  // The same world with its traffic multiplied.
  [[nodiscard]] ForecastWorld scaled(std::int64_t rate_millionths) const;
  // May be called on several threads at once. Nothing: `stop` was set meanwhile. `shifts` must outlive the call.
  [[nodiscard]] std::optional<Replication> replicate(SeedFamily family, std::uint64_t index,
                                                     const std::atomic<bool>* stop,
                                                     const DemandShifts* shifts = nullptr) const;

 private:
  Scenario base_;
  ForecastOptions options_;
  Scenario scenario_;
  ForecastFrame frame_;
  std::vector<ForecastDay> days_;
};

}  // namespace windtunnel::sim
