#include "scenarios/import/litellm_keys.h"

#include <algorithm>
#include <array>
#include <vector>

#include "scenarios/import/litellm_import.h"

namespace windtunnel::scenarios {
namespace {

using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::LimitWindow;

constexpr Duration kWithoutEnd = std::chrono::hours{24 * 3650};

constexpr std::array<KeyReason, 10> kCallerReasons{{
    {"soft_budget", "it alerts somebody; it refuses nothing"},
    {"budget_reset_at", "windows of a scenario follow its calendar"},
    {"model_max_budget", "no word for it yet: a budget of a key for one model"},
    {"model_rpm_limit", "no word for it yet: a limit of a key for one model"},
    {"model_tpm_limit", "no word for it yet: a limit of a key for one model"},
    {"spend", "no word for it yet: what a key or a team has spent before the run"},
    {"models", "which models a key may ask for; callers are assumed"},
    {"blocked", "whether a key is refused; callers are assumed"},
    {"aliases", "no word for it yet: names of models for one key"},
    {"budget_limits", "no word for it yet: several budgets of one key"},
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
    if (has_usage && settle(world_.add_limit(usage), caller, {"rpm_limit", "max_parallel_requests"}, usage.id)) {
      differ(caller, "tpm_limit", usage.id, ": what a request may use is reserved before it");
    }
    read_budget(caller, budget);
    for (const KeyReason& reason : kCallerReasons) {
      if (const JsonValue* given = ConfigReading::find(caller, reason.key)) keys_.drop(*given, reason.why);
    }
  }

  [[nodiscard]] std::optional<std::int64_t> counted(const JsonValue& caller, std::string_view key) {
    const auto count = in_.count(caller, key);
    return count ? std::optional{std::min(*count, monitor::kLimitCountMax)} : std::nullopt;
  }

  void read_budget(const JsonValue& caller, LimitConfig& limit) {
    const JsonValue* budget = ConfigReading::find(caller, "max_budget");
    const auto picos = in_.number(caller, "max_budget", 12);
    if (budget == nullptr || !picos) return;
    if (*picos > monitor::kLimitMax.picos()) {
      keys_.drop(*budget, "a budget of more than 9 million USD cannot be counted");
      return;
    }
    limit.usd = Usd::from_picos(*picos);
    const auto word = in_.text(caller, "budget_duration");
    const auto length = word ? litellm_duration(*word) : std::nullopt;
    if (!word) {
      limit.period = kWithoutEnd;
      limit.window = LimitWindow::from_first_use;
    } else if (*word == "30d" || *word == "1mo") {
      limit.period.reset();  // LiteLLM begins both on the first of a month
    } else if (length) {
      limit.period = *length;
    } else {
      in_.error(*ConfigReading::find(caller, "budget_duration"), "\"" + excerpt(*word) + "\" is no period",
                "write one as LiteLLM does: 12h, 7d, 1mo");
      return;
    }
    if (!settle(world_.add_limit(limit), caller, {"budget_duration"}, limit.id)) return;
    differ(caller, "max_budget", limit.id,
           ": LiteLLM adds the cost of an answer when it has come, here the most that a request may cost is reserved");
  }

  // Returns whether the limit was added.
  bool settle(bool is_added, const JsonValue& caller, std::initializer_list<const char*> carried,
              const std::string& id) {
    if (!is_added) {
      for (const char* key : {"rpm_limit", "tpm_limit", "max_parallel_requests", "max_budget", "budget_duration"}) {
        if (const JsonValue* given = ConfigReading::find(caller, key)) {
          keys_.drop(*given, "a scenario has at most " + std::to_string(monitor::kLimitsMax) + " limits");
        }
      }
      return false;
    }
    for (const char* key : carried) {
      if (const JsonValue* given = ConfigReading::find(caller, key)) keys_.carry(*given, "limits." + id);
    }
    return true;
  }

  void differ(const JsonValue& caller, const char* key, const std::string& id, const char* how) {
    if (const JsonValue* given = ConfigReading::find(caller, key)) keys_.differ(*given, "limits." + id + how);
  }

  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  std::vector<const JsonValue*> holders_;  // of keys
  std::vector<const JsonValue*> teams_;
};

}  // namespace

void read_litellm_keys(const JsonValue& root, ConfigReading& in, ImportedWorld& world) {
  CallerReader(in, world).read(root);
}

}  // namespace windtunnel::scenarios
