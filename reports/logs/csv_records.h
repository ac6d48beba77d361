#pragma once
// The rows of a CSV file (RFC 4180: quoted fields may hold separators, line ends and doubled quotes), one at a time.
// The first row names the columns; the separator is the one of comma, semicolon and tab that it has most of. Blank
// lines are none.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reports/files/line_source.h"

namespace windtunnel::reports {

class CsvRecords {
 public:
  explicit CsvRecords(std::unique_ptr<ByteSource> bytes);

  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  // The fields of the next row; false at the end. A row that ends inside of quotes, where the file ends, has a problem.
  bool next(std::vector<std::string>& fields);

  [[nodiscard]] std::uint64_t line() const { return line_; }  // on which the latest row begins
  [[nodiscard]] const char* problem() const { return problem_; }

 private:
  bool read_row(std::vector<std::string>& fields);

  LineSource lines_;
  char separator_ = ',';
  std::vector<std::string> columns_;
  std::uint64_t line_ = 0;
  const char* problem_ = nullptr;
};

// The fields of the first line of a text, as CsvRecords reads its columns.
[[nodiscard]] std::vector<std::string> csv_header(std::string_view text);

}  // namespace windtunnel::reports
