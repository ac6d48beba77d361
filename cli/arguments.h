#pragma once
// What the command line asks for. Parsing it is in one place (arguments.cc), with the help texts; a flag wins over the
// environment, the environment over the scenario file.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/exit_code.h"

namespace windtunnel::cli {

enum class Format : std::uint8_t { text, json };
enum class Color : std::uint8_t { automatic, always, never };

// Seeds A..B, both included.
struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

struct RunArguments {
  std::vector<std::string> files;
  std::optional<std::uint64_t> seed;
  std::optional<SeedRange> seeds;
  unsigned jobs = 1;
  std::vector<std::string> sets;
  std::string out;        // empty: no report files
  std::string telemetry;  // empty: none but that in `out`
  std::string junit;      // one file for all runs; empty: none but those in `out`
  bool fail_fast = false;
  Format format = Format::text;
  std::string until;                       // a duration; empty: to the end
  std::vector<std::string> checks{"all"};  // ids of invariants, "all" or "none"
  bool keep_going = false;                 // after a violation
  bool verify_determinism = false;
  bool quiet = false;
  Color color = Color::automatic;
};

struct ValidateArguments {
  std::vector<std::string> files;
  std::vector<std::string> sets;
  bool quiet = false;
};

struct InitArguments {
  std::string file = "scenario.json";
};

struct ExplainArguments {
  std::vector<std::string> words;
  bool all = false;
};

struct SchemaArguments {
  bool write = false;
  std::string directory = "schema";
};

// Everything was said while parsing (help, version, an error): only the exit code is left.
struct Nothing {
  ExitCode code = ExitCode::pass;
};

using Arguments = std::variant<Nothing, RunArguments, ValidateArguments, InitArguments, ExplainArguments,
                               SchemaArguments>;

Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace windtunnel::cli
