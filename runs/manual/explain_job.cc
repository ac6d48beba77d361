#include "runs/manual/explain_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/compare/compare_columns.h"
#include "reports/prometheus/run_metrics.h"
#include "reports/telemetry/telemetry_columns.h"
#include "reports/timeline/timeline_columns.h"
#include "runs/manual/environment.h"
#include "runs/unknown_word.h"
#include "scenarios/setting_catalogue.h"
#include "wire/trial/checks/trial_checks.h"

namespace windtunnel::runs {
namespace {

using reports::Explanation;
using scenarios::Setting;

constexpr std::string_view kSetting = "setting";
// Of settings of one name, so many are explained in full and the others are listed.
constexpr std::size_t kSettingsInFull = 4;

void add_fact(Explanation& explanation, std::string_view name, std::string_view fact) {
  if (!fact.empty()) explanation.facts.emplace_back(name, fact);
}

Explanation explanation_of(const Setting& setting) {
  Explanation explanation{.kind = kSetting, .word = setting.path, .also = {}, .text = setting.meaning};
  add_fact(explanation, "Unit", setting.unit);
  add_fact(explanation, "Default", setting.default_value);
  add_fact(explanation, "Range", setting.range);
  add_fact(explanation, "Used by", setting.used_by);
  add_fact(explanation, "Example", setting.example);
  return explanation;
}

// The example with this word in the place of the kind's.
std::string with_kind(std::string example, std::string_view chooser, const std::string& word) {
  const std::string key = "\"" + std::string(chooser) + "\": \"";
  const std::size_t begin = example.find(key);
  if (begin == std::string::npos) return {};
  const std::size_t word_begin = begin + key.size();
  return example.replace(word_begin, example.find('"', word_begin) - word_begin, word);
}

// The settings that stand in a file only with this word of an executor or a kind of fault. A kind without settings of
// its own shows one that it shares.
void add_settings_of_kind(Explanation& explanation, std::string_view chooser, std::string_view path) {
  std::string keys;
  std::string example;
  std::string shared;
  const std::string first = std::string(chooser) + " " + explanation.word;
  for (const Setting& setting : scenarios::setting_catalogue()) {
    if (!setting.path.starts_with(path) || !setting.used_by.starts_with(std::string(chooser) + " ")) continue;
    const std::string words = setting.used_by.substr(chooser.size()) + ",";
    if (words.find(" " + explanation.word + ",") == std::string::npos) continue;
    keys += (keys.empty() ? "" : ", ") + setting.path.substr(path.size());
    if (shared.empty()) shared = with_kind(setting.example, chooser, explanation.word);
    const bool is_its_own = setting.used_by == first || setting.used_by.starts_with(first + ",");
    if (is_its_own && (example.empty() || setting.example.size() < example.size())) example = setting.example;
  }
  add_fact(explanation, "Keys", keys);
  add_fact(explanation, "Example", example.empty() ? shared : example);
}

Explanation explanation_of(const EnvironmentVariable& variable) {
  return {
      .kind = "environment variable",
      .word = std::string(variable.name),
      .also = {},
      .text = std::string(variable.text),
      .facts = {
          {"Default", "not set"}, {"Range", std::string(variable.range)}, {"Example", std::string(variable.example)}}};
}

const char* type_text(reports::MetricType type) {
  switch (type) {
    case reports::MetricType::counter:
      return "a counter from the start of the run";
    case reports::MetricType::gauge:
      return "a gauge";
    case reports::MetricType::histogram:
      return "a histogram";
    case reports::MetricType::state_set:
      return "a state set: 1 for the state, 0 for the others";
    case reports::MetricType::info:
      return "1, with labels";
  }
  return "";
}

Explanation explanation_of(const reports::MetricFamily& family) {
  Explanation explanation{.kind = "Prometheus metric", .word = family.name, .also = {}, .text = family.help};
  if (family.type == reports::MetricType::counter) explanation.also = explanation.word + "_total";
  add_fact(explanation, "Unit", family.unit);
  add_fact(explanation, "Range", type_text(family.type));
  add_fact(explanation, "Example", "windtunnel export openmetrics DIR");
  return explanation;
}

Explanation explanation_of(const wire::TrialCheck& check) {
  return {.kind = "check of a trial",
          .word = std::string(check.id),
          .also = {},
          .text = fmt::format("What holds of every gateway: {}. The bug that it is for: {}. It was seen in: {}.",
                              check.claim, check.bug, check.broken_in),
          .facts = {{"Evidence", name_of(check.evidence)}, {"Example", "windtunnel trial FILE --gateway G.json"}}};
}

// The settings that the words name, the path that they are exactly first, and what else is of this name in one line.
std::string settings_text(const std::string& words) {
  std::vector<const Setting*> named;
  for (const Setting& setting : scenarios::setting_catalogue()) {
    if (scenarios::is_named(setting.path, words)) named.push_back(&setting);
  }
  std::ranges::stable_sort(named, {}, [&](const Setting* setting) { return setting->path != words; });
  const bool is_path = !named.empty() && named.front()->path == words;
  std::string text;
  std::string others;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (i < (is_path ? 1 : kSettingsInFull)) {
      text += (text.empty() ? "" : "\n") + explanation_text(explanation_of(*named[i]));
    } else {
      others += "  " + named[i]->path + "\n";
    }
  }
  return others.empty() ? text : text + "\nSettings of the same name:\n" + others;
}

std::vector<std::string> words_of(const std::vector<Explanation>& all) {
  std::vector<std::string> words;
  for (const Explanation& explanation : all) words.push_back(explanation.word);
  for (const Explanation& explanation : all) {
    if (!explanation.also.empty()) words.push_back(explanation.also);
  }
  for (const Setting& setting : scenarios::setting_catalogue()) {
    words.push_back(setting.path.substr(setting.path.rfind('.') + 1));
  }
  return words;
}

// A column is named with the name of its provider, arm or version too: providers.openai.opened.
bool is_meant(const Explanation& explanation, const std::string& word) {
  if (explanation.word == word || explanation.also == word) return true;
  return explanation.word.find(".NAME.") != std::string::npos && scenarios::is_named(explanation.word, word) &&
         std::ranges::count(explanation.word, '.') == std::ranges::count(word, '.');
}

}  // namespace

std::vector<Explanation> everything_explained() {
  std::vector<Explanation> all = reports::explanations();
  for (Explanation& explanation : all) {
    if (explanation.kind == "executor") add_settings_of_kind(explanation, "executor", "workload.NAME.");
    if (explanation.kind == "fault") add_settings_of_kind(explanation, "kind", "faults.N.");
  }
  for (const Setting& setting : scenarios::setting_catalogue()) all.push_back(explanation_of(setting));
  for (Explanation& column : reports::telemetry_columns()) all.push_back(std::move(column));
  for (Explanation& column : reports::timeline_columns()) all.push_back(std::move(column));
  for (Explanation& column : reports::compare_columns()) all.push_back(std::move(column));
  for (const reports::MetricFamily& family : reports::metric_families()) all.push_back(explanation_of(family));
  for (const EnvironmentVariable& variable : environment_variables()) all.push_back(explanation_of(variable));
  for (const wire::TrialCheck& check : wire::trial_checks()) all.push_back(explanation_of(check));
  return all;
}

Explained explain(const ExplainJob& job) {
  std::vector<Explanation> known = everything_explained();
  for (Explanation& explanation : known) {
    const auto word = job.exit_code_words.find(explanation.word);
    if (explanation.kind == "exit code" && word != job.exit_code_words.end()) explanation.also = word->second;
  }
  Explained done;
  const auto add = [&](const std::string& text) { done.text += (done.text.empty() ? "" : "\n") + text; };
  if (job.all) {
    for (const Explanation& explanation : known) add(explanation_text(explanation));
    return done;
  }
  for (const std::string& word : job.words) {
    const std::string settings = settings_text(word);
    bool is_found = !settings.empty();
    for (const Explanation& explanation : known) {
      if (explanation.kind == kSetting || !is_meant(explanation, word)) continue;
      add(explanation_text(explanation));
      is_found = true;
    }
    if (!settings.empty()) add(settings);
    if (!is_found) {
      done.unknown.push_back(unknown_word("word", word, words_of(known)) + "; windtunnel explain --all lists them");
    }
  }
  return done;
}

}  // namespace windtunnel::runs
