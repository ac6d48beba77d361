#pragma once
// The beliefs of the checks and their results. A belief that holds costs a comparison; one that does not
// becomes a finding: the first one only, or with keep_going the first of each check.

#include <fmt/format.h>

#include <optional>
#include <string>
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

namespace windtunnel::sim {

class Violations {
 public:
  Violations(const CheckSelection& selection, bool keep_going) : selection_(selection), keep_going_(keep_going) {}

  [[nodiscard]] bool on(CheckId id) const { return selection_.on(id); }
  // The figures are only put together if the belief does not hold.
  template <typename... Figures>
  void must(bool holds, CheckId id, Instant at, std::optional<RequestId> request,
            fmt::format_string<const Figures&...> text, const Figures&... figures) {
    if (holds) [[likely]]
      return;
    fail(id, at, request, text, figures...);
  }

  [[nodiscard]] bool wants_stop() const { return !keep_going_ && !findings_.empty(); }
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  [[nodiscard]] const CheckSelection& selection() const { return selection_; }

 private:
  // Kept apart, so that a belief that holds pays for no figure.
  template <typename... Figures>
  [[gnu::noinline, gnu::cold]] void fail(CheckId id, Instant at, std::optional<RequestId> request,
                                         fmt::format_string<const Figures&...> text, const Figures&... figures) {
    if (wants(id)) add(id, at, request, fmt::format(text, figures...));
  }
  [[nodiscard]] bool wants(CheckId id) const;
  void add(CheckId id, Instant at, std::optional<RequestId> request, std::string reason);

  CheckSelection selection_;
  bool keep_going_;
  std::vector<Finding> findings_;
};

}  // namespace windtunnel::sim
