#include "scenarios/import/envoy_quota.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "scenarios/import/envoy_cost.h"
#include "scenarios/import/envoy_policy.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::ProviderId;

struct Window {
  std::string_view name;
  Duration length;
};
constexpr std::array<Window, 4> kWindows{{{"1s", 1s}, {"1m", 1min}, {"1h", 1h}, {"1d", 24h}}};
constexpr const char* kQuotaReserves =
    ": Envoy adds the tokens of an answer when it has come, and one for each request; here the most that a call may "
    "use is reserved before it";
constexpr const char* kPasses =
    ", and a backend without room is passed over, which Envoy asks as long as another of its rule has room";
constexpr const char* kHeadersAlone = "Envoy AI Gateway 1.1.0 looks at headers alone here";

struct Bucket {
  const JsonValue* value = nullptr;  // {limit, duration}
  const JsonValue* rule = nullptr;   // nullptr: the default bucket
  std::string id = {};
  LimitConfig limit = {};
  monitor::Tags tags = {};
};

// The quota of one model, at the backends of its policy that serve it.
struct ModelQuota {
  std::vector<ProviderId> deployments;
  std::vector<Bucket> buckets;
};

class QuotaReader {
 public:
  QuotaReader(const EnvoyBackends& backends, ConfigReading& in, ImportedWorld& world)
      : backends_(backends), in_(in), keys_(in.keys()), world_(world) {}

  void read(const JsonValue& documents) {
    for (const JsonValue* policy : policies_of(documents)) read_policy(*policy);
    const std::size_t first = limits().limits.size();
    for (const ModelQuota& quota : quotas_) add_limits(quota);
    if (needs_any_ && limits().limits.size() > first) join_any(first);
    for (const JsonValue* spec : specs_) keys_.drop(*spec, "Envoy AI Gateway 1.1.0 does not look at it");
  }

 private:
  [[nodiscard]] monitor::LimitsConfig& limits() { return world_.scenario().monitor.limits; }

  // Of two for the same model of a backend, the first in the alphabet counts.
  [[nodiscard]] std::vector<const JsonValue*> policies_of(const JsonValue& documents) {
    std::map<std::string, std::vector<const JsonValue*>> by_name;
    for (const JsonValue& document : documents.items) {
      if (document.kind != JsonKind::object || in_.text(document, "kind") != "QuotaPolicy") continue;
      const JsonValue* metadata = in_.map(document, "metadata");
      const auto word = [&](const char* key) { return metadata == nullptr ? std::nullopt : in_.text(*metadata, key); };
      by_name[word("namespace").value_or("default") + "/" + word("name").value_or("")].push_back(&document);
    }
    std::vector<const JsonValue*> policies;
    for (const auto& [name, documents_of_it] : by_name) {
      policies.insert(policies.end(), documents_of_it.begin(), documents_of_it.end());
    }
    return policies;
  }

  void read_policy(const JsonValue& document) {
    const JsonValue* spec = in_.map(document, "spec");
    if (spec == nullptr) return;
    specs_.push_back(spec);
    const JsonValue* metadata = in_.map(document, "metadata");
    policy_ = metadata == nullptr ? "" : in_.text(*metadata, "name").value_or("");
    targets_.clear();
    if (const JsonValue* targets = in_.list(*spec, "targetRefs")) {
      for (const JsonValue& target : targets->items) {
        if (!in_.require_map(target)) continue;
        if (const auto name = in_.text(target, "name")) targets_.push_back(*name);
        keys_.carry(target, "names the backend");
      }
    }
    if (const JsonValue* service = ConfigReading::find(*spec, "serviceQuota")) {
      keys_.drop(*service, "Envoy AI Gateway 1.1.0 does not enforce a quota of all models of a backend");
    }
    if (const JsonValue* models = in_.list(*spec, "perModelQuotas")) {
      for (const JsonValue& model : models->items) {
        if (in_.require_map(model)) read_model(model);
      }
    }
  }

  void read_model(const JsonValue& model) {
    const auto name = in_.text(model, "modelName");
    const JsonValue* quota = in_.map(model, "quota");
    if (!name || quota == nullptr) return keys_.drop(model, "a quota needs modelName and quota");
    ModelQuota read;
    bool is_served = false;
    for (const std::string& target : targets_) {
      const auto found = backends_.overridden.find({target, *name});
      if (found == backends_.overridden.end()) continue;
      is_served = true;
      if (limited_.insert(found->second).second) read.deployments.push_back(found->second);
    }
    if (!is_served) {
      return keys_.drop(model,
                        "no backendRef of its backends has this modelNameOverride, so that Envoy applies it to "
                        "no request");
    }
    if (read.deployments.empty()) {
      return keys_.drop(model, "a QuotaPolicy before it in the alphabet has this model of these backends");
    }
    const char* why_not = read_mode(*quota);
    const EnvoyCost cost = why_not == nullptr ? cost_of(*quota) : EnvoyCost{.why_not = why_not};
    if (cost.why_not != nullptr) return keys_.drop(model, cost.why_not);
    keys_.carry(*ConfigReading::find(model, "modelName"), "names the model");
    read_buckets(*quota, cost, read);
    quotas_.push_back(std::move(read));
  }

  const char* read_mode(const JsonValue& quota) {
    const auto mode = in_.text(quota, "mode");
    if (mode && *mode != "Shared") return "Envoy AI Gateway 1.1.0 has no mode but Shared";
    if (mode) keys_.carry(*ConfigReading::find(quota, "mode"), "combine_limits");
    return nullptr;
  }

  EnvoyCost cost_of(const JsonValue& quota) {
    const auto expression = in_.text(quota, "costExpression");
    if (!expression) return {.input = 1, .output = 1};
    const EnvoyCost cost = envoy_cost(*expression);
    if (cost.why_not == nullptr) keys_.carry(*ConfigReading::find(quota, "costExpression"), "cost of the limits");
    return cost;
  }

  void read_buckets(const JsonValue& quota, const EnvoyCost& cost, ModelQuota& read) {
    LimitConfig like;
    like.input_weight = Millionths{cost.input * 1'000'000};
    like.output_weight = Millionths{cost.output * 1'000'000};
    if (const JsonValue* standard = in_.map(quota, "defaultBucket")) {
      Bucket bucket{.value = standard, .id = "quota " + policy_, .limit = like};
      if (in_.count(*standard, "limit") == 0) {
        keys_.drop(*standard, "Envoy AI Gateway 1.1.0 enforces no default bucket of 0");
      } else if (read_amount(*standard, bucket.limit)) {
        read.buckets.push_back(std::move(bucket));
      }
    }
    const JsonValue* rules = in_.list(quota, "bucketRules");
    if (rules == nullptr) return;
    for (std::size_t i = 0; i < rules->items.size(); ++i) {
      if (!in_.require_map(rules->items[i])) continue;
      Bucket bucket{
          .rule = &rules->items[i], .id = "rule " + std::to_string(i + 1) + " of quota " + policy_, .limit = like};
      read_rule(*bucket.rule, bucket, read);
    }
  }

  void read_rule(const JsonValue& rule, Bucket& bucket, ModelQuota& read) {
    if (const char* why_not = envoy_selectors(rule, bucket.limit, bucket.tags, in_, kHeadersAlone)) {
      return keys_.drop(rule, why_not);
    }
    const bool is_known = std::ranges::any_of(read.buckets, [&](const Bucket& other) {
      return other.rule != nullptr && other.limit.per == bucket.limit.per && other.limit.when == bucket.limit.when;
    });
    if (is_known) return keys_.drop(rule, "an earlier rule has the same selectors");
    bucket.value = in_.map(rule, "quota");
    if (bucket.value == nullptr || !read_amount(*bucket.value, bucket.limit)) return;
    if (in_.flag(rule, "shadowMode").value_or(false)) {
      bucket.limit.on_exhausted = monitor::OnExhausted::alert;
      bucket.limit.is_always = true;
    }
    read.buckets.push_back(std::move(bucket));
  }

  bool read_amount(const JsonValue& bucket, LimitConfig& limit) {
    const auto count = in_.count(bucket, "limit");
    const auto word = in_.text(bucket, "duration");
    const auto window = std::ranges::find(kWindows, word.value_or(""), &Window::name);
    if (!count || window == kWindows.end()) {
      if (!in_.has_errors()) {
        in_.error(bucket, "a bucket needs limit and duration", "write {limit: 100000, duration: 1m} (or 1s, 1h, 1d)");
      }
      return false;
    }
    limit.tokens = Tokens{std::min(*count, monitor::kLimitCountMax)};
    limit.period = window->length;
    return true;
  }

  // --- Limits ------------------------------------------------------------------------------------------------------

  void add_limits(const ModelQuota& quota) {
    const auto is_enforced = [](const Bucket& bucket) {
      return bucket.limit.on_exhausted != monitor::OnExhausted::alert;
    };
    needs_any_ = needs_any_ || std::ranges::count_if(quota.buckets, is_enforced) > 1;
    for (const Bucket& bucket : quota.buckets) {
      if (!bucket.tags.empty()) world_.add_tagged_callers(bucket.tags);
      for (const ProviderId deployment : quota.deployments) add_limit(bucket, deployment);
    }
  }

  void add_limit(const Bucket& bucket, ProviderId deployment) {
    LimitConfig limit = bucket.limit;
    const bool passes = limit.on_exhausted == monitor::OnExhausted::refuse && has_others(deployment);
    if (passes) limit.on_exhausted = monitor::OnExhausted::next_target;
    limit.id = bucket.id + " of " + world_.name_of(deployment);
    limit.when.push_back({{.scope = LimitScope::deployment}, world_.name_of(deployment)});
    const ImportedWorld::AddedLimit added = world_.add_limit(std::move(limit));
    const std::string how = std::string(kQuotaReserves) + (passes ? kPasses : "");
    ImportedWorld::list_limit(keys_, added, {bucket.value}, how);
    if (bucket.rule == nullptr) return;
    if (added.is_added()) return keys_.carry(*bucket.rule, "limits." + added.name);
    keys_.drop(*bucket.rule, added.why_not);
  }

  // A rule chooses among this one and others with quotas.
  [[nodiscard]] bool has_others(ProviderId deployment) const {
    return std::ranges::any_of(backends_.pools, [&](const std::set<ProviderId>& pool) {
      return pool.contains(deployment) && std::ranges::any_of(pool, [&](ProviderId other) {
               return other != deployment && limited_.contains(other);
             });
    });
  }

  // Limits from `first` on are those of quotas.
  void join_any(std::size_t first) {
    limits().combine = monitor::LimitCombine::any;
    for (std::size_t i = 0; i < first; ++i) limits().limits[i].is_always = true;
  }

  const EnvoyBackends& backends_;
  ConfigReading& in_;
  KeyList& keys_;
  ImportedWorld& world_;
  std::string policy_;                // that is read
  std::vector<std::string> targets_;  // its backends
  std::set<ProviderId> limited_;      // deployments with a quota
  std::vector<ModelQuota> quotas_;
  std::vector<const JsonValue*> specs_;  // of all policies
  bool needs_any_ = false;
};

}  // namespace

void read_envoy_quotas(const JsonValue& documents, const EnvoyBackends& backends, ConfigReading& in,
                       ImportedWorld& world) {
  QuotaReader(backends, in, world).read(documents);
}

}  // namespace windtunnel::scenarios
