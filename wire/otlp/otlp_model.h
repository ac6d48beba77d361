#pragma once
// The content of an export of OpenTelemetry, whatever form it is sent in: spans, and metrics as they stand at one
// instant. Amounts are exact here; the encoder rounds them to the doubles of OTLP.

#include <cstddef>
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

enum class OtlpMetricKind : std::uint8_t { gauge, counter, histogram };

struct OtlpPoint {
  OtlpAttributes attributes;
  Int128 value = 0;                   // in units of its metric's decimals; of a histogram: the sum
  std::vector<std::uint64_t> counts;  // of a histogram: up to each bound from the one before it, and beyond the last
};

struct OtlpMetric {
  std::string name;
  std::string description;
  std::string unit;  // of UCUM; empty: none
  OtlpMetricKind kind = OtlpMetricKind::gauge;
  int decimals = 0;  // none: the values are integers, else doubles
  std::vector<OtlpDecimal> bounds;
  std::vector<OtlpPoint> points;
};

// Counters and histograms have counted from `start` on.
struct OtlpMetrics {
  WallTime start{};
  WallTime at{};
  std::vector<OtlpMetric> metrics;

  [[nodiscard]] std::size_t points() const {
    std::size_t sum = 0;
    for (const OtlpMetric& metric : metrics) sum += metric.points.size();
    return sum;
  }
};

}  // namespace windtunnel::wire
