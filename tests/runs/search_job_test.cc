// A search as a library call: it goes on where an earlier one was, and refuses the folder of another.

#include "runs/search/search_job.h"

#include <gtest/gtest.h>

#include "runs/scenario_source.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::search_job_test {
namespace {

const std::string kOutage = WINDTUNNEL_ROOT "/scenarios/catalog/openai-outage.json";

runs::SearchDone search(const runs::SearchRequest& request, const std::string& version = "1",
                        std::vector<std::string>* notes = nullptr) {
  return runs::search({.request = request,
                       .base = *runs::load_scenario(request.file, {}).scenario,
                       .version = version,
                       .note = [&](const std::string& text) {
                         if (notes != nullptr) notes->push_back(text);
                       }});
}

TEST(SearchJob, searches_the_seeds_that_an_earlier_search_left) {
  const Folder folder;
  runs::SearchRequest request{.file = kOutage, .seeds = runs::SeedRange{1, 3}, .out = folder.path("out")};
  const runs::SearchDone first = search(request);
  EXPECT_EQ(first.verdict, sim::Verdict::pass);
  EXPECT_EQ(first.exploration.totals.seeds, 3U);
  request.seeds = runs::SeedRange{1, 5};
  std::uint64_t searched = 0;
  const runs::SearchDone more =
      runs::search({.request = request,
                    .base = *runs::load_scenario(kOutage, {}).scenario,
                    .version = "1",
                    .searched = [&](std::uint64_t seeds, std::chrono::duration<double>) { searched = seeds; }});
  EXPECT_EQ(more.exploration.totals.seeds, 5U);
  EXPECT_EQ(searched, 2U);
}

TEST(SearchJob, refuses_the_folder_of_another_search) {
  const Folder folder;
  runs::SearchRequest request{.file = kOutage, .seeds = runs::SeedRange{1, 2}, .out = folder.path("out")};
  (void)search(request);
  request.swarm = true;
  const runs::SearchDone other = search(request);
  ASSERT_TRUE(other.problem);
  EXPECT_EQ(other.problem->kind, runs::ProblemKind::request);
  EXPECT_NE(other.problem->text.find("holds a search of another scenario"), std::string::npos);
}

TEST(SearchJob, begins_again_in_the_folder_of_another_build) {
  const Folder folder;
  const runs::SearchRequest request{.file = kOutage, .seeds = runs::SeedRange{1, 2}, .out = folder.path("out")};
  (void)search(request, "1");
  std::vector<std::string> notes;
  const runs::SearchDone again = search(request, "2", &notes);
  EXPECT_EQ(again.exploration.totals.seeds, 2U);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes.front().find("by another build"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::tests::search_job_test
