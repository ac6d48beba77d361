#pragma once
// A caller's request as the gateway takes it: which interface, what the pipeline needs of it, whose it is.
//
// Whose it is stands in headers or in the body's `metadata`, headers first:
//
//   header                         metadata           meaning
//   x-windtunnel-feature-version   feature_version    labels of statistics and telemetry
//   x-windtunnel-prompt-version    prompt_version
//   x-windtunnel-experiment        experiment_id
//   x-windtunnel-variant           variant_id
//   x-windtunnel-user              user_id            keeps a user in one arm; else the body's `user`
//   x-windtunnel-team              team
//   x-windtunnel-provider                             a provider by name, before the router's choice
//   x-windtunnel-route                                a route by name
//
// `model` names a route, a provider, or a provider's model; "default" leaves the choice to the router.
//
// Input tokens are an estimate (`tokens: estimate`): the bytes of all texts of the request, four to a token, rounded
// up, and at least one. It is a pure function of the text, so that the same request has the same estimate everywhere.

#include <optional>
#include <string>
#include <string_view>

#include "monitor/request.h"
#include "sim/world/scenario.h"
#include "wire/dialects/error_reply.h"
#include "wire/dialects/model_request.h"
#include "wire/http/http_message.h"

namespace windtunnel::wire {

struct Attribution {
  std::string feature_version;
  std::string prompt_version;
  std::string experiment;
  std::string variant;
  std::string user;
  std::string team;
};

// What a trial states in headers so that the gateway's named draws are those of the simulation.
struct TrialNames {
  std::optional<std::uint64_t> request;
  std::optional<std::uint64_t> user_key;
  std::optional<Tokens> expected;  // the most output tokens, where the caller has not asked for a limit
};

struct FrontRequest {
  ModelRequest model;
  monitor::Request request;  // without its id
  Attribution attribution;
  TrialNames trial;
  std::string traceparent;  // the caller's trace, as its header has it
  std::string body;
};

// The request, or the reply that refuses it.
struct DecodedFront {
  std::optional<FrontRequest> request;
  std::optional<ErrorReply> refusal;
};

// `is_trial`: the headers of a trial are read.
[[nodiscard]] DecodedFront decode_front(Api api, HttpRequest request, const sim::Scenario& scenario, bool is_trial);

}  // namespace windtunnel::wire
