// X11: the gateway's spans against the ledger of the providers.
//
// A span is one call. A span that names its answer is compared with that call; all spans together are compared in
// number, tokens and money, for each model and in total, so that gateways that name no answer are judged too.
//
// The ledger has more than a gateway can know: an answer that broke off or stated no usage is billed all the same. Such
// calls have no upper bound: their spans may state anything, or nothing. A call that is open at the end of the
// trial may have a span or not.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/exact_decimal.h"
#include "wire/dialects/answer.h"
#include "wire/trial/checks/trial_case.h"

namespace windtunnel::wire {
namespace {

// Programs compute money in floating point, and some round it: a bill may be this much off, or a ten-thousandth of it.
constexpr std::int64_t kOffMax = 1'000'000;  // pico-dollars
constexpr std::int64_t kOffShare = 10'000;

using Reason = TrialReason;

// The gateway has read from the answer what it is billed.
bool is_usage_known(const CallLine& call) {
  const bool is_whole = call.end == CallEnd::whole || call.end == CallEnd::stream;
  return call.kind == monitor::ReplyKind::ok && call.usage_sent && is_whole;
}

bool is_billed(const CallLine& call) { return call.cost > Usd{} || call.billed.input + call.billed.output > Tokens{}; }

std::int64_t off_max(Usd bill) { return std::max(kOffMax, bill.picos() / kOffShare); }

std::string shown(Usd money) { return "$" + exact_decimal(money.picos(), kDollarDecimals); }

std::string shown(const std::optional<Tokens>& tokens) {
  return tokens ? std::to_string(tokens->count()) : std::string("no");
}

std::string name_of_span(const ReportedSpan& span) {
  return fmt::format("span {}{}", span.span, span.trace.empty() ? "" : " of trace " + span.trace);
}

Reason span_twice(const ReportedSpans& spans) {
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const ReportedSpan& span : spans.calls) {
    if (!known.emplace(span.trace, span.span).second) return name_of_span(span) + " came twice";
  }
  return {};
}

// What a span says of the call that it names.
Reason wrong_call(const ReportedSpan& span, const CallLine& call, std::string_view model) {
  if (span.names_served_model && span.model != model) {
    return fmt::format("call {} was answered by the model {}, and its span names {}", call.call, model, span.model);
  }
  if (!is_usage_known(call)) return {};
  const bool is_right =
      span.input.value_or(Tokens{}) == call.billed.input && span.output.value_or(Tokens{}) == call.billed.output;
  if (!is_right) {
    return fmt::format(
        "the provider sent {} input and {} output tokens as the usage of call {}, its span has {} and {}",
        call.billed.input.count(), call.billed.output.count(), call.call, shown(span.input), shown(span.output));
  }
  if (!span.cost) return {};
  const std::int64_t off = span.cost->picos() - call.cost.picos();
  if (off <= off_max(call.cost) && -off <= off_max(call.cost)) return {};
  return fmt::format("call {} cost {}, its span has {}", call.call, shown(call.cost), shown(*span.cost));
}

// The sums of one model, or of all.
struct Sums {
  std::int64_t calls = 0;  // that must have a span
  std::int64_t open = 0;   // that may have one
  std::int64_t input = 0;
  std::int64_t output = 0;
  Int128 cost = 0;
  Int128 off = 0;          // that the money may be
  bool is_bounded = true;  // no bill of them is unknown to the gateway
};

struct SpanSums {
  std::int64_t spans = 0;
  std::int64_t input = 0;
  std::int64_t output = 0;
  Int128 cost = 0;

  void add(const ReportedSpan& span) {
    ++spans;
    input += span.input.value_or(Tokens{}).count();
    output += span.output.value_or(Tokens{}).count();
    cost += span.cost.value_or(Usd{}).picos();
  }
};

void add(Sums& sums, const CallLine& call) {
  if (call.end == CallEnd::open) {
    ++sums.open;
    sums.is_bounded = false;
    return;
  }
  ++sums.calls;
  if (!is_usage_known(call)) {
    sums.is_bounded = sums.is_bounded && !is_billed(call);
    return;
  }
  sums.input += call.billed.input.count();
  sums.output += call.billed.output.count();
  sums.cost += call.cost.picos();
  sums.off += off_max(call.cost);
}

// `extra`: of spans that name another model than the scenario's as the requested one, which may be of this one.
Reason wrong_sums(std::string_view whose, const Sums& ledger, const SpanSums& spans, const SpanSums& extra,
                  bool has_money) {
  if (spans.spans + extra.spans < ledger.calls || spans.spans > ledger.calls + ledger.open) {
    return fmt::format("{} calls{}, and {} spans about them", ledger.calls + ledger.open, whose, spans.spans);
  }
  const auto differs = [&](std::int64_t billed, std::int64_t stated, std::int64_t more) {
    return stated + more < billed || (ledger.is_bounded && stated > billed);
  };
  if (differs(ledger.input, spans.input, extra.input)) {
    return fmt::format("{} input tokens{}, and {} in the spans", ledger.input, whose, spans.input);
  }
  if (differs(ledger.output, spans.output, extra.output)) {
    return fmt::format("{} output tokens{}, and {} in the spans", ledger.output, whose, spans.output);
  }
  const bool is_less = spans.cost + extra.cost + ledger.off < ledger.cost;
  const bool is_more = ledger.is_bounded && spans.cost > ledger.cost + ledger.off;
  if (!has_money || (!is_less && !is_more)) return {};
  return fmt::format("calls{} cost {}, and {} by the spans", whose,
                     shown(Usd::from_picos(static_cast<std::int64_t>(ledger.cost))),
                     shown(Usd::from_picos(static_cast<std::int64_t>(spans.cost))));
}

// The ledger with what is needed to compare it.
class Ledger {
 public:
  Ledger(const TrialRun& run, const sim::Scenario& scenario) : spans_(*run.spans) {
    for (const sim::ProviderSpec& spec : scenario.providers) models_[spec.name] = spec.model;
    for (const CallLine& call : run.calls) calls_.emplace(call.call, &call);
  }

  // Of the spans that name their answer. A call that it is about is put into `call`.
  Reason wrong_span(const CallLine*& call) const {
    std::map<std::uint64_t, const ReportedSpan*> named;
    for (const ReportedSpan& span : spans_.calls) {
      const auto digits = call_in_id(span.answer);
      if (!digits) continue;
      std::uint64_t number = 0;
      std::from_chars(digits->data(), digits->data() + digits->size(), number);
      const auto found = calls_.find(number);
      if (found == calls_.end()) return name_of_span(span) + " names the answer " + span.answer + ", which none gave";
      call = found->second;
      const auto [other, is_new] = named.emplace(number, &span);
      if (!is_new) return fmt::format("call {} has two spans, {} and {}", number, other->second->span, span.span);
      if (const Reason reason = wrong_call(span, *call, models_.at(call->provider))) return reason;
    }
    call = nullptr;
    return {};
  }

  Reason wrong_sum() const {
    Sums all;
    std::map<std::string, std::pair<Sums, SpanSums>> by_model;
    for (const auto& [number, call] : calls_) {
      add(all, *call);
      add(by_model[models_.at(call->provider)].first, *call);
    }
    SpanSums spans;
    SpanSums unknown;
    bool has_money = true;
    for (const ReportedSpan& span : spans_.calls) {
      spans.add(span);
      if (const auto model = by_model.find(span.model); model != by_model.end()) {
        model->second.second.add(span);
      } else if (!span.names_served_model) {
        unknown.add(span);
      }
      has_money = has_money && (span.cost || !span.output || *span.output == Tokens{});
    }
    if (Reason reason = wrong_sums("", all, spans, {}, has_money)) return named_call(*std::move(reason));
    for (const auto& [model, sums] : by_model) {
      if (Reason reason = wrong_sums(" of " + model, sums.first, sums.second, unknown, has_money)) return reason;
    }
    return {};
  }

 private:
  // With the first answered call that no span names, where spans name their answers.
  [[nodiscard]] std::string named_call(std::string reason) const {
    std::set<std::string> named;
    for (const ReportedSpan& span : spans_.calls) {
      if (const auto digits = call_in_id(span.answer)) named.emplace(*digits);
    }
    if (named.empty()) return reason;
    for (const auto& [number, call] : calls_) {
      if (!is_usage_known(*call) || named.contains(std::to_string(number))) continue;
      return reason + fmt::format("; no span names the answer to call {} of {}", number, call->provider);
    }
    return reason;
  }

  const ReportedSpans& spans_;
  std::map<std::string, std::string> models_;       // by provider
  std::map<std::uint64_t, const CallLine*> calls_;  // by number
};

}  // namespace

std::optional<TrialBreach> wrong_spans(const TrialRun& run, const sim::Scenario& scenario) {
  if (!run.spans || run.spans->calls.empty()) return std::nullopt;
  if (const Reason reason = span_twice(*run.spans)) return TrialBreach{*reason, run.ended};
  const Ledger ledger{run, scenario};
  const CallLine* call = nullptr;
  if (const Reason reason = ledger.wrong_span(call))
    return TrialBreach{*reason, call != nullptr ? call->ended : run.ended};
  if (const Reason reason = ledger.wrong_sum()) return TrialBreach{*reason, run.ended};
  return std::nullopt;
}

}  // namespace windtunnel::wire
