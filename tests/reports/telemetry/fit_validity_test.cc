// Whatever is fitted to whatever log is a scenario that the reader accepts.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "reports/logs/log_fit.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::fit_validity_test {
namespace {

using namespace std::chrono_literals;

std::int64_t number(std::int64_t least, std::int64_t most) { return *rc::gen::inRange(least, most + 1); }

std::string name() {
  return *rc::gen::element<std::string>("openai", "anthropic", "", "*", "a\nb", "::stop-commands::x", "##[error]",
                                        "\xC2\x9B"
                                        "31m",
                                        "a/b", "\"", std::string(300, 'n'),
                                        std::string(100, 'x') + "\xE2\x82\xAC" + std::string(90, 'y'));
}

// From ordinary ones to what a reader just accepts, or does not.
double cost() { return *rc::gen::element(0.0, 1e-12, 0.00035, 0.02, 5.0, 9'200'000.0, 9'300'000.0, 1e18, -1.0); }
std::int64_t tokens() { return *rc::gen::element<std::int64_t>(0, 1, 150, 4000, 1'000'000, 100'000'000, 100'000'001); }
double latency() { return *rc::gen::element(0.0, 0.000001, 850.0, 42'000.0, 86'400'000.0, 2'592'000'000.0, 2.6e9); }

// What the requests of one log have in common.
struct Shape {
  int requests = 0;
  int days = 0;              // 0: all at one instant
  int failures = 0;          // percent
  bool is_ordinary = false;  // lengths, costs and latencies as they usually are
  bool has_outcomes = false;
  bool has_attempts = false;  // each names a provider of its own
  std::int64_t a_day_us = 0;  // of each day requests come so long
  std::vector<std::string> providers;
};

Shape shape() {
  Shape shape{.requests = *rc::gen::element(1, 2, 3, 40, 300),
              .days = *rc::gen::element(0, 1, 3, 13, 16, 31, 60),
              .failures = *rc::gen::element(0, 5, 100),
              .is_ordinary = *rc::gen::arbitrary<bool>(),
              .has_outcomes = *rc::gen::arbitrary<bool>(),
              .has_attempts = number(0, 3) == 0,
              .a_day_us = *rc::gen::element<std::int64_t>(86'400'000'000, 86'400'000'000, 1'000'000, 10),
              .providers = {}};
  for (std::int64_t i = number(1, 12); i > 0; --i) shape.providers.push_back(name());
  return shape;
}

nlohmann::json record(const Shape& shape, WallTime at) {
  const bool success = number(0, 99) >= shape.failures;
  const std::string& provider = shape.providers[static_cast<std::size_t>(number(0, std::ssize(shape.providers) - 1))];
  const std::int64_t input = shape.is_ordinary ? number(100, 400) : tokens();
  const std::int64_t output = shape.is_ordinary ? number(1, 300) : tokens();
  nlohmann::json json{{"timestamp", iso8601(at)},
                      {"provider", provider},
                      {"model", number(0, 3) == 0 ? name() : "m"},
                      {"latency_ms", shape.is_ordinary ? static_cast<double>(number(100, 3000)) : latency()},
                      {"tokens", {{"input", input}, {"output", output}, {"total", 0}}},
                      {"cost_usd", shape.is_ordinary ? 1e-5 * static_cast<double>(input + output) : cost()},
                      {"success", success}};
  if (number(0, 2) == 0) json["experiment_id"] = name();
  if (number(0, 2) == 0) json["variant_id"] = name();
  if (shape.has_outcomes) {
    const char* answered = number(0, 9) == 0 ? "cache_hit" : "served";
    json["outcome"] = success ? answered : "failed";
  }
  if (shape.has_attempts) json["attempts"] = {{{"provider", name()}, {"outcome", "ok"}, {"latency_ms", 1}}};
  return json;
}

// Most of its requests come on a few days, so that the others are empty.
std::string drawn_log(const Shape& shape) {
  const WallTime start = WallTime{24h * 20'545};
  std::string text;
  for (int i = 0; i < shape.requests; ++i) {
    std::int64_t at = 0;
    if (shape.days > 0) {
      const std::int64_t day = number(0, 1) == 0 ? number(0, shape.days - 1) : number(0, 1) * (shape.days - 1);
      at = day * 86'400'000'000 + number(0, shape.a_day_us - 1);
    }
    text += record(shape, start + Duration{at * 1000}).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
            "\n";
  }
  return text;
}

RC_GTEST_PROP(FitValidity, of_whatever_log_is_a_valid_scenario, ()) {
  const Shape drawn = shape();
  const ScratchFolder folder;
  const std::string path = folder.file("log.jsonl");
  std::ofstream(path) << drawn_log(drawn);
  const FittedLog log = read_fit(path, 1);
  const std::string told = fit_text(log);
  RC_ASSERT(told.find("nan") == std::string::npos && told.find("inf ") == std::string::npos);
  if (log.fit.problem) return;
  const std::string text = scenarios::write_scenario(log.fit.scenario);
  try {
    const sim::Scenario read = scenarios::read_scenario_text(text, "fitted.json", {});
    RC_ASSERT(scenarios::write_scenario(read) == text);
  } catch (const scenarios::ScenarioError& error) {
    RC_FAIL(error.what() + ("\n" + text));
  }
}

}  // namespace
}  // namespace windtunnel::reports::fit_validity_test
