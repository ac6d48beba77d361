// A gateway that is to be tried: in a file of its own, or the block `gateway` of a scenario.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::GatewayApi;
using sim::GatewayClock;
using sim::GatewayFile;
using sim::GatewayProgram;
using sim::GatewayReady;
using sim::GatewayRequest;
using sim::GatewaySpec;
using sim::NamedTexts;

// {"NAME": value, ...}; `read_item` reads one value.
template <class Item, class ReadItem>
bool read_named(Reading& reading, const JsonValue& json, std::vector<Item>& value, const ReadItem& read_item) {
  if (!require_kind(reading, json, JsonKind::object)) return false;
  bool good = true;
  value.clear();
  for (const JsonMember& member : json.members) {
    const Reading::Step step(reading, member.key);
    reading.note(member.value.place);
    good = read_item(reading, member, value.emplace_back()) && good;
  }
  return good;
}

JsonValue object_of(JsonValue item, const char* meaning, const char* example) {
  annotate(item, {.description = meaning, .default_words = "none", .example = example});
  JsonValue schema = type_schema("object");
  schema.add("additionalProperties", std::move(item));
  return schema;
}

Kind<NamedTexts> named_texts() {
  const auto read = [](Reading& reading, const JsonValue& json, NamedTexts& value) {
    return read_named(reading, json, value, [](Reading& at, const JsonMember& member, auto& item) {
      item.first = member.key;
      return text().read(at, member.value, item.second);
    });
  };
  const auto write = [](const Writing&, const NamedTexts& value) {
    JsonValue json = JsonValue::object();
    for (const auto& [name, item] : value) json.add(name, JsonValue::of_string(item));
    return json;
  };
  return {read, write, [](const NamedTexts& a, const NamedTexts& b) { return a == b; },
          [] { return object_of(type_schema("string"), "The text of this name.", "\"on\""); }};
}

// A text, or {"from": "a file"} beside the file that says so.
bool read_file_text(Reading& reading, const JsonMember& member, GatewayFile& file) {
  file.name = member.key;
  if (member.value.kind == JsonKind::string) return text().read(reading, member.value, file.text);
  if (member.value.kind != JsonKind::object) {
    return reading.error(member.value.place, "a file is a text, or {\"from\": \"the file that holds it\"}");
  }
  bool good = refuse_unknown_keys(reading, member.value, {"from"});
  const JsonMember* const from = member.value.find("from");
  if (from == nullptr) return reading.error(member.value.place, "the key \"from\" is missing");
  const Reading::Step step(reading, "from");
  if (!line().read(reading, from->value, file.from)) return false;
  try {
    file.text =
        read_whole_file(file.from.starts_with('/') ? file.from : reading.directory() + file.from, kTextBytesMax);
  } catch (const FileError& error) {
    return reading.error(from->value.place, error.what());
  }
  return good;
}

Kind<std::vector<GatewayFile>> files_kind() {
  const auto read = [](Reading& reading, const JsonValue& json, std::vector<GatewayFile>& value) {
    return read_named(reading, json, value, read_file_text);
  };
  const auto write = [](const Writing&, const std::vector<GatewayFile>& value) {
    JsonValue json = JsonValue::object();
    for (const GatewayFile& file : value) {
      if (file.from.empty()) {
        json.add(file.name, JsonValue::of_string(file.text));
      } else {
        json.add(file.name, JsonValue::object()).add("from", JsonValue::of_string(file.from));
      }
    }
    return json;
  };
  return {read, write, [](const std::vector<GatewayFile>& a, const std::vector<GatewayFile>& b) { return a == b; },
          [] {
            JsonValue either = JsonValue::object();
            JsonValue& list = either.add("anyOf", JsonValue::array());
            list.items.push_back(type_schema("string"));
            JsonValue from = type_schema("object");
            JsonValue path = type_schema("string");
            annotate(path, {.description = "The file that holds the text, beside the one that names it.",
                            .example = R"("config.yaml")"});
            from.add("properties", JsonValue::object()).add("from", std::move(path));
            JsonValue& required = from.add("required", JsonValue::array());
            required.items.push_back(JsonValue::of_string("from"));
            from.add("additionalProperties", JsonValue::of_bool(false));
            list.items.push_back(std::move(from));
            return object_of(std::move(either), "The text of this file, or where it is read from.", "\"text\"");
          }};
}

const std::vector<std::string>& declared_keys() {
  static const std::vector<std::string> keys{"monitor", "routes", "default_fallback", "limits"};
  return keys;
}

// The scenario's reader judges what stands in it, once it is put into the scenario.
Kind<NamedTexts> declares_kind() {
  const auto read = [](Reading& reading, const JsonValue& json, NamedTexts& value) {
    if (!require_kind(reading, json, JsonKind::object)) return false;
    const bool good = refuse_unknown_keys(reading, json, declared_keys());
    value.clear();
    for (const JsonMember& member : json.members) value.emplace_back(member.key, json_line(member.value));
    return good;
  };
  const auto write = [](const Writing&, const NamedTexts& value) {
    JsonValue json = JsonValue::object();
    for (const auto& [name, item] : value) {
      Diagnostics aside(name, item);
      json.add(name, parse_json(aside));
    }
    return json;
  };
  return {read, write, [](const NamedTexts& a, const NamedTexts& b) { return a == b; },
          [] {
            JsonValue schema = type_schema("object");
            JsonValue names = JsonValue::object();
            JsonValue& list = names.add("enum", JsonValue::array());
            for (const std::string& key : declared_keys()) list.items.push_back(JsonValue::of_string(key));
            schema.add("propertyNames", std::move(names));
            return schema;
          }};
}

const Table<GatewayReady>& gateway_ready_table() {
  using R = GatewayReady;
  static const Table<R> table{
      "ready",
      "When the program is ready.",
      {
          field<R>("path", &R::path, line(),
                   "It answers GET on this path with a status below 500; empty: its port accepts a connection."),
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
          field<R>("path", &R::path, line(), "The path that is called, if it is not that of the interface.")
              .such_as(R"("/v1/chat/completions")"),
          field<R>("model", &R::model, line(), "The model that is asked for, if it is not that of the first provider.")
              .such_as(R"("gpt-4o")"),
          field<R>("stream", &R::stream, boolean(), "Whether the answer is streamed."),
          field<R>("headers", &R::headers, named_texts(), "Headers besides the usual ones.")
              .such_as(R"({"x-portkey-config": "{...}"})"),
          field<R>("timeout", &R::timeout, duration({1ms, 24h}), "The caller's patience."),
          field<R>("exact_text", &R::exact_text, boolean(),
                   "Whether equal contents are equal texts of exactly their tokens; the tag then stands in `user`."),
      },
      {}};
  return table;
}

const Table<GatewayProgram>& gateway_program_table() {
  using P = GatewayProgram;
  static const Table<P> table{
      "program",
      "One of several programs.",
      {
          field<P>("name", &P::name, name(), "By which {url:NAME} and {host:NAME} give its address.").required(),
          field<P>("command", &P::command, list(text(), 1, 500), "The program and its arguments; no shell reads them.")
              .required(),
          field<P>("environment", &P::environment, named_texts(), "Variables of its environment besides ours.")
              .such_as(R"({"PORT": "{port}"})"),
          field<P>("inherits_environment", &P::inherits_environment, boolean(),
                   "false: it has the variables that are named here, and none of ours."),
          field<P>("ready", &P::ready, object(gateway_ready_table), "When it is ready."),
          field<P>("drives", &P::drives, boolean(),
                   "true: it sends the requests of the external workloads, and the trial ends when it has ended."),
      },
      {}};
  return table;
}

void check_programs(Reading& reading, const GatewaySpec& spec, const std::string& pointer) {
  for (std::size_t i = 0; i < spec.programs.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (spec.programs[i].name != spec.programs[k].name) continue;
      reading.error_at(pointer + "/programs/" + std::to_string(i) + "/name", "two programs have this name");
    }
  }
  const auto drivers = std::ranges::count(spec.programs, true, &GatewayProgram::drives);
  if (drivers > 1) {
    reading.error_at(pointer + "/programs", "two programs drive the workload, and a trial ends with one");
  }
  if (drivers > 0 && drivers == std::ssize(spec.programs)) {
    reading.error_at(pointer + "/programs", "the only program drives the workload, so that none is the gateway");
  }
}

}  // namespace

const Table<GatewaySpec>& gateway_table() {
  using G = GatewaySpec;
  static const Words<GatewayClock> clocks{{"virtual", GatewayClock::virtual_time}, {"real", GatewayClock::real}};
  static const Table<G> table{
      "gateway",
      "A gateway that is to be tried.",
      {
          field<G>("command", &G::command, list(text(), 0, 500), "The program and its arguments; no shell reads them.")
              .such_as(R"(["nginx", "-p", "{directory}", "-c", "nginx.conf"])"),
          field<G>("url", &G::url, line(), "The address of a gateway that runs already, instead of a command.")
              .such_as(R"("http://127.0.0.1:8080")"),
          field<G>("programs", &G::programs, list(object(gateway_program_table), 0, 20),
                   "Several programs instead of one command: each starts once the one before is ready, and requests "
                   "go to the last that does not drive.")
              .such_as(R"([{"name": "redis", "command": ["redis-server", "--port", "{port}"]}])"),
          field<G>("environment", &G::environment, named_texts(), "Variables of its environment besides ours.")
              .such_as(R"({"PORT": "{port}"})"),
          field<G>("inherits_environment", &G::inherits_environment, boolean(),
                   "false: it has the variables that are named here, and none of ours."),
          field<G>("files", &G::files, files_kind(),
                   "Files that are written into its folder, by name: a text, or the file that holds it.")
              .such_as(R"({"config.yaml": "model_list: []"})"),
          field<G>("ready", &G::ready, object(gateway_ready_table), "When it is ready."),
          field<G>("request", &G::request, object(gateway_request_table), "How each request is sent."),
          field<G>("clock", &G::clock, word(clocks), "The time that passes, if no --clock is given."),
          field<G>("declares", &G::declares, declares_kind(),
                   "What it is configured to do, in the words of a scenario: it stands for the scenario's own blocks.")
              .such_as(R"({"monitor": {"provider_call": {"max_attempts": 2}}})"),
      },
      {}};
  return table;
}

void check_gateway(Reading& reading, const GatewaySpec& spec, const std::string& pointer) {
  check_programs(reading, spec, pointer);
  for (const GatewayFile& file : spec.files) {
    if (file.name.empty() || file.name.find("..") != std::string::npos || file.name.front() == '/') {
      reading.error_at(pointer + "/files", "the file \"" + file.name + "\" would lie outside the gateway's folder");
    }
  }
}

}  // namespace windtunnel::scenarios
