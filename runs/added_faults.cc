#include "runs/added_faults.h"

#include <algorithm>
#include <utility>

#include "runs/problem.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"
#include "scenarios/reader.h"

namespace windtunnel::runs {
namespace {

using scenarios::JsonKind;
using scenarios::JsonMember;
using scenarios::JsonValue;

struct Renaming {
  std::string from;
  std::string to;
  bool is_used = false;
};

std::vector<Renaming> renamings_of(const std::vector<std::string>& maps) {
  std::vector<Renaming> renamings;
  for (const std::string& map : maps) {
    const std::size_t equals = map.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == map.size()) {
      refuse("--map " + map + ": write the fault's provider and yours, such as openai=azure-eu");
    }
    renamings.push_back({map.substr(0, equals), map.substr(equals + 1)});
  }
  return renamings;
}

// The faults as they are written. The whole file is read first, so that an error in it is named there.
std::vector<JsonValue> faults_of(const std::string& file) {
  try {
    const std::string text = scenarios::read_whole_file(file, scenarios::kTextBytesMax);
    static_cast<void>(scenarios::read_scenario_text(text, file));
    scenarios::Diagnostics diagnostics(file, text);
    JsonValue root = scenarios::parse_json(diagnostics);
    JsonMember* faults = nullptr;
    for (JsonMember& member : root.members) faults = member.key == "faults" ? &member : faults;
    if (faults == nullptr || faults->value.items.empty()) refuse("--with " + file + ": this scenario has no faults");
    return std::move(faults->value.items);
  } catch (const scenarios::ScenarioError& error) {
    refuse(ProblemKind::scenario, error.what());
  } catch (const scenarios::FileError& error) {
    refuse(ProblemKind::file, error.what());
  }
}

class Renamer {
 public:
  explicit Renamer(const std::vector<std::string>& maps) : renamings_(renamings_of(maps)) {}

  void rename(JsonValue& fault) {
    for (JsonMember& member : fault.members) {
      if (member.key != "provider") continue;
      if (member.value.kind == JsonKind::array) {
        for (JsonValue& item : member.value.items) rename_word(item);
      } else {
        rename_word(member.value);
      }
    }
  }

  void check_all_used() const {
    for (const Renaming& renaming : renamings_) {
      if (renaming.is_used) continue;
      std::string text = "--map " + renaming.from + "=" + renaming.to + ": no added fault names the provider \"" +
                         scenarios::excerpt(renaming.from) + "\"";
      const std::string help = scenarios::help_with_words(renaming.from, named_, "providers");
      if (!help.empty()) text += "; " + help;
      refuse(std::move(text));
    }
  }

 private:
  void rename_word(JsonValue& word) {
    if (std::ranges::find(named_, word.text) == named_.end()) named_.push_back(word.text);
    for (Renaming& renaming : renamings_) {
      if (word.text != renaming.from) continue;
      renaming.is_used = true;
      word.text = renaming.to;
      return;
    }
  }

  std::vector<Renaming> renamings_;
  std::vector<std::string> named_;  // providers of the faults
};

}  // namespace

std::vector<std::string> sets_of_faults(const std::vector<std::string>& files, const std::vector<std::string>& maps) {
  Renamer renamer(maps);
  std::vector<std::string> sets;
  for (const std::string& file : files) {
    std::vector<JsonValue> faults = faults_of(file);
    for (JsonValue& fault : faults) {
      renamer.rename(fault);
      sets.push_back("faults.+=" + scenarios::json_line(fault));
    }
  }
  renamer.check_all_used();
  return sets;
}

}  // namespace windtunnel::runs
