// Rate limits of TensorZero: for each rule and resource one limit over the callers in the rule's scope.

#include <algorithm>
#include <array>
#include <map>

#include "scenarios/import/tensorzero_import.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::LimitConfig;
using monitor::LimitScope;

constexpr Duration kDay = 24h;
constexpr std::int64_t kPriorityMax = 1'000'000;  // of a limit in a scenario
constexpr std::string_view kEach = "tensorzero::each";
constexpr std::string_view kTotal = "tensorzero::total";

struct Interval {
  std::string_view name;
  Duration length;
};
// A month of TensorZero has 30 days.
constexpr std::array<Interval, 6> kIntervals{
    {{"second", 1s}, {"minute", 1min}, {"hour", 1h}, {"day", kDay}, {"week", 7 * kDay}, {"month", 30 * kDay}}};

struct Resource {
  std::string_view name;
  int places;  // digits behind the decimal point
  const char* how;
};
constexpr std::array<Resource, 3> kResources{{
    {"model_inferences", 0, "TensorZero counts each call of a model, here each request counts once"},
    {"tokens", 0, "TensorZero estimates what a call will use, here it is reserved with the longest answer"},
    {"cost", 12,
     "TensorZero holds default_cost until an answer's cost is known, here the most that a request may cost"},
}};
constexpr const char* kWindows =
    "; its windows follow each other without a gap, here the next begins with its first use";

class LimitReader {
 public:
  LimitReader(const JsonValue& settings, ConfigReading& in, ImportedWorld& world)
      : settings_(settings), in_(in), keys_(in.keys()), world_(world) {}

  void read() {
    if (in_.flag(settings_, "enabled") == false) return keys_.drop(settings_, "rate_limiting.enabled is false");
    if (const JsonValue* rules = in_.list(settings_, "rules")) {
      for (std::size_t i = 0; i < rules->items.size(); ++i) {
        if (in_.require_map(rules->items[i])) add_rule(rules->items[i], i);
      }
    }
    if (!numbers_.empty()) world_.assume_keys(static_cast<std::int64_t>(numbers_.size()));
    list_settings();
  }

 private:
  // What all limits of a rule have in common.
  void add_rule(const JsonValue& rule, std::size_t place) {
    LimitConfig common;
    common.window = monitor::LimitWindow::from_first_use;
    if (!read_priority(rule, common)) return;
    const char* why_not = read_scope(rule, common);
    if (why_not != nullptr) return keys_.drop(rule, why_not);
    bool is_carried = false;
    for (const JsonMember& member : rule.members) {
      if (member.key.find("_per_") == std::string::npos) continue;
      is_carried = add_limit(member, common, place) || is_carried;
    }
    for (const char* key : {"priority", "always", "scope"}) {
      const JsonValue* given = ConfigReading::find(rule, key);
      if (given != nullptr && is_carried) keys_.carry(*given, "limits of rule " + std::to_string(place + 1));
    }
    if (!is_carried) return keys_.drop(rule, "none of the rule's limits is carried");
    if (!common.is_always) world_.scenario().monitor.limits.combine = monitor::LimitCombine::first_priority;
    if (!tags_.empty()) world_.add_tagged_callers(tags_);
  }

  bool read_priority(const JsonValue& rule, LimitConfig& limit) {
    limit.is_always = in_.flag(rule, "always").value_or(false);
    const auto priority = in_.count(rule, "priority");
    if (limit.is_always == priority.has_value()) {
      in_.error(rule, limit.is_always ? "a rule has \"priority\" or \"always\", not both" : "a rule needs \"priority\"",
                "write priority = 0, or always = true");
      return false;
    }
    limit.priority = static_cast<std::int32_t>(std::min<std::int64_t>(priority.value_or(0), kPriorityMax));
    return true;
  }

  // Returns why a limit cannot have this scope.
  const char* read_scope(const JsonValue& rule, LimitConfig& limit) {
    tags_.clear();
    const JsonValue* scope = in_.list(rule, "scope");
    if (scope == nullptr) return nullptr;
    std::size_t totals = 0;
    for (const JsonValue& part : scope->items) {
      if (!in_.require_map(part)) continue;
      if (const auto key = in_.text(part, "api_key_public_id")) {
        if (*key == kEach) {
          limit.per.push_back({.scope = LimitScope::key});
          world_.assume_keys(1);
        } else {
          const std::size_t number = numbers_.emplace(*key, numbers_.size() + 1).first->second;
          limit.when.push_back({{.scope = LimitScope::key}, "key-" + std::to_string(number)});
        }
        continue;
      }
      const auto tag = in_.text(part, "tag_key");
      const auto value = in_.text(part, "tag_value");
      if (!tag || !value) {
        in_.error(part, "a scope names a tag and its value, or a key",
                  "write { tag_key = \"user_id\", tag_value = \"" + std::string(kEach) + "\" }");
        continue;
      }
      const bool is_any = *value == kEach || *value == kTotal;
      if (is_any) {
        limit.per.push_back({.scope = LimitScope::tag, .tag = *tag});
      } else {
        limit.when.push_back({{.scope = LimitScope::tag, .tag = *tag}, *value});
      }
      totals += *value == kTotal ? 1 : 0;
      carry_tag(tags_, *tag, is_any ? std::nullopt : value);
    }
    limit.is_total = totals > 0;
    return totals == 0 || totals == limit.per.size()
               ? nullptr
               : "no word for it: one limit that counts each value of one tag and all values of another";
  }

  bool add_limit(const JsonMember& member, LimitConfig limit, std::size_t place) {
    const std::size_t cut = member.key.find("_per_");
    const std::string_view key = member.key;
    const auto resource = std::ranges::find(kResources, key.substr(0, cut), &Resource::name);
    const auto interval = std::ranges::find(kIntervals, key.substr(cut + 5), &Interval::name);
    if (resource == kResources.end() || interval == kIntervals.end()) {
      in_.error(member.value, "\"" + excerpt(member.key) + "\" is no limit",
                "the limits are model_inferences, tokens and cost, _per_second, minute, hour, day, week or month");
      return false;
    }
    std::vector<const JsonValue*> given{&member.value};
    std::optional<std::int64_t> amount;
    limit.period = interval->length;
    std::string how = std::string(": ") + resource->how;
    if (member.value.kind == JsonKind::object) {
      amount = in_.number(member.value, "capacity", resource->places);
      const auto refill = in_.number(member.value, "refill_rate", resource->places);
      given = {ConfigReading::find(member.value, "capacity"), ConfigReading::find(member.value, "refill_rate")};
      if (!amount || !refill) {
        if (given[0] == nullptr || given[1] == nullptr) {
          in_.error(member.value, "a bucket needs capacity and refill_rate", "write both, or one number");
        }
        return false;
      }
      if (*amount != *refill) {
        if (*refill == 0 || !fills_in(*amount, *refill, interval->length, limit.period)) {
          keys_.drop(member.value, "no word for it: a bucket that does not fill within 100 years");
          return false;
        }
        limit.algorithm = monitor::LimitAlgorithm::token_bucket;
        limit.window = monitor::LimitWindow::calendar;
        how += "; TensorZero fills it once an interval, here it fills all the time";
      }
    } else {
      amount = in_.number_of(member.value, resource->places);
      if (!amount) return false;
    }
    if (!limit.is_bucket()) how += kWindows;
    set_amount(limit, resource->name, *amount);
    limit.id = "rule " + std::to_string(place + 1) + " " + member.key;
    const ImportedWorld::AddedLimit added = world_.add_limit(std::move(limit));
    ImportedWorld::list_limit(keys_, added, given, how);
    counts_cost_ = counts_cost_ || (added.is_added() && resource->name == "cost");
    return added.is_added();
  }

  // How long a bucket of this capacity takes to fill, when it gains `refill` in each interval.
  static bool fills_in(std::int64_t capacity, std::int64_t refill, Duration interval, std::optional<Duration>& period) {
    const Int128 length = Int128{capacity} * interval.count() / refill;
    if (length < monitor::kLimitPeriodMin.count() || length > Int128{36500} * kDay.count()) return false;
    period = Duration{static_cast<std::int64_t>(length)};
    return true;
  }

  static void set_amount(LimitConfig& limit, std::string_view resource, std::int64_t amount) {
    if (resource == "cost") {
      limit.usd = Usd::from_picos(std::min(amount, monitor::kLimitMax.picos()));
    } else if (resource == "tokens") {
      limit.tokens = Tokens{std::min(amount, monitor::kLimitCountMax)};
    } else {
      limit.requests = std::min(amount, monitor::kLimitCountMax);
    }
  }

  void list_settings() {
    if (const JsonValue* enabled = ConfigReading::find(settings_, "enabled")) keys_.carry(*enabled, "limits");
    if (const JsonValue* held = ConfigReading::find(settings_, "default_cost")) {
      keys_.drop(*held,
                 counts_cost_ ? "a limit of USD holds the most that a request may cost" : "no rule limits the cost");
    }
    keys_.drop(settings_, "of the gateway's operation; it changes no limit");
  }

  const JsonValue& settings_;
  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  monitor::Tags tags_;                          // of callers in the scope of the rule
  std::map<std::string, std::size_t> numbers_;  // of keys, in order of their first mention
  bool counts_cost_ = false;
};

}  // namespace

void read_tensorzero_limits(const JsonValue& settings, ConfigReading& in, ImportedWorld& world) {
  LimitReader(settings, in, world).read();
}

}  // namespace windtunnel::scenarios
