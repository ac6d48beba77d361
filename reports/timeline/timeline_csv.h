#pragma once
// The timeline of a run as CSV (RFC 4180), one row per step: for spreadsheets and data frames.
//
// The first columns are time (ISO 8601 UTC of the step's end), from_s and to_s (virtual seconds since the start); the
// others are the series of timeline.json, named by their place there: requests.outcomes.served,
// providers.openai.replies.ok. Counters are what happened within the step, gauges as they stood at its end. Nanoseconds
// are written as seconds and pico-dollars as dollars, exactly. Quantiles stand in the row in which their view ends; the
// other rows leave them empty.

#include <cstddef>

#include "reports/files/output_file.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

struct CsvWritten {
  std::size_t columns = 0;
  std::size_t rows = 0;  // without the heading
};

// Finishing the file is the owner's affair.
CsvWritten write_timeline_csv(const sim::Timeline& timeline, OutputFile& file);

}  // namespace windtunnel::reports
