#include "sim/checks/findings/registry.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace windtunnel::sim {
namespace {

constexpr std::array<CheckEntry, kCheckIds> kRegistry{{
    {CheckId::B1, "B1", "breaker",
     "probes in flight in HALF_OPEN <= permitted, also when probes hang and when many arrive in the same instant",
     "Polly #216, resilience4j #1432", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B2, "B2", "breaker",
     "only closed->open, open->half_open, half_open->closed, half_open->open occur, one event each",
     "resilience4j #674, Polly #219", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B3, "B3", "breaker",
     "OPEN admits nothing before opened_at + open_duration, and the first call at that instant is admitted",
     "opossum #385", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B4, "B4", "breaker",
     "it opens exactly when a reference model says: consecutive >= N, or n >= minimum and failures > rate x n, by "
     "the settings",
     "opossum #217, Envoy #40697", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B5, "B5", "breaker",
     "a failed probe reopens with a fresh deadline; a successful one closes and forgets everything",
     "jrugged #21, opossum #119, the seed", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B6, "B6", "breaker",
     "a result of an earlier epoch changes no counter, permit or state, unless late_results says otherwise",
     "denoland/std PR 7306, Hystrix #1350", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B7, "B7", "breaker", "client errors are neutral: they neither open, close nor reset a run",
     "sglang #25811, smg PR 2565", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B8, "B8", "breaker", "a malformed or truncated 200 is a failure", "stagehand PR 2952",
     "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B9, "B9", "breaker",
     "every permit is used or returned (for a foreign breaker: where every permit reports); HALF_OPEN always ends; "
     "at rest no permit is out",
     "resilience4j #903, deer-flow PR 3991", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B10, "B10", "breaker",
     "failure samples of a provider = its failed, counted attempts, in retry and failover alike",
     "LiteLLM #32574, PR 35104", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B11, "B11", "breaker", "reading a state or refusing a call changes nothing later",
     "Hystrix #1541, the seed", "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::B12, "B12", "breaker", "a success resets the consecutive run", "vertx #24, the seed",
     "sim/checks/invariants/breaker_checks.cc"},
    {CheckId::F1, "F1", "failover",
     "a request makes at most sum(max_attempts) attempts, each candidate group visited once", "LiteLLM #19985, #35303",
     "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F2, "F2", "failover", "a refusal by our own limiter causes no attempt, no retry, no failover",
     "TensorZero #3554", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F3, "F3", "failover",
     "no attempt of any request on a provider starts before that provider's latest Retry-After (clamped) has "
     "passed",
     "LiteLLM #20722", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F4, "F4", "failover",
     "all_providers_unavailable only if no breaker would have admitted, or each that would was under Retry-After",
     "the seed", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F5, "F5", "failover",
     "after a failed attempt, another candidate that admits, within budget and deadline, is tried",
     "LiteLLM #41344, the seed re-raises", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F6, "F6", "failover",
     "client_error is returned at once; auth_or_quota fails over and is never retried on the same provider",
     "Bifrost PR 3491", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F7, "F7", "failover",
     "no attempt outlives its deadline; none starts after the request ended or, with on_caller_gone cancel, after its "
     "caller has gone; one outstanding step at a time",
     "LiteLLM #37140", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F8, "F8", "failover", "Retry-After NaN, negative, absurd or a date gives a wait in [0, cap]",
     "hermes-agent PR 72584", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F9, "F9", "failover",
     "swapping the two providers' names and faults swaps the results, nothing else (metamorphic)", "",
     "tests/sim/checks/invariants/metamorphic_test.cc", "it compares two runs"},
    {CheckId::F10, "F10", "failover",
     "a wait is the back-off or the Retry-After of the very provider that is called after it; failover never waits "
     "while another candidate admits",
     "timbal PR 117", "sim/checks/invariants/retry_checks.cc"},
    {CheckId::F11, "F11", "failover", "two attempts of a request at one provider are at least the drawn back-off apart",
     "vercel/ai #7247", "sim/checks/invariants/retry_checks.cc"},
    {CheckId::F12, "F12", "failover", "Retry-After is obeyed on every refusal that carries one, in every form",
     "hermes-agent PR 104386, hiring-agent #386", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F13, "F13", "failover",
     "the outcome names the failure that the caller should act on: a fallback's own 400 does not replace the retriable "
     "failure before it",
     "LiteLLM #31557", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::F14, "F14", "failover",
     "a retriable failure is retried until max_attempts unless the deadline or a Retry-After forbids it, and the pause "
     "follows the law, counted for each provider",
     "", "sim/checks/invariants/retry_checks.cc"},
    {CheckId::F15, "F15", "failover",
     "a routed request asks the targets of its route, tier by tier and by the balance; it moves on, retries and falls "
     "back only after a failure that the route names",
     "LiteLLM #19985", "sim/checks/invariants/route_checks.cc"},
    {CheckId::F16, "F16", "failover",
     "a route's attempts and back-offs are those of its words, and it ends only when no target is left to ask", "",
     "sim/checks/invariants/route_checks.cc"},
    {CheckId::F17, "F17", "failover",
     "a streamed call ends without a first token by its time, or after too long a pause, and no call ends sooner",
     "LiteLLM #5859", "sim/checks/invariants/failover_checks.cc"},
    {CheckId::C1, "C1", "money", "settled + reserved <= limit at every event, in every window",
     "LiteLLM #26672, #18730", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C2, "C2", "money", "each reservation settles exactly once; at rest reserved = 0",
     "LiteLLM #27639, #40050", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C3, "C3", "money",
     "a settlement never exceeds its reservation (in the simulator; a real provider's excess is settled truly and "
     "reported)",
     "", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C4, "C4", "money",
     "limiter's spend = ledger over attempts whose usage is known + reservations of attempts whose usage is "
     "unknown",
     "Bifrost #3357, LiteLLM PR 35752", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C5, "C5", "money",
     "each window resets once, at its calendar boundary (month lengths, leap day); a request is charged to the "
     "month and day of its admission",
     "LiteLLM #4196, #9098", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C6, "C6", "money", "alerts fire once per window, in order, at the settlement that reaches them",
     "LiteLLM #31934", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C7, "C7", "money", "no attempt without a reservation that covers it", "Bifrost #2873, LiteLLM #41344",
     "sim/checks/invariants/money_checks.cc"},
    {CheckId::C8, "C8", "money", "an absent limit is unlimited, zero is nothing, and nothing that fits is refused",
     "LiteLLM #20615, #26672", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C9, "C9", "money", "bill = input x input price + output x output price, exactly", "LiteLLM #14849",
     "sim/checks/invariants/money_checks.cc"},
    {CheckId::C10, "C10", "money",
     "spend of a true month or day never exceeds its limit, whatever the wall clock does, but for what is admitted "
     "while "
     "the clock stands in another one",
     "kubeflow/mcp-server PR 222", "sim/checks/invariants/true_time_checks.cc"},
    {CheckId::C11, "C11", "money",
     "what was spent of the month before the run fills that month only: no day, no later month, and no bill of the run",
     "", "sim/checks/invariants/money_checks.cc"},
    {CheckId::C12, "C12", "money",
     "replicas overspend a budget at most by what the others spent within the lag or have reserved: each holds what it "
     "spent and could know, and what it admits fits beside that",
     "", "sim/checks/replica_checks.cc"},
    {CheckId::L1, "L1", "tokens",
     "each grant is what the rule says, and the running average of tokens is at most the limit after every "
     "settlement",
     "", "sim/checks/invariants/token_checks.cc"},
    {CheckId::L2, "L2", "tokens", "billed output <= granted output", "", "sim/checks/invariants/token_checks.cc"},
    {CheckId::L3, "L3", "tokens", "token reservations are 0 at rest", "", "sim/checks/invariants/token_checks.cc"},
    {CheckId::L4, "L4", "tokens",
     "a rate window admits <= its limit; after refusal admission resumes within one window", "LiteLLM #18953",
     "sim/checks/invariants/token_checks.cc"},
    {CheckId::L5, "L5", "tokens", "a rate limiter refuses no request that is below its limit in true time",
     "kubeflow/mcp-server PR 222", "sim/checks/invariants/true_time_checks.cc"},
    {CheckId::L6, "L6", "tokens",
     "the list of limits admits, refuses, passes over and reroutes as a reference model says, and its accounts hold "
     "what the model's hold, in every window",
     "LiteLLM #26672, #35752", "sim/checks/limits/limit_checks.cc"},
    {CheckId::L7, "L7", "tokens",
     "the slots of parallel limits in use are those of requests and calls under way, also after retries, failovers and "
     "refusals; at rest none is",
     "LiteLLM #40050", "sim/checks/limits/limit_checks.cc"},
    {CheckId::H1, "H1", "cache", "a hit returns what was stored for the same content, nothing else", "LiteLLM #42400",
     "sim/checks/invariants/cache_checks.cc"},
    {CheckId::H2, "H2", "cache",
     "age at a cache_hit < ttl, at a stale_hit < ttl + stale_if_error, counted from insertion or, as ttl_from says, "
     "from the last hit; a fresh entry is "
     "used",
     "", "sim/checks/invariants/cache_checks.cc"},
    {CheckId::H3, "H3", "cache", "failures, malformed answers and answers cut short by a grant are never cached", "",
     "sim/checks/invariants/cache_checks.cc"},
    {CheckId::H4, "H4", "cache", "a cache_hit costs 0, attempts 0; a stale_hit costs its failed attempts",
     "Langfuse #2112, the seed", "sim/checks/invariants/cache_checks.cc"},
    {CheckId::H5, "H5", "cache", "an answer is stored under the provider and model that produced it", "lunargate #2",
     "sim/checks/invariants/cache_checks.cc"},
    {CheckId::H6, "H6", "cache", "entries <= capacity, and what had to make room is gone", "",
     "sim/checks/invariants/cache_checks.cc"},
    {CheckId::H7, "H7", "cache",
     "a stale answer in its time is served before failed or all_providers_unavailable, and on_exhausted is honoured: "
     "serve_cached serves a fresh answer on a spent budget, refuse does not",
     "", "sim/checks/invariants/cache_checks.cc"},
    {CheckId::R1, "R1", "routing", "same user id, same weights: same variant; failover never changes it", "",
     "sim/checks/invariants/routing_checks.cc"},
    {CheckId::T1, "T1", "telemetry", "arrivals = terminal records + in flight at every event; one record each",
     "LiteLLM PR 33736", "sim/checks/invariants/telemetry_checks.cc"},
    {CheckId::T2, "T2", "telemetry",
     "sum of record costs = limiter's confirmed spend = metrics = ledger over known-usage attempts", "LiteLLM PR 37558",
     "sim/checks/invariants/telemetry_checks.cc"},
    {CheckId::T3, "T3", "telemetry", "record time >= arrival, latency = finish - arrival, record order = finish order",
     "", "sim/checks/invariants/telemetry_checks.cc"},
    {CheckId::T4, "T4", "telemetry", "reported percentiles are within the histogram's bound of the exact ones",
     "k6 #4695", "sim/checks/invariants/telemetry_checks.cc"},
    {CheckId::T5, "T5", "telemetry", "outcomes partition the requests; each refusal names its limiter", "",
     "sim/checks/invariants/telemetry_checks.cc"},
    {CheckId::W1, "W1", "run", "same scenario and seed: same digest, any compiler, build type, thread count",
     "foundationdb #7872", "script/byte-equality", "it compares two runs"},
    {CheckId::W2, "W2", "run", "every fault window touched what it claims", "chaos-mesh #4948",
     "sim/checks/invariants/run_checks.cc"},
    {CheckId::Q, "Q", "run",
     "the world is what the scenario says: queues are first come first served, timeouts bill by bill_on_timeout, "
     "billed tokens are of the kinds that their provider prices, users "
     "think from the end of their requests, throttles and quotas refuse what exceeds their windows, requests arrive at "
     "their rate, and "
     "faults "
     "hit their share of calls",
     "", "sim/checks/invariants/world_checks.cc"},
    {CheckId::V1, "V1", "run",
     "faults healed and recovery possible: breakers closed and success rate back within recover_within",
     "TigerBeetle PR 880 (the idea)", "sim/checks/claims/liveness.cc"},
    {CheckId::V2, "V2", "run", "every request ends", "", "sim/checks/invariants/run_checks.cc"},
}};

}  // namespace

const char* name_of(EvidenceClass evidence) {
  switch (evidence) {
    case EvidenceClass::wire:
      return "wire";
    case EvidenceClass::log:
      return "log";
    case EvidenceClass::inside:
      return "inside";
  }
  fail_check("a class of evidence has a name", __FILE__, __LINE__);
}

EvidenceClass evidence_class_of(CheckId id) {
  constexpr std::array kWire = {CheckId::B1, CheckId::B3, CheckId::B8, CheckId::F1, CheckId::F3,
                                CheckId::F5, CheckId::F6, CheckId::F7, CheckId::F8, CheckId::F9,
                                CheckId::H1, CheckId::H3, CheckId::H4, CheckId::R1, CheckId::T1,
                                CheckId::T5, CheckId::W2, CheckId::V1, CheckId::V2};
  constexpr std::array kLog = {CheckId::C1, CheckId::C4, CheckId::C5, CheckId::C7, CheckId::C8, CheckId::C9,
                               CheckId::L2, CheckId::L4, CheckId::H2, CheckId::H5, CheckId::T2, CheckId::T3};
  if (std::ranges::find(kWire, id) != kWire.end()) return EvidenceClass::wire;
  return std::ranges::find(kLog, id) != kLog.end() ? EvidenceClass::log : EvidenceClass::inside;
}

std::span<const CheckEntry> check_registry() { return kRegistry; }

const CheckEntry& entry_of(CheckId id) { return kRegistry[static_cast<std::size_t>(id)]; }

std::optional<CheckId> check_named(std::string_view name) {
  const auto place = std::ranges::find(kRegistry, name, &CheckEntry::name);
  if (place == kRegistry.end()) return std::nullopt;
  return place->id;
}

CheckSelection::CheckSelection(const std::vector<std::string>& words) {
  const auto add = [this](const CheckEntry& entry) {
    if (entry.elsewhere.empty()) bits_.set(static_cast<std::size_t>(entry.id));
  };
  for (const std::string& word : words) {
    if (word == "none") continue;
    if (word == "all") {
      std::ranges::for_each(kRegistry, add);
      continue;
    }
    const auto id = check_named(word);
    check(id.has_value(), "a selected check is in the registry");
    add(entry_of(*id));
  }
}

std::vector<std::string> CheckSelection::names() const {
  std::vector<std::string> all;
  for (const CheckEntry& entry : kRegistry) {
    if (on(entry.id)) all.emplace_back(entry.name);
  }
  return all;
}

}  // namespace windtunnel::sim
