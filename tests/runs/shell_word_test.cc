// Words of a command that a report prints for replay.

#include "runs/shell_word.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "base/visible_text.h"

namespace windtunnel::runs::shell_word_test {
namespace {

// What bash makes of it.
std::string read_back(const std::string& word) {
  const std::string command = "bash -c \"$(cat <<'END'\nprintf %s " + word + "\nEND\n)\"";
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "no pipe";
  std::string text;
  std::array<char, 256> buffer{};
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), size);
  pclose(pipe);
  return text;
}

TEST(ShellWord, is_read_back_by_a_shell) {
  for (const std::string word : {"plain", "", "two words", "it's", "$HOME `id` \\n", "caf\xc3\xa9", "a\x1b[2J",
                                 "x\n::error::y", "d\x7fl \\ 'q'", "c1\xc2\x85", "bidi\xe2\x80\xae"}) {
    const std::string quoted = shell_word(word);
    EXPECT_EQ(read_back(quoted), word) << quoted;
    EXPECT_EQ(visible_text(quoted), quoted);
  }
}

}  // namespace
}  // namespace windtunnel::runs::shell_word_test
