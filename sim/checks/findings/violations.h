#pragma once
// What the checks found. A belief that holds costs a comparison; one that does not becomes a finding: the first one
// only, or with keep_going the first of each check.

#include <fmt/format.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/units.h"
#include "sim/checks/findings/registry.h"
#include "sim/checks/findings/verdict.h"

// Figures are given as they are and named only when a finding is written.
template <>
struct fmt::formatter<windtunnel::monitor::Outcome> : fmt::formatter<const char*> {
  template <typename Context>
  auto format(windtunnel::monitor::Outcome outcome, Context& context) const {
    return fmt::formatter<const char*>::format(windtunnel::monitor::name_of(outcome), context);
  }
};
template <>
struct fmt::formatter<windtunnel::monitor::ReplyKind> : fmt::formatter<const char*> {
  template <typename Context>
  auto format(windtunnel::monitor::ReplyKind kind, Context& context) const {
    return fmt::formatter<const char*>::format(windtunnel::monitor::name_of(kind), context);
  }
};
template <>
struct fmt::formatter<windtunnel::monitor::BreakerState> : fmt::formatter<const char*> {
  template <typename Context>
  auto format(windtunnel::monitor::BreakerState state, Context& context) const {
    return fmt::formatter<const char*>::format(windtunnel::monitor::name_of(state), context);
  }
};

namespace windtunnel::sim {

class Violations {
 public:
  Violations(const CheckSelection& selection, bool keep_going) : selection_(selection), keep_going_(keep_going) {}

  [[nodiscard]] bool on(CheckId id) const { return selection_.on(id); }
  // Of a belief that does not hold: `if (sum != expected) violations.report(...)`. The figures are written inside the
  // branch, because a belief that holds, as nearly all do, then pays for none of them.
  template <typename... Figures>
  [[gnu::always_inline]] void report(CheckId id, Instant at, std::optional<RequestId> request,
                                     fmt::format_string<const Figures&...> text, const Figures&... figures) {
    fail<Figures...>(id, at, request, text, figures...);
  }

  [[nodiscard]] bool wants_stop() const { return !keep_going_ && !findings_.empty(); }
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  [[nodiscard]] const CheckSelection& selection() const { return selection_; }

 private:
  // By value where that is cheap, because a variable whose address is taken lives in memory also where it is never
  // reported.
  template <typename Figure>
  using Passed =
      std::conditional_t<std::is_trivially_copyable_v<Figure> && !std::is_array_v<Figure>, Figure, const Figure&>;

  template <typename... Figures>
  [[gnu::noinline, gnu::cold]] void fail(CheckId id, Instant at, std::optional<RequestId> request,
                                         fmt::format_string<const Figures&...> text, Passed<Figures>... figures) {
    if (wants(id)) add(id, at, request, fmt::format(text, std::as_const(figures)...));
  }
  [[nodiscard]] bool wants(CheckId id) const;
  void add(CheckId id, Instant at, std::optional<RequestId> request, std::string reason);

  CheckSelection selection_;
  bool keep_going_;
  std::vector<Finding> findings_;
};

}  // namespace windtunnel::sim
