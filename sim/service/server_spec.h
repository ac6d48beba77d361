#pragma once
// What a scenario file states for `windtunnel gateway` alone: where each provider truly is, and how the service
// listens, stores and reports. A simulation reads none of it. Plain values.

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"

namespace windtunnel::sim {

// Whose interface a provider has.
enum class EndpointApi : std::uint8_t { openai, anthropic, azure };

// A provider's own service. Its key is never part of the file.
struct EndpointSpec {
  EndpointApi api = EndpointApi::openai;
  std::string base_url;                    // empty: the public one of the interface
  std::string key_env;                     // the variable that holds the key; empty: none
  std::string key_file;                    // the file that holds it; empty: none
  std::string model;                       // as the provider names it; empty: that of the provider's settings
  std::string deployment;                  // of Azure; empty: the model
  std::string api_version = "2024-10-21";  // of Azure
  friend bool operator==(const EndpointSpec&, const EndpointSpec&) = default;
};

// How an export of OpenTelemetry is written.
enum class OtlpForm : std::uint8_t { protobuf, json };

struct ServerSpec {
  std::string listen = "127.0.0.1:8787";
  std::string storage;                                      // a SQLite file; empty: nothing is kept
  Duration retention = std::chrono::hours{24 * 30};         // of the records in it
  std::string telemetry;                                    // a file of records, a line each; empty: none
  std::string otlp;                                         // the base URL of a collector; empty: none
  OtlpForm otlp_protocol = OtlpForm::protobuf;              // OTLP's own default
  Duration otlp_metric_interval = std::chrono::minutes{1};  // between exports of metrics; 0: there are none
  Duration otlp_timeout = std::chrono::seconds{10};         // of one export, and of the last ones at the end
  std::string ca_file;                                      // certificates to trust; empty: the system's
  std::int64_t connections = 10'000;                        // of callers
  std::int64_t body_bytes = std::int64_t{16} << 20;         // the largest request
  Duration request_within = std::chrono::seconds{30};       // a caller's time to send it
  Duration idle = std::chrono::seconds{120};                // of a connection without a request
  Duration drain = std::chrono::seconds{30};                // of the requests that are open at the end
  friend bool operator==(const ServerSpec&, const ServerSpec&) = default;
};

}  // namespace windtunnel::sim
