#include "wire/http/gzip.h"

#include <gtest/gtest.h>

#include <string>

namespace windtunnel::wire::gzip_test {
namespace {

// "hello", by gzip 1.12.
const std::string kHello{
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00", 25};

TEST(Gzip, gives_the_content_up_to_the_limit) {
  EXPECT_EQ(unzipped(kHello, 5).text, "hello");
  EXPECT_EQ(unzipped(kHello, 4).problem, GzipProblem::too_large);
  EXPECT_EQ(unzipped(kHello, 4).text, "");
}

TEST(Gzip, is_malformed_where_it_is_cut_changed_or_followed_by_more) {
  for (std::size_t length = 0; length < kHello.size(); ++length) {
    EXPECT_EQ(unzipped(kHello.substr(0, length), 99).problem, GzipProblem::malformed) << length;
  }
  std::string changed = kHello;
  changed[12] ^= 1;
  EXPECT_EQ(unzipped(changed, 99).problem, GzipProblem::malformed);
  EXPECT_EQ(unzipped(kHello + "x", 99).problem, GzipProblem::malformed);
  EXPECT_EQ(unzipped("hello", 99).problem, GzipProblem::malformed);
}

}  // namespace
}  // namespace windtunnel::wire::gzip_test
