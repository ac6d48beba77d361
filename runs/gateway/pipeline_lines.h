#pragma once
// The decisions of a pipeline as lines of text, for comparing a gateway on real sockets with its simulation.
//
// A line begins with the request that it is about, or with "all" for what concerns no single one, then its instant in
// nanoseconds since the start. What cannot be the same on both sides is left out, each for a reason:
//
//   contents and cache keys    a simulation names contents by number, a gateway by a hash of their bytes
//   lengths of texts           a simulation counts four characters to a token, a gateway the texts' own bytes
//   time to first token        of a whole answer: it shows on no wire
//   order of requests          within one instant, which is chance on a wire; so lines are compared by request

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/config.h"
#include "monitor/pipeline_events.h"

namespace windtunnel::runs {

// Lines by what they are about, in order: "17", or "all".
using PipelineLines = std::map<std::string, std::vector<std::string>>;

class PipelineScribe {
 public:
  explicit PipelineScribe(std::vector<std::string> providers) : providers_(std::move(providers)) {}

  template <class Each>
    requires kIsAlternative<Each, monitor::Event>
  void on(const Each& event) {
    add(event);
  }
  // In the order of the events: "17 1000000 attempt_started ...".
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] std::vector<std::string> take() { return std::exchange(lines_, {}); }

 private:
  void add(const monitor::RequestArrived& event);
  void add(const monitor::TokensGranted& event);
  void add(const monitor::MoneyReserved& event);
  void add(const monitor::MoneyReleased& event);
  void add(const monitor::LimitsAsked& event);
  void add(const monitor::PermitAsked& event);
  void add(const monitor::CoolingSkipped& event);
  void add(const monitor::RouteEntered& event);
  void add(const monitor::AttemptStarted& event);
  void add(const monitor::AttemptEnded& event);
  void add(const monitor::UsageLearned& event);
  void add(const monitor::BreakerMoved& event);
  void add(const monitor::RetryAfterSet& event);
  void add(const monitor::BudgetChanged& event);
  void add(const monitor::CacheStored& event);
  void add(const monitor::CacheServed& event);
  void add(const monitor::CacheEdgeMet& event);
  void add(const monitor::Record& event);
  void write(std::string about, Instant at, std::string text);
  [[nodiscard]] const std::string& name_of(monitor::ProviderId provider) const;

  std::vector<std::string> providers_;
  std::vector<std::string> lines_;
  std::map<RequestId, bool> streams_;  // of open requests
};

[[nodiscard]] PipelineLines by_request(const std::vector<std::string>& lines);

struct LinesDifference {
  std::size_t requests = 0;  // on either side
  std::size_t differing = 0;
  std::string first;  // the earliest line that differs, of both sides; empty: none
};
[[nodiscard]] LinesDifference compare_lines(const PipelineLines& simulated, const PipelineLines& served);

}  // namespace windtunnel::runs
