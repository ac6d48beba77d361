#include "runs/search/search_folder.h"

#include <filesystem>
#include <utility>

#include "reports/files/line_source.h"
#include "reports/files/output_file.h"
#include "runs/outputs.h"

namespace windtunnel::runs {
namespace {

constexpr const char* kProgressName = "explore-progress.json";

}  // namespace

SearchFolder::SearchFolder(std::string directory, std::string input)
    : directory_(std::move(directory)), input_(std::move(input)) {
  if (!directory_.empty()) lock_.emplace(directory_);
}

std::string SearchFolder::path(const std::string& name) const {
  return (std::filesystem::path(directory_) / name).string();
}

std::optional<reports::ExploreProgress> SearchFolder::progress() const {
  if (directory_.empty() || !std::filesystem::exists(path(kProgressName))) return std::nullopt;
  return reports::read_progress(reports::read_whole_file(path(kProgressName)), path(kProgressName));
}

void SearchFolder::save(const reports::ExploreProgress& progress) const {
  write(kProgressName, reports::progress_text(progress));
}

void SearchFolder::write(const std::string& name, const std::string& content) const {
  if (directory_.empty()) return;
  if (problem_with_outputs({{"--out", path(name)}}, {input_})) {
    throw reports::ReportError(path(name), "write", "it is the file that is searched; name another --out");
  }
  reports::OutputFile file{path(name)};
  file.append(content);
  file.finish();
}

}  // namespace windtunnel::runs
