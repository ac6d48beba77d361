#include "reports/logs/span_reader.h"

#include <simdjson.h>

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/visible_text.h"
#include "reports/logs/formats/log_formats.h"
#include "reports/logs/json_records.h"
#include "reports/logs/log_fields.h"
#include "reports/logs/row_maker.h"

namespace windtunnel::reports {
namespace {

// What the format has no rule for, behind its own paths.
enum class Extra : std::uint8_t { trace, kind, answer, response_model };
constexpr std::array<std::string_view, 4> kExtraPaths = {"traceId", "kind", "attributes.gen_ai.response.id",
                                                         "attributes.gen_ai.response.model"};

std::string problem_with_export(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto error = parser.parse(text).get(root); error != simdjson::SUCCESS) {
    return std::string("it is no JSON: ") + simdjson::error_message(error);
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return "it is no JSON object";
  simdjson::dom::array list;
  const auto spans = object["resourceSpans"];
  if (spans.error() == simdjson::NO_SUCH_FIELD) return object.size() == 0 ? "" : "it has no \"resourceSpans\"";
  return spans.get(list) == simdjson::SUCCESS ? "" : "\"resourceSpans\" is no list";
}

bool is_server(std::string_view kind) { return kind == "2" || kind == "SPAN_KIND_SERVER"; }

}  // namespace

SpansRead read_spans(const std::string& otlp_json) {
  SpansRead read;
  read.problem = problem_with_export(otlp_json);
  if (!read.problem.empty()) return read;
  const LogFormat format = otel_format();
  const RowMaker maker{format};
  std::vector<std::string_view> paths = maker.paths();
  const std::size_t own = paths.size();
  paths.insert(paths.end(), kExtraPaths.begin(), kExtraPaths.end());
  LogFields fields{paths, format.lists};
  const auto unreadable = [&](const std::string& why) {
    if (read.unreadable++ == 0) read.first_problem = visible_text(why);
  };
  const auto use = [&](std::span<const LogValue> values) {
    const auto extra = [&](Extra which) { return values[own + static_cast<std::size_t>(which)].text.value_or(""); };
    ModelSpan span{.trace = visible_text(extra(Extra::trace)),
                   .answer = visible_text(extra(Extra::answer)),
                   .response_model = visible_text(extra(Extra::response_model)),
                   .is_of_caller = is_server(extra(Extra::kind))};
    const bool is_other = maker.is_other(values.first(own));
    const auto problem = is_other ? std::nullopt : maker.make(values.first(own), span.row);
    if (problem) return unreadable(*problem);
    if (is_other) {
      // What has no spans in it is none itself.
      read.others += span.trace.empty() ? 0 : 1;
    } else if (span.row.id.empty()) {
      unreadable("it has no spanId");
    } else {
      read.spans.push_back(std::move(span));
    }
  };
  JsonRecords records{otlp_json};
  while (const auto record = records.next()) {
    if (const auto problem = fields.read(*record, use)) unreadable(*problem);
  }
  return read;
}

}  // namespace windtunnel::reports
