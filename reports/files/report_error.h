#pragma once
// A file could not be written or read. The one exception of reports/.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/json_writer.h"

namespace windtunnel::reports {

// what() is ready to print: "out/telemetry.jsonl.partial: cannot write: No space left on device".
class ReportError : public std::runtime_error {
 public:
  ReportError(std::string path, std::string operation, const std::string& why)
      : std::runtime_error(path + ": cannot " + operation + ": " + why),
        path_(std::move(path)),
        operation_(std::move(operation)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  // "open", "write", "compress", "sync", "close", "rename", "read".
  [[nodiscard]] const std::string& operation() const { return operation_; }

 private:
  std::string path_;
  std::string operation_;
};

// What a JSON library reports, without the name of its exception: "[json.exception.parse_error.101] parse error at
// ...".
inline std::string_view json_reason(std::string_view what) {
  const std::size_t end = what.starts_with('[') ? what.find("] ") : std::string_view::npos;
  return end == std::string_view::npos ? what : what.substr(end + 2);
}

// The number of 16 hexadecimal digits, as hex_digits() writes it. Throws std::invalid_argument for any other text.
inline std::uint64_t read_digest(std::string_view digits) {
  if (const auto value = from_hex_digits(digits)) return *value;
  throw std::invalid_argument("'" + std::string{digits} + "' is not 16 hexadecimal digits");
}

}  // namespace windtunnel::reports
