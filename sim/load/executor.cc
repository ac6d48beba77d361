#include "sim/load/executor.h"

#include <array>
#include <utility>

namespace windtunnel::sim {
namespace {

// One executor of each kind with its default settings, in the order of the kinds.
template <std::size_t... I>
std::array<Executor, sizeof...(I)> each_executor(std::index_sequence<I...> /*places*/) {
  return {Executor{std::in_place_index<I>}...};
}

}  // namespace

Executor executor_of(ExecutorKind kind) {
  return each_executor(std::make_index_sequence<kExecutorKinds>{})[static_cast<std::size_t>(kind)];
}

const char* name_of(ExecutorKind kind) {
  return std::visit([]<class E>(const E&) { return E::kName; }, executor_of(kind));
}

const char* doc_of(ExecutorKind kind) {
  return std::visit([]<class E>(const E&) { return E::kDoc; }, executor_of(kind));
}

ArrivalSource source_of(const Executor& executor) {
  return std::visit([]<class E>(const E&) { return E::kSource; }, executor);
}

bool has_duration(const Executor& executor) {
  return std::visit([]<class E>(const E&) { return E::kHasDuration; }, executor);
}

bool draws_tokens(const Executor& executor) {
  return std::visit([]<class E>(const E&) { return E::kDrawsTokens; }, executor);
}

bool is_constant(const Executor& executor) {
  return std::visit([]<class E>(const E&) { return E::kIsConstant; }, executor);
}

std::int64_t users_most(const Executor& executor) {
  return std::visit([](const auto& kind) { return kind.users_most(); }, executor);
}

const Law* pause_of(const Executor& executor) {
  return std::visit([](const auto& kind) { return kind.pause(); }, executor);
}

std::optional<Duration> turn_of_user(const Executor& executor, std::int64_t user, Duration from) {
  return std::visit([&](const auto& kind) { return kind.turn_of_user(user, from); }, executor);
}

bool is_uncertain(const Executor& executor) {
  return std::visit([](const auto& kind) { return kind.is_uncertain(); }, executor);
}

}  // namespace windtunnel::sim
