#include "sim/fit/fit_tally.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "monitor/config.h"

namespace windtunnel::sim {
namespace {

using monitor::Outcome;
using monitor::ReplyKind;

double usd_of(Usd money) { return static_cast<double>(money.picos()) / 1e12; }

// Without attempts the record tells of one call, the last.
std::vector<LoggedCall> calls_of(const FitLog& log, const LoggedRequest& request) {
  const auto logged = log.calls_of(request);
  std::vector<LoggedCall> calls{logged.begin(), logged.end()};
  const bool called = !request.provider->empty() &&
                      !(request.outcome && *request.outcome != Outcome::served && is_answered(*request.outcome));
  if (calls.empty() && called) {
    calls.push_back({.provider = request.provider,
                     .kind = request.answered ? ReplyKind::ok : ReplyKind::server_error,
                     .latency = request.latency,
                     .cost = request.cost});
  }
  return calls;
}

class Teller {
 public:
  Teller(FitTally& tally, const FitLog& log, const FitTargets& targets) : tally_(tally), log_(log), targets_(targets) {}

  void add(const LoggedRequest& request) {
    if (is_unreached(request)) {
      ++tally_.unreached;
      return;
    }
    tally_.arrivals.push_back(request.arrival);
    FitTally::Day& day = tally_.days[utc_day(request.arrival)];
    ++day.requests;
    const double cost = usd_of(request.cost);
    day.cost += cost;
    tally_.cost += cost;
    tally_.cost_squares += cost * cost;
    tally_.cost_least = std::min(tally_.cost_least, request.cost);
    tally_.cost_most = std::max(tally_.cost_most, request.cost);
    if (request.outcome) ++tally_.outcomes;
    if (!(request.outcome && is_refused(*request.outcome))) {
      ++tally_.past_limiters;
      if (request.outcome || !request.answered) ++day.lookups.all;
      if (request.outcome == Outcome::cache_hit) ++day.lookups.hits;
    }
    if (!request.experiment->empty() && !request.variant->empty()) ++tally_.with_variant;
    add_calls(request, day);
    if (request.is_served() && request.has_tokens) add_answer(request);
  }

  // After the others: these have no lengths, and cost what the others of their target do on average, unless they have
  // a cost of their own.
  void add_without_tokens(const std::vector<const LoggedRequest*>& requests) {
    std::map<std::string, Usd> means;
    for (const auto& [name, calls] : tally_.calls) {
      Int128 sum = 0;
      for (const FitTally::Answered& answer : calls.answered) sum += answer.cost.picos();
      if (!calls.answered.empty()) {
        means[name] = Usd::from_picos(static_cast<std::int64_t>(sum / std::ssize(calls.answered)));
      }
    }
    for (const LoggedRequest* request : requests) {
      const auto mean = means.find(targets_.name_of(*request->provider, *request->model));
      if (mean == means.end()) {
        ++tally_.unmeasured;
        continue;
      }
      LoggedRequest measured = *request;
      if (!request->has_cost) measured.cost = mean->second;
      add(measured);
    }
  }

 private:
  // No deployment was available, a budget was spent, or a breaker open: no failure of a target in the scenario is that.
  [[nodiscard]] bool is_unreached(const LoggedRequest& request) const {
    if (request.answered || (request.outcome && is_refused(*request.outcome))) return false;
    return std::ranges::none_of(calls_of(log_, request),
                                [&](const LoggedCall& call) { return targets_.answers(*call.provider); });
  }

  [[nodiscard]] const std::string& target_of(const LoggedRequest& request, const LoggedCall& call) const {
    static const std::string unknown;
    return targets_.name_of(*call.provider, call.provider == request.provider ? *request.model : unknown);
  }

  void add_calls(const LoggedRequest& request, FitTally::Day& day) {
    const std::vector<LoggedCall> calls = calls_of(log_, request);
    if (calls.empty()) return;
    FitTally::Seen& seen = tally_.seen;
    if (log_.calls_of(request).empty() && !request.answered) ++seen.failures_unknown;
    std::int32_t in_a_row = 0;
    const std::string* before = nullptr;
    bool failed_over = false;
    WallTime begin = request.arrival;
    for (const LoggedCall& call : calls) {
      seen.calls[target_of(request, call)].push_back({begin, call.latency, call.kind});
      begin += call.latency;
      FitTally::Calls& target = tally_.calls[target_of(request, call)];
      ++target.kinds[static_cast<std::size_t>(call.kind)];
      std::vector<std::int64_t>& of_day = target.kinds_by_day[utc_day(request.arrival)];
      of_day.resize(monitor::kReplyKinds);
      ++of_day[static_cast<std::size_t>(call.kind)];
      ++day.calls;
      if (call.kind != ReplyKind::ok) {
        ++day.calls_failed;
        ++seen.failures;
      }
      if (call.kind == ReplyKind::timeout) seen.timeouts.push_back(call.latency);
      if (call.kind == ReplyKind::ok) seen.answered_longest = std::max(seen.answered_longest, call.latency);
      failed_over = failed_over || (before != nullptr && before != call.provider);
      in_a_row = before == call.provider ? in_a_row + 1 : 1;
      seen.attempts_at_one = std::max(seen.attempts_at_one, in_a_row);
      before = call.provider;
    }
    if (failed_over) ++seen.failed_over;
    const std::string& first = target_of(request, calls.front());
    ++tally_.calls[first].first;
    if (!request.user->empty()) ++tally_.users_by_target[*request.user][first];
    if (request.experiment->empty() || request.variant->empty()) return;
    ++tally_.arms[*request.experiment][*request.variant][first];
    if (!request.user->empty()) ++tally_.users_by_variant[*request.user][*request.variant];
  }

  // The call that gave the answer is the last one; what came before it has taken the rest of the time.
  void add_answer(const LoggedRequest& request) {
    FitTally::Calls& calls = tally_.calls[targets_.name_of(*request.provider, *request.model)];
    ++calls.models[*request.model];
    FitTally::Answered answer{.latency = request.latency,
                              .input = request.input,
                              .output = request.output,
                              .cost = request.cost,
                              .cached = request.cached,
                              .cache_written = request.cache_written,
                              .reasoning = request.reasoning,
                              .has_latency = request.has_latency};
    if (const auto logged = log_.calls_of(request); !logged.empty()) {
      answer.latency = logged.back().latency;
      answer.cost = logged.back().cost.value_or(Usd{});
    }
    if (request.time_to_first_token) {
      answer.has_first_token = true;
      answer.first_token = std::clamp(*request.time_to_first_token - (request.latency - answer.latency), Duration{0},
                                      std::max(Duration{0}, answer.latency));
    }
    calls.answered.push_back(answer);
  }

  FitTally& tally_;
  const FitLog& log_;
  const FitTargets& targets_;
};

}  // namespace

FitTargets::FitTargets(const FitLog& log, WallTime until) {
  struct Use {
    std::int64_t answers = 0;
    double cost = 0;
  };
  std::map<std::string, std::map<std::string, Use>> uses;
  for (const LoggedRequest& request : log.requests()) {
    if (request.arrival >= until || !request.is_served() || !request.has_tokens) continue;
    Use& use = uses[*request.provider][*request.model];
    ++use.answers;
    use.cost += usd_of(request.cost);
  }
  FitNames valid;
  struct Target {
    std::string name;
    Use use;
  };
  std::vector<Target> targets;
  for (const auto& [provider, models] : uses) {
    if (models.size() > 1) ++divided_;
    std::int64_t most = 0;
    for (const auto& [model, use] : models) {
      const std::string& name = valid.valid(models.size() == 1 ? provider : provider + "/" + model);
      names_[provider][model] = name;
      targets.push_back({name, use});
      if (use.answers <= most) continue;
      most = use.answers;
      usual_[provider] = name;
    }
  }
  if (targets.size() <= kFitTargetsMax) return;
  std::ranges::stable_sort(targets, [](const Target& a, const Target& b) {
    return a.use.cost != b.use.cost ? a.use.cost > b.use.cost : a.use.answers > b.use.answers;
  });
  others_ = targets.size() - (kFitTargetsMax - 1);
  std::set<std::string> dropped;
  for (std::size_t i = kFitTargetsMax - 1; i < targets.size(); ++i) dropped.insert(targets[i].name);
  const std::string& others = valid.valid("others");
  const auto rename = [&](std::string& name) {
    if (dropped.contains(name)) name = others;
  };
  for (auto& [provider, models] : names_) {
    for (auto& [model, name] : models) rename(name);
  }
  for (auto& [provider, name] : usual_) rename(name);
}

const std::string& FitTargets::name_of(const std::string& provider, const std::string& model) const {
  const auto models = names_.find(provider);
  if (models == names_.end()) return provider;
  const auto found = models->second.find(model);
  return found == models->second.end() ? usual_.at(provider) : found->second;
}

TokenKinds FitTally::Answered::kinds() const {
  TokenKinds kinds{.cached_input = std::min(cached.value_or(Tokens{}), input),
                   .cache_write = {},
                   .reasoning = std::min(reasoning.value_or(Tokens{}), output)};
  kinds.cache_write = std::min(cache_written.value_or(Tokens{}), input - kinds.cached_input);
  return kinds;
}

std::int64_t FitTally::Calls::count() const { return std::accumulate(kinds.begin(), kinds.end(), std::int64_t{0}); }

FitTally tally_of(const FitLog& log, const FitTargets& targets, WallTime from, WallTime until) {
  FitTally tally;
  Teller teller{tally, log, targets};
  std::vector<const LoggedRequest*> without_tokens;
  for (const LoggedRequest& request : log.requests()) {
    if (request.arrival < from || request.arrival >= until) continue;
    if (request.has_tokens) {
      teller.add(request);
    } else {
      without_tokens.push_back(&request);
    }
  }
  teller.add_without_tokens(without_tokens);
  std::ranges::sort(tally.arrivals);
  return tally;
}

std::int64_t utc_day(WallTime at) {
  constexpr std::int64_t kDay = std::int64_t{24} * 3'600'000'000'000;
  const std::int64_t ns = at.time_since_epoch().count();
  return ns >= 0 ? ns / kDay : -((-ns + kDay - 1) / kDay);
}

}  // namespace windtunnel::sim
