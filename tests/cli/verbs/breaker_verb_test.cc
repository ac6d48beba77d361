// `windtunnel breaker` as the program at the other end of its pipe meets it.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::breaker_test {
namespace {

TEST(BreakerVerb, answers_line_for_line_and_ends_with_its_input) {
  const Folder folder;
  folder.write("in",
               "{\"op\":\"reset\",\"config\":{\"consecutive_threshold\":1,\"open_ms\":10}}\n"
               "{\"op\":\"acquire\",\"t_ms\":0}\n"
               "{\"op\":\"aquire\",\"t_ms\":0}\n"
               "{\"op\":\"report\",\"t_ms\":0,\"permit\":1,\"ok\":false}\n"
               "{\"op\":\"state\",\"t_ms\":10}");  // a last line without its end is a line
  const ProcessResult result = windtunnel("breaker <" + folder.path("in"));
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.out,
            "{}\n"
            "{\"admitted\":true,\"state\":\"closed\",\"permit\":1}\n"
            "{\"error\":\"unknown op \\\"aquire\\\"; did you mean \\\"acquire\\\"?\"}\n"
            "{\"state\":\"open\"}\n"
            "{\"state\":\"half_open\"}\n");
}

TEST(BreakerVerb, an_empty_input_is_no_error) {
  const ProcessResult result = windtunnel("breaker </dev/null");
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.out, "");
}

// Waiting for more before answering would leave both ends waiting for each other.
TEST(BreakerVerb, each_answer_is_sent_before_the_next_line_comes) {
  const Folder folder;
  folder.write("ask.sh",
               "mkfifo \"$2/to\"\n"
               "\"$1\" breaker <\"$2/to\" >\"$2/from\" &\n"
               "exec 3>\"$2/to\"\n"
               "echo '{\"op\":\"reset\",\"config\":{}}' >&3\n"
               "for i in $(seq 100); do [ -s \"$2/from\" ] && break; sleep 0.05; done\n"
               "cat \"$2/from\"; exec 3>&-; wait\n");
  const std::string command = "sh '" + folder.path("ask.sh") + "' '" WINDTUNNEL_BINARY "' '" + folder.path() + "'";
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  char buffer[64] = {};
  const std::size_t size = fread(buffer, 1, sizeof buffer - 1, pipe);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ((std::string{buffer, size}), "{}\n");
}

TEST(BreakerVerb, an_endless_line_is_refused_once_it_ends) {
  const Folder folder;
  folder.write("in", std::string(1'000'000, 'x') + "\n");
  const ProcessResult result = windtunnel("breaker <" + folder.path("in"));
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.out, "{\"error\":\"a line is longer than 65536 bytes\"}\n");
}

TEST(BreakerVerb, an_input_or_output_that_fails_is_a_file_error) {
  EXPECT_EQ(windtunnel("breaker </etc").exit, 4);
  EXPECT_EQ(windtunnel("breaker <README.md >/dev/full").exit, 4);
}

}  // namespace
}  // namespace windtunnel::tests::breaker_test
