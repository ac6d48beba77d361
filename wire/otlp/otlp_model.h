#pragma once
// The content of an export of OpenTelemetry, whatever form it is sent in: spans, and metrics as they stand at one
// instant. Amounts are exact here; the encoder rounds them to the doubles of OTLP.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/units.h"

namespace windtunnel::wire {

// value / 10^decimals
struct OtlpDecimal {
  Int128 value = 0;
  int decimals = 0;
};

struct OtlpAttribute {
  std::string key;
  std::variant<std::string, std::int64_t, OtlpDecimal> value;
};
using OtlpAttributes = std::vector<OtlpAttribute>;

// By the numbers of OTLP.
enum class OtlpSpanKind : std::uint8_t { server = 2, client = 3 };

struct OtlpSpan {
  std::string trace;   // 32 hexadecimal digits
  std::string id;      // 16 hexadecimal digits
  std::string parent;  // likewise; empty: none
  std::string name;
  OtlpSpanKind kind = OtlpSpanKind::server;
  WallTime begin{};
  WallTime end{};
  OtlpAttributes attributes;
  bool is_error = false;
};

}  // namespace windtunnel::wire
