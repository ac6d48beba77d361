#pragma once
// Histories of calls to a breaker, in the words of the breaker protocol: carried out on the reference model and on a
// breaker under test, and compared answer for answer.
//
// A report names its permit by the place of the acquire that got it, so that a history keeps its meaning when calls are
// taken out of it, and whatever numbers the breaker under test gives its permits.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitor/breaker/breaker_protocol.h"
#include "sim/models/breaker_model.h"

namespace windtunnel::sim {

// A question that must be answered by an error and change nothing.
enum class WrongQuestion : std::uint8_t { none, time_runs_backwards, permit_has_reported, permit_is_unknown };

struct HistoryCall {
  monitor::BreakerOp op = monitor::BreakerOp::acquire;
  std::int64_t t_ms = 0;
  std::size_t of = 0;  // of a report: the place of its acquire
  monitor::BreakerOutcome outcome = monitor::BreakerOutcome::success;
  WrongQuestion wrong = WrongQuestion::none;
  friend bool operator==(const HistoryCall&, const HistoryCall&) = default;
};
using History = std::vector<HistoryCall>;

// What the rules answer.
struct ExpectedAnswer {
  bool error = false;  // then nothing else counts
  bool admitted = false;
  monitor::BreakerState state = monitor::BreakerState::closed;
  bool late = false;  // a report whose permit is of an earlier epoch
  friend bool operator==(const ExpectedAnswer&, const ExpectedAnswer&) = default;
};

[[nodiscard]] bool agrees(const ExpectedAnswer& expected, const HistoryCall& call,
                          const monitor::BreakerAnswer& answer);

// The reference model, asked as a breaker under test is.
class ModelSession {
 public:
  explicit ModelSession(const monitor::BreakerConfig& config, BreakerQuirks quirks = {});

  // Calls come in the order of their history. A report whose acquire was refused or has reported is `invalid`.
  ExpectedAnswer perform(const HistoryCall& call);
  [[nodiscard]] bool is_valid(const HistoryCall& call) const;
  // The rule behind the latest answer, for people. Words of numbers in milliseconds.
  [[nodiscard]] std::string rule() const;

  [[nodiscard]] const BreakerModel& model() const { return model_; }
  [[nodiscard]] std::size_t size() const { return permits_.size(); }
  // Places of the acquires whose permits have not reported.
  [[nodiscard]] std::vector<std::size_t> outstanding() const;

 private:
  struct Given {
    std::optional<ModelPermit> permit;  // nothing: no acquire, or refused
    bool has_reported = false;
  };
  std::vector<monitor::BreakerTransition> taken_;  // by the latest call, before its answer was read
  // Whether a late result, of this report, changes nothing.
  [[nodiscard]] bool drops_late(const HistoryCall& report) const;
  [[nodiscard]] std::string rule_of_report() const;
  [[nodiscard]] std::string rule_of_probes() const;
  [[nodiscard]] std::string rule_of_slow_calls(std::int64_t slow, std::int64_t calls) const;
  [[nodiscard]] std::string open_until() const;
  [[nodiscard]] std::string rule_that_fired(const monitor::BreakerTransition& arrow) const;

  monitor::BreakerConfig config_;
  BreakerModel model_;
  std::vector<Given> permits_;  // by place
  HistoryCall latest_call_;
  ExpectedAnswer latest_;
  monitor::BreakerState before_ = monitor::BreakerState::closed;  // the latest call
  std::int64_t successes_ = 0;                                    // of probes, in this HALF_OPEN
  std::int64_t failures_ = 0;
  std::int64_t slow_ = 0;
};

std::vector<ExpectedAnswer> expected_of(const monitor::BreakerConfig& config, const History& history,
                                        BreakerQuirks quirks = {});
// One text a call.
std::vector<std::string> rules_of(const monitor::BreakerConfig& config, const History& history,
                                  BreakerQuirks quirks = {});

// A history as it is shown to people: what was answered, what the rules answer, and by which rule.
struct ShownHistory {
  History history;  // ends with the answer that shows something
  std::vector<monitor::BreakerAnswer> answers;
  std::vector<ExpectedAnswer> expected;
  std::vector<std::string> rules;
};

// Without the calls that are marked and those that mean nothing without them: a report without its permit, a time that
// no longer runs backwards.
History without(const monitor::BreakerConfig& config, const History& history, const std::vector<bool>& left_out,
                BreakerQuirks quirks = {});

// What a breaker under test answered, up to and with the first answer that is not the expected one.
struct ReplayedHistory {
  std::vector<monitor::BreakerQuestion> questions;  // as they were asked
  std::vector<monitor::BreakerAnswer> answers;
  std::optional<std::size_t> mismatch;  // the place of that answer, the last
};

// The breaker must honour the settings.
ReplayedHistory replay(monitor::ForeignBreaker& breaker, const monitor::BreakerConfig& config, const History& history,
                       const std::vector<ExpectedAnswer>& expected);

}  // namespace windtunnel::sim
