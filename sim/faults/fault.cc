#include "sim/faults/fault.h"

#include <array>
#include <utility>

namespace windtunnel::sim {
namespace {

// One fault of each kind with its default settings, in the order of the kinds.
template <std::size_t... I>
std::array<Fault, sizeof...(I)> one_of_each(std::index_sequence<I...> /*places*/) {
  return {Fault{std::in_place_index<I>}...};
}

}  // namespace

Fault fault_of(FaultKind kind) {
  return one_of_each(std::make_index_sequence<kFaultKinds>{})[static_cast<std::size_t>(kind)];
}

Fault draw_fault_of(FaultKind kind, const FaultDraws& draws) {
  return std::visit([&]<class F>(const F&) -> Fault { return F::draw(draws); }, fault_of(kind));
}

const char* name_of(FaultKind kind) {
  return std::visit([]<class F>(const F&) { return F::kName; }, fault_of(kind));
}

const char* doc_of(FaultKind kind) {
  return std::visit([]<class F>(const F&) { return F::kDoc; }, fault_of(kind));
}

Precedence precedence_of(const Fault& fault) {
  return std::visit([]<class F>(const F&) { return F::kPrecedence; }, fault);
}

bool touches_calls(const Fault& fault) {
  return std::visit([]<class F>(const F&) { return F::kTouchesCalls; }, fault);
}

bool lasts(const Fault& fault) {
  return std::visit([]<class F>(const F&) { return F::kLasts; }, fault);
}

bool is_certain(const Fault& fault) {
  return std::visit([]<class F>(const F&) { return F::kIsCertain; }, fault);
}

bool has_size(const Fault& fault) {
  return std::visit([]<class F>(const F&) { return F::kHasSize; }, fault);
}

bool delays_usage(const Fault& fault) {
  return std::visit([]<class F>(const F&) { return F::kDelaysUsage; }, fault);
}

bool spoils_reply(const Fault& fault) {
  return std::visit([]<class F>(const F&) { return F::kSpoilsReply; }, fault);
}

double share_of(const Fault& fault) {
  return std::visit([](const auto& kind) { return kind.share(); }, fault);
}

std::optional<std::int64_t> capacity_of(const Fault& fault) {
  return std::visit([](const auto& kind) { return kind.capacity(); }, fault);
}

std::optional<RestartOf> restart_of(const Fault& fault) {
  return std::visit([](const auto& kind) { return kind.restart(); }, fault);
}

std::optional<Duration> wall_clock_offset_of(const Fault& fault) {
  return std::visit([](const auto& kind) { return kind.wall_clock_offset(); }, fault);
}

bool may_hang(const Fault& fault) {
  return std::visit([](const auto& kind) { return kind.may_hang(); }, fault);
}

double slowed_by(const Fault& fault, double latency) {
  return std::visit([=](const auto& kind) { return kind.slowed(latency); }, fault);
}

double fail_chance_of(const Fault& fault) {
  return std::visit([](const auto& kind) { return kind.fail_chance(); }, fault);
}

bool is_uncertain(const Fault& fault) {
  return std::visit([](const auto& kind) { return kind.is_uncertain(); }, fault);
}

std::vector<FaultProblem> problems_of(const Fault& fault, const IsWritten& is_written) {
  return std::visit([&](const auto& kind) { return kind.problems(is_written); }, fault);
}

}  // namespace windtunnel::sim
