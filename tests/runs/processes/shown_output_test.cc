// What a program writes, where no terminal is.

#include "runs/processes/shown_output.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace windtunnel::runs::shown_output_test {
namespace {

std::string shown(const std::string& written) {
  Pipe to;
  {
    ShownOutput output{to.write};
    EXPECT_EQ(::write(output.descriptor(), written.data(), written.size()), std::ssize(written));
    output.start();
  }
  close_if_open(to.write);
  std::string text;
  std::array<char, 4096> block{};
  for (ssize_t got = 0; (got = ::read(to.read, block.data(), block.size())) > 0;) {
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  return text;
}

TEST(ShownOutput, passes_lines_on_as_they_are) {
  EXPECT_EQ(shown("one\n\ttwo ü\nhalf"), "one\n\ttwo ü\nhalf");
  EXPECT_EQ(shown(""), "");
}

TEST(ShownOutput, spells_out_what_steers_a_terminal_or_a_ci_job) {
  EXPECT_EQ(shown("\x1b[31m\n  ::stop-commands::z\na ##[error]\n"),
            "\\x1b[31m\n\\  ::stop-commands::z\na #\\#[error]\n");
}

}  // namespace
}  // namespace windtunnel::runs::shown_output_test
