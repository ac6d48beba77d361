#pragma once
// Rows of a log from the values of its records, by the table of its format.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/logs/formats/log_format.h"
#include "reports/logs/log_fields.h"
#include "reports/logs/log_row.h"

namespace windtunnel::reports {

class RowMaker {
 public:
  explicit RowMaker(const LogFormat& format) : format_(format) {}

  // The paths whose values the other functions take, in their order: those of the rules, then those of the marks.
  [[nodiscard]] std::vector<std::string_view> paths() const;

  // The values are those of a record that marks a log of the format.
  [[nodiscard]] bool is_marked(std::span<const LogValue> values) const;
  // The record is none of a model's call.
  [[nodiscard]] bool is_other(std::span<const LogValue> values) const;
  // Fills in the row; why the record is none, if so.
  [[nodiscard]] std::optional<std::string> make(std::span<const LogValue> values, LogRow& row) const;

 private:
  const LogFormat& format_;
};

}  // namespace windtunnel::reports
