#include "cli/explore_folder.h"

#include <filesystem>
#include <utility>

#include "reports/files/line_source.h"
#include "reports/files/output_file.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kProgressName = "explore-progress.json";

}  // namespace

ExploreFolder::ExploreFolder(std::string directory) : directory_(std::move(directory)) {
  if (directory_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) throw reports::ReportError(directory_, "create", error.message());
}

std::string ExploreFolder::path(const std::string& name) const {
  return (std::filesystem::path(directory_) / name).string();
}

std::optional<reports::ExploreProgress> ExploreFolder::progress() const {
  if (directory_.empty() || !std::filesystem::exists(path(kProgressName))) return std::nullopt;
  return reports::read_progress(reports::read_whole_file(path(kProgressName)), path(kProgressName));
}

void ExploreFolder::save(const reports::ExploreProgress& progress) const {
  write(kProgressName, reports::progress_text(progress));
}

void ExploreFolder::write(const std::string& name, const std::string& content) const {
  if (directory_.empty()) return;
  reports::OutputFile file{path(name)};
  file.append(content);
  file.finish();
}

}  // namespace windtunnel::cli
