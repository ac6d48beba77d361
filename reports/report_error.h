#pragma once
// A file could not be written or read. The one exception of reports/.

#include <stdexcept>
#include <string>

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

}  // namespace windtunnel::reports
