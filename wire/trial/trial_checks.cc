#include "wire/trial/trial_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "wire/trial/trial_figures.h"

namespace windtunnel::wire {
namespace {

using monitor::ReplyKind;

// How long a gateway may keep a call open after its caller has gone.
constexpr Duration kReleaseMax = std::chrono::seconds{2};

constexpr std::array<TrialCheck, 6> kChecks = {{
    {"X1", "an answer that ends as a whole one has every token once and in order",
     "streams that are assembled from several buffers lose or repeat chunks"},
    {"X2", "an answer is that of its own question",
     "a shared cache or a pooled connection gives another caller's answer"},
    {"X3", "no call is made for a request that has ended, and the calls of a caller that left are closed",
     "retries go on for a caller that is gone, and end in a paid call"},
    {"X4", "an answer that the provider broke off never ends as a whole one",
     "a cut stream is closed cleanly, so that half a text passes for an answer"},
    {"X5", "the usage in an answer is the one that the provider sent",
     "usage is lost in a stream and reported as zero"},
    {"X8", "a request that is wrong itself is refused to its caller and sent to no other provider",
     "a 400 is retried at every provider"},
}};

// One request with its calls.
struct Case {
  const TrialRequest& request;
  std::vector<const CallLine*> calls;   // in the order in which they came
  const CallLine* answered = nullptr;   // the call that the answer names
  const TrialRequest* asked = nullptr;  // the request of that call
};

using Reason = std::optional<std::string>;

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
  if (of.answered == nullptr || of.answered->kind != ReplyKind::ok || !of.answered->usage_sent) return {};
  const auto& stated = of.request.answer.output_tokens;
  const std::int64_t sent = of.answered->billed.output.count();
  if (stated == sent) return {};
  return fmt::format("the provider sent {} output tokens as the usage of call {}, the caller got {}", sent,
                     of.answered->call, stated ? std::to_string(*stated) : std::string("none"));
}

Reason own_error_spread(const Case& of) {
  const auto wrong =
      std::ranges::find_if(of.calls, [](const CallLine* call) { return call->kind == ReplyKind::client_error; });
  if (wrong == of.calls.end()) return {};
  if (wrong + 1 != of.calls.end()) {
    return fmt::format("call {} was refused with 400, and call {} followed", (*wrong)->call, (*(wrong + 1))->call);
  }
  if (of.request.status == 400 || of.request.status == 0) return {};
  return fmt::format("call {} was refused with 400, and the caller got {}", (*wrong)->call, of.request.status);
}

constexpr std::array<Reason (*)(const Case&), kChecks.size()> kRules = {broken_order, another_answer, calls_after_end,
                                                                        unseen_cut,   wrong_usage,    own_error_spread};

}  // namespace

std::span<const TrialCheck> trial_checks() { return kChecks; }

std::vector<sim::Finding> check_trial(const TrialRun& run, const sim::Scenario& scenario) {
  const CallsByRequest calls = calls_by_request(run, scenario);
  std::vector<const CallLine*> by_number(run.calls.size());
  std::vector<const TrialRequest*> request_of(run.calls.size());
  for (const CallLine& line : run.calls) {
    if (line.call < by_number.size()) by_number[line.call] = &line;
  }
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    for (const std::size_t place : calls.of[i]) {
      if (run.calls[place].call < request_of.size()) request_of[run.calls[place].call] = &run.requests[i];
    }
  }
  std::array<std::optional<sim::Finding>, kChecks.size()> found;
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    Case of{.request = run.requests[i], .calls = {}};
    for (const std::size_t place : calls.of[i]) of.calls.push_back(&run.calls[place]);
    const auto named = words_in(of.request.answer.text).call;
    if (named && *named < by_number.size()) {
      of.answered = by_number[*named];
      of.asked = request_of[*named];
    }
    for (std::size_t k = 0; k < kChecks.size(); ++k) {
      if (found[k]) continue;
      const Reason reason = kRules[k](of);
      if (!reason) continue;
      found[k] = sim::Finding{.kind = sim::Finding::Kind::invariant,
                              .id = std::string(kChecks[k].id),
                              .verdict = sim::Verdict::fail,
                              .claim = fmt::format("{}: {}", kChecks[k].id, kChecks[k].claim),
                              .reason = fmt::format("request {}: {}", i, *reason),
                              .at = of.request.finished,
                              .request = of.request.request.id,
                              .origin = {}};
    }
  }
  std::vector<sim::Finding> findings;
  for (auto& finding : found) {
    if (finding) findings.push_back(*std::move(finding));
  }
  return findings;
}

}  // namespace windtunnel::wire
