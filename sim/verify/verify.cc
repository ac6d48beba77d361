#include "sim/verify/verify.h"

#include <map>
#include <utility>

#include "sim/verify/verify_draw.h"
#include "sim/verify/verify_laws.h"
#include "sim/verify/verify_shrink.h"

namespace windtunnel::sim {
namespace {

using monitor::BreakerConfig;

constexpr std::string_view kModel = "the reference model";

VerifyFinding finding_of(const BreakerConfig& config, Failure failure, std::string_view found_by) {
  VerifyFinding finding{.config = config, .history = std::move(failure.history), .found_by = found_by};
  finding.questions = std::move(failure.replay.questions);
  finding.answers = std::move(failure.replay.answers);
  finding.expected = expected_of(config, finding.history);
  finding.rules = rules_of(config, finding.history);
  return finding;
}

ShownHistory shown(const VerifyFinding& finding) {
  return {.history = finding.history, .answers = finding.answers, .expected = finding.expected, .rules = finding.rules};
}

class Verifying {
 public:
  Verifying(monitor::ForeignBreaker& breaker, const VerifyOptions& options)
      : breaker_(breaker),
        options_(options),
        histories_(Chance{options.seed}.stream("verify/histories")),
        laws_(Chance{options.seed}.stream("verify/laws")) {}

  Verification done;

  // What fails first under these settings.
  std::optional<VerifyFinding> try_settings(const VerifySettings& settings, std::uint64_t place) {
    for (std::uint64_t i = 0; i < options_.cases && !stops(); ++i) {
      if (options_.progress) options_.progress(settings, i);
      const std::uint64_t number = place << 32U | i;
      const History history = draw_history(settings.config, histories_, number);
      auto finding = try_history(settings.config, history, number);
      if (!finding) continue;
      finding->settings = settings.name;
      finding->number = number;
      if (!stops()) finding->deviations = recognise(breaker_, finding->config, shown(*finding), options_.seed);
      return finding;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool stops() {
    if (options_.stop != nullptr && options_.stop->load()) done.stopped = true;
    return done.stopped;
  }

 private:
  std::optional<VerifyFinding> try_history(const BreakerConfig& config, const History& history, std::uint64_t number) {
    if (auto failure = compare(config, history, expected_of(config, history))) {
      return finding_of(config, shrink(breaker_, config, std::move(*failure)), kModel);
    }
    for (Derived& derived : derive(config, history, laws_, number)) {
      const bool other_settings = derived.config != config;
      if (other_settings && breaker_.reset(derived.config)) continue;
      auto failure = compare(derived.config, derived.history, derived.expected);
      if (!failure) continue;
      return finding_of(derived.config, shrink(breaker_, derived.config, std::move(*failure)), derived.law);
    }
    return std::nullopt;
  }

  std::optional<Failure> compare(const BreakerConfig& config, const History& history,
                                 const std::vector<ExpectedAnswer>& expected) {
    Failure failure{history, replay(breaker_, config, history, expected)};
    ++done.histories;
    done.questions += failure.replay.questions.size();
    if (!failure.replay.mismatch) return std::nullopt;
    failure.history.resize(*failure.replay.mismatch + 1);
    return failure;
  }

  monitor::ForeignBreaker& breaker_;
  const VerifyOptions& options_;
  StreamKey histories_;
  StreamKey laws_;
};

}  // namespace

Verification verify(monitor::ForeignBreaker& breaker, const VerifyOptions& options,
                    const std::function<void(const VerifyFinding&)>& on_finding) {
  Verifying verifying{breaker, options};
  for (std::size_t i = 0; i < options.settings.size() && !verifying.stops(); ++i) {
    const VerifySettings& settings = options.settings[i];
    if (auto why = breaker.reset(settings.config)) {
      verifying.done.unsupported.push_back({settings.name, std::move(*why)});
      continue;
    }
    auto finding = verifying.try_settings(settings, i);
    if (!finding) {
      if (!verifying.stops()) ++verifying.done.settings_held;
      continue;
    }
    if (on_finding) on_finding(*finding);
    verifying.done.findings.push_back(std::move(*finding));
    if (!options.keep_going) break;
  }
  return std::move(verifying.done);
}

std::optional<VerifyFinding> verify_recorded(monitor::ForeignBreaker& breaker, const BreakerConfig& config,
                                             std::span<const monitor::BreakerQuestion> questions) {
  const auto unsupported = breaker.reset(config);
  check(!unsupported, "a breaker honours the settings that it honoured before");
  ModelSession session{config};
  Failure failure;
  std::map<std::int64_t, std::size_t> acquires;  // by the permit that they got
  std::int64_t latest = 0;
  for (const monitor::BreakerQuestion& question : questions) {
    HistoryCall call{.op = question.op, .t_ms = question.t_ms, .outcome = question.outcome};
    if (question.op == monitor::BreakerOp::report) {
      const auto acquire = acquires.find(question.permit);
      if (acquire == acquires.end()) call.wrong = WrongQuestion::permit_is_unknown;
      if (acquire != acquires.end()) call.of = acquire->second;
      if (!session.is_valid(call)) call.wrong = WrongQuestion::permit_has_reported;
    }
    if (question.t_ms < latest) call.wrong = WrongQuestion::time_runs_backwards;
    if (call.wrong == WrongQuestion::none) latest = question.t_ms;
    failure.history.push_back(call);
    failure.replay.questions.push_back(question);
    const monitor::BreakerAnswer& answer = failure.replay.answers.emplace_back(breaker.ask(question));
    if (answer.permit) acquires.insert_or_assign(*answer.permit, failure.history.size() - 1);
    if (agrees(session.perform(call), call, answer)) continue;
    VerifyFinding finding = finding_of(config, std::move(failure), "a recorded history");
    finding.deviations = recognise(breaker, config, shown(finding), VerifyOptions{}.seed);
    return finding;
  }
  return std::nullopt;
}

}  // namespace windtunnel::sim
