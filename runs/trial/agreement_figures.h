#pragma once
// The figures in which a trial and a simulation of the same file are compared, counted of the events of either. What
// both have is counted by one code, so that a difference is one of the gateway.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/units.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

struct AgreementFigure {
  std::string_view name;
  std::string_view unit;
  int decimals = 0;        // of the whole number that it is counted as
  int shown = 0;           // of the text
  std::string_view above;  // what it means if more was observed than predicted; empty: nothing
  std::string_view below;
};
inline constexpr std::size_t kAgreementFigures = 13;
[[nodiscard]] const std::array<AgreementFigure, kAgreementFigures>& agreement_figures();

// In the order of agreement_figures(); nothing: there was nothing to measure.
using AgreementValues = std::array<std::optional<Int128>, kAgreementFigures>;
[[nodiscard]] std::string text_of(const AgreementFigure& figure, Int128 value);

// The way of one request: whom it was sent to, and whether it was answered.
struct RequestWay {
  std::vector<std::uint8_t> providers;  // in the order of the calls
  bool is_answered = false;
  friend bool operator==(const RequestWay&, const RequestWay&) = default;
};

class AgreementCounts {
 public:
  // `scenario` must outlive this.
  explicit AgreementCounts(const sim::Scenario& scenario);

  void on(const sim::FaultChanged& event);
  void on(const monitor::AttemptStarted& event);
  void on(const sim::LedgerEntry& entry);
  void on(const monitor::Record& record);

  [[nodiscard]] AgreementValues values() const;
  [[nodiscard]] const std::map<RequestId, RequestWay>& ways() const { return ways_; }

 private:
  struct Bills {
    UsdSum all;
    std::map<std::uint8_t, UsdSum> by_ordinal;
  };
  [[nodiscard]] bool is_dead(monitor::ProviderId provider) const;
  [[nodiscard]] bool touches(std::size_t fault, monitor::ProviderId provider) const;

  const sim::Scenario& scenario_;
  std::vector<bool> active_;               // by fault
  std::optional<Instant> first_fault_;     // when one first acted
  std::optional<Instant> last_fault_end_;  // when the last one stopped
  std::int64_t requests_ = 0;
  std::int64_t served_ = 0;
  std::int64_t refused_ = 0;
  std::int64_t calls_ = 0;
  std::int64_t calls_dead_ = 0;
  std::optional<Instant> failed_over_;  // the first answer of a provider that the fault does not touch
  std::optional<Instant> last_broken_;
  Histogram latency_;
  Histogram first_token_;
  UsdSum billed_;
  UsdSum unusable_;
  std::map<RequestId, Bills> bills_;
  std::map<RequestId, RequestWay> ways_;
};

}  // namespace windtunnel::runs
