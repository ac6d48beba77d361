#pragma once
// A log as a command names it.

#include <string>

namespace windtunnel::reports {

struct LogChoice {
  std::string file;               // "-": stdin; empty: no log
  std::string format = "auto";    // a name of log_names()
  std::string columns;            // FIELD=COLUMN,...; empty: none
  bool may_lack_columns = false;  // else a column that no record has is an error
  std::string prices;             // a price list for what the log does not price; empty: the shipped one
};

}  // namespace windtunnel::reports
