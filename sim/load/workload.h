#pragma once
// One stream of requests as a scenario states it: when its requests come, and what each holds.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "sim/kernel/law.h"
#include "sim/load/client.h"
#include "sim/load/executor.h"

namespace windtunnel::sim {

enum class Arrival : std::uint8_t { uniform, poisson, gamma, mmpp };

// Token lengths: the law's value is rounded to the nearest whole token and kept within [least, most].
struct TokenModel {
  Law law;
  Tokens least{1};
  Tokens most{100'000};
  friend bool operator==(const TokenModel&, const TokenModel&) = default;
};

// Where a request's content comes from: 0 means that every request is a prompt of its own.
struct PromptCatalogue {
  std::int64_t count = 0;
  double zipf = 0;  // exponent of popularity; 0: all alike
  // Of the count from run to run, around its mean: how often prompts repeat, and with it how often a cache answers, is
  // as uncertain as the level of demand.
  double count_cv = 0;
  friend bool operator==(const PromptCatalogue&, const PromptCatalogue&) = default;
};

struct UserCatalogue {
  std::int64_t count = 0;  // 0: no user ids
  double zipf = 0;
  friend bool operator==(const UserCatalogue&, const UserCatalogue&) = default;
};

// Keys, teams, or the values of a tag.
struct CallerCatalogue {
  std::int64_t count = 0;  // 0: none
  double zipf = 0;
  friend bool operator==(const CallerCatalogue&, const CallerCatalogue&) = default;
};

// One listed request of a `script`, or one row of a trace.
struct ListedRequest {
  Duration at{0};
  std::optional<Tokens> input;
  std::optional<Tokens> output;  // what the provider would answer with, uncut
  std::optional<Tokens> max_tokens;
  std::optional<std::string> prompt;  // requests with the same word have the same content
  std::optional<std::string> user;
  std::optional<std::string> team;
  std::optional<std::string> key;
  std::optional<std::string> provider;
  std::optional<std::string> route;    // of a trace; absent: the workload's
  std::optional<Tokens> cached_input;  // of its input, in a provider's cache of prompts
  friend bool operator==(const ListedRequest&, const ListedRequest&) = default;
};

// Two-state Markov-modulated Poisson process.
struct Mmpp {
  std::vector<double> factors{0.5, 1.5};  // of the rate, one per state
  std::vector<Duration> mean_sojourn{std::chrono::seconds{60}, std::chrono::seconds{60}};
  friend bool operator==(const Mmpp&, const Mmpp&) = default;
};

struct WorkloadSpec {
  std::string name;
  Executor executor;
  Arrival arrival = Arrival::uniform;
  Rate rate;
  Duration start{0};
  std::optional<Duration> duration;  // absent: to the end of the run
  double gamma_shape = 1;            // of the gaps of `gamma` arrivals; 1 is poisson, less is burstier
  Mmpp mmpp;
  std::vector<ListedRequest> requests;  // of a list: a script, or the trace of a replay
  std::optional<std::string> provider;
  std::optional<std::string> route;                       // what is asked for; absent: the first route
  std::vector<std::pair<std::string, std::string>> tags;  // of each request, for the rules of routes and for limits
  std::vector<std::pair<std::string, CallerCatalogue>> tag_catalogues;  // tags whose values are drawn, for limits
  std::string key;                                                      // of each request; empty: of the catalogue
  std::string team;
  CallerCatalogue keys;  // of each team, if there are teams
  CallerCatalogue teams;
  PromptCatalogue prompts;
  UserCatalogue users;
  TokenModel input{Law::fixed(150)};
  TokenModel output{Law::fixed(200)};
  // Parts of these, as far as they reach: of the input what a provider's cache of prompts holds and what is written
  // into it, of the output what the model thinks.
  TokenModel cached_input{Law::fixed(0), Tokens{0}};
  TokenModel cache_write{Law::fixed(0), Tokens{0}};
  TokenModel reasoning{Law::fixed(0), Tokens{0}};
  double length_cv = 0;              // of a factor of all lengths that is drawn once for the run
  std::optional<Tokens> max_tokens;  // absent: 500; a trace row has exactly its output tokens
  bool stream = false;               // a reply that breaks off is a failure that the caller has seen
  // Whose draws of level, growth, days, bursts, prompts and lengths these are: workloads with the same word rise and
  // fall together. Empty: the workload's own.
  std::string demand;
  std::string feature_version;
  std::string prompt_version;
  std::optional<ClientSpec> client;  // absent: one try, and its caller waits for whatever comes
};

// The name of the draws of its demand.
[[nodiscard]] inline const std::string& demand_name(const WorkloadSpec& spec) {
  return spec.demand.empty() ? spec.name : spec.demand;
}

}  // namespace windtunnel::sim
