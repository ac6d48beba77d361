#include "monitor/breaker/breaker_set.h"

#include "base/check.h"

namespace windtunnel::monitor {
namespace {

ForeignBreaker& original(std::size_t provider, const ForeignBreakers* foreign) {
  check(foreign != nullptr && provider < foreign->size(), "each provider has a breaker");
  return *(*foreign)[provider];
}

}  // namespace

BreakerSet::BreakerSet(const std::vector<BreakerConfig>& configs, BreakerSource source)
    : breakers_(configs.begin(), configs.end()) {
  if (source == BreakerSource::own) return;
  for (Breaker& shown : breakers_) mirrors_.emplace_back(shown);
}

void BreakerSet::advance(std::size_t provider, Instant now, const ForeignBreakers* foreign) {
  if (mirrors_.empty()) return breakers_[provider].advance(now);
  mirrors_[provider].advance(breakers_[provider], original(provider, foreign), now);
}

std::optional<Instant> BreakerSet::wakeup_slow(std::size_t provider) const {
  return mirrors_.empty() ? breakers_[provider].wakeup() : mirrors_[provider].wakeup(breakers_[provider]);
}

std::optional<Permit> BreakerSet::acquire_slow(std::size_t provider, Instant now, const ForeignBreakers* foreign) {
  if (mirrors_.empty()) return breakers_[provider].acquire(now);
  return mirrors_[provider].acquire(breakers_[provider], original(provider, foreign), now);
}

ReportResult BreakerSet::report_slow(std::size_t provider, Permit permit, BreakerOutcome outcome, Instant now,
                                     const ForeignBreakers* foreign, ReplyKind kind) {
  if (mirrors_.empty()) return breakers_[provider].report(permit, outcome, now, kind);
  return mirrors_[provider].report(breakers_[provider], original(provider, foreign), permit, outcome, now);
}

}  // namespace windtunnel::monitor
