#include "reports/text/enum_names.h"

#include "base/check.h"

namespace windtunnel::reports {

const char* word_of(monitor::TripRule rule) {
  switch (rule) {
    case monitor::TripRule::none:
      return "none";
    case monitor::TripRule::consecutive:
      return "consecutive";
    case monitor::TripRule::rate:
      return "rate";
    case monitor::TripRule::count:
      return "count";
    case monitor::TripRule::probe_failed:
      return "probe_failed";
    case monitor::TripRule::at_once:
      return "at_once";
    case monitor::TripRule::allowed_fails:
      return "allowed_fails";
    case monitor::TripRule::half_open_timeout:
      return "half_open_timeout";
    case monitor::TripRule::slow_calls:
      return "slow_calls";
    case monitor::TripRule::slow_probes:
      return "slow_probes";
  }
  fail_check("a breaker's rule has a word", __FILE__, __LINE__);
}

const char* word_of(monitor::BudgetEvent::Kind kind) {
  switch (kind) {
    case monitor::BudgetEvent::Kind::alert:
      return "budget_alert";
    case monitor::BudgetEvent::Kind::budget_refused:
      return "budget_refused";
    case monitor::BudgetEvent::Kind::window_opened:
      return "budget_window_opened";
    case monitor::BudgetEvent::Kind::window_closed:
      return "budget_window_closed";
  }
  fail_check("a budget event has a word", __FILE__, __LINE__);
}

}  // namespace windtunnel::reports
