#pragma once
// The messages of OTLP as bytes of protobuf and as the JSON that the specification maps them to, where ids are
// hexadecimal texts and 64 bits are texts too. What reads spans reads that JSON, so that both forms have one reader.
//
// Protobuf's generated header takes long to compile, so that it stays in otlp_messages.cc and otlp_json.cc.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/service/server_spec.h"
#include "wire/otlp/otlp_model.h"

namespace windtunnel::wire {

using sim::OtlpForm;
// "application/json", "application/x-protobuf"
[[nodiscard]] std::string_view type_of(OtlpForm form);
// Of a content-type with or without parameters; nothing: another one.
[[nodiscard]] std::optional<OtlpForm> otlp_form_of(std::string_view content_type);

// An export of spans by the process that `resource` describes. Bytes of texts that are no UTF-8 are replaced, because a
// decoder of protobuf refuses the whole export for one of them.
[[nodiscard]] std::string traces_body(OtlpForm form, const OtlpAttributes& resource, std::span<const OtlpSpan> spans);
// An export of metrics, likewise.
[[nodiscard]] std::string metrics_body(OtlpForm form, const OtlpAttributes& resource, const OtlpMetrics& metrics);
// An export of spans as JSON, without its events and links; nothing: the bytes are none.
[[nodiscard]] std::optional<std::string> traces_json_of(std::string_view protobuf);

// What a receiver answers to an export of spans that it has taken but for some; `rejected` 0: it has taken all.
[[nodiscard]] std::string taken_answer(OtlpForm form, std::int64_t rejected, std::string_view why);
// The same of an answer that came: how many of an export's spans or data points were rejected. An answer that cannot be
// read rejects none, because its status has taken the export.
struct TakenPart {
  std::int64_t rejected = 0;
  std::string why;
};
[[nodiscard]] TakenPart taken_part(OtlpForm form, std::string_view answer);
// Why an export was refused; empty: the answer does not say.
[[nodiscard]] std::string refusal_in(OtlpForm form, std::string_view answer);

// The body of an answer that is no success.
[[nodiscard]] std::string refused_answer(OtlpForm form, std::string_view why);

}  // namespace windtunnel::wire
