#include "runs/forecast/forecast_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "reports/forecast/forecast_shard.h"
#include "runs/shell_word.h"

namespace windtunnel::runs {
namespace {

// The parts of one forecast, by shard, and the files that they came from.
struct Parts {
  std::map<std::uint64_t, reports::Part> by_shard;
  std::map<std::uint64_t, std::string> files;
};

// Refuses parts that do not belong together.
Parts read_parts(const std::vector<std::string>& files) {
  Parts parts;
  for (const std::string& file : files) {
    reports::Part part = reports::read_part(file);
    if (!part.complete) {
      refuse(ProblemKind::file,
             fmt::format("{}: this part was never finished; the command that began it goes on with it", file));
    }
    if (!parts.by_shard.empty()) {
      const auto& [shard, first] = *parts.by_shard.begin();
      const std::string& first_file = parts.files.at(shard);
      if (const auto difference = reports::difference_between(first.head, part.head)) {
        refuse(ProblemKind::file,
               fmt::format("{} and {} are parts of two forecasts: they differ in {}", first_file, file, *difference));
      }
      if (first.head.shard.count != part.head.shard.count) {
        refuse(ProblemKind::file, fmt::format("{} is one of {} parts and {} is one of {}", first_file,
                                              first.head.shard.count, file, part.head.shard.count));
      }
    }
    const std::uint64_t shard = part.head.shard.index;
    if (!parts.files.emplace(shard, file).second) {
      refuse(ProblemKind::file, fmt::format("{} and {} are both shard {}", parts.files.at(shard), file, shard));
    }
    parts.by_shard.emplace(shard, std::move(part));
  }
  return parts;
}

// "1, 2 and 5" of the shards that are not there.
std::string missing_of(const Parts& parts) {
  const std::uint64_t count = parts.by_shard.begin()->second.head.shard.count;
  std::string text;
  int named = 0;
  for (std::uint64_t shard = 0; shard < count && named < 10; ++shard) {
    if (parts.by_shard.contains(shard)) continue;
    text += fmt::format("{}{}/{}", text.empty() ? "" : ", ", shard, count);
    ++named;
  }
  const std::uint64_t left = count - parts.by_shard.size();
  if (left > 10) text += fmt::format(" and {} more", left - 10);
  return text;
}

// All replications, in order.
sim::ReplicationSet set_of(const Parts& parts) {
  const reports::PartHead& head = parts.by_shard.begin()->second.head;
  sim::ReplicationSet set{.frame = head.frame, .all = {}, .latency = {}};
  set.all.resize(head.replications);
  for (const auto& [shard, part] : parts.by_shard) {
    for (const auto& [number, block] : part.blocks) {
      for (const sim::Replication& replication : block.all) set.all[replication.index] = replication;
      set.latency.merge(block.latency);
    }
  }
  return set;
}

// A part whose file lacks a block in the middle is marked complete and is not.
bool is_whole(const reports::Part& part) {
  for (std::uint64_t block = 0; block < sim::blocks_of(part.head.division()); ++block) {
    const bool wanted = !sim::indices_of(block, part.head.division()).empty();
    if (wanted != part.blocks.contains(block)) return false;
  }
  return true;
}

ForecastDone merged(const MergeRequest& request, const std::string& version) {
  const Parts parts = read_parts(request.files);
  const reports::PartHead& head = parts.by_shard.begin()->second.head;
  if (parts.by_shard.size() < head.shard.count) {
    refuse(ProblemKind::file, "these parts are missing: " + missing_of(parts));
  }
  for (const auto& [shard, part] : parts.by_shard) {
    if (is_whole(part)) continue;
    refuse(ProblemKind::file, fmt::format("{}: replications are missing in it", parts.files.at(shard)));
  }
  std::vector<std::string> assertions = head.assertions;
  assertions.insert(assertions.end(), request.asserts.begin(), request.asserts.end());
  const auto thresholds = read_assertions(assertions, head.frame.providers, head.frame.variants);
  for (const sim::ThresholdSpec& threshold : thresholds) {
    const auto& shares = head.frame.shares;
    if (std::find(shares.begin(), shares.end(), threshold.share) != shares.end()) continue;
    refuse(ProblemKind::request, "--assert " + threshold.metric + ": the parts did not watch this share of the budget");
  }
  ForecastDone done;
  done.forecast = sim::forecast_of(set_of(parts), thresholds);
  done.replay = head.replay;
  for (const std::string& text : request.asserts) done.replay += " --assert " + shell_word(text);
  done.version = version;
  done.causes = head.causes;
  done.notes = head.notes;
  return done;
}

}  // namespace

ForecastDone merge_parts(const MergeRequest& request, const std::string& version) {
  ForecastDone failed;
  try {
    return merged(request, version);
  } catch (const ProblemError& error) {
    failed.problem = error.problem();
  } catch (const reports::ReportError& error) {
    failed.problem = Problem{ProblemKind::file, error.what()};
  }
  return failed;
}

}  // namespace windtunnel::runs
