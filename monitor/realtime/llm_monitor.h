#pragma once
// The monitor as a program uses it: a blocking call over real providers in real time.
//
//   LlmMonitor monitor{{.log_file = "telemetry.jsonl"}};
//   const GenerateResult result = monitor.generate({.user_profile = "...", .provider = "openai"});
//   if (result.ok()) use(result.text);
//   monitor.print_stats();
//
// It drives the same Pipeline as the simulator does. Every thread may call it: a lock is held while the pipeline
// decides, never while a provider works, a retry waits or a line is logged. How a request ends is a value, not an
// exception. Decisions are made on the monotonic clock; months, days, minutes and timestamps follow the UTC clock.
//
// An answer counts at the instant at which it comes, read before the lock is waited for, and a call's timeout counts
// from the instant at which the adapter is called. A wait for the lock is therefore no part of any timeout, nor of an
// answer's latency, unless the event of another request has moved the pipeline's time on meanwhile: that time never
// goes backwards. Whether another call is made is decided at the instant of the decision, so that no call begins after
// the deadline of its request.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitor/pipeline.h"
#include "monitor/pipeline_events.h"
#include "monitor/realtime/llm_monitor_lock.h"
#include "monitor/realtime/llm_monitor_log.h"
#include "monitor/realtime/llm_monitor_time.h"
#include "monitor/realtime/provider_adapter.h"
#include "monitor/text/monitor_stats.h"

namespace windtunnel::monitor {

struct GenerateRequest {
  std::string user_profile{};
  std::string job_market_data{};
  std::string system_prompt{};
  std::optional<std::string> provider{};  // by name; nothing: the A/B experiment chooses
  // Labels for statistics and telemetry; empty is none. Without an experiment and a variant of its own a request is
  // logged under those that the experiment of the settings gave it.
  std::string feature_version{};
  std::string prompt_version{};
  std::string experiment_id{};
  std::string variant_id{};
  std::optional<Tokens> max_tokens{};  // [0, kTokensMax]; nothing: 500, or with token mode per_request all that is left
  std::optional<std::string> user_id{};  // keeps a user in one arm of the experiment
};

struct GenerateResult {
  std::string text;  // empty unless ok()
  Outcome outcome = Outcome::served;
  std::string request_id;  // as in the log
  // Who produced the answer, also one from the cache; else who was called last; empty when no provider was called.
  std::string provider;
  std::string model;
  Tokens input;  // of the answer; 0 without one and for one from the cache
  Tokens output;
  Usd cost;  // of all its attempts with known usage
  Duration latency{0};
  bool from_cache = false;  // fresh or stale
  std::int32_t attempts = 0;
  Duration retry_after{0};  // of refused_rate: when to come again
  std::string error;        // one word, as in the log; empty if ok()
  std::string detail;       // the error text of the last failed call or of an invalid request

  [[nodiscard]] bool ok() const { return is_answered(outcome); }
};

struct LlmMonitorOptions {
  std::string log_file{};  // lines are appended; empty: no log
  // Nothing: the defaults, with the users divided evenly over the providers (experiment provider_comparison, variants
  // variant_a, variant_b, ... in their order).
  std::optional<MonitorConfig> config{};
  // In this order a request without a choice goes to the first and fails over; none: the two mocks.
  std::vector<std::unique_ptr<ProviderAdapter>> providers{};
  TimeSource* time = nullptr;   // must outlive the monitor; none: RealTime
  MonitorLock* lock = nullptr;  // must outlive the monitor; none: RealLock
  // Gets events under the monitor's lock, so its handler must not call the monitor and must outlive it.
  Observer observer{};
  std::optional<std::uint64_t> seed{};  // of the request ids in the log; nothing: another one in every process
};

// Why a monitor cannot be made of these, as one sentence; nothing if it can.
std::optional<std::string> invalid(const LlmMonitorOptions& options);

class LlmMonitor {
 public:
  // The options must be ones that invalid() has no objection to. A log file that cannot be opened is no reason not to
  // serve: see log_error().
  explicit LlmMonitor(LlmMonitorOptions options = {});
  explicit LlmMonitor(const MonitorConfig& config, const std::string& log_file = {});
  LlmMonitor(const LlmMonitor&) = delete;
  LlmMonitor& operator=(const LlmMonitor&) = delete;

  // Blocks until there is an answer or none can be had. An unknown provider or an impossible max_tokens ends as
  // client_error and never enters the pipeline.
  GenerateResult generate(const GenerateRequest& asked);

  [[nodiscard]] MonitorStats get_stats() const;
  // The seed's block, as text and on standard output.
  [[nodiscard]] std::string stats_text() const;
  void print_stats() const;

  // Why the log is incomplete, if it is.
  [[nodiscard]] std::optional<std::string> log_error() const { return log_.error(); }

 private:
  struct Checked {};  // the options are valid
  LlmMonitor(LlmMonitorOptions options, Checked);

  using Versions = std::pair<std::string, std::string>;
  // Further pairs are counted as "none": every pair holds two histograms.
  static constexpr std::uint32_t kVersionsMax = 1000;

  // One request on its way.
  struct Journey {
    Flow flow;
    std::string text;    // of the latest ok reply, or from the cache
    std::string detail;  // of the latest failed reply
    WallTime ended{};
  };

  [[nodiscard]] std::optional<std::string> translate(const GenerateRequest& asked, Request& request) const;
  [[nodiscard]] Step begin(Journey& journey, const GenerateRequest& asked);
  [[nodiscard]] Step call(Journey& journey, const GenerateRequest& asked, const CallProvider& step);
  [[nodiscard]] Step resume(Journey& journey, const WaitUntil& step);
  [[nodiscard]] GenerateResult conclude(Journey& journey, const GenerateRequest& asked);
  [[nodiscard]] GenerateResult reject(std::string detail);

  [[nodiscard]] Instant deadline_of(const Journey& journey, const CallProvider& step, Instant begun) const;

  // Under the lock.
  [[nodiscard]] Instant advance_time(Instant event);
  [[nodiscard]] LabelsId labels_of(const GenerateRequest& asked);
  void after(Journey& journey, const Step& step);

  RealTime real_time_;
  TimeSource& time_;
  std::vector<std::unique_ptr<ProviderAdapter>> adapters_;
  const std::vector<ProviderConfig> providers_;
  const MonitorConfig config_;
  const std::uint64_t seed_;
  TelemetryLog log_;  // has its own lock, never taken under the other

  RealLock real_lock_;
  MonitorLock& lock_;  // over everything below
  Pipeline pipeline_;
  Instant latest_{};
  std::uint64_t requests_begun_ = 0;
  std::vector<std::string> texts_;  // of cached answers, by slot
  std::map<Versions, LabelsId> labels_;
  std::int64_t replies_late_ = 0;
  std::int64_t requests_invalid_ = 0;
};

}  // namespace windtunnel::monitor
