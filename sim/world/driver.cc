#include "sim/world/driver.h"

// `inline` marks what is short or has one caller: the compiler is to put it there.
//
// This file is long because every event of a run stands beside what it leads to.

#include <algorithm>
#include <utility>
#include <variant>

#include "sim/world/places.h"

namespace windtunnel::sim {
namespace {

using monitor::ProviderId;
using monitor::ReplyKind;

// A closed loop whose calls end at once would otherwise never let time pass.
constexpr Duration kThinkTimeMin = std::chrono::milliseconds{1};
// Between the numbers of the first attempts of two tries of one wish.
constexpr std::uint32_t kTriesApart = monitor::kAttemptsMax;

ProviderId provider_id(std::size_t index) { return ProviderId{static_cast<std::uint8_t>(index)}; }

std::optional<Instant> heal_at(const Scenario& scenario) {
  if (!scenario.liveness) return std::nullopt;
  return Instant{} + scenario.liveness->heal_at;
}

}  // namespace

RunResult run(const Scenario& scenario, const RunOptions& options) { return Driver{scenario, options}.run(); }

Driver::Driver(const Scenario& scenario, const RunOptions& options)
    : scenario_(scenario),
      options_(options),
      chance_(options.seed.value_or(scenario.seed),
              options.environment_seed.value_or(options.seed.value_or(scenario.seed))),
      observers_(options.observers),
      observed_(!options.observers.empty()),
      end_(Instant{} + scenario.duration),
      wall_at_zero_(scenario.start),
      pipeline_(scenario.monitor, provider_configs(scenario),
                options.breakers.empty() ? monitor::BreakerSource::own : monitor::BreakerSource::another_program),
      faults_(scenario, chance_, end_, heal_at(scenario)),
      stations_(scenario.providers.size()),
      ledger_(scenario.providers.size()),
      unknown_{.by_labels = std::vector<UsdSum>(scenario.workloads.size() + 1),
               .by_variant = std::vector<UsdSum>(scenario.monitor.ab_router.variants.size())} {
  std::uint32_t index = 0;
  const auto& limiter = scenario.monitor.token_limiter;
  const bool is_per_request = limiter.mode == monitor::TokenMode::per_request;
  const auto limit_per_request = is_per_request ? std::optional{limiter.limit} : std::nullopt;
  for (const WorkloadSpec& workload : scenario.workloads) {
    loads_
        .emplace_back(workload, index, chance_, end_, scenario.start, scenario.providers, monitor::LabelsId{index + 1},
                      limit_per_request, route_of(scenario, workload), scenario.monitor.limits, options.demand_shifts,
                      routes_of_rows(scenario, workload))
        .stop_at(options.stop);
    for (std::int64_t user = 0; user < users_most(workload.executor); ++user) vus_.push_back({index, user});
    gap_streams_.push_back(chance_.stream("client", workload.name));
    has_clients_ = has_clients_ || workload.client.has_value();
    ++index;
  }
  fault_base_ = index;
  breaker_base_ = fault_base_ + static_cast<std::uint32_t>(faults_.size());
  const auto provider_count = static_cast<std::uint32_t>(scenario.providers.size());
  place_base_ = breaker_base_ + provider_count;
  expiry_base_ = place_base_ + provider_count;
  vu_base_ = expiry_base_ + provider_count;
  slot_base_ = vu_base_ + static_cast<std::uint32_t>(vus_.size());
  if (has_clients_) callers_.resize(loads_.size());
  ordinals_.resize(loads_.size());
  next_ordinal_.resize(loads_.size());
  providers_.reserve(provider_count);  // they refer to each other's quotas
  for (std::size_t i = 0; i < provider_count; ++i) {
    providers_.emplace_back(scenario.providers[i], scenario.workloads, chance_, scenario.start);
    const std::size_t quota = quota_of(scenario.providers, i);
    if (quota != i) providers_[i].share_quota_of(providers_[quota]);
    stations_[i].has_places = has_places(scenario, scenario.providers[i]);
  }
  check(scenario.breaker_command.empty() == options.breakers.empty(),
        "a scenario whose breakers are another program's runs with them");
  check(options.breakers.empty() || options.breakers.size() == scenario.providers.size(),
        "each provider has a breaker");
  const std::vector<monitor::BreakerConfig> breakers = breakers_of(scenario);
  probes_expire_ = std::ranges::any_of(breakers, [](const auto& entry) { return entry.half_open_timeout.has_value(); });
  for (std::size_t i = 0; i < options.breakers.size(); ++i) {
    check(!options.breakers[i]->reset(breakers[i]), "a foreign breaker honours its settings");
  }
  if (has_routes_of_rows(scenario)) {
    unknown_.by_route.resize(scenario.monitor.routing.routes.size());
    pipeline_.count_routes();
  }
  pipeline_.set_wall_clock(wall_at_zero_);
  if (observers_.size() == 1) pipeline_.set_observer(observers_.front().handler());
  if (observers_.size() > 1) pipeline_.set_observer(this);
  if (has_replicas(scenario)) {
    check(options.breakers.empty(), "breakers of another program belong to one gateway");
    replicas_.emplace(scenario, pipeline_, observers_,
                      observers_.size() == 1 ? observers_.front().handler()
                                             : (observed_ ? monitor::Observer{this} : monitor::Observer{}));
  }
}

RunResult Driver::run() {
  CheckContext context{.scenario = scenario_.file.c_str(), .seed = chance_.seed()};
  const CheckScope scope{context};
  schedule_first_events();
  bool stopped = false;
  const Usd month_spent = scenario_.month_spent + options_.month_spent;
  if (observed_) emit(RunBegan{.pipeline = &pipeline_, .seed = chance_.seed(), .month_spent = month_spent});
  if (month_spent != Usd{}) carry_in(month_spent);
  if (options_.checkpoints != nullptr && !options_.checkpoints->at.empty())
    next_checkpoint_ = options_.checkpoints->at.front();
  const Instant until = options_.until ? Instant{} + *options_.until : Instant::max();
  while (!queue_.empty()) {
    // Popping the event we stop before is harmless, because the queue is not read again.
    const Scheduled event = queue_.pop();
    stopped = event.at > until || (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed));
    // Past the end only the requests in flight are driven on: a breaker's wake-up has no effect then. A call that hangs
    // without a timeout ends at no time.
    if (stopped || (event.at >= end_ && (in_flight_ == 0 || event.at == Instant::max()))) break;
    if (event.at >= next_checkpoint_) [[unlikely]]
      look_until(event.at);
    const bool tie = events_ > 0 && event.at == now_;
    now_ = event.at;
    context.now_ns = now_.time_since_epoch().count();
    context.event = ++events_;
    digest_.add(now_);
    handle(event.payload);
    if (options_.digests != nullptr) options_.digests->push_back(digest_.value());
    if (!observed_) continue;
    emit(ScheduledDone{.at = now_, .tie = tie});
    stopped = std::ranges::any_of(observers_, &Observer::wants_stop);
    if (stopped) break;
  }
  stopped = stopped || until < end_ || std::ranges::any_of(loads_, &Load::was_stopped);
  if (!stopped) look_until(Instant::max());
  if (!replicas_) pipeline_.set_observer({});
  check(has_clients_ || delays_usage_ || std::ssize(slots_) == in_flight_max_, "only requests in flight hold a slot");
  RunResult result{.pipeline = replicas_ ? replicas_->take_result(now_) : std::move(pipeline_),
                   .seed = chance_.seed(),
                   .digest = digest_.value(),
                   .events = events_,
                   .arrivals = arrivals_,
                   .in_flight = in_flight_,
                   .in_flight_max = in_flight_max_,
                   .ended = stopped ? now_ : std::max(now_, end_),
                   .stopped = stopped,
                   .ledger = std::move(ledger_),
                   .unknown = std::move(unknown_),
                   .callers = std::move(callers_)};
  for (std::size_t i = 0; i < faults_.size(); ++i) result.faults.push_back(faults_.count(i));
  return result;
}

inline void Driver::handle(std::uint32_t payload) {
  if (payload >= slot_base_) return on_slot(payload - slot_base_);
  if (payload < fault_base_) return on_arrival(payload);
  if (payload >= vu_base_) {
    const std::uint32_t vu = payload - vu_base_;
    return begin_request(vus_[vu].workload, ordinals_[vus_[vu].workload]++, vu);
  }
  if (payload >= expiry_base_) return expire_waiting(payload - expiry_base_);
  if (payload >= place_base_) return leave_place(payload - place_base_);
  if (payload >= breaker_base_) {
    const std::size_t provider = payload - breaker_base_;
    if (stations_[provider].wakeup == now_) stations_[provider].wakeup.reset();
    wake_breakers();
    return watch_breaker(provider_id(provider));
  }
  on_fault(payload - fault_base_);
}

// Requests of one load and one instant all arrive before any of their answers, also before those that take no time. As
// events of their own, the third of them would find the first one's answer and the second would not.
inline void Driver::on_arrival(std::uint32_t workload) {
  std::uint64_t ordinal = next_ordinal_[workload];
  auto next = loads_[workload].next_arrival();
  for (; next && next->at == now_; next = loads_[workload].next_arrival()) {
    begin_request(workload, ordinal, kNobody);
    ordinal = next->ordinal;
  }
  if (next) {
    next_ordinal_[workload] = next->ordinal;
    queue_.schedule_next(next->at, workload);
  }
  begin_request(workload, ordinal, kNobody);
}

void Driver::begin_request(std::uint32_t workload, std::uint64_t ordinal, std::uint32_t vu, std::uint32_t wish) {
  if (has_clients_ && wish == kNobody && scenario_.workloads[workload].client) [[unlikely]]
    return begin_wish(workload, ordinal);
  const std::uint32_t slot = take_slot();
  InFlight& in_flight = slots_[slot];
  renew(in_flight.flow);
  loads_[workload].fill(ordinal, in_flight.flow.record.request, in_flight.demand);
  in_flight.flow.record.request.id = RequestId{arrivals_++};
  in_flight.vu = vu;
  in_flight.wish = wish;
  in_flight.first_attempt = 0;
  if (wish != kNobody) [[unlikely]] {
    in_flight.first_attempt = static_cast<std::uint32_t>(wishes_[wish].tries - 1) * kTriesApart;
    wishes_[wish].try_slot = slot;
  }
  in_flight_max_ = std::max(in_flight_max_, ++in_flight_);
  in_flight.instance = replicas_ ? replicas_->take_request() : 0;
  perform(slot, gateway(in_flight.instance).begin(in_flight.flow, now_, &options_.breakers));
}

// The event that a slot's request waits for.
inline void Driver::on_slot(std::uint32_t slot) {
  InFlight& in_flight = slots_[slot];
  if (in_flight.is_wish) [[unlikely]]
    return delayed_.contains(slot) ? on_usage(slot) : on_wish(slot);
  if (in_flight.flow.awaiting == monitor::Awaiting::wakeup)
    return perform(slot, gateway(in_flight.instance).on_wakeup(in_flight.flow, now_, &options_.breakers));
  complete(slot);
}

// --- Steps ---------------------------------------------------------------------------------------------------------

void Driver::perform(std::uint32_t slot, const monitor::Step& step) {
  if (const auto* to_call = std::get_if<monitor::CallProvider>(&step)) return call(slot, *to_call);
  if (const auto* wait = std::get_if<monitor::WaitUntil>(&step)) return expect(slot, wait->at);
  end_request(slot);
}

void Driver::call(std::uint32_t slot, const monitor::CallProvider& step) {
  InFlight& in_flight = slots_[slot];
  const std::size_t provider = index_of(step.provider);
  const monitor::Request& request = in_flight.flow.record.request;
  in_flight.call = {
      .name = {in_flight.demand.workload, in_flight.demand.ordinal, in_flight.first_attempt + step.attempt},
      .at = now_,
      .deadline = step.deadline,
      .wall = wall(),
      .input = request.input,
      .output = in_flight.demand.output,
      .kinds = in_flight.demand.kinds,
      .output_max = step.output_max,
      .first_token_by = step.first_token_by,
      .idle = step.idle};
  if (replicas_) [[unlikely]]
    replicas_->on_call(in_flight.instance, step.provider, now_);
  if (probes_expire_) [[unlikely]]
    watch_breaker(step.provider);
  in_flight.effect = FaultEffect{};
  if (faults_.acts_on(step.provider)) {
    hits_.clear();
    in_flight.effect =
        faults_.on_call(step.provider, in_flight.call.name, request.input + step.output_max, now_, hits_);
    if (observed_) {
      for (const std::size_t fault : hits_) {
        emit(FaultHit{.at = now_, .fault = fault, .request = request.id});
      }
    }
  }
  Station& station = stations_[provider];
  in_flight.in_service = station.has_places && in_flight.effect.is_worked_on();
  if (!in_flight.in_service) {
    tell_place(slot, in_flight.effect.is_worked_on() ? CallPlaced::Place::in_service : CallPlaced::Place::none);
    return serve(slot);
  }
  // Who waits is served first, also where a place has come free in this instant.
  if (station.waiting.empty() && has_place(provider)) {
    tell_place(slot, CallPlaced::Place::in_service);
    return serve(slot);
  }
  in_flight.in_service = false;
  faults_.note_brownout(step.provider);
  const auto limit = queue_limit_of(scenario_.providers[provider]);
  if (limit && station.waiting.size() >= *limit) {
    tell_place(slot, CallPlaced::Place::turned_away);
    in_flight.result = providers_[provider].overflow(in_flight.call);
    return expect(slot, in_flight.result.at);
  }
  tell_place(slot, CallPlaced::Place::waiting);
  in_flight.place_in_line = station.waiting.add(slot, providers_[provider].wait_ends(in_flight.call));
  plan_expiry(provider);
}

inline void Driver::tell_place(std::uint32_t slot, CallPlaced::Place place) const {
  if (!observed_) return;
  const monitor::Record& record = slots_[slot].flow.record;
  emit(CallPlaced{.at = now_,
                  .request = record.request.id,
                  .provider = record.last_attempt()->provider,
                  .place = place,
                  .wanted = slots_[slot].demand.output,
                  .kinds = slots_[slot].demand.kinds});
}

// The call's service starts now.
void Driver::serve(std::uint32_t slot) {
  InFlight& in_flight = slots_[slot];
  const std::size_t provider = index_of(in_flight.flow.record.last_attempt()->provider);
  if (in_flight.in_service) ++stations_[provider].in_service;
  providers_[provider].serve(in_flight.call, in_flight.effect, in_flight.result);
  expect(slot, in_flight.result.at);
}

// The call ends: the ledger takes its true bill.
void Driver::book_call(std::uint32_t slot) {
  InFlight& in_flight = slots_[slot];
  const monitor::Record& record = in_flight.flow.record;
  const ProviderId provider = record.last_attempt()->provider;
  LedgerTotals& totals = ledger_[index_of(provider)];
  const CallResult& result = in_flight.result;
  const bool known = result.reply.usage.has_value();
  ++totals.calls;
  totals.billed += result.cost;
  if (known) {
    totals.billed_known += result.cost;
  } else {
    unknown_bills_.add(record.request.id, result.cost);
  }
  totals.add(result.billed);
  if (observed_) {
    emit(LedgerEntry{.at = now_,
                     .request = record.request.id,
                     .provider = provider,
                     .ordinal = static_cast<std::uint8_t>(record.attempt_count - 1U),
                     .usage_known = known,
                     .input = result.billed.input,
                     .output = result.billed.output,
                     .kinds = result.billed.kinds,
                     .billed = result.cost});
  }
  digest_.add(number_of(record.request.id) << 8U | static_cast<std::uint64_t>(result.reply.kind));
  digest_.add(result.cost);
  leave_station(slot);
}

inline void Driver::complete(std::uint32_t slot) {
  book_call(slot);
  InFlight& in_flight = slots_[slot];
  const monitor::Record& record = in_flight.flow.record;
  const ProviderId provider = record.last_attempt()->provider;
  const std::uint8_t attempt = static_cast<std::uint8_t>(record.attempt_count - 1U);
  const bool was_bypass = in_flight.flow.is_bypass;
  const Duration usage_after = in_flight.result.usage_after;
  if (usage_after != Duration{0}) [[unlikely]]
    unbilled_limits_ = in_flight.flow.limits;
  const monitor::Step step =
      gateway(in_flight.instance).on_reply(in_flight.flow, in_flight.result.reply, now_, &options_.breakers);
  if (replicas_) [[unlikely]] {
    replicas_->on_reply(in_flight.instance, in_flight.flow, record.attempt_storage[attempt], in_flight.result.reply,
                        was_bypass, now_);
  }
  watch_breaker(provider);
  if (usage_after == Duration{0}) [[likely]]
    return perform(slot, step);
  const DelayedUsage delayed = delayed_usage(slot, attempt);
  perform(slot, step);
  expect_usage(delayed, usage_after);
}

// Work that goes on without its caller keeps the place.
inline void Driver::leave_station(std::uint32_t slot) {
  InFlight& in_flight = slots_[slot];
  if (!in_flight.in_service) return;
  in_flight.in_service = false;
  const std::size_t provider = index_of(in_flight.flow.record.last_attempt()->provider);
  if (in_flight.result.work_until <= now_) return leave_place(provider);
  queue_.schedule(in_flight.result.work_until, place_base_ + static_cast<std::uint32_t>(provider));
}

void Driver::leave_place(std::size_t provider) {
  --stations_[provider].in_service;
  if (!stations_[provider].waiting.empty()) serve_waiting(provider);
}

void Driver::serve_waiting(std::size_t provider) {
  Station& station = stations_[provider];
  while (!station.waiting.empty() && has_place(provider)) {
    // Whose deadline is now has waited in vain: their own event of this instant comes first, and then comes back here.
    const auto expiry = station.waiting.next_to_expire();
    if (expiry && expiry->deadline <= now_) return;
    const WaitingLine::Turn turn = station.waiting.take();
    if (turn.call) {
      slots_[*turn.call].place_in_line.reset();
      slots_[*turn.call].in_service = true;
      // The deadline stays that of the call; only the service starts later.
      slots_[*turn.call].call.waited = now_ - std::exchange(slots_[*turn.call].call.at, now_);
      tell_place(*turn.call, CallPlaced::Place::in_service);
      serve(*turn.call);
    } else {
      ++station.in_service;
      queue_.schedule(now_ + turn.work, place_base_ + static_cast<std::uint32_t>(provider));
    }
  }
}

// Calls whose deadline has come while they waited.
void Driver::expire_waiting(std::size_t provider) {
  Station& station = stations_[provider];
  if (station.expiry == now_) station.expiry.reset();
  for (auto next = station.waiting.next_to_expire(); next && next->deadline <= now_;
       next = station.waiting.next_to_expire()) {
    InFlight& ends = slots_[next->call];
    ends.place_in_line.reset();
    station.waiting.expire(providers_[provider].end_wait(ends.call, next->deadline, ends.effect, ends.result));
    if (ends.result.reply.kind == ReplyKind::overloaded) tell_place(next->call, CallPlaced::Place::turned_away);
    complete(next->call);
  }
  serve_waiting(provider);
  plan_expiry(provider);
  if (station.place == now_) [[unlikely]]
    plan_place(provider);
}

inline void Driver::expect(std::uint32_t slot, Instant at) { queue_.schedule(at, slot_base_ + slot); }

inline void Driver::end_request(std::uint32_t slot) {
  InFlight& in_flight = slots_[slot];
  --in_flight_;
  if (replicas_) [[unlikely]]
    replicas_->end_request(in_flight.instance);
  digest_.add(number_of(in_flight.flow.record.request.id) << 8U |
              static_cast<std::uint64_t>(in_flight.flow.record.outcome));
  if (in_flight.vu != kNobody) {
    const Load& load = loads_[vus_[in_flight.vu].workload];
    schedule_user(in_flight.vu, now_ + std::max(kThinkTimeMin, load.think_time(in_flight.demand.ordinal)));
  }
  const Usd unknown = unknown_bills_.take(in_flight.flow.record.request.id);
  if (unknown != Usd{}) unknown_.add(in_flight.flow.record, unknown);
  if (in_flight.wish != kNobody) [[unlikely]]
    on_try_end(in_flight.wish, in_flight.flow.record);
  if (!in_flight.is_wish) [[likely]]
    free_.push_back(slot);
}

}  // namespace windtunnel::sim
