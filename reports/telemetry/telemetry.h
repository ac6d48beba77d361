#pragma once
// telemetry.jsonl: one JSON object per request, in the order in which they finish, as monitor/text/record_text.h
// describes it. Nothing is allocated per record.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "base/uuid.h"
#include "monitor/record.h"
#include "reports/files/output_file.h"
#include "reports/telemetry/wall_clock.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::reports {

class TelemetryWriter final {
 public:
  // `seed` is the run's. Scenario and file must outlive the writer. Finishing the file is the owner's affair.
  // `from_outside`: the records are of a gateway whose breakers are not observed, so that their state is null.
  TelemetryWriter(const sim::Scenario& scenario, std::uint64_t seed, OutputFile& file, bool from_outside = false);

  void on(const sim::FaultChanged& event) { clock_.on(event); }
  void on(const monitor::Record& record);

  [[nodiscard]] std::uint64_t records() const { return records_; }

 private:
  // A piece of text that many records share, followed by enough bytes that may be read.
  struct Piece {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };

  class Pieces;

  Piece keep(std::string_view text);
  void keep_words();
  void keep_providers(const sim::Scenario& scenario);
  void keep_metadata(const sim::Scenario& scenario);
  void keep_users(const sim::Scenario& scenario);
  [[nodiscard]] char* copy(char* out, Piece piece) const;
  [[nodiscard]] char* write_timestamp(char* out, Instant at);
  [[nodiscard]] char* write_user(char* out, const monitor::Request& request) const;
  [[nodiscard]] const Piece& ending_of(const monitor::Record& record) const;
  [[nodiscard]] const Piece& metadata_of(const monitor::Record& record) const;

  OutputFile& file_;
  WallClock clock_;
  RequestUuids uuids_;
  bool from_outside_;
  std::uint64_t records_ = 0;

  std::string text_;                              // what the pieces are cut from
  std::vector<Piece> callers_;                    // provider and model: without a call, then by provider
  std::vector<Piece> endings_;                    // success, error and breaker state, by error and state
  std::vector<Piece> metadata_;                   // by labels and variant
  std::vector<Piece> outcomes_;                   // by outcome
  std::vector<Piece> attempts_;                   // by provider and reply kind
  std::vector<std::int64_t> users_catalogued_;    // by workload: users below it are numbered
  std::vector<std::vector<Piece>> users_listed_;  // by workload: the others, by name
  std::size_t variants_ = 0;
  std::size_t routes_ = 0;
  bool has_routes_of_rows_ = false;  // its requests' metadata is by route then
  std::size_t record_size_max_ = 0;

  // The timestamp is rewritten to the second only when the second changes.
  WallTime second_begin_ = WallTime::max();
  char second_text_[32] = {};
};

}  // namespace windtunnel::reports
