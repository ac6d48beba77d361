#include "wire/gateway/storage/gateway_store.h"

#include <array>
#include <utility>

#include "base/calendar.h"
#include "monitor/text/record_text.h"

namespace windtunnel::wire {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS windows (daily INTEGER, begin_ns INTEGER, settled_picos INTEGER NOT NULL DEFAULT 0,
  alerts_fired INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (daily, begin_ns)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cooldowns (provider TEXT PRIMARY KEY, until_ns INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS open_calls (request_id TEXT PRIMARY KEY, provider TEXT, ordinal INTEGER,
  reserved_picos INTEGER, admitted_ns INTEGER, started_ns INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (request_id TEXT, ordinal INTEGER, provider TEXT, outcome TEXT,
  started_ns INTEGER, latency_ns INTEGER, cost_picos INTEGER, usage_known INTEGER, input_tokens INTEGER,
  output_tokens INTEGER, PRIMARY KEY (request_id, ordinal));
CREATE TABLE IF NOT EXISTS token_kinds (request_id TEXT, ordinal INTEGER, started_ns INTEGER, cached_input INTEGER,
  cache_write INTEGER, reasoning INTEGER, PRIMARY KEY (request_id, ordinal));
CREATE TABLE IF NOT EXISTS records (request_id TEXT PRIMARY KEY, finished_ns INTEGER, provider TEXT, model TEXT,
  latency_ns INTEGER, tokens_input INTEGER, tokens_output INTEGER, cost_picos INTEGER, success INTEGER, error TEXT,
  circuit_breaker_state TEXT, feature_version TEXT, prompt_version TEXT, experiment_id TEXT, variant_id TEXT,
  prompt_length INTEGER, response_length INTEGER, outcome TEXT, cache_hit INTEGER, ttft_ns INTEGER, user TEXT,
  team TEXT, api TEXT, attempts INTEGER, caller_left INTEGER);
CREATE TABLE IF NOT EXISTS alerts (daily INTEGER, begin_ns INTEGER, share_millionths INTEGER, spent_picos INTEGER,
  at_ns INTEGER);
)";

std::int64_t ns_of(WallTime wall) { return wall.time_since_epoch().count(); }
WallTime wall_of(std::int64_t ns) { return WallTime{Duration{ns}}; }

std::array<std::pair<std::int64_t, WallTime>, 2> windows_of(WallTime admitted) {
  return {{{0, month_of(admitted).begin}, {1, day_of(admitted).begin}}};
}

}  // namespace

GatewayStore::GatewayStore(const std::string& path, std::vector<std::string> providers, std::uint64_t seed,
                           Duration retention)
    : database_(path),
      has_tables_(make_tables()),
      providers_(std::move(providers)),
      uuids_(seed),
      retention_(retention),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      settle_window_(database_,
                     "INSERT INTO windows (daily, begin_ns, settled_picos) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE "
                     "SET settled_picos = settled_picos + ?3"),
      alert_window_(database_,
                    "INSERT INTO windows (daily, begin_ns, alerts_fired) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET "
                    "alerts_fired = alerts_fired + 1"),
      refuse_window_(database_,
                     "INSERT INTO windows (daily, begin_ns, refused) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET "
                     "refused = 1"),
      add_alert_(database_, "INSERT INTO alerts VALUES (?1, ?2, ?3, ?4, ?5)"),
      add_cooldown_(database_, "INSERT OR REPLACE INTO cooldowns VALUES (?1, ?2)"),
      add_call_(database_, "INSERT OR REPLACE INTO open_calls VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
      drop_call_(database_, "DELETE FROM open_calls WHERE request_id = ?1"),
      add_attempt_(database_, "INSERT OR REPLACE INTO attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
      add_kinds_(database_, "INSERT OR REPLACE INTO token_kinds VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
      add_record_(database_,
                  "INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
                  "?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)"),
      forget_records_(database_, "DELETE FROM records WHERE finished_ns < ?1"),
      forget_attempts_(database_, "DELETE FROM attempts WHERE started_ns < ?1"),
      forget_kinds_(database_, "DELETE FROM token_kinds WHERE started_ns < ?1") {}

bool GatewayStore::make_tables() {
  database_.run(kTables);
  return true;
}

// --- An earlier process --------------------------------------------------------------------------------------------

// A call without an end settles as one of unknown usage does: at its reservation.
void GatewayStore::settle_lost(StoredState& state) {
  struct Lost {
    std::string request;
    std::string provider;
    std::int64_t ordinal;
    Usd reserved;
    std::int64_t admitted;
    std::int64_t started;
  };
  std::vector<Lost> calls;
  Database::Statement all{database_,
                          "SELECT request_id, provider, ordinal, reserved_picos, admitted_ns, started_ns FROM "
                          "open_calls ORDER BY started_ns, request_id"};
  while (all.step()) {
    calls.push_back(
        {all.text(0), all.text(1), all.integer(2), Usd::from_picos(all.integer(3)), all.integer(4), all.integer(5)});
  }
  all.reset();
  for (const Lost& call : calls) {
    write();
    settle(call.admitted, call.reserved);
    add_attempt_.bind(1, call.request).bind(2, call.ordinal).bind(3, call.provider).bind(4, "lost");
    add_attempt_.bind(5, call.started)
        .bind_null(6)
        .bind(7, call.reserved.picos())
        .bind(8, 0)
        .bind_null(9)
        .bind_null(10);
    add_attempt_.execute();
    drop_call_.bind(1, call.request).execute();
    ++state.lost_calls;
    state.lost += call.reserved;
  }
}

StoredState GatewayStore::open(WallTime now) {
  StoredState state;
  settle_lost(state);
  commit();
  for (const auto& [daily, begin] : windows_of(now)) {
    Database::Statement window{database_,
                               "SELECT settled_picos, alerts_fired, refused FROM windows WHERE daily = ?1 AND "
                               "begin_ns = ?2"};
    window.bind(1, daily).bind(2, ns_of(begin));
    if (!window.step()) continue;
    state.windows.push_back({.begin = begin,
                             .daily = daily != 0,
                             .settled = UsdSum::from_picos(window.integer(0)),
                             .alerts_fired = static_cast<std::uint32_t>(window.integer(1)),
                             .refused = window.integer(2) != 0});
  }
  Database::Statement cooling{database_, "SELECT provider, until_ns FROM cooldowns WHERE until_ns > ?1"};
  cooling.bind(1, ns_of(now));
  while (cooling.step()) state.cooldowns.emplace_back(cooling.text(0), wall_of(cooling.integer(1)));
  forget(now);
  return state;
}

void GatewayStore::carry_in(WallTime now, Usd spent) {
  write();
  settle_window_.bind(1, 0).bind(2, ns_of(month_of(now).begin)).bind(3, spent.picos()).execute();
}

void GatewayStore::forget(WallTime now) {
  write();
  const std::int64_t oldest = ns_of(now - retention_);
  forget_records_.bind(1, oldest).execute();
  forget_attempts_.bind(1, oldest).execute();
  forget_kinds_.bind(1, oldest).execute();
  commit();
}

// --- This process --------------------------------------------------------------------------------------------------

std::int64_t GatewayStore::wall_ns(Instant instant) const { return ns_of(wall_at_zero_ + instant.time_since_epoch()); }

std::string GatewayStore::id_of(RequestId request) const {
  std::string text(kUuidLength, ' ');
  uuids_.write(text.data(), request);
  return text;
}

void GatewayStore::write() {
  if (in_transaction_) return;
  begin_.execute();
  in_transaction_ = true;
}

void GatewayStore::commit() {
  if (!in_transaction_) return;
  // Once for all that settled, because a window is the same row for each.
  for (const auto& [window, spent] : std::exchange(settled_, {})) {
    settle_window_.bind(1, window.first).bind(2, window.second).bind(3, spent).execute();
  }
  commit_.execute();
  in_transaction_ = false;
}

void GatewayStore::settle(std::int64_t admitted_ns, Usd cost) {
  for (const auto& [daily, begin] : windows_of(wall_of(admitted_ns))) {
    settled_[{daily, ns_of(begin)}] += cost.picos();
  }
}

void GatewayStore::on(const monitor::MoneyReserved& event) { admitted_[event.request] = ns_of(event.wall); }

void GatewayStore::on(const monitor::AttemptStarted& event) {
  write();
  add_call_.bind(1, id_of(event.request)).bind(2, providers_[index_of(event.provider)]).bind(3, event.ordinal);
  add_call_.bind(4, event.reserved.picos()).bind(5, admitted_[event.request]).bind(6, wall_ns(event.at)).execute();
}

void GatewayStore::on(const monitor::AttemptEnded& event) {
  write();
  const std::string id = id_of(event.request);
  settle(admitted_[event.request], event.settled);
  drop_call_.bind(1, id).execute();
  add_attempt_.bind(1, id).bind(2, event.ordinal).bind(3, providers_[index_of(event.provider)]);
  add_attempt_.bind(4, std::string_view(name_of(event.reply.kind))).bind(5, wall_ns(event.at - event.latency));
  add_attempt_.bind(6, event.latency.count()).bind(7, event.settled.picos()).bind(8, event.reply.usage ? 1 : 0);
  if (event.reply.usage) {
    add_attempt_.bind(9, event.reply.usage->input.count()).bind(10, event.reply.usage->output.count());
  } else {
    add_attempt_.bind_null(9).bind_null(10);
  }
  add_attempt_.execute();
  if (!event.reply.usage || !event.reply.usage->kinds.any()) return;
  const TokenKinds& kinds = event.reply.usage->kinds;
  add_kinds_.bind(1, id).bind(2, event.ordinal).bind(3, wall_ns(event.at - event.latency));
  add_kinds_.bind(4, kinds.cached_input.count()).bind(5, kinds.cache_write.count()).bind(6, kinds.reasoning.count());
  add_kinds_.execute();
}

void GatewayStore::on(const monitor::RetryAfterSet& event) {
  write();
  add_cooldown_.bind(1, providers_[index_of(event.provider)]).bind(2, wall_ns(event.until)).execute();
}

void GatewayStore::on(const monitor::BudgetChanged& event) {
  using Kind = monitor::BudgetEvent::Kind;
  const monitor::BudgetEvent& budget = event.budget;
  const std::int64_t daily = budget.daily ? 1 : 0;
  if (budget.kind == Kind::alert) {
    write();
    alert_window_.bind(1, daily).bind(2, ns_of(budget.window_begin)).execute();
    add_alert_.bind(1, daily).bind(2, ns_of(budget.window_begin)).bind(3, budget.share.value);
    add_alert_.bind(4, static_cast<std::int64_t>(budget.spent.picos())).bind(5, wall_ns(event.at)).execute();
  }
  if (budget.kind == Kind::budget_refused) {
    write();
    refuse_window_.bind(1, daily).bind(2, ns_of(budget.window_begin)).execute();
  }
}

void GatewayStore::on(const monitor::Record& record) { admitted_.erase(record.request.id); }

void GatewayStore::add(const JourneyEnd& end, const monitor::MonitorConfig& config) {
  write();
  const monitor::Record& record = end.record;
  const Attribution& who = end.front.attribution;
  const monitor::Attempt* const last = record.last_attempt();
  const auto text_or_null = [&](int place, std::string_view text) {
    if (text.empty()) {
      add_record_.bind_null(place);
    } else {
      add_record_.bind(place, text);
    }
  };
  add_record_.bind(1, end.request_id).bind(2, wall_ns(record.finished));
  text_or_null(3, last == nullptr ? std::string_view() : providers_[index_of(last->provider)]);
  text_or_null(4, end.front.model.model);
  add_record_.bind(5, record.latency().count()).bind(6, record.input.count()).bind(7, record.output.count());
  add_record_.bind(8, record.confirmed_cost().picos()).bind(9, monitor::is_answered(record.outcome) ? 1 : 0);
  const char* const error = monitor::error_word_of(record);
  text_or_null(10, error == nullptr ? "" : error);
  text_or_null(11, last == nullptr ? "" : monitor::name_of(record.breaker));
  text_or_null(12, who.feature_version);
  text_or_null(13, who.prompt_version);
  text_or_null(14, record.variant ? config.ab_router.experiment_id : who.experiment);
  text_or_null(15, record.variant ? config.ab_router.variants[*record.variant].id : who.variant);
  add_record_.bind(16, std::int64_t{record.request.prompt_length}).bind(17, std::int64_t{record.response_length});
  add_record_.bind(18, std::string_view(name_of(record.outcome)));
  const bool is_hit = record.outcome == monitor::Outcome::cache_hit || record.outcome == monitor::Outcome::stale_hit;
  add_record_.bind(19, is_hit ? 1 : 0);
  if (record.outcome == monitor::Outcome::served) {
    add_record_.bind(20, record.time_to_first_token.count());
  } else {
    add_record_.bind_null(20);
  }
  text_or_null(21, who.user);
  text_or_null(22, who.team);
  add_record_.bind(23, name_of(end.front.model.api)).bind(24, std::int64_t{record.attempt_count});
  add_record_.bind(25, end.caller_left ? 1 : 0).execute();
}

}  // namespace windtunnel::wire
