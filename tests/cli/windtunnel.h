#pragma once
// Runs the windtunnel executable as its user does, and gives back what it said.

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace windtunnel::tests {

struct ProcessResult {
  int exit = -1;
  std::string out;  // stdout and stderr, as they came
};

// What a shell says in the root of the source tree.
inline ProcessResult shell(const std::string& script) {
  // Where these tests run is not what they are about: a CI server must not get their findings as its own.
  const std::string command =
      "exec 2>&1; unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY; cd '" WINDTUNNEL_ROOT "' && { " + script + "\n}";
  ProcessResult result;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) result.out.append(buffer.data(), n);
  const int status = pclose(pipe);
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

// `arguments` are words for a shell; `environment` is NAME=value.
inline ProcessResult windtunnel(const std::string& arguments, const std::string& environment = "") {
  return shell("env " + environment + " '" WINDTUNNEL_BINARY "' " + arguments);
}

// A fresh directory, removed at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "windtunnel-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string path(const std::string& name = "") const { return (path_ / name).string(); }
  [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(path_ / name); }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace windtunnel::tests
