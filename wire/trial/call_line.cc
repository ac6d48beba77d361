#include "wire/trial/call_line.h"

#include "base/json_writer.h"

namespace windtunnel::wire {

std::string_view name_of(CallEnd end) {
  switch (end) {
    case CallEnd::whole:
      return "whole";
    case CallEnd::stream:
      return "stream";
    case CallEnd::cut:
      return "cut";
    case CallEnd::error_event:
      return "error_event";
    case CallEnd::early_end:
      return "early_end";
    case CallEnd::reset:
      return "reset";
    case CallEnd::left:
      return "left";
    case CallEnd::refused:
      return "refused";
    case CallEnd::open:
      return "open";
  }
  return "";
}

std::string text_of(const CallLine& line) {
  constexpr int kPicoDecimals = 12;
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("call").integer(static_cast<Int128>(line.call));
  json.key("t").seconds(line.arrived).key("end").seconds(line.ended);
  json.key("provider").text(line.provider).key("api").text(name_of(line.api));
  json.key("workload").text_or_null(line.workload);
  if (line.workload.empty()) {
    json.key("n").null().key("attempt").null();
  } else {
    json.key("n").integer(static_cast<Int128>(line.name.ordinal)).key("attempt").integer(line.name.attempt);
  }
  json.key("tagged").boolean(line.tagged).key("sdk_retry").text_or_null(line.sdk_retry);
  json.key("stream").boolean(line.stream).key("kind").text(monitor::name_of(line.kind)).key("status");
  if (line.status == 0) {
    json.null();
  } else {
    json.integer(line.status);
  }
  json.key("how").text(name_of(line.end)).key("tokens_sent").integer(line.tokens_sent);
  json.key("input").integer(line.billed.input.count()).key("output").integer(line.billed.output.count());
  if (const TokenKinds& kinds = line.billed.kinds; kinds.any()) {
    json.key("cached_input").integer(kinds.cached_input.count());
    json.key("cache_write").integer(kinds.cache_write.count());
    json.key("reasoning").integer(kinds.reasoning.count());
  }
  json.key("billed_usd").decimal(line.cost.picos(), kPicoDecimals).key("usage_sent").boolean(line.usage_sent);
  json.key("faults").begin_array();
  for (const std::string& fault : line.faults) json.text(fault);
  json.end_array().end_object();
  return text + "\n";
}

}  // namespace windtunnel::wire
