#pragma once
// The state of one reading of a file: the place in the tree, what was found, and which places were written.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "base/words/json_pointer.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {

// What a file's text refers to by name.
struct Names {
  std::vector<std::string> providers;  // in file order
  std::vector<std::string> vendors;    // of each: the vendor of its model; empty: unknown
  std::optional<std::map<std::string, Tariff>>
      prices;                         // of models, by the file's own list; nothing: by the shipped one
  std::vector<std::string> accounts;  // of each: the provider of a deployment; empty: it is no deployment of one
  std::vector<std::string> routes;    // in file order
};

class Reading {
 public:
  Reading(Diagnostics& diagnostics, std::string directory)
      : diagnostics_(diagnostics), directory_(std::move(directory)) {}

  // Enters a step of the path for as long as it lives.
  class Step {
   public:
    Step(Reading& reading, std::string_view key) : reading_(reading), length_(reading.pointer_.size()) {
      reading_.pointer_ += pointer_step(key);
    }
    ~Step() { reading_.pointer_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reading& reading_;
    std::size_t length_;
  };

  // Reports and answers false, so that a reader can `return reading.error(...)`.
  bool error(Place place, std::string message, std::string help = {}) {
    diagnostics_.error(place, pointer_, std::move(message), std::move(help));
    return false;
  }
  // An error at a pointer that was read earlier; at its nearest written parent if it is a default.
  void error_at(std::string_view pointer, std::string message, std::string help = {});
  void warning_at(std::string_view pointer, std::string message, std::string help = {});

  void note(Place place) { places_.insert_or_assign(pointer_, place); }
  // The key that is being read also stands for this other one of its object.
  void note_as(std::string_view key) {
    stands_for_.insert_or_assign(pointer_.substr(0, pointer_.rfind('/')) + pointer_step(key), pointer_);
  }
  [[nodiscard]] bool was_written(std::string_view pointer) const { return places_.contains(std::string(pointer)); }
  [[nodiscard]] Place place_of(std::string_view pointer) const;
  // Something at this pointer or below it could not be read, so that a judgement about it would mislead.
  [[nodiscard]] bool is_broken(std::string_view pointer) const { return diagnostics_.has_error_under(pointer); }

  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::map<std::string, Place>& places() const { return places_; }
  // By the pointer of a key: the pointer of the one that was written for it.
  [[nodiscard]] const std::map<std::string, std::string>& stands_for() const { return stands_for_; }
  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }

  Names names;

 private:
  Diagnostics& diagnostics_;
  std::string directory_;  // in which relative paths of the file start
  std::string pointer_;
  std::map<std::string, Place> places_;
  std::map<std::string, std::string> stands_for_;
};

// Each reports what is wrong and answers false. The first reports the keys of `json` that are none of `known`.
bool refuse_unknown_keys(Reading& reading, const JsonValue& json, const std::vector<std::string>& known);
bool require_kind(Reading& reading, const JsonValue& json, JsonKind kind);
bool check_length(Reading& reading, const JsonValue& json, std::size_t least, std::size_t most);

}  // namespace windtunnel::scenarios
