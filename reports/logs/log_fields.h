#pragma once
// The values at the wanted paths of a record, as texts. See log_format.h for what a path is.
//
// What no wanted path leads into is skipped, so that prompts and answers cost little.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/logs/json_records.h"

namespace windtunnel::reports {

struct LogValue {
  bool is_present = false;          // the record has the field, maybe as null
  std::optional<std::string> text;  // nothing: absent, null or an empty text
};

// The names at the top of a record; none if it is no JSON object.
[[nodiscard]] std::vector<std::string> names_in(const JsonRecord& record);
// The paths of a record's values, those inside of objects too; none if it is no JSON object.
[[nodiscard]] std::vector<std::string> paths_in(const JsonRecord& record);

class LogFields {
 public:
  // Of each list in `lists` every element is a record, and inherits what is around it.
  // `use_empty` gets the values around a list without any.
  using Use = std::function<void(std::span<const LogValue>)>;
  LogFields(std::vector<std::string_view> paths, std::vector<std::string_view> lists, Use use_empty = {});
  ~LogFields();
  LogFields(const LogFields&) = delete;
  LogFields& operator=(const LogFields&) = delete;

  // Calls `use` with the values of each record in the text, in the order of the paths. Why it is none, if so.
  std::optional<std::string> read(const JsonRecord& record, const Use& use);
  void read(std::span<const std::string> columns, std::span<const std::string> fields, const Use& use);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace windtunnel::reports
