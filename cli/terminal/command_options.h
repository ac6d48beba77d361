#pragma once
// What the options of several verbs share.

#include <cstdint>
#include <memory>

#include "cli/terminal/exit_code.h"

namespace windtunnel::cli {

enum class Format : std::uint8_t { text, json };
enum class Color : std::uint8_t { automatic, always, never };

// A verb of the command line: its flags write its arguments, then it is performed.
class Verb {
 public:
  Verb() = default;
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;
  virtual ~Verb() = default;
  virtual ExitCode perform() = 0;
};

}  // namespace windtunnel::cli
