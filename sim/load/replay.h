#pragma once
// The requests of a trace, whose times and rate may be scaled. The reader fills the workload's requests from the trace:
// the rows before `until`, their times counted from the first row if they are times since 1970.

#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

struct TraceReplay : ExecutorRules {
  static constexpr const char* kName = "replay";
  static constexpr const char* kDoc =
      "The requests of a trace arrive at its times, which may be scaled, with its tokens.";

  std::string trace;              // as written
  std::optional<Duration> until;  // of the trace's own time: later rows are left out on purpose
  Duration shift{0};              // that the reader took off each time of the trace; not written
  std::size_t strangers = 0;      // rows whose model no provider has, as the reader found them; not written
  std::string stranger;           // the model of the first of them, ready to print
  double time_scale = 1;          // of the trace's times: 2 plays it at half speed
  double rate_scale = 1;          // of the trace's rate: 0.5 keeps each row with that chance, 2 plays each twice

  // When a row comes, from the load's start.
  [[nodiscard]] Duration played_at(Duration at) const;

  static constexpr ArrivalSource kSource = ArrivalSource::list;
  static constexpr bool kDrawsTokens = false;
  [[nodiscard]] double expected_requests(const Rate& rate, Duration length, std::size_t listed) const;
  [[nodiscard]] LoadPeak peak(double per_second, double unit_seconds, double latency, std::size_t listed) const;
  void multiply_traffic(std::int64_t millionths) { rate_scale *= static_cast<double>(millionths) / 1e6; }
  [[nodiscard]] std::optional<std::string> problem(std::size_t listed) const;
  friend bool operator==(const TraceReplay&, const TraceReplay&) = default;
};

}  // namespace windtunnel::sim
