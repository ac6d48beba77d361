#pragma once
// Why a job could not be done. A job returns its problem as a value; the caller decides what it means for its own user.

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace windtunnel::runs {

enum class ProblemKind : std::uint8_t {
  request,      // what was asked for makes no sense
  scenario,     // a scenario, or another input with a grammar, has errors
  file,         // a file could not be read or written, or another program failed
  no_data,      // the input holds too little to answer
  interrupted,  // the job was asked to stop
  internal,     // our own mistake
};

struct Problem {
  ProblemKind kind{};
  std::string text;  // ready to print, without a line end
};

// A problem on its way through a job. The functions that a job offers return the problem instead.
class ProblemError final : public std::exception {
 public:
  ProblemError(ProblemKind kind, std::string text) : problem_{kind, std::move(text)} {}
  [[nodiscard]] const Problem& problem() const { return problem_; }
  [[nodiscard]] const char* what() const noexcept override { return problem_.text.c_str(); }

 private:
  Problem problem_;
};

[[noreturn]] inline void refuse(ProblemKind kind, std::string text) { throw ProblemError(kind, std::move(text)); }
[[noreturn]] inline void refuse(std::string text) { refuse(ProblemKind::request, std::move(text)); }

}  // namespace windtunnel::runs
