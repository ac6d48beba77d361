// Limits and budgets that stand in the configuration: of a provider, of a deployment, of each user, of each key at a
// deployment. Those of single keys and teams stand in LiteLLM's database (litellm_keys.h).

#include <algorithm>
#include <set>

#include "scenarios/import/litellm/litellm_import.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::LimitWindow;
using monitor::OnExhausted;

constexpr Duration kDay = std::chrono::hours{24};
constexpr const char* kReserves =
    ": LiteLLM adds the cost of an answer when it has come, here the most that a call may cost is reserved before it";

std::int64_t bounded(std::int64_t count) { return std::min(count, monitor::kLimitCountMax); }

class LimitReader {
 public:
  explicit LimitReader(LitellmConfig& config) : config_(config), in_(config.in), keys_(config.in.keys()) {}

  void read() {
    read_provider_budgets();
    for (const LitellmEntry& entry : config_.entries) {
      read_budget_of(entry);
      read_input_and_output_of(entry);
    }
    for (const auto& [group, route] : config_.routes) read_keys_at(group);
    read_user_budget();
  }

 private:
  void add(LimitConfig limit, const std::vector<const JsonValue*>& given, const std::string& how) {
    ImportedWorld::list_limit(keys_, config_.world.add_limit(std::move(limit)), given, how);
  }

  // A budget in USD and its period, by the names of their keys.
  void add_budget(LimitConfig limit, const JsonValue& map, const char* amount, const char* period) {
    const JsonValue* budget = ConfigReading::find(map, amount);
    const JsonValue* time = ConfigReading::find(map, period);
    if (budget == nullptr) {
      if (time != nullptr) keys_.drop(*time, std::string("there is no ") + amount);
      return;
    }
    const auto picos = in_.number(map, amount, 12);
    if (!picos) return;
    if (*picos > monitor::kLimitMax.picos()) {
      in_.error(*budget, "a budget of more than 9 million USD cannot be counted", "write a smaller one, or none");
      return;
    }
    const auto word = time == nullptr ? std::nullopt : in_.text_of(*time);
    const auto length = word ? litellm_duration(*word) : std::nullopt;
    if (!length) {
      if (time != nullptr && word) {
        in_.error(*time, "\"" + excerpt(*word) + "\" is no period", "write one as LiteLLM does: 12h, 7d, 1mo");
      } else {
        keys_.drop(*budget, "LiteLLM counts a budget only together with its period");
      }
      return;
    }
    limit.usd = Usd::from_picos(*picos);
    limit.period = *length;
    add(std::move(limit), {budget, time}, kReserves);
  }

  void read_provider_budgets() {
    const JsonValue* budgets = config_.router == nullptr ? nullptr : in_.map(*config_.router, "provider_budget_config");
    if (budgets == nullptr) return;
    for (const JsonMember& budget : budgets->members) {
      if (!in_.require_map(budget.value)) continue;
      std::set<std::string> accounts;
      for (const LitellmEntry& entry : config_.entries) {
        if (entry.company == budget.key) accounts.insert(entry.provider);
      }
      if (accounts.size() != 1) {
        keys_.drop(budget.value, accounts.empty() ? "no deployment of this provider is imported"
                                                  : "no word for it: one budget for several accounts");
        continue;
      }
      const bool is_short = ConfigReading::find(budget.value, "budget_limit") != nullptr;
      LimitConfig limit = of_target(LimitScope::provider, *accounts.begin());
      limit.id = "budget of " + *accounts.begin();
      add_budget(std::move(limit), budget.value, is_short ? "budget_limit" : "max_budget",
                 is_short ? "time_period" : "budget_duration");
    }
  }

  // What counts calls at a target. An exhausted one is passed over, and its window begins with the first call.
  static LimitConfig of_target(LimitScope scope, const std::string& name) {
    LimitConfig limit;
    limit.when.push_back({{.scope = scope}, name});
    limit.window = LimitWindow::from_first_use;
    limit.on_exhausted = OnExhausted::next_target;
    return limit;
  }

  LimitConfig of_deployment(const LitellmEntry& entry, const std::string& what) {
    LimitConfig limit = of_target(LimitScope::deployment, config_.world.name_of(entry.deployment));
    limit.id = what + " of " + config_.world.name_of(entry.deployment);
    return limit;
  }

  void read_budget_of(const LitellmEntry& entry) {
    add_budget(of_deployment(entry, "budget"), *entry.params, "max_budget", "budget_duration");
  }

  // Enforced only where the router is told to; then the call of a full deployment fails by a 429 of LiteLLM's own.
  void read_input_and_output_of(const LitellmEntry& entry) {
    const JsonValue* enforced = enforcing_check();
    for (const JsonValue* map : {entry.params, entry.info}) {
      if (map == nullptr) continue;
      for (const char* key : {"itpm", "otpm"}) {
        const JsonValue* given = ConfigReading::find(*map, key);
        const auto tokens = in_.count(*map, key);
        if (given == nullptr || !tokens) continue;
        if (enforced == nullptr) {
          keys_.drop(*given, "LiteLLM counts it only with optional_pre_call_checks: [enforce_model_rate_limits]");
          continue;
        }
        const bool is_input = key[0] == 'i';
        LimitConfig limit = of_deployment(entry, is_input ? "input tokens" : "output tokens");
        limit.tokens = Tokens{bounded(*tokens)};
        (is_input ? limit.output_weight : limit.input_weight) = Millionths{0};
        limit.window = LimitWindow::calendar;
        keys_.carry(*enforced, "the limits of tokens of deployments");
        add(std::move(limit), {given}, ": LiteLLM answers itself with a 429, which counts as the deployment's failure");
      }
    }
  }

  // The word that tells the router to enforce limits of deployments; nullptr: it does not.
  [[nodiscard]] const JsonValue* enforcing_check() {
    const JsonValue* checks =
        config_.router == nullptr ? nullptr : in_.list(*config_.router, "optional_pre_call_checks");
    if (checks == nullptr) return nullptr;
    const auto found = std::ranges::find(checks->items, "enforce_model_rate_limits", &JsonValue::text);
    return found == checks->items.end() ? nullptr : &*found;
  }

  // The least that a deployment of a group states holds for each key at the whole group.
  void read_keys_at(const std::string& group) {
    LimitConfig limit;
    std::vector<const JsonValue*> given;
    for (const LitellmEntry& entry : config_.entries) {
      if (entry.group != group) continue;
      if (const auto count = in_.count(*entry.params, "default_api_key_rpm_limit")) {
        limit.requests = std::min(bounded(*count), limit.requests.value_or(monitor::kLimitCountMax));
        given.push_back(ConfigReading::find(*entry.params, "default_api_key_rpm_limit"));
      }
      if (const auto count = in_.count(*entry.params, "default_api_key_tpm_limit")) {
        limit.tokens = std::min(Tokens{bounded(*count)}, limit.tokens.value_or(Tokens{monitor::kLimitCountMax}));
        given.push_back(ConfigReading::find(*entry.params, "default_api_key_tpm_limit"));
      }
    }
    if (given.empty()) return;
    limit.id = "keys at " + group;
    limit.per.push_back({.scope = LimitScope::key});
    limit.when.push_back({{.scope = LimitScope::route}, route_name(group)});
    limit.window = LimitWindow::from_first_use;
    config_.world.assume_keys(1);
    add(std::move(limit), given, ": the least of the group, for each key");
  }

  [[nodiscard]] std::string route_name(const std::string& group) {
    const auto found = config_.routes.find(group);
    return found == config_.routes.end() ? group : config_.world.route(found->second).name;
  }

  void read_user_budget() {
    if (config_.settings == nullptr) return;
    LimitConfig limit;
    limit.id = "budget of each user";
    limit.per.push_back({.scope = LimitScope::user});
    if (ConfigReading::find(*config_.settings, "max_internal_user_budget") != nullptr) config_.world.assume_users(1);
    add_budget(std::move(limit), *config_.settings, "max_internal_user_budget", "internal_user_budget_duration");
  }

  LitellmConfig& config_;
  ConfigReading& in_;
  KeyList& keys_;
};

}  // namespace

std::optional<Duration> litellm_duration(std::string_view text) {
  std::size_t digits = 0;
  std::int64_t number = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && number < 100'000) {
    number = 10 * number + (text[digits++] - '0');
  }
  if (digits == 0 || number == 0) return std::nullopt;
  const std::string_view unit = text.substr(digits);
  if (unit == "s") return std::chrono::seconds{number};
  if (unit == "m") return std::chrono::minutes{number};
  if (unit == "h") return std::chrono::hours{number};
  if (unit == "d") return kDay * number;
  if (unit == "w") return kDay * (7 * number);
  if (unit == "mo") return kDay * (30 * number);
  return std::nullopt;
}

void read_litellm_limits(LitellmConfig& config) { LimitReader(config).read(); }

}  // namespace windtunnel::scenarios
