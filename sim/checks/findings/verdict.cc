#include "sim/checks/findings/verdict.h"

namespace windtunnel::sim {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::nothing_claimed:
      return "nothing_claimed";
  }
  fail_check("a verdict has a name", __FILE__, __LINE__);
}

std::string verdict_words(Verdict verdict) {
  std::string words = name_of(verdict);
  for (char& letter : words) letter = letter == '_' ? ' ' : static_cast<char>(letter - 'a' + 'A');
  return words;
}

Verdict decide(const Evidence& evidence) {
  if (evidence.has_failed) return Verdict::fail;
  if (evidence.is_undecided || evidence.requests == 0) return Verdict::inconclusive;
  return evidence.claims == 0 ? Verdict::nothing_claimed : Verdict::pass;
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
    case Finding::Kind::traffic:
      return "traffic";
  }
  fail_check("a finding has a kind", __FILE__, __LINE__);
}

Evidence evidence_of(const std::vector<Finding>& findings, std::uint64_t requests, std::uint64_t claims) {
  Evidence evidence{.requests = requests, .claims = claims};
  for (const Finding& finding : findings) {
    if (finding.verdict == Verdict::fail) evidence.has_failed = true;
    if (finding.verdict == Verdict::inconclusive) evidence.is_undecided = true;
  }
  return evidence;
}

}  // namespace windtunnel::sim
