#include "scenarios/import/world/imported_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/visible_text.h"
#include "scenarios/fields/tables.h"
#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {
namespace {

using monitor::ProviderId;
using monitor::ReplyKind;
using monitor::ReplySet;
using monitor::RouteId;

constexpr std::size_t kWorkloadsMost = 64;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// "gpt-4o" of "bedrock/us.anthropic.gpt-4o": the last part of a path.
std::string_view last_part(std::string_view model) { return model.substr(model.rfind('/') + 1); }

// The listed model that a name most likely means: the longest that begins it, or that it begins.
const ModelPrice* similar_model(const PriceList& prices, std::string_view model) {
  const ModelPrice* best = nullptr;
  for (const ModelPrice& price : prices.models()) {
    const bool is_similar = model.find(price.model) != std::string_view::npos || price.model.starts_with(model);
    if (is_similar && (best == nullptr || price.model.size() > best->model.size())) best = &price;
  }
  return best;
}

const char* latency_profile_of(std::string_view model) {
  return model.find("claude") != std::string_view::npos ? "measured/claude-3-5-sonnet" : "measured/gpt-4o";
}

// A target stands once; one that no draw reaches is left out; weights are 7 and 3 instead of 700000 and 300000.
void tidy_targets(monitor::RouteConfig& route) {
  std::vector<monitor::RouteTarget> targets;
  for (const monitor::RouteTarget& target : route.targets) {
    const auto same = std::ranges::find_if(targets, [&](const monitor::RouteTarget& other) {
      return other.deployment == target.deployment && other.route == target.route;
    });
    if (same == targets.end()) {
      targets.push_back(target);
    } else if (same->priority == target.priority) {
      same->weight = std::min(same->weight + target.weight, monitor::kRouteWeightMax);
    }
  }
  if (route.balance == monitor::Balance::weighted) {
    std::erase_if(targets, [](const monitor::RouteTarget& target) { return target.weight == 0; });
  }
  std::int64_t divisor = 0;
  for (const monitor::RouteTarget& target : targets) divisor = std::gcd(divisor, target.weight);
  for (monitor::RouteTarget& target : targets) target.weight /= std::max<std::int64_t>(divisor, 1);
  route.targets = std::move(targets);
}

}  // namespace

void carry_tag(monitor::Tags& tags, const std::string& tag, const std::optional<std::string>& value) {
  const auto known = std::ranges::find(tags, tag, &monitor::Tags::value_type::first);
  if (known == tags.end()) {
    tags.emplace_back(tag, value.value_or(tag + "-1"));
  } else if (value) {
    known->second = *value;
  }
}

ReplySet replies(std::initializer_list<ReplyKind> kinds) {
  ReplySet set;
  for (const ReplyKind kind : kinds) set.add(kind);
  return set;
}

ReplySet every_failure() {
  ReplySet set;
  for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) set.add(static_cast<ReplyKind>(i));
  return set;
}

ImportedWorld::ImportedWorld(PriceList prices) : prices_(std::move(prices)), scenario_(default_scenario()) {
  scenario_.providers.clear();
  scenario_.workloads.clear();
  scenario_.monitor.token_limiter.mode = monitor::TokenMode::off;
  scenario_.monitor.cost_limiter.monthly.reset();
  scenario_.monitor.cache.enabled = false;
}

std::string ImportedWorld::provider_of(const std::string& company, const std::string& account) {
  std::vector<std::string>& accounts = accounts_[company];
  const auto found = std::ranges::find(accounts, account);
  const auto place = found - accounts.begin();
  if (found == accounts.end()) accounts.push_back(account);
  const std::string base = company.empty() ? "provider" : company;
  std::string name = place == 0 ? base : base + "-" + std::to_string(place + 1);
  std::ranges::replace(name, '/', '-');  // a provider with models has none in its name
  return provider_names_.valid(name);
}

std::optional<ProviderId> ImportedWorld::add_deployment(const std::string& provider, const std::string& model,
                                                        std::optional<Tariff> tariff) {
  if (deployments_.size() >= monitor::kProvidersMax) return std::nullopt;
  const auto is_taken = [&](const std::string& wanted) {
    return std::ranges::any_of(deployments_, [&](const Deployment& other) { return other.spec.name == wanted; });
  };
  const std::string valid = model.empty() ? "model" : deployment_names_.valid(model);
  const std::string first = provider + "/" + valid;
  std::string name = first;
  for (int i = 2; is_taken(name); ++i) name = first + "-" + std::to_string(i);
  Deployment added{provider, tariff.has_value(), start_from(name, latency_profile_of(model))};
  added.spec.profile.clear();
  added.spec.account = provider;
  added.spec.model = valid;
  added.spec.quota = provider;
  added.spec.tariffs.clear();
  if (tariff) added.spec.tariffs.push_back({WallTime::min(), *tariff});
  deployments_.push_back(std::move(added));
  return ProviderId{static_cast<std::uint8_t>(deployments_.size() - 1)};
}

sim::ProviderSpec& ImportedWorld::deployment(ProviderId id) { return deployments_[monitor::index_of(id)].spec; }
const std::string& ImportedWorld::name_of(ProviderId id) const { return deployments_[monitor::index_of(id)].spec.name; }

void ImportedWorld::identify(ProviderId id, std::string gateway_id, std::string address) {
  Deployment& deployment = deployments_[monitor::index_of(id)];
  deployment.gateway_id = std::move(gateway_id);
  deployment.address = std::move(address);
}

std::vector<DeploymentIdentity> ImportedWorld::identities() const {
  std::vector<DeploymentIdentity> identities;
  for (const Deployment& deployment : deployments_) {
    identities.push_back({deployment.spec.name, deployment.gateway_id, deployment.address});
  }
  return identities;
}

std::vector<std::string> ImportedWorld::unpriced() const {
  std::vector<std::string> names;
  for (const Deployment& deployment : deployments_) {
    if (!deployment.has_price) names.push_back(deployment.spec.name);
  }
  return names;
}

std::optional<RouteId> ImportedWorld::add_route(const std::string& name, bool is_entry) {
  if (routes_.size() >= monitor::kRoutesMax) return std::nullopt;
  const RouteId id{static_cast<std::uint8_t>(routes_.size())};
  const std::string base = name.empty() ? "route" : name;
  std::string unique = base;
  for (int i = 2; find_route(route_names_.valid(unique)); ++i) unique = base + " " + std::to_string(i);
  routes_.emplace_back().name = route_names_.valid(unique);
  if (is_entry) entries_.push_back(id);
  return id;
}

std::optional<RouteId> ImportedWorld::find_route(const std::string& name) const {
  const auto found = std::ranges::find(routes_, name, &monitor::RouteConfig::name);
  if (found == routes_.end()) return std::nullopt;
  return RouteId{static_cast<std::uint8_t>(found - routes_.begin())};
}

ImportedWorld::AddedLimit ImportedWorld::add_limit(monitor::LimitConfig limit) {
  monitor::LimitsConfig& config = scenario_.monitor.limits;
  const std::string first = limit.id;
  const auto is_taken = [&](const monitor::LimitConfig& other) { return other.id == limit_names_.valid(limit.id); };
  for (int i = 2; std::ranges::any_of(config.limits, is_taken); ++i) limit.id = first + " " + std::to_string(i);
  limit.id = limit_names_.valid(limit.id);
  const auto make_valid = [&](monitor::LimitWord& word) {
    if (word.scope == monitor::LimitScope::tag) word.tag = valid_tag(word.tag);
  };
  for (monitor::LimitWord& word : limit.per) make_valid(word);
  for (monitor::LimitCondition& condition : limit.when) {
    make_valid(condition.word);
    if (condition.word.scope == monitor::LimitScope::tag) condition.value = words_.valid(condition.value);
  }
  config.limits.push_back(limit);
  const std::vector<monitor::LimitProblem> problems = monitor::problems_of(config, !routes_.empty());
  if (problems.empty()) return {limit.id, {}};
  config.limits.pop_back();
  return {limit.id, "no scenario holds it: " + problems.front().message};
}

void ImportedWorld::list_limit(KeyList& keys, const AddedLimit& limit, const std::vector<const JsonValue*>& given,
                               const std::string& how) {
  for (const JsonValue* value : given) {
    if (value == nullptr) continue;
    if (limit.is_added()) {
      keys.differ(*value, "limits." + limit.name + how);
    } else {
      keys.drop(*value, limit.why_not);
    }
  }
}

sim::Scenario ImportedWorld::finish(KeyList& keys, const std::string& title) {
  scenario_.title = words_.valid(title);
  for (monitor::RouteConfig& route : routes_) tidy_targets(route);
  drop_empty_routes();
  assume_prices(keys);
  assume_latencies(keys);
  put_deployments_together();
  scenario_.monitor.routing.routes = routes_;
  assume_traffic(keys);
  note_names(keys);
  return scenario_;
}

// A name of the configuration that a scenario refuses has another one here.
void ImportedWorld::note_names(KeyList& keys) const {
  std::map<std::string, std::string> changes;
  for (const sim::FitNames* names : {&provider_names_, &deployment_names_, &route_names_, &words_, &limit_names_}) {
    for (const auto& [name, valid] : names->changes()) changes.emplace(name, valid);
  }
  for (const auto& [name, valid] : changes) {
    keys.assume(
        fmt::format("the name \"{}\" is \"{}\" in the scenario, which refuses the first or has that name already",
                    visible_text(name), valid));
  }
}

// Routes without a target, and whatever names them.
void ImportedWorld::drop_empty_routes() {
  const auto is_empty = [&](RouteId id) { return routes_[monitor::index_of(id)].targets.empty(); };
  for (bool changes = true; changes;) {
    changes = false;
    for (monitor::RouteConfig& route : routes_) {
      changes = std::erase_if(
                    route.targets,
                    [&](const monitor::RouteTarget& target) { return target.route && is_empty(*target.route); }) > 0 ||
                changes;
    }
  }
  auto& default_fallback = scenario_.monitor.routing.default_fallback;
  const auto names_empty = [&](const monitor::RouteFallback& fallback) { return is_empty(fallback.route); };
  std::erase_if(default_fallback, names_empty);
  std::erase_if(entries_, is_empty);
  std::erase_if(tagged_, [&](const auto& callers) { return is_empty(callers.first); });
  std::vector<RouteId> place_of(routes_.size());
  std::uint8_t next = 0;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    monitor::RouteConfig& route = routes_[i];
    place_of[i] = RouteId{next};
    if (!route.targets.empty()) ++next;
    std::erase_if(route.rules, [&](const monitor::RouteRule& rule) { return is_empty(rule.route); });
    for (monitor::RouteRule& rule : route.rules) rule.when = valid_tags(rule.when);
    if (route.fallback) std::erase_if(*route.fallback, names_empty);
  }
  const auto renumber = [&](RouteId& id) { id = place_of[monitor::index_of(id)]; };
  for (monitor::RouteConfig& route : routes_) {
    for (monitor::RouteTarget& target : route.targets) {
      if (target.route) renumber(*target.route);
    }
    for (monitor::RouteRule& rule : route.rules) renumber(rule.route);
    if (!route.fallback) continue;
    for (monitor::RouteFallback& fallback : *route.fallback) renumber(fallback.route);
  }
  for (monitor::RouteFallback& fallback : default_fallback) renumber(fallback.route);
  for (RouteId& entry : entries_) renumber(entry);
  for (auto& [entry, tags] : tagged_) renumber(entry);
  std::erase_if(routes_, [](const monitor::RouteConfig& route) { return route.targets.empty(); });
}

monitor::Tags ImportedWorld::valid_tags(const monitor::Tags& tags) {
  monitor::Tags result;
  for (const auto& [tag, word] : tags) result.emplace_back(valid_tag(tag), words_.valid(word));
  return result;
}

std::string ImportedWorld::valid_tag(const std::string& tag) { return tag.empty() ? "tag" : words_.valid(tag); }

void ImportedWorld::assume_prices(KeyList& keys) {
  for (Deployment& deployment : deployments_) {
    if (deployment.has_price) continue;
    const std::string& model = deployment.spec.model;
    const ModelPrice* price = prices_.find_at(deployment.provider, model);
    std::string why;
    if (price == nullptr) price = prices_.find(last_part(model));
    if (price == nullptr) {
      price = similar_model(prices_, last_part(model));
      why = ", the most similar name";
    }
    if (price == nullptr) {
      price = prices_.find("gpt-4o");
      why = ", because no name is similar; --prices FILE states yours";
    }
    if (price == nullptr) price = &prices_.models().front();
    deployment.spec.tariffs.push_back({WallTime::min(), price->tariff});
    keys.assume("price of " + deployment.spec.name + ": that of " + price->model + " in " + prices_.source() + why);
  }
}

void ImportedWorld::assume_latencies(KeyList& keys) {
  std::map<std::string, std::vector<std::string>> by_profile;
  for (const Deployment& deployment : deployments_) {
    by_profile[latency_profile_of(deployment.spec.model)].push_back(deployment.spec.name);
  }
  for (const auto& [profile_name, names] : by_profile) {
    keys.assume("latency of " + joined(names) + ": profile " + profile_name + "; --from LOG fits it to a log");
  }
  keys.assume("errors of providers: none but what faults bring; --from LOG fits them to a log");
}

void ImportedWorld::assume_traffic(KeyList& keys) {
  const auto add = [&](RouteId route, const monitor::Tags& tags) {
    if (scenario_.workloads.size() >= kWorkloadsMost) return;
    sim::WorkloadSpec load = default_workloads().front();
    load.name = routes_[monitor::index_of(route)].name;
    for (const auto& [tag, word] : valid_tags(tags)) load.name += " " + tag;
    const std::string first = load.name;
    const auto is_taken = [&](const sim::WorkloadSpec& other) { return other.name == load.name; };
    for (int i = 2; std::ranges::any_of(scenario_.workloads, is_taken); ++i)
      load.name = first + " " + std::to_string(i);
    load.route = routes_[monitor::index_of(route)].name;
    load.tags = valid_tags(tags);
    load.rate.count = Millionths{1'000'000};
    load.users.count = std::max(load.users.count, users_);
    load.keys.count = keys_;
    load.teams.count = teams_;
    scenario_.workloads.push_back(std::move(load));
  };
  for (const RouteId entry : entries_) {
    add(entry, {});
    for (const auto& [route, tags] : tagged_) {
      if (route == entry) add(entry, tags);
    }
  }
  for (const auto& [count, word] : {std::pair{users_, "user"}, std::pair{keys_, "key"}, std::pair{teams_, "team"}}) {
    if (count == 0) continue;
    keys.assume("callers: " + std::to_string(count) + " " + word + (count == 1 ? "" : "s, all alike"));
  }
  keys.assume("traffic: one request a second for each route, poisson, 150 tokens in and 200 out; --from LOG fits it");
}

// The deployments of a provider stand behind each other, as a file writes them.
void ImportedWorld::put_deployments_together() {
  std::vector<std::size_t> order(deployments_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::string> providers;
  for (const Deployment& deployment : deployments_) {
    if (std::ranges::find(providers, deployment.provider) == providers.end()) providers.push_back(deployment.provider);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::ranges::find(providers, deployments_[i].provider) - providers.begin();
  });
  std::vector<ProviderId> place_of(deployments_.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place_of[order[i]] = ProviderId{static_cast<std::uint8_t>(i)};
    scenario_.providers.push_back(deployments_[order[i]].spec);
  }
  for (monitor::RouteConfig& route : routes_) {
    for (monitor::RouteTarget& target : route.targets) {
      if (target.deployment) target.deployment = place_of[monitor::index_of(*target.deployment)];
    }
  }
}

}  // namespace windtunnel::scenarios
