#pragma once
// The words of files and reports for what has no name of its own further down.

#include "monitor/breaker/breaker_config.h"
#include "monitor/cost_limiter.h"

namespace windtunnel::reports {

const char* word_of(monitor::TripRule rule);
const char* word_of(monitor::BudgetEvent::Kind kind);  // as a type of events.jsonl

}  // namespace windtunnel::reports
