#include "cli/verbs/merge_verb.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "cli/forecast_output.h"
#include "cli/forecast_plan.h"
#include "reports/forecast/forecast_shard.h"

namespace windtunnel::cli {
namespace {

ExitCode merge_error(const std::string& what) {
  std::fprintf(stderr, "windtunnel: %s\n", what.c_str());
  return ExitCode::file_error;
}

// The parts of one forecast, by shard, and the files that they came from.
struct Parts {
  std::map<std::uint64_t, reports::Part> by_shard;
  std::map<std::uint64_t, std::string> files;
};

// Nothing: they do not belong together, which has been printed.
std::optional<Parts> read_parts(const std::vector<std::string>& files) {
  Parts parts;
  for (const std::string& file : files) {
    reports::Part part = reports::read_part(file);
    if (!part.complete) {
      merge_error(fmt::format("{}: this part was never finished; the command that began it goes on with it", file));
      return std::nullopt;
    }
    if (!parts.by_shard.empty()) {
      const auto& [shard, first] = *parts.by_shard.begin();
      const std::string& first_file = parts.files.at(shard);
      if (const auto difference = reports::difference_between(first.head, part.head)) {
        merge_error(
            fmt::format("{} and {} are parts of two forecasts: they differ in {}", first_file, file, *difference));
        return std::nullopt;
      }
      if (first.head.shard.count != part.head.shard.count) {
        merge_error(fmt::format("{} is one of {} parts and {} is one of {}", first_file, first.head.shard.count, file,
                                part.head.shard.count));
        return std::nullopt;
      }
    }
    const std::uint64_t shard = part.head.shard.index;
    if (!parts.files.emplace(shard, file).second) {
      merge_error(fmt::format("{} and {} are both shard {}", parts.files.at(shard), file, shard));
      return std::nullopt;
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
      for (const sim::Replication& one : block.all) set.all[one.index] = one;
      set.latency.merge(block.latency);
    }
  }
  return set;
}

// A part whose file lacks a block in the middle says it is complete and is not.
bool is_whole(const reports::Part& part) {
  for (std::uint64_t block = 0; block < sim::blocks_of(part.head.replications); ++block) {
    const bool wanted = !sim::indices_of(block, part.head.shard, part.head.replications).empty();
    if (wanted != part.blocks.contains(block)) return false;
  }
  return true;
}

ExitCode merge_parts(const MergeArguments& arguments) {
  const auto parts = read_parts(arguments.files);
  if (!parts) return ExitCode::file_error;
  const reports::PartHead& head = parts->by_shard.begin()->second.head;
  if (parts->by_shard.size() < head.shard.count) return merge_error("these parts are missing: " + missing_of(*parts));
  for (const auto& [shard, part] : parts->by_shard) {
    if (!is_whole(part)) return merge_error(fmt::format("{}: replications are missing in it", parts->files.at(shard)));
  }
  std::vector<std::string> assertions = head.assertions;
  assertions.insert(assertions.end(), arguments.asserts.begin(), arguments.asserts.end());
  const auto thresholds = read_assertions(assertions, head.frame.providers, head.frame.variants);
  if (!thresholds) return ExitCode::usage;
  for (const sim::ThresholdSpec& one : *thresholds) {
    const bool is_watched =
        std::find(head.frame.shares.begin(), head.frame.shares.end(), one.share) != head.frame.shares.end();
    if (is_watched) continue;
    std::fprintf(stderr, "windtunnel: --assert %s: the parts did not watch this share of the budget\n",
                 one.metric.c_str());
    return ExitCode::usage;
  }
  const sim::Forecast forecast = sim::forecast_of(set_of(*parts), *thresholds);
  const reports::ForecastReport report{.forecast = forecast,
                                       .stop = {},
                                       .headroom = {},
                                       .notes = {},
                                       .replay = head.replay,
                                       .build = reports::this_build(WINDTUNNEL_VERSION),
                                       .wall = {}};
  return say(reports::forecast_summary(report), {.format = arguments.format,
                                                 .out = arguments.out,
                                                 .html = arguments.html,
                                                 .quiet = arguments.quiet,
                                                 .color = arguments.color});
}

}  // namespace

ExitCode merge(const MergeArguments& arguments) {
  if (!can_write_html(arguments.html)) return ExitCode::usage;
  try {
    return merge_parts(arguments);
  } catch (const reports::ReportError& error) {
    return merge_error(error.what());
  }
}

}  // namespace windtunnel::cli
