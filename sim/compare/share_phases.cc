#include "sim/compare/share_phases.h"

#include <algorithm>

namespace windtunnel::sim {
namespace {

constexpr int kAnswersMost = 40;
constexpr int kAnswersLeast = 20;

}  // namespace

double fail_chance(const FaultSpec& spec) { return spec.fraction * fail_chance_of(spec.settings); }

void SharePhases::Answers::add(bool own) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kAnswersMost) - 1;
  bits_ = (bits_ << 1 | (own ? 1U : 0U)) & kMask;
  count_ = std::min(count_ + 1, kAnswersMost);
}

SharePhases::SharePhases(const Scenario& scenario)
    : scenario_(scenario),
      run_end_(Instant{} + scenario.duration),
      providers_(scenario.providers.size()),
      providers_of_fault_(scenario.faults.size()) {
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const FaultSpec& spec = scenario.faults[i];
    const double chance = fail_chance(spec);
    if (chance <= 0 || chance >= kDownChance) continue;
    for (std::size_t provider = 0; provider < scenario.providers.size(); ++provider) {
      const bool named = std::ranges::find(spec.providers, scenario.providers[provider].name) != spec.providers.end();
      if (spec.providers.empty() || named) providers_of_fault_[i].push_back(provider);
    }
  }
}

bool SharePhases::acts_on(monitor::ProviderId provider) const { return !providers_[index_of(provider)].acting.empty(); }

void SharePhases::begin_phase(Provider& provider, Instant at) {
  if (provider.phase) settle(provider, std::nullopt, at);
  if (providers_.size() < 2 || provider.before.count() < kAnswersLeast || provider.before.share() == 0) return;
  double spared = 1;
  for (const std::size_t fault : provider.acting) spared *= 1 - fail_chance(scenario_.faults[fault]);
  provider.phase = Phase{.begin = at, .level = provider.before.share() * (1 + spared) / 2};
}

// Nothing more is to be learnt of the phase. `back`: when the requests had come back; nothing: not until `until`.
void SharePhases::settle(Provider& provider, std::optional<Instant> back, Instant until) {
  const Phase phase = *provider.phase;
  provider.phase.reset();
  provider.before = phase.answers.count() >= kAnswersLeast && phase.end ? phase.answers : Answers{};
  ++times_.counted;
  if (!phase.moved) ++times_.failover_missed;
  times_.failover += phase.moved.value_or(phase.end.value_or(run_end_) - phase.begin);
  if (!phase.end || *phase.end >= run_end_) return;
  ++times_.ended;
  if (!phase.moved) return;
  if (!back) ++times_.recovery_missed;
  times_.recovery += back.value_or(until) - *phase.end;
}

void SharePhases::on(const FaultChanged& event) {
  for (const std::size_t place : providers_of_fault_[event.fault]) {
    Provider& provider = providers_[place];
    const bool was_acting = !provider.acting.empty();
    std::erase(provider.acting, event.fault);
    if (event.active) provider.acting.push_back(event.fault);
    if (!was_acting && event.active) begin_phase(provider, event.at);
    if (!was_acting || !provider.acting.empty() || !provider.phase) continue;
    provider.phase->end = event.at;
    provider.phase->answers = Answers{};
    if (!provider.phase->moved) settle(provider, event.at, event.at);
  }
}

void SharePhases::on(const monitor::Record& record) {
  if (record.outcome != monitor::Outcome::served || !record.answered_by || record.finished > run_end_) return;
  for (std::size_t place = 0; place < providers_.size(); ++place) {
    Provider& provider = providers_[place];
    const bool own = index_of(*record.answered_by) == place;
    if (!provider.phase) {
      if (provider.acting.empty()) provider.before.add(own);
      continue;
    }
    Phase& phase = *provider.phase;
    phase.answers.add(own);
    if (phase.answers.count() < kAnswersLeast) continue;
    if (!phase.end) {
      const bool has_moved = phase.answers.share() <= phase.level;
      if (has_moved && !phase.moved) phase.moved = record.finished - phase.begin;
    } else if (phase.answers.share() > phase.level) {
      settle(provider, record.finished, record.finished);
    }
  }
}

PhaseTimes SharePhases::finish() {
  for (Provider& provider : providers_) {
    if (provider.phase) settle(provider, std::nullopt, run_end_);
  }
  return times_;
}

}  // namespace windtunnel::sim
