#include "monitor/request.h"

namespace windtunnel::monitor {

const char* name_of(ReplyKind kind) {
  switch (kind) {
    case ReplyKind::ok:
      return "ok";
    case ReplyKind::timeout:
      return "timeout";
    case ReplyKind::connection_error:
      return "connection_error";
    case ReplyKind::server_error:
      return "server_error";
    case ReplyKind::overloaded:
      return "overloaded";
    case ReplyKind::rate_limited:
      return "rate_limited";
    case ReplyKind::malformed:
      return "malformed";
    case ReplyKind::truncated:
      return "truncated";
    case ReplyKind::auth_or_quota:
      return "auth_or_quota";
    case ReplyKind::client_error:
      return "client_error";
    case ReplyKind::context_length:
      return "context_length";
    case ReplyKind::content_policy:
      return "content_policy";
    case ReplyKind::not_found:
      return "not_found";
    case ReplyKind::auth:
      return "auth";
    case ReplyKind::quota_exhausted:
      return "quota_exhausted";
  }
  fail_check("a reply kind has a name", __FILE__, __LINE__);
}

namespace {

struct OutcomeTexts {
  const char* name;
  const char* doc;
  const char* settings = "";  // what decides how often it occurs; of answers nothing
};

OutcomeTexts texts_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::served:
      return {"served", "A provider answered, at the first try or after retries and failovers."};
    case Outcome::cache_hit:
      return {"cache_hit", "The answer came from the cache. It cost nothing and called no provider."};
    case Outcome::stale_hit:
      return {"stale_hit",
              "All calls failed, and an expired entry of the cache answered in their place (`cache.stale_if_error`)."};
    case Outcome::refused_rate:
      return {"refused_rate",
              "Our own rate limiter refused the request before anything else: the minute's requests or tokens were "
              "used up; or a limit of the scenario's `limits` had no room for it in requests, tokens or requests under "
              "way. Not "
              "a failure of a provider, and not counted in requests_failed.",
              "monitor.rate_limiter"};
    case Outcome::refused_tokens:
      return {"refused_tokens",
              "The token limiter could not grant the request `min_output_tokens` of output, or in mode per_request "
              "its worst case was above the limit.",
              "monitor.token_limiter"};
    case Outcome::refused_budget:
      return {"refused_budget",
              "The worst case of a call did not fit into what is left of the month's or the day's budget, at "
              "admission or before a further attempt; or a limit of the scenario's `limits` had no money left for it.",
              "monitor.cost_limiter"};
    case Outcome::client_error:
      return {"client_error",
              "The provider says that the request itself is wrong (a 4xx). It is not tried elsewhere, and the "
              "breaker takes no notice. After another provider's retriable failure it does not end the request: the "
              "next candidate is tried, and with none left the outcome is failed. A request whose caller has gone ends "
              "so too, where the gateway sees it (`monitor.provider_call.on_caller_gone`).",
              "the faults and errors of the providers"};
    case Outcome::failed:
      return {"failed", "At least one call was made, all failed, and no candidate was left.",
              "the faults and errors of the providers"};
    case Outcome::all_providers_unavailable:
      return {"all_providers_unavailable",
              "No call was made: every candidate's breaker was open or its Retry-After had not passed.",
              "monitor.circuit_breaker"};
    case Outcome::deadline_exceeded:
      return {"deadline_exceeded", "The request's own `deadline` came before an answer did.",
              "monitor.provider_call.deadline"};
    case Outcome::broken_stream:
      return {"broken_stream",
              "A streamed answer broke off, or took too long, after its caller had read the first of it. No other "
              "answer can take its place unseen (`monitor.provider_call.on_broken_stream`).",
              "the faults and errors of the providers"};
  }
  fail_check("an outcome has a name", __FILE__, __LINE__);
}

}  // namespace

const char* name_of(Outcome outcome) { return texts_of(outcome).name; }

const char* doc_of(Outcome outcome) { return texts_of(outcome).doc; }

const char* settings_behind(Outcome outcome) { return texts_of(outcome).settings; }

}  // namespace windtunnel::monitor
