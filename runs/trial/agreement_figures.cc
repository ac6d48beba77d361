#include "runs/trial/agreement_figures.h"

#include <algorithm>

#include "base/exact_decimal.h"
#include "base/json_writer.h"

namespace windtunnel::runs {
namespace {

constexpr int kAmplificationDecimals = 2;

constexpr std::array<AgreementFigure, kAgreementFigures> kFigures = {{
    {"served", "requests", 0, 0, "", "callers got errors, broken answers or none where the policy would have answered"},
    {"refused", "requests", 0, 0, "the gateway refused requests of its own accord", ""},
    {"broken", "requests", 0, 0, "requests ended without a whole answer that the policy would have served", ""},
    {"calls", "calls", 0, 0, "more is retried than is declared", "less is retried than is declared"},
    {"amplification", "calls for each request", kAmplificationDecimals, 2, "more is retried than is declared",
     "less is retried than is declared"},
    {"calls at a dead target", "calls", 0, 0, "a provider that was down went on being called", ""},
    {"time to failover", "ms", kMillisecondDecimals, 0, "retries at the failing provider come before the other one",
     ""},
    {"p50", "ms", kMillisecondDecimals, 0, "the gateway adds its own time, or waits between attempts",
     "slow providers were left earlier than declared"},
    {"p95", "ms", kMillisecondDecimals, 0, "waits between attempts, or time-outs longer than declared",
     "slow providers were left earlier than declared"},
    {"first token p50", "ms", kMillisecondDecimals, 0, "the gateway holds tokens back, or waits between attempts", ""},
    {"billed", "USD", kDollarDecimals, 4, "calls are paid for that the policy would not have made",
     "fewer answers were paid for"},
    {"billed but unusable", "USD", kDollarDecimals, 4, "providers billed answers that no caller got whole", ""},
    {"recovery", "ms", kMillisecondDecimals, 0, "requests went on failing after the last fault had ended", ""},
}};

bool is_outage(sim::FaultKind kind) {
  const std::string_view name = name_of(kind);
  return name == "outage" || name == "flapping" || name == "random_outages";
}

}  // namespace

const std::array<AgreementFigure, kAgreementFigures>& agreement_figures() { return kFigures; }

std::string text_of(const AgreementFigure& figure, Int128 value) {
  return rounded_decimal(value, figure.decimals, figure.shown);
}

AgreementCounts::AgreementCounts(const sim::Scenario& scenario)
    : scenario_(scenario), active_(scenario.faults.size()) {}

bool AgreementCounts::touches(std::size_t fault, monitor::ProviderId provider) const {
  const std::vector<std::string>& names = scenario_.faults[fault].providers;
  return names.empty() || std::ranges::find(names, scenario_.providers[index_of(provider)].name) != names.end();
}

bool AgreementCounts::is_dead(monitor::ProviderId provider) const {
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (active_[i] && is_outage(scenario_.faults[i].kind()) && touches(i, provider)) return true;
  }
  return false;
}

void AgreementCounts::on(const sim::FaultChanged& event) {
  active_[event.fault] = event.active;
  if (event.active && !first_fault_) first_fault_ = event.at;
  if (!event.active) last_fault_end_ = event.at;
}

void AgreementCounts::on(const monitor::AttemptStarted& event) {
  ++calls_;
  if (is_dead(event.provider)) ++calls_dead_;
}

void AgreementCounts::on(const sim::LedgerEntry& entry) {
  billed_ += entry.billed;
  Bills& bills = bills_[entry.request];
  bills.all += entry.billed;
  bills.by_ordinal[entry.ordinal] += entry.billed;
}

void AgreementCounts::on(const monitor::Record& record) {
  ++requests_;
  const bool is_answered = monitor::is_answered(record.outcome);
  RequestWay& way = ways_[record.request.id];
  way.is_answered = is_answered;
  for (const monitor::Attempt& attempt : record.attempts()) {
    way.providers.push_back(static_cast<std::uint8_t>(index_of(attempt.provider)));
  }
  UsdSum useful;
  if (auto bills = bills_.extract(record.request.id); !bills.empty()) {
    // The answer is that of the last call to the provider that gave it.
    for (std::size_t i = record.attempts().size(); record.outcome == monitor::Outcome::served && i-- > 0;) {
      if (record.attempts()[i].provider != record.answered_by) continue;
      useful = bills.mapped().by_ordinal[static_cast<std::uint8_t>(i)];
      break;
    }
    unusable_ += bills.mapped().all - useful;
  }
  if (monitor::is_refused(record.outcome)) {
    ++refused_;
  } else if (is_answered) {
    ++served_;
    latency_.record(record.latency());
    if (record.outcome == monitor::Outcome::served) first_token_.record(record.time_to_first_token);
  } else {
    last_broken_ = std::max(last_broken_.value_or(record.finished), record.finished);
  }
  const bool has_moved = is_answered && record.failovers > 0;
  if (first_fault_ && has_moved && record.finished >= *first_fault_) {
    failed_over_ = std::min(failed_over_.value_or(record.finished), record.finished);
  }
}

AgreementValues AgreementCounts::values() const {
  const auto in_ns = [](const std::optional<Duration>& duration) {
    return duration ? std::optional<Int128>{duration->count()} : std::nullopt;
  };
  const auto since = [](const std::optional<Instant>& from, const std::optional<Instant>& to) -> std::optional<Int128> {
    if (!from || !to) return std::nullopt;
    return std::max<std::int64_t>(0, (*to - *from).count());
  };
  std::optional<Int128> recovery;
  if (last_fault_end_) {
    recovery = last_broken_ ? std::max<std::int64_t>(0, (*last_broken_ - *last_fault_end_).count()) : 0;
  }
  std::optional<Int128> amplification;
  if (requests_ > 0) amplification = rounded_ratio(calls_, requests_, kAmplificationDecimals);
  return {served_,
          refused_,
          requests_ - served_ - refused_,
          calls_,
          amplification,
          calls_dead_,
          since(first_fault_, failed_over_),
          in_ns(latency_.quantile(Millionths{500'000})),
          in_ns(latency_.quantile(Millionths{950'000})),
          in_ns(first_token_.quantile(Millionths{500'000})),
          billed_.picos(),
          unusable_.picos(),
          recovery};
}

}  // namespace windtunnel::runs
