#include "scenarios/import/litellm/litellm_budgets.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "scenarios/import/litellm/litellm_import.h"
#include "scenarios/import/source/config_text.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using monitor::LimitScope;

struct Holder {
  std::string_view id;
  std::string_view name;
  LimitScope scope;
};
// A key has its team and its user too, so that it comes first; a team has no user of its own.
constexpr std::array<Holder, 3> kHolders{{{"token", "key_alias", LimitScope::key},
                                          {"team_id", "team_alias", LimitScope::team},
                                          {"user_id", "user_email", LimitScope::user}}};

std::string text_at(const JsonValue& map, std::string_view key) {
  const JsonMember* member = map.find(key);
  return member != nullptr && member->value.kind == JsonKind::string ? member->value.text : std::string{};
}

// "2026-05-01T00:00:00Z", "2026-05-01T00:00:00+00:00" or "2026-05-01 00:00:00".
std::optional<WallTime> time_of(std::string text) {
  if (text.ends_with("+00:00")) text.resize(text.size() - 6);
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  if (!text.empty() && !text.ends_with('Z')) text += 'Z';
  return parse_iso8601(text);
}

class BudgetReader {
 public:
  explicit BudgetReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  std::vector<CallerBudget> read(const JsonValue& root) {
    collect(root);
    diagnostics_.throw_if_errors();
    return std::move(budgets_);
  }

 private:
  // Every object that is a key, a team or a user. What is inside of one repeats it.
  void collect(const JsonValue& value) {
    for (const Holder& holder : kHolders) {
      if (value.kind != JsonKind::object || text_at(value, holder.id).empty()) continue;
      add(value, holder);
      return;
    }
    for (const JsonValue& item : value.items) collect(item);
    for (const JsonMember& member : value.members) collect(member.value);
  }

  void add(const JsonValue& caller, const Holder& holder) {
    const JsonMember* most = caller.find("max_budget");
    if (most == nullptr || most->value.kind == JsonKind::null) return;
    const ExactNumber number = most->value.kind == JsonKind::number ? exact_number(most->value.text, kDollarDecimals)
                                                                    : ExactNumber{.problem = NumberProblem::malformed};
    if (number.problem != NumberProblem::none || number.value < 0) {
      diagnostics_.error(most->value.place, "max_budget", "a budget is an amount in USD", "write it as 100 or 0.5");
      return;
    }
    CallerBudget budget{.scope = holder.scope,
                        .id = text_at(caller, holder.id),
                        .name = text_at(caller, holder.name),
                        .most = Usd::from_picos(number.value)};
    const std::string duration = text_at(caller, "budget_duration");
    if (duration.empty()) {
      budgets_.push_back(std::move(budget));
      return;
    }
    const auto length = litellm_duration(duration);
    const auto end = time_of(text_at(caller, "budget_reset_at"));
    if (!length || !end) return;
    budget.end = *end;
    const bool is_month = duration == "30d" || duration == "1mo";
    budget.begin = is_month ? month_of(*end - Duration{1}).begin : *end - *length;
    budgets_.push_back(std::move(budget));
  }

  Diagnostics& diagnostics_;
  std::vector<CallerBudget> budgets_;
};

}  // namespace

std::vector<CallerBudget> read_litellm_budgets(const std::string& text, const std::string& path) {
  Diagnostics diagnostics(path, text);
  return BudgetReader{diagnostics}.read(read_json_config(diagnostics).root);
}

}  // namespace windtunnel::scenarios
