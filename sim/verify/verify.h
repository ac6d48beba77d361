#pragma once
// Verifies a circuit breaker that somebody else keeps: drives it through generated histories, compares every answer
// with the reference model, tries the algebra of breakers on it, and shrinks what fails to the shortest history that
// still does. A pure function of the breaker's answers and the options.
//
//   const Verification done = verify(breaker, {.cases = 100, .seed = 1});
//   done.findings.front().history;   // shrunk; its last answer is the wrong one
//
// What the breaker throws passes through; findings that were reported before stay with their receiver.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/breaker/breaker_protocol.h"
#include "sim/verify/verify_deviations.h"
#include "sim/verify/verify_history.h"

namespace windtunnel::sim {

struct VerifySettings {
  std::string name;  // for people
  monitor::BreakerConfig config;
};
// One after the other every setting of a breaker, from plain to involved.
[[nodiscard]] std::vector<VerifySettings> verify_settings();

struct VerifyOptions {
  std::vector<VerifySettings> settings = verify_settings();
  std::uint64_t cases = 100;  // histories for each of the settings
  std::uint64_t seed = 1;
  bool keep_going = false;                  // after the first of the settings under which it fails
  const std::atomic<bool>* stop = nullptr;  // set from elsewhere: no further history is begun
  // Told before each history: under which settings, and its number among theirs.
  std::function<void(const VerifySettings&, std::uint64_t)> progress = {};
};

// The shortest history that fails under some settings.
struct VerifyFinding {
  std::string settings;  // their name
  monitor::BreakerConfig config;
  History history;  // ends with the wrong answer
  std::vector<monitor::BreakerQuestion> questions;
  std::vector<monitor::BreakerAnswer> answers;
  std::vector<ExpectedAnswer> expected;
  std::vector<std::string> rules;
  std::string_view found_by;  // the reference model, or a law
  std::uint64_t number = 0;   // of the history that it was shrunk from
  std::vector<RecognisedDeviation> deviations;
};

struct Unsupported {
  std::string settings;
  std::string why;
};

struct Verification {
  std::vector<VerifyFinding> findings;
  std::vector<Unsupported> unsupported;
  std::uint64_t settings_held = 0;  // under which nothing failed
  std::uint64_t histories = 0;      // those that laws derive included
  std::uint64_t questions = 0;
  bool is_closed_always = false;  // each answer said so: OPEN and HALF_OPEN were never tried
  bool stopped = false;
};

// `on_finding` is given each finding as soon as it is complete.
Verification verify(monitor::ForeignBreaker& breaker, const VerifyOptions& options,
                    const std::function<void(const VerifyFinding&)>& on_finding = {});

// Asks recorded questions once more, as they stand: what fails, or nothing if the breaker answers by the rules. Permits
// are those that the breaker gave when it was recorded; it must number them as it did then.
std::optional<VerifyFinding> verify_recorded(monitor::ForeignBreaker& breaker, const monitor::BreakerConfig& config,
                                             std::span<const monitor::BreakerQuestion> questions);

}  // namespace windtunnel::sim
