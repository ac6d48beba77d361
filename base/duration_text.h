#pragma once
// Durations in words, in integers only. Each form is one that something else reads.

#include <string>

#include "base/units.h"

namespace windtunnel::inline base {

// As a scenario file writes it, in the largest unit in which it is a whole number: "90s", "2m", "250ms", "0s".
std::string duration_text(Duration duration);

// As Prometheus writes it, with every unit down to seconds: "1d2h", "5m1.5s", "-3s", "0s".
std::string span_text(Duration span);

// As people read it, in at most two neighbouring units, the rest cut off: "2 d 5 h", "90 ms", "0 s".
std::string duration_words(Duration duration);

}  // namespace windtunnel::inline base
