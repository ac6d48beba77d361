#include "runs/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace windtunnel::runs {
namespace {

Problem failed(const std::string& file, const char* operation) {
  return {ProblemKind::file, file + ": cannot " + operation + ": " + std::strerror(errno)};
}

}  // namespace

std::optional<Problem> write_new_file(const std::string& file, std::string_view text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return failed(file, "create");
  ssize_t written = 0;
  while (!text.empty() && (written = ::write(descriptor, text.data(), text.size())) >= 0) {
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool is_whole = text.empty() && ::fsync(descriptor) == 0;
  std::optional<Problem> problem;
  if (!is_whole) problem = failed(file, "write");
  ::close(descriptor);
  // Half a scenario is no scenario, and it would be in the way of the next try.
  if (!is_whole) ::unlink(file.c_str());
  return problem;
}

}  // namespace windtunnel::runs
