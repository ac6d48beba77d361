#include "runs/compare/compare_request.h"

#include <algorithm>
#include <utility>

namespace windtunnel::runs {
namespace {

std::string in_words(const std::string& flag, const std::string& written, const scenarios::GrammarError& error) {
  std::string text = flag + " " + written + ": column " + std::to_string(error.column) + ": " + error.message;
  if (!error.help.empty()) text += "; " + error.help;
  return text;
}

}  // namespace

std::optional<std::string> read_varied(const std::vector<std::string>& written, CompareRequest& request) {
  std::vector<scenarios::Vary> varied;
  for (const std::string& text : written) {
    scenarios::Vary vary;
    if (const auto error = scenarios::parse_vary(text, vary)) return in_words("--vary", text, *error);
    if (std::ranges::find(varied, vary.path, &scenarios::Vary::path) != varied.end()) {
      return "--vary " + vary.path + " is given twice; write all its values in one: --vary " + vary.path + "=v1,v2";
    }
    varied.push_back(std::move(vary));
  }
  auto product = scenarios::product_of(varied);
  if (!product) return "--vary asks for more than " + std::to_string(scenarios::kVariationsMax) + " variations";
  request.varied = *std::move(product);
  return std::nullopt;
}

std::optional<std::string> read_rules(const std::vector<std::string>& written, CompareRequest& request) {
  request.rules.clear();
  for (const std::string& text : written) {
    const auto error = scenarios::parse_max_regression(text, request.rules.emplace_back());
    if (error) return in_words("--max-regression", text, *error);
  }
  return std::nullopt;
}

std::optional<std::string> problem_with(const CompareRequest& request) {
  if (request.files.size() > 1 && !request.varied.empty()) {
    return "--vary changes one FILE; several files are compared as they are";
  }
  if (request.files.size() < 2 && request.varied.size() < 2) {
    return "there is nothing to compare with: give a second FILE, or --vary PATH=V1,V2";
  }
  std::vector<std::string> files = request.files;
  std::ranges::sort(files);
  if (const auto twice = std::ranges::adjacent_find(files); twice != files.end()) return *twice + " is given twice";
  if (!request.rules.empty() && request.seeds && request.seeds->is_single()) {
    return "--max-regression needs at least two seeds: one run says nothing of the spread";
  }
  return std::nullopt;
}

}  // namespace windtunnel::runs
