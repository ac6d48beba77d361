#include "scenarios/gateway_reader.h"

#include "scenarios/fields/codecs.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::GatewayApi;
using sim::GatewayReady;
using sim::GatewayRequest;
using sim::GatewaySpec;
using sim::NamedTexts;

// {"NAME": "text", ...}
Kind<NamedTexts> named_texts() {
  const auto read = [](Reading& reading, const JsonValue& json, NamedTexts& value) {
    if (json.kind != JsonKind::object) {
      return reading.error(json.place, std::string("this is an object of texts, not ") + name_of(json.kind));
    }
    bool good = true;
    value.clear();
    for (const JsonMember& member : json.members) {
      const Reading::Step step(reading, member.key);
      std::string item;
      if (!text().read(reading, member.value, item)) good = false;
      value.emplace_back(member.key, std::move(item));
    }
    return good;
  };
  const auto write = [](const Writing& /*writing*/, const NamedTexts& value) {
    JsonValue json = JsonValue::object();
    for (const auto& [name, item] : value) json.add(name, JsonValue::of_string(item));
    return json;
  };
  return {read, write, [](const NamedTexts& a, const NamedTexts& b) { return a == b; },
          [] { return type_schema("object"); }};
}

const Table<GatewayReady>& gateway_ready_table() {
  using R = GatewayReady;
  static const Table<R> table{
      "ready",
      "When the gateway is ready.",
      {
          field<R>("path", &R::path, line(), "It answers GET on this path with a status below 500."),
          field<R>("within", &R::within, duration({1ms, 24h}), "How long that may take from its start."),
      },
      {}};
  return table;
}

const Table<GatewayRequest>& gateway_request_table() {
  using R = GatewayRequest;
  static const Words<GatewayApi> apis{{"openai-chat", GatewayApi::openai_chat},
                                      {"anthropic-messages", GatewayApi::anthropic_messages}};
  static const Table<R> table{
      "request",
      "How each request of the workload is sent.",
      {
          field<R>("api", &R::api, word(apis), "The interface that is called."),
          field<R>("path", &R::path, line(), "The path that is called, if it is not that of the interface."),
          field<R>("model", &R::model, line(), "The model that is asked for, if it is not that of the first provider."),
          field<R>("stream", &R::stream, boolean(), "Whether the answer is streamed."),
          field<R>("headers", &R::headers, named_texts(), "Headers besides the usual ones."),
          field<R>("timeout", &R::timeout, duration({1ms, 24h}), "The caller's patience."),
      },
      {}};
  return table;
}

const Table<GatewaySpec>& gateway_table() {
  using G = GatewaySpec;
  static const Table<G> table{
      "gateway",
      "A gateway that is to be tried.",
      {
          field<G>("command", &G::command, list(text(), 1, 500), "The program and its arguments; no shell reads them."),
          field<G>("url", &G::url, line(), "The address of a gateway that runs already, instead of a command."),
          field<G>("environment", &G::environment, named_texts(), "Variables of its environment besides ours."),
          field<G>("files", &G::files, named_texts(), "Files that are written into its folder, by name."),
          field<G>("ready", &G::ready, object(gateway_ready_table), "When it is ready."),
          field<G>("request", &G::request, object(gateway_request_table), "How each request is sent."),
      },
      {}};
  return table;
}

void check_gateway(Reading& reading, const GatewaySpec& spec) {
  if (spec.command.empty() == spec.url.empty()) reading.error_at("", "a gateway has either a command or a url");
  for (const auto& [name, content] : spec.files) {
    if (name.empty() || name.find("..") != std::string::npos || name.front() == '/') {
      reading.error_at("/files", "the file \"" + name + "\" would lie outside the gateway's folder");
    }
  }
}

}  // namespace

sim::GatewaySpec read_gateway(const std::string& path) {
  return read_gateway_text(read_whole_file(path, kTextBytesMax), path);
}

sim::GatewaySpec read_gateway_text(const std::string& text, const std::string& name) {
  Diagnostics diagnostics(name, text);
  const JsonValue root = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  Reading reading(diagnostics, "");
  GatewaySpec spec;
  reading.note(root.place);
  read_object(reading, root, spec, gateway_table());
  check_gateway(reading, spec);
  diagnostics.throw_if_errors();
  return spec;
}

}  // namespace windtunnel::scenarios
