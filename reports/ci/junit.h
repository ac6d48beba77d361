#pragma once
// Verdicts as JUnit XML, which every CI server reads: one suite for each run, one test case for each claim that the run
// was asked to show (threshold, liveness, coverage minimum, fault expectation, invariant that was on).
//
//   classname   the scenario's file without .json
//   name        kind and claim, unique within the suite; ` [seed N]` after it if N is not the scenario's own seed
//   <failure>   type fail or inconclusive: no data never passes, so that both are red. The body has the claim, its
//               figures, the line that claims it and the command that replays it
//   <error>     what was not run to its end: a scenario with errors, a file that could not be written, an interrupt
//
// There are no times: the same runs give the same bytes.

#include <string>
#include <string_view>

#include "reports/run/run_summary.h"

namespace windtunnel::reports {

// A document is begin, any number of suites, end.
std::string junit_begin();
std::string junit_suite(const RunSummary& summary, bool interrupted = false);
// Of a scenario that did not run. `type` is a word, such as "scenario invalid".
std::string junit_error_suite(const std::string& scenario_file, std::string_view type, std::string_view message);
std::string junit_end();

// As text or attribute of XML 1.0. What XML cannot hold (C0, broken UTF-8) is replaced by U+FFFD;
// other control characters (DEL, C1, changes of direction) are spelled out.
std::string xml_escaped(std::string_view text);

}  // namespace windtunnel::reports
