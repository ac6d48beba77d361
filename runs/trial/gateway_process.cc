#include "runs/trial/gateway_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "runs/problem.h"

namespace windtunnel::runs {
namespace {

constexpr std::size_t kTailMax = 2000;

std::string value_of(const std::string& name, const GatewayPlaces& places) {
  if (name == "port") return std::to_string(places.port);
  if (name == "directory") return places.directory;
  if (name == "file") return places.file;
  if (name == "windtunnel") return std::filesystem::read_symlink("/proc/self/exe").string();
  if (name == "here") return std::filesystem::current_path().string();
  const std::size_t colon = name.find(':');
  const std::string provider = name.substr(colon + 1);
  const auto found = std::ranges::find(places.urls, provider, [](const auto& entry) { return entry.first; });
  if (found == places.urls.end()) {
    refuse(ProblemKind::scenario, "the gateway's file has {" + name + "}, and \"" + provider +
                                      "\" is neither a provider of the scenario nor one of the programs");
  }
  const std::string& url = found->second;
  return name.starts_with("host:") ? url.substr(url.find("//") + 2) : url;
}

bool is_place(const std::string& name) {
  return name == "port" || name == "directory" || name == "here" || name == "file" || name == "windtunnel" ||
         name.starts_with("url:") || name.starts_with("host:");
}

int open_or_refuse(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (descriptor < 0) refuse(ProblemKind::file, path + ": cannot open: " + std::strerror(errno));
  return descriptor;
}

}  // namespace

std::string filled_in(const std::string& text, const GatewayPlaces& places) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos) break;
    const std::string name = text.substr(open + 1, close - open - 1);
    // Other braces are the gateway's own.
    if (!is_place(name)) continue;
    out += text.substr(done, open - done) + value_of(name, places);
    done = close + 1;
  }
  return out + text.substr(done);
}

sim::GatewaySpec filled_in(const sim::GatewaySpec& spec, const GatewayPlaces& places) {
  sim::GatewaySpec done = spec;
  for (auto& [name, value] : done.request.headers) value = filled_in(value, places);
  for (sim::GatewayFile& file : done.files) file.text = filled_in(file.text, places);
  return done;
}

sim::GatewayProgram filled_in(const sim::GatewayProgram& program, const GatewayPlaces& places) {
  sim::GatewayProgram done = program;
  for (std::string& word : done.command) word = filled_in(word, places);
  for (auto& [name, value] : done.environment) value = filled_in(value, places);
  return done;
}

bool names_place(const sim::GatewaySpec& spec, const std::string& name) {
  const auto has = [&](const std::string& text) {
    return text.find("{url:" + name + "}") != std::string::npos ||
           text.find("{host:" + name + "}") != std::string::npos;
  };
  const auto program_has = [&](const sim::GatewayProgram& program) {
    return std::ranges::any_of(program.command, has) ||
           std::ranges::any_of(program.environment, [&](const auto& variable) { return has(variable.second); });
  };
  return std::ranges::any_of(spec.all_programs(), program_has) ||
         std::ranges::any_of(spec.files, [&](const sim::GatewayFile& file) { return has(file.text); }) ||
         std::ranges::any_of(spec.request.headers, [&](const auto& header) { return has(header.second); });
}

void write_gateway_file(const std::string& folder, const std::string& name, const std::string& content) {
  const std::filesystem::path path = std::filesystem::path(folder) / name;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) refuse(ProblemKind::file, path.string() + ": cannot write the gateway's file");
}

GatewayProcess::GatewayProcess(const sim::GatewayProgram& program, const std::string& directory, const std::string& log,
                               std::vector<std::string> environment, bool fixed_addresses)
    : log_(log) {
  for (const auto& [name, value] : program.environment) environment.push_back(name + "=" + value);
  const ProgramSurroundings surroundings{.directory = directory,
                                         .environment = std::move(environment),
                                         .inherits_environment = program.inherits_environment,
                                         .fixed_addresses = fixed_addresses};
  const int input = open_or_refuse("/dev/null", O_RDONLY);
  const int output = open_or_refuse(log, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    program_ = std::make_unique<SupervisedProgram>(program.command, surroundings,
                                                   ProgramStreams{.input = input, .output = output, .errors = output});
  } catch (const std::system_error& error) {
    close(input);
    close(output);
    refuse(ProblemKind::file,
           fmt::format("the program {} cannot be started: {}", program.command.front(), error.code().message()));
  }
  close(input);
  close(output);
}

std::optional<std::string> GatewayProcess::ended() {
  const auto status = program_->ended_within(std::chrono::milliseconds{0});
  if (!status) return std::nullopt;
  if (WIFSIGNALED(*status)) return fmt::format("signal {}", WTERMSIG(*status));
  return fmt::format("exit code {}", WEXITSTATUS(*status));
}

bool GatewayProcess::ends_within(std::chrono::milliseconds time) { return program_->ended_within(time).has_value(); }

bool GatewayProcess::ended_well() { return program_->ended_within(std::chrono::milliseconds{0}) == 0; }

std::string GatewayProcess::output_tail() const {
  std::ifstream file(log_, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::size_t>(file.tellg());
  file.seekg(static_cast<std::streamoff>(size > kTailMax ? size - kTailMax : 0));
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace windtunnel::runs
