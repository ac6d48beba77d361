// `windtunnel generate`: the shells and man take what it makes.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::generate_verb_test {
namespace {

bool has_program(const std::string& name) { return shell("command -v " + name + " >/dev/null").exit == 0; }

// What bash offers when the last of these words is being written, one a line.
std::string completed(const std::string& words, const std::string& folder = WINDTUNNEL_ROOT) {
  const ProcessResult result = shell("bash -c 'source <(" WINDTUNNEL_BINARY " generate completion bash) && cd \"" +
                                     folder + "\" && COMP_WORDS=(windtunnel " + words +
                                     ") && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _windtunnel_complete && "
                                     "printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
  EXPECT_EQ(result.exit, 0) << result.out;
  return result.out;
}

TEST(Generate, bash_completes_verbs) {
  EXPECT_EQ(completed("ru"), "run\n");
  EXPECT_EQ(completed("\"\"").substr(0, 12), "run\nexplore\n");
  EXPECT_EQ(completed("export pr"), "promtest\n");
}

TEST(Generate, bash_completes_flags_and_their_words) {
  EXPECT_EQ(completed("run --fo"), "--format\n");
  EXPECT_EQ(completed("run --format j"), "json\n");
  EXPECT_EQ(completed("run --format = j"), "json\n");
  EXPECT_EQ(completed("run --color \"\""), "auto\nalways\nnever\n");
  EXPECT_EQ(completed("export promtest --ru"), "--rules\n");
  EXPECT_EQ(completed("validate --eff"), "--effective\n");
  EXPECT_EQ(completed("generate completion f"), "fish\n");
}

TEST(Generate, bash_completes_scenario_files_and_folders) {
  const Folder folder;
  folder.write("outage one.json", "{}");
  folder.write("outage.txt", "");
  std::filesystem::create_directory(folder.path("outages"));
  EXPECT_EQ(completed("run out", folder.path()), "outage one.json\noutages\n");
  EXPECT_EQ(completed("run x.json --out out", folder.path()), "outages\n");
  EXPECT_EQ(completed("run scenarios/catalog/openai-"), "scenarios/catalog/openai-outage.json\n");
}

TEST(Generate, zsh_reads_its_completion) {
  if (!has_program("zsh")) GTEST_SKIP() << "no zsh here";
  const ProcessResult result = shell("zsh -fc 'autoload -U compinit && compinit -D && source <(" WINDTUNNEL_BINARY
                                     " generate completion zsh | sed \"\\$d\") && which _windtunnel_run >/dev/null'");
  EXPECT_EQ(result.exit, 0) << result.out;
}

TEST(Generate, fish_completes_verbs_and_flags) {
  if (!has_program("fish")) GTEST_SKIP() << "no fish here";
  const ProcessResult result = shell("fish -Nc '" WINDTUNNEL_BINARY
                                     " generate completion fish | source; complete -C \"windtunnel ru\"; "
                                     "complete -C \"windtunnel run --form\"'");
  EXPECT_NE(result.out.find("run\t"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("--format\t"), std::string::npos) << result.out;
}

TEST(Generate, writes_a_page_for_each_verb_that_man_reads_without_a_warning) {
  const Folder folder;
  const ProcessResult result = windtunnel("generate man " + folder.path("man1"));
  ASSERT_EQ(result.exit, 0) << result.out;
  for (const char* page : {"windtunnel.1", "windtunnel-run.1", "windtunnel-export-csv.1", "windtunnel-generate.1"}) {
    EXPECT_TRUE(folder.has(std::string("man1/") + page)) << page;
  }
  int pages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("man1"))) {
    ++pages;
    const std::string page = entry.path().string();
    // -ww asks for every warning.
    if (has_program("groff")) {
      EXPECT_EQ(shell("groff -man -Tascii -ww '" + page + "' 2>&1 >/dev/null").out, "") << page;
    }
    if (has_program("mandoc")) {
      EXPECT_EQ(shell("mandoc -Tlint -W error '" + page + "'").out, "") << page;
    }
  }
  EXPECT_GE(pages, 20);
  if (!has_program("groff") && !has_program("mandoc")) GTEST_SKIP() << "neither groff nor mandoc here";
}

TEST(Generate, every_option_and_verb_has_help_text) {
  const Folder folder;
  ASSERT_EQ(windtunnel("generate man " + folder.path("man1")).exit, 0);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("man1"))) {
    const std::string text = folder.read("man1/" + entry.path().filename().string());
    EXPECT_EQ(text.find("\n.\n"), std::string::npos) << entry.path();
    EXPECT_EQ(text.find(" \\- \n"), std::string::npos) << entry.path();
  }
}

TEST(Generate, names_what_it_needs) {
  EXPECT_EQ(windtunnel("generate").exit, 2);
  EXPECT_EQ(windtunnel("generate completion").exit, 2);
  const ProcessResult result = windtunnel("generate completion csh");
  EXPECT_EQ(result.exit, 2);
  EXPECT_NE(result.out.find("no shell is named \"csh\""), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel("generate man /dev/null/pages").exit, 4);
  EXPECT_EQ(windtunnel("generate completion bash >/dev/full").exit, 4);
}

}  // namespace
}  // namespace windtunnel::tests::generate_verb_test
