// Added to the tests of monitor/ when their sources are full of operator mutants: says which of them each test comes by.
//
// With WINDTUNNEL_REACHED=FILE each test appends a line, 'NAME<tab>MICROSECONDS<tab>NUMBER NUMBER ...'.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/mutants/mutation.h"

namespace mutation {
namespace {

class Listener final : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo& /*test*/) override {
    std::fill(std::begin(reached), std::end(reached), false);
    began_ = std::chrono::steady_clock::now();
  }
  void OnTestEnd(const ::testing::TestInfo& test) override {
    const auto lasted = std::chrono::steady_clock::now() - began_;
    std::FILE* const file = std::fopen(std::getenv("WINDTUNNEL_REACHED"), "a");
    if (file == nullptr) std::abort();
    std::fprintf(file, "%s.%s\t%lld\t", test.test_suite_name(), test.name(),
                 static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(lasted).count()));
    for (int i = 0; i < kMost; ++i) {
      if (reached[i]) std::fprintf(file, "%d ", i);
    }
    std::fputc('\n', file);
    std::fclose(file);
  }

 private:
  std::chrono::steady_clock::time_point began_;
};

const bool added = [] {
  if (std::getenv("WINDTUNNEL_REACHED") == nullptr) return false;
  ::testing::UnitTest::GetInstance()->listeners().Append(new Listener);
  return true;
}();

}  // namespace
}  // namespace mutation
