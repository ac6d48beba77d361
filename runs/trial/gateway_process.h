#pragma once
// Starts the program of a gateway in a folder of its own and ends it with everything that descends from it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runs/processes/supervised_program.h"
#include "sim/service/gateway_spec.h"

namespace windtunnel::runs {

// What stands for {port}, {directory}, {url:NAME} and {host:NAME}. {here} is the folder that we were started in.
struct GatewayPlaces {
  std::uint16_t port = 0;
  std::string directory;
  std::string file;                                       // the scenario for the gateway
  std::vector<std::pair<std::string, std::string>> urls;  // of the providers and the programs, by name
};

// The text with every place filled in. Throws ProblemError for a name that is neither a
// provider of the scenario nor a program.
[[nodiscard]] std::string filled_in(const std::string& text, const GatewayPlaces& places);
// The specification with every place of its texts filled in, but for those of its programs.
[[nodiscard]] sim::GatewaySpec filled_in(const sim::GatewaySpec& spec, const GatewayPlaces& places);
// A program with every place filled in.
[[nodiscard]] sim::GatewayProgram filled_in(const sim::GatewayProgram& program, const GatewayPlaces& places);

// Whether a text of it has {url:NAME} or {host:NAME}.
[[nodiscard]] bool names_place(const sim::GatewaySpec& spec, const std::string& name);

// Throws ProblemError if the file cannot be written; the folders above it are made.
void write_gateway_file(const std::string& folder, const std::string& name, const std::string& content);

class GatewayProcess {
 public:
  // `program` is filled in; `environment` is NAME=VALUE beside its own. Its output goes to the file `log`. With
  // `fixed_addresses` its memory is placed alike in every run. Throws ProblemError if it cannot be started.
  GatewayProcess(const sim::GatewayProgram& program, const std::string& directory, const std::string& log,
                 std::vector<std::string> environment, bool fixed_addresses);

  // How it ended, for people: "exit code 1", "signal 9"; nothing: it runs.
  [[nodiscard]] std::optional<std::string> ended();
  [[nodiscard]] bool ends_within(std::chrono::milliseconds time);
  // It has ended, with exit code 0.
  [[nodiscard]] bool ended_well();
  // The end of its output.
  [[nodiscard]] std::string output_tail() const;

 private:
  std::string log_;
  std::unique_ptr<SupervisedProgram> program_;
};

}  // namespace windtunnel::runs
