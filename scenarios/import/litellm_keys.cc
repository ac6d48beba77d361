#include "scenarios/import/litellm_keys.h"

#include <array>

namespace windtunnel::scenarios {
namespace {

struct CallerKey {
  std::string_view key;
  const char* why;
};
constexpr std::array<CallerKey, 12> kCallerKeys{{
    {"max_budget", "no word for it yet: a budget of a key or a team"},
    {"soft_budget", "no word for it yet: a budget of a key or a team"},
    {"budget_duration", "no word for it yet: the period of a budget of a key or a team"},
    {"budget_reset_at", "no word for it yet: the period of a budget of a key or a team"},
    {"model_max_budget", "no word for it yet: a budget of a key for one model"},
    {"tpm_limit", "no word for it yet: tokens a minute of a key or a team"},
    {"rpm_limit", "no word for it yet: requests a minute of a key or a team"},
    {"max_parallel_requests", "no word for it yet: requests at once of a key or a team"},
    {"spend", "no word for it yet: what a key or a team has spent before the run"},
    {"models", "which models a key may ask for; callers are assumed"},
    {"blocked", "whether a key is refused; callers are assumed"},
    {"aliases", "no word for it yet: names of models for one key"},
}};

}  // namespace

void list_litellm_keys(const JsonValue& root, KeyList& keys) {
  if (root.members.empty() && root.items.empty()) keys.drop(root, "who the key or team is; callers are assumed");
  for (const JsonMember& member : root.members) {
    bool is_known = false;
    for (const CallerKey& known : kCallerKeys) {
      if (member.key != known.key) continue;
      keys.drop(member.value, known.why);
      is_known = true;
    }
    if (!is_known) list_litellm_keys(member.value, keys);
  }
  for (const JsonValue& item : root.items) list_litellm_keys(item, keys);
}

}  // namespace windtunnel::scenarios
