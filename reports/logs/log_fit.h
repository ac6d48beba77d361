#pragma once
// Reads a log of any format for a fit.
//
// What the log lacks is not 0: a request without a status counts as answered, one without a cost gets its price, one
// without a latency none, and a note of the fit states each. A bucket of requests becomes so many equal ones, spread
// evenly over it, so that counts and sums of days are the log's own; a note states that nothing else is.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "reports/logs/log_reader.h"
#include "reports/telemetry/fit_report.h"

namespace windtunnel::reports {

// What a request of the row costs, by a list of prices. The row has a model and tokens; of a bucket they are sums.
// Nothing: the model has no price.
using LogPrice = std::function<std::optional<Usd>(const LogRow&)>;

struct FitRequest {
  LogChoice log;
  unsigned threads = 0;  // 0: those of the machine
  LogPrice price;        // empty: rows without a cost are of no use
  std::string price_source;
};

// Throws ReportError if the file cannot be read, and std::invalid_argument for a format or columns that are none. The
// same for any number of threads.
FittedLog read_fit(const FitRequest& request);
// Without prices.
FittedLog read_fit(const std::string& file, unsigned threads = 0);

}  // namespace windtunnel::reports
