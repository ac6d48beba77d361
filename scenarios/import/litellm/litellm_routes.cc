// Routes: who is asked first, retries, tiers, tags.

#include <algorithm>
#include <map>
#include <numeric>

#include "scenarios/import/litellm/litellm_import.h"

namespace windtunnel::scenarios {
namespace {

using monitor::Balance;
using monitor::ReplyKind;
using monitor::ReplySet;
using monitor::RouteConfig;
using monitor::RouteId;
using monitor::RouteTarget;

constexpr const char* kStrategies =
    "simple-shuffle, least-busy, usage-based-routing, usage-based-routing-v2, latency-based-routing, "
    "cost-based-routing, "
    "lar1";
constexpr std::int64_t kRetriesByDefault = 2;

// What the routing strategy of a model means.
struct Strategy {
  const JsonValue* given = nullptr;  // nullptr: simple-shuffle, the default
  std::string word = "simple-shuffle";
  std::int64_t buffer = 0;  // millionths
};

bool counts_limits(const std::string& strategy) { return strategy != "simple-shuffle" && strategy != "least-busy"; }

// A weight in millionths of LiteLLM's, or nothing.
std::optional<std::int64_t> weight_of(LitellmConfig& config, const LitellmEntry& entry, const char* key) {
  return config.in.number(*entry.params, key, 6);
}

class RouteReader {
 public:
  explicit RouteReader(LitellmConfig& config) : config_(config), in_(config.in), world_(config.world) {}

  void read() {
    read_strategies();
    for (const LitellmEntry& entry : config_.entries) {
      if (std::ranges::find(groups_, entry.group) == groups_.end()) groups_.push_back(entry.group);
    }
    for (const std::string& group : groups_) add_group(group);
    read_limits();
  }

 private:
  void read_strategies() {
    if (config_.router == nullptr) return;
    strategy_ = strategy_of(*config_.router);
    const JsonValue* groups = in_.list(*config_.router, "routing_groups");
    if (groups == nullptr) return;
    for (const JsonValue& group : groups->items) {
      if (!in_.require_map(group)) continue;
      const Strategy own = strategy_of(group);
      for (const std::string& model : in_.texts(group, "models")) by_model_.insert_or_assign(model, own);
      in_.keys().carry(group, "balance of the routes of these models");
    }
  }

  Strategy strategy_of(const JsonValue& map) {
    Strategy strategy;
    strategy.given = ConfigReading::find(map, "routing_strategy");
    if (strategy.given == nullptr) return strategy;
    strategy.word = in_.text(map, "routing_strategy").value_or(strategy.word);
    std::ranges::replace(strategy.word, '_', '-');
    list_strategy(strategy);
    const JsonValue* arguments = in_.map(map, "routing_strategy_args");
    if (arguments == nullptr) return strategy;
    const JsonValue* buffer = ConfigReading::find(*arguments, "lowest_latency_buffer");
    if (buffer != nullptr && strategy.word == "latency-based-routing") {
      strategy.buffer = std::min<std::int64_t>(in_.number_of(*buffer, 6).value_or(0), 100'000'000);
      in_.keys().carry(*buffer, "buffer of the routes");
    }
    if (const JsonValue* ttl = ConfigReading::find(*arguments, "ttl")) {
      in_.keys().drop(*ttl, "no word for it: how long a latency is kept; here the last ten answers are");
    }
    in_.keys().drop(*arguments, "this strategy has no such argument");
    return strategy;
  }

  void list_strategy(const Strategy& strategy) {
    KeyList& keys = in_.keys();
    const JsonValue& given = *strategy.given;
    if (strategy.word == "simple-shuffle") {
      keys.carry(given, "balance: weighted");
    } else if (strategy.word == "least-busy") {
      keys.differ(given,
                  "balance: least_busy: of equals the first of the file is asked; LiteLLM draws where the least busy "
                  "one cools down");
    } else if (strategy.word == "latency-based-routing") {
      keys.differ(given,
                  "balance: lowest_latency by the mean of the last ten answers: LiteLLM divides each latency by its "
                  "output tokens and counts a timeout as 1000 s");
    } else if (strategy.word == "cost-based-routing") {
      keys.differ(given,
                  "balance: lowest_cost: of the request's worst case; LiteLLM compares the sum of both prices a token");
    } else if (strategy.word.starts_with("usage-based-routing")) {
      keys.differ(given,
                  "balance: lowest_usage: of equals the first of the file is asked, LiteLLM draws; and tokens count "
                  "when a call ends");
    } else if (strategy.word == "lar1") {
      keys.drop(given, "no word for it: lar1; the routes draw by weight as simple-shuffle does");
    } else {
      in_.error(given, "\"" + excerpt(strategy.word) + "\" is no routing strategy of LiteLLM",
                std::string("the strategies are ") + kStrategies);
    }
  }

  [[nodiscard]] const Strategy& strategy_for(const std::string& group) const {
    const auto own = by_model_.find(group);
    return own == by_model_.end() ? strategy_ : own->second;
  }

  std::vector<const LitellmEntry*> entries_of(const std::string& group) const {
    std::vector<const LitellmEntry*> entries;
    for (const LitellmEntry& entry : config_.entries) {
      if (entry.group == group) entries.push_back(&entry);
    }
    return entries;
  }

  void add_group(const std::string& group) {
    const auto id = world_.add_route(group, true);
    const std::vector<const LitellmEntry*> entries = entries_of(group);
    if (!id) {
      for (const LitellmEntry* entry : entries) {
        if (const JsonValue* name = ConfigReading::find(*entry->json, "model_name")) {
          in_.keys().drop(*name, "a scenario has at most " + std::to_string(monitor::kRoutesMax) + " routes");
        }
      }
      return;
    }
    config_.routes.emplace(group, *id);
    std::vector<std::string> tags;
    std::vector<const LitellmEntry*> untagged;
    for (const LitellmEntry* entry : entries) {
      for (const std::string& tag : entry->tags) {
        if (tag == "default") untagged.push_back(entry);
        if (tag != "default" && std::ranges::find(tags, tag) == tags.end()) tags.push_back(tag);
      }
    }
    fill(*id, untagged.empty() ? entries : untagged, entries.size());
    for (const std::string& tag : tags) add_tag(group, *id, entries, tag);
  }

  void add_tag(const std::string& group, RouteId id, const std::vector<const LitellmEntry*>& entries,
               const std::string& tag) {
    const auto tagged = world_.add_route(group + " tag " + tag, false);
    if (!tagged) return;
    std::vector<const LitellmEntry*> chosen;
    for (const LitellmEntry* entry : entries) {
      if (std::ranges::find(entry->tags, tag) != entry->tags.end()) chosen.push_back(entry);
    }
    fill(*tagged, chosen, entries.size());
    const monitor::Tags when{{tag, "true"}};
    world_.route(id).rules.push_back({when, *tagged});
    world_.add_tagged_callers(id, when);
    config_.tag_routes[group].push_back(*tagged);
  }

  // Tiers are routes of their own, because LiteLLM retries in each of them.
  void fill(RouteId id, const std::vector<const LitellmEntry*>& entries, std::size_t group_size) {
    std::map<std::int64_t, std::vector<const LitellmEntry*>> tiers;
    for (const LitellmEntry* entry : entries) tiers[entry->order.value_or(INT64_MAX)].push_back(entry);
    if (tiers.size() == 1) {
      fill_tier(world_.route(id), tiers.begin()->second, group_size);
      return;
    }
    const std::string name = world_.route(id).name;
    for (const auto& [order, tier] : tiers) {
      const bool has_order = order != INT64_MAX;
      const auto part =
          world_.add_route(name + (has_order ? " order " + std::to_string(order) : " without order"), false);
      if (!part) return;
      fill_tier(world_.route(*part), tier, group_size);
      world_.route(id).targets.push_back({.route = *part});
    }
    ReplySet moves = every_failure();
    moves.remove(ReplyKind::context_length);
    moves.remove(ReplyKind::content_policy);
    world_.route(id).failover = moves;
  }

  void fill_tier(RouteConfig& route, const std::vector<const LitellmEntry*>& entries, std::size_t group_size) {
    for (const LitellmEntry* entry : entries) route.targets.push_back({.deployment = entry->deployment});
    set_balance(route, entries);
    set_retry(route, entries, group_size);
    const bool re_picks = config_.is_on("enable_weighted_failover") && route.balance == Balance::weighted;
    route.failover = re_picks ? std::optional{ReplySet::any()} : std::nullopt;
    const bool has_window = std::ranges::any_of(entries, [&](const LitellmEntry* entry) {
      return world_.deployment(entry->deployment).context_window.has_value();
    });
    if (has_window && group_size > 1) {
      if (!route.failover) route.failover.emplace();
      route.failover->add(ReplyKind::context_length);
    }
    // LiteLLM cools no deployment that is alone in its group.
    if (group_size == 1) route.when_all_open = monitor::WhenAllOpen::bypass;
  }

  void set_balance(RouteConfig& route, const std::vector<const LitellmEntry*>& entries) {
    const Strategy& strategy = strategy_for(entries.front()->group);
    if (strategy.word == "least-busy") {
      route.balance = Balance::least_busy;
    } else if (strategy.word == "cost-based-routing") {
      route.balance = Balance::lowest_cost;
    } else if (strategy.word.starts_with("usage-based-routing")) {
      route.balance = Balance::lowest_usage;
    } else if (strategy.word == "latency-based-routing") {
      route.balance = Balance::lowest_latency;
      route.estimator = monitor::Estimator::window_mean;
      route.buffer = Millionths{strategy.buffer};
    } else {
      route.balance = Balance::weighted;
      set_weights(route, entries);
    }
  }

  // The first of weight, rpm, tpm that the first deployment has, unless all of its numbers are 0.
  void set_weights(RouteConfig& route, const std::vector<const LitellmEntry*>& entries) {
    for (const char* key : {"weight", "rpm", "tpm"}) {
      if (ConfigReading::find(*entries.front()->params, key) == nullptr) continue;
      std::vector<std::int64_t> weights;
      std::int64_t divisor = 0;
      for (const LitellmEntry* entry : entries) {
        weights.push_back(weight_of(config_, *entry, key).value_or(0));
        divisor = std::gcd(divisor, weights.back());
      }
      if (divisor == 0) continue;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        route.targets[i].weight = std::min(weights[i] / divisor, monitor::kRouteWeightMax);
        list_weight(*entries[i], key, route.name);
      }
      return;
    }
  }

  void list_weight(const LitellmEntry& entry, const char* key, const std::string& route) {
    const JsonValue* given = ConfigReading::find(*entry.params, key);
    if (given == nullptr) return;
    const std::string to = "weight in routes." + route;
    if (std::string_view(key) == "weight") {
      in_.keys().carry(*given, to);
    } else if (config_.is_on("enable_pre_call_checks") && std::string_view(key) == "rpm") {
      world_.deployment(entry.deployment).rate_limit.requests_per_minute = in_.count(*entry.params, key);
      world_.deployment(entry.deployment).quota.clear();
      in_.keys().differ(*given,
                        to + ", and rate_limit of the deployment: the call is made and refused by a 429; LiteLLM makes "
                             "no call");
    } else {
      in_.keys().differ(*given,
                        to + ": under simple-shuffle it is no limit, but LiteLLM lets that many calls run at once");
    }
  }

  // Limits count under the strategies that compare usage, latency or cost; else they are weights, or nothing.
  void read_limits() {
    for (const LitellmEntry& entry : config_.entries) {
      for (const JsonValue* map : {entry.params, entry.info}) {
        if (map == nullptr) continue;
        for (const char* key : {"rpm", "tpm"}) {
          if (const JsonValue* given = ConfigReading::find(*map, key)) read_limit(entry, *map, *given, key);
        }
        if (const JsonValue* weight = ConfigReading::find(*map, "weight")) {
          in_.keys().drop(*weight, "only simple-shuffle reads it, of the first of a group");
        }
      }
    }
  }

  void read_limit(const LitellmEntry& entry, const JsonValue& map, const JsonValue& given, const std::string& key) {
    if (in_.keys().is_settled(given)) return;
    const auto count = in_.count(map, key);
    if (!count) return;
    const bool is_checked = key == "rpm" && config_.is_on("enable_pre_call_checks") && &map == entry.params;
    if (!counts_limits(strategy_for(entry.group).word) && !is_checked) {
      in_.keys().drop(given, "under this strategy it is no limit, and another key is the weight");
      return;
    }
    sim::ProviderSpec& deployment = world_.deployment(entry.deployment);
    if (key == "rpm") deployment.rate_limit.requests_per_minute = std::min<std::int64_t>(*count, 1'000'000'000);
    if (key == "tpm") deployment.rate_limit.tokens_per_minute = Tokens{std::min<std::int64_t>(*count, 1'000'000'000)};
    deployment.quota.clear();
    in_.keys().differ(given,
                      "rate_limit of " + deployment.name +
                          ": a call beyond it is made and refused by a 429; LiteLLM makes no call and asks another");
  }

  // --- Retries -----------------------------------------------------------------------------------------------------

  void set_retry(RouteConfig& route, const std::vector<const LitellmEntry*>& entries, std::size_t group_size) {
    monitor::RouteRetry& retry = route.retry;
    retry.per = monitor::RetryPer::route;
    const bool is_alone = group_size == 1;
    retry.where = is_alone ? monitor::RetryWhere::same_target : monitor::RetryWhere::another_target;
    std::int64_t retries = kRetriesByDefault;
    if (const JsonValue* given = config_.setting("num_retries")) {
      retries = in_.number_of(*given, 0).value_or(retries);
      in_.keys().differ(*given,
                        "retry.max_attempts of routes, one more: LiteLLM draws again among all that do not cool down, "
                        "here another deployment is asked first");
    }
    const bool is_own = std::ranges::any_of(entries, &LitellmEntry::has_retries);
    const auto attempts = static_cast<std::int32_t>(std::min<std::int64_t>(retries + 1, monitor::kAttemptsMax));
    if (is_own) {
      for (const LitellmEntry* entry : entries) {
        auto& own = world_.deployment(entry->deployment).max_attempts;
        if (!own) own = attempts;
      }
    } else {
      retry.max_attempts = attempts;
    }
    ReplySet on = replies({ReplyKind::timeout, ReplyKind::connection_error, ReplyKind::server_error,
                           ReplyKind::overloaded, ReplyKind::rate_limited, ReplyKind::malformed, ReplyKind::truncated});
    if (group_size > 1) on.add(replies({ReplyKind::auth, ReplyKind::auth_or_quota}));
    apply_policies(route, on, entries.front()->group, retries);
    retry.on = on;
    if (!on.empty()) return;
    retry.on.reset();
    retry.max_attempts = 1;
  }

  void apply_policies(RouteConfig& route, ReplySet& on, const std::string& group, std::int64_t retries) {
    if (config_.router == nullptr) return;
    const JsonValue* of_groups = in_.map(*config_.router, "model_group_retry_policy");
    const JsonValue* own = of_groups == nullptr ? nullptr : in_.map(*of_groups, group);
    const JsonValue* policy = own != nullptr ? own : in_.map(*config_.router, "retry_policy");
    if (policy != nullptr) apply_policy(*policy, route, on, retries);
  }

  void apply_policy(const JsonValue& policy, RouteConfig& route, ReplySet& on, std::int64_t retries) {
    const std::vector<std::pair<const char*, ReplySet>> kinds{
        {"TimeoutErrorRetries", replies({ReplyKind::timeout})},
        {"RateLimitErrorRetries", replies({ReplyKind::rate_limited})},
        {"AuthenticationErrorRetries", replies({ReplyKind::auth, ReplyKind::auth_or_quota})},
        {"ContentPolicyViolationErrorRetries", replies({ReplyKind::content_policy})},
        {"BadRequestErrorRetries", replies({ReplyKind::client_error, ReplyKind::context_length})}};
    for (const auto& [key, set] : kinds) {
      const auto count = in_.count(policy, key);
      if (!count) continue;
      for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) {
        const auto kind = static_cast<ReplyKind>(i);
        if (set.has(kind) && *count == 0) on.remove(kind);
      }
      if (*count > 0) on.add(set);
      const JsonValue& given = *ConfigReading::find(policy, key);
      if (*count == 0 || *count == retries) {
        in_.keys().carry(given, "retry.on of routes." + route.name);
      } else {
        in_.keys().differ(given,
                          "retry.on of routes." + route.name + ": max_attempts has no number for each kind of failure");
      }
    }
    if (const JsonValue* given = ConfigReading::find(policy, "InternalServerErrorRetries")) {
      in_.keys().drop(*given, "LiteLLM 1.93.0 declares this key and reads it nowhere");
    }
  }

  LitellmConfig& config_;
  ConfigReading& in_;
  ImportedWorld& world_;
  Strategy strategy_;
  std::map<std::string, Strategy> by_model_;
  std::vector<std::string> groups_;
};

}  // namespace

void read_litellm_routes(LitellmConfig& config) { RouteReader(config).read(); }

}  // namespace windtunnel::scenarios
