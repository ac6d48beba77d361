#include "bench/reports/general_json.h"

#include <nlohmann/json.hpp>

#include "sim/world/world.h"

namespace windtunnel::bench {
namespace {

class Keep final {
 public:
  void on(const monitor::Record& record) { records.push_back(record); }
  std::vector<monitor::Record> records;
};

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

}  // namespace

std::vector<monitor::Record> records_of(const sim::Scenario& scenario) {
  Keep keep;
  sim::run(scenario, {.observers = {&keep}});
  return keep.records;
}

std::string general_json(const sim::Scenario& scenario, const monitor::Record& record) {
  const monitor::Attempt* last = record.last_attempt();
  const auto& router = scenario.monitor.ab_router;
  nlohmann::ordered_json json;
  json["timestamp"] = "2026-01-20T10:00:00.000000Z";
  json["request_id"] = "00000000-0000-4000-8000-000000000000";
  json["provider"] = last == nullptr ? "" : scenario.providers[index_of(last->provider)].name;
  json["model"] = last == nullptr ? "" : scenario.providers[index_of(last->provider)].model;
  json["latency_ms"] = milliseconds(record.latency());
  json["tokens"] = {{"input", record.input.count()},
                    {"output", record.output.count()},
                    {"total", (record.input + record.output).count()}};
  json["cost_usd"] = record.confirmed_cost().dollars();
  json["success"] = is_answered(record.outcome);
  json["error"] = nullptr;
  json["circuit_breaker_state"] = "closed";
  json["metadata"] = {{"feature_version", nullptr},
                      {"prompt_version", nullptr},
                      {"experiment_id", router.experiment_id},
                      {"variant_id", record.variant ? router.variants[*record.variant].id : ""}};
  json["prompt_length"] = record.request.prompt_length;
  json["response_length"] = record.response_length;
  json["outcome"] = name_of(record.outcome);
  json["cache_hit"] = false;
  json["ttft_ms"] = milliseconds(record.time_to_first_token);
  json["user"] = nullptr;
  for (const monitor::Attempt& attempt : record.attempts()) {
    json["attempts"].push_back({{"provider", scenario.providers[index_of(attempt.provider)].name},
                                {"outcome", name_of(attempt.kind)},
                                {"latency_ms", milliseconds(attempt.latency)},
                                {"cost_usd", attempt.cost.dollars()}});
  }
  return json.dump();
}

}  // namespace windtunnel::bench
