#pragma once
// The out folder of a search: how far it has come, what it found, and its report. A search that was killed goes on from
// there and loses nothing that it found.

#include <cstdint>
#include <optional>
#include <string>

#include "reports/files/write_lock.h"
#include "reports/text/explore_report.h"

namespace windtunnel::runs {

class SearchFolder {
 public:
  // `directory` empty: nothing is written and nothing is found. `input` is the file that is searched, which is never
  // replaced. Throws ReportError if the folder cannot be made, or if another search writes there.
  SearchFolder(std::string directory, std::string input);

  // What an earlier search left.
  [[nodiscard]] std::optional<reports::ExploreProgress> progress() const;
  void save(const reports::ExploreProgress& progress) const;
  // Replaces what is there; nothing without a folder.
  void write(const std::string& name, const std::string& content) const;

  [[nodiscard]] bool exists() const { return !directory_.empty(); }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  // Of a file in it.
  [[nodiscard]] std::string path(const std::string& name) const;

 private:
  std::string directory_;
  std::string input_;
  std::optional<reports::FolderLock> lock_;
};

}  // namespace windtunnel::runs
