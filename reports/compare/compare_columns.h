#pragma once
// The columns of a comparison's CSV files and the headings of its table, for `explain`.

#include <vector>

#include "reports/text/explanations.h"

namespace windtunnel::reports {

std::vector<Explanation> compare_columns();

}  // namespace windtunnel::reports
