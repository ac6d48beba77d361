#pragma once
// A text as a log in a folder of its own, and what is fitted to it.

#include <gtest/gtest.h>

#include <string>

#include "reports/logs/log_fit.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports {

class FittedLogTest : public testing::Test {
 protected:
  ScratchFolder folder;
  [[nodiscard]] FittedLog fitted_to(const std::string& text) const {
    const std::string path = folder.file("log.jsonl");
    write_text(path, text);
    return read_fit(path);
  }
};

}  // namespace windtunnel::reports
