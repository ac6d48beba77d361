#pragma once
// What the command line asks for. Each verb has its flags in cli/arguments/ and its arguments beside its function; a
// flag wins over the environment, the environment over the scenario file.

#include <cstdint>
#include <memory>

#include "cli/exit_code.h"

namespace windtunnel::cli {

enum class Format : std::uint8_t { text, json };
enum class Color : std::uint8_t { automatic, always, never };

// Seeds A..B, both included.
struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// A verb of the command line: its flags write its arguments, then it is carried out.
class Verb {
 public:
  Verb() = default;
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;
  virtual ~Verb() = default;
  virtual ExitCode carry_out() = 0;
};

struct Parsed {
  std::unique_ptr<Verb> verb;      // none: everything was said while parsing (help, version, an error)
  ExitCode code = ExitCode::pass;  // then
};

Parsed parse_arguments(int argc, const char* const* argv);

}  // namespace windtunnel::cli
