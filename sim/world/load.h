#pragma once
// One workload: when its requests arrive and what each holds.
//
// Everything is drawn by name (workload, ordinal of the request in it), so that a second workload, a fault or a
// provider moves no draw of this one. Arrivals come in order of time; the driver asks for one at a time.

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/kernel/batched_draws.h"
#include "sim/kernel/chance.h"
#include "sim/kernel/in_run.h"
#include "sim/load/caller_population.h"
#include "sim/load/popularity.h"
#include "sim/load/workload.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// What the virtual user needs beyond the pipeline's request.
struct Demand {
  Tokens output;               // what the provider would answer with, uncut
  TokenKinds kinds;            // of input and output
  std::uint64_t ordinal = 0;   // of the request in its workload: it names every draw made for it
  std::uint32_t workload = 0;  // place in file order
};

// A whole number of tokens within the model's bounds; a uniform law is uniform over whole numbers, both ends included.
[[nodiscard]] Tokens draw_tokens(const TokenModel& model, std::uint64_t bits);

// One arrival: when, and the ordinal that names every draw made for it.
struct ArrivalPoint {
  Instant at{};
  std::uint64_t ordinal = 0;
};

class Load {
 public:
  // `spec` must outlive the load; its names have been checked by the reader. `index` is its place in file order. With a
  // limit per request, a request without max_tokens requests what its input leaves of it.
  Load(const WorkloadSpec& spec, std::uint32_t index, const Chance& chance, Instant run_end, WallTime wall_start,
       const std::vector<ProviderSpec>& providers, monitor::LabelsId labels,
       std::optional<Tokens> limit_per_request = std::nullopt, monitor::RouteId route = {},
       const monitor::LimitsConfig& limits = {}, const DemandShifts* shifts = nullptr,
       std::vector<monitor::RouteId> routes_of_rows = {});

  // The next arrival of an open workload; nothing: no more.
  [[nodiscard]] std::optional<ArrivalPoint> next_arrival();
  // While no request comes, the search for the next one ends if this is set, as if there were none.
  void stop_at(const std::atomic<bool>* stop) { stop_ = stop; }
  [[nodiscard]] bool was_stopped() const { return was_stopped_; }
  // Fills everything but the request's id.
  void fill(std::uint64_t ordinal, monitor::Request& request, Demand& demand);
  // How many ordinals a list has; nothing: any ordinal can be filled.
  [[nodiscard]] std::optional<std::uint64_t> ordinals() const {
    if (spec_.requests.empty()) return std::nullopt;
    return spec_.requests.size() * copies_max_;
  }
  // A closed loop: the pause that a virtual user takes after its request of this ordinal.
  [[nodiscard]] Duration think_time(std::uint64_t ordinal) const;
  // When the user of this number next asks, if not before `from`; nothing: no more.
  [[nodiscard]] std::optional<Instant> turn_of_user(std::int64_t user, Instant from) const;

  // The name behind the UserId of one of this workload's requests; empty: no user id.
  [[nodiscard]] std::string user_name(monitor::UserId id) const;

  [[nodiscard]] const WorkloadSpec& spec() const { return spec_; }
  [[nodiscard]] Instant begin() const { return begin_; }
  [[nodiscard]] Instant end() const { return end_; }

 private:
  [[nodiscard]] std::optional<ArrivalPoint> next_uniform();
  [[nodiscard]] std::optional<ArrivalPoint> next_by_rate();
  [[nodiscard]] std::optional<ArrivalPoint> next_listed();
  [[nodiscard]] double work(std::uint64_t ordinal);  // between two arrivals, in expected arrivals
  [[nodiscard]] RatePiece piece_at(Instant at);
  [[nodiscard]] static double time_of(const RatePiece& piece, double left);  // until so much work has come
  void modulate(RatePiece& piece, Instant at);
  void fill_content(std::uint64_t ordinal, monitor::Request& request) const;
  void fill_kinds(std::uint64_t ordinal, monitor::Request& request, Demand& demand) const;
  void fill_listed(std::uint64_t ordinal, monitor::Request& request, Demand& demand,
                   std::optional<Tokens>& max_tokens) const;
  [[nodiscard]] const ListedRequest& row(std::uint64_t ordinal) const { return spec_.requests[ordinal / copies_max_]; }

  const WorkloadSpec& spec_;
  std::uint32_t index_;
  Instant begin_;
  Instant end_;
  std::optional<monitor::ProviderId> provider_;
  std::vector<std::optional<monitor::ProviderId>> listed_providers_;
  std::vector<monitor::RouteId> listed_routes_;  // by row; empty: all ask for route_
  std::vector<std::string> listed_users_;        // their ids follow those of the catalogue
  monitor::LabelsId labels_;
  monitor::RouteId route_;
  std::optional<Tokens> limit_per_request_;
  Popularity prompts_;
  Popularity users_;
  Callers callers_;
  StreamKey arrival_stream_;
  StreamKey content_stream_;
  StreamKey token_stream_;
  StreamKey state_stream_;
  bool has_kinds_;            // some of its tokens have kinds
  double length_factor_;      // of this run
  std::uint64_t population_;  // names the users that this run has
  LoadFrame frame_;
  AnyInRun<Executor> executor_;
  ArrivalSource source_;
  bool is_exact_;                // uniform arrivals at multiples of one over the rate
  const TraceReplay* replay_;    // of the list; nullptr: a script
  double rate_scale_ = 1;        // of the list
  std::uint64_t arrivals_ = 0;   // handed out so far
  std::uint64_t candidate_ = 0;  // of the list: the next ordinal to try
  std::uint64_t copies_max_ = 1;
  Instant last_;  // the latest arrival
  struct TokenRow {
    std::array<Tokens, kRowLength> input;  // of requests that are no prompt of the catalogue
    std::array<Tokens, kRowLength> output;
  };
  RowAhead<RowValues> work_ahead_;
  RowAhead<TokenRow> tokens_ahead_;
  std::uint32_t mmpp_state_ = 0;
  std::uint32_t mmpp_stays_ = 0;
  std::uint64_t pieces_ = 0;  // of the rate, that were looked at
  const std::atomic<bool>* stop_ = nullptr;
  bool was_stopped_ = false;
  Instant mmpp_until_;
};

}  // namespace windtunnel::sim
