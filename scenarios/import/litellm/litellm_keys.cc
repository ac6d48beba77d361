#include "scenarios/import/litellm/litellm_keys.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "scenarios/import/litellm/litellm_import.h"

namespace windtunnel::scenarios {
namespace {

using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::LimitWindow;

constexpr Duration kWithoutEnd = std::chrono::hours{24 * 3650};

constexpr std::array<KeyReason, 6> kCallerReasons{{
    {"soft_budget", "it alerts somebody; it refuses nothing"},
    {"budget_reset_at", "windows of a scenario follow its calendar"},
    {"spend", "no word for it yet: what a key or a team has spent before the run"},
    {"models", "which models a key may ask for; callers are assumed"},
    {"blocked", "whether a key is refused; callers are assumed"},
    {"aliases", "no word for it yet: names of models for one key"},
}};

class CallerReader {
 public:
  CallerReader(ConfigReading& in, ImportedWorld& world) : in_(in), keys_(in.keys()), world_(world) {}

  void read(const JsonValue& root) {
    collect(root);
    const bool by_team = !teams_.empty();
    for (std::size_t i = 0; i < teams_.size(); ++i) add(*teams_[i], LimitScope::team, i + 1);
    for (std::size_t i = 0; i < holders_.size(); ++i) {
      if (by_team) {
        keys_.drop(*holders_[i], "no word for it: the limit of one key, where callers are drawn by team");
      } else {
        add(*holders_[i], LimitScope::key, i + 1);
      }
    }
    if (by_team) {
      world_.assume_teams(static_cast<std::int64_t>(teams_.size()));
    } else {
      world_.assume_keys(static_cast<std::int64_t>(holders_.size()));
    }
    keys_.drop(root, "who the key or team is; callers are assumed");
  }

 private:
  static bool has(const JsonValue& map, std::string_view key) {
    return map.kind == JsonKind::object && map.find(key) != nullptr;
  }

  // Every object that is a key or a team, in the order of the file.
  void collect(const JsonValue& value) {
    if (has(value, "token") || has(value, "key_alias") || has(value, "key_name")) {
      holders_.push_back(&value);
    } else if (has(value, "team_id") || has(value, "team_alias")) {
      teams_.push_back(&value);
    }
    for (const JsonValue& item : value.items) collect(item);
    for (const JsonMember& member : value.members) collect(member.value);
  }

  void add(const JsonValue& caller, LimitScope scope, std::size_t number) {
    const std::string name = std::string(monitor::name_of(scope)) + "-" + std::to_string(number);
    LimitConfig usage;
    usage.id = "usage of " + name;
    usage.when.push_back({{.scope = scope}, name});
    LimitConfig budget = usage;
    budget.id = "budget of " + name;
    usage.window = LimitWindow::from_first_use;
    if (const auto count = counted(caller, "rpm_limit")) usage.requests = count;
    if (const auto count = counted(caller, "tpm_limit")) usage.tokens = Tokens{*count};
    if (const auto count = counted(caller, "max_parallel_requests")) usage.parallel_requests = count;
    const bool has_usage = usage.requests || usage.tokens || usage.parallel_requests;
    if (has_usage) {
      settle(world_.add_limit(usage), caller, {"rpm_limit", "max_parallel_requests"}, "tpm_limit",
             ": what a request may use is reserved before it");
    }
    const LimitConfig window = budget;
    read_budget(caller, budget, {"max_budget", "budget_duration"});
    read_windows(caller, window);
    read_models(caller, scope, name);
    for (const KeyReason& reason : kCallerReasons) {
      if (const JsonValue* given = ConfigReading::find(caller, reason.key)) keys_.drop(*given, reason.why);
    }
  }

  [[nodiscard]] std::optional<std::int64_t> counted(const JsonValue& caller, std::string_view key) {
    const auto count = in_.count(caller, key);
    return count ? std::optional{std::min(*count, monitor::kLimitCountMax)} : std::nullopt;
  }

  // The keys of an amount in USD and of its period.
  struct BudgetKeys {
    const char* amount;
    const char* period;
  };

  // Limits and budgets for single models. They are of the names that callers ask for.
  void read_models(const JsonValue& caller, LimitScope scope, const std::string& name) {
    std::map<std::string, LimitConfig> limits;
    const auto limit_of = [&](const JsonMember& model) -> LimitConfig* {
      const auto route = route_of(model.key);
      if (!route) {
        keys_.drop(model.value, "the configuration has no model of this name");
        return nullptr;
      }
      LimitConfig& limit = limits[*route];
      if (limit.when.empty()) limit.when = {{{.scope = scope}, name}, {{.scope = LimitScope::route}, *route}};
      return &limit;
    };
    const auto read_counts = [&](const JsonValue& map, const char* key, auto set) {
      const JsonValue* models = in_.map(map, key);
      if (models == nullptr) return false;
      for (const JsonMember& model : models->members) {
        LimitConfig* limit = limit_of(model);
        const auto count = limit == nullptr ? std::nullopt : in_.number_of(model.value, 0);
        if (!count) continue;
        set(*limit, std::min(*count, monitor::kLimitCountMax));
        given_[limit->when.back().value].push_back(&model.value);
      }
      return true;
    };
    const auto set_requests = [](LimitConfig& limit, std::int64_t count) { limit.requests = count; };
    const auto set_tokens = [](LimitConfig& limit, std::int64_t count) { limit.tokens = Tokens{count}; };
    given_.clear();
    const JsonValue* metadata = in_.map(caller, "metadata");
    bool has_requests = false;
    bool has_tokens = false;
    for (const JsonValue* map : {metadata, &caller}) {
      if (map == nullptr) continue;
      has_requests = (!has_requests && read_counts(*map, "model_rpm_limit", set_requests)) || has_requests;
      has_tokens = (!has_tokens && read_counts(*map, "model_tpm_limit", set_tokens)) || has_tokens;
    }
    if (const JsonValue* budgets = in_.map(caller, "model_max_budget")) {
      for (const JsonMember& model : budgets->members) {
        LimitConfig* limit = in_.require_map(model.value) ? limit_of(model) : nullptr;
        if (limit != nullptr) read_model_budget(model.value, *limit, has_requests, has_tokens);
      }
    }
    for (auto& [route, limit] : limits) {
      if (!limit.requests && !limit.tokens) continue;
      limit.id = "usage of " + name + " at " + route;
      limit.window = LimitWindow::from_first_use;
      ImportedWorld::list_limit(keys_, world_.add_limit(std::move(limit)), given_[route],
                                ": what a request may use is reserved before it");
    }
  }

  // Its rates hold where none stand in the metadata.
  void read_model_budget(const JsonValue& settings, LimitConfig& usage, bool has_requests, bool has_tokens) {
    const std::string& route = usage.when.back().value;
    const auto count = [&](const char* key, bool has) {
      const auto counted_here = has ? std::nullopt : counted(settings, key);
      if (counted_here) given_[route].push_back(ConfigReading::find(settings, key));
      return counted_here;
    };
    if (const auto requests = count("rpm_limit", has_requests)) usage.requests = requests;
    if (const auto tokens = count("tpm_limit", has_tokens)) usage.tokens = Tokens{*tokens};
    const bool is_short = ConfigReading::find(settings, "budget_limit") != nullptr;
    const BudgetKeys keys{is_short ? "budget_limit" : "max_budget", is_short ? "time_period" : "budget_duration"};
    const JsonValue* amount = ConfigReading::find(settings, keys.amount);
    if (amount != nullptr && ConfigReading::find(settings, keys.period) == nullptr) {
      keys_.drop(*amount, "LiteLLM counts a budget for one model only together with its period");
    } else if (amount != nullptr && in_.number_of(*amount, 12) == 0) {
      keys_.drop(*amount, "LiteLLM takes a budget of 0 for one model for none");
    } else {
      LimitConfig budget;
      budget.when = usage.when;
      budget.id = "budget of " + usage.when.front().value + " at " + route;
      budget.window = LimitWindow::from_first_use;
      read_budget(settings, budget, keys);
    }
    keys_.drop(settings, "LiteLLM does not look at it here");
  }

  // A request names a model with or without its provider.
  [[nodiscard]] std::optional<std::string> route_of(const std::string& model) const {
    if (const auto route = world_.find_route(model)) return world_.route(*route).name;
    return std::nullopt;
  }

  void read_budget(const JsonValue& caller, LimitConfig& limit, BudgetKeys names) {
    const JsonValue* budget = ConfigReading::find(caller, names.amount);
    const auto picos = in_.number(caller, names.amount, 12);
    if (budget == nullptr || !picos) return;
    if (*picos > monitor::kLimitMax.picos()) {
      keys_.drop(*budget, "a budget of more than 9 million USD cannot be counted");
      return;
    }
    limit.usd = Usd::from_picos(*picos);
    const auto word = in_.text(caller, names.period);
    const auto length = word ? litellm_duration(*word) : std::nullopt;
    if (!word) {
      limit.period = kWithoutEnd;
      limit.window = LimitWindow::from_first_use;
    } else if (*word == "30d" || *word == "1mo") {
      limit.period.reset();  // LiteLLM begins both on the first of a month
    } else if (length) {
      limit.period = *length;
    } else {
      in_.error(*ConfigReading::find(caller, names.period), "\"" + excerpt(*word) + "\" is no period",
                "write one as LiteLLM does: 12h, 7d, 1mo");
      return;
    }
    settle(world_.add_limit(limit), caller, {names.period}, names.amount,
           ": LiteLLM adds the cost of an answer when it has come, here the most that a request may cost is reserved");
  }

  // Several budgets at once, each with a period and a spend of its own; a request needs room in all of them.
  void read_windows(const JsonValue& caller, const LimitConfig& like) {
    const JsonValue* windows = in_.list(caller, "budget_limits");
    if (windows == nullptr) return;
    for (const JsonValue& window : windows->items) {
      if (!in_.require_map(window)) continue;
      const auto period = in_.text(window, "budget_duration");
      if (!period) {
        keys_.drop(window, "LiteLLM takes no budget of a list without its period");
        continue;
      }
      LimitConfig limit = like;
      limit.id += " for " + *period;
      read_budget(window, limit, {"max_budget", "budget_duration"});
      keys_.drop(window, "windows of a scenario follow its calendar");
    }
  }

  // Lists the keys that a limit was made of: those that it carries, and the one that differs.
  void settle(const ImportedWorld::AddedLimit& limit, const JsonValue& caller, std::vector<const char*> carried,
              const char* differing, const char* how) {
    if (!limit.is_added()) carried.push_back(differing);
    for (const char* key : carried) {
      const JsonValue* given = ConfigReading::find(caller, key);
      if (given == nullptr) continue;
      if (limit.is_added()) {
        keys_.carry(*given, "limits." + limit.name);
      } else {
        keys_.drop(*given, limit.why_not);
      }
    }
    if (limit.is_added()) ImportedWorld::list_limit(keys_, limit, {ConfigReading::find(caller, differing)}, how);
  }

  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  std::vector<const JsonValue*> holders_;  // of keys
  std::vector<const JsonValue*> teams_;
  std::map<std::string, std::vector<const JsonValue*>> given_;  // of one caller: rates, by route
};

}  // namespace

void read_litellm_keys(const JsonValue& root, ConfigReading& in, ImportedWorld& world) {
  CallerReader(in, world).read(root);
}

}  // namespace windtunnel::scenarios
