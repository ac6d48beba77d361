#include "reports/run/summary_reader.h"

#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "reports/files/line_source.h"
#include "reports/run/summary.h"

namespace windtunnel::reports {
namespace {

using Json = nlohmann::ordered_json;

Json parse(std::string_view text, const std::string& name) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    throw ReportError(name, "read", error.what());
  }
  if (!json.is_object() || !json.contains("windtunnel_summary")) {
    throw ReportError(name, "read", "this is no summary: it has no windtunnel_summary");
  }
  const Json& version = json["windtunnel_summary"];
  if (!version.is_number_integer() || version != kSummaryVersion) {
    throw ReportError(name, "read",
                      "this is a summary of version " + version.dump() + ", and only " +
                          std::to_string(kSummaryVersion) + " is understood");
  }
  return json;
}

}  // namespace

SummaryHead read_summary(std::string_view text, const std::string& name) {
  const Json json = parse(text, name);
  try {
    const Json& scenario = json.at("scenario");
    return {.version = json.at("windtunnel_summary").get<int>(),
            .scenario_file = scenario.at("file").get<std::string>(),
            .title = scenario.at("title").get<std::string>(),
            .scenario_hash = read_digest(scenario.at("hash").get<std::string>()),
            .seed = json.at("seed").get<std::uint64_t>(),
            .digest = read_digest(json.at("digest").get<std::string>()),
            .verdict = json.at("verdict").get<std::string>(),
            .events = json.at("events").get<std::uint64_t>()};
  } catch (const Json::exception& error) {
    throw ReportError(name, "read", error.what());
  } catch (const std::invalid_argument& error) {
    throw ReportError(name, "read", error.what());
  }
}

SummaryHead read_summary_file(const std::string& path) { return read_summary(read_whole_file(path), path); }

std::string comparable_summary(std::string_view text, const std::string& name) {
  Json json = parse(text, name);
  json.erase("build");
  json.erase("timing");
  return json.dump(2);
}

}  // namespace windtunnel::reports
