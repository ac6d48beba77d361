#include "sim/checks/findings/verdict.h"

#include <algorithm>

namespace windtunnel::sim {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::inconclusive:
      return "inconclusive";
  }
  fail_check("a verdict has a name", __FILE__, __LINE__);
}

const char* name_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::invariant:
      return "invariant";
    case Finding::Kind::liveness:
      return "liveness";
    case Finding::Kind::threshold:
      return "threshold";
    case Finding::Kind::coverage:
      return "coverage";
    case Finding::Kind::fault:
      return "fault";
  }
  fail_check("a finding has a kind", __FILE__, __LINE__);
}

Verdict verdict_of(const std::vector<Finding>& findings) {
  const auto any = [&](Verdict wanted) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& one) { return one.verdict == wanted; });
  };
  if (any(Verdict::fail)) return Verdict::fail;
  return any(Verdict::inconclusive) ? Verdict::inconclusive : Verdict::pass;
}

}  // namespace windtunnel::sim
