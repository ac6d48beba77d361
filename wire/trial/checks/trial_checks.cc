#include "wire/trial/checks/trial_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "wire/trial/checks/trial_case.h"
#include "wire/trial/trial_figures.h"

namespace windtunnel::wire {
namespace {

using monitor::ReplyKind;

// How long a gateway may keep a call open after its caller has gone.
constexpr Duration kReleaseMax = std::chrono::seconds{2};

using sim::EvidenceClass;

constexpr std::array<TrialCheck, 12> kChecks = {{
    {"X1", EvidenceClass::wire, "an answer that ends as a whole one has every token once and in order",
     "streams that are assembled from several buffers lose or repeat chunks", "Bifrost #597, luthien-proxy #61"},
    {"X2", EvidenceClass::wire, "an answer is that of its own question",
     "a shared cache or a pooled connection gives another caller's answer", "LiteLLM #42400"},
    {"X3", EvidenceClass::wire,
     "no call is made for a request that has ended, and the calls of a caller that left are closed",
     "retries go on for a caller that is gone, and end in a paid call", "LiteLLM #37140, #17364"},
    {"X4", EvidenceClass::wire, "an answer that the provider broke off never ends as a whole one",
     "a cut stream is closed cleanly, so that half a text passes for an answer", "Portkey #1797"},
    {"X5", EvidenceClass::wire, "the usage in an answer is the one that the provider sent",
     "usage is lost in a stream and reported as zero", "LiteLLM #36168, #8349"},
    {"X6", EvidenceClass::wire, "a request makes at most as many calls as are declared",
     "retries of several layers multiply", "nanobot #2760, LiteLLM PR 25285"},
    {"X7", EvidenceClass::wire, "no call is made to a provider before its latest Retry-After has passed",
     "Retry-After is not read, or read in one of its forms only", "LiteLLM #20722"},
    {"X8", EvidenceClass::wire,
     "a request that is wrong itself is refused to its caller and sent to no other provider, and a key that is refused "
     "is not tried again",
     "a 400 is retried at every provider", "Bifrost PR 3491"},
    {"X9", EvidenceClass::wire,
     "an error reaches its caller as one of its class (429 as 429, or 503 with Retry-After), never as 200, never as "
     "silence, and within the declared deadline",
     "an error of the provider arrives as 200 or 500, so that no caller waits and tries again",
     "Fastllm-proxy #28, sourcegraph #52633"},
    {"X10", EvidenceClass::wire, "a provider is called when its declared breaker admits a call, and not otherwise",
     "each worker keeps a breaker of its own, or retries pass by it", "LiteLLM #32574"},
    {"X11", EvidenceClass::log,
     "the spans that the gateway sends are its calls: each call once, with the tokens, the model and the money of the "
     "ledger",
     "spans are lost, sent twice or without usage, so that a dashboard shows other tokens than the bill",
     "LiteLLM #13785, #31583"},
    {"X12", EvidenceClass::wire, "no call is made once the bills of ended calls exceed the declared budget",
     "the budget is read from a cache that does not see its own spend", "LiteLLM #26672"},
}};

using Reason = TrialReason;
using Case = TrialCase;

// The answer came with its end, as a client reads it.
bool looks_whole(const TrialRequest& request) {
  return request.status == 200 && request.end == RequestEnd::answered && !request.answer.has_error &&
         !request.answer.is_garbage;
}

Reason broken_order(const Case& of) {
  if (!looks_whole(of.request) || of.answered == nullptr || of.answered->kind != ReplyKind::ok) return {};
  const AnswerWords words = words_in(of.request.answer.text);
  const std::int64_t sent = of.answered->billed.output.count();
  if (words.in_order && words.words == sent) return {};
  return fmt::format("it has {} of {} tokens{}", words.words, sent, words.in_order ? "" : ", not in order");
}

Reason another_answer(const Case& of) {
  if (!looks_whole(of.request) || of.answered == nullptr) return {};
  if (std::ranges::find(of.calls, of.answered) != of.calls.end()) return {};
  const bool is_cached =
      of.calls.empty() && of.asked != nullptr && of.asked->request.content == of.request.request.content;
  if (is_cached) return {};
  return fmt::format("it is the answer to call {}, which was made for another question", of.answered->call);
}

Reason calls_after_end(const Case& of) {
  for (const CallLine* const call : of.calls) {
    if (call->arrived > of.request.finished) {
      return fmt::format("call {} was made {} ms after the request had ended", call->call,
                         (call->arrived - of.request.finished) / std::chrono::milliseconds{1});
    }
    const bool was_open = call->end == CallEnd::left || call->end == CallEnd::open;
    if (of.request.end == RequestEnd::timed_out && was_open && call->ended > of.request.finished + kReleaseMax) {
      return fmt::format("call {} was still open {} ms after its caller had left", call->call,
                         (call->ended - of.request.finished) / std::chrono::milliseconds{1});
    }
  }
  return {};
}

Reason unseen_cut(const Case& of) {
  if (!looks_whole(of.request) || of.request.answer.text.empty()) return {};
  // A stream that the provider itself ended as a whole one shows nothing to a gateway that passes it on.
  if (of.answered == nullptr || of.answered->kind != ReplyKind::truncated) return {};
  if (of.answered->end == CallEnd::early_end) return {};
  return fmt::format("call {} was cut after {} tokens, and its caller was shown no error", of.answered->call,
                     words_in(of.request.answer.text).words);
}

Reason wrong_usage(const Case& of) {
  if (view_of(of.request) != CallerView::served && !looks_whole(of.request)) return {};
  if (of.answered == nullptr || of.answered->kind != ReplyKind::ok) return {};
  const auto& stated = of.request.answer.output_tokens;
  const std::int64_t sent = of.answered->billed.output.count();
  if (stated == sent) return {};
  if (!of.answered->usage_sent) {
    if (stated != 0) return {};
    return fmt::format("the provider sent no usage of call {}, and the caller got 0 output tokens for {}",
                       of.answered->call, sent);
  }
  return fmt::format("the provider sent {} output tokens as the usage of call {}, the caller got {}", sent,
                     of.answered->call, stated ? std::to_string(*stated) : std::string("none"));
}

// The same provider was asked again after it had refused the key.
Reason refused_key_again(const Case& of) {
  for (auto call = of.calls.begin(); call != of.calls.end(); ++call) {
    const bool is_refused = (*call)->kind == ReplyKind::auth || (*call)->kind == ReplyKind::auth_or_quota;
    if (!is_refused) continue;
    const auto again = std::find_if(call + 1, of.calls.end(),
                                    [&](const CallLine* other) { return other->provider == (*call)->provider; });
    if (again == of.calls.end()) continue;
    return fmt::format("call {} was refused with {}, and call {} asked {} again", (*call)->call, (*call)->status,
                       (*again)->call, (*call)->provider);
  }
  return {};
}

Reason own_error_spread(const Case& of) {
  if (const Reason again = refused_key_again(of)) return again;
  const auto wrong =
      std::ranges::find_if(of.calls, [](const CallLine* call) { return call->kind == ReplyKind::client_error; });
  if (wrong == of.calls.end()) return {};
  if (wrong + 1 != of.calls.end()) {
    return fmt::format("call {} was refused with 400, and call {} followed", (*wrong)->call, (*(wrong + 1))->call);
  }
  if (of.request.status == 400 || of.request.status == 0) return {};
  return fmt::format("call {} was refused with 400, and the caller got {}", (*wrong)->call, of.request.status);
}

// Of each check that is about single requests, in the order of kChecks; nothing where it is not to be judged.
using Rule = std::function<Reason(const Case&)>;
struct IdRule {
  std::string_view id;
  Rule rule;
};

std::vector<IdRule> rules_for(const sim::Scenario& declared, std::vector<std::string>& not_judged) {
  std::vector<IdRule> rules{{"X1", broken_order}, {"X2", another_answer}, {"X3", calls_after_end},
                            {"X4", unseen_cut},   {"X5", wrong_usage},    {"X8", own_error_spread}};
  if (const auto most = declared_attempts(declared)) {
    rules.push_back({"X6", [most](const Case& of) { return too_many_calls(of, *most); }});
  } else {
    not_judged.emplace_back("X6: no number of attempts is declared");
  }
  std::optional<Duration> deadline;
  if (declared.origins.contains("/monitor/provider_call/deadline")) deadline = declared.monitor.provider_call.deadline;
  rules.push_back({"X9", [deadline](const Case& of) { return wrong_class(of, deadline); }});
  return rules;
}

const TrialCheck& check_of(std::string_view id) {
  const auto found = std::ranges::find(kChecks, id, &TrialCheck::id);
  check(found != kChecks.end(), "a rule belongs to a check");
  return *found;
}

sim::Finding finding_of(std::string_view id, std::string reason, Instant at, std::optional<RequestId> request) {
  return {.kind = sim::Finding::Kind::invariant,
          .id = std::string(id),
          .verdict = sim::Verdict::fail,
          .claim = fmt::format("{}: {}", id, check_of(id).claim),
          .reason = std::move(reason),
          .at = at,
          .request = request,
          .origin = {}};
}

// The calls that answers name, and the requests behind them.
class Answers {
 public:
  Answers(const TrialRun& run, const CallsByRequest& calls) : by_number_(run.calls.size()), asked_(run.calls.size()) {
    for (const CallLine& line : run.calls) {
      if (line.call < by_number_.size()) by_number_[line.call] = &line;
    }
    for (std::size_t i = 0; i < run.requests.size(); ++i) {
      for (const std::size_t place : calls.of[i]) {
        if (run.calls[place].call < asked_.size()) asked_[run.calls[place].call] = &run.requests[i];
      }
    }
  }
  void put_into(Case& of) const {
    const auto named = words_in(of.request.answer.text).call;
    if (!named || *named >= by_number_.size()) return;
    of.answered = by_number_[*named];
    of.asked = asked_[*named];
  }

 private:
  std::vector<const CallLine*> by_number_;
  std::vector<const TrialRequest*> asked_;
};

// What X11 lacks; empty: nothing.
std::string missing_spans(const TrialRun& run) {
  if (!run.spans) return "the gateway's file has no {url:otlp}, so that no spans are received";
  if (run.stopped) return "the trial was stopped before all spans had come";
  if (!run.spans->calls.empty()) return {};
  const std::uint64_t all = run.spans->of_callers + run.spans->others + run.spans->unreadable;
  if (all == 0) return "the gateway sent no spans";
  return fmt::format("the gateway sent {} spans, and none that can be read is about a call of a model", all);
}

// The checks that are about all calls together.
void check_calls(const TrialRun& run, const sim::Scenario& scenario, const sim::Scenario& declared,
                 TrialVerdicts& verdicts) {
  const auto judge = [&](std::string_view id, const std::optional<TrialBreach>& breach) {
    if (std::ranges::find(verdicts.checks, id) == verdicts.checks.end()) verdicts.checks.emplace_back(id);
    const bool is_known = std::ranges::find(verdicts.findings, id, &sim::Finding::id) != verdicts.findings.end();
    if (breach && !is_known) verdicts.findings.push_back(finding_of(id, breach->reason, breach->at, std::nullopt));
  };
  judge("X7", early_calls(run, declared.monitor.provider_call.retry_after_cap));
  bool has_breaker = false;
  for (std::size_t i = 0; i < declared.providers.size(); ++i) {
    const bool is_declared = declared.origins.contains("/monitor/circuit_breaker") ||
                             declared.origins.contains("/providers/" + declared.providers[i].name + "/circuit_breaker");
    if (is_declared) judge("X10", calls_past_breaker(run, declared, i));
    has_breaker = has_breaker || is_declared;
  }
  if (!has_breaker) verdicts.not_judged.emplace_back("X10: no breaker is declared");
  if (const std::string lack = missing_spans(run); lack.empty()) {
    judge("X11", wrong_spans(run, scenario));
  } else {
    verdicts.not_judged.push_back("X11: " + lack);
  }
  bool has_budget = false;
  for (const auto& [key, limit] : {std::pair{"monthly_usd", declared.monitor.cost_limiter.monthly},
                                   {"daily_usd", declared.monitor.cost_limiter.daily}}) {
    if (!limit || !declared.origins.contains(std::string("/monitor/cost_limiter/") + key)) continue;
    has_budget = true;
    const bool is_month = std::string_view(key).starts_with("month");
    judge("X12", calls_past_budget(run, *limit, is_month ? declared.month_spent : Usd{}));
  }
  if (!has_budget) verdicts.not_judged.emplace_back("X12: no budget is declared");
}

}  // namespace

std::span<const TrialCheck> trial_checks() { return kChecks; }

TrialVerdicts check_trial(const TrialRun& run, const sim::Scenario& scenario, const sim::Scenario& declared) {
  TrialVerdicts verdicts;
  const CallsByRequest calls = calls_by_request(run, scenario);
  const Answers answers{run, calls};
  std::vector<IdRule> rules = rules_for(declared, verdicts.not_judged);
  for (const IdRule& rule : rules) verdicts.checks.emplace_back(rule.id);
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    Case of{.request = run.requests[i], .calls = {}};
    for (const std::size_t place : calls.of[i]) of.calls.push_back(&run.calls[place]);
    answers.put_into(of);
    std::erase_if(rules, [&](const IdRule& rule) {
      Reason reason = rule.rule(of);
      if (!reason) return false;
      verdicts.findings.push_back(
          finding_of(rule.id, fmt::format("request {}: {}", i, *reason), of.request.finished, of.request.request.id));
      return true;
    });
  }
  check_calls(run, scenario, declared, verdicts);
  const auto place_of = [](const std::string& id) { return &check_of(id) - kChecks.data(); };
  std::ranges::sort(verdicts.findings, {}, [&](const sim::Finding& finding) { return place_of(finding.id); });
  std::ranges::sort(verdicts.checks, {}, place_of);
  return verdicts;
}

}  // namespace windtunnel::wire
