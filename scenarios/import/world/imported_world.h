#pragma once
// The scenario that an import builds: providers by account, deployments, routes; and what no configuration holds
// (prices that it does not state, latencies, traffic), which is assumed and listed.
//
// The gateway of an imported scenario has no limit, no budget and no cache but those of the configuration: the defaults
// of this program's own gateway are off.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "monitor/record.h"
#include "monitor/routing/route.h"
#include "scenarios/import/source/key_list.h"
#include "scenarios/profiles/model_prices.h"
#include "sim/fit/fit_names.h"
#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// What a log may name a deployment by.
struct DeploymentIdentity {
  std::string name;     // in the scenario
  std::string id;       // the gateway's own; empty: the file states none
  std::string address;  // that is called; likewise
};

class ImportedWorld {
 public:
  explicit ImportedWorld(PriceList prices);

  // The provider of an account at a company, by what tells accounts apart (keys, regions, addresses): "azure",
  // "azure-2", in the order of their first use.
  std::string provider_of(const std::string& company, const std::string& account);

  // Adds a deployment, named "provider/model"; a second one of a name gets a number. Targets name it by the result
  // until finish() puts the deployments of a provider together. Nothing: there are as many as a scenario holds.
  std::optional<monitor::ProviderId> add_deployment(const std::string& provider, const std::string& model,
                                                    std::optional<Tariff> tariff);
  [[nodiscard]] sim::ProviderSpec& deployment(monitor::ProviderId id);
  // What a log may name it by: the gateway's own id of it, and the address that it calls. Either may be empty.
  void identify(monitor::ProviderId id, std::string gateway_id, std::string address);
  // The name by which a scenario refers to it.
  [[nodiscard]] const std::string& name_of(monitor::ProviderId id) const;

  // Declares a route. Callers ask for an entry by its name; other routes are parts of entries. Nothing: there are as
  // many as a scenario holds.
  std::optional<monitor::RouteId> add_route(const std::string& name, bool is_entry);
  [[nodiscard]] std::optional<monitor::RouteId> find_route(const std::string& name) const;
  [[nodiscard]] monitor::RouteConfig& route(monitor::RouteId id) { return routes_[monitor::index_of(id)]; }
  // Tags of the workload that stands for this entry's callers with those tags.
  void add_tagged_callers(monitor::RouteId entry, monitor::Tags tags) { tagged_.emplace_back(entry, std::move(tags)); }

  // Of every entry.
  void add_tagged_callers(const monitor::Tags& tags) {
    for (const monitor::RouteId entry : entries_) tagged_.emplace_back(entry, tags);
  }

  struct AddedLimit {
    std::string name;     // in reports
    std::string why_not;  // empty: it was added
    [[nodiscard]] bool is_added() const { return why_not.empty(); }
  };
  // A second limit of a name gets a number.
  [[nodiscard]] AddedLimit add_limit(monitor::LimitConfig limit);
  // Lists the values that a limit was made of, as carried with a difference or as not carried.
  static void list_limit(KeyList& keys, const AddedLimit& limit, const std::vector<const JsonValue*>& given,
                         const std::string& how);
  // Callers are so many users, or hold so many keys, or so many teams, because limits count them.
  void assume_users(std::int64_t count) { users_ = std::max(users_, count); }
  void assume_keys(std::int64_t count) { keys_ = std::max(keys_, count); }
  void assume_teams(std::int64_t count) { teams_ = std::max(teams_, count); }

  [[nodiscard]] sim::Scenario& scenario() { return scenario_; }
  // Deployments whose price no key states, by name.
  [[nodiscard]] std::vector<std::string> unpriced() const;
  // What callers may ask for. Their numbers are those of the scenario once finish() has made it.
  [[nodiscard]] const std::vector<monitor::RouteId>& entries() const { return entries_; }
  [[nodiscard]] std::vector<DeploymentIdentity> identities() const;
  [[nodiscard]] bool has_deployments() const { return !deployments_.empty(); }

  // The scenario. Lists what it assumes.
  [[nodiscard]] sim::Scenario finish(KeyList& keys, const std::string& title);

 private:
  struct Deployment {
    std::string provider;
    bool has_price = false;
    sim::ProviderSpec spec;
    std::string gateway_id = {};
    std::string address = {};
  };

  void note_names(KeyList& keys) const;
  void assume_prices(KeyList& keys);
  void assume_latencies(KeyList& keys);
  void assume_traffic(KeyList& keys);
  void put_deployments_together();
  void drop_empty_routes();
  [[nodiscard]] monitor::Tags valid_tags(const monitor::Tags& tags);
  [[nodiscard]] std::string valid_tag(const std::string& tag);

  PriceList prices_;
  sim::Scenario scenario_;
  sim::FitNames provider_names_;
  sim::FitNames deployment_names_;
  sim::FitNames route_names_;
  sim::FitNames words_;                                       // tags and the title
  std::map<std::string, std::vector<std::string>> accounts_;  // of each company
  std::vector<Deployment> deployments_;                       // in order of addition
  std::vector<monitor::RouteConfig> routes_;
  std::vector<monitor::RouteId> entries_;
  std::vector<std::pair<monitor::RouteId, monitor::Tags>> tagged_;
  sim::FitNames limit_names_;
  std::int64_t users_ = 0;
  std::int64_t keys_ = 0;
  std::int64_t teams_ = 0;
};

// Callers whom a limit counts carry a tag: with this value, or with any.
void carry_tag(monitor::Tags& tags, const std::string& tag, const std::optional<std::string>& value);

// What a gateway without settings of its own may stand for: every failure a provider can answer with.
[[nodiscard]] monitor::ReplySet every_failure();
[[nodiscard]] monitor::ReplySet replies(std::initializer_list<monitor::ReplyKind> kinds);

}  // namespace windtunnel::scenarios
