// What a command line's manual pages and completions are made of, on a small made-up one.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runs/manual/man_page.h"
#include "runs/manual/option_list.h"
#include "runs/manual/shell_completion.h"

namespace windtunnel::runs::manual_test {
namespace {

VerbEntry program() {
  VerbEntry run{.name = "run", .doc = "Run it", .footer = "Examples:\n  prog run -x", .options = {}, .verbs = {}};
  run.options.push_back({.flags = {"--out", "-o"}, .argument = "", .value = "DIR", .doc = "It's a folder"});
  run.options.push_back({.flags = {"--format"}, .argument = "", .value = "text|json", .doc = "What stdout gets"});
  run.options.push_back({.flags = {}, .argument = "FILE", .value = "", .doc = "Files", .is_required = true});
  VerbEntry all{.name = "prog", .doc = "A program", .footer = "", .options = {}, .verbs = {}};
  all.verbs.push_back(run);
  return all;
}

TEST(OptionList, reports_what_a_value_may_be) {
  const VerbEntry run = program().verbs.front();
  EXPECT_EQ(value_kind_of(run.options[0]), ValueKind::folder);
  EXPECT_EQ(value_kind_of(run.options[1]), ValueKind::words);
  EXPECT_EQ(words_of(run.options[1]), (std::vector<std::string>{"text", "json"}));
  EXPECT_EQ(value_kind_of(run.options[2]), ValueKind::scenario);
  EXPECT_EQ(value_kind_of({.flags = {"--telemetry"}, .argument = "", .value = "F[.zst]"}), ValueKind::file);
  EXPECT_EQ(value_kind_of({.flags = {"--seed"}, .argument = "", .value = "N"}), ValueKind::text);
  EXPECT_EQ(value_kind_of({.flags = {"--out"}, .argument = "", .value = "DIR|FILE"}), ValueKind::file);
  EXPECT_EQ(value_kind_of({.flags = {"--html"}}), ValueKind::nothing);
}

TEST(ManPage, has_a_page_for_the_program_and_each_verb) {
  const std::vector<ManPage> pages = man_pages(program(), "1.2");
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].file, "prog.1");
  EXPECT_EQ(pages[1].file, "prog-run.1");
  const std::string& text = pages[1].text;
  EXPECT_TRUE(text.starts_with(".TH \"PROG\\-RUN\" \"1\" \"\" \"prog 1.2\" \"prog manual\"\n.ad l\n")) << text;
  EXPECT_NE(text.find(".TP\n\\fB\\-\\-out\\fR, \\fB\\-o\\fR \\fIDIR\\fR\nIt's a folder.\n"), std::string::npos) << text;
  EXPECT_NE(text.find(".SH EXAMPLES\n.PP\n.nf\n  prog run \\-x\n.fi\n"), std::string::npos) << text;
}

TEST(ManPage, of_an_option_without_help_has_an_empty_paragraph) {
  VerbEntry bare = program();
  bare.verbs.front().options.front().doc.clear();
  EXPECT_EQ(man_pages(program(), "1.2")[1].text.find("\n.\n"), std::string::npos);
  EXPECT_NE(man_pages(bare, "1.2")[1].text.find("\n.\n"), std::string::npos);
}

TEST(ShellCompletion, quotes_what_a_shell_would_read) {
  EXPECT_NE(zsh_completion(program()).find("[It'\\''s a folder]:DIR:_files -/'"), std::string::npos)
      << zsh_completion(program());
  EXPECT_NE(fish_completion(program()).find("-l out -s o -x -a '(__fish_complete_directories)' -d 'It\\'s a folder'\n"),
            std::string::npos)
      << fish_completion(program());
}

}  // namespace
}  // namespace windtunnel::runs::manual_test
