#pragma once
// What of a gateway outlives its process: the spend of each month and day with its alerts, the waits that providers
// asked for, the calls that are open, and the records. Everything of one turn of the loop is one transaction, which
// commit() ends before a call is made and before an answer is written.
//
// A process that ends between the two leaves its open calls here, each with its reservation. open() settles them at
// that, because their bills are unknown, and returns what it did.
//
// Tables, for sqlite3 and whatever else reads it; money is whole pico-dollars, times are nanoseconds since 1970:
//
//   windows    (daily, begin_ns, settled_picos, alerts_fired, refused)
//   cooldowns  (provider, until_ns)
//   open_calls (request_id, provider, ordinal, reserved_picos, admitted_ns, started_ns)
//   attempts   (request_id, ordinal, provider, outcome, started_ns, latency_ns, cost_picos, usage_known, input, output)
//   token_kinds (request_id, ordinal, started_ns, cached_input, cache_write, reasoning) of the attempts that had some
//   records    the seed's telemetry record, a row a request
//   alerts     (daily, begin_ns, share_millionths, spent_picos, at_ns)

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "monitor/cost_limiter.h"
#include "monitor/pipeline_events.h"
#include "wire/gateway/journeys.h"
#include "wire/gateway/storage/database.h"

namespace windtunnel::wire {

// What an earlier process left.
struct StoredState {
  std::vector<monitor::SavedWindow> windows;
  std::vector<std::pair<std::string, WallTime>> cooldowns;  // by provider
  std::int64_t lost_calls = 0;                              // that were open, and are settled at their reservations
  Usd lost;                                                 // what they were settled for, together
};

class GatewayStore {
 public:
  // Throws DatabaseError, as everything here does.
  // `seed` is that of the requests' ids.
  GatewayStore(const std::string& path, std::vector<std::string> providers, std::uint64_t seed, Duration retention);

  // Once, before anything else.
  StoredState open(WallTime now);

  // This much of the month was spent before anything was stored.
  void carry_in(WallTime now, Usd spent);

  // The pipeline's events, at instants whose calendar is `wall_at_zero` later.
  void set_wall(WallTime wall_at_zero) { wall_at_zero_ = wall_at_zero; }
  // From now on events name providers by their places in this list.
  void name_providers(std::vector<std::string> providers) { providers_ = std::move(providers); }
  void on(const monitor::MoneyReserved& event);
  void on(const monitor::AttemptStarted& event);
  void on(const monitor::AttemptEnded& event);
  void on(const monitor::RetryAfterSet& event);
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::Record& record);
  // A request that has ended, with what is beside its record.
  void add(const JourneyEnd& end, const monitor::MonitorConfig& config);

  void commit();
  // Throws away records that are older than their time.
  void forget(WallTime now);

 private:
  void write();
  [[nodiscard]] std::int64_t wall_ns(Instant instant) const;
  void settle(std::int64_t admitted_ns, Usd cost);
  void settle_lost(StoredState& state);
  [[nodiscard]] std::string id_of(RequestId request) const;

  [[nodiscard]] bool make_tables();

  Database database_;
  bool has_tables_;  // statements need them
  std::vector<std::string> providers_;
  RequestUuids uuids_;
  Duration retention_;
  WallTime wall_at_zero_{};
  bool in_transaction_ = false;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> settled_;  // by window: since the last commit
  std::map<RequestId, std::int64_t> admitted_;                             // of open requests: the calendar's time
  Database::Statement begin_;
  Database::Statement commit_;
  Database::Statement settle_window_;
  Database::Statement alert_window_;
  Database::Statement refuse_window_;
  Database::Statement add_alert_;
  Database::Statement add_cooldown_;
  Database::Statement add_call_;
  Database::Statement drop_call_;
  Database::Statement add_attempt_;
  Database::Statement add_kinds_;
  Database::Statement add_record_;
  Database::Statement forget_records_;
  Database::Statement forget_attempts_;
  Database::Statement forget_kinds_;
};

}  // namespace windtunnel::wire
