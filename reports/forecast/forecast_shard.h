#pragma once
// The replications of one shard of a forecast, as a file: what `windtunnel merge` puts together, and what a forecast
// that was killed goes on from.
//
// One JSON document, a line for its head, a line for each block of replications, a line for its end, so that what
// stands in a file that was never finished can be read too:
//
//   {"windtunnel_part":4,"study":"forecast","frame":{...},"replications":1000,"shard":[0,4],"assertions":[...],
//    "replay":"...","checksum":"0123456789abcdef","blocks":[
//   {"block":0,"numbers":[[...],...],"latency":{"sum_ns":"...","min_ns":0,"max_ns":0,"buckets":[[bucket,count],...]},
//    "checksum":"..."}
//   ,{"block":1,...}
//   ]}
//
// Blocks of another size than 50 replications have it in the head, as "block_size":75 after the shard. After `replay`
// it may have "causes": by outcome, what the forecast's note gives as the cause of it; and "notes" of its settings.
// The frame of a forecast with control variates has `demand` too: what sim/forecast/demand.h makes of the scenario, its
// doubles as the whole numbers of the same bits.
//
// A checksum is of all bytes of its line before it (base/stable_hash.h), in a block salted with the head's, so that a
// part with a changed digit, or with a block of another forecast, is refused.
//
// `numbers` has a list for each replication, in the order of sim/forecast/replication.h: index, digest (as a signed
// number), requests by outcome, calls, requests failed over, month to date by day, crossings by month and share, spend
// by provider, bills by provider, spend by variant, spend by workload, calls by provider, requests by variant, spend by
// cause, percentiles of latency, spend of the twin. Money is in pico-dollars, time in nanoseconds; 9223372036854775807
// is "never" and "none". `buckets` are those of base/histogram.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/output_file.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::reports {

inline constexpr int kPartVersion = 4;

struct PartHead {
  sim::ForecastFrame frame;
  std::uint64_t replications = 0;  // of the whole forecast
  sim::Shard shard;
  std::uint64_t block_size = sim::kBlockSize;
  std::vector<std::string> assertions;   // as after --assert, those of the scenario first
  std::string replay;                    // the command of the whole forecast
  std::vector<std::string> causes = {};  // by outcome, of sim/checks/claims/causes.h; empty: they are not known
  std::vector<std::string> notes = {};   // of settings, for the reader of the forecast
  [[nodiscard]] sim::Division division() const { return {replications, shard, block_size}; }
  friend bool operator==(const PartHead&, const PartHead&) = default;
};

struct Part {
  PartHead head;
  sim::KnownBlocks blocks;
  bool complete = false;  // it has its last line
};

// Writes a part block by block; each block is in the file when add() returns. Throws ReportError.
class PartFile {
 public:
  PartFile(const std::string& path, const PartHead& head);
  void add(const sim::ReplicationBlock& block);
  void finish();

 private:
  OutputFile file_;
  bool first_ = true;
  std::uint64_t checksum_ = 0;  // of the head
};

// Whether the file is empty or begins as every part does, of whatever version. A part that was never finished may end
// within that beginning. Throws ReportError.
[[nodiscard]] bool begins_as_part(const std::string& path);

// A file that ends in the middle gives the blocks before that place. Throws ReportError if it is no part of a forecast,
// or one of another version.
[[nodiscard]] Part read_part(const std::string& path);

// Why two parts do not belong to one forecast, as what differs between them; nothing if they do.
[[nodiscard]] std::optional<std::string> difference_between(const PartHead& a, const PartHead& b);

}  // namespace windtunnel::reports
