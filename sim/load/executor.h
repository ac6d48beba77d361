#pragma once
// The list of the executors. An executor is one file of this folder. Its place in `Executor` is its ExecutorKind.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "sim/load/constant_arrival_rate.h"
#include "sim/load/constant_vus.h"
#include "sim/load/diurnal.h"
#include "sim/load/external.h"
#include "sim/load/ramping_arrival_rate.h"
#include "sim/load/ramping_vus.h"
#include "sim/load/replay.h"
#include "sim/load/script.h"

namespace windtunnel::sim {

using Executor = std::variant<ConstantArrivalRate, RampingArrivalRate, Diurnal, TraceReplay, ConstantVus, Script,
                              External, RampingVus>;

// An executor without its settings: its place in `Executor`.
enum class ExecutorKind : std::uint8_t {};
inline constexpr int kExecutorKinds = std::variant_size_v<Executor>;

[[nodiscard]] inline ExecutorKind kind_of(const Executor& executor) {
  return static_cast<ExecutorKind>(executor.index());
}
// An executor with its default settings.
[[nodiscard]] Executor executor_of(ExecutorKind kind);
[[nodiscard]] const char* name_of(ExecutorKind kind);
[[nodiscard]] const char* doc_of(ExecutorKind kind);

// The answers of an executor; the questions are in executor_rules.h.
[[nodiscard]] ArrivalSource source_of(const Executor& executor);
[[nodiscard]] bool has_duration(const Executor& executor);
[[nodiscard]] bool draws_tokens(const Executor& executor);
[[nodiscard]] bool is_constant(const Executor& executor);
[[nodiscard]] bool is_uncertain(const Executor& executor);
[[nodiscard]] std::int64_t users_most(const Executor& executor);
[[nodiscard]] const Law* pause_of(const Executor& executor);
[[nodiscard]] std::optional<Duration> turn_of_user(const Executor& executor, std::int64_t user, Duration from);

}  // namespace windtunnel::sim
