#include "runs/gateway/pipeline_lines.h"

#include <gtest/gtest.h>

namespace windtunnel::runs::pipeline_lines_test {
namespace {

TEST(PipelineLines, are_compared_by_request_whatever_their_order) {
  const PipelineLines one = by_request({"1 10 a", "2 10 b", "1 20 c"});
  EXPECT_EQ(compare_lines(one, by_request({"2 10 b", "1 10 a", "1 20 c"})).differing, 0U);
}

TEST(PipelineLines, show_the_earliest_difference_of_both_sides) {
  const PipelineLines one = by_request({"1 10 a", "1 30 b", "2 20 x"});
  const LinesDifference found = compare_lines(one, by_request({"1 10 a", "1 31 b", "2 20 y"}));
  EXPECT_EQ(found.requests, 2U);
  EXPECT_EQ(found.differing, 2U);
  EXPECT_NE(found.first.find("request 2"), std::string::npos);
  EXPECT_NE(found.first.find("simulated: 20 x"), std::string::npos);
  EXPECT_NE(found.first.find("served:    20 y"), std::string::npos);
}

TEST(PipelineLines, differ_where_one_side_has_nothing) {
  const PipelineLines one = by_request({"1 10 a", "1 20 b"});
  EXPECT_EQ(compare_lines(one, by_request({"1 10 a"})).differing, 1U);
  EXPECT_EQ(compare_lines(by_request({}), one).differing, 1U);
  EXPECT_EQ(compare_lines(one, by_request({"1 10 a", "1 20 b", "3 5 c"})).differing, 1U);
}

}  // namespace
}  // namespace windtunnel::runs::pipeline_lines_test
