// Runs a scenario and prints what happened, one JSON object a line: first the settings that a recount needs, then every
// event of the run in order, then what the judge found. The reports of windtunnel are recounted from these lines
// (recounts_test.py), so nothing here uses a report, a metric or a counter of the pipeline.
//
//   record_events SCENARIO SEED
//   record_events SCENARIO forecast REPLICATION SECONDS   of a forecast over that horizon
//
// Times are nanoseconds, money is pico-dollars, shares are millionths. "c" is an event's name and "t" its instant.

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "scenarios/reader.h"
#include "sim/checks/claims/run_notes.h"
#include "sim/checks/judge.h"
#include "sim/forecast/replication.h"
#include "sim/models/breaker_follower.h"
#include "sim/world/run_events.h"
#include "sim/world/world.h"

namespace windtunnel {
namespace {

std::int64_t ns(Instant at) { return at.time_since_epoch().count(); }
std::int64_t ns(WallTime at) { return at.time_since_epoch().count(); }
std::string quoted(std::string_view text) { return json_string(text); }
std::string picos(const std::optional<Usd>& money) { return money ? std::to_string(money->picos()) : "null"; }
std::string price_of(const std::optional<Price>& price) {
  return price ? std::to_string(price->per_token.picos()) : "null";
}
std::string picos(UsdSum money) { return std::to_string(money.narrow().picos()); }

// By monitor::TripRule and by monitor::BudgetEvent::Kind.
constexpr std::array kRules{"none",          "consecutive",       "rate",       "count",      "probe_failed", "at_once",
                            "allowed_fails", "half_open_timeout", "slow_calls", "slow_probes"};
static_assert(kRules.size() == monitor::kTripRules);
constexpr std::array kBudgetEvents{"budget_alert", "budget_refused", "budget_window_opened", "budget_window_closed"};

template <class... Values>
void line(fmt::format_string<Values...> format, Values&&... values) {
  fmt::print(format, std::forward<Values>(values)...);
  std::fputc('\n', stdout);
}

template <class Values, class Text>
std::string list(const Values& values, Text text) {
  std::string all;
  for (const auto& value : values) all += (all.empty() ? "" : ",") + text(value);
  return "[" + all + "]";
}

bool has_no_rule(const monitor::BreakerConfig& c) {
  bool has_one = c.consecutive_threshold || c.failure_rate_threshold || c.failure_count_threshold || c.slow_call_rate ||
                 c.allowed_fails;
  for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
    has_one = has_one || c.allowed_fails_by[kind] || c.outcomes[kind] == monitor::BreakerOutcome::fatal;
  }
  return !has_one;
}

// Keeps each provider's breaker by the reference model.
class Breakers {
 public:
  explicit Breakers(const sim::Scenario& scenario)
      : followers_(scenario.providers.size(), sim::BreakerFollower{scenario.monitor.circuit_breaker}),
        is_off_(has_no_rule(scenario.monitor.circuit_breaker)) {}

  void on(const monitor::PermitAsked& event) {
    const auto permit = followers_[index_of(event.provider)].acquire(event.at);
    if (permit) permits_[event.request] = {event.provider, *permit};
  }
  void on(const monitor::AttemptEnded& event) { give(event.request, event.counted, event.at); }
  // A permit whose call the budget refused comes back unused.
  void on(const monitor::Record& record) { give(record.request.id, monitor::BreakerOutcome::ignored, record.finished); }
  void print(Instant end) {
    for (std::size_t i = 0; i < followers_.size(); ++i) {
      sim::BreakerFollower& follower = followers_[i];
      follower.advance(end);
      const auto counts = follower.counts(end);
      const std::string state = is_off_ ? "null" : quoted(name_of(follower.state()));
      line(R"({{"c":"breaker","provider":{},"state":{},"calls":{},"failures":{},"consecutive":{},"epoch":{}}})", i,
           state, counts.calls, counts.failures, follower.run(), follower.epoch());
    }
  }

 private:
  struct Out {
    monitor::ProviderId provider{};
    sim::ModelPermit permit;
  };

  void give(RequestId request, monitor::BreakerOutcome outcome, Instant at) {
    const auto out = permits_.extract(request);
    if (out) followers_[index_of(out.mapped().provider)].report(out.mapped().permit, outcome, at);
  }

  std::vector<sim::BreakerFollower> followers_;
  bool is_off_;  // no rule opens one
  std::map<RequestId, Out> permits_;
};

// Further members of a usage: cached input, cache writes, reasoning.
std::string kinds_of(const TokenKinds& kinds) {
  return fmt::format(",{},{},{}", kinds.cached_input.count(), kinds.cache_write.count(), kinds.reasoning.count());
}

struct Printer {
  std::int64_t done = 0;
  std::int64_t ties = 0;
  std::FILE* out = stdout;

  template <class... Values>
  void print(fmt::format_string<Values...> format, Values&&... values) {
    fmt::print(out, format, std::forward<Values>(values)...);
    std::fputc('\n', out);
  }

  void on(const monitor::RequestArrived& event) {
    print(R"({{"c":"arrived","t":{},"r":{}}})", ns(event.at), number_of(event.request.id));
  }
  void on(const monitor::TokensGranted& event) {
    print(R"({{"c":"granted","t":{},"r":{},"asked":{},"output":{}}})", ns(event.at), number_of(event.request),
          event.asked.count(), event.output.count());
  }
  void on(const monitor::MoneyReserved& event) {
    print(R"({{"c":"reserved","t":{},"r":{},"amount":{},"wall":{}}})", ns(event.at), number_of(event.request),
          event.amount.picos(), ns(event.wall));
  }
  void on(const monitor::MoneyReleased& event) {
    print(R"({{"c":"released","t":{},"r":{}}})", ns(event.at), number_of(event.request));
  }
  void on(const monitor::PermitAsked& event) {
    print(R"({{"c":"permit","t":{},"r":{},"p":{},"admitted":{}}})", ns(event.at), number_of(event.request),
          index_of(event.provider), event.admitted);
  }
  void on(const monitor::CoolingSkipped& event) {
    print(R"({{"c":"cooling","t":{},"p":{}}})", ns(event.at), index_of(event.provider));
  }
  void on(const monitor::RetryAfterSet& event) {
    print(R"({{"c":"retry_after","t":{},"p":{},"until":{}}})", ns(event.at), index_of(event.provider), ns(event.until));
  }
  void on(const monitor::RouteEntered& event) {
    print(R"({{"c":"entered","t":{},"r":{},"route":{},"after":{}}})", ns(event.at), number_of(event.request),
          index_of(event.route), event.after ? quoted(name_of(*event.after)) : "null");
  }
  void on(const monitor::AttemptStarted& event) {
    print(R"({{"c":"started","t":{},"p":{}}})", ns(event.at), index_of(event.provider));
  }
  void on(const monitor::AttemptEnded& event) {
    const auto& usage = event.reply.usage;
    print(
        R"({{"c":"ended","t":{},"r":{},"p":{},"kind":"{}","usage":{},"ttft":{},"late":{},"before":"{}")"
        R"(,"settled":{},"reserved":{},"latency":{}}})",
        ns(event.at), number_of(event.request), index_of(event.provider), name_of(event.reply.kind),
        usage ? fmt::format("[{},{}{}]", usage->input.count(), usage->output.count(), kinds_of(usage->kinds)) : "null",
        event.reply.time_to_first_token.count(), event.late, name_of(event.state_before), event.settled.picos(),
        event.reserved.picos(), event.latency.count());
  }
  void on(const monitor::UsageLearned& event) {
    print(R"({{"c":"learned","t":{},"r":{},"p":{},"ordinal":{},"usage":[{},{}{}]}})", ns(event.at),
          number_of(event.request), index_of(event.provider), event.ordinal, event.usage.input.count(),
          event.usage.output.count(), kinds_of(event.usage.kinds));
  }
  void on(const monitor::BreakerMoved& event) {
    const monitor::BreakerTransition& arrow = event.transition;
    print(R"({{"c":"moved","t":{},"p":{},"from_":"{}","to":"{}","rule":"{}","epoch":{},"failures":{})"
          R"(,"window":{},"consecutive":{},"open_for":{}}})",
          ns(arrow.at), index_of(event.provider), name_of(arrow.from), name_of(arrow.to),
          kRules[static_cast<std::size_t>(arrow.rule)], arrow.epoch, arrow.window_failures, arrow.window_calls,
          arrow.consecutive_failures, arrow.open_for.count());
  }
  void on(const monitor::BudgetChanged& event) {
    const monitor::BudgetEvent& budget = event.budget;
    print(R"({{"c":"budget","t":{},"kind":"{}","daily":{},"begin":{},"share":{},"spent":{},"reserved":{})"
          R"(,"limit":{},"by_refusal":{}}})",
          ns(event.at), kBudgetEvents[static_cast<std::size_t>(budget.kind)], budget.daily, ns(budget.window_begin),
          budget.share.value, picos(budget.spent), picos(budget.reserved), picos(budget.limit), budget.by_refusal);
  }
  void on(const monitor::CacheStored& event) {
    print(R"({{"c":"stored","t":{},"r":{},"key":"{:x}.{:x}"}})", ns(event.at), number_of(event.request), event.key.high,
          event.key.low);
  }
  void on(const monitor::CacheServed& event) {
    print(R"({{"c":"cached","t":{},"p":{},"key":"{:x}.{:x}"}})", ns(event.at), index_of(event.provider), event.key.high,
          event.key.low);
  }
  void on(const monitor::CacheEdgeMet& event) { line(R"({{"c":"edge","t":{}}})", ns(event.at)); }
  void on(const sim::LedgerEntry& event) {
    print(R"({{"c":"billed","t":{},"r":{},"p":{},"known":{},"usage":[{},{}{}],"billed":{}}})", ns(event.at),
          number_of(event.request), index_of(event.provider), event.usage_known, event.input.count(),
          event.output.count(), kinds_of(event.kinds), event.billed.picos());
  }
  void on(const sim::FaultChanged& event) {
    print(R"({{"c":"fault","t":{},"fault":{},"active":{}}})", ns(event.at), event.fault, event.active);
  }
  void on(const sim::FaultHit& event) { line(R"({{"c":"hit","t":{},"fault":{}}})", ns(event.at), event.fault); }
  void on(const sim::CallerTries& event) {
    print(R"({{"c":"try","t":{},"r":{},"workload":{},"number":{}}})", ns(event.at), number_of(event.request),
          event.workload, event.number);
  }
  void on(const sim::WishEnded& event) {
    constexpr std::array kHows{"answered", "failed", "left"};
    print(R"({{"c":"wish","t":{},"workload":{},"how":"{}","tries":{}}})", ns(event.at), event.workload,
          kHows[static_cast<std::size_t>(event.how)], event.tries);
  }
  void on(const sim::ScheduledDone& event) {
    ++done;
    if (event.tie) ++ties;
  }
  void on(const monitor::Record& record) {
    const auto place = [](const std::optional<monitor::ProviderId>& provider) {
      return provider ? std::to_string(index_of(*provider)) : "null";
    };
    const std::string attempts = list(record.attempts(), [](const monitor::Attempt& attempt) {
      return fmt::format(R"([{},"{}",{},{},{}])", index_of(attempt.provider), name_of(attempt.kind),
                         attempt.latency.count(), attempt.cost.picos(), attempt.usage_known);
    });
    print(R"({{"c":"record","t":{},"r":{},"asked":{},"arrived":{},"outcome":"{}","variant":{},"assigned":{})"
          R"(,"answered":{},"input":{},"output":{},"ttft":{},"workload":{},"user":"{:x}","prompt":{})"
          R"(,"response":{},"breaker":"{}","failovers":{},"attempts":{}}})",
          ns(record.finished), number_of(record.request.id), record.request.input.count(), ns(record.arrived),
          name_of(record.outcome), record.variant ? std::to_string(*record.variant) : "null", place(record.assigned),
          place(record.answered_by), record.input.count(), record.output.count(), record.time_to_first_token.count(),
          static_cast<std::uint32_t>(record.request.labels), record.request.user, record.request.prompt_length,
          record.response_length, name_of(record.breaker), record.failovers, attempts);
  }
};

// As far as no trace of the worlds has such columns.
bool has_kinds(const sim::WorkloadSpec& spec) {
  return !(spec.cached_input == sim::TokenModel{sim::Law::fixed(0), Tokens{0}} &&
           spec.cache_write == spec.cached_input && spec.reasoning == spec.cached_input);
}

void print_settings(const sim::Scenario& scenario, std::uint64_t seed) {
  const monitor::MonitorConfig& monitor = scenario.monitor;
  line(R"({{"c":"run","seed":{},"file":{},"title":{},"start":{},"duration":{},"month_spent":{},"file_seed":{}}})", seed,
       quoted(scenario.file), quoted(scenario.title), ns(scenario.start), scenario.duration.count(),
       scenario.month_spent.picos(), scenario.seed);
  for (const sim::ProviderSpec& provider : scenario.providers) {
    const Tariff& tariff = provider.tariffs.front().tariff;
    line(R"({{"c":"provider","name":{},"model":{},"tariffs":{},"input":{},"output":{},"kinds":[{},{},{}]}})",
         quoted(provider.name), quoted(provider.model), provider.tariffs.size(), tariff.input.per_token.picos(),
         tariff.output.per_token.picos(), price_of(tariff.cached_input), price_of(tariff.cache_write),
         price_of(tariff.reasoning));
  }
  for (const sim::WorkloadSpec& workload : scenario.workloads) {
    const auto& routes = scenario.monitor.routing.routes;
    const std::string route = routes.empty() ? "" : routes[index_of(route_of(scenario, workload))].name;
    line(R"({{"c":"workload","name":{},"feature":{},"prompt":{},"route":{},"client":{},"kinds":{}}})",
         quoted(workload.name), quoted(workload.feature_version), quoted(workload.prompt_version), quoted(route),
         workload.client ? 1 : 0, has_kinds(workload));
  }
  for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) {
    line(R"({{"c":"route","name":{}}})", quoted(route.name));
  }
  for (const monitor::Variant& variant : monitor.ab_router.variants) {
    line(R"({{"c":"variant","id":{},"provider":{},"weight":{}}})", quoted(variant.id), index_of(variant.provider),
         variant.weight);
  }
  for (const sim::FaultSpec& fault : scenario.faults) {
    line(R"({{"c":"fault_setting","id":{},"kind":"{}","fraction":{},"ramp":{},"offset":{},"least":{},"providers":{}}})",
         quoted(fault.id), name_of(fault.kind()), fault.fraction, fault.ramp.count(),
         sim::wall_clock_offset_of(fault.settings).value_or(Duration{0}).count(), fault.min_affected,
         list(fault.providers, quoted));
  }
  for (const auto& [name, least] : scenario.coverage) line(R"({{"c":"least","name":"{}","least":{}}})", name, least);
  const monitor::CostLimiterConfig& cost = monitor.cost_limiter;
  line(R"({{"c":"limits","monthly":{},"daily":{},"alerts":{},"experiment":{}}})", picos(cost.monthly),
       picos(cost.daily), list(cost.alerts, [](Millionths share) { return std::to_string(share.value); }),
       quoted(monitor.ab_router.experiment_id));
  const auto& [requests, tokens] =
      std::pair{monitor.rate_limiter.requests_per_minute, monitor.rate_limiter.tokens_per_minute};
  line(R"({{"c":"limiters","requests":{},"tokens":{},"mode":"{}","limit":{}}})",
       requests ? std::to_string(*requests) : "null", tokens ? std::to_string(tokens->count()) : "null",
       name_of(monitor.token_limiter.mode), monitor.token_limiter.limit.count());
  line(R"({{"c":"cache","is_on":{},"capacity":{},"ttl":{},"stale":{}}})",
       monitor.cache.enabled && monitor.cache.capacity > 0, monitor.cache.capacity, monitor.cache.ttl.count(),
       monitor.cache.stale_if_error.count());
}

void print_findings(const sim::Judgement& judgement) {
  for (const sim::Finding& finding : judgement.findings) {
    const sim::Origin& origin = finding.origin;
    line(R"({{"c":"finding","kind":"{}","id":{},"verdict":"{}","claim":{},"reason":{},"value":{},"unit":{},"at":{})"
         R"(,"request":{},"file":{},"line":{},"column":{},"pointer":{}}})",
         name_of(finding.kind), quoted(finding.id), name_of(finding.verdict), quoted(finding.claim),
         quoted(finding.reason), finding.value ? fmt::format("{}", *finding.value) : "null", quoted(finding.unit),
         finding.at ? std::to_string(ns(*finding.at)) : "null",
         finding.request ? std::to_string(number_of(*finding.request)) : "null", quoted(origin.file), origin.line,
         origin.column, quoted(origin.pointer));
  }
  line(R"({{"c":"verdict","verdict":"{}","checks":{},"notes":{}}})", name_of(judgement.verdict),
       list(judgement.checks, quoted), list(judgement.notes, quoted));
}

void print_run(const sim::Scenario& scenario, std::uint64_t seed) {
  print_settings(scenario, seed);
  Printer printer;
  Breakers breakers{scenario};
  sim::Judge judge{scenario};
  sim::RunNotes notes{scenario};
  const sim::RunResult result = sim::run(scenario, {.seed = seed, .observers = {&printer, &breakers, &judge, &notes}});
  breakers.print(result.ended);
  sim::Judgement judgement = judge.judge(result);
  judgement.notes = notes.notes(result.faults);
  print_findings(judgement);
  line(R"({{"c":"end","t":{},"events":{},"ties":{},"digest":"{:016x}"}})", ns(result.ended), printer.done, printer.ties,
       result.digest);
}

std::uint64_t number(const char* word) { return std::strtoull(word, nullptr, 10); }

void print(std::span<char*> words) {
  const sim::Scenario scenario = scenarios::read_scenario(words[1]);
  if (words.size() == 3) {
    print_run(scenario, number(words[2]));
    return;
  }
  const sim::ForecastWorld world{scenario, {.horizon = std::chrono::seconds{number(words[4])}}};
  print_run(world.scenario(), sim::replication_seed(scenario.seed, sim::SeedFamily::forecast, number(words[3])));
}

}  // namespace
}  // namespace windtunnel

int main(int count, char** words) {
  if (count != 3 && count != 5) {
    fmt::print(stderr, "usage: record_events SCENARIO SEED | forecast REPLICATION SECONDS\n");
    return 2;
  }
  try {
    windtunnel::print({words, words + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  }
  return 0;
}
