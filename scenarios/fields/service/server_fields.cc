// What `windtunnel gateway` alone reads of a scenario file: endpoints of providers, and the server.

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::EndpointApi;
using sim::EndpointSpec;
using sim::ServerSpec;

// Empty, or an address that the gateway can call.
Kind<std::string> url() {
  Kind<std::string> kind = line();
  kind.read = [read = kind.read](Reading& reading, const JsonValue& json, std::string& value) {
    if (!read(reading, json, value)) return false;
    if (value.empty()) return true;
    const std::size_t scheme = value.starts_with("https://") ? 8 : value.starts_with("http://") ? 7 : 0;
    if (scheme > 0 && value.size() > scheme && value.find_first_of(" @?#") == std::string::npos) return true;
    return reading.error(json.place, "\"" + excerpt(value) + "\" is no address such as https://api.example.com/v1",
                         "a key stands in key_env or key_file, never in an address");
  };
  return kind;
}

}  // namespace

const Table<EndpointSpec>& endpoint_table() {
  using E = EndpointSpec;
  static const Words<EndpointApi> apis{
      {"openai", EndpointApi::openai}, {"anthropic", EndpointApi::anthropic}, {"azure", EndpointApi::azure}};
  static const Table<E> table{
      "endpoint",
      "Where `windtunnel gateway` calls this provider.",
      {
          field<E>("api", &E::api, word(apis), "Whose interface it has."),
          field<E>("base_url", &E::base_url, url(),
                   "The address in front of the interface's own paths; empty: the public one.")
              .such_as("\"https://api.openai.com/v1\""),
          field<E>("key_env", &E::key_env, line(), "The variable of the environment that holds the key.")
              .such_as("\"OPENAI_API_KEY\""),
          field<E>("key_file", &E::key_file, line(), "The file that holds the key, where no variable does.")
              .such_as("\"/run/secrets/openai\""),
          field<E>("model", &E::model, line(), "The model as the provider names it; empty: that of the provider.")
              .such_as("\"gpt-4o-2024-08-06\""),
          field<E>("deployment", &E::deployment, line(), "The deployment of Azure; empty: the model's name.")
              .such_as("\"my-gpt-4o\""),
          field<E>("api_version", &E::api_version, line(), "The version that Azure's paths name."),
      },
      {}};
  return table;
}

const Table<ServerSpec>& server_table() {
  using S = ServerSpec;
  static const Words<sim::OtlpForm> protocols{{"http/protobuf", sim::OtlpForm::protobuf},
                                              {"http/json", sim::OtlpForm::json}};
  static const Table<S> table{
      "server",
      "How `windtunnel gateway` serves this file. A simulation reads none of it.",
      {
          field<S>("listen", &S::listen, line(), "IPv4 address and port; port 0 is a free one.")
              .such_as("\"0.0.0.0:8787\""),
          field<S>("storage", &S::storage, line(),
                   "A SQLite file that keeps spend, cooldowns and records; empty: nothing outlives the process.")
              .such_as("\"gateway.db\""),
          field<S>("retention", &S::retention, duration({1s}), "How long it keeps the records."),
          field<S>("telemetry", &S::telemetry, line(), "A file that gets each record as a line of JSON; empty: none.")
              .such_as("\"telemetry.jsonl\""),
          field<S>("otlp", &S::otlp, url(), "The address of a collector that takes OTLP over HTTP; empty: none.")
              .such_as("\"http://127.0.0.1:4318\""),
          field<S>("otlp_protocol", &S::otlp_protocol, word(protocols),
                   "How it is written, in the words of OTEL_EXPORTER_OTLP_PROTOCOL."),
          field<S>("otlp_metric_interval", &S::otlp_metric_interval, duration({0ns, 24h}),
                   "How often the metrics are sent, as OTEL_METRIC_EXPORT_INTERVAL has it; 0s: never."),
          field<S>("otlp_timeout", &S::otlp_timeout, duration({1ms, 10min}),
                   "How long an export may take, and those that are left at the end."),
          field<S>("ca_file", &S::ca_file, line(),
                   "The certificates that providers are verified with; empty: those of the system.")
              .such_as("\"/etc/ssl/certs/ca-certificates.crt\""),
          field<S>("connections", &S::connections, integer({1, 1'000'000}), "Connections of callers at once.")
              .in("connections"),
          field<S>("body_bytes", &S::body_bytes, integer({1024, std::int64_t{1} << 30}), "The largest request.")
              .in("bytes"),
          field<S>("request_within", &S::request_within, duration({1ms, 24h}),
                   "How long a caller may be silent within a request."),
          field<S>("idle", &S::idle, duration({1ms, 24h}), "How long a connection may stay open without a request."),
          field<S>("drain", &S::drain, duration({0ns, 24h}),
                   "How long open requests may go on once the service is asked to end."),
      },
      {}};
  return table;
}

}  // namespace windtunnel::scenarios
