#include "runs/gateway/pipeline_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace windtunnel::runs {
namespace {

std::int64_t nanoseconds(Instant instant) { return instant.time_since_epoch().count(); }
std::string about(RequestId request) { return std::to_string(number_of(request)); }
std::string dollars(Usd money) { return std::to_string(money.picos()); }

std::string usage_text(const std::optional<monitor::Usage>& usage) {
  return usage ? fmt::format("{}+{}", usage->input.count(), usage->output.count()) : std::string("unknown");
}

// The wait as the wire can carry it.
std::string wait_text(const monitor::RetryAfter& wait) {
  using Form = monitor::RetryAfter::Form;
  if (wait.form == Form::absent) return "none";
  if (wait.form == Form::seconds) return fmt::format("{}", wait.seconds);
  if (wait.form == Form::date) return fmt::format("date {}", wait.date.time_since_epoch().count());
  return "unreadable";
}

// The instant of a line, for finding the earliest.
std::int64_t instant_of(const std::string& line) {
  std::int64_t instant = 0;
  (void)std::from_chars(line.data(), line.data() + line.size(), instant);
  return instant;
}

}  // namespace

const std::string& PipelineScribe::name_of(monitor::ProviderId provider) const {
  return providers_[index_of(provider)];
}

void PipelineScribe::write(std::string whose, Instant at, std::string text) {
  lines_.push_back(std::move(whose) + " " + std::to_string(nanoseconds(at)) + " " + std::move(text));
}

void PipelineScribe::add(const monitor::RequestArrived& event) {
  const monitor::Request& request = event.request;
  streams_[request.id] = request.stream;
  write(about(request.id), event.at,
        fmt::format("arrived user {:016x} provider {} input {} max {} asked {} stream {} route {}", request.user,
                    request.provider ? name_of(*request.provider) : "-", request.input.count(),
                    request.max_tokens.count(), request.max_tokens_is_asked, request.stream,
                    static_cast<int>(request.route)));
}
void PipelineScribe::add(const monitor::TokensGranted& event) {
  write(about(event.request), event.at, fmt::format("granted {} of {}", event.output.count(), event.asked.count()));
}
void PipelineScribe::add(const monitor::MoneyReserved& event) {
  write(about(event.request), event.at,
        fmt::format("reserved {} wall {}", dollars(event.amount), event.wall.time_since_epoch().count()));
}
void PipelineScribe::add(const monitor::MoneyReleased& event) {
  write(about(event.request), event.at, "released " + dollars(event.amount));
}
void PipelineScribe::add(const monitor::LimitsAsked& event) {
  write(about(event.request), event.at,
        fmt::format("limits {} {} {} held {} exhausted {} refused by {} route {}", static_cast<int>(event.stage),
                    event.target ? name_of(*event.target) : "-", event.is_admitted ? "admit" : "refuse", event.held,
                    event.exhausted, event.refused_by ? static_cast<int>(*event.refused_by) : -1,
                    static_cast<int>(event.route)));
}
void PipelineScribe::add(const monitor::PermitAsked& event) {
  write(about(event.request), event.at,
        fmt::format("permit {} {} {} epoch {}", name_of(event.provider), event.admitted ? "given" : "refused",
                    monitor::name_of(event.state), event.epoch));
}
void PipelineScribe::add(const monitor::CoolingSkipped& event) {
  write(about(event.request), event.at, "cooling " + name_of(event.provider));
}
void PipelineScribe::add(const monitor::RouteEntered& event) {
  write(about(event.request), event.at,
        fmt::format("route {} after {}", static_cast<int>(event.route),
                    event.after ? monitor::name_of(*event.after) : "-"));
}
void PipelineScribe::add(const monitor::AttemptStarted& event) {
  write(about(event.request), event.at,
        fmt::format("attempt {} begins {} deadline {} input {} most {} reserved {} epoch {} bypass {}", event.ordinal,
                    name_of(event.provider), nanoseconds(event.deadline), event.input.count(), event.output_max.count(),
                    dollars(event.reserved), event.epoch, event.is_bypass));
}
void PipelineScribe::add(const monitor::AttemptEnded& event) {
  // It shows on a wire where the answer is streamed.
  const auto found = streams_.find(event.request);
  const bool shows = found != streams_.end() && found->second && event.reply.kind == monitor::ReplyKind::ok;
  write(
      about(event.request), event.at,
      fmt::format("attempt {} ends {} {} usage {} first token {} wait {} counted {} epoch {} late {} state {} settled "
                  "{} latency {}",
                  event.ordinal, name_of(event.provider), monitor::name_of(event.reply.kind),
                  usage_text(event.reply.usage), shows ? event.reply.time_to_first_token.count() : -1,
                  wait_text(event.reply.retry_after), static_cast<int>(event.counted), event.epoch, event.late,
                  monitor::name_of(event.state_before), dollars(event.settled), event.latency.count()));
}
void PipelineScribe::add(const monitor::UsageLearned& event) {
  write(about(event.request), event.at, fmt::format("usage {} {}", event.settled.picos(), event.billed.picos()));
}

void PipelineScribe::add(const monitor::BreakerMoved& event) {
  const monitor::BreakerTransition& moved = event.transition;
  write("all", moved.at,
        fmt::format("breaker {} {} to {} rule {} epoch {} failures {} window {}/{}", name_of(event.provider),
                    monitor::name_of(moved.from), monitor::name_of(moved.to), static_cast<int>(moved.rule), moved.epoch,
                    moved.consecutive_failures, moved.window_failures, moved.window_calls));
}
void PipelineScribe::add(const monitor::RetryAfterSet& event) {
  write("all", event.at, fmt::format("retry after {} until {}", name_of(event.provider), nanoseconds(event.until)));
}
void PipelineScribe::add(const monitor::BudgetChanged& event) {
  const monitor::BudgetEvent& budget = event.budget;
  // A gateway opens its first windows when it starts, before the scenario does.
  if (budget.kind == monitor::BudgetEvent::Kind::window_opened) return;
  write(
      "all", event.at,
      fmt::format("budget {} {} from {} share {} spent {} reserved {}", static_cast<int>(budget.kind),
                  budget.daily ? "day" : "month", budget.window_begin.time_since_epoch().count(), budget.share.value,
                  static_cast<std::int64_t>(budget.spent.picos()), static_cast<std::int64_t>(budget.reserved.picos())));
}
void PipelineScribe::add(const monitor::CacheStored& event) {
  write(about(event.request), event.at, "cached " + name_of(event.provider));
}
void PipelineScribe::add(const monitor::CacheServed& event) {
  write(about(event.request), event.at,
        fmt::format("hit {} age {} stale {}", name_of(event.provider), event.age.count(), event.stale));
}
void PipelineScribe::add(const monitor::CacheEdgeMet& event) { write(about(event.request), event.at, "cache edge"); }
void PipelineScribe::add(const monitor::Record& record) {
  const bool streams = streams_[record.request.id];
  streams_.erase(record.request.id);
  write(about(record.request.id), record.finished,
        fmt::format(
            "record {} variant {} assigned {} answered by {} granted {} tokens {}+{} first token {} attempts {} "
            "failovers {} cost {} unknown {} breaker {}",
            monitor::name_of(record.outcome), record.variant ? static_cast<int>(*record.variant) : -1,
            record.assigned ? name_of(*record.assigned) : "-", record.answered_by ? name_of(*record.answered_by) : "-",
            record.granted_output.count(), record.input.count(), record.output.count(),
            streams ? record.time_to_first_token.count() : -1, record.attempt_count, record.failovers,
            dollars(record.confirmed_cost()), dollars(record.reserved_cost()), monitor::name_of(record.breaker)));
}

PipelineLines by_request(const std::vector<std::string>& lines) {
  PipelineLines sorted;
  for (const std::string& line : lines) {
    const std::size_t space = std::min(line.find(' '), line.size());
    sorted[line.substr(0, space)].push_back(line.substr(std::min(space + 1, line.size())));
  }
  return sorted;
}

LinesDifference compare_lines(const PipelineLines& simulated, const PipelineLines& served) {
  LinesDifference result;
  PipelineLines all = simulated;
  all.insert(served.begin(), served.end());
  static const std::vector<std::string> kNone;
  static const std::string kNothing = "(nothing)";
  std::int64_t earliest = INT64_MAX;
  for (const auto& [whose, unused] : all) {
    const auto one = simulated.find(whose);
    const auto other = served.find(whose);
    const std::vector<std::string>& left = one == simulated.end() ? kNone : one->second;
    const std::vector<std::string>& right = other == served.end() ? kNone : other->second;
    if (whose != "all") ++result.requests;
    const auto [a, b] = std::ranges::mismatch(left, right);
    if (a == left.end() && b == right.end()) continue;
    ++result.differing;
    const std::string& left_line = a == left.end() ? kNothing : *a;
    const std::string& right_line = b == right.end() ? kNothing : *b;
    const std::int64_t at =
        std::min(a == left.end() ? INT64_MAX : instant_of(*a), b == right.end() ? INT64_MAX : instant_of(*b));
    if (at >= earliest) continue;
    earliest = at;
    result.first =
        fmt::format("{}:\n  simulated: {}\n  served:    {}\n",
                    whose == "all" ? std::string("of all requests") : "request " + whose, left_line, right_line);
  }
  return result;
}

}  // namespace windtunnel::runs
