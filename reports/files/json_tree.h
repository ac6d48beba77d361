#pragma once
// A JSON document to look things up in, by JSON pointer (RFC 6901). What is not there is empty, 0 or false: whoever
// shows a document of ours shows what it has.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/report_error.h"

namespace windtunnel::reports {

class JsonTree {
 public:
  // Throws ReportError, with `name` in its message, if the text is no JSON object.
  JsonTree(std::string_view text, const std::string& name);
  ~JsonTree();
  JsonTree(JsonTree&&) noexcept;
  JsonTree& operator=(JsonTree&&) noexcept;

  // False also for null.
  [[nodiscard]] bool has(const std::string& pointer) const;
  [[nodiscard]] std::string text(const std::string& pointer) const;
  // A number as it is written; a text as it stands ("916.176").
  [[nodiscard]] std::string digits(const std::string& pointer) const;
  [[nodiscard]] std::int64_t integer(const std::string& pointer) const;
  [[nodiscard]] double number(const std::string& pointer) const;
  [[nodiscard]] bool boolean(const std::string& pointer) const;
  // What stands there, as JSON in one line.
  [[nodiscard]] std::string json(const std::string& pointer) const;
  // Of an array or an object.
  [[nodiscard]] std::size_t size(const std::string& pointer) const;
  // Of an object, in the order of the document.
  [[nodiscard]] std::vector<std::string> keys(const std::string& pointer) const;

 private:
  struct Document;
  std::unique_ptr<Document> document_;
};

}  // namespace windtunnel::reports
