#include "reports/forecast/forecast_shard.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_writer.h"
#include "base/stable_hash.h"
#include "reports/files/checked_name.h"
#include "reports/files/line_source.h"

namespace windtunnel::reports {
namespace {

using PartJson = nlohmann::json;
using sim::ForecastFrame;
using sim::ReplicationBlock;

constexpr std::string_view kBegin = "{\"windtunnel_part\":";
constexpr std::string_view kEnd = "]}";
// A block has a line of up to some MB, unless --until-every makes it larger.
constexpr std::uint64_t kPartBytesMax = 2'000'000'000;
constexpr std::size_t kPartLineMax = 1'000'000'000;
// No part is larger than this.
constexpr std::uint64_t kReplicationsMax = 10'000'000;
constexpr std::int64_t kStartMax = 8'000'000'000'000'000'000;

void put_texts(JsonWriter& json, const char* key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

template <class Values, class Get>
void put_integers(JsonWriter& json, const char* key, const Values& values, Get get) {
  json.key(key).begin_array();
  for (const auto& value : values) json.integer(Int128{get(value)});
  json.end_array();
}

// Doubles are written as the whole numbers of the same bits, so that they come back as they were.
std::int64_t bits_of(double value) { return std::bit_cast<std::int64_t>(value); }

void put_demand(JsonWriter& json, const sim::DemandModel& demand) {
  json.key("demand").begin_object().key("counts_are_poisson").integer(demand.counts_are_poisson ? 1 : 0);
  json.key("fixed_requests").integer(bits_of(demand.fixed_requests)).key("drawn").begin_array();
  for (const sim::DrawnLoad& load : demand.drawn) {
    const sim::Diurnal& draws = load.draws;
    json.begin_object().key("word").text(load.word).key("workload").integer(Int128{load.workload});
    put_integers(json, "by_day", load.by_day, bits_of);
    json.key("growth_per_day").integer(bits_of(draws.growth_per_day));
    json.key("day_factor_cv").integer(bits_of(draws.day_factor_cv));
    json.key("day_factor_law").integer(static_cast<std::int64_t>(draws.day_factor_law));
    json.key("level_cv").integer(bits_of(draws.level_cv)).key("growth_sd").integer(bits_of(draws.growth_sd));
    json.key("growth_known_days").integer(draws.growth_known_days).end_object();
  }
  json.end_array().end_object();
}

void put_frame(JsonWriter& json, const ForecastFrame& frame) {
  json.key("frame").begin_object().key("file").text(frame.file).key("title").text(frame.title);
  json.key("hash").hex(frame.hash).key("seed").integer(Int128{frame.seed});
  json.key("start_ns").integer(frame.start.time_since_epoch().count());
  json.key("horizon_ns").integer(frame.horizon.count()).key("monthly_picos");
  frame.monthly ? json.integer(frame.monthly->picos()) : json.null();
  put_integers(json, "shares", frame.shares, [](Millionths share) { return share.value; });
  put_integers(json, "spent_picos", frame.spent, [](Usd spent) { return spent.picos(); });
  put_texts(json, "providers", frame.providers);
  put_texts(json, "variants", frame.variants);
  put_texts(json, "features", frame.features);
  put_texts(json, "shared", frame.shared);
  json.key("unrefused").text(frame.unrefused);
  if (frame.demand) put_demand(json, *frame.demand);
  json.end_object();
}

// A line without its end, then its checksum: 64 bits of all bytes before it, so that no changed digit passes. Those of
// the blocks are salted with that of the head, so that a block of another forecast does not pass either.
constexpr std::string_view kChecksumKey = ",\"checksum\":\"";

struct Sealed {
  std::string text;
  std::uint64_t checksum = 0;
};

// `object` is a JSON object. Its closing brace is left out.
Sealed sealed(std::string object, std::uint64_t salt) {
  object.pop_back();
  const std::uint64_t checksum = stable_hash(object, salt);
  return {object + std::string{kChecksumKey} + hex_digits(checksum) + "\"", checksum};
}

// The checksum of a line that holds what was written.
std::uint64_t checksum_of(std::string_view line, std::uint64_t salt) {
  const std::size_t at = line.rfind(kChecksumKey);
  if (at == std::string_view::npos) throw std::invalid_argument("a line has no checksum");
  const std::uint64_t checksum = stable_hash(line.substr(0, at), salt);
  if (line.substr(at + kChecksumKey.size(), 16) == hex_digits(checksum)) return checksum;
  throw std::invalid_argument("the checksum of this line is of another text: the file has been changed");
}

Sealed head_line(const PartHead& head) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("windtunnel_part").integer(kPartVersion).key("study").text("forecast");
  put_frame(json, head.frame);
  json.key("replications").integer(Int128{head.replications}).key("shard").begin_array();
  json.integer(Int128{head.shard.index}).integer(Int128{head.shard.count}).end_array();
  if (head.block_size != sim::kBlockSize) json.key("block_size").integer(Int128{head.block_size});
  put_texts(json, "assertions", head.assertions);
  json.key("replay").text(head.replay);
  if (!head.causes.empty()) put_texts(json, "causes", head.causes);
  if (!head.notes.empty()) put_texts(json, "notes", head.notes);
  json.end_object();
  Sealed line = sealed(std::move(text), 0);
  line.text += ",\"blocks\":[\n";
  return line;
}

std::string block_line(const ReplicationBlock& block, std::uint64_t head_checksum) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("block").integer(Int128{block.number}).key("numbers").begin_array();
  for (const sim::Replication& replication : block.all) {
    json.begin_array();
    for (const Int128 number : sim::numbers_of(replication)) json.large_integer(number);
    json.end_array();
  }
  const Histogram::Content latency = block.latency.content();
  json.end_array().key("latency").begin_object().key("sum_ns").text(exact_decimal(latency.sum_ns, 0));
  json.key("min_ns").integer(Int128{latency.min_ns}).key("max_ns").integer(Int128{latency.max_ns});
  json.key("buckets").begin_array();
  for (const auto& [bucket, count] : latency.buckets) {
    json.begin_array().integer(bucket).integer(Int128{count}).end_array();
  }
  json.end_array().end_object().end_object();
  return sealed(std::move(text), head_checksum).text + "}\n";
}

// --- Reading -------------------------------------------------------------------------------------------------------

// A part holds whole numbers only. Any other, also one beyond 64 bits, would be cut without a word when it is taken.
PartJson parsed_part(std::string_view text) {
  return PartJson::parse(text, [](int, PartJson::parse_event_t, PartJson& value) {
    if (value.is_number_float()) throw std::invalid_argument(value.dump() + " is not a whole number of 64 bits");
    return true;
  });
}

double double_of(const PartJson& json) {
  const auto value = std::bit_cast<double>(json.get<std::int64_t>());
  if (!std::isfinite(value)) throw std::invalid_argument("a figure of the demand is not finite");
  return value;
}

sim::DemandModel demand_of(const PartJson& json, const ForecastFrame& frame) {
  sim::DemandModel demand{.drawn = {},
                          .counts_are_poisson = json.at("counts_are_poisson").get<int>() != 0,
                          .fixed_requests = double_of(json.at("fixed_requests"))};
  const std::size_t days = sim::days_of(frame).size();
  for (const PartJson& entry : json.at("drawn")) {
    sim::DrawnLoad load{.word = entry.at("word").get<std::string>(),
                        .workload = entry.at("workload").get<std::uint64_t>(),
                        .by_day = {},
                        .draws = {}};
    for (const PartJson& requests : entry.at("by_day")) load.by_day.push_back(double_of(requests));
    load.draws.growth_per_day = double_of(entry.at("growth_per_day"));
    load.draws.day_factor_cv = double_of(entry.at("day_factor_cv"));
    const auto law = entry.at("day_factor_law").get<std::int64_t>();
    load.draws.day_factor_law = law == 0 ? sim::FactorLaw::lognormal : sim::FactorLaw::gamma;
    load.draws.level_cv = double_of(entry.at("level_cv"));
    load.draws.growth_sd = double_of(entry.at("growth_sd"));
    load.draws.growth_known_days = entry.at("growth_known_days").get<std::int64_t>();
    const bool good = load.workload < frame.features.size() && load.by_day.size() == days && (law == 0 || law == 1) &&
                      load.draws.day_factor_cv >= 0 && load.draws.level_cv >= 0 && load.draws.growth_sd >= 0;
    if (!good) throw std::invalid_argument("the demand is not that of this forecast");
    demand.drawn.push_back(std::move(load));
  }
  return demand;
}

ForecastFrame frame_of(const PartJson& json) {
  ForecastFrame frame;
  frame.file = checked_name(json.at("file").get<std::string>());
  frame.title = checked_name(json.at("title").get<std::string>());
  frame.hash = read_digest(json.at("hash").get<std::string>());
  frame.seed = json.at("seed").get<std::uint64_t>();
  frame.start = WallTime{Duration{json.at("start_ns").get<std::int64_t>()}};
  frame.horizon = Duration{json.at("horizon_ns").get<std::int64_t>()};
  if (!json.at("monthly_picos").is_null()) {
    frame.monthly = Usd::from_picos(json.at("monthly_picos").get<std::int64_t>());
  }
  for (const PartJson& share : json.at("shares")) frame.shares.push_back({share.get<std::int64_t>()});
  for (const PartJson& spent : json.at("spent_picos")) {
    frame.spent.push_back(Usd::from_picos(spent.get<std::int64_t>()));
  }
  for (const PartJson& name : json.at("providers")) frame.providers.push_back(checked_name(name.get<std::string>()));
  for (const PartJson& name : json.at("variants")) frame.variants.push_back(checked_name(name.get<std::string>()));
  for (const PartJson& name : json.at("features")) frame.features.push_back(checked_name(name.get<std::string>()));
  for (const PartJson& word : json.at("shared")) frame.shared.push_back(checked_name(word.get<std::string>()));
  frame.unrefused = checked_name(json.at("unrefused").get<std::string>());
  const std::int64_t start = frame.start.time_since_epoch().count();
  const bool good = start >= -kStartMax && start <= kStartMax && frame.horizon > Duration{0} &&
                    frame.horizon <= sim::kHorizonMax && std::is_sorted(frame.shares.begin(), frame.shares.end()) &&
                    !frame.shares.empty() && frame.shares.back().value == 1'000'000 &&
                    frame.spent.size() == frame.providers.size();
  if (!good) throw std::invalid_argument("the frame is not that of a forecast");
  if (json.contains("demand")) frame.demand = demand_of(json.at("demand"), frame);
  return frame;
}

PartHead head_of(const std::string& line) {
  const PartJson json = parsed_part(line + std::string{kEnd});
  if (!json.is_object() || !json.contains("windtunnel_part")) {
    throw std::invalid_argument("this is no part of a study: it has no windtunnel_part");
  }
  if (json.at("windtunnel_part") != kPartVersion) {
    throw std::invalid_argument("this is a part of version " + json.at("windtunnel_part").dump() + ", and only " +
                                std::to_string(kPartVersion) + " is understood");
  }
  if (json.at("study") != "forecast") {
    throw std::invalid_argument("this is a part of another study: " + json.at("study").dump());
  }
  PartHead head;
  head.frame = frame_of(json.at("frame"));
  head.replications = json.at("replications").get<std::uint64_t>();
  head.shard = {json.at("shard").at(0).get<std::uint64_t>(), json.at("shard").at(1).get<std::uint64_t>()};
  if (json.contains("block_size")) head.block_size = json.at("block_size").get<std::uint64_t>();
  head.assertions = json.at("assertions").get<std::vector<std::string>>();
  head.replay = json.at("replay").get<std::string>();
  if (json.contains("causes")) head.causes = json.at("causes").get<std::vector<std::string>>();
  if (json.contains("notes")) head.notes = json.at("notes").get<std::vector<std::string>>();
  if (!head.causes.empty() && head.causes.size() != monitor::kOutcomes) {
    throw std::invalid_argument("there is not one cause for each outcome");
  }
  const bool good = head.replications > 0 && head.replications <= kReplicationsMax && head.shard.count > 0 &&
                    head.shard.index < head.shard.count && head.block_size > 0 && head.block_size <= kReplicationsMax;
  if (!good) throw std::invalid_argument("there is no such shard of so many replications");
  return head;
}

Int128 wide_integer(const std::string& digits) {
  Int128 value = 0;
  if (digits.empty() || digits.size() > 37) throw std::invalid_argument("a sum is no number");
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') throw std::invalid_argument("a sum is no number");
    value = value * 10 + (digit - '0');
  }
  return value;
}

Histogram histogram_of(const PartJson& json) {
  Histogram::Content content;
  content.sum_ns = wide_integer(json.at("sum_ns").get<std::string>());
  content.min_ns = json.at("min_ns").get<std::uint64_t>();
  content.max_ns = json.at("max_ns").get<std::uint64_t>();
  for (const PartJson& pair : json.at("buckets")) {
    content.buckets.emplace_back(pair.at(0).get<std::uint32_t>(), pair.at(1).get<std::uint64_t>());
  }
  const auto histogram = Histogram::of(content);
  if (!histogram) throw std::invalid_argument("a latency histogram contradicts itself");
  return *histogram;
}

ReplicationBlock block_of(const PartHead& head, std::string_view line) {
  const PartJson json = parsed_part(line);
  ReplicationBlock block{.number = json.at("block").get<std::uint64_t>(), .all = {}, .latency = {}};
  for (const PartJson& numbers : json.at("numbers")) {
    std::vector<Int128> all;
    for (const PartJson& number : numbers) {
      all.push_back(number.is_string() ? wide_integer(number.get<std::string>()) : number.get<std::int64_t>());
    }
    auto replication = sim::replication_of(head.frame, all);
    if (!replication) throw std::invalid_argument("a replication has another number of figures than its forecast");
    block.all.push_back(std::move(*replication));
  }
  block.latency = histogram_of(json.at("latency"));
  const auto wanted = sim::indices_of(block.number, head.division());
  bool good = block.number < sim::blocks_of(head.division()) && wanted.size() == block.all.size();
  for (std::size_t i = 0; good && i < wanted.size(); ++i) good = block.all[i].index == wanted[i];
  if (!good) throw std::invalid_argument("a block has other replications than its shard");
  return block;
}

Part part_of(LineSource& lines) {
  const auto head = lines.next();
  if (!head) throw std::invalid_argument("it is empty");
  Part part{.head = head_of(std::string{*head}), .blocks = {}};
  const std::uint64_t head_checksum = checksum_of(*head, 0);
  while (const auto line = lines.next()) {
    if (*line == kEnd) {
      part.complete = true;
      break;
    }
    ReplicationBlock block;
    try {
      const std::string_view text = line->starts_with(',') ? line->substr(1) : *line;
      block = block_of(part.head, text);
      (void)checksum_of(text, head_checksum);
    } catch (const PartJson::parse_error&) {
      break;  // written in part
    }
    const std::uint64_t number = block.number;
    if (!part.blocks.emplace(number, std::move(block)).second) {
      throw std::invalid_argument("block " + std::to_string(number) + " comes twice");
    }
  }
  return part;
}

bool begins_as_part(ByteSource& bytes) { return kBegin.starts_with(bytes.peek(kBegin.size())); }

}  // namespace

PartFile::PartFile(const std::string& path, const PartHead& head) : file_(path) {
  const Sealed line = head_line(head);
  checksum_ = line.checksum;
  file_.append(line.text);
  file_.flush();
}

void PartFile::add(const ReplicationBlock& block) {
  file_.append((std::exchange(first_, false) ? "" : ",") + block_line(block, checksum_));
  file_.flush();
}

void PartFile::finish() {
  file_.append(std::string{kEnd} + "\n");
  file_.finish();
}

bool begins_as_part(const std::string& path) {
  ByteSource bytes{path, kPartBytesMax};
  return begins_as_part(bytes);
}

Part read_part(const std::string& path) {
  auto bytes = std::make_unique<ByteSource>(path, kPartBytesMax);
  if (!begins_as_part(*bytes)) throw ReportError(path, "read", "this is no part of a study: it has no windtunnel_part");
  LineSource lines{std::move(bytes), kPartLineMax};
  try {
    return part_of(lines);
  } catch (const PartJson::exception& error) {
    throw ReportError(path, "read",
                      "line " + std::to_string(lines.line()) + ": " + std::string{json_reason(error.what())});
  } catch (const std::logic_error& error) {
    throw ReportError(path, "read", "line " + std::to_string(lines.line()) + ": " + error.what());
  }
}

std::optional<std::string> difference_between(const PartHead& a, const PartHead& b) {
  const auto is = [](bool same, const char* what) { return same ? std::nullopt : std::optional<std::string>{what}; };
  if (auto d = is(a.frame.hash == b.frame.hash, "the scenario's text or its --set")) return d;
  if (auto d = is(a.frame.seed == b.frame.seed, "the seed")) return d;
  if (auto d = is(a.replications == b.replications, "--replications")) return d;
  if (auto d = is(a.block_size == b.block_size, "--until-every")) return d;
  if (auto d = is(a.frame.horizon == b.frame.horizon, "--horizon")) return d;
  if (auto d = is(a.frame.start == b.frame.start, "--as-of")) return d;
  if (auto d = is(a.frame.spent == b.frame.spent, "--spent")) return d;
  if (auto d = is(a.assertions == b.assertions && a.frame.shares == b.frame.shares, "--assert")) return d;
  if (auto d = is(a.frame.demand.has_value() == b.frame.demand.has_value(), "--plain")) return d;
  // The same file may have different names on different machines.
  sim::ForecastFrame renamed = a.frame;
  renamed.file = b.frame.file;
  return is(renamed == b.frame, "the scenario");
}

}  // namespace windtunnel::reports
