// Global rate limits of a BackendTrafficPolicy: for each rule one limit over the requests that its selectors match.

#include <algorithm>
#include <array>

#include "scenarios/import/envoy_policy.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::LimitConfig;
using monitor::LimitScope;

struct Unit {
  std::string_view name;
  Duration length;
};
// As Envoy's rate limit service counts: whole multiples since 1970.
constexpr std::array<Unit, 6> kUnits{
    {{"Second", 1s}, {"Minute", 1min}, {"Hour", 1h}, {"Day", 24h}, {"Month", 24h * 30}, {"Year", 24h * 365}}};
constexpr const char* kEnvoyReserves =
    ": Envoy adds the tokens of an answer when it has come, here the most that a request "
    "may use is reserved before it";

class LimitReader {
 public:
  LimitReader(const EnvoyPolicy& policy, const EnvoyLimitScope& scope, ConfigReading& in, ImportedWorld& world)
      : policy_(policy), scope_(scope), in_(in), keys_(in.keys()), world_(world) {}

  void read() {
    const JsonValue& limits = *policy_.rate_limit;
    if (!in_.require_map(limits)) return;
    if (scope_.why_not != nullptr) return keys_.drop(limits, scope_.why_not);
    if (const JsonValue* type = ConfigReading::find(limits, "type")) keys_.carry(*type, "limits");
    const JsonValue* global = in_.map(limits, "global");
    const JsonValue* rules = global == nullptr ? nullptr : in_.list(*global, "rules");
    if (rules != nullptr) {
      for (const JsonValue& rule : rules->items) {
        ++number_;
        if (in_.require_map(rule)) add_rule(rule);
      }
    }
    keys_.drop(limits, "no word for it: a limit of each host of the gateway");
  }

 private:
  void add_rule(const JsonValue& rule) {
    LimitConfig limit;
    if (scope_.route) limit.when.push_back({{.scope = LimitScope::route}, *scope_.route});
    monitor::Tags tags;
    const char* why_not = envoy_selectors(rule, limit, tags, in_, nullptr);
    if (why_not == nullptr) why_not = read_amount(rule, limit);
    if (why_not != nullptr) return keys_.drop(rule, why_not);
    const bool is_of_tokens = limit.tokens.has_value();
    limit.id = "rule " + std::to_string(number_) + " of " + policy_.name;
    const ImportedWorld::AddedLimit added = world_.add_limit(std::move(limit));
    if (added.is_added() && !tags.empty()) world_.add_tagged_callers(tags);
    if (added.is_added() && !is_of_tokens) return keys_.carry(rule, "limits." + added.name);
    ImportedWorld::list_limit(keys_, added, {&rule}, kEnvoyReserves);
  }

  const char* read_amount(const JsonValue& rule, LimitConfig& limit) {
    const JsonValue* amount = in_.map(rule, "limit");
    const auto count = amount == nullptr ? std::nullopt : in_.count(*amount, "requests");
    const auto word = amount == nullptr ? std::nullopt : in_.text(*amount, "unit");
    const auto unit = std::ranges::find(kUnits, word.value_or(""), &Unit::name);
    if (!count || unit == kUnits.end()) {
      if (!in_.has_errors())
        in_.error(rule, "a rule needs limit.requests and limit.unit", "write {requests: 100, unit: Hour}");
      return "the limit is not whole";
    }
    limit.period = unit->length;
    const std::int64_t bounded = std::min(*count, monitor::kLimitCountMax);
    const JsonValue* cost = in_.map(rule, "cost");
    if (cost == nullptr) {
      limit.requests = bounded;
      return nullptr;
    }
    const auto each = number_of(*cost, "request");
    const JsonValue* answer = in_.map(*cost, "response");
    if (answer == nullptr) {
      if (each != 1) return "no word for it: a request that counts for several";
      limit.requests = bounded;
      return nullptr;
    }
    if (each != 0) return "no word for it: requests and tokens in one count";
    const JsonValue* metadata = in_.map(*answer, "metadata");
    const auto key = metadata == nullptr ? std::nullopt : in_.text(*metadata, "key");
    const auto kind = key ? scope_.costs.find(*key) : scope_.costs.end();
    if (kind == scope_.costs.end()) return "no llmRequestCosts says what is counted";
    if (kind->second != "TotalToken" && kind->second != "InputToken" && kind->second != "OutputToken") {
      return "no word for it: a count by an expression, or of one kind of input";
    }
    limit.tokens = Tokens{bounded};
    if (kind->second == "InputToken") limit.output_weight = Millionths{0};
    if (kind->second == "OutputToken") limit.input_weight = Millionths{0};
    return nullptr;
  }

  // What one request counts: 1 unless it says so, nothing where it is no number.
  std::optional<std::int64_t> number_of(const JsonValue& cost, const char* key) {
    const JsonValue* given = in_.map(cost, key);
    if (given == nullptr) return 1;
    return in_.text(*given, "from") == "Number" ? std::optional{in_.count(*given, "number").value_or(1)} : std::nullopt;
  }

  const EnvoyPolicy& policy_;
  const EnvoyLimitScope& scope_;
  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  std::size_t number_ = 0;
};

}  // namespace

// All selectors of a rule must match.
const char* envoy_selectors(const JsonValue& rule, LimitConfig& limit, monitor::Tags& tags, ConfigReading& in,
                            const char* not_looked_at) {
  const JsonValue* selectors = in.list(rule, "clientSelectors");
  if (selectors == nullptr) return nullptr;
  for (const JsonValue& selector : selectors->items) {
    if (!in.require_map(selector)) continue;
    for (const JsonMember& member : selector.members) {
      if (member.key == "headers") continue;
      if (not_looked_at == nullptr) return "no word for it: a limit by the caller's address or path";
      in.keys().drop(member.value, not_looked_at);
    }
    const JsonValue* headers = in.list(selector, "headers");
    if (headers == nullptr) continue;
    for (const JsonValue& header : headers->items) {
      if (!in.require_map(header)) continue;
      const auto name = in.text(header, "name");
      const std::string type = in.text(header, "type").value_or("Exact");
      if (!name || in.flag(header, "invert").value_or(false)) return "no word for it: a header that is not there";
      if (type == "Distinct") {
        limit.per.push_back({.scope = LimitScope::tag, .tag = *name});
        carry_tag(tags, *name, std::nullopt);
        continue;
      }
      const auto value = in.text(header, "value");
      if (type != "Exact" || !value) return "no word for it: a part of a header's value";
      limit.when.push_back({{.scope = LimitScope::tag, .tag = *name}, *value});
      carry_tag(tags, *name, *value);
    }
  }
  return nullptr;
}

void read_envoy_limits(const EnvoyPolicy& policy, const EnvoyLimitScope& scope, ConfigReading& in,
                       ImportedWorld& world) {
  LimitReader(policy, scope, in, world).read();
}

}  // namespace windtunnel::scenarios
